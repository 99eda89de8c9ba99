// SPDX-License-Identifier: Apache-2.0
//! What is heard and seen of an alarm: bursts of pulses and flashes, as data.
//!
//! # Model
//! A burst is a list of pulses, each with its start and its tone; it repeats. The melody is that of the category "artificial
//! perfusion": C4 F#4 C4, and C4 F#4 for the rest of a high burst. A buzzer adds the harmonics, and rises within a fifth of a pulse.
//!
//! # Source
//! IEC 60601-1-8, tables 3 and 4 and annex F, as secondary sources give them: `docs/alarms.md` has each range beside the number here.
//!
//! # Shown by
//! `tests.rs`, pulse by pulse.

use super::entry::Priority;
use crate::code::from_code;

/// C4 [Hz].
pub const C4_HZ: f32 = 261.63;
/// F#4 [Hz].
pub const F_SHARP_4_HZ: f32 = 369.99;

/// One pulse of a burst.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pulse {
    /// From the start of the burst [ms].
    pub start_ms: u32,
    /// Fundamental [Hz].
    pub tone_hz: f32,
}

/// What is heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burst {
    /// Its pulses.
    pub pulses: &'static [Pulse],
    /// Length of each [ms].
    pub pulse_ms: u32,
    /// From burst to burst [ms].
    pub period_ms: u32,
}

/// Colour of the alarm light.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Colour {
    /// High.
    Red = 1,
    /// Medium and low.
    Yellow = 2,
}

from_code!(Colour: u32 { Red, Yellow });

/// What is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flash {
    /// Its colour.
    pub colour: Colour,
    /// Lit for so long [ms].
    pub lit_ms: u32,
    /// From flash to flash [ms]; as long as it is lit: constant.
    pub period_ms: u32,
}

const fn c(start_ms: u32) -> Pulse {
    Pulse { start_ms, tone_hz: C4_HZ }
}

const fn f_sharp(start_ms: u32) -> Pulse {
    Pulse { start_ms, tone_hz: F_SHARP_4_HZ }
}

/// After so long every burst and every flash begins anew [ms].
pub const PATTERNS_MS: u32 = 140_000;

/// Pulses of 150 ms, 100 ms apart; 350 ms after the third, 700 ms after the fifth.
const HIGH: Burst = Burst {
    pulses: &[
        c(0),
        f_sharp(250),
        c(500),
        c(1000),
        f_sharp(1250), //
        c(2100),
        f_sharp(2350),
        c(2600),
        c(3100),
        f_sharp(3350),
    ],
    pulse_ms: 150,
    period_ms: 7000,
};

const MEDIUM: Burst = Burst { pulses: &[c(0), f_sharp(400), c(800)], pulse_ms: 200, period_ms: 7000 };

const LOW: Burst = Burst { pulses: &[f_sharp(0), c(400)], pulse_ms: 200, period_ms: 20_000 };

impl Priority {
    /// What is heard of it.
    #[must_use]
    pub const fn burst(self) -> Burst {
        match self {
            Self::High => HIGH,
            Self::Medium => MEDIUM,
            Self::Low => LOW,
        }
    }

    /// What is seen of it.
    #[must_use]
    pub const fn flash(self) -> Flash {
        match self {
            Self::High => Flash { colour: Colour::Red, lit_ms: 250, period_ms: 500 },
            Self::Medium => Flash { colour: Colour::Yellow, lit_ms: 1000, period_ms: 2000 },
            Self::Low => Flash { colour: Colour::Yellow, lit_ms: 1000, period_ms: 1000 },
        }
    }
}

impl Burst {
    /// The tone so long after the first burst began [Hz]; 0 between pulses.
    #[must_use]
    pub fn tone_hz(&self, time_ms: u32) -> f32 {
        let time_ms = time_ms.checked_rem(self.period_ms).unwrap_or(0);
        let sounds = |pulse: &&Pulse| {
            time_ms >= pulse.start_ms && time_ms < pulse.start_ms.saturating_add(self.pulse_ms)
        };
        self.pulses.iter().find(sounds).map_or(0.0, |pulse| pulse.tone_hz)
    }
}

impl Flash {
    /// Whether it is lit so long after the first flash began.
    #[must_use]
    pub fn is_lit(&self, time_ms: u32) -> bool {
        time_ms.checked_rem(self.period_ms).is_some_and(|time_ms| time_ms < self.lit_ms)
    }
}
