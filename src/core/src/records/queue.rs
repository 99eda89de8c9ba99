// SPDX-License-Identifier: Apache-2.0
//! From the task that sees events to the thread that writes them: one writer, one reader, nobody waits. What finds no room is counted.
//!
//! # Model
//! A ring of atomics. The writer alone moves `written`, the reader alone `read`, each after it is done with the place. The count of lost
//! events is the writer's; the reader learns of it with the next event, and it is a record of its own then.

use core::sync::atomic::{AtomicU32, Ordering};

use super::event::{EVENT_BYTES, Event, Source};
use super::watch::LOST;
use super::words;
use crate::unit::Role;

/// Events that wait at most.
pub const QUEUE_MAX: u32 = 64;
/// An event, and when it was seen.
const WORDS: usize = EVENT_BYTES / 4 + 1;

/// See the [module](self).
#[derive(Debug)]
pub struct EventQueue {
    places: [[AtomicU32; WORDS]; QUEUE_MAX as usize],
    written: AtomicU32,
    read: AtomicU32,
    lost: AtomicU32,
    told: AtomicU32,
}

impl Default for EventQueue {
    fn default() -> Self {
        Self::new()
    }
}

impl EventQueue {
    /// An empty queue.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            places: [const { [const { AtomicU32::new(0) }; WORDS] }; QUEUE_MAX as usize],
            written: AtomicU32::new(0),
            read: AtomicU32::new(0),
            lost: AtomicU32::new(0),
            told: AtomicU32::new(0),
        }
    }

    fn place(&self, count: u32) -> Option<&[AtomicU32; WORDS]> {
        self.places.get((count % QUEUE_MAX) as usize)
    }

    /// Puts an event in that is seen now; called by one task alone.
    pub fn put(&self, event: &Event, time_ms: u32) {
        let written = self.written.load(Ordering::Relaxed);
        let is_full = written.wrapping_sub(self.read.load(Ordering::Acquire)) >= QUEUE_MAX;
        let Some(place) = self.place(written).filter(|_| !is_full) else {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let said = words::<{ WORDS - 1 }>(&event.encode()).into_iter().chain([time_ms]);
        for (cell, word) in place.iter().zip(said) {
            cell.store(word, Ordering::Relaxed);
        }
        self.written.store(written.wrapping_add(1), Ordering::Release);
    }

    /// The oldest event and when it was seen; it stays until [`Self::drop_first`]. Called by one thread alone.
    fn first(&self) -> Option<(Event, u32)> {
        let read = self.read.load(Ordering::Relaxed);
        if read == self.written.load(Ordering::Acquire) {
            return None;
        }
        let mut bytes = [0; EVENT_BYTES];
        let [.., time_ms] = self.place(read)?;
        let said = self.place(read)?.iter().flat_map(|cell| cell.load(Ordering::Relaxed).to_le_bytes());
        bytes.iter_mut().zip(said).for_each(|(place, byte)| *place = byte);
        Event::decode(&bytes).map(|event| (event, time_ms.load(Ordering::Relaxed)))
    }

    /// The oldest event is written.
    fn drop_first(&self) {
        let read = self.read.load(Ordering::Relaxed);
        if read != self.written.load(Ordering::Acquire) {
            self.read.store(read.wrapping_add(1), Ordering::Release);
        }
    }

    /// What is to be written next, and when it was seen: the oldest event, or that events were lost. It waits until [`Self::written`].
    pub fn next(&self, unit: Role, now_ms: u32) -> Option<(Event, u32)> {
        let lost = self.lost.load(Ordering::Relaxed).wrapping_sub(self.told.load(Ordering::Relaxed));
        // What waits is older than what found no room.
        self.first().or_else(|| {
            let event = Event { source: Source::Log, code: LOST, unit, value: 0.0, cause: lost };
            (lost != 0).then_some((event, now_ms))
        })
    }

    /// That event is written.
    pub fn written(&self, event: &Event) {
        if event.source == Source::Log && event.code == LOST {
            self.told.fetch_add(event.cause, Ordering::Relaxed);
        } else {
            self.drop_first();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(cause: u32) -> Event {
        Event { source: Source::Command, code: 1, unit: Role::Host, value: 0.5, cause }
    }

    /// Takes the next one out.
    fn take(queue: &EventQueue) -> Option<(Event, u32)> {
        let next = queue.next(Role::Host, 9)?;
        queue.written(&next.0);
        Some(next)
    }

    #[test]
    fn events_come_out_in_their_order_also_where_the_counters_wrap() {
        let queue = EventQueue::new();
        for counter in [&queue.written, &queue.read] {
            counter.store(u32::MAX - 2, Ordering::Relaxed);
        }
        for round in 0..100 {
            (0..5).for_each(|index| queue.put(&event(round * 5 + index), index));
            for index in 0..5 {
                assert_eq!(take(&queue), Some((event(round * 5 + index), index)));
            }
            assert_eq!(take(&queue), None);
        }
    }

    #[test]
    fn what_finds_no_room_is_told_after_what_was_before_it() {
        let queue = EventQueue::new();
        (0..QUEUE_MAX + 3).for_each(|cause| queue.put(&event(cause), 1));
        for cause in 0..QUEUE_MAX {
            assert_eq!(take(&queue), Some((event(cause), 1)));
        }
        let (lost, time_ms) = take(&queue).unwrap();
        assert_eq!((lost.source, lost.code, lost.cause, time_ms), (Source::Log, LOST, 3, 9));
        assert_eq!(take(&queue), None);
    }
}
