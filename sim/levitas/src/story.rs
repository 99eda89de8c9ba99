// SPDX-License-Identifier: Apache-2.0
//! The course of a scenario as far as measuring needs it: when what happens, and which windows follow from it.

/// Something the scenario does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// The rotor is told to lift off.
    LiftOff,
    /// The rotor is told to land.
    Land,
    /// A mode or set-point changes.
    SetMode,
    /// The plant is disturbed, or something breaks.
    Disturb,
    /// The disturbance or the fault is over.
    DisturbEnd,
}

/// An act and its time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// When [s].
    pub time_s: f64,
    /// What.
    pub act: Act,
}

/// Course of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Story {
    /// Simulated time [s].
    pub duration_s: f64,
    /// Touchdown clearance of the rotor [m].
    pub clearance_m: f64,
    /// Radius of the rotor [m].
    pub radius_m: f64,
    /// All acts in the order of time.
    pub marks: Vec<Mark>,
}

/// Longest measuring window [s].
pub const MEASURING_WINDOW_S: f64 = 1.0;
/// The part of the measuring window that the trace shows at full rate [s].
const MEASURING_DETAIL_S: f64 = 0.1;

/// A span of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Begin [s].
    pub start_s: f64,
    /// End [s].
    pub end_s: f64,
}

impl Span {
    /// True when the time lies in the span.
    #[must_use]
    pub fn contains(&self, time_s: f64) -> bool {
        time_s >= self.start_s && time_s < self.end_s
    }
}

impl Story {
    /// Time of the first act of a kind.
    #[must_use]
    pub fn first(&self, act: Act) -> Option<f64> {
        self.marks.iter().find(|mark| mark.act == act).map(|mark| mark.time_s)
    }

    /// Time of the first act after a time, or the end.
    #[must_use]
    pub fn next_after(&self, time_s: f64) -> f64 {
        self.marks.iter().map(|mark| mark.time_s).find(|time| *time > time_s).unwrap_or(self.duration_s)
    }

    /// The last second before the first disturb or fault event, or before the end.
    #[must_use]
    pub fn measuring_window(&self) -> Span {
        let end_s = self.first(Act::Disturb).unwrap_or(self.duration_s);
        Span { start_s: (end_s - MEASURING_WINDOW_S).max(0.0), end_s }
    }

    /// Spans that are worth every sample: around lift-off, landing and disturbances, and the end of the window.
    #[must_use]
    pub fn detail_spans(&self) -> Vec<Span> {
        let around = |mark: &Mark| {
            let (before_s, after_s) = match mark.act {
                Act::LiftOff | Act::Land => (0.005, 0.095),
                Act::Disturb => (0.010, 0.070),
                Act::DisturbEnd => (0.005, 0.055),
                Act::SetMode => return None,
            };
            Some(Span { start_s: mark.time_s - before_s, end_s: mark.time_s + after_s })
        };
        let mut spans: Vec<Span> = self.marks.iter().filter_map(around).collect();
        let window = self.measuring_window();
        spans.push(Span { start_s: window.end_s - MEASURING_DETAIL_S, end_s: window.end_s });
        spans
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_ends_at_the_first_disturbance() {
        let mark = |time_s, act| Mark { time_s, act };
        let marks = vec![
            mark(0.1, Act::LiftOff),
            mark(0.5, Act::SetMode),
            mark(3.0, Act::Disturb),
            mark(4.0, Act::Disturb),
        ];
        let story = Story { duration_s: 5.0, clearance_m: 0.5e-3, radius_m: 25e-3, marks };
        assert_eq!(story.measuring_window(), Span { start_s: 2.0, end_s: 3.0 });
        assert_eq!((story.next_after(0.1), story.next_after(4.0)), (0.5, 5.0));
        let quiet = Story { marks: Vec::new(), ..story };
        assert_eq!(quiet.measuring_window(), Span { start_s: 4.0, end_s: 5.0 });
    }
}
