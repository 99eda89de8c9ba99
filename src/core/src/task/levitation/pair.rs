// SPDX-License-Identifier: Apache-2.0
//! The protocol of the pair within the levitation task: what it is told every period, and what follows from its answer.
//!
//! # Model
//! [`Arbitration`] decides; this file makes its inputs of samples, of the bearing's verdicts of the last period and of
//! the mail, and knows what the other unit's currents do to the rotor meanwhile.
//!
//! | the protocol's | is |
//! |---|---|
//! | able | rotor seen within `BLIND_SAMPLES`, none of `UNABLE` stands, gate driver alive |
//! | fit | able, none of `UNFIT` stands, not refuted |
//! | failed | `BEARING_LOST`, `COIL_OPEN` or `PHASE_SHORT`; of a unit that drives only while it holds a rotor and the other unit is heard, and then also a rotor unseen for longer, or a deaf pair. With the reason: deaf, or a fault that has its own alarm |
//! | deaf | a pair does not show the field of its own coil (`bearing/answer.rs`) while a unit that is ready has seen the rotor elsewhere by `DISAGREEMENT_M` in the last `DISAGREEING_FRAMES` fast frames, and there is no interference here |
//! | current flows | the latch has let the gate open, which is not yet a current; or the gate is not asked for, by a unit that was proven or with no rotor to hold |
//! | foreign drive, rotor unheld | carrier of the other set in the own windings; none, and the own gate is closed |
//! | innovation ok | no Hall is voted out or named; the own model is not refuted (`opinion.rs`), nor was it for long since both disagree. Interference refutes nobody |
//! | disagrees | for `DISAGREEING_FRAMES` fast frames the other unit has seen the rotor elsewhere by `DISAGREEMENT_M`, and there is no interference here, nor has a Hall jumped |
//! | agrees | for `AGREED_FRAMES` fast frames both have seen the rotor in the same place, and no Hall here was voted out or noisy |
//!
//! # Carrying on
//! A unit that takes over knows before its supervisor does, and a supervisor may be late by any time: while a rotor is to be held
//! *off* means hold. A therapy ends with a rotor that has been set down, and not otherwise; a supervisor that asks for *off* before this
//! unit has looked at the rotor once more does not begin it anew.
//!
//! # Mirrored currents
//! The other unit's measured currents act on the rotor, so they act in this unit's observers, as long as its line shows
//! edges or, for want of a line, its frames say that it drives, and as long as it is heard. Nothing else of it enters a controller.
//!
//! # Shown by
//! `tests_pair.rs`; `sim/levitas/tests/takeover.rs`.

use super::opinion::{Opinion, Sight};
use crate::arbitration::{Arbitration, Inputs, Isolation, Line, Order, Outputs, Refusal, Times};
use crate::bearing::BearingConfig;
use crate::link::{PeerMail, PeerReport, UnitCode};
use crate::mail::{LevitateRequest, Mailboxes, fault};
use crate::mailbox::Reader;
use crate::ports::pair;
use crate::unit::Role;

/// Samples in a row without a believable displacement on one axis, from which this unit should not drive if the other one can: 0.25 ms. The
/// observer is good for 5 ms of rest, but in a shock of 30 g the rotor is 150 um off after 1 ms, and the other unit sees it
/// now. Noise of whatever size is no blindness.
pub(super) const BLIND_SAMPLES: u32 = 5;
/// Faults with which a unit cannot hold a rotor.
const UNABLE: u32 =
    fault::DISPLACEMENT | fault::SAMPLES_STALE | fault::COIL_OPEN | fault::PHASE_SHORT | fault::BEARING_LOST;
