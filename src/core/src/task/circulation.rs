// SPDX-License-Identifier: Apache-2.0
//! The circulation task: flow and pressures of the circuit, and the speed set-point. 100 Hz.
//!
//! # Model
//! | step | by |
//! |---|---|
//! | what is measured | [`crate::circulation::sensing`] |
//! | flow by speed and torque, learned while the meter lives; which of the two is wrong | [`crate::circulation::estimate`] |
//! | when the heart beats, when a pulse is due | [`crate::circulation::ecg`] |
//! | where the speed goes | [`crate::circulation::pilot`] |
//!
//! # Stale input
//! What is not to be believed keeps its last value and is marked. Supervisor silent: its last therapy stands.
//!
//! # Shown by
//! Unit tests below; every sensor with every fault: `circulation/tests_sensors.rs`; `docs/flow-meter.md`, `docs/circulation.md`; `tests/scenarios/5*.toml`.

use crate::circulation::ecg::detector::QrsDetector;
use crate::circulation::ecg::trigger::{Ratio, Source, Trigger, TriggerConfig};
use crate::circulation::estimate::witness::{Testimony, Witness};
use crate::circulation::estimate::{Estimate, PumpEstimator, PumpMap};
use crate::circulation::exposure::{Exposure, Work};
use crate::circulation::flow_meter::FlowMeterConfig;
use crate::circulation::modes::{PERIOD_S, PulseTiming};
use crate::circulation::pilot::{Measured, Pilot, refutes_meter};
use crate::circulation::sensing::Sensing;
use crate::circulation::therapy::Mode;
use crate::config::ConfigError;
use crate::link::PeerTherapy;
use crate::mail::{CIRCULATION_WORDS, CirculationMail, Mailboxes, fault};
use crate::mailbox::Words as _;
use crate::ports::{CirculationInputs, valid};
use crate::units::S_PER_MS;

/// Largest ECG that the front end tells [mV].
const ECG_RAIL_MV: f32 = 5.0;

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct CirculationTask {
    sensing: Sensing,
    estimator: PumpEstimator,
    witness: Witness,
    exposure: Exposure,
    /// By its own signals, whatever the witness says: orders are judged by that.
    meter_is_valid: bool,
    ecg: QrsDetector,
    trigger: Trigger,
    pilot: Pilot,
    latest: CirculationMail,
}

impl CirculationTask {
    /// A circulation task with set-point 0; `speed_rpm_max` is the speed control's limit.
    ///
    /// # Errors
    /// A field of the configuration that is outside its range.
    pub fn new(config: &FlowMeterConfig, speed_rpm_max: f32) -> Result<Self, ConfigError> {
        Ok(Self {
            sensing: Sensing::new(config)?,
            estimator: PumpEstimator::new(&PumpMap::ECMO_50)?,
            witness: Witness::default(),
            exposure: Exposure::default(),
            meter_is_valid: false,
            ecg: QrsDetector::new(ECG_RAIL_MV),
            trigger: Trigger::new(&TriggerConfig::DEFAULT, Ratio::EveryBeat)?,
            pilot: Pilot::new(speed_rpm_max),
            latest: CirculationMail::from_words([0; CIRCULATION_WORDS]),
        })
    }

    /// This unit was reset while it drove, and this was its therapy. Before the first period.
    pub fn restart(&mut self, before: &PeerTherapy) {
        self.witness.adopt(refutes_meter(before));
        self.pilot.restart(before);
    }

    /// One period.
    pub fn step(&mut self, samples: &CirculationInputs, mail: &Mailboxes) {
        self.pilot.poll(mail);
        self.latest.flow_valid = self.meter_is_valid;
        self.sensing.step(samples, mail, &mut self.latest);
        if self.sensing.take_new_pump() {
            self.estimator.forget();
        }
        if self.sensing.take_new_reference() {
            self.witness = Witness::default();
        }
        if let Some(refuted) = self.pilot.refuted_there() {
            self.witness.adopt(refuted);
        }
        let estimate = self.estimate();
        self.weigh_meter(&estimate);
        self.expose();
        let pulse = self.beat(samples);
        self.steer(&estimate, pulse);
        mail.circulation.write(&self.latest);
    }

