// SPDX-License-Identifier: Apache-2.0
//! Alarms after IEC 60601-1-8: which conditions are alarms, how long they stand, what is heard, seen and shown. 100 Hz.
//!
//! | file | what |
//! |---|---|
//! | `table.rs` | every alarm: sign, harm, onset, delays, texts |
//! | `entry.rs` | what an entry says; priority by harm and onset |
//! | `standing.rs` | one alarm in time: delay, latch, acknowledgement, escalation |
//! | `pattern.rs` | bursts and flashes as data |
//! | `stand_in.rs` | what sounds and lights up in place of an alarm task that is silent |
//!
//! # Model
//! *Condition*: a bit that a task writes, for the alarm's condition delay. *Signals*: text and light at once, sound after its signal
//! delay. *Suppression*: of the sound alone, by acknowledgement (until [`Reminder`](REMINDER_MS), or until the alarm comes
//! again) or by the audio pause (for [`AUDIO_PAUSE_MS`], ended by an alarm that is new in high priority or rises to it). Nothing hides a
//! text or a light.
//!
//! Of all alarms that stand, the one with the highest priority, and of those the one that stands highest in the table, is
//! heard, lit and first in the list. All others stay in the sets: a flood loses none.
//!
//! # Stale input
//! A task that is not heard of is an alarm itself; what it said last counts on, for a danger is not over because nobody looks.
//!
//! # Shown by
//! `tests.rs`.

pub mod entry;
pub mod pattern;
pub mod stand_in;
pub mod standing;
mod table;
#[cfg(test)]
mod tests;

pub use entry::{Alarm, Priority, Sign, When};
pub use table::{ALARMS, COUNT, NO_ALARM};

use crate::arbitration::alarm::NOBODY_DRIVES;
use crate::code::from_code;
use crate::mailbox::Words;
use standing::Standing;

/// Time between two steps [ms].
pub const PERIOD_MS: u32 = 10;
/// The audio pause [ms].
pub const AUDIO_PAUSE_MS: u32 = 120_000;
/// An acknowledged alarm that still stands is heard again after so long [ms].
pub const REMINDER_MS: u32 = 300_000;

/// A slower rotor stands [rad/s]: 200 rpm. From where on it pumps depends on the patient's pressure: the flow alarms tell.
pub const RUNS_RAD_PER_S_MIN: f32 = 20.9;

/// What the operator has to know before anything else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Pump {
    /// This unit does not know the rotor's speed.
    #[default]
    Unknown = 0,
    /// The rotor turns and somebody drives it.
    Runs = 1,
    /// It turns slower than [`RUNS_RAD_PER_S_MIN`], or nobody drives it.
    Stands = 2,
    /// It turns, and its motor has no torque.
    Coasts = 3,
}

from_code!(Pump: u32 { Unknown, Runs, Stands, Coasts });

impl Pump {
    /// As displays show it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Unknown => "PUMP: SPEED NOT KNOWN HERE",
            Self::Runs => "PUMP RUNNING",
            Self::Stands => "PUMP STANDS",
            Self::Coasts => "PUMP COASTS: MOTOR WITHOUT TORQUE",
        }
    }
}

/// Tasks that are not heard of.
pub mod silence {
    crate::code::bit_table! {
        0 LEVITATION "levitation_silent" "The levitation task of this unit does not run: it holds no rotor.";
        1 CIRCULATION "circulation_silent" "The circulation task does not run: neither mode nor limits are followed.";
        2 LINK "link_silent" "The link task does not run: the other unit hears nothing, and no command of the link is taken.";
        3 WARMING "warming_silent" "The warming task or its cut-out does not run: nothing is heated.";
    }
}

/// What the tasks say in this period.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Signs {
    /// Bits of [`crate::mail::fault`].
    pub faults: u32,
    /// Bits of [`crate::circulation::conditions`].
    pub conditions: u32,
    /// Bits of [`crate::arbitration::alarm`].
    pub pair: u32,
    /// Bits of [`crate::warming::conditions`].
    pub warming: u32,
    /// Bits of [`crate::power::conditions`].
    pub power: u32,
    /// Bits of [`silence`].
    pub silence: u32,
    /// A rotor is to be held.
    pub therapy: bool,
    /// This unit drives the head.
    pub drives: bool,
    /// This unit drives and its motor has no torque, because something keeps its bridge open.
    pub undriven: bool,
    /// The rotor's speed, whoever drives it, as far as this unit knows it [rad/s].
    pub speed_rad_per_s: Option<f32>,
}