/// Faults with which a unit does not offer itself.
pub(crate) const UNFIT: u32 = UNABLE | fault::CURRENT | fault::BUS_VOLTAGE | fault::WINDING;
/// Faults with which a unit gives the head away.
const FAILED: u32 = fault::BEARING_LOST | fault::PHASE_SHORT | fault::COIL_OPEN;
/// Distance from which a rotor has gone astray [m].
const ASTRAY_M: f32 = 50e-6;
/// Difference of the displacements of both units from which they disagree [m]: a rotor at 50 mm/s moves 50 um in the age of
/// a frame.
const DISAGREEMENT_M: f32 = 50e-6;
/// Fast frames in a row that must disagree: 1 ms.
const DISAGREEING_FRAMES: u8 = 3;
/// Time after a fast frame within which the next one comes [us].
const FRAME_US_MAX: u32 = 700;
/// Fast frames in a row in which both must have seen the rotor in the same place, before a unit that lost a challenge is believed: 1 s.
const AGREED_FRAMES: u16 = 2_000;
/// Fast frames without one for which a disagreement stands: 10 ms.
const HELD_FRAMES: u8 = 20;
/// Age from which the link task counts as silent [us]: four of its periods.
const LINK_SILENT_US_MAX: u32 = 2_000;
/// Mirrored currents beyond this are no measurement: twice what a coil or a phase is given [A].
const MIRRORED_A_MAX: f32 = 20.0;
/// Periods for which an order waits that is refused for what may pass: 20 ms.
const PATIENCE_PERIODS: u16 = 400;

/// What the levitation task knows in a period.
#[derive(Clone, Copy, Debug)]
pub(super) struct Situation {
    /// Periods since the last step.
    pub(super) periods: u32,
    /// The same as time [us].
    pub(super) elapsed_us: u32,
    /// Bits of [`pair`].
    pub(super) pair: u32,
    /// Faults of the last period.
    pub(super) faults: u32,
    /// The rotor was seen within [`BLIND_SAMPLES`].
    pub(super) sees_rotor: bool,
    /// A pair of Halls does not show what its coil does, see [`crate::bearing`].
    pub(super) is_deaf: bool,
    /// It is off the wall.
    pub(super) floats: bool,
    /// No Hall is voted out or named.
    pub(super) halls_whole: bool,
    /// Nor is there noise that no vote can take away.
    pub(super) halls_well: bool,
    /// The rotor has jumped of late as none can.
    pub(super) has_jumped: bool,
    /// Displacement of the last period [m].
    pub(super) displacement_m: [f32; 2],
    /// Own coil currents, mean over 0.25 ms [A].
    pub(super) coil_current_mean_a: [f32; 2],
    /// The gates were asked for in the last period.
    pub(super) asked: bool,
    /// What the supervisor asks of the bearing.
    pub(super) levitate: LevitateRequest,
    /// The rotor is to be held, as far as the supervisor knows.
    pub(super) therapy: bool,
}

impl Situation {
    fn is_able(&self) -> bool {
        self.sees_rotor && self.faults & UNABLE == 0 && self.pair & pair::GATE_FAULT == 0
    }

    fn is_fit(&self) -> bool {
        self.is_able() && self.faults & UNFIT == 0
    }

    fn is_failed(&self) -> bool {
        !self.sees_rotor || self.faults & FAILED != 0
    }

    fn is_astray(&self) -> bool {
        let [x_m, y_m] = self.displacement_m;
        self.sees_rotor && x_m * x_m + y_m * y_m > ASTRAY_M * ASTRAY_M
    }

    /// Everything of it that the protocol looks at, as bits.
    fn key(&self) -> u32 {
        // A doubt is an alarm and nothing that the protocol looks at.
        self.pair & (pair::GATE_DOUBTED - 1)
            | u32::from(self.is_fit()) << 8
            | u32::from(self.is_able()) << 22
            | u32::from(self.is_failed()) << 9
            | u32::from(self.is_astray()) << 10
            | u32::from(self.halls_well) << 11
            | u32::from(self.halls_whole) << 19
            | u32::from(self.has_jumped) << 20
            | u32::from(self.floats) << 18
            | u32::from(self.is_deaf) << 21
            | u32::from(self.asked) << 12
            | u32::from(self.therapy) << 13
            | u32::from(self.periods == 1) << 14
            | (self.levitate as u32) << 15
    }
}

