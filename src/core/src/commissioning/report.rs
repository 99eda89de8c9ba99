// SPDX-License-Identifier: Apache-2.0
//! What commissioning tells while it runs and at its end: stage, outcome, values. One mailbox.

use crate::calibration::Calibration;
use crate::config::{ConfigError, Field};
use crate::mailbox::Words;
use crate::probe::ProbeStatus;
use crate::unit::UnitConfig;

crate::ranged_struct! {
    /// Figures that no configuration takes, but which must be plausible.
    pub struct Checks: f32 {
        /// Root mean square that the circle of the wall leaves [m].
        wall_residual_m: 0.0..=5e-6,
        /// Apparent displacement per pressing current: pickup, tilt, wall [m/A].
        wall_shift_m_per_a: -20e-6..=60e-6,
        /// Difference of k_i between the axes over their mean [1].
        force_current_difference: -0.1..=0.1,
        /// Mass that the sines show, rotor and fluid [kg].
        levitated_mass_kg: 0.06..=0.25,
        /// Inductance that the levitated rotor shows over the one at the wall [1].
        inductance_ratio: 0.9..=1.1,
        /// How well the rotor followed the turning current, 1 is without swinging [1].
        motor_following: 0.6..=1.2,
        /// Part of the runout, once per turn, that grew with speed and was taken off as unbalance [m].
        unbalance_motion_m: 0.0..=5e-6,
        /// Part of it that grew with the motor current and was taken off as pickup [m].
        motor_pickup_motion_m: 0.0..=10e-6,
    }
}

/// Number of values of a report.
const VALUES: usize = Calibration::FIELDS.len().saturating_add(Checks::FIELDS.len());

/// Stages in their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Stage {
    /// Nothing was started.
    #[default]
    Idle = 0,
    /// Rotor pressed against the wall all around: Hall mids and gains, coil resistance.
    Wall = 1,
    /// 1.5 kHz through the coils at the wall: inductance.
    Coils = 2,
    /// Lift-off.
    LiftOff = 3,
    /// Set-points, still and swinging: k_i, k_x.
    Force = 4,
    /// 2 kHz through the coils of the levitated rotor: pickup.
    Pickup = 5,
    /// The rotor follows a turning current: angle offset, phase order.
    Motor = 6,
    /// Slow roll: runout.
    Runout = 7,
    /// The rotor is stopped and set down.
    SetDown = 8,
    /// All stages passed, or one failed.
    Over = 9,
}

impl Stage {
    /// All stages in their order.
    pub const ALL: [Self; 10] = [
        Self::Idle,
        Self::Wall,
        Self::Coils,
        Self::LiftOff,
        Self::Force,
        Self::Pickup,
        Self::Motor,
        Self::Runout,
        Self::SetDown,
        Self::Over,
    ];

    /// The stage of a code; `None` for a code that does not exist.
    #[must_use]
    pub fn from_code(code: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| *stage as u32 == code)
    }

    /// Its name for the operator.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Wall => "wall",
            Self::Coils => "coils",
            Self::LiftOff => "lift_off",
            Self::Force => "force",
            Self::Pickup => "pickup",
            Self::Motor => "motor",
            Self::Runout => "runout",
            Self::SetDown => "set_down",
            Self::Over => "over",
        }
    }

    /// Fields of [`Calibration`] that this stage finds.
    #[must_use]
    pub const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Wall => &[
                "hall_mid_x_plus_v",
                "hall_mid_x_minus_v",
                "hall_mid_y_plus_v",
                "hall_mid_y_minus_v",
                "hall_gain_x",
                "hall_gain_y",
                "coil_resistance_ohm",
            ],
            Self::Coils => &["coil_inductance_h"],
            Self::Force => &["force_current_n_per_a", "force_displacement_n_per_m"],
            Self::Pickup => &["coil_pickup_m_per_a", "coil_pickup_cross_m_per_a"],
            Self::Motor => &["angle_hall_offset_rad", "motor_phase_order"],
            Self::Runout => &[
                "runout_x_cos_1_m",
                "runout_x_sin_1_m",
                "runout_x_cos_2_m",
                "runout_x_sin_2_m",
                "runout_y_cos_1_m",
                "runout_y_sin_1_m",
                "runout_y_cos_2_m",
                "runout_y_sin_2_m",
            ],
            Self::Idle | Self::LiftOff | Self::SetDown | Self::Over => &[],
        }
    }
}

