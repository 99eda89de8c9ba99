// SPDX-License-Identifier: Apache-2.0
//! What the operator wants: the mode, its set-points, and the limits that hold in every mode.
//!
//! # Model
//! A mode says which quantity follows its set-point; everything else is a limit. Changing the mode changes which error drives the
//! speed and nothing else, so no change is a jump.
//! | mode | code | follows | value that comes with it |
//! |---|---|---|---|
//! | speed | 0 | pump speed | rpm |
//! | flow | 1 | blood flow, measured or estimated | L/min |
//! | pressure | 2 | below 0 mmHg the drainage pressure, above the return pressure | mmHg |
//! | pulsatile | 3 | a speed with pulses on it | mean speed, rpm |
//! | `zero_flow` | 4 | as little flow as is surely not backward | - |
//! | weaning | 5 | flow, step by step down to this one | L/min |
//! | `retrograde_trial` | 6 | a flow backward, bounded in size and time | L/min, below 0 |
//!
//! # Limits and failure
//! A number outside its range is refused by name; what is possible *now* is narrower: [`super::reach`].
//!
//! # Shown by
//! Tests below; `tests/scenarios/5*.toml`.

use crate::code::from_code;
use crate::config::{ConfigError, Field};
use crate::mailbox::Words;

/// Modes; see the [module](self).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Mode {
    /// The speed is the set-point.
    #[default]
    Speed = 0,
    /// The flow is.
    Flow = 1,
    /// Drainage or return pressure is.
    Pressure = 2,
    /// A mean speed with pulses.
    Pulsatile = 3,
    /// No flow, and surely none backward.
    ZeroFlow = 4,
    /// Flow is lowered step by step while it is steady.
    Weaning = 5,
    /// Flow is backward on purpose.
    RetrogradeTrial = 6,
}

from_code!(Mode: u32 { Speed, Flow, Pressure, Pulsatile, ZeroFlow, Weaning, RetrogradeTrial });

impl Mode {
    /// All modes, in the order of their codes.
    pub const ALL: [Self; 7] = [
        Self::Speed,
        Self::Flow,
        Self::Pressure,
        Self::Pulsatile,
        Self::ZeroFlow,
        Self::Weaning,
        Self::RetrogradeTrial,
    ];

    /// Name in scenarios, shell and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Speed => "speed",
            Self::Flow => "flow",
            Self::Pressure => "pressure",
            Self::Pulsatile => "pulsatile",
            Self::ZeroFlow => "zero_flow",
            Self::Weaning => "weaning",
            Self::RetrogradeTrial => "retrograde_trial",
        }
    }

    /// Field of [`TherapySettings`] that takes the value which comes with the mode; `None` when there is none.
    #[must_use]
    pub const fn setpoint(self) -> Option<&'static str> {
        match self {
            Self::Speed | Self::Pulsatile => Some("speed_setpoint_rpm"),
            Self::Flow => Some("flow_setpoint_lpm"),
            Self::Pressure => Some("pressure_setpoint_mmhg"),
            Self::Weaning => Some("weaning_flow_lpm"),
            Self::RetrogradeTrial => Some("trial_flow_lpm"),
            Self::ZeroFlow => None,
        }
    }

    /// A setting of that name comes with a mode.
    #[must_use]
    pub fn is_setpoint(name: &str) -> bool {
        Self::ALL.iter().any(|mode| mode.setpoint() == Some(name))
    }
}

