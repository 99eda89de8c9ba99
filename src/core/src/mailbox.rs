// SPDX-License-Identifier: Apache-2.0
//! Latest-value snapshots between tasks, with an age: one writer, any readers, nobody ever waits.
//!
//! # Model
//! A sequence lock made of atomics alone. The writer makes the sequence odd, stores the words, makes it even.
//! A reader that sees an odd or a changed sequence keeps the snapshot it already has: for a reader that has
//! interrupted the writer waiting would be a deadlock, and one period later the new snapshot is there.
//!
//! # Age
//! There is no clock in the core. A [`Reader`] counts its own periods since the sequence last changed and
//! saturates, so a dead writer never looks fresh again, however long it stays dead.
//!
//! # Source
//! H.-J. Boehm, "Can seqlocks get along with programming language memory models?", MSPC 2012, figure 6.

use core::sync::atomic::{AtomicU32, Ordering, fence};

/// A value that travels as `N` words of 32 bits.
pub trait Words<const N: usize>: Copy {
    /// The words of the value.
    fn to_words(&self) -> [u32; N];
    /// The value of the words.
    fn from_words(words: [u32; N]) -> Self;
}

/// A 32-bit member of a snapshot.
pub trait Word: Copy {
    /// Bits of the value.
    fn to_bits(self) -> u32;
    /// Value of the bits.
    fn from_bits(bits: u32) -> Self;
}

impl Word for f32 {
    fn to_bits(self) -> u32 {
        f32::to_bits(self)
    }
    fn from_bits(bits: u32) -> Self {
        f32::from_bits(bits)
    }
}

impl Word for u32 {
    fn to_bits(self) -> u32 {
        self
    }
    fn from_bits(bits: u32) -> Self {
        bits
    }
}

impl Word for bool {
    fn to_bits(self) -> u32 {
        u32::from(self)
    }
    fn from_bits(bits: u32) -> Self {
        bits != 0
    }
}

