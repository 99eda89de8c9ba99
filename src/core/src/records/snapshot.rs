// SPDX-License-Identifier: Apache-2.0
//! Eight signals at 20 kHz, 50 ms before and 50 ms after a takeover, a touchdown, or the loss of the bearing.
//!
//! # Model
//! The levitation thread writes each sample into a ring of atomics and waits for nobody. A trigger lets it write half a ring more; then the ring
//! stands still until the record thread has stored it, in records of [`SAMPLES_PER_RECORD`] samples with the time of the trigger:
//!
//! | bytes | content |
//! |---|---|
//! | 0 | [`Trigger`] |
//! | 1 | unit: 0 host, 1 emergency drive |
//! | 2, 3 | place of the first sample: 0 to [`SAMPLES`] - 1; the trigger is at [`TRIGGER_SAMPLE`] |
//! | 4 ... | samples: each of [`SIGNALS`] as i16, over its resolution |
//!
//! # Limits and failure
//! A trigger while a snapshot is being taken or stored gets none of its own; the event of it is in the log all the same. What has happened
//! within 50 ms after a start has samples of zeros before it.
//!
//! # Shown by
//! Tests below.

use core::sync::atomic::{AtomicU32, Ordering};

use super::FRAME_BYTES;
use crate::link::PeerReport;
use crate::mail::{LevitationMail, Mailboxes, fault};
use crate::schedule::BASE_RATE_HZ;
use crate::unit::Role;
use crate::units::RPM_PER_RAD_PER_S;

/// Samples of a snapshot: 100 ms.
pub const SAMPLES: usize = (BASE_RATE_HZ / 10) as usize;
/// The sample at which it was triggered.
pub const TRIGGER_SAMPLE: usize = SAMPLES / 2;
/// Signals.
pub const SIGNALS_COUNT: usize = 8;
/// Samples in a record.
pub const SAMPLES_PER_RECORD: usize = 5;
/// Bytes of what a record says.
pub const SNAPSHOT_BYTES: usize = 4 + 2 * SIGNALS_COUNT * SAMPLES_PER_RECORD;
/// Bytes of a record.
pub const SNAPSHOT_RECORD_BYTES: usize = SNAPSHOT_BYTES + FRAME_BYTES;
/// Words of a sample.
const WORDS: usize = SIGNALS_COUNT / 2;
/// Nothing has triggered.
const RUNS: u32 = u32::MAX;

/// Name with its unit, and the resolution in that unit.
pub const SIGNALS: [(&str, f32); SIGNALS_COUNT] = [
    ("displacement_x_um", 0.05),
    ("displacement_y_um", 0.05),
    ("coil_current_x_a", 0.001),
    ("coil_current_y_a", 0.001),
    ("rotor_angle_rad", 0.001),
    ("speed_rpm", 1.0),
    ("torque_current_a", 0.001),
    ("bus_voltage_v", 0.01),
];

/// Why a snapshot was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Trigger {
    /// This unit has taken the head, or let go of it.
    Takeover = 1,
    /// The rotor has touched.
    Touchdown = 2,
    /// This unit cannot hold the rotor.
    BearingLost = 3,
}

crate::code::from_code!(Trigger: u32 { Takeover, Touchdown, BearingLost });

impl Trigger {
    /// As exports spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Takeover => "takeover",
            Self::Touchdown => "touchdown",
            Self::BearingLost => "bearing_lost",
        }
    }
}

/// The ring; see the [module](self).
#[derive(Debug)]
pub struct SnapshotRing {
    samples: [[AtomicU32; WORDS]; SAMPLES],
    /// Where the next sample goes.
    next: AtomicU32,
    /// Samples until it stands still, or [`RUNS`].
    left: AtomicU32,
    trigger: AtomicU32,
    time_ms: AtomicU32,
}

impl Default for SnapshotRing {
    fn default() -> Self {
        Self::new()
    }
}

impl SnapshotRing {
    /// A ring of zeros that stands still until it is [released](Self::release).
    #[must_use]
    pub const fn new() -> Self {
        Self {
            samples: [const { [const { AtomicU32::new(0) }; WORDS] }; SAMPLES],
            next: AtomicU32::new(0),
            left: AtomicU32::new(0),
            trigger: AtomicU32::new(0),
            time_ms: AtomicU32::new(0),
        }
    }

