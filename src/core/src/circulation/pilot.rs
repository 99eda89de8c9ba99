// SPDX-License-Identifier: Apache-2.0
//! From what is measured and what is wanted to the speed set-point: interventions, then the modes; or following, while the other unit drives.
//!
//! # States
//! | supervisor | this |
//! |---|---|
//! | operating | controls |
//! | standby, another unit drives | follows the rotor and what the other unit does about suction and air, so that a takeover goes on from where it is |
//! | anything else | asks for the supervisor's speed, which is zero |
//!
//! After a reset of the whole unit what held the flow holds it, and what the other unit tells counts from when it drives: it may have been reset,
//! too, and know nothing.
//!
//! # Stale input
//! Supervisor silent: its last therapy stands. Levitation silent: the speed is the one that was asked for last.

use super::conditions as condition;
use super::interventions::{Interventions, Signs, SuctionLid};
use super::line::{Drop, largest_flow_lpm, tube_mmhg};
use super::modes::{BeatMean, ModeControl, PulseTiming, Seen};
use super::therapy::{Mode, Therapy, TherapyMail};
use crate::link::{PEER_THERAPY_US_MAX, PeerMail, PeerTherapy};
use crate::mail::{CirculationMail, LevitationMail, Mailboxes, SupervisorMail, UnitState, fault};
use crate::mailbox::Reader;
use crate::math::{between, larger, smaller};
use crate::schedule::TaskId;
use crate::units::RPM_PER_RAD_PER_S;

/// Age from which the levitation task counts as silent [us].
const SILENT_US_MAX: u32 = 50_000;
/// A rotor that turns so fast is driven [rpm].
const DRIVEN_RPM: f32 = 1000.0;
/// Flow from which the circuit says how much more it would carry [L/min].
const TELLING_LPM: f32 = 1.0;
/// Venous and arterial pressure, as guessed for what is reachable [mmHg].
const VENOUS_MMHG: f32 = 5.0;
const ARTERIAL_MMHG: f32 = 70.0;
/// What the widest return cannula of an artery, 23 Fr, drops [mmHg/(L/min)^2].
const CANNULA_MMHG_MIN: f32 = 2.0;
/// Flow per speed, at least [L/min/rpm].
const LPM_PER_RPM: f32 = 1.8e-3;

/// What is measured; `None` is not believed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measured {
    /// Flow by the meter [L/min].
    pub flow_lpm: Option<f32>,
    /// Flow by speed and torque [L/min].
    pub estimate_lpm: Option<f32>,
    /// Meter and estimate say different things, beyond what both are uncertain by.
    pub meter_disagrees: bool,
    /// Drainage pressure [mmHg].
    pub drainage_mmhg: Option<f32>,
    /// Return pressure [mmHg].
    pub return_mmhg: Option<f32>,
    /// It is the one before the membrane lung.
    pub return_stands_in: bool,
    /// Size of a bubble that has passed in this period [mL], else 0.
    pub bubble_ml: f32,
    /// When a pulse is due.
    pub pulse: PulseTiming,
}

/// Where it goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Course {
    /// Speed set-point [rpm].
    pub speed_rpm: f32,
    /// The mode in force.
    pub mode: Mode,
    /// Flow that is followed [L/min], if one is.
    pub flow_target_lpm: Option<f32>,
    /// Bits of [`condition`].
    pub conditions: u32,
    /// The largest flow that pump and limits give now, as far as is known [L/min].
    pub flow_lpm_max: f32,
    /// What suction holds the speed under.
    pub suction_lid: SuctionLid,
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct Pilot {
    modes: ModeControl,
    /// Flow, drainage and return pressure, and speed, by which is judged what is reachable; and whether that pressure is the one before the
    /// membrane lung.
    means: [BeatMean; 4],
    mean_stands_in: bool,
    interventions: Interventions,
    therapy: Reader<TherapyMail>,
    supervisor: Reader<SupervisorMail>,
    levitation: Reader<LevitationMail>,
    peer: Reader<PeerTherapy>,
    /// It has told something in this period.
    peer_is_new: bool,
    /// This unit was reset while it drove, and the other one has not driven since.
    goes_on: bool,
    resumes: Option<u32>,
    speed_rpm: f32,
    speed_rpm_max: f32,
}