crate::ranged_struct! {
    /// Set-points and limits of the therapy.
    pub struct TherapySettings: f32 {
        /// Set-point of the speed, mean speed of the pulses [rpm].
        speed_setpoint_rpm: 0.0..=10000.0,
        /// Set-point of the flow [L/min].
        flow_setpoint_lpm: 0.0..=8.0,
        /// Set-point of the pressure: drainage below 0, return above [mmHg].
        pressure_setpoint_mmhg: -150.0..=350.0,
        /// Flow at which weaning ends [L/min].
        weaning_flow_lpm: 0.5..=8.0,
        /// Flow of the retrograde trial [L/min].
        trial_flow_lpm: -1.0..=-0.1,
        /// Least drainage pressure [mmHg].
        drainage_pressure_mmhg_min: -300.0..=-20.0,
        /// Largest return pressure [mmHg].
        return_pressure_mmhg_max: 50.0..=400.0,
        /// Flow below which an alarm stands [L/min].
        flow_lpm_min: 0.0..=8.0,
        /// 1: the return cannula is in an artery (VA), so flow must not go back; 0: in a vein (VV).
        return_is_arterial: 0.0..=1.0,
        /// Height of a pulse over the trough [rpm].
        pulse_amplitude_rpm: 0.0..=2000.0,
        /// Rate of the pulses without ECG [1/min].
        pulse_rate_bpm: 20.0..=150.0,
        /// Part of the cycle for which the speed is high [%].
        pulse_duty_pct: 10.0..=60.0,
        /// 1: pulses follow the ECG; 0: the fixed rate.
        pulse_by_ecg: 0.0..=1.0,
        /// From the heartbeat to the pulse [ms].
        pulse_delay_ms: 100.0..=600.0,
        /// Length of a weaning step [s].
        weaning_step_s: 10.0..=3600.0,
        /// Height of a weaning step [L/min].
        weaning_step_lpm: 0.1..=1.0,
        /// Longest retrograde trial [s].
        trial_s_max: 10.0..=3600.0,
        /// What is done against suction, 0: it is told, 1: the speed is lowered once, 2: it dips in two steps [code].
        suction_answer: 0.0..=2.0,
    }
}

impl TherapySettings {
    /// Of a new patient: nothing turns, adult limits (facts of ELSO by way of `docs/circulation.md`).
    pub const ADULT: Self = Self {
        speed_setpoint_rpm: 0.0,
        flow_setpoint_lpm: 0.0,
        pressure_setpoint_mmhg: 200.0,
        weaning_flow_lpm: 1.5,
        trial_flow_lpm: -0.3,
        drainage_pressure_mmhg_min: -100.0,
        return_pressure_mmhg_max: 300.0,
        flow_lpm_min: 1.0,
        return_is_arterial: 1.0,
        pulse_amplitude_rpm: 1000.0,
        pulse_rate_bpm: 60.0,
        pulse_duty_pct: 35.0,
        pulse_by_ecg: 0.0,
        pulse_delay_ms: 300.0,
        weaning_step_s: 600.0,
        weaning_step_lpm: 0.5,
        trial_s_max: 600.0,
        suction_answer: 2.0,
    };

    /// The field of a number, counted from 0 in the order of the fields: what a command carries.
    #[must_use]
    pub fn field(index: u32) -> Option<&'static Field<f32>> {
        usize::try_from(index).ok().and_then(|index| Self::FIELDS.get(index))
    }

    /// The number of the field of a name.
    #[must_use]
    pub fn index_of(name: &str) -> Option<u32> {
        Self::FIELDS.iter().position(|field| field.name == name).and_then(|index| u32::try_from(index).ok())
    }
}

/// Mode and settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Therapy {
    /// Which set-point is followed.
    pub mode: Mode,
    /// All of them, and the limits.
    pub settings: TherapySettings,
}

impl Therapy {
    /// Before the operator has asked for anything.
    pub const IDLE: Self = Self { mode: Mode::Speed, settings: TherapySettings::ADULT };

    /// Sets one field.
    ///
    /// # Errors
    /// A number outside the range of the field, with what is allowed.
    pub fn set(&mut self, field: &'static Field<f32>, value: f32) -> Result<(), ConfigError> {
        if !(field.min..=field.max).contains(&value) {
            return Err(ConfigError { field: field.name, value, min: field.min, max: field.max });
        }
        if let Some(setting) = self.settings.field_mut(field.name) {
            *setting = value;
        }
        Ok(())
    }
}

