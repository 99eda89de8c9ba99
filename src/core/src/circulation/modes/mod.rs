// SPDX-License-Identifier: Apache-2.0
//! One controller for all modes: the mode says how fast the speed should change, the limits say how fast it may. 100 Hz.
//!
//! # Model
//! The state is the speed reference n. Every quantity that the speed drives has an error, and each error asks for a rate of change of n,
//! with the slope of the quantity as a lead (PI in velocity form); a new set-point of the flow moves n by what most of it will take, and a higher one
//! by a little more when blood flows and the arteries fill:
//! ```text
//! r = (y* - y - T_d y') / (G t_c)
//! ```
//! | symbol | meaning | unit |
//! |---|---|---|
//! | y*, y, y' | set-point or limit, measured, its slope | L/min or mmHg |
//! | G = dy/dn | what a rpm does to it | per rpm |
//! | T_d | lag of the circuit and of the sensor, cancelled | s |
//! | t_c | time constant of the closed loop | s |
//!
//! The mode's rate is taken, the least of the upper limits if that is smaller, and the floor against backflow if that is larger. One state and
//! no second integrator: whichever rate is in force, the next one goes on from the same n. So no change of mode, set-point or limit is a jump
//! but the one that the operator asks for, and nothing winds up.
//!
//! The floor is the larger of two: the flow loop on a flow that is just forward, for a fall below what every beat does, and the speed whose shut-off
//! head is the pressure across the pump, sqrt((p_return - p_drainage) / a), a the shut-off head at 1000 rpm. The second needs no flow meter and acts
//! before blood turns round. Both are late for a beat that comes: no mode goes below the speed that the [last beats](beats) needed. Where blood flows
//! on at that speed the return pressure reads too much: by as much the head is taken to be less, until the flow is next to nothing.
//!
//! # Priority
//! Pressure limits go before the mode. The floor goes before the limits, because a sensor that is wrong must not take the flow from a
//! dependent patient; but it ends at the speed whose shut-off head no artery can push back, so that it does not work against a
//! closed clamp.
//!
//! # Stale input
//! A quantity that is not believed asks for nothing: a limit on it is not watched and says so, a mode on it holds the speed.
//!
//! # Source
//! Velocity form and override control: K. J. Astrom, T. Hagglund, Advanced PID Control, 2006, sections 3.4 and 13.4.
//!
//! # Shown by
//! `tests.rs`; `tests/scenarios/5*.toml`.

mod beats;
mod gains;
mod pulses;
#[cfg(test)]
mod tests;
mod weaning;

use super::conditions as condition;
use super::therapy::{Mode, Therapy};
use crate::math::{between, larger, smaller, sqrt};
use beats::{Beats, FORWARD_LPM};
use gains::{
    DRAINAGE, FILLING_LPM, FILLING_RPM_PER_LPM, FILLING_S, FLOOR, FLOW, FORWARD_RPM_PER_LPM, Loop, RETURN,
};
pub use pulses::PulseTiming;
use pulses::Pulses;
use weaning::Weaning;

