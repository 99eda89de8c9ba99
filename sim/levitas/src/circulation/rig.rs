// SPDX-License-Identifier: Apache-2.0
//! The loop: pilot of the core, circulation of the world, and between them a rotor that does what it is told.
//!
//! # Model
//! Speed: set-point by the slew rate of the speed control, through a lag of `SPEED_LAG_S`. Flow as measured: lag `METER_LAG_S` and noise;
//! pressures: lag `PRESSURE_LAG_S` and noise, both at 100 Hz. Torque, where the flow is estimated: that of the pump with an error of
//! `TORQUE_ERROR_N_M`, one for each seed, and noise; the head from the pressures.

use levitas_core::circulation::estimate::{PumpEstimator, PumpMap};
use levitas_core::circulation::pilot::{Course, Measured, Pilot};
use levitas_core::circulation::therapy::{Mode, Therapy, TherapyMail, TherapySettings};
use levitas_core::mail::{
    LEVITATION_WORDS, LevitationMail, Mailboxes, SUPERVISOR_WORDS, SupervisorMail, UnitState,
};
use levitas_core::mailbox::Words;
use levitas_core::unit::UnitConfig;
use levitas_core::units::RAD_PER_S_PER_RPM;
use levitas_world::{
    Circuit, CircuitChange, Circulation, ECMO_50, LivingPatient, Patient, PatientChange, RotorStart, STEP_S,
    Setup, Truth,
};
use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng as _;

use crate::analysis::mean;
use crate::input::{BadInput, Checked};

/// Levitation periods per period of the circulation task.
const PERIODS: u32 = 200;
/// One period of it [s].
pub(super) const PERIOD_S: f64 = PERIODS as f64 * STEP_S;
const SPEED_LAG_S: f64 = 0.02;
const METER_LAG_S: f64 = 0.018;
const PRESSURE_LAG_S: f64 = 0.01;
const FLOW_NOISE_LPM: f64 = 0.01;
const PRESSURE_NOISE_MMHG: f64 = 0.5;
const TORQUE_ERROR_N_M: f64 = 0.3e-3;
const TORQUE_NOISE_N_M: f64 = 0.2e-3;
/// Stream of the draws.
const STREAM: u128 = 0x6c65_7669_7461_7307;

/// Uniform draws.
#[derive(Clone, Debug)]
pub(super) struct Dice(Pcg64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(Pcg64::new(u128::from(seed), STREAM))
    }

    pub(super) fn between(&mut self, from: f64, to: f64) -> f64 {
        let unit = (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        from + (to - from) * unit
    }

    /// Of mean 0 and variance 1.
    fn noise(&mut self) -> f64 {
        (0..12).map(|_| self.between(-0.5, 0.5)).sum()
    }
}

/// See the [module](self).
#[derive(Clone)]
pub(super) struct Rig {
    world: Circulation,
    pilot: Pilot,
    mail: Mailboxes,
    pub(super) therapy: Therapy,
    dice: Dice,
    pub(super) speed_rpm: f64,
    asked_rpm: f64,
    flow_lpm: f64,
    torque_n_m: f64,
    /// Drainage, return, before the membrane lung.
    pressures_mmhg: [f64; 3],
    /// Flow by speed, torque and head, with the error of the torque.
    estimator: Option<(PumpEstimator, f64)>,
    /// The meter is there.
    pub(super) meter: bool,
    pub(super) time_s: f64,
    pub(super) course: Option<Course>,
    volume_ml: f64,
    volume_ml_max: f64,
    /// Largest net backward excursion of the pumped volume since the last call of `forget` [mL].
    pub(super) reverse_ml: f64,
    pub(super) return_mmhg_max: f64,
    pub(super) drainage_mmhg_min: f64,
}

