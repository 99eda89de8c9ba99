// SPDX-License-Identifier: Apache-2.0
//! What of the circulation carries over to the unit that takes the head: all that the operator has set, and what an intervention holds.
//!
//! It is a part of the slow frames, and as mail that of the link task to the supervisor and the circulation task of its own unit.

use crate::circulation::therapy::{Mode, SETTINGS_WORDS, TherapySettings};
use crate::mailbox::Words;

/// Age from which it is not what the other unit does [us].
pub const PEER_THERAPY_US_MAX: u32 = 1_000_000;

/// The therapy of the other unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PeerTherapy {
    /// The mode in force.
    pub mode: Mode,
    /// The mode that the operator has asked for: another one while an intervention holds zero flow, or when a trial is over.
    pub asked_mode: Mode,
    /// All settings; the set-point of the flow is the flow that `mode` follows, if it is flow or weaning.
    pub settings: TherapySettings,
    /// Conditions that stand there, bits of [`crate::circulation::conditions`].
    pub conditions: u32,
    /// Alarm conditions that stand there, bits of [`crate::mail::fault`].
    pub alarms: u32,
    /// Lid that suction has put on the speed there; 0: none [rpm].
    pub suction_lid_rpm: f32,
    /// Time since its dip began [ms].
    pub suction_lid_age_ms: u16,
}

impl PeerTherapy {
    /// Nothing has been asked for.
    pub const IDLE: Self = Self {
        mode: Mode::Speed,
        asked_mode: Mode::Speed,
        settings: TherapySettings::ADULT,
        conditions: 0,
        alarms: 0,
        suction_lid_rpm: 0.0,
        suction_lid_age_ms: 0,
    };
}

impl Default for PeerTherapy {
    fn default() -> Self {
        Self::IDLE
    }
}

/// Words of a [`PeerTherapy`].
pub const PEER_THERAPY_WORDS: usize = 6 + SETTINGS_WORDS;

impl Words<PEER_THERAPY_WORDS> for PeerTherapy {
    fn to_words(&self) -> [u32; PEER_THERAPY_WORDS] {
        let mut words = [0; PEER_THERAPY_WORDS];
        let [mode, asked_mode, conditions, alarms, lid_rpm, lid_age_ms, settings @ ..] = &mut words;
        (*mode, *asked_mode) = (self.mode as u32, self.asked_mode as u32);
        (*conditions, *alarms) = (self.conditions, self.alarms);
        (*lid_rpm, *lid_age_ms) = (self.suction_lid_rpm.to_bits(), u32::from(self.suction_lid_age_ms));
        *settings = self.settings.to_words();
        words
    }

    fn from_words(words: [u32; PEER_THERAPY_WORDS]) -> Self {
        let [mode, asked_mode, conditions, alarms, lid_rpm, age_ms, settings @ ..] = words;
        // Written as modes: both codes are of one.
        let mode_of = |code| Mode::from_code(code).unwrap_or_default();
        Self {
            mode: mode_of(mode),
            asked_mode: mode_of(asked_mode),
            settings: TherapySettings::from_words(settings),
            conditions,
            alarms,
            suction_lid_rpm: f32::from_bits(lid_rpm),
            suction_lid_age_ms: u16::try_from(age_ms).unwrap_or(u16::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_travels_whole() {
        let settings =
            TherapySettings { flow_setpoint_lpm: 3.5, pulse_rate_bpm: 72.0, ..TherapySettings::ADULT };
        let therapy = PeerTherapy {
            mode: Mode::ZeroFlow,
            asked_mode: Mode::Pulsatile,
            settings,
            conditions: 5,
            alarms: 9,
            suction_lid_rpm: 2108.5,
            suction_lid_age_ms: 300,
        };
        for therapy in [therapy, PeerTherapy::IDLE] {
            assert_eq!(PeerTherapy::from_words(therapy.to_words()), therapy);
        }
    }
}