    /// What of a snapshot one record says, and the time of its trigger; `None` behind the last one, and while there is no snapshot.
    #[must_use]
    pub fn part(&self, index: usize, unit: Role) -> Option<([u8; SNAPSHOT_BYTES], u32)> {
        let trigger = self.trigger.load(Ordering::Relaxed);
        let first = index.checked_mul(SAMPLES_PER_RECORD).filter(|first| *first < SAMPLES)?;
        if self.left.load(Ordering::Acquire) != 0 || trigger == 0 {
            return None;
        }
        // The oldest sample is where the next one would go.
        let (newer, older) = self.samples.split_at_checked(self.next.load(Ordering::Relaxed) as usize)?;
        let samples = older.iter().chain(newer).skip(first).take(SAMPLES_PER_RECORD);
        let [low, high] = (first as u16).to_le_bytes();
        let said = [trigger as u8, u8::from(unit == Role::EmergencyDrive), low, high]
            .into_iter()
            .chain(samples.flatten().flat_map(|word| word.load(Ordering::Relaxed).to_le_bytes()));
        let mut bytes = [0; SNAPSHOT_BYTES];
        bytes.iter_mut().zip(said).for_each(|(place, byte)| *place = byte);
        Some((bytes, self.time_ms.load(Ordering::Relaxed)))
    }

    /// The snapshot is stored, or there is none yet: the ring runs.
    pub fn release(&self) {
        self.trigger.store(0, Ordering::Relaxed);
        self.left.store(RUNS, Ordering::Release);
    }
}

/// What the levitation thread keeps for it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SnapshotWriter {
    before: Option<(bool, u32, bool)>,
}

impl SnapshotWriter {
    /// One period, after the levitation task; `now_ms` is asked at a trigger alone. A function of its own in the image: it is
    /// counted by `cargo xtask cost`, not bounded by `cargo xtask boards`.
    #[inline(never)]
    pub fn step(&mut self, mail: &Mailboxes, ring: &SnapshotRing, now_ms: impl FnOnce() -> u32) {
        let left = ring.left.load(Ordering::Acquire);
        let Some((_, mail)) = mail.levitation.read::<LevitationMail>() else { return };
        let trigger = self.trigger(&mail);
        if left == 0 {
            return;
        }
        let next = ring.next.load(Ordering::Relaxed) as usize;
        if let Some(place) = ring.samples.get(next) {
            place.iter().zip(sample(&mail)).for_each(|(cell, word)| cell.store(word, Ordering::Relaxed));
        }
        let behind = next.saturating_add(1);
        ring.next.store(if behind < SAMPLES { behind as u32 } else { 0 }, Ordering::Relaxed);
        if left != RUNS {
            ring.left.store(left.saturating_sub(1), Ordering::Release);
        } else if let Some(trigger) = trigger {
            ring.trigger.store(trigger as u32, Ordering::Relaxed);
            ring.time_ms.store(now_ms(), Ordering::Relaxed);
            // This sample is the first of the second half.
            ring.left.store((SAMPLES - TRIGGER_SAMPLE - 1) as u32, Ordering::Release);
        }
    }

    fn trigger(&mut self, mail: &LevitationMail) -> Option<Trigger> {
        let drives = PeerReport::from_bits(mail.report).drives;
        let is_lost = mail.faults & fault::BEARING_LOST != 0;
        let (drove, touchdowns, was_lost) = self.before.replace((drives, mail.touchdown_count, is_lost))?;
        if mail.touchdown_count != touchdowns {
            Some(Trigger::Touchdown)
        } else if is_lost && !was_lost {
            Some(Trigger::BearingLost)
        } else {
            (drives != drove).then_some(Trigger::Takeover)
        }
    }
}

/// The signals of a moment, two in a word.
fn sample(mail: &LevitationMail) -> [u32; WORDS] {
    let values = [
        mail.displacement_x_m * 1e6,
        mail.displacement_y_m * 1e6,
        mail.coil_current_x_a,
        mail.coil_current_y_a,
        mail.rotor_angle_rad,
        mail.rotor_speed_rad_per_s * RPM_PER_RAD_PER_S,
        mail.torque_current_a,
        mail.bus_voltage_v,
    ];
    let mut words = [0; WORDS];
    let pairs = values.as_chunks::<2>().0.iter().zip(SIGNALS.as_chunks::<2>().0);
    for (word, ([low, high], [(_, low_step), (_, high_step)])) in words.iter_mut().zip(pairs) {
        // Casts saturate; what is no number is 0.
        let steps = |value: f32, step: f32| u32::from((value / step) as i16 as u16);
        *word = steps(*low, *low_step) | steps(*high, *high_step) << 16;
    }
    words
}

/// A part of a snapshot, as it was stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// Why; `None` for a trigger of another version.
    pub trigger: Option<Trigger>,
    /// Which unit.
    pub unit: Role,
    /// Place of the first sample.
    pub first: usize,
    /// The samples, in the units of [`SIGNALS`].
    pub samples: [[f32; SIGNALS_COUNT]; SAMPLES_PER_RECORD],
}