impl Pilot {
    /// Nothing turns; `speed_rpm_max` is the speed control's limit.
    #[must_use]
    pub fn new(speed_rpm_max: f32) -> Self {
        let period_us = TaskId::Circulation.slot().period_us();
        Self {
            modes: ModeControl::default(),
            means: [BeatMean::default(); 4],
            mean_stands_in: false,
            interventions: Interventions::default(),
            therapy: Reader::new(period_us),
            supervisor: Reader::new(period_us),
            levitation: Reader::new(period_us),
            peer: Reader::new(period_us),
            peer_is_new: false,
            goes_on: false,
            resumes: None,
            speed_rpm: 0.0,
            speed_rpm_max,
        }
    }

    /// This unit was reset while it drove, and this was its therapy: what held the flow holds it.
    pub fn restart(&mut self, before: &PeerTherapy) {
        self.goes_on = true;
        if before.conditions & condition::AIR_IN_RETURN != 0 {
            self.interventions.recall_air();
        }
        self.interventions.join(&Therapy { mode: before.mode, settings: before.settings }, before);
    }

    /// Speed [rpm] and load torque [N.m] of the rotor, the torque while this unit drives it and knows its angle: one that was stopped
    /// unseen has no torque and is no head full of air.
    #[must_use]
    pub fn rotor(&self) -> (f32, Option<f32>) {
        match self.levitation.fresh(SILENT_US_MAX) {
            Some(mail) => {
                let knows_angle = mail.faults & (fault::ANGLE | fault::SENSORLESS) != fault::ANGLE;
                let torque_n_m = (self.is_operating() && knows_angle).then_some(mail.load_torque_n_m);
                (mail.rotor_speed_rad_per_s * RPM_PER_RAD_PER_S, torque_n_m)
            }
            None => (self.speed_rpm, None),
        }
    }

    /// Whether the unit that drives has refuted the flow meter, whose beam is one for both; `None` while none says so. A meter that
    /// has failed there alone is not in doubt.
    #[must_use]
    pub fn refuted_there(&self) -> Option<bool> {
        let (speed_rpm, _) = self.rotor();
        let follows = self.is_standby() && speed_rpm > DRIVEN_RPM;
        let there = self.peer.fresh(PEER_THERAPY_US_MAX).filter(|_| follows)?;
        Some(refutes_meter(&there))
    }

    /// What the operator wants.
    #[must_use]
    pub fn therapy(&self) -> Therapy {
        self.therapy.latest().map_or(Therapy::IDLE, |mail| mail.therapy)
    }

    fn is_operating(&self) -> bool {
        self.supervisor.latest().is_some_and(|mail| mail.state == UnitState::Operating as u32)
    }

    /// Another unit may drive.
    fn is_standby(&self) -> bool {
        self.supervisor.latest().is_none_or(|mail| mail.state == UnitState::Standby as u32)
    }

    /// Reads the mail of the others, once a period.
    pub fn poll(&mut self, mail: &Mailboxes) {
        self.therapy.poll(&mail.therapy);
        self.supervisor.poll(&mail.supervisor);
        self.levitation.poll(&mail.levitation);
        self.goes_on &= !mail.peer.read::<PeerMail>().is_some_and(|(_, peer)| peer.drives());
        self.peer_is_new = !self.goes_on && self.peer.poll(&mail.peer_therapy);
        if self.resumes.is_none() {
            let before =
                mail.circulation.read::<CirculationMail>().map_or(0, |(_, before)| before.conditions);
            if before & condition::AIR_IN_RETURN != 0 {
                self.interventions.recall_air();
            }
        }
    }