/// What this unit does in a period.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Drive {
    /// The own gates may be asked for.
    pub(super) gate: bool,
    /// The gates are asked for and the latch waits for the other unit.
    pub(super) waits: bool,
    /// What the bearing is asked for.
    pub(super) levitate: LevitateRequest,
    /// Currents of the other unit's coils, while it drives [A].
    pub(super) foreign_coil_a: Option<[f32; 2]>,
    /// Its torque current [A].
    pub(super) foreign_torque_a: f32,
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub(super) struct PairControl {
    arbitration: Arbitration,
    peer: Reader<PeerMail>,
    news: u32,
    disagreeing_frames: u8,
    agreed_frames: u16,
    opinion: Opinion,
    /// Since the last fast frame that was compared [us].
    frame_us: u32,
    flows: bool,
    /// The rotor has just been set down as the supervisor wanted.
    set_down: bool,
    pending: Option<Order>,
    waited_periods: u16,
    posted_number: u32,
    /// Number of the last order that was looked at to the end, and its refusal's code.
    pub(super) order_number: u32,
    /// See `order_number`.
    pub(super) order_result: u32,
    /// The head was taken and the supervisor does not know it yet.
    carries: bool,
    /// The protocol's answer, what follows from it, and its report as bits.
    pub(super) outputs: Outputs,
    drive: Drive,
    pub(super) report: u32,
    /// What the last decision was made of, and whether it left everything as it was.
    key: u32,
    settled: bool,
}

impl PairControl {
    /// A unit after power-up.
    pub(super) fn new(role: Role, bearing: &BearingConfig, period_us: u32) -> Self {
        Self {
            arbitration: Arbitration::new(role, Times::AT_20_KHZ, false),
            peer: Reader::new(period_us),
            news: 0,
            disagreeing_frames: 0,
            agreed_frames: 0,
            opinion: Opinion::new(bearing),
            frame_us: 0,
            flows: false,
            set_down: false,
            pending: None,
            waited_periods: 0,
            posted_number: 0,
            order_number: 0,
            order_result: 0,
            carries: false,
            outputs: Outputs::default(),
            drive: Drive::default(),
            report: 0,
            key: 0,
            settled: false,
        }
    }

    /// This unit drove a rotor that is to be held when it went down a moment ago.
    pub(super) fn resume(&mut self, role: Role) {
        self.arbitration = Arbitration::new(role, Times::AT_20_KHZ, true);
        self.settled = false;
    }

    /// This unit was isolated when it was reset.
    pub(super) fn isolate(&mut self, role: Role, reason: Isolation) {
        self.arbitration = Arbitration::isolated(role, Times::AT_20_KHZ, reason);
        self.settled = false;
    }

    /// Lets the next period be decided anew.
    #[cfg(test)]
    pub(super) fn unsettle(&mut self) {
        self.settled = false;
    }

    /// The rotor has been set down as the supervisor wanted: the therapy is over.
    pub(super) fn set_down(&mut self) {
        (self.set_down, self.settled) = (true, false);
    }

    /// An order of the supervisor, by its number.
    pub(super) fn post(&mut self, number: u32, code: u32) {
        if number == self.posted_number {
            return;
        }
        self.posted_number = number;
        self.pending = Order::from_code(code);
        self.settled = false;
        self.waited_periods = 0;
        if self.pending.is_none() {
            (self.order_number, self.order_result) = (number, 0);
        }
    }

    /// One period. Where nothing has changed since a period that changed nothing, the answer is the same.
    #[inline(always)]
    pub(super) fn step(&mut self, mail: &Mailboxes, now: &Situation) -> Drive {
        let told = self.peer.poll_after(&mail.peer, now.elapsed_us);
        self.frame_us = self.frame_us.saturating_add(now.elapsed_us);
        let silent = self.peer.age_us() > LINK_SILENT_US_MAX;
        let key = now.key() | u32::from(silent) << 31;
        if told || key != self.key || !self.settled {
            self.key = key;
            self.decide(now);
        }
        self.drive
    }