/// Period of the controller [s].
pub const PERIOD_S: f32 = 0.01;
/// Rate that no speed control can follow [rpm/s]: a limit that allows more does not limit.
const FREE_RPM_PER_S: f32 = 6000.0;
/// Rate at which a new set-point moves the speed [rpm/s]; below that of the speed control.
const FORWARD_RPM_PER_S: f32 = 3000.0;
/// How far the reference may lead the rotor, or trail it, while a loop is in force [rpm].
const LEAD_RPM: f32 = 150.0;
/// What zero flow means [L/min] where the heart does not ask for more; above the floor, so that the two do not work against each other.
pub const ZERO_FLOW_LPM: f32 = 0.3;
/// The same while air is on the way to an artery: a drop back in a beat is the lesser evil. Its floor is at 0.
const AIR_HOLD_LPM: f32 = 0.1;
/// Zero flow never needs more [rpm]: 144 mmHg at shut-off.
const ZERO_FLOW_RPM_MAX: f32 = 2400.0;
/// Speed of a zero flow of which neither flow nor pressures are known [rpm]: 100 mmHg at shut-off.
const BLIND_ZERO_RPM: f32 = 2000.0;
/// Speed from which a flow is the pump's [rpm].
const TURNING_RPM: f32 = 500.0;
/// Flow that shows an open circuit [L/min], either way; from then on the floor is on guard.
const OPEN_LPM: f32 = 0.5;
/// Flow that is surely backward [L/min]: more than the zero of a meter is off.
const BACKWARD_LPM: f32 = -0.1;
/// After blood has run back the return limit does not hold the floor down for so long [periods]: 300 s.
const OVER_LIMIT_PERIODS: u32 = 30_000;
/// Shut-off head of the pump over the square of its speed [mmHg/krpm^2].
const SHUT_OFF_MMHG_PER_KRPM2: f32 = 25.0;
/// Speed whose shut-off head, 180 mmHg, is above any mean arterial less venous pressure [rpm].
const FLOOR_RPM_MAX: f32 = 2700.0;
/// Flow over that of the floor which shows that the head is less than it reads [L/min], for how long, longer than a beat of 40 a minute
/// [periods], and how fast that is believed and forgotten [mmHg/s].
const HEAD_DOUBT_LPM: f32 = 0.3;
const HEAD_DOUBT_PERIODS: u32 = 150;
const HEAD_DOUBT_MMHG_PER_S: f32 = 30.0;
const HEAD_TRUST_MMHG_PER_S: f32 = 100.0;
/// A pressure that is further off is named by its sensor [mmHg].
const HEAD_ERROR_MMHG_MAX: f32 = 60.0;
/// How far above zero flow a lid on the speed ends [rpm].
const LID_MARGIN_RPM: f32 = 50.0;
/// A pressure is held this far within its limit, so that noise does not cross it [mmHg].
const MARGIN_MMHG: f32 = 2.0;
/// A limit lets the speed rise this much more slowly than it makes it fall.
const RELEASE: f32 = 0.2;
/// Periods for which a limit holds the speed back before that is told: 0.3 s.
const TOLD_PERIODS: u32 = 30;
/// Periods for which a set-point is missed before that is told: 10 s.
const MISSED_PERIODS: u32 = 1000;
/// Part of the set-point that is a miss.
const MISS: f32 = 0.05;
/// Zero flow is held for that long before the operator is asked [periods]: 120 s.
const ZERO_FLOW_PERIODS: u32 = 12_000;

/// What the controller looks at; `None` is not believed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Seen {
    /// Flow, measured or estimated [L/min].
    pub flow_lpm: Option<f32>,
    /// Drainage pressure [mmHg].
    pub drainage_mmhg: Option<f32>,
    /// Return pressure [mmHg].
    pub return_mmhg: Option<f32>,
    /// It is the one before the membrane lung: more than the return pressure, so good for a limit and for nothing else.
    pub return_stands_in: bool,
    /// Speed of the rotor [rpm].
    pub speed_rpm: f32,
    /// When a pulse is due.
    pub pulse: PulseTiming,
}

/// What interventions ask of the speed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Override {
    /// No faster than this [rpm].
    pub speed_rpm_max: Option<f32>,
    /// Zero flow, whatever the mode.
    pub zero_flow: bool,
}

/// What it decides.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Decision {
    /// Speed set-point [rpm].
    pub speed_rpm: f32,
    /// Flow that is followed now [L/min], if one is.
    pub flow_target_lpm: Option<f32>,
    /// Bits of [`condition`].
    pub conditions: u32,
}

/// Value of the period before, and the filtered slope.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Slope {
    last: Option<f32>,
    per_s: f32,
}

impl Slope {
    /// Lag of the slope [periods].
    const LAG: f32 = 2.0;

    fn update(&mut self, value: Option<f32>) {
        self.per_s = match (self.last, value) {
            (Some(last), Some(now)) => self.per_s + ((now - last) / PERIOD_S - self.per_s) / Self::LAG,
            _ => 0.0,
        };
        self.last = value;
    }

    /// Rate of the speed that a loop asks for [rpm/s].
    fn rate(&self, target: f32, of: &Loop) -> Option<f32> {
        self.last.map(|value| (target - value - of.lead_s * self.per_s) * of.rpm_per_s)
    }
}

/// A flow or a pressure without the beat, or the pulse: what is told is judged by it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BeatMean {
    mean: Option<f32>,
}

impl BeatMean {
    /// Lag [s].
    const LAG_S: f32 = 1.5;