    /// One period.
    pub fn step(&mut self, measured: &Measured) -> Course {
        let idle = TherapyMail { therapy: Therapy::IDLE, asked: 0, resumes: 0 };
        let TherapyMail { therapy, asked, resumes } = self.therapy.latest().unwrap_or(idle);
        let (speed_rpm, torque_n_m) = self.rotor();
        let flow_lpm = measured.flow_lpm.or(measured.estimate_lpm);
        let seen = Seen {
            flow_lpm,
            drainage_mmhg: measured.drainage_mmhg,
            return_mmhg: measured.return_mmhg,
            return_stands_in: measured.return_stands_in,
            speed_rpm,
            pulse: measured.pulse,
        };
        let mean = self.mean(&seen);
        // Some may come in one period. A supervisor that starts anew counts anew: that ends nothing.
        let resume = self.resumes.is_some_and(|before| (1..=8).contains(&resumes.wrapping_sub(before)));
        self.resumes = Some(resumes);
        let therapy = self.modes.in_force(&therapy, asked, &seen);
        let mut course = Course {
            speed_rpm: therapy.settings.speed_setpoint_rpm,
            mode: therapy.mode,
            flow_target_lpm: None,
            conditions: 0,
            // What flows now can be asked for.
            flow_lpm_max: larger(self.reach(&therapy, &mean), flow_lpm.unwrap_or(0.0)),
            suction_lid: SuctionLid::NONE,
        };
        let signs = Signs {
            flow_lpm,
            meter_lpm: measured.flow_lpm,
            drainage_mmhg: measured.drainage_mmhg,
            return_mmhg: measured.return_mmhg,
            speed_rpm: speed_rpm - self.modes.wave_rpm(),
            torque_n_m,
            bubble_ml: measured.bubble_ml,
            resume,
        };
        if self.is_operating() {
            self.control(&therapy, &signs, &seen, &mut course);
            let lost = measured.flow_lpm.is_none() && speed_rpm > 0.0;
            course.conditions |= if lost { condition::FLOW_LOST } else { 0 };
            course.conditions |= if measured.meter_disagrees { condition::FLOW_DOUBTED } else { 0 };
        } else {
            if self.is_standby() {
                let there = self.peer.fresh(PEER_THERAPY_US_MAX);
                course.conditions = self.interventions.follow(&therapy, &signs, there.as_ref());
                if let Some(there) = there.filter(|_| self.peer_is_new) {
                    self.interventions.join(&therapy, &there);
                }
                self.modes.follow(&therapy, &seen);
            } else {
                course.conditions = self.interventions.stand(&therapy, &signs);
                self.modes.stop(&seen);
            }
            if therapy.mode != Mode::Speed {
                course.speed_rpm = between(speed_rpm, 0.0, self.speed_rpm_max);
            }
        }
        course.suction_lid = self.interventions.suction_lid();
        if self.is_standby() && course.suction_lid != SuctionLid::NONE {
            // The speed is still on its way down to it.
            course.speed_rpm = smaller(course.speed_rpm, course.suction_lid.rpm);
        }
        self.speed_rpm = course.speed_rpm;
        course
    }

    /// Without beat and pulse; each lags as much as the others.
    fn mean(&mut self, seen: &Seen) -> Seen {
        let [flow, drainage, outlet, speed] = &mut self.means;
        if core::mem::replace(&mut self.mean_stands_in, seen.return_stands_in) != seen.return_stands_in {
            // Another place in the circuit.
            *outlet = BeatMean::default();
        }
        Seen {
            flow_lpm: flow.update(seen.flow_lpm),
            drainage_mmhg: drainage.update(seen.drainage_mmhg),
            return_mmhg: outlet.update(seen.return_mmhg),
            speed_rpm: speed.update(Some(seen.speed_rpm)).unwrap_or(seen.speed_rpm),
            ..*seen
        }
    }

    fn control(&mut self, therapy: &Therapy, signs: &Signs, seen: &Seen, course: &mut Course) {
        let (asked, interventions) = self.interventions.step(therapy, signs);
        let decision = self.modes.step(therapy, &asked, seen);
        course.speed_rpm = between(decision.speed_rpm, 0.0, self.speed_rpm_max);
        course.flow_target_lpm = decision.flow_target_lpm;
        course.conditions = decision.conditions | interventions;
        if asked.zero_flow {
            course.mode = Mode::ZeroFlow;
        }
    }

    /// The largest flow: by the speed that is left, and by what the pressures of the present flow say of the limits.
    fn reach(&self, therapy: &Therapy, seen: &Seen) -> f32 {
        let Some(flow_lpm) = seen.flow_lpm.filter(|flow| *flow > TELLING_LPM) else { return f32::INFINITY };
        let settings = &therapy.settings;
        let by_speed = flow_lpm + LPM_PER_RPM * (self.speed_rpm_max - seen.speed_rpm);
        let drainage = seen.drainage_mmhg.map(|pressure| Drop {
            seen_mmhg: VENOUS_MMHG - pressure,
            most_mmhg: VENOUS_MMHG - settings.drainage_pressure_mmhg_min,
        });
        let outlet = seen.return_mmhg.map(|pressure| {
            let end_mmhg = if settings.return_is_arterial >= 0.5 {
                // Not more than the line leaves of what is measured.
                let least_mmhg = tube_mmhg(flow_lpm) + CANNULA_MMHG_MIN * flow_lpm * flow_lpm;
                smaller(ARTERIAL_MMHG, pressure - least_mmhg)
            } else {
                VENOUS_MMHG
            };
            Drop { seen_mmhg: pressure - end_mmhg, most_mmhg: settings.return_pressure_mmhg_max - end_mmhg }
        });
        smaller(by_speed, largest_flow_lpm(flow_lpm, [drainage, outlet]))
    }
}