impl Part {
    /// Of the bytes of a record.
    #[must_use]
    pub fn decode(says: &[u8; SNAPSHOT_BYTES]) -> Self {
        let [trigger, unit, low, high, rest @ ..] = *says;
        let mut samples = [[0.0; SIGNALS_COUNT]; SAMPLES_PER_RECORD];
        let steps = rest.as_chunks::<2>().0.iter().map(|bytes| f32::from(i16::from_le_bytes(*bytes)));
        let resolutions = SIGNALS.iter().map(|(_, resolution)| resolution).cycle();
        let values = steps.zip(resolutions).map(|(steps, resolution)| steps * resolution);
        samples.as_flattened_mut().iter_mut().zip(values).for_each(|(place, value)| *place = value);
        Self {
            trigger: Trigger::from_code(u32::from(trigger)),
            unit: if unit == 0 { Role::Host } else { Role::EmergencyDrive },
            first: usize::from(u16::from_le_bytes([low, high])),
            samples,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::LEVITATION_WORDS;
    use crate::mailbox::Words as _;
    use std::vec::Vec;

    struct Bench {
        mail: Mailboxes,
        ring: SnapshotRing,
        writer: SnapshotWriter,
        levitation: LevitationMail,
        periods: u32,
    }

    impl Bench {
        fn new() -> Self {
            let levitation = LevitationMail::from_words([0; LEVITATION_WORDS]);
            let bench = Self {
                mail: Mailboxes::new(),
                ring: SnapshotRing::new(),
                writer: SnapshotWriter::default(),
                levitation,
                periods: 0,
            };
            bench.ring.release();
            bench
        }

        /// Periods in which the current counts them, in mA.
        fn run(&mut self, periods: u32) {
            for _ in 0..periods {
                self.levitation.coil_current_x_a = (self.periods % 10_000) as f32 * 1e-3 + 2e-4;
                self.levitation.displacement_y_m = -100e-6;
                self.mail.levitation.write(&self.levitation);
                self.writer.step(&self.mail, &self.ring, || self.periods);
                self.periods += 1;
            }
        }

        fn snapshot(&self) -> Option<(Vec<[f32; SIGNALS_COUNT]>, Trigger, u32)> {
            let (first, time_ms) = self.ring.part(0, Role::Host)?;
            let parts = (0..).map_while(|index| self.ring.part(index, Role::Host));
            let parts: Vec<Part> = parts.map(|(says, _)| Part::decode(&says)).collect();
            assert!(
                parts.iter().zip((0..).step_by(SAMPLES_PER_RECORD)).all(|(part, first)| part.first == first)
            );
            let samples = parts.iter().flat_map(|part| part.samples).collect();
            Some((samples, Part::decode(&first).trigger?, time_ms))
        }
    }

    #[test]
    fn half_is_from_before_the_trigger_and_half_from_after_it() {
        let mut bench = Bench::new();
        bench.run(5000);
        assert_eq!(bench.snapshot(), None);
        bench.levitation.touchdown_count += 1;
        bench.run(SAMPLES as u32 / 2 - 1);
        assert_eq!(bench.snapshot(), None, "not complete");
        bench.run(500);
        let (samples, trigger, time_ms) = bench.snapshot().unwrap();
        assert_eq!((samples.len(), trigger, time_ms), (SAMPLES, Trigger::Touchdown, 5000));
        for (index, sample) in samples.iter().enumerate() {
            let expected_a = (5000 + index - TRIGGER_SAMPLE) as f32 * 1e-3;
            assert!((sample[2] - expected_a).abs() < 1e-4, "{index}: {} A", sample[2]);
            assert!((sample[1] + 100.0).abs() <= 0.05);
        }
    }

    #[test]
    fn a_second_trigger_waits_until_the_first_snapshot_is_stored() {
        let mut bench = Bench::new();
        bench.run(3000);
        bench.levitation.report = PeerReport { drives: true, ..PeerReport::default() }.to_bits();
        bench.run(3000);
        assert_eq!(bench.snapshot().unwrap().1, Trigger::Takeover);
        bench.levitation.faults = fault::BEARING_LOST;
        bench.run(3000);
        assert_eq!(bench.snapshot().unwrap().2, 3000, "the first one stands");
        bench.ring.release();
        bench.run(3000);
        assert_eq!(bench.snapshot(), None, "no edge any more");
        bench.levitation.touchdown_count += 1;
        bench.run(3000);
        assert_eq!(bench.snapshot().unwrap().1, Trigger::Touchdown);
    }

    #[test]
    fn what_stands_at_the_first_period_is_no_trigger() {
        let mut bench = Bench::new();
        (bench.levitation.touchdown_count, bench.levitation.faults) = (4, fault::BEARING_LOST);
        bench.run(5000);
        assert_eq!(bench.snapshot(), None);
    }
}