    /// The protocol's step.
    #[cold]
    #[inline(never)]
    fn decide(&mut self, now: &Situation) {
        let before = (self.arbitration, self.flows, self.carries, self.news, self.pending);
        let drove = self.outputs.gate;
        let inputs = self.inputs(now);
        self.set_down = false;
        self.outputs = self.arbitration.step(&inputs);
        let started = inputs.order.is_some() && self.settle_order(now.periods);
        let Outputs { gate, line, report, .. } = self.outputs;
        self.report = report.to_bits();
        if gate && !drove && !started {
            self.carries = true;
        }
        self.carries |= self.arbitration.therapy();
        self.carries &= gate && now.levitate == LevitateRequest::Off;
        let levitate = match gate {
            false => LevitateRequest::Off,
            true if self.carries => LevitateRequest::Levitate,
            true => now.levitate,
        };
        let opened = now.pair & pair::GATE_OPEN != 0;
        let waits = line && inputs.line == Line::Driving && !opened;
        let (foreign_coil_a, foreign_torque_a) = self.mirrored(now.pair, inputs.peer);
        self.drive = Drive { gate, waits, levitate, foreign_coil_a, foreign_torque_a };
        // A period that has counted something, heard something or waits for something is no end of it.
        self.settled = now.periods == 1
            && before == (self.arbitration, self.flows, self.carries, self.news, self.pending)
            && self.pending.is_none();
    }

    fn inputs(&mut self, now: &Situation) -> Inputs {
        let peer_mail = self.peer.fresh(LINK_SILENT_US_MAX).filter(|peer| !peer.silent);
        let peer = peer_mail.map(|peer| PeerReport::from_bits(peer.report));
        let peer_is_new = peer_mail.is_some_and(|peer| peer.news != self.news);
        if peer_mail.is_none() {
            // Nobody to compare with: what was thought of both is of no use when it is heard again.
            self.opinion.clear();
            (self.disagreeing_frames, self.agreed_frames) = (0, 0);
        }
        if let Some(peer) = peer_mail.filter(|_| peer_is_new) {
            self.news = peer.news;
            self.compare(&peer, now);
        }
        // Each alone is no proof: in a shock the rotor may take back just what its coil's field adds, and what a failing unit sees is old.
        let ready = peer.is_some_and(|peer| peer.state == UnitCode::Ready && peer.innovation_ok);
        let is_elsewhere = self.disagreeing_frames == DISAGREEING_FRAMES + HELD_FRAMES;
        let is_deaf = now.is_deaf && now.halls_well && ready && is_elsewhere;
        let to_hold = self.carries || now.therapy;
        let idle = !now.asked && (self.flows || !to_hold);
        self.flows = self.outputs.gate && (now.pair & pair::GATE_OPEN != 0 || idle);
        Inputs {
            periods: u16::try_from(now.periods).unwrap_or(u16::MAX),
            line: line(now.pair),
            peer,
            peer_is_new,
            able: now.is_able(),
            fit: now.is_fit() && !self.is_refuted(),
            failed: match peer {
                _ if !self.outputs.gate => (now.faults & FAILED != 0).then_some(Isolation::Fault),
                Some(_) if self.flows && to_hold && now.is_failed() => Some(Isolation::Fault),
                Some(_) if self.flows && to_hold && is_deaf => Some(Isolation::Deaf),
                // Nobody is heard who would take the head: a bad holder is better than none.
                _ => None,
            },
            gate_dead: now.pair & pair::GATE_FAULT != 0,
            current_flows: self.flows,
            foreign_drive: now.pair & pair::FOREIGN_RIPPLE != 0,
            rotor_unheld: now.pair & (pair::FOREIGN_RIPPLE | pair::GATE_OPEN) == 0,
            rotor_astray: now.is_astray(),
            rotor_floats: now.sees_rotor && now.floats,
            innovation_ok: now.halls_whole && !self.is_refuted(),
            disagrees: self.disagrees() && now.halls_well && !now.has_jumped,
            agrees: self.agreed_frames >= AGREED_FRAMES,
            // Off says nothing: neither a supervisor that is late nor one that has just started ends a therapy.
            therapy: match now.levitate {
                LevitateRequest::Off if !self.set_down => None,
                _ => Some(now.therapy),
            },
            order: self.pending,
        }
    }

    /// The own displacement is the wrong one of two.
    fn is_refuted(&self) -> bool {
        self.disagrees() && self.opinion.is_refuted()
    }

    fn disagrees(&self) -> bool {
        self.disagreeing_frames >= DISAGREEING_FRAMES
    }

