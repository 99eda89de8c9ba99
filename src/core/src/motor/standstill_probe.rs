// SPDX-License-Identifier: Apache-2.0
//! Does a rotor turn whose Halls stand still? A short circuit of the windings tells.
//!
//! # Model
//! All three half bridges at the same duty put no voltage on the windings. What flows is the EMF's: from nothing,
//! i(n) = E / R (1 - a^n), a the decay of one period (`current_control.rs`), as long as the rotor turns little meanwhile.
//!
//! | symbol | meaning | unit | here |
//! |---|---|---|---|
//! | E | EMF of a rotor that is just taken for one that stands, at [`STANDS_RAD_PER_S_MAX`] | V | `emf_v` |
//! | n | length of a pulse | 1 | [`PULSE_STEPS`] |
//!
//! # Use
//! After a loss of the angle at speed a pair that stands still is not believed (`angle_observer.rs`): stuck Halls look the
//! same. Without the probe a rotor that stopped at once, jammed by a clot or on the wall, is left alone for most of a
//! minute. While the pair stands still there is a pulse every [`WAIT_STEPS`]; one in which nothing flows is the proof.
//!
//! # Limits and failure
//! A pulse ends with the first current over the bound: of a rotor at 5500 rpm ecmo-50 carries 3 A then, for 100 us, which brakes
//! by 1 rpm. The bound is 65 mA there, thirteen times the noise of the sensors; their offset is that of the open bridge. A
//! winding or a bridge that carries no current looks like a rotor that stands; the start that follows finds either
//! (`phase_monitor.rs`), and the EMF contradicts Halls that were stuck after all. Sensors that repeat to the last bit
//! (`current_sensors.rs`) prove nothing.
//!
//! # Shown by
//! `a_rotor_that_jams_at_once_is_tried_again_and_comes_back` in `tests_angle_faults.rs`, unit tests below; in the world
//! `tests/scenarios/6s_alarms_of_the_rotor.toml`.

use super::config::MotorConfig;
use super::transforms::AlphaBeta;

/// From one pulse to the next [periods]: 50 ms.
const WAIT_STEPS: u32 = 1000;
/// Length of a pulse [periods]: 1 ms, the time constant of the windings of ecmo-50.
const PULSE_STEPS: u32 = 20;
/// From a duty to the first current that it has made [periods].
const DELAY_STEPS: u32 = 2;
/// A slower rotor stands [rad/s]: 30 rpm.
const STANDS_RAD_PER_S_MAX: f32 = core::f32::consts::PI;
/// Average of the current of the open bridge: over 16 periods.
const IDLE_STEP: f32 = 1.0 / 16.0;

/// What the bridge shall do, or what it has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing: the bridge stays open.
    Wait,
    /// Short the windings for a period.
    Pulse,
    /// The rotor stands.
    Stands,
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct StandstillProbe {
    /// Square of the current that the slowest turning rotor drives [A2].
    bound_a2: f32,
    step: u32,
    /// What the sensors show while the bridge is open [A].
    idle_a: AlphaBeta,
}

impl StandstillProbe {
    /// For a checked configuration.
    pub(super) fn new(config: &MotorConfig, period_s: f32) -> Self {
        let half = 0.5 * config.motor_phase_resistance_ohm * period_s / config.motor_phase_inductance_h;
        let decay = (1.0 - half) / (1.0 + half);
        let left = (0..PULSE_STEPS).fold(1.0, |left, _| decay * left);
        let emf_v = config.motor_pole_pairs * config.motor_flux_linkage_wb * STANDS_RAD_PER_S_MAX;
        let bound_a = emf_v / config.motor_phase_resistance_ohm * (1.0 - left);
        Self { bound_a2: bound_a * bound_a, step: 0, idle_a: AlphaBeta::default() }
    }

    /// There is nothing to find out.
    pub(super) fn rest(&mut self) {
        self.step = 0;
    }

    /// One period of a bridge that only the missing angle keeps open: the current now [A], if it is known.
    pub(super) fn step(&mut self, current_a: Option<AlphaBeta>) -> Verdict {
        let Some(AlphaBeta { alpha, beta }) = current_a else {
            self.rest();
            return Verdict::Wait;
        };
        if self.step == 0 {
            self.idle_a = AlphaBeta { alpha, beta };
        }
        let above = AlphaBeta { alpha: alpha - self.idle_a.alpha, beta: beta - self.idle_a.beta };
        self.step = self.step.saturating_add(1);
        if self.step <= WAIT_STEPS {
            self.idle_a.alpha += IDLE_STEP * above.alpha;
            self.idle_a.beta += IDLE_STEP * above.beta;
            return Verdict::Wait;
        }
        let is_still = above.alpha * above.alpha + above.beta * above.beta <= self.bound_a2; // false for no number
        if !is_still {
            self.rest();
            return Verdict::Wait;
        }
        if self.step <= WAIT_STEPS + PULSE_STEPS + DELAY_STEPS {
            return Verdict::Pulse;
        }
        self.rest();
        Verdict::Stands
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The verdict on windings that carry `above_a` more in the pulse than before, and for how long they were shorted.
    fn probed(above_a: f32) -> (Verdict, u32) {
        let mut probe = StandstillProbe::new(&MotorConfig::ECMO_50, 5e-5);
        let (idle, mut pulses) = (AlphaBeta { alpha: 0.02, beta: -0.03 }, 0_u32);
        loop {
            let alpha = if pulses > DELAY_STEPS { idle.alpha + above_a } else { idle.alpha };
            let verdict = probe.step(Some(AlphaBeta { alpha, ..idle }));
            pulses += u32::from(verdict == Verdict::Pulse);
            if verdict == Verdict::Stands || (pulses > 0 && verdict == Verdict::Wait) {
                return (verdict, pulses);
            }
        }
    }

    #[test]
    fn a_current_in_the_pulse_is_a_rotor_that_turns() {
        assert_eq!(probed(0.03), (Verdict::Stands, PULSE_STEPS + DELAY_STEPS));
        for above_a in [0.1, -0.1, 8.0] {
            assert_eq!(probed(above_a), (Verdict::Wait, DELAY_STEPS + 1), "{above_a}");
        }
    }

    #[test]
    fn without_a_current_there_is_no_verdict() {
        let mut probe = StandstillProbe::new(&MotorConfig::ECMO_50, 5e-5);
        for step in 0..10_000_u32 {
            let current_a = (step % 1000 != 999).then(AlphaBeta::default);
            assert_eq!(probe.step(current_a), Verdict::Wait, "{step}");
        }
        for _ in 0..2000 {
            let current_a = AlphaBeta { alpha: f32::NAN, beta: 0.0 };
            assert_ne!(probe.step(Some(current_a)), Verdict::Stands);
        }
    }
}