impl Rig {
    /// A patient on a circuit at this flow, settled for 20 s.
    pub(super) fn new(circuit: Circuit, patient: LivingPatient, seed: u64) -> Checked<Self> {
        let setup = Setup {
            plant: ECMO_50,
            circuit,
            patient: Patient::Living(patient),
            pump_table: None,
            seed,
            start: RotorStart::Lying { angle_rad: 0.0 },
        };
        let world = Circulation::new(&setup)
            .map_err(|error| BadInput::of("circulation", error.to_string(), "a set-up of the world"))?;
        let therapy = Therapy { mode: Mode::Flow, settings: TherapySettings::ADULT };
        Ok(Self {
            world,
            pilot: Pilot::new(UnitConfig::ECMO_50.speed.speed_rpm_max),
            mail: Mailboxes::new(),
            therapy,
            dice: Dice::new(seed),
            speed_rpm: 1800.0,
            asked_rpm: 1800.0,
            flow_lpm: 0.0,
            torque_n_m: 0.0,
            pressures_mmhg: [5.0, 80.0, 80.0],
            estimator: None,
            meter: true,
            time_s: 0.0,
            course: None,
            volume_ml: 0.0,
            volume_ml_max: 0.0,
            reverse_ml: 0.0,
            return_mmhg_max: f64::NEG_INFINITY,
            drainage_mmhg_min: f64::INFINITY,
        })
    }

    /// The pump stands still.
    pub(super) fn standing(mut self) -> Self {
        (self.speed_rpm, self.asked_rpm) = (0.0, 0.0);
        self
    }

    /// The flow is estimated, too.
    pub(super) fn estimating(mut self, seed: u64) -> Self {
        let error_n_m = Dice::new(!seed).between(-TORQUE_ERROR_N_M, TORQUE_ERROR_N_M);
        self.estimator = PumpEstimator::new(&PumpMap::ECMO_50).ok().map(|estimator| (estimator, error_n_m));
        self
    }

    /// The operator sets a mode.
    pub(super) fn set_mode(&mut self, mode: Mode, value: f32) {
        self.therapy.mode = mode;
        if let Some(setting) = mode.setpoint().and_then(|name| self.therapy.settings.field_mut(name)) {
            *setting = value;
        }
    }

    /// In flow mode at this flow, settled.
    pub(super) fn settled(mut self, flow_lpm: f32) -> Self {
        self.set_mode(Mode::Flow, flow_lpm);
        self.run(20.0);
        self.forget();
        self
    }

    /// What was watched so far does not count.
    pub(super) fn forget(&mut self) {
        (self.volume_ml, self.volume_ml_max, self.reverse_ml) = (0.0, 0.0, 0.0);
        self.return_mmhg_max = f64::NEG_INFINITY;
        self.drainage_mmhg_min = f64::INFINITY;
    }

    pub(super) fn patient(&mut self, change: PatientChange) {
        let changed = self.world.change_patient(&change);
        debug_assert!(changed.is_ok(), "{changed:?}");
    }

    pub(super) fn circuit(&mut self, change: CircuitChange) {
        let changed = self.world.change_circuit(&change);
        debug_assert!(changed.is_ok(), "{changed:?}");
    }

    pub(super) fn truth(&self) -> Truth {
        self.world.truth_at(self.speed_rpm)
    }

    /// Part of the drainage inlet that the vein covers.
    pub(super) fn collapse(&self) -> f64 {
        self.truth().patient.map_or(0.0, |patient| patient.cava_collapse)
    }

    /// One period of the circulation task; the mean true flow in it [L/min].
    pub(super) fn period(&mut self) -> f64 {
        self.write();
        self.pilot.poll(&self.mail);
        let mut noise = |level: f64| level * self.dice.noise();
        let flow_lpm = self.meter.then_some((self.flow_lpm + noise(FLOW_NOISE_LPM)) as f32);
        let [drainage, outlet] =
            [0, 1].map(|site: usize| (self.pressures_mmhg[site] + noise(PRESSURE_NOISE_MMHG)) as f32);
        let estimate_lpm = self.estimator.as_mut().and_then(|(estimator, error_n_m)| {
            let torque_n_m = self.torque_n_m + *error_n_m + noise(TORQUE_NOISE_N_M);
            let before_lung = (self.pressures_mmhg[2] + noise(PRESSURE_NOISE_MMHG)) as f32;
            let head_mmhg = Some(before_lung - drainage);
            let said = estimator.update(
                self.speed_rpm as f32,
                torque_n_m as f32,
                head_mmhg,
                flow_lpm,
                PERIOD_S as f32,
            );
            said.carried_lpm()
        });
        let measured = Measured {
            flow_lpm,
            estimate_lpm,
            drainage_mmhg: Some(drainage),
            return_mmhg: Some(outlet),
            ..Measured::default()
        };
        let course = self.pilot.step(&measured);
        self.course = Some(course);
        self.turn(f64::from(course.speed_rpm))
    }