    /// One period; what is not believed has no mean, and the next value begins anew.
    pub fn update(&mut self, value: Option<f32>) -> Option<f32> {
        self.mean = value.map(|value| {
            let mean = self.mean.unwrap_or(value);
            mean + (value - mean) * PERIOD_S / Self::LAG_S
        });
        self.mean
    }
}

/// See the [module](self).
#[derive(Clone, Debug, Default)]
pub struct ModeControl {
    reference_rpm: f32,
    flow: Slope,
    flow_mean: BeatMean,
    beats: Beats,
    drainage: Slope,
    outlet: Slope,
    outlet_stands_in: bool,
    /// Forward flow was seen: the circuit is open.
    is_open: bool,
    mode: Option<Mode>,
    /// Flow when this mode was entered [L/min].
    flow_before_lpm: f32,
    /// Zero flow is held because of air.
    air_hold: bool,
    /// What the pressure across the pump reads too much, as the flow shows [mmHg].
    head_error_mmhg: f32,
    flows_on_periods: u32,
    /// For how long the floor may go over the return limit, because blood has run back within it [periods].
    over_limit_periods: u32,
    /// Number of the mode that the operator has set last.
    asked: Option<u32>,
    /// The retrograde trial is over: its time, or the flow by which it is judged.
    trial_is_over: bool,
    /// Flow that was followed in the period before [L/min], and what of its last step is still to come [rpm], and for arteries that fill.
    target_lpm: Option<f32>,
    forward_rpm: f32,
    filling_rpm: f32,
    periods_in_mode: u32,
    weaning: Weaning,
    pulses: Pulses,
    /// Periods for which the drainage limit, the return limit, the floor have held the speed.
    held: [u32; 3],
    missed: u32,
}

/// A rate, and the condition that stands while it is in force.
type Bound = (f32, usize);

impl ModeControl {
    /// This unit does not drive the head: it follows, so that it can go on from where the other one was.
    pub fn follow(&mut self, therapy: &Therapy, seen: &Seen) {
        let mode = therapy.mode;
        let is_open = self.is_open || seen.flow_lpm.is_some_and(|flow| flow > OPEN_LPM);
        let rests = is_rest(mode);
        // What is followed there says more than what flows while it hears of the change.
        let followed_lpm = (mode == Mode::Flow).then_some(therapy.settings.flow_setpoint_lpm);
        let flow_before_lpm =
            followed_lpm.or(seen.flow_lpm).filter(|_| !rests).unwrap_or(self.flow_before_lpm);
        *self = Self {
            reference_rpm: seen.speed_rpm,
            is_open,
            beats: self.beats,
            flow_before_lpm,
            mode: rests.then_some(mode),
            asked: self.asked,
            ..Self::default()
        };
        self.look(seen);
        self.beats.least_rpm(seen.flow_lpm, seen.speed_rpm);
    }

    /// The pump is being stopped on purpose: no mode, no floor.
    pub fn stop(&mut self, seen: &Seen) -> Decision {
        self.follow(&Therapy::IDLE, seen);
        self.is_open = false;
        self.reference_rpm = 0.0;
        Decision::default()
    }

    /// What is in force of a therapy: a retrograde trial that is over goes on as the flow from before.
    ///
    /// `asked` numbers the modes that the operator sets: the same one again is a new one. Nobody carries on a trial that was set before this
    /// controller was there.
    pub fn in_force(&mut self, therapy: &Therapy, asked: u32, seen: &Seen) -> Therapy {
        let before = self.asked.replace(asked);
        if before != Some(asked) {
            self.trial_is_over = before.is_none();
            self.periods_in_mode = 0;
        }
        if therapy.mode != Mode::RetrogradeTrial {
            self.trial_is_over = false;
            return *therapy;
        }
        let lasts_s = self.periods_in_mode as f32 * PERIOD_S;
        let is_running = self.mode == Some(Mode::RetrogradeTrial);
        let is_blind = seen.flow_lpm.is_none();
        self.trial_is_over |= is_blind || is_running && lasts_s >= therapy.settings.trial_s_max;
        if !self.trial_is_over {
            return *therapy;
        }
        let mut after = Therapy { mode: Mode::Flow, ..*therapy };
        after.settings.flow_setpoint_lpm = larger(self.flow_before_lpm, ZERO_FLOW_LPM);
        after
    }

    /// The part of the pulses in the speed [rpm].
    #[must_use]
    pub const fn wave_rpm(&self) -> f32 {
        self.pulses.wave_rpm()
    }