/// Whether a unit that says this has refuted the flow meter itself.
#[must_use]
pub const fn refutes_meter(told: &PeerTherapy) -> bool {
    told.alarms & fault::FLOW_METER != 0 && told.conditions & condition::FLOW_DOUBTED != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::{LEVITATION_WORDS, SUPERVISOR_WORDS, SupervisorMail};
    use crate::mailbox::Words;

    struct Rig {
        pilot: Pilot,
        mail: Mailboxes,
    }

    impl Rig {
        fn step(&mut self, state: UnitState, resumes: u32) -> Course {
            let supervisor: SupervisorMail = Words::<SUPERVISOR_WORDS>::from_words([0; SUPERVISOR_WORDS]);
            self.mail.supervisor.write(&SupervisorMail { state: state as u32, ..supervisor });
            let therapy = Therapy { mode: Mode::Flow, ..Therapy::IDLE };
            self.mail.therapy.write(&TherapyMail { therapy, asked: 0, resumes });
            self.pilot.poll(&self.mail);
            self.pilot.step(&Measured { flow_lpm: Some(3.0), ..Measured::default() })
        }
    }

    /// Stands by while another unit drives, then has the head.
    fn taken(there: &PeerTherapy) -> (Rig, Course) {
        let mut rig = Rig { pilot: Pilot::new(5500.0), mail: Mailboxes::new() };
        rig.mail.peer_therapy.write(there);
        for _ in 0..10 {
            rig.step(UnitState::Standby, 0);
        }
        let course = rig.step(UnitState::Operating, 0);
        (rig, course)
    }

    /// 25/21 Fr at 2.94 L/min, as in the world, where a sweep of the speed reaches 5.35 L/min at -100 mmHg, and 4.77 at 200 mmHg.
    #[test]
    fn the_largest_flow_is_that_of_the_nearest_limit() {
        let mut rig = Rig { pilot: Pilot::new(5500.0), mail: Mailboxes::new() };
        let mut most_lpm = |return_mmhg_max: f32, drainage_mmhg: Option<f32>| {
            let mut therapy = Therapy::IDLE;
            therapy.settings.return_pressure_mmhg_max = return_mmhg_max;
            rig.mail.therapy.write(&TherapyMail { therapy, asked: 0, resumes: 0 });
            rig.pilot.poll(&rig.mail);
            let flow_lpm = Some(2.94);
            let measured =
                Measured { flow_lpm, drainage_mmhg, return_mmhg: Some(119.6), ..Measured::default() };
            rig.pilot.step(&measured).flow_lpm_max
        };
        let [by_drainage, by_return, by_speed] =
            [most_lpm(300.0, Some(-24.7)), most_lpm(200.0, Some(-24.7)), most_lpm(400.0, None)];
        assert!((by_drainage / 5.35 - 1.0).abs() < 0.05, "{by_drainage}");
        assert!((by_return / 4.77 - 1.0).abs() < 0.05, "{by_return}");
        assert!(by_speed > 6.5, "{by_speed}");
    }

    /// The beat moves flow and pressures, and not at the same time.
    #[test]
    fn the_largest_flow_does_not_move_with_the_beat() {
        let mut pilot = Pilot::new(5500.0);
        let (mut least, mut most) = (f32::MAX, f32::MIN);
        for period in 0..1000 {
            let (early, late) = crate::math::sin_cos(core::f32::consts::TAU * period as f32 / 80.0);
            let measured = Measured {
                flow_lpm: Some(2.94 + 0.15 * early),
                drainage_mmhg: Some(-24.7 + 4.0 * late),
                return_mmhg: Some(119.6),
                ..Measured::default()
            };
            let named_lpm = pilot.step(&measured).flow_lpm_max;
            if period >= 800 {
                (least, most) = (smaller(least, named_lpm), larger(most, named_lpm));
            }
        }
        assert!(most - least < 0.2 && least > 5.0 && most < 5.6, "{least} to {most}");
    }

    /// An artery of 45 mmHg behind 21 Fr: the limit lies where other patients' arteries do, and the pressure below it.
    #[test]
    fn a_return_limit_below_a_usual_artery_refuses_no_raise_while_the_pressure_is_below_it() {
        let mut rig = Rig { pilot: Pilot::new(5500.0), mail: Mailboxes::new() };
        let mut most_lpm = |return_pressure_mmhg_max: f32, return_mmhg: f32| {
            let mut therapy = Therapy::IDLE;
            therapy.settings.return_pressure_mmhg_max = return_pressure_mmhg_max;
            rig.mail.therapy.write(&TherapyMail { therapy, asked: 0, resumes: 0 });
            rig.pilot = Pilot::new(5500.0);
            rig.pilot.poll(&rig.mail);
            let (flow_lpm, return_mmhg) = (Some(1.5), Some(return_mmhg));
            rig.pilot.step(&Measured { flow_lpm, return_mmhg, ..Measured::default() }).flow_lpm_max
        };
        // 7 mmHg of tubing and 7 of cannula.
        for limit_mmhg in [65.0, 70.0, 72.0, 100.0] {
            let line = Drop { seen_mmhg: 59.0 - 45.0, most_mmhg: limit_mmhg - 45.0 };
            let (named_lpm, true_lpm) =
                (most_lpm(limit_mmhg, 59.0), largest_flow_lpm(1.5, [None, Some(line)]));
            assert!(
                named_lpm > 1.6 && (named_lpm / true_lpm - 1.0).abs() < 0.12,
                "{named_lpm} for {true_lpm}"
            );
        }
        assert!(most_lpm(70.0, 59.0) > most_lpm(65.0, 59.0));
        // At the limit there is no more.
        for over_mmhg in [70.0, 75.0] {
            assert!(most_lpm(70.0, over_mmhg) < 1.51, "{over_mmhg} mmHg");
        }
    }

    #[test]
    fn the_largest_flow_is_that_of_the_place_where_the_pressure_is_measured_now() {
        let by = |stands_in: bool| {
            let return_mmhg = Some(if stands_in { 200.0 } else { 120.0 });
            Measured { flow_lpm: Some(3.0), return_mmhg, return_stands_in: stands_in, ..Measured::default() }
        };
        let fresh_lpm = Pilot::new(5500.0).step(&by(true)).flow_lpm_max;
        let mut pilot = Pilot::new(5500.0);
        for _ in 0..1000 {
            pilot.step(&by(false));
        }
        let named_lpm = pilot.step(&by(true)).flow_lpm_max;
        assert!((named_lpm - fresh_lpm).abs() < 1e-3, "{named_lpm} for {fresh_lpm}");
    }

    /// From 2000 rpm and 2 L/min to 3000 rpm and 4 L/min: what the largest speed gives is as good as the same.
    #[test]
    fn the_largest_flow_does_not_fall_while_the_flow_is_raised() {
        let mut pilot = Pilot::new(5500.0);
        let mail = Mailboxes::new();
        let mut named_lpm = |speed_rpm: f32, flow_lpm: f32| {
            let levitation: LevitationMail = Words::<LEVITATION_WORDS>::from_words([0; LEVITATION_WORDS]);
            let rotor_speed_rad_per_s = speed_rpm / RPM_PER_RAD_PER_S;
            mail.levitation.write(&LevitationMail { rotor_speed_rad_per_s, ..levitation });
            pilot.poll(&mail);
            pilot.step(&Measured { flow_lpm: Some(flow_lpm), ..Measured::default() }).flow_lpm_max
        };
        let [before, after] = [2.0 + 1.8 * 3.5, 4.0 + 1.8 * 2.5];
        for _ in 0..1000 {
            assert!((named_lpm(2000.0, 2.0) - before).abs() < 1e-3);
        }
        for period in 0..1000 {
            let named = named_lpm(3000.0, 4.0);
            assert!(named > before - 1e-3 && named < after + 1e-3, "{named} in period {period}");
        }
    }

    #[test]
    fn air_that_held_the_flow_there_holds_it_here_until_the_operator_resumes() {
        let there = PeerTherapy { conditions: condition::AIR_IN_RETURN, ..PeerTherapy::IDLE };
        let (mut rig, course) = taken(&there);
        assert_eq!(
            (course.mode, course.conditions & condition::AIR_IN_RETURN),
            (Mode::ZeroFlow, condition::AIR_IN_RETURN)
        );
        let course = rig.step(UnitState::Operating, 1);
        assert_eq!((course.mode, course.conditions & condition::AIR_IN_RETURN), (Mode::Flow, 0));
    }
}
