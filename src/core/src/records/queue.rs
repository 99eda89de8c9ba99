// SPDX-License-Identifier: Apache-2.0
//! From the task that sees events to the thread that writes them: one writer, one reader, nobody waits. What finds no room is counted.
//!
//! # Model
//! A ring of atomics. The writer alone moves `written`, the reader alone `read`, each after it is done with the place. The count of lost
//! events is the writer's; the reader learns of it with the next event, and it is a record of its own then.

use core::sync::atomic::{AtomicU32, Ordering};

use super::event::{EVENT_BYTES, Event, Source};
use super::words;

/// Events that wait at most.
pub const QUEUE_MAX: u32 = 64;
const WORDS: usize = EVENT_BYTES / 4;

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

    /// Puts an event in; called by one task alone.
    pub fn put(&self, event: &Event) {
        let written = self.written.load(Ordering::Relaxed);
        let is_full = written.wrapping_sub(self.read.load(Ordering::Acquire)) >= QUEUE_MAX;
        let Some(place) = self.place(written).filter(|_| !is_full) else {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        };
        for (cell, word) in place.iter().zip(words::<WORDS>(&event.encode())) {
            cell.store(word, Ordering::Relaxed);
        }
        self.written.store(written.wrapping_add(1), Ordering::Release);
    }

    /// The oldest event, which stays until [`Self::drop_first`]; called by one thread alone.
    pub fn first(&self) -> Option<Event> {
        let read = self.read.load(Ordering::Relaxed);
        if read == self.written.load(Ordering::Acquire) {
            return None;
        }
        let mut bytes = [0; EVENT_BYTES];
        let said = self.place(read)?.iter().flat_map(|cell| cell.load(Ordering::Relaxed).to_le_bytes());
        bytes.iter_mut().zip(said).for_each(|(place, byte)| *place = byte);
        Event::decode(&bytes)
    }

    /// The oldest event is written, or cannot be.
    pub fn drop_first(&self) {
        let read = self.read.load(Ordering::Relaxed);
        if read != self.written.load(Ordering::Acquire) {
            self.read.store(read.wrapping_add(1), Ordering::Release);
        }
    }

    /// Events that were lost and of which nobody was told yet; called by the reader.
    pub fn untold(&self) -> u32 {
        self.lost.load(Ordering::Relaxed).wrapping_sub(self.told.load(Ordering::Relaxed))
    }

    /// So many were told.
    pub fn tell(&self, lost: u32) {
        self.told.fetch_add(lost, Ordering::Relaxed);
    }

    /// What is to be written next: that events were lost, or the oldest event.
    pub fn next(&self, unit: crate::unit::Role) -> Option<Event> {
        match self.untold() {
            // What waits is older than what found no room.
            lost if lost != 0 && self.first().is_none() => {
                Some(Event { source: Source::Log, code: super::watch::LOST, unit, value: 0.0, cause: lost })
            }
            _ => self.first(),
        }
    }

    /// That event is written.
    pub fn written(&self, event: &Event) {
        if event.source == Source::Log && event.code == super::watch::LOST {
            self.tell(event.cause);
        } else {
            self.drop_first();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::Role;

    fn event(cause: u32) -> Event {
        Event { source: Source::Command, code: 1, unit: Role::Host, value: 0.5, cause }
    }

    #[test]
    fn events_come_out_in_their_order_also_where_the_counters_wrap() {
        let queue = EventQueue::new();
        for counter in [&queue.written, &queue.read] {
            counter.store(u32::MAX - 2, Ordering::Relaxed);
        }
        for round in 0..100 {
            (0..5).for_each(|index| queue.put(&event(round * 5 + index)));
            for index in 0..5 {
                let next = queue.next(Role::Host).unwrap();
                assert_eq!(next, event(round * 5 + index));
                queue.written(&next);
            }
            assert_eq!(queue.next(Role::Host), None);
        }
    }

    #[test]
    fn what_finds_no_room_is_told_after_what_was_before_it() {
        let queue = EventQueue::new();
        (0..QUEUE_MAX + 3).for_each(|cause| queue.put(&event(cause)));
        for cause in 0..QUEUE_MAX {
            let next = queue.next(Role::Host).unwrap();
            assert_eq!(next, event(cause));
            queue.written(&next);
        }
        let lost = queue.next(Role::Host).unwrap();
        assert_eq!((lost.source, lost.code, lost.cause), (Source::Log, super::super::watch::LOST, 3));
        queue.written(&lost);
        assert_eq!(queue.next(Role::Host), None);
    }
}