    /// One period; `therapy` is the one [in force](Self::in_force).
    pub fn step(&mut self, therapy: &Therapy, interventions: &Override, seen: &Seen) -> Decision {
        self.look(seen);
        let mode = if interventions.zero_flow { Mode::ZeroFlow } else { therapy.mode };
        let was_held = core::mem::replace(&mut self.air_hold, interventions.zero_flow);
        self.enter(mode, was_held, therapy, seen);
        let target_lpm = self.flow_target_lpm(mode, therapy);
        let is_blind = target_lpm.is_some() && seen.flow_lpm.is_none();
        let wanted = self.wanted(mode, therapy, target_lpm) + self.forward(target_lpm);
        let guards = self.guards(mode, therapy);
        self.judge_head(guards, therapy);
        let runs_back = guards && self.flow.last.is_some_and(|flow| flow < BACKWARD_LPM);
        self.over_limit_periods =
            if runs_back { OVER_LIMIT_PERIODS } else { self.over_limit_periods.saturating_sub(1) };
        let (mut rate, mut bound) = (wanted, None);
        if let Some(limit) = self.by_beats(guards, therapy).filter(|limit| *limit > rate) {
            (rate, bound) = (limit, Some(2));
        }
        for (limit, which) in self.limits(therapy).into_iter().flatten() {
            if limit < RELEASE * FREE_RPM_PER_S && limit < rate {
                (rate, bound) = (limit, Some(which));
            }
        }
        // What a limit has just held comes back slowly, too, or it would be held again and again.
        let [by_drainage, by_return, _] = self.held;
        let mut is_held = bound.is_some() || by_drainage > 0 || by_return > 0;
        if is_held && matches!(mode, Mode::Speed | Mode::Pulsatile) {
            rate = smaller(rate, RELEASE * FREE_RPM_PER_S);
        }
        if let Some(floor) = self.floor(guards, therapy).filter(|floor| *floor > rate) {
            (rate, bound, is_held) = (floor, Some(2), true);
        }
        let is_jump = !is_held && matches!(mode, Mode::Speed | Mode::Pulsatile);
        let least_rpm =
            if guards { self.zero_flow_rpm(therapy).unwrap_or(0.0) + LID_MARGIN_RPM } else { 0.0 };
        self.apply(rate, is_jump, least_rpm, interventions, seen.speed_rpm - self.pulses.wave_rpm());
        self.count(bound, mode, therapy, wanted);
        // Pulses rest while something holds the speed, and their trough is no way back either.
        let pulses = mode == Mode::Pulsatile && !is_held && interventions.speed_rpm_max.is_none();
        let pulse_rpm =
            if pulses { self.pulses.step(&therapy.settings, seen.pulse) } else { self.pulses.fade() };
        let least_rpm = if mode == Mode::Pulsatile { smaller(least_rpm, self.reference_rpm) } else { 0.0 };
        Decision {
            speed_rpm: larger(self.reference_rpm + pulse_rpm, least_rpm),
            flow_target_lpm: target_lpm,
            conditions: self.conditions(mode, seen, is_blind),
        }
    }

    fn look(&mut self, seen: &Seen) {
        self.flow.update(seen.flow_lpm);
        self.drainage.update(seen.drainage_mmhg);
        if self.outlet_stands_in != seen.return_stands_in {
            // Another place in the circuit is no slope.
            (self.outlet, self.outlet_stands_in) = (Slope::default(), seen.return_stands_in);
        }
        self.outlet.update(seen.return_mmhg);
        let turns = seen.speed_rpm > TURNING_RPM;
        self.is_open |= seen.flow_lpm.is_some_and(|flow| flow < -OPEN_LPM || turns && flow > OPEN_LPM);
        if self.is_open {
            self.beats.look(seen.flow_lpm);
        } else {
            // Behind a clamp no beat says anything.
            self.beats = Beats::default();
        }
    }