/// Why commissioning ended without a record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reason {
    /// The operator stopped it.
    Stopped,
    /// The rotor touched while it was held.
    Touchdown,
    /// A coil or the motor was at a limit while it was measured.
    Limit,
    /// A sensor was not to be believed while it was measured; bits of `fault`.
    Fault(u32),
    /// The levitation task is silent.
    Silent,
    /// The rotor was not held, or set down, in time, or a probe did not end.
    TimeOut,
    /// The probe refused or broke off.
    Probe(ProbeStatus),
    /// The rotor did not follow the turning current, whichever the order of the phases.
    NotFollowing,
    /// The measurements do not determine what is sought.
    Undetermined,
    /// The supervisor started anew, and with it was lost how far it had come.
    Restarted,
    /// A value that is not plausible; field and range as in [`Calibration`] or [`Checks`].
    Implausible(ConfigError),
}

impl core::fmt::Display for Reason {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Stopped => f.write_str("stopped by the operator"),
            Self::Touchdown => f.write_str("the rotor touched"),
            Self::Limit => f.write_str("a current or voltage was at its limit"),
            Self::Fault(bits) => {
                f.write_str("fault:")?;
                let mut set = crate::mail::fault::TABLE.iter().filter(|(bit, _, _)| bits & bit != 0);
                set.try_for_each(|(_, name, _)| write!(f, " {name}"))
            }
            Self::Silent => f.write_str("the levitation task is silent"),
            Self::TimeOut => f.write_str("time-out"),
            Self::Probe(status) => f.write_str(status.text()),
            Self::NotFollowing => f.write_str("the rotor does not follow the turning motor current"),
            Self::Undetermined => f.write_str("the measurements do not determine the values"),
            Self::Restarted => f.write_str("the supervisor started anew"),
            Self::Implausible(error) => error.fmt(f),
        }
    }
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// Not over.
    Running,
    /// All stages passed: the values may become a record.
    Passed,
    /// Ended in that stage; the old record stays in force.
    Failed(Stage, Reason),
}

/// Progress and findings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CommissioningReport {
    /// Where it is.
    pub stage: Stage,
    /// How far it is.
    pub outcome: Outcome,
    /// Found so far; the rest is what was in force before.
    pub values: Calibration,
    /// Found so far; the rest is no number.
    pub checks: Checks,
}

impl CommissioningReport {
    /// Nothing was done yet with this configuration.
    #[must_use]
    pub fn new(config: &UnitConfig) -> Self {
        let nothing = Checks {
            wall_residual_m: f32::NAN,
            wall_shift_m_per_a: f32::NAN,
            force_current_difference: f32::NAN,
            levitated_mass_kg: f32::NAN,
            inductance_ratio: f32::NAN,
            motor_following: f32::NAN,
            unbalance_motion_m: f32::NAN,
            motor_pickup_motion_m: f32::NAN,
        };
        Self {
            stage: Stage::Idle,
            outcome: Outcome::Running,
            values: Calibration::of(config),
            checks: nothing,
        }
    }

    /// A routine is under way, or was when this was written.
    #[must_use]
    pub fn is_running(&self) -> bool {
        !matches!(self.stage, Stage::Idle | Stage::Over)
    }

    /// What becomes of a routine that nobody carries on.
    #[must_use]
    pub fn cut_off(&self) -> Self {
        Self { stage: Stage::Over, outcome: Outcome::Failed(self.stage, Reason::Restarted), ..*self }
    }

    /// All values with their fields: those of [`Calibration`], then those of [`Checks`].
    pub fn lines(&self) -> impl Iterator<Item = (&'static Field<f32>, f32)> {
        let (mut values, mut checks) = (self.values, self.checks);
        let of = |to: Option<&mut f32>| to.map_or(f32::NAN, |value| *value);
        Calibration::FIELDS
            .iter()
            .map(move |field| (field, of(values.field_mut(field.name))))
            .chain(Checks::FIELDS.iter().map(move |field| (field, of(checks.field_mut(field.name)))))
    }
}

/// Field of a place in the list of all values.
fn field_at(index: u32) -> Option<&'static Field<f32>> {
    Calibration::FIELDS.iter().chain(Checks::FIELDS).nth(index as usize)
}

/// Words of a [`CommissioningReport`].
pub const COMMISSIONING_WORDS: usize = VALUES.saturating_add(5);

impl Words<COMMISSIONING_WORDS> for CommissioningReport {
    fn to_words(&self) -> [u32; COMMISSIONING_WORDS] {
        let (outcome, stage, reason, detail) = match self.outcome {
            Outcome::Running => (0, 0, 0, 0),
            Outcome::Passed => (1, 0, 0, 0),
            Outcome::Failed(stage, reason) => {
                let (code, detail) = code_of(&reason);
                (2, stage as u32, code, detail)
            }
        };
        let head = [self.stage as u32, outcome, stage, reason, detail];
        let mut words = [0; COMMISSIONING_WORDS];
        let values = self.lines().map(|(_, value)| value.to_bits());
        for (word, value) in words.iter_mut().zip(head.into_iter().chain(values)) {
            *word = value;
        }
        words
    }