    /// What speed and torque say of the flow.
    fn estimate(&mut self) -> Estimate {
        let latest = &self.latest;
        let head_mmhg = (latest.drainage_trouble == 0 && latest.pre_membrane_trouble == 0)
            .then_some(latest.pre_membrane_pressure_mmhg - latest.drainage_pressure_mmhg);
        // A refuted meter teaches nothing.
        let is_believed = latest.flow_valid && !self.witness.has_refuted();
        let flow_lpm = is_believed.then_some(latest.flow_lpm);
        let (speed_rpm, torque_n_m) = self.pilot.rotor();
        // Without a torque the estimator says so itself.
        self.estimator.update(speed_rpm, torque_n_m.unwrap_or(f32::NAN), head_mmhg, flow_lpm, PERIOD_S)
    }

    /// What the head does to the blood, by meter and pressures that are to be believed.
    fn expose(&mut self) {
        let latest = &mut self.latest;
        let (speed_rpm, torque_n_m) = self.pilot.rotor();
        let known = latest.flow_valid && latest.drainage_trouble == 0 && latest.pre_membrane_trouble == 0;
        let work = torque_n_m.filter(|_| known).map(|torque_n_m| Work {
            speed_rpm,
            torque_n_m,
            head_mmhg: latest.pre_membrane_pressure_mmhg - latest.drainage_pressure_mmhg,
            flow_lpm: latest.flow_lpm,
        });
        let indices = self.exposure.step(work);
        latest.shear_index = indices.map_or(f32::NAN, |indices| indices.shear);
        latest.heat_index_min_per_h = indices.map_or(f32::NAN, |indices| indices.heat_min_per_h);
    }

    /// A meter that pump and membrane lung refute is as good as lost: it is told so, and the estimate leads.
    fn weigh_meter(&mut self, estimate: &Estimate) {
        let latest = &mut self.latest;
        let pressures = latest.pre_membrane_trouble == 0 && latest.return_trouble == 0;
        let known = latest.flow_valid && estimate.carried_lpm().is_some();
        let said = (pressures && known).then_some(Testimony {
            meter_lpm: latest.flow_lpm,
            pump_lpm: estimate.flow_lpm,
            drop_mmhg: latest.pre_membrane_pressure_mmhg - latest.return_pressure_mmhg,
            disagree: estimate.meter_disagrees,
        });
        self.meter_is_valid = latest.flow_valid;
        if self.witness.step(said, PERIOD_S) {
            latest.flow_valid = false;
            latest.alarms |= fault::FLOW_METER;
        }
    }

    /// Whether a pulse is due by the ECG.
    fn beat(&mut self, samples: &CirculationInputs) -> PulseTiming {
        self.trigger.set_delay_ms(self.pilot.therapy().settings.pulse_delay_ms);
        // Without samples time goes on, and the heart is soon lost.
        let is_there = samples.valid & valid::ECG != 0;
        let found = self.ecg.step(if is_there { &samples.ecg_mv } else { &[] });
        let said = self.trigger.step(&found);
        let pulse = said.pulse.filter(|_| said.source == Source::Ecg);
        let therapy = self.pilot.therapy();
        let is_followed = therapy.mode == Mode::Pulsatile && therapy.settings.pulse_by_ecg >= 0.5;
        let latest = &mut self.latest;
        if let Some(age_ms) = found.beat_age_ms {
            latest.beat_count = latest.beat_count.wrapping_add(1);
            latest.beat_age_ms = age_ms;
        }
        if let Some(pulse) = pulse.filter(|_| is_followed) {
            latest.pulse_count = latest.pulse_count.wrapping_add(1);
            latest.pulse_delay_ms = pulse.delay_ms;
        }
        let by_heart = said.source == Source::Ecg;
        PulseTiming {
            begins: pulse.is_some(),
            cycle_s: if by_heart { said.pulse_interval_ms * S_PER_MS } else { 0.0 },
            room_s: pulse.map(|pulse| pulse.room_ms * S_PER_MS),
        }
    }