    fn enter(&mut self, mode: Mode, was_held: bool, therapy: &Therapy, seen: &Seen) {
        self.periods_in_mode = self.periods_in_mode.saturating_add(1);
        if self.mode == Some(mode) {
            return;
        }
        let left_zero = self.mode.is_some_and(is_rest);
        if !left_zero {
            // What was followed says more than one beat of what flows.
            self.flow_before_lpm = self.target_lpm.or(seen.flow_lpm).unwrap_or(self.flow_before_lpm);
        }
        self.mode = Some(mode);
        self.periods_in_mode = 0;
        self.missed = 0;
        // Weaning goes down from what flows, and on from where air has interrupted it.
        let from_lpm = seen.flow_lpm.filter(|_| left_zero && !was_held).unwrap_or(self.flow_before_lpm);
        self.weaning = Weaning::from(larger(from_lpm, therapy.settings.weaning_flow_lpm));
    }

    /// The flow that is to be followed in this mode [L/min].
    fn flow_target_lpm(&mut self, mode: Mode, therapy: &Therapy) -> Option<f32> {
        let settings = &therapy.settings;
        match mode {
            Mode::Flow => Some(settings.flow_setpoint_lpm),
            Mode::ZeroFlow => Some(if self.air_hold { AIR_HOLD_LPM } else { ZERO_FLOW_LPM }),
            Mode::Weaning => Some(self.weaning.step(settings, self.flow.last)),
            Mode::RetrogradeTrial => Some(settings.trial_flow_lpm),
            Mode::Speed | Mode::Pressure | Mode::Pulsatile => None,
        }
    }

    /// What is left of the step of the set-point, as a rate [rpm/s].
    fn forward(&mut self, target_lpm: Option<f32>) -> f32 {
        let (Some(target), Some(flow)) = (target_lpm, self.flow.last) else {
            (self.target_lpm, self.forward_rpm, self.filling_rpm) = (target_lpm, 0.0, 0.0);
            return 0.0;
        };
        // A beat is no step: who takes over in the middle of one goes on.
        let is_there = (target - flow).abs() < 0.3 * target.abs();
        let before = self.target_lpm.unwrap_or(if is_there { target } else { flow });
        self.target_lpm = target_lpm;
        let step_lpm = target - before;
        self.forward_rpm += step_lpm * FORWARD_RPM_PER_LPM;
        self.filling_rpm = larger(self.filling_rpm + step_lpm * FILLING_RPM_PER_LPM, 0.0);
        let most = FORWARD_RPM_PER_S * PERIOD_S;
        let now = between(self.forward_rpm, -most, most);
        self.forward_rpm -= now;
        if flow <= FILLING_LPM && flow >= target {
            // It is there without: what is left would come at another time, for nothing.
            self.filling_rpm = 0.0;
        }
        let filling = if flow > FILLING_LPM { self.filling_rpm / FILLING_S } else { 0.0 };
        self.filling_rpm -= filling * PERIOD_S;
        now / PERIOD_S + filling
    }

    /// The rate that the mode asks for [rpm/s].
    fn wanted(&self, mode: Mode, therapy: &Therapy, target_lpm: Option<f32>) -> f32 {
        let settings = &therapy.settings;
        let rate = match (mode, target_lpm) {
            (Mode::ZeroFlow, Some(_)) if self.flow.last.is_none() => {
                let blind_rpm = self.zero_flow_rpm(therapy).unwrap_or(BLIND_ZERO_RPM) + LID_MARGIN_RPM;
                Some((blind_rpm - self.reference_rpm) / PERIOD_S)
            }
            (_, Some(target_lpm)) => self.flow.rate(target_lpm, &FLOW),
            (Mode::Pressure, None) if settings.pressure_setpoint_mmhg < 0.0 => {
                self.drainage.rate(settings.pressure_setpoint_mmhg, &DRAINAGE)
            }
            (Mode::Pressure, None) if self.outlet_stands_in => None,
            (Mode::Pressure, None) => self.outlet.rate(settings.pressure_setpoint_mmhg, &RETURN),
            (_, None) => {
                return (settings.speed_setpoint_rpm - self.reference_rpm) / PERIOD_S;
            }
        };
        between(rate.unwrap_or(0.0), -FREE_RPM_PER_S, FREE_RPM_PER_S)
    }

    /// The rates that the limits allow [rpm/s]: fast when the speed has to go down, slow on the way back, because the blood between pump and
    /// compliance swings for a second.
    fn limits(&self, therapy: &Therapy) -> [Option<Bound>; 3] {
        let settings = &therapy.settings;
        let drainage = self.drainage.rate(settings.drainage_pressure_mmhg_min + MARGIN_MMHG, &DRAINAGE);
        let outlet = self.outlet.rate(settings.return_pressure_mmhg_max - MARGIN_MMHG, &RETURN);
        let released = |rate: f32| if rate > 0.0 { rate * RELEASE } else { rate };
        [
            drainage.map(|rate| (released(rate), 0)),
            outlet.map(|rate| (released(rate), 1)),
            self.shut_off(therapy).map(|rate| (rate, 1)),
        ]
    }