/// Words of [`TherapySettings`].
pub const SETTINGS_WORDS: usize = TherapySettings::FIELDS.len();

impl Words<SETTINGS_WORDS> for TherapySettings {
    fn to_words(&self) -> [u32; SETTINGS_WORDS] {
        let mut settings = *self;
        let mut words = [0; SETTINGS_WORDS];
        for (word, field) in words.iter_mut().zip(Self::FIELDS) {
            *word = settings.field_mut(field.name).map_or(0, |value| value.to_bits());
        }
        words
    }

    fn from_words(words: [u32; SETTINGS_WORDS]) -> Self {
        let mut settings = Self::ADULT;
        for (word, field) in words.into_iter().zip(Self::FIELDS) {
            if let Some(value) = settings.field_mut(field.name) {
                *value = f32::from_bits(word);
            }
        }
        settings
    }
}

/// Words of a [`TherapyMail`]: mode, counts of modes and resumes, and every setting.
pub const THERAPY_WORDS: usize = 3 + SETTINGS_WORDS;

/// The therapy as it goes from the supervisor to who carries it out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TherapyMail {
    /// What the operator wants.
    pub therapy: Therapy,
    /// Counts how often the operator has set a mode.
    pub asked: u32,
    /// Counts how often the operator has ended an intervention.
    pub resumes: u32,
}

impl Words<THERAPY_WORDS> for TherapyMail {
    fn to_words(&self) -> [u32; THERAPY_WORDS] {
        let mut words = [0; THERAPY_WORDS];
        let [mode, asked, resumes, settings @ ..] = &mut words;
        (*mode, *asked, *resumes) = (self.therapy.mode as u32, self.asked, self.resumes);
        *settings = self.therapy.settings.to_words();
        words
    }

    fn from_words(words: [u32; THERAPY_WORDS]) -> Self {
        let [mode, asked, resumes, settings @ ..] = words;
        let settings = TherapySettings::from_words(settings);
        // The writer is the supervisor of the same unit: the code is of a mode.
        Self {
            therapy: Therapy { mode: Mode::from_code(mode).unwrap_or_default(), settings },
            asked,
            resumes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mode_has_its_code_and_a_set_point_that_exists() {
        for mode in Mode::ALL {
            assert_eq!(Mode::from_code(mode as u32), Some(mode));
            let Some(name) = mode.setpoint() else { continue };
            assert!(TherapySettings::index_of(name).is_some(), "{name}");
        }
        assert_eq!(Mode::from_code(7), None);
    }

    #[test]
    fn a_therapy_travels_whole() {
        let mut therapy = Therapy { mode: Mode::Weaning, ..Therapy::IDLE };
        for (index, field) in TherapySettings::FIELDS.iter().enumerate() {
            *therapy.settings.field_mut(field.name).unwrap() = index as f32 + 0.5;
        }
        let mail = TherapyMail { therapy, asked: 2, resumes: 3 };
        assert_eq!(TherapyMail::from_words(mail.to_words()), mail);
    }

    #[test]
    fn the_settings_of_a_new_patient_are_within_their_ranges() {
        assert_eq!(TherapySettings::ADULT.check(), Ok(()));
    }

    #[test]
    fn a_number_outside_its_range_changes_nothing_and_is_named() {
        let mut therapy = Therapy::IDLE;
        let index = TherapySettings::index_of("return_pressure_mmhg_max").unwrap();
        let field = TherapySettings::field(index).unwrap();
        for wrong in [f32::NAN, 49.0, 401.0, f32::INFINITY] {
            let error = therapy.set(field, wrong).unwrap_err();
            assert_eq!((error.field, error.min, error.max), ("return_pressure_mmhg_max", 50.0, 400.0));
        }
        assert_eq!(therapy, Therapy::IDLE);
        therapy.set(field, 250.0).unwrap();
        assert_eq!(therapy.settings.return_pressure_mmhg_max, 250.0);
        assert_eq!(TherapySettings::field(99).map(|field| field.name), None);
    }
}