    /// Where the speed goes.
    fn steer(&mut self, estimate: &Estimate, pulse: PulseTiming) {
        let latest = &self.latest;
        let measured = Measured {
            flow_lpm: latest.flow_valid.then_some(latest.flow_lpm),
            estimate_lpm: estimate.carried_lpm(),
            // Both conditions tell the other unit that the meter itself is wrong.
            meter_disagrees: estimate.meter_disagrees || self.witness.has_refuted(),
            drainage_mmhg: (latest.drainage_trouble == 0).then_some(latest.drainage_pressure_mmhg),
            // The pressure before the membrane is above the one behind it: it may stand in for a limit.
            return_stands_in: latest.return_trouble != 0,
            return_mmhg: (latest.return_trouble == 0)
                .then_some(latest.return_pressure_mmhg)
                .or_else(|| (latest.pre_membrane_trouble == 0).then_some(latest.pre_membrane_pressure_mmhg)),
            bubble_ml: latest.air_ml,
            pulse,
        };
        let course = self.pilot.step(&measured);
        self.latest.speed_setpoint_rpm = course.speed_rpm;
        self.latest.mode = course.mode as u32;
        self.latest.flow_target_lpm = course.flow_target_lpm.unwrap_or(f32::NAN);
        self.latest.conditions = course.conditions;
        self.latest.flow_lpm_max = course.flow_lpm_max;
        self.latest.suction_lid_rpm = course.suction_lid.rpm;
        self.latest.suction_lid_age_ms = u32::from(course.suction_lid.age_ms);
        self.latest.flow_estimate_lpm = estimate.flow_lpm;
        self.latest.flow_estimate_sd_lpm = estimate.flow_sd_lpm;
    }
}