    /// Compares where both units see the rotor; frames that tell no number do not agree with anything.
    fn compare(&mut self, peer: &PeerMail, now: &Situation) {
        let own_m @ [x_m, y_m] = now.displacement_m;
        let other_m @ [peer_x_m, peer_y_m] = [peer.displacement_x_m, peer.displacement_y_m];
        let (dx_m, dy_m) = (peer_x_m - x_m, peer_y_m - y_m);
        let distance_m2 = dx_m * dx_m + dy_m * dy_m;
        let agree = distance_m2 < DISAGREEMENT_M * DISAGREEMENT_M;
        let held = PeerReport::from_bits(peer.report).drives || self.outputs.gate;
        self.count_disagreement(!agree && now.sees_rotor && held);
        let agrees = agree && now.sees_rotor && now.halls_well;
        self.agreed_frames = if agrees { self.agreed_frames.saturating_add(1) } else { 0 };
        if !now.floats || !held {
            self.opinion.forget();
        } else {
            let tells = now.sees_rotor && now.halls_well && distance_m2.is_finite();
            match self.driving_current_a(peer, now).filter(|_| tells) {
                Some(current_a) => {
                    let is_late = self.frame_us > FRAME_US_MAX;
                    self.opinion.take(&Sight { own_m, other_m, current_a }, is_late);
                    self.frame_us = 0;
                }
                // What interference makes up is no model's fault.
                None => self.opinion.interrupt(),
            }
        }
        self.opinion.count(self.outputs.gate, self.disagrees());
    }

    /// Counts a fast frame in which both see the rotor in different places, or do not.
    fn count_disagreement(&mut self, differ: bool) {
        self.disagreeing_frames = match self.disagreeing_frames {
            // A swing passes through the centre.
            before if differ && before.saturating_add(1) >= DISAGREEING_FRAMES => {
                DISAGREEING_FRAMES + HELD_FRAMES
            }
            before if differ => before.saturating_add(1),
            before if before > DISAGREEING_FRAMES => before.saturating_sub(1),
            _ => 0,
        };
    }

    /// Coil currents of the unit that drives [A], if they are a measurement.
    fn driving_current_a(&self, peer: &PeerMail, now: &Situation) -> Option<[f32; 2]> {
        if self.outputs.gate {
            return Some(now.coil_current_mean_a);
        }
        let mirrored_a = [peer.coil_current_x_a, peer.coil_current_y_a];
        Some(mirrored_a).filter(|both| both.iter().all(|current_a| current_a.abs() < MIRRORED_A_MAX))
    }

    /// Ends the pending order or lets it wait; whether it was carried out.
    fn settle_order(&mut self, periods: u32) -> bool {
        let may_pass = matches!(
            self.outputs.refusal,
            Some(Refusal::NotFit | Refusal::OtherUnknown | Refusal::OtherNotReady)
        );
        self.waited_periods = self.waited_periods.saturating_add(u16::try_from(periods).unwrap_or(u16::MAX));
        if may_pass && self.waited_periods < PATIENCE_PERIODS {
            return false;
        }
        self.pending = None;
        self.order_number = self.posted_number;
        self.order_result = self.outputs.refusal.map_or(0, |refusal| refusal as u32);
        self.outputs.refusal.is_none()
    }

    /// The other unit's currents as far as they act on the rotor.
    fn mirrored(&self, bits: u32, report: Option<PeerReport>) -> (Option<[f32; 2]>, f32) {
        let drives = match line(bits) {
            Line::Driving => true,
            Line::Released => false,
            Line::Broken => report.is_some_and(|report| report.drives),
        };
        let heard = self.peer.latest().filter(|_| drives && report.is_some());
        let Some(peer) = heard else { return (None, 0.0) };
        let believed = |current_a: f32| if current_a.abs() < MIRRORED_A_MAX { current_a } else { 0.0 };
        let coil_a = [peer.coil_current_x_a, peer.coil_current_y_a].map(believed);
        (Some(coil_a), believed(peer.torque_current_a))
    }
}

/// The other unit's line.
fn line(bits: u32) -> Line {
    match bits & (pair::LINE_EDGES | pair::LINE_CURRENT) {
        0 => Line::Broken,
        pair::LINE_CURRENT => Line::Released,
        _ => Line::Driving,
    }
}
