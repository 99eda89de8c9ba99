// SPDX-License-Identifier: Apache-2.0
//! How busy the bus was in the last second.
//!
//! # Model
//! Busy time in cells of 10 ms; 99 whole cells and the one that has begun are the last second. What is being sent counts
//! when it ends.

/// Cells of one second.
const CELLS: u64 = 100;
const CELL_NS: u64 = 10_000_000;

/// Busy time by cell.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    busy_ns: [u32; CELLS as usize],
    /// Number of the newest cell, counted from the start of the bus.
    newest: u64,
}

impl Load {
    pub(crate) const fn new() -> Self {
        Self { busy_ns: [0; CELLS as usize], newest: 0 }
    }

    /// The bus was busy; in the order of time.
    pub(crate) fn record(&mut self, mut start_ns: u64, end_ns: u64) {
        while start_ns < end_ns {
            let cell = start_ns / CELL_NS;
            let until_ns = end_ns.min((cell + 1) * CELL_NS);
            for skipped in (self.newest + 1).max(cell.saturating_sub(CELLS - 1))..=cell {
                self.busy_ns[(skipped % CELLS) as usize] = 0;
            }
            self.newest = self.newest.max(cell);
            self.busy_ns[(cell % CELLS) as usize] += (until_ns - start_ns) as u32;
            start_ns = until_ns;
        }
    }

    /// Share of the last second, or of the time since the start, 0 to 1.
    pub(crate) fn share(&self, now_ns: u64) -> f64 {
        let cell = now_ns / CELL_NS;
        let first = cell.saturating_sub(CELLS - 1);
        let kept = first.max((self.newest + 1).saturating_sub(CELLS))..=cell.min(self.newest);
        let busy_ns: u64 = kept.map(|cell| u64::from(self.busy_ns[(cell % CELLS) as usize])).sum();
        let span_ns = now_ns - first * CELL_NS;
        if span_ns == 0 { 0.0 } else { (busy_ns as f64 / span_ns as f64).min(1.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_second_counts() {
        let mut load = Load::new();
        assert_eq!(load.share(0), 0.0);
        load.record(0, 5_000_000);
        assert_eq!(load.share(10_000_000), 0.5);
        load.record(995_000_000, 1_015_000_000);
        // From 20 ms on to 1015 ms.
        assert_eq!(load.share(1_015_000_000), 20.0 / 995.0);
        load.record(5_000_000_000, 5_000_001_000);
        assert_eq!(load.share(5_000_001_000), 1e3 / 990_001_000.0);
        assert_eq!(load.share(9_000_000_000), 0.0);
    }
}