impl Signs {
    /// Whether the pump runs: the sentence that every display has to show first.
    #[must_use]
    fn pump(&self) -> Pump {
        match self.speed_rad_per_s {
            _ if self.pair & NOBODY_DRIVES != 0 => Pump::Stands,
            Some(speed_rad_per_s) if speed_rad_per_s.abs() < RUNS_RAD_PER_S_MIN => Pump::Stands,
            Some(_) if self.undriven => Pump::Coasts,
            Some(_) => Pump::Runs,
            None => Pump::Unknown,
        }
    }

    fn has(&self, alarm: &Alarm) -> bool {
        let is_due = match alarm.when {
            When::Always => true,
            When::Therapy => self.therapy,
            // Nobody pumps: what is a danger all the same is told by whoever sees it.
            When::Drives => self.drives || !self.therapy || self.pair & NOBODY_DRIVES != 0,
        };
        let (word, bit) = match alarm.sign {
            Sign::Fault(bit) => (self.faults, bit),
            Sign::Circulation(bit) => (self.conditions, bit),
            Sign::Pair(bit) => (self.pair, bit),
            Sign::Warming(bit) => (self.warming, bit),
            Sign::Power(bit) => (self.power, bit),
            Sign::Silence(bit) => (self.silence, bit),
        };
        is_due && word & bit != 0
    }
}

/// What an operator can do about alarms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum AlarmOrder {
    /// Every alarm that stands is seen; latched ones whose condition has ended go.
    Acknowledge = 1,
    /// No sound for [`AUDIO_PAUSE_MS`]; once more: the full time again.
    PauseAudio = 2,
    /// The pause ends.
    ResumeAudio = 3,
}

from_code!(AlarmOrder: u32 { Acknowledge, PauseAudio, ResumeAudio });

/// A set of alarms, by their index in [`ALARMS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlarmSet([u32; SET_WORDS]);

/// Words of an [`AlarmSet`].
pub const SET_WORDS: usize = COUNT.div_ceil(u32::BITS as usize);

impl AlarmSet {
    /// Its words, lowest first.
    #[must_use]
    pub const fn to_words(self) -> [u32; SET_WORDS] {
        self.0
    }

    /// The set of these words.
    #[must_use]
    pub const fn from_words(words: [u32; SET_WORDS]) -> Self {
        Self(words)
    }

    /// Word and bit of an index.
    const fn place(index: usize) -> (usize, u32) {
        (index >> 5, 1 << (index & 31))
    }

    fn insert(&mut self, index: usize) {
        let (word, bit) = Self::place(index);
        if let Some(word) = self.0.get_mut(word) {
            *word |= bit;
        }
    }

    /// Whether it has the alarm of that index.
    #[must_use]
    pub fn contains(self, index: usize) -> bool {
        let (word, bit) = Self::place(index);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Its alarms, most important first but for escalation.
    #[cfg(test)]
    pub(crate) fn iter(self) -> impl Iterator<Item = &'static Alarm> {
        ALARMS.iter().enumerate().filter(move |(index, _)| self.contains(*index)).map(|(_, alarm)| alarm)
    }
}

/// What is shown, heard and lit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AlarmStatus {
    /// Alarms that are shown.
    pub standing: AlarmSet,
    /// Of these: their condition has ended.
    pub latched: AlarmSet,
    /// Of these: seen by the operator.
    pub acknowledged: AlarmSet,
    /// Of these: in the next higher priority, because nobody has answered.
    pub escalated: AlarmSet,
    /// Whether the pump runs.
    pub pump: Pump,
    /// Counts periods, so that whoever looks sees a task that stands still.
    pub periods: u32,
    /// Number of the last order that has been carried out.
    pub answered: u32,
    /// What is left of the audio pause [ms].
    pub pause_ms: u32,
    /// Tone of the buzzer now [Hz]; 0: none.
    pub tone_hz: f32,
    /// Colour that the light has now, if it is lit.
    pub light: Option<pattern::Colour>,
}

/// Words of an [`AlarmStatus`].
pub const ALARM_WORDS: usize = 4 * SET_WORDS + 6;

impl Words<ALARM_WORDS> for AlarmStatus {
    fn to_words(&self) -> [u32; ALARM_WORDS] {
        let [standing_low, standing_middle, standing_high] = self.standing.to_words();
        let [latched_low, latched_middle, latched_high] = self.latched.to_words();
        let [acknowledged_low, acknowledged_middle, acknowledged_high] = self.acknowledged.to_words();
        let [escalated_low, escalated_middle, escalated_high] = self.escalated.to_words();
        [
            standing_low,
            standing_middle,
            standing_high,
            latched_low,
            latched_middle,
            latched_high,
            acknowledged_low,
            acknowledged_middle,
            acknowledged_high,
            escalated_low,
            escalated_middle,
            escalated_high,
            self.pump as u32,
            self.periods,
            self.answered,
            self.pause_ms,
            self.tone_hz.to_bits(),
            self.light.map_or(0, |colour| colour as u32),
        ]
    }