    fn from_words(words: [u32; COMMISSIONING_WORDS]) -> Self {
        let [stage, outcome, failed, reason, detail, numbers @ ..] = words;
        let mut report = Self::new(&UnitConfig::ECMO_50);
        let fields = Calibration::FIELDS.iter().chain(Checks::FIELDS);
        for (field, bits) in fields.zip(numbers) {
            let place = report.values.field_mut(field.name).or_else(|| report.checks.field_mut(field.name));
            if let Some(to) = place {
                *to = f32::from_bits(bits);
            }
        }
        report.stage = Stage::from_code(stage).unwrap_or_default();
        report.outcome = match outcome {
            0 => Outcome::Running,
            1 => Outcome::Passed,
            _ => {
                let value = field_at(detail)
                    .and_then(|field| report.lines().find(|(other, _)| other.name == field.name));
                let reason = reason_of(reason, detail, value);
                Outcome::Failed(Stage::from_code(failed).unwrap_or_default(), reason)
            }
        };
        report
    }
}

/// Code of a reason and what belongs to it.
fn code_of(reason: &Reason) -> (u32, u32) {
    match reason {
        Reason::Stopped => (1, 0),
        Reason::Touchdown => (2, 0),
        Reason::Limit => (3, 0),
        Reason::Fault(bits) => (4, *bits),
        Reason::Silent => (5, 0),
        Reason::TimeOut => (6, 0),
        Reason::Probe(status) => (7, *status as u32),
        Reason::NotFollowing => (8, 0),
        Reason::Undetermined => (9, 0),
        Reason::Implausible(error) => {
            let fields = Calibration::FIELDS.iter().chain(Checks::FIELDS);
            (10, fields.take_while(|field| field.name != error.field).count() as u32)
        }
        Reason::Restarted => (11, 0),
    }
}

fn reason_of(code: u32, detail: u32, value: Option<(&'static Field<f32>, f32)>) -> Reason {
    match (code, value) {
        (1, _) => Reason::Stopped,
        (2, _) => Reason::Touchdown,
        (3, _) => Reason::Limit,
        (4, _) => Reason::Fault(detail),
        (5, _) => Reason::Silent,
        (6, _) => Reason::TimeOut,
        (7, _) => Reason::Probe(ProbeStatus::from_code(detail).unwrap_or(ProbeStatus::Idle)),
        (8, _) => Reason::NotFollowing,
        (10, Some((field, value))) => {
            Reason::Implausible(ConfigError { field: field.name, value, min: field.min, max: field.max })
        }
        (11, _) => Reason::Restarted,
        _ => Reason::Undetermined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_travels_whole() {
        let implausible = ConfigError { field: "levitated_mass_kg", value: 0.5, min: 0.06, max: 0.25 };
        let reasons = [
            Reason::Stopped,
            Reason::Touchdown,
            Reason::Limit,
            Reason::Fault(5),
            Reason::Silent,
            Reason::TimeOut,
            Reason::Probe(ProbeStatus::Stale),
            Reason::NotFollowing,
            Reason::Undetermined,
            Reason::Restarted,
            Reason::Implausible(implausible),
        ];
        for reason in reasons {
            let mut report = CommissioningReport::new(&UnitConfig::ECMO_50);
            report.checks = Checks {
                wall_residual_m: 1e-6,
                wall_shift_m_per_a: 15e-6,
                force_current_difference: 0.01,
                levitated_mass_kg: 0.5,
                inductance_ratio: 1.0,
                motor_following: 0.9,
                unbalance_motion_m: 0.0,
                motor_pickup_motion_m: 0.0,
            };
            (report.stage, report.outcome) = (Stage::Over, Outcome::Failed(Stage::Motor, reason));
            assert_eq!(CommissioningReport::from_words(report.to_words()), report);
        }
        assert_eq!(std::format!("{}", Reason::Fault(3)), "fault: displacement angle");
    }

    #[test]
    fn every_field_of_the_record_is_found_by_one_stage() {
        for field in Calibration::FIELDS {
            let found = Stage::ALL.iter().filter(|stage| stage.fields().contains(&field.name)).count();
            assert_eq!(found, 1, "{}", field.name);
        }
    }
}