    /// One period at a speed, whatever the pilot says.
    pub(super) fn turn(&mut self, wanted_rpm: f64) -> f64 {
        let slew_rpm = f64::from(UnitConfig::ECMO_50.speed.speed_slew_up_rpm_per_s) * STEP_S;
        let mut sum_lpm = 0.0;
        for _ in 0..PERIODS {
            self.asked_rpm += (wanted_rpm - self.asked_rpm).clamp(-slew_rpm, slew_rpm);
            self.speed_rpm += (self.asked_rpm - self.speed_rpm) * STEP_S / SPEED_LAG_S;
            self.world.advance_at(self.speed_rpm);
            let truth = self.world.truth_at(self.speed_rpm);
            sum_lpm += truth.flow_lpm;
            self.flow_lpm += (truth.flow_lpm - self.flow_lpm) * STEP_S / METER_LAG_S;
            self.torque_n_m = truth.pump_torque_n_m;
            let seen =
                [truth.drainage_pressure_mmhg, truth.return_pressure_mmhg, truth.pre_membrane_pressure_mmhg];
            for (lagged, now) in self.pressures_mmhg.iter_mut().zip(seen) {
                *lagged += (now - *lagged) * STEP_S / PRESSURE_LAG_S;
            }
            self.volume_ml += truth.flow_lpm * STEP_S * 1000.0 / 60.0;
            self.volume_ml_max = self.volume_ml_max.max(self.volume_ml);
            self.reverse_ml = self.reverse_ml.max(self.volume_ml_max - self.volume_ml);
        }
        self.return_mmhg_max = self.return_mmhg_max.max(self.pressures_mmhg[1]);
        self.drainage_mmhg_min = self.drainage_mmhg_min.min(self.pressures_mmhg[0]);
        self.time_s += PERIOD_S;
        sum_lpm / f64::from(PERIODS)
    }

    /// Pressures as they are measured: drainage, return, before the membrane lung [mmHg].
    pub(super) fn pressures_mmhg(&self) -> [f64; 3] {
        self.pressures_mmhg
    }

    /// Some seconds; the mean flow of each period [L/min].
    pub(super) fn run(&mut self, seconds: f64) -> Vec<f64> {
        (0..(seconds / PERIOD_S).round() as usize).map(|_| self.period()).collect()
    }

    /// What the other tasks say.
    fn write(&mut self) {
        let levitation: LevitationMail = Words::<LEVITATION_WORDS>::from_words([0; LEVITATION_WORDS]);
        let supervisor: SupervisorMail = Words::<SUPERVISOR_WORDS>::from_words([0; SUPERVISOR_WORDS]);
        let rotor_speed_rad_per_s = self.speed_rpm as f32 * RAD_PER_S_PER_RPM;
        self.mail.levitation.write(&LevitationMail {
            rotor_speed_rad_per_s,
            // No torque is modelled: more than any air would leave.
            load_torque_n_m: 1.0,
            ..levitation
        });
        self.mail.supervisor.write(&SupervisorMail { state: UnitState::Operating as u32, ..supervisor });
        self.mail.therapy.write(&TherapyMail { therapy: self.therapy, asked: 0, resumes: 0 });
    }
}

/// Mean over a second around each period but the first and last half second.
pub(super) fn beat_means(flows: &[f64]) -> Vec<f64> {
    let beat = (1.0 / PERIOD_S).round() as usize;
    flows.windows(beat).map(mean).collect()
}