    /// While next to nothing flows the return pressure is what the pump makes at shut-off: the speed of that is known before it is there.
    fn shut_off(&self, therapy: &Therapy) -> Option<f32> {
        let flow_lpm = self.flow.last.filter(|flow| *flow < OPEN_LPM)?;
        let most_mmhg = therapy.settings.return_pressure_mmhg_max - MARGIN_MMHG;
        // Far from the limit nothing is closed, or the pump is a weaker one.
        self.outlet.last.filter(|pressure| *pressure > 0.5 * most_mmhg)?;
        let most_rpm = 1000.0 * sqrt(most_mmhg / SHUT_OFF_MMHG_PER_KRPM2);
        let is_beyond = flow_lpm > -OPEN_LPM && self.reference_rpm > most_rpm;
        is_beyond.then(|| (most_rpm - self.reference_rpm) / PERIOD_S)
    }

    /// Blood must not flow back: it could, and nobody wants it to.
    fn guards(&self, mode: Mode, therapy: &Therapy) -> bool {
        therapy.settings.return_is_arterial >= 0.5 && self.is_open && mode != Mode::RetrogradeTrial
    }

    /// The flow that the floor keeps [L/min].
    const fn floor_lpm(&self) -> f32 {
        if self.air_hold { 0.0 } else { FORWARD_LPM }
    }

    /// The rate that keeps the flow forward [rpm/s], where it must be.
    fn floor(&self, guards: bool, therapy: &Therapy) -> Option<f32> {
        if !guards || self.reference_rpm >= self.floor_rpm_max(therapy) {
            return None;
        }
        let least_lpm = self.floor_lpm();
        // What every beat does is no fall: followed, it would grow.
        let falls = self.flow.last.is_some_and(|flow| self.beats.is_new_low(flow));
        let by_flow = self.flow.rate(least_lpm, &FLOOR).filter(|_| falls);
        let by_head =
            self.zero_flow_rpm(therapy).map(|least_rpm| (least_rpm - self.reference_rpm) / PERIOD_S);
        let rate = larger(by_flow.unwrap_or(f32::MIN), by_head.unwrap_or(f32::MIN));
        Some(smaller(rate, FREE_RPM_PER_S))
    }

    /// How fast a mode may take the speed down [rpm/s] so that no beat moves blood back.
    fn by_beats(&mut self, guards: bool, therapy: &Therapy) -> Option<f32> {
        if !guards || self.air_hold {
            self.beats.forget();
            return None;
        }
        let least_rpm =
            smaller(self.beats.least_rpm(self.flow.last, self.reference_rpm), self.floor_rpm_max(therapy));
        Some((least_rpm - self.reference_rpm) / PERIOD_S)
    }

    /// Speed whose shut-off head is the pressure behind the membrane lung over the patient's veins [rpm]: below it blood begins to fall back. What
    /// the pump itself sucks is no pressure that pushes blood back.
    fn zero_flow_rpm(&self, therapy: &Therapy) -> Option<f32> {
        let head_mmhg = self.outlet.last? - larger(self.drainage.last?, 0.0) - self.head_error_mmhg;
        let least_rpm = 1000.0 * sqrt(larger(head_mmhg, 0.0) / SHUT_OFF_MMHG_PER_KRPM2);
        Some(smaller(least_rpm, self.floor_rpm_max(therapy)))
    }

    /// Whether blood flows on although the speed is that at which the head says that nothing does.
    fn judge_head(&mut self, guards: bool, therapy: &Therapy) {
        let (Some(flow_lpm), Some(zero_rpm)) =
            (self.flow.last.filter(|_| guards), self.zero_flow_rpm(therapy))
        else {
            (self.head_error_mmhg, self.flows_on_periods) = (0.0, 0);
            return;
        };
        let least_lpm = self.floor_lpm();
        let flows_on =
            flow_lpm > least_lpm + HEAD_DOUBT_LPM && self.reference_rpm < zero_rpm + LID_MARGIN_RPM;
        self.flows_on_periods = if flows_on { self.flows_on_periods.saturating_add(1) } else { 0 };
        let rate = if flow_lpm < least_lpm {
            -HEAD_TRUST_MMHG_PER_S
        } else if self.flows_on_periods > HEAD_DOUBT_PERIODS {
            HEAD_DOUBT_MMHG_PER_S
        } else {
            0.0
        };
        self.head_error_mmhg = between(self.head_error_mmhg + rate * PERIOD_S, 0.0, HEAD_ERROR_MMHG_MAX);
    }

