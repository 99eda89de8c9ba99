// SPDX-License-Identifier: Apache-2.0
//! What the link task hands on to the tasks of its own unit, and a report as the bits of a mail.

use super::{LINK_REFUSALS, PeerReport, UnitCode};
use crate::mailbox::Words;

crate::snapshot! {
    /// The other unit as its fast frames say it.
    pub struct PeerMail [PEER_WORDS] {
        /// Counts the fast frames that were believed.
        pub news: u32,
        /// The link is silent: nothing below is of now.
        pub silent: bool,
        /// A [`PeerReport`] as [`PeerReport::to_bits`].
        pub report: u32,
        /// Current of its coil x [A].
        pub coil_current_x_a: f32,
        /// Current of its coil y [A].
        pub coil_current_y_a: f32,
        /// Its current in the q axis [A].
        pub torque_current_a: f32,
        /// Displacement x as it sees it, for comparison only [m].
        pub displacement_x_m: f32,
        /// Displacement y, likewise [m].
        pub displacement_y_m: f32,
    }
}

impl PeerMail {
    /// It is heard of, and drives the head.
    #[must_use]
    pub fn drives(&self) -> bool {
        !self.silent && PeerReport::from_bits(self.report).drives
    }
}

crate::snapshot! {
    /// A command of the link that was authentic, in session, in sequence and in time.
    pub struct RemoteCommandMail [REMOTE_COMMAND_WORDS] {
        /// Its sequence number: it is carried out once, when that is new.
        pub number: u32,
        /// A [`crate::task::supervisor::Command`]'s code.
        pub kind: u32,
        /// Its argument.
        pub value: f32,
        /// From here on it is void, by the clock of [`LinkMail::time_ms`].
        pub expires_ms: u32,
    }
}

/// What the link task knows of itself: its clock, its alarms, and what it has counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkMail {
    /// Its clock [ms]; wraps.
    pub time_ms: u32,
    /// Alarms that it raises, bits of [`crate::mail::fault`].
    pub alarms: u32,
    /// Commands that it has handed to the supervisor since power-up.
    pub commands_admitted: u32,
    /// Rest of the audio pause of the other unit [s], or [`NO_PAUSE_TOLD`] where that one is not heard or does not drive.
    pub peer_audio_paused_s: u32,
    /// Refusals since power-up by kind, in the order of [`super::LinkRefusal::ALL`].
    pub refused: [u32; LINK_REFUSALS],
}

/// Words of a [`LinkMail`].
pub const LINK_WORDS: usize = LINK_REFUSALS + 4;
/// Nobody tells an audio pause.
pub const NO_PAUSE_TOLD: u32 = u32::MAX;

impl Words<LINK_WORDS> for LinkMail {
    fn to_words(&self) -> [u32; LINK_WORDS] {
        let mut words = [0; LINK_WORDS];
        let Self { time_ms, alarms, commands_admitted, peer_audio_paused_s, refused } = *self;
        let said = [time_ms, alarms, commands_admitted, peer_audio_paused_s].into_iter().chain(refused);
        for (word, value) in words.iter_mut().zip(said) {
            *word = value;
        }
        words
    }

    fn from_words(words: [u32; LINK_WORDS]) -> Self {
        let [time_ms, alarms, commands_admitted, peer_audio_paused_s, refused @ ..] = words;
        Self { time_ms, alarms, commands_admitted, peer_audio_paused_s, refused }
    }
}

/// Bits of a report, above the three of the state.
const DRIVES: u32 = 1 << 3;
const CURRENT_FLOWS: u32 = 1 << 4;
const THERAPY: u32 = 1 << 5;
const CHALLENGE: u32 = 1 << 6;
const INNOVATION_OK: u32 = 1 << 7;
const HAND_BACK: u32 = 1 << 8;

impl PeerReport {
    /// As one word.
    #[must_use]
    pub const fn to_bits(self) -> u32 {
        const fn when(is: bool, bit: u32) -> u32 {
            if is { bit } else { 0 }
        }
        self.state as u32
            | when(self.drives, DRIVES)
            | when(self.current_flows, CURRENT_FLOWS)
            | when(self.therapy, THERAPY)
            | when(self.challenge, CHALLENGE)
            | when(self.innovation_ok, INNOVATION_OK)
            | when(self.hand_back, HAND_BACK)
    }

    /// The report of a word; a state that does not exist is standby.
    #[must_use]
    pub fn from_bits(bits: u32) -> Self {
        Self {
            state: UnitCode::from_code((bits & 7) as u8).unwrap_or_default(),
            drives: bits & DRIVES != 0,
            current_flows: bits & CURRENT_FLOWS != 0,
            therapy: bits & THERAPY != 0,
            challenge: bits & CHALLENGE != 0,
            innovation_ok: bits & INNOVATION_OK != 0,
            hand_back: bits & HAND_BACK != 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_count_survives_as_words() {
        let refused = core::array::from_fn(|index| index as u32 + 7);
        let mail = LinkMail { time_ms: 1, alarms: 2, commands_admitted: 3, peer_audio_paused_s: 4, refused };
        assert_eq!(LinkMail::from_words(mail.to_words()), mail);
    }

    #[test]
    fn every_report_survives_as_a_word() {
        for bits in 0..512 {
            let report = PeerReport::from_bits(bits);
            assert_eq!(PeerReport::from_bits(report.to_bits()), report);
            assert!(bits & 7 > 5 || report.to_bits() == bits, "{bits}");
        }
    }
}