    fn from_words(words: [u32; ALARM_WORDS]) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l, pump, periods, answered, pause_ms, tone_hz, light] = words;
        Self {
            standing: AlarmSet::from_words([a, b, c]),
            latched: AlarmSet::from_words([d, e, f]),
            acknowledged: AlarmSet::from_words([g, h, i]),
            escalated: AlarmSet::from_words([j, k, l]),
            pump: Pump::from_code(pump).unwrap_or_default(),
            periods,
            answered,
            pause_ms,
            tone_hz: f32::from_bits(tone_hz),
            light: pattern::Colour::from_code(light),
        }
    }
}

snapshot! {
    /// An order of the operator about alarms.
    pub struct AlarmOrderMail [ALARM_ORDER_WORDS] {
        /// Counts orders; one is carried out once, when its number is new.
        pub number: u32,
        /// An [`AlarmOrder`].
        pub order: u32,
    }
}

/// A pattern that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Running {
    priority: Priority,
    time_ms: u32,
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct AlarmSystem {
    alarms: [Standing; COUNT],
    /// What stood in high priority a period ago.
    high: AlarmSet,
    pause_ms: u32,
    sound: Option<Running>,
    light: Option<Running>,
}

impl Default for AlarmSystem {
    fn default() -> Self {
        Self {
            alarms: [Standing::default(); COUNT],
            high: AlarmSet::default(),
            pause_ms: 0,
            sound: None,
            light: None,
        }
    }
}

impl AlarmSystem {
    /// The audio pause of the unit that drives: it lasts here as long, [`AUDIO_PAUSE_MS`] at most, or longer if it did [ms].
    pub fn pause_with(&mut self, pause_ms: u32) {
        // The period that comes counts.
        self.pause_ms = self.pause_ms.max(pause_ms.min(AUDIO_PAUSE_MS).saturating_add(PERIOD_MS));
    }

    /// The audio pause ends.
    pub fn end_pause(&mut self) {
        self.pause_ms = 0;
    }

    /// One period.
    pub fn step(&mut self, signs: &Signs, order: Option<AlarmOrder>) -> AlarmStatus {
        if order == Some(AlarmOrder::Acknowledge) {
            self.alarms.iter_mut().for_each(Standing::acknowledge);
        }
        self.pause_ms = match order {
            Some(AlarmOrder::PauseAudio) => AUDIO_PAUSE_MS,
            Some(AlarmOrder::ResumeAudio) => 0,
            _ => self.pause_ms.saturating_sub(PERIOD_MS),
        };
        let mut status = AlarmStatus { pump: signs.pump(), ..AlarmStatus::default() };
        let (mut lit, mut heard, mut high) = (None, None, AlarmSet::default());
        for (index, (standing, alarm)) in self.alarms.iter_mut().zip(&ALARMS).enumerate() {
            standing.remind_after_ms(REMINDER_MS);
            let is_new = standing.step(alarm, signs.has(alarm));
            let Some(priority) = standing.priority(alarm) else { continue };
            status.standing.insert(index);
            if standing.is_latched() {
                status.latched.insert(index);
            }
            if standing.is_acknowledged() {
                status.acknowledged.insert(index);
            }
            if priority != alarm.priority() {
                status.escalated.insert(index);
            }
            if priority == Priority::High {
                // A pause is for what is known; what is new and hurries is heard.
                if is_new || !self.high.contains(index) {
                    self.pause_ms = 0;
                }
                high.insert(index);
            }
            lit = lit.max(Some(priority));
            if standing.sounds(alarm) {
                heard = heard.max(Some(priority));
            }
        }
        self.high = high;
        self.light = run(self.light, lit);
        self.sound = run(self.sound, heard.filter(|_| self.pause_ms == 0));
        status.pause_ms = self.pause_ms;
        status.tone_hz = self.sound.map_or(0.0, |sound| sound.priority.burst().tone_hz(sound.time_ms));
        status.light = self.light.and_then(|light| {
            let flash = light.priority.flash();
            flash.is_lit(light.time_ms).then_some(flash.colour)
        });
        status
    }
}

/// The pattern goes on, or starts anew with another priority.
fn run(before: Option<Running>, priority: Option<Priority>) -> Option<Running> {
    let priority = priority?;
    Some(match before {
        Some(running) if running.priority == priority => {
            Running { time_ms: running.time_ms.saturating_add(PERIOD_MS) % pattern::PATTERNS_MS, ..running }
        }
        _ => Running { priority, time_ms: 0 },
    })
}