    /// Speed above which no floor goes [rpm]: no artery pushes back more, and no closed clamp is pumped against beyond its limit. Blood that
    /// runs back is worse than a pressure over a limit that is below the artery's.
    fn floor_rpm_max(&self, therapy: &Therapy) -> f32 {
        if self.over_limit_periods > 0 {
            return FLOOR_RPM_MAX;
        }
        let by_limit = 1000.0 * sqrt(therapy.settings.return_pressure_mmhg_max / SHUT_OFF_MMHG_PER_KRPM2);
        smaller(FLOOR_RPM_MAX, by_limit)
    }

    /// Moves the reference.
    fn apply(&mut self, rate: f32, is_jump: bool, least_rpm: f32, interventions: &Override, speed_rpm: f32) {
        if !is_jump {
            self.reference_rpm = between(self.reference_rpm, speed_rpm - LEAD_RPM, speed_rpm + LEAD_RPM);
        }
        self.reference_rpm = larger(self.reference_rpm + rate * PERIOD_S, 0.0);
        if self.mode == Some(Mode::ZeroFlow) {
            // Against the clamp that is closed then: no winding up.
            self.reference_rpm = smaller(self.reference_rpm, larger(ZERO_FLOW_RPM_MAX, least_rpm));
        }
        if let Some(most_rpm) = interventions.speed_rpm_max {
            self.reference_rpm = smaller(self.reference_rpm, larger(most_rpm, least_rpm));
        }
    }

    fn count(&mut self, bound: Option<usize>, mode: Mode, therapy: &Therapy, wanted: f32) {
        for (which, held) in self.held.iter_mut().enumerate() {
            *held = if bound == Some(which) { held.saturating_add(1) } else { held.saturating_sub(1) };
            *held = (*held).min(2 * TOLD_PERIODS);
        }
        let misses = match (mode, self.flow_mean.update(self.flow.last)) {
            (Mode::Flow, Some(flow)) => {
                let setpoint = therapy.settings.flow_setpoint_lpm;
                (flow - setpoint).abs() > MISS * larger(setpoint, 1.0)
            }
            _ => bound.is_some() && wanted > 0.0,
        };
        self.missed = if misses { self.missed.saturating_add(1) } else { 0 };
    }

    fn conditions(&self, mode: Mode, seen: &Seen, is_blind: bool) -> u32 {
        let [drainage, outlet, floor] = self.held.map(|held| held >= TOLD_PERIODS);
        let zero_long = mode == Mode::ZeroFlow && self.periods_in_mode >= ZERO_FLOW_PERIODS;
        let retrograde = mode == Mode::RetrogradeTrial;
        let pressure_blind = seen.drainage_mmhg.is_none()
            || seen.return_mmhg.is_none()
            || mode == Mode::Pressure && seen.return_stands_in;
        [
            (is_blind, condition::FLOW_BLIND),
            (drainage, condition::DRAINAGE_LIMIT),
            (outlet, condition::RETURN_LIMIT),
            (floor, condition::BACKFLOW_FLOOR),
            (pressure_blind, condition::PRESSURE_BLIND),
            (zero_long, condition::ZERO_FLOW_LONG),
            (retrograde, condition::RETROGRADE),
            (self.missed >= MISSED_PERIODS, condition::NOT_REACHED),
            (mode == Mode::Weaning && self.weaning.is_unsteady(), condition::WEANING_UNSTABLE),
            (mode == Mode::Pulsatile && self.pulses.has_lost_trigger(), condition::TRIGGER_LOST),
        ]
        .into_iter()
        .filter(|(stands, _)| *stands)
        .fold(0, |conditions, (_, bit)| conditions | bit)
    }
}

/// Nothing is to flow, or backward.
pub const fn is_rest(mode: Mode) -> bool {
    matches!(mode, Mode::ZeroFlow | Mode::RetrogradeTrial)
}