#[cfg(test)]
mod tests_sensors;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circulation::conditions as condition;
    use crate::circulation::pressures::trouble;
    use crate::circulation::sensing::{CircuitOrder, OrderResult};
    use crate::mail::{
        CircuitOrderMail, LEVITATION_WORDS, LevitationMail, SUPERVISOR_WORDS, SupervisorMail, UnitState,
    };
    use crate::ports::{BATCH, FlowShot, valid};
    use crate::units::RPM_PER_RAD_PER_S;

    /// A task that hears a flow of 5 L/min, 1.81 ns per L/min (facts of the flow meter, 45 degrees, 9.525 mm).
    pub(super) struct Rig {
        pub(super) task: CirculationTask,
        pub(super) mail: Mailboxes,
        random: u32,
        pub(super) flow_lpm: f32,
    }

    impl Rig {
        pub(super) fn new() -> Self {
            let task = CirculationTask::new(&FlowMeterConfig::ECMO_50, 5500.0).unwrap();
            Self { task, mail: Mailboxes::new(), random: 1, flow_lpm: 5.0 }
        }

        /// Within -1 to 1.
        fn noise(&mut self) -> f32 {
            self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (self.random >> 8) as f32 / 8_388_608.0 - 1.0
        }

        pub(super) fn samples(&mut self) -> CirculationInputs {
            let mean_s = 13.4704e-3 / 1570.0 + 1.5e-6;
            let half_s = 0.5 * self.flow_lpm * 1.807e-9 * 1.010;
            let mut samples = CirculationInputs {
                shot_count: BATCH as u32,
                drainage_pressure_mmhg: -40.0 + self.noise(),
                pre_membrane_pressure_mmhg: 250.0 + self.noise(),
                return_pressure_mmhg: 200.0 + self.noise(),
                valid: valid::CIRCULATION,
                ..CirculationInputs::default()
            };
            for shot in &mut samples.shots {
                *shot = FlowShot {
                    transit_up_s: mean_s + half_s + 40e-12 * self.noise(),
                    transit_down_s: mean_s - half_s + 40e-12 * self.noise(),
                    amplitude: 1.0 + 0.01 * self.noise(),
                };
            }
            samples
        }

        fn run(&mut self, periods: u32, change: impl Fn(&mut CirculationInputs)) -> CirculationMail {
            for _ in 0..periods {
                let mut samples = self.samples();
                change(&mut samples);
                self.task.step(&samples, &self.mail);
            }
            self.mail.circulation.read().unwrap().1
        }

        /// The meter says nothing.
        fn without_meter(&mut self, periods: u32) -> CirculationMail {
            self.run(periods, |samples| samples.valid &= !valid::FLOW)
        }

        fn order(&mut self, number: u32, kind: u32, value: f32) {
            self.mail.circuit_order.write(&CircuitOrderMail { number, kind, value });
        }
    }

    #[test]
    fn nine_nanoseconds_are_five_litres_a_minute() {
        let seen = Rig::new().run(200, |_| {});
        assert!(seen.flow_valid && seen.pressures_valid && seen.bubbles_valid);
        assert!((seen.flow_lpm - 5.0).abs() < 0.03, "{}", seen.flow_lpm);
        assert!((seen.drainage_pressure_mmhg + 40.0).abs() < 1.1 && seen.flow_quality > 0.8);
        assert!((seen.lung_mmhg_per_lpm - 10.0).abs() < 0.3, "{}", seen.lung_mmhg_per_lpm);
        assert_eq!(seen.alarms, 0);
        assert!(seen.haematocrit_pct.is_nan() && seen.lung_ratio.is_nan(), "nobody knows yet");
    }

    #[test]
    fn what_cannot_be_believed_is_marked_at_once_and_told_within_a_second() {
        let mut rig = Rig::new();
        rig.run(100, |_| {});
        let seen = rig.without_meter(6);
        assert!(!seen.flow_valid && seen.alarms == 0 && (seen.flow_lpm - 5.0).abs() < 0.1);
        assert_eq!(rig.without_meter(60).alarms, fault::FLOW_METER | fault::BUBBLE_SENSOR);
        assert_eq!(rig.run(20, |_| {}).alarms, 0);
        let seen = rig.run(100, |samples| samples.return_pressure_mmhg = f32::INFINITY);
        assert!(seen.flow_valid && !seen.pressures_valid);
        let troubles = [seen.drainage_trouble, seen.pre_membrane_trouble, seen.return_trouble];
        assert_eq!(troubles, [0, 0, trouble::RANGE]);
        assert!((seen.return_pressure_mmhg - 200.0).abs() < 1.1);
        assert_eq!(seen.alarms, fault::PRESSURE_SENSOR);
    }

    /// A unit that stands by, then drives; its own meter is well.
    #[test]
    fn a_meter_that_the_other_unit_has_refuted_is_refuted_here_and_one_that_failed_there_is_not() {
        let refuted = PeerTherapy {
            alarms: fault::FLOW_METER,
            conditions: condition::FLOW_LOST | condition::FLOW_DOUBTED,
            ..PeerTherapy::IDLE
        };
        let failed = PeerTherapy { conditions: condition::FLOW_LOST, ..refuted };
        let mut rig = Rig::new();
        let mut hears = |state: UnitState, speed_rpm: f32, there: Option<&PeerTherapy>| {
            let supervisor = SupervisorMail::from_words([0; SUPERVISOR_WORDS]);
            rig.mail.supervisor.write(&SupervisorMail { state: state as u32, ..supervisor });
            if let Some(there) = there {
                rig.mail.peer_therapy.write(there);
            }
            let levitation = LevitationMail::from_words([0; LEVITATION_WORDS]);
            let rotor_speed_rad_per_s = speed_rpm / RPM_PER_RAD_PER_S;
            rig.mail.levitation.write(&LevitationMail { rotor_speed_rad_per_s, ..levitation });
            let seen = rig.run(100, |_| {});
            (
                seen.flow_valid,
                seen.alarms & fault::FLOW_METER != 0,
                seen.conditions & condition::FLOW_DOUBTED != 0,
            )
        };
        let standby = UnitState::Standby;
        assert_eq!(hears(standby, 3000.0, Some(&failed)), (true, false, false));
        assert_eq!(hears(standby, 0.0, Some(&refuted)), (true, false, false), "nobody drives");
        assert_eq!(hears(standby, 3000.0, Some(&refuted)), (false, true, false));
        assert_eq!(hears(UnitState::Operating, 3000.0, Some(&PeerTherapy::IDLE)), (false, true, true));
        assert_eq!(
            hears(standby, 3000.0, Some(&PeerTherapy::IDLE)),
            (true, false, false),
            "trusted again there"
        );
    }

    #[test]
    fn orders_are_carried_out_once_and_their_result_stands() {
        let mut rig = Rig::new();
        rig.run(200, |_| {});
        rig.order(1, CircuitOrder::KnownFlow as u32, 5.2);
        let seen = rig.run(10, |_| {});
        assert_eq!((seen.order_number, seen.order_result), (1, OrderResult::Running as u32));
        let seen = rig.run(1100, |_| {});
        assert_eq!((seen.order_number, seen.order_result), (1, OrderResult::Done as u32));
        assert!((seen.flow_lpm - 5.2).abs() < 0.03, "{}", seen.flow_lpm);
        rig.order(2, CircuitOrder::KnownFlow as u32, f32::NAN);
        assert_eq!(rig.run(1, |_| {}).order_result, OrderResult::Value as u32);
        rig.order(3, CircuitOrder::ZeroReturn as u32, 0.0);
        assert_eq!(rig.run(150, |_| {}).order_result, OrderResult::TooFarOff as u32);
        let open = |samples: &mut CirculationInputs| samples.return_pressure_mmhg -= 195.0;
        rig.run(10, open);
        rig.order(4, CircuitOrder::ZeroReturn as u32, 0.0);
        let seen = rig.run(150, open);
        assert_eq!((seen.order_number, seen.order_result), (4, OrderResult::Done as u32));
        rig.order(5, CircuitOrder::Saline as u32, 37.0);
        assert_eq!(rig.run(1, |_| {}).order_result, OrderResult::Done as u32);
        for celsius in [-30.0, 43.0, f32::NAN] {
            rig.order(celsius.to_bits(), CircuitOrder::Saline as u32, celsius);
            assert_eq!(rig.run(1, |_| {}).order_result, OrderResult::Value as u32);
        }
        for kind in [0, 9, u32::MAX] {
            rig.order(7 + kind % 7, kind, 0.0);
            assert_eq!(rig.run(1, |_| {}).order_result, OrderResult::Unknown as u32);
        }
        rig.flow_lpm = 0.05;
        rig.run(50, |_| {});
        rig.order(9, CircuitOrder::Clamped as u32, 0.0);
        assert_eq!(rig.run(499, |_| {}).order_result, OrderResult::Running as u32);
        let seen = rig.run(1, |_| {});
        assert_eq!(seen.order_result, OrderResult::Done as u32);
        assert!(rig.run(10, |_| {}).flow_lpm.abs() < 0.02);
    }

    #[test]
    fn a_line_in_which_something_flows_is_not_clamped() {
        let mut rig = Rig::new();
        rig.run(200, |_| {});
        rig.order(1, CircuitOrder::Clamped as u32, 0.0);
        assert_eq!(rig.run(1, |_| {}).order_result, OrderResult::TooFarOff as u32);
        rig.flow_lpm = 0.05;
        rig.run(50, |_| {});
        rig.order(2, CircuitOrder::Clamped as u32, 0.0);
        // Long enough for a first zero.
        assert_eq!(rig.run(300, |_| {}).order_result, OrderResult::Running as u32);
        rig.flow_lpm = 1.0;
        assert_eq!(rig.run(50, |_| {}).order_result, OrderResult::TooFarOff as u32, "somebody has opened it");
        rig.flow_lpm = 0.0;
        assert!(rig.run(50, |_| {}).flow_lpm.abs() < 0.02, "nothing was learned");
        // 0.15 L/min is more than a zero can be.
        rig.flow_lpm = 0.15;
        rig.run(50, |_| {});
        rig.order(3, CircuitOrder::Clamped as u32, 0.0);
        assert_eq!(rig.run(500, |_| {}).order_result, OrderResult::TooFarOff as u32);
        rig.without_meter(20);
        rig.order(4, CircuitOrder::Clamped as u32, 0.0);
        assert_eq!(rig.without_meter(1).order_result, OrderResult::NoSignal as u32);
    }

    #[test]
    fn one_order_at_a_time_and_none_for_ever() {
        let mut rig = Rig::new();
        rig.run(200, |_| {});
        rig.order(1, CircuitOrder::KnownFlow as u32, 5.0);
        rig.run(10, |_| {});
        rig.order(2, CircuitOrder::ZeroReturn as u32, 0.0);
        let told = |seen: CirculationMail| (seen.order_number, seen.order_result);
        assert_eq!(told(rig.run(50, |_| {})), (2, OrderResult::Busy as u32));
        assert_eq!(told(rig.run(100, |_| {})), (1, OrderResult::Running as u32));
        assert_eq!(told(rig.without_meter(1500)), (1, OrderResult::NoSignal as u32), "not hidden");
        rig.run(50, |_| {});
        rig.order(3, CircuitOrder::KnownFlow as u32, 5.0);
        assert_eq!(rig.without_meter(1).order_result, OrderResult::Running as u32);
        assert_eq!(rig.without_meter(1500).order_result, OrderResult::NoSignal as u32);
    }

    #[test]
    fn a_task_that_starts_anew_leaves_the_last_order_alone() {
        let mut rig = Rig::new();
        rig.run(200, |_| {});
        rig.order(7, CircuitOrder::NewLung as u32, 0.0);
        assert_eq!(rig.run(1, |_| {}).order_number, 7);
        rig.task = CirculationTask::new(&FlowMeterConfig::ECMO_50, 5500.0).unwrap();
        assert_eq!(rig.run(200, |_| {}).order_number, 0);
        rig.order(8, CircuitOrder::NewLung as u32, 0.0);
        let seen = rig.run(1, |_| {});
        assert_eq!((seen.order_number, seen.order_result), (8, OrderResult::Done as u32));
    }

    #[test]
    fn a_new_pump_is_learned_anew_while_there_is_a_meter() {
        let mut rig = Rig::new();
        rig.run(200, |_| {});
        rig.order(1, CircuitOrder::NewPump as u32, 0.0);
        assert_eq!(rig.run(1, |_| {}).order_result, OrderResult::Done as u32);
        rig.without_meter(20);
        rig.order(2, CircuitOrder::NewPump as u32, 0.0);
        assert_eq!(rig.without_meter(1).order_result, OrderResult::NoSignal as u32);
        rig.order(3, CircuitOrder::NewLung as u32, 0.0);
        assert_eq!(rig.without_meter(1).order_result, OrderResult::Done as u32);
    }

    #[test]
    fn orders_have_names_and_results_have_texts() {
        for (index, order) in CircuitOrder::ALL.into_iter().enumerate() {
            assert_eq!(order as usize, index + 1);
            assert!(CircuitOrder::ALL[..index].iter().all(|other| other.name() != order.name()));
        }
        for code in 0..8 {
            assert_eq!(OrderResult::from_code(code) as u32, code);
        }
        assert_eq!(OrderResult::from_code(8), OrderResult::Unknown);
    }
}