/// Declares a `Copy` struct of 32-bit members that can lie in a [`Mailbox`], and counts its words.
#[macro_export]
macro_rules! snapshot {
    (
        $(#[$meta:meta])*
        pub struct $name:ident [$words:ident] {
            $( $(#[$field_meta:meta])* pub $field:ident : $ty:ty ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name { $( $(#[$field_meta])* pub $field: $ty, )+ }

        #[doc = concat!("Words of a [`", stringify!($name), "`].")]
        pub const $words: usize = [$( stringify!($field) ),+].len();

        impl $crate::mailbox::Words<$words> for $name {
            fn to_words(&self) -> [u32; $words] {
                [$( $crate::mailbox::Word::to_bits(self.$field) ),+]
            }
            fn from_words(words: [u32; $words]) -> Self {
                let [$( $field ),+] = words;
                Self { $( $field: $crate::mailbox::Word::from_bits($field) ),+ }
            }
        }
    };
}

/// One latest value; see the [module](self). `sequence` 0 means never written.
#[derive(Debug)]
pub struct Mailbox<const N: usize> {
    sequence: AtomicU32,
    words: [AtomicU32; N],
}

impl<const N: usize> Default for Mailbox<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// What lies in it now; for the simulator, which forks units while nobody writes.
impl<const N: usize> Clone for Mailbox<N> {
    fn clone(&self) -> Self {
        let copy = |word: &AtomicU32| AtomicU32::new(word.load(Ordering::Relaxed));
        Self { sequence: copy(&self.sequence), words: self.words.each_ref().map(copy) }
    }
}

impl<const N: usize> Mailbox<N> {
    /// An empty mailbox.
    #[must_use]
    pub const fn new() -> Self {
        Self { sequence: AtomicU32::new(0), words: [const { AtomicU32::new(0) }; N] }
    }

    /// Publishes a value. One task only may write to a mailbox.
    pub fn write(&self, value: &impl Words<N>) {
        // Odd while writing. A writer that was stopped half-way left it odd; the next one goes on from there.
        let writing = self.sequence.load(Ordering::Relaxed) | 1;
        self.sequence.store(writing, Ordering::Relaxed);
        fence(Ordering::Release);
        for (cell, word) in self.words.iter().zip(value.to_words()) {
            cell.store(word, Ordering::Relaxed);
        }
        // 0 is reserved for "never written", so the wrap skips it.
        let next = writing.wrapping_add(1);
        self.sequence.store(if next == 0 { 2 } else { next }, Ordering::Release);
    }

    /// The latest value and its sequence; `None` when it was never written or is being written now.
    pub fn read<T: Words<N>>(&self) -> Option<(u32, T)> {
        self.read_other_than(0)
    }

    /// False until a value is written for the first time; true while it is being written, when nobody can read it.
    pub fn is_used(&self) -> bool {
        self.sequence.load(Ordering::Relaxed) != 0
    }

    /// A write that has begun and is not over.
    #[cfg(test)]
    pub(crate) fn begin_write(&self) {
        self.sequence.fetch_or(1, Ordering::Relaxed);
    }

    /// As [`Self::read`], but `None` for the sequence that is known already, without looking at the words.
    fn read_other_than<T: Words<N>>(&self, known: u32) -> Option<(u32, T)> {
        let before = self.sequence.load(Ordering::Acquire);
        if before == known || before == 0 || before & 1 == 1 {
            return None;
        }
        let mut words = [0; N];
        for (word, cell) in words.iter_mut().zip(&self.words) {
            *word = cell.load(Ordering::Relaxed);
        }
        fence(Ordering::Acquire);
        (self.sequence.load(Ordering::Relaxed) == before).then(|| (before, T::from_words(words)))
    }
}

/// One reader's copy of a mailbox, with its age.
#[derive(Clone, Copy, Debug)]
pub struct Reader<T> {
    latest: Option<T>,
    sequence: u32,
    age_us: u32,
    period_us: u32,
}

impl<T: Copy> Reader<T> {
    /// A reader that will poll once every `period_us`.
    #[must_use]
    pub const fn new(period_us: u32) -> Self {
        Self { latest: None, sequence: 0, age_us: u32::MAX, period_us }
    }

    /// True when [`Self::poll`] would find something: what a reader that is rarely spoken to asks in every period.
    #[must_use]
    pub fn is_behind<const N: usize>(&self, mailbox: &Mailbox<N>) -> bool {
        mailbox.sequence.load(Ordering::Relaxed) != self.sequence
    }

    /// Takes over what is new; call once per period. True when there was something new.
    pub fn poll<const N: usize>(&mut self, mailbox: &Mailbox<N>) -> bool
    where
        T: Words<N>,
    {
        self.poll_after(mailbox, self.period_us)
    }

    /// As [`Self::poll`], when `elapsed_us` have passed since the last time.
    pub fn poll_after<const N: usize>(&mut self, mailbox: &Mailbox<N>, elapsed_us: u32) -> bool
    where
        T: Words<N>,
    {
        self.age_us = self.age_us.saturating_add(elapsed_us);
        let Some((sequence, value)) = mailbox.read_other_than(self.sequence) else { return false };
        (self.sequence, self.latest, self.age_us) = (sequence, Some(value), 0);
        true
    }

    /// The latest value, however old.
    #[must_use]
    pub fn latest(&self) -> Option<T> {
        self.latest
    }

    /// The latest value unless it is older than `age_us_max`.
    #[must_use]
    pub fn fresh(&self, age_us_max: u32) -> Option<T> {
        if self.age_us <= age_us_max { self.latest } else { None }
    }

    /// Time since the latest value was seen to arrive [us]; saturates, and is `u32::MAX` before the first.
    #[must_use]
    pub fn age_us(&self) -> u32 {
        self.age_us
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    snapshot! {
        /// A test value.
        pub struct Sample [SAMPLE_WORDS] {
            /// A float.
            pub speed_rpm: f32,
            /// A count.
            pub count: u32,
            /// A flag.
            pub ready: bool,
        }
    }

    #[test]
    fn what_was_written_is_read_and_grows_old() {
        let mailbox = Mailbox::<SAMPLE_WORDS>::new();
        let mut reader = Reader::<Sample>::new(50);
        assert!(!reader.poll(&mailbox));
        assert_eq!((reader.latest(), reader.age_us()), (None, u32::MAX));
        let sample = Sample { speed_rpm: 4000.0, count: 7, ready: true };
        mailbox.write(&sample);
        assert!(reader.poll(&mailbox));
        assert_eq!((reader.fresh(0), reader.age_us()), (Some(sample), 0));
        assert!(!reader.poll(&mailbox));
        assert_eq!((reader.fresh(49), reader.fresh(50)), (None, Some(sample)));
    }

    #[test]
    fn the_age_of_a_dead_writer_saturates() {
        let mailbox = Mailbox::<SAMPLE_WORDS>::new();
        let mut reader = Reader::<Sample>::new(u32::MAX / 2);
        mailbox.write(&Sample { speed_rpm: 0.0, count: 0, ready: false });
        reader.poll(&mailbox);
        for _ in 0..5 {
            reader.poll(&mailbox);
        }
        assert_eq!(reader.age_us(), u32::MAX);
    }

    #[test]
    fn a_reader_that_interrupts_the_writer_keeps_what_it_has() {
        let mailbox = Mailbox::<SAMPLE_WORDS>::new();
        mailbox.write(&Sample { speed_rpm: 1.0, count: 1, ready: true });
        let mut reader = Reader::<Sample>::new(50);
        reader.poll(&mailbox);
        mailbox.sequence.fetch_add(1, Ordering::Relaxed); // a write has begun
        mailbox.words[0].store(99, Ordering::Relaxed);
        assert!(!reader.poll(&mailbox));
        assert_eq!(reader.latest().unwrap().count, 1);
    }

    #[test]
    fn a_writer_that_was_stopped_half_way_does_not_stop_the_next_one() {
        let mailbox = Mailbox::<SAMPLE_WORDS>::new();
        mailbox.write(&Sample { speed_rpm: 1.0, count: 1, ready: true });
        mailbox.sequence.fetch_add(1, Ordering::Relaxed); // begun, never ended
        let mut reader = Reader::<Sample>::new(50);
        for count in 2..100 {
            mailbox.write(&Sample { speed_rpm: 1.0, count, ready: true });
            assert!(reader.poll(&mailbox));
            assert_eq!(reader.latest().unwrap().count, count);
        }
        mailbox.sequence.store(u32::MAX, Ordering::Relaxed); // and at the wrap
        mailbox.write(&Sample { speed_rpm: 1.0, count: 100, ready: true });
        assert!(reader.poll(&mailbox));
    }

    #[test]
    fn missed_periods_count_for_the_age() {
        let mailbox = Mailbox::<SAMPLE_WORDS>::new();
        let mut reader = Reader::<Sample>::new(50);
        mailbox.write(&Sample { speed_rpm: 1.0, count: 1, ready: true });
        reader.poll(&mailbox);
        reader.poll_after(&mailbox, 500);
        assert_eq!(reader.age_us(), 500);
    }

    #[test]
    fn two_threads_never_tear_a_value() {
        let mailbox = Mailbox::<SAMPLE_WORDS>::new();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for count in 0..200_000_u32 {
                    mailbox.write(&Sample { speed_rpm: count as f32, count, ready: count % 2 == 1 });
                }
            });
            let mut seen = 0;
            while seen < 199_999 {
                if let Some((_, sample)) = mailbox.read::<Sample>() {
                    assert_eq!(sample.speed_rpm, sample.count as f32);
                    assert_eq!(sample.ready, sample.count % 2 == 1);
                    assert!(sample.count >= seen);
                    seen = sample.count;
                }
            }
        });
    }
}
