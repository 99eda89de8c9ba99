// SPDX-License-Identifier: Apache-2.0
//! Every statement of this project about 24 hours: what is counted in each hour, and what must hold there.
//!
//! # Adding one
//! A field of [`Seen`], which the watch of an hour fills ([`super::watch`]), and a row of [`STATEMENTS`]. Table, page, results
//! and verdicts follow from the row; hours whose results lack it are run again.

/// A number and when it came about.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figure {
    /// The number.
    pub value: f64,
    /// When: the first of a count, the instant of an extreme [s].
    pub at_s: Option<f64>,
}

impl Figure {
    /// One more.
    pub(super) fn count(&mut self, time_s: f64) {
        self.value += 1.0;
        self.at_s.get_or_insert(time_s);
    }

    /// The larger of what was and this; what is no number is the largest of all.
    pub(super) fn most(&mut self, value: f64, time_s: f64) {
        if value > self.value || !value.is_finite() && self.value.is_finite() {
            *self = Self { value: if value.is_nan() { f64::INFINITY } else { value }, at_s: Some(time_s) };
        }
    }

    /// A number without an instant.
    #[must_use]
    pub(super) const fn of(value: f64) -> Self {
        Self { value, at_s: None }
    }
}

/// What the watch of an hour has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Seen {
    /// Gates that opened although neither lift-off nor drill nor hand-back asked for it.
    pub false_takeovers: Figure,
    /// Longest time in which both drove [s].
    pub both_s: Figure,
    /// Longest time in which nobody drove a rotor that is to be held [s].
    pub nobody_s: Figure,
    /// Contacts after lift-off.
    pub touchdowns: Figure,
    /// Largest radius after lift-off [m].
    pub radius_m: Figure,
    /// Largest net backward excursion of the pumped volume [mL].
    pub reverse_ml: Figure,
    /// Drills after which the other unit drove, and after the hand-back both were in their roles again.
    pub drills: Figure,
    /// Longest time from the last PWM update of one unit to the first edge of the other, in drill and hand-back [s].
    pub total_s: Figure,
    /// Largest difference of the flow from the twin without drill and hand-back, as a share of it.
    pub flow_disturbance: Figure,
    /// Outages of the link.
    pub outages: Figure,
    /// Minutes without an outage that raised the alarm.
    pub outages_missed: Figure,
    /// Bursts of interference in the analog signals.
    pub bursts: Figure,
    /// Bursts of errors on the bus.
    pub error_bursts: Figure,
    /// Babbling units.
    pub babbles: Figure,
    /// Time with a full bus [s].
    pub full_load_s: Figure,
    /// Load of the bus in the busiest second, 0 to 1.
    pub bus_load: Figure,
    /// Force steps and shocks.
    pub loads: Figure,
    /// Frames of the pair that were sent.
    pub frames: Figure,
    /// Frames that the receiving driver lost, those of other nodes among them.
    pub frames_lost: Figure,
    /// Share of the frames that arrived and were lost.
    pub loss: Figure,
    /// Commands of the operator that were refused.
    pub refusals: Figure,
    /// Samples that a levitation task missed.
    pub missed_samples: Figure,
    /// Bubbles that a unit told of; there are none.
    pub bubbles: Figure,
    /// Periods of the circulation tasks in which a unit could have seen one.
    pub bubble_periods: Figure,
    /// Alarms that a unit began to show while nothing had happened for a while.
    pub quiet_alarms: Figure,
    /// Time in which nothing had happened for a while [s].
    pub quiet_s: Figure,
    /// Steps after which a quantity of the world was no number.
    pub not_finite: Figure,
    /// Simulated time [s].
    pub simulated_s: Figure,
}

/// How a figure of many hours comes from those of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// All together.
    Sum,
    /// The largest.
    Most,
    /// The smallest.
    Least,
}

/// What must hold in every hour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// It is told, not judged.
    None,
    /// No more than this.
    Most(f64),
    /// Less than this.
    Below(f64),
    /// No less than this.
    Least(f64),
}

impl Bound {
    /// Whether it holds; never for what is no number.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        match *self {
            Self::None => true,
            Self::Most(most) => value <= most,
            Self::Below(limit) => value < limit,
            Self::Least(least) => value >= least,
        }
    }

    /// For people; empty without a bound.
    #[must_use]
    pub fn text(&self) -> String {
        match *self {
            Self::None => String::new(),
            Self::Most(0.0) => "none".to_owned(),
            Self::Most(most) => format!("<= {most}"),
            Self::Below(limit) => format!("< {limit}"),
            Self::Least(least) => format!(">= {least}"),
        }
    }
}

/// A statement about every hour.
#[derive(Clone, Copy, Debug)]
pub struct Statement {
    /// Key in the results.
    pub key: &'static str,
    /// For people.
    pub text: &'static str,
    /// Unit; empty for counts.
    pub unit: &'static str,
    /// Decimals that a person wants to see.
    pub decimals: i32,
    /// Of many hours.
    pub over: Over,
    /// In each hour.
    pub bound: Bound,
    /// From what was seen, in the unit.
    pub of: fn(&Seen) -> Figure,
}

const fn counted(key: &'static str, bound: Bound, of: fn(&Seen) -> Figure, text: &'static str) -> Statement {
    Statement { key, text, unit: "", decimals: 0, over: Over::Sum, bound, of }
}

const fn extreme(
    key: &'static str,
    (unit, decimals): (&'static str, i32),
    over: Over,
    bound: Bound,
    of: fn(&Seen) -> Figure,
    text: &'static str,
) -> Statement {
    Statement { key, text, unit, decimals, over, bound, of }
}

fn scaled(figure: Figure, scale: f64) -> Figure {
    Figure { value: figure.value * scale, ..figure }
}

/// Half of the clearance of 0.5 mm: where zone C of ISO 14839-2 ends [um].
const RADIUS_UM_MAX: f64 = 250.0;

/// Every statement, in the order of the table.
#[rustfmt::skip]
pub const STATEMENTS: [Statement; 28] = [
    counted("false_takeovers", Bound::Most(0.0), |s| s.false_takeovers, "false takeovers: gates that opened without lift-off, drill or hand-back"),
    counted("drills", Bound::Least(1.0), |s| s.drills, "drills passed: the other unit drove, then handed back, both in their roles again"),
    extreme("flow_disturbance_pct", ("%", 3), Over::Most, Bound::Below(0.5), |s| scaled(s.flow_disturbance, 100.0), "flow disturbance by drill and hand-back, against a twin without them"),
    extreme("total_us", ("us", 0), Over::Most, Bound::Most(500.0), |s| scaled(s.total_s, 1e6), "drill and hand-back: last PWM update of the one to first edge of the other"),
    extreme("nobody_us", ("us", 0), Over::Most, Bound::Most(500.0), |s| scaled(s.nobody_s, 1e6), "nobody drives"),
    extreme("both_ms", ("ms", 3), Over::Most, Bound::Most(10.0), |s| scaled(s.both_s, 1e3), "both drive"),
    counted("touchdowns", Bound::Most(0.0), |s| s.touchdowns, "touchdowns"),
    extreme("radius_um", ("um", 1), Over::Most, Bound::Most(RADIUS_UM_MAX), |s| scaled(s.radius_m, 1e6), "radius of the rotor, from lift-off on"),
    extreme("reverse_ml", ("mL", 3), Over::Most, Bound::Most(0.0), |s| s.reverse_ml, "net retrograde flow"),
    counted("missed_samples", Bound::Most(0.0), |s| s.missed_samples, "samples missed by a levitation task"),
    counted("bubbles", Bound::Most(0.0), |s| s.bubbles, "bubbles told by either unit, without any in the blood"),
    counted("bubble_periods", Bound::Least(1.0), |s| s.bubble_periods, "periods of 10 ms in which a unit looked for bubbles in flowing blood"),
    counted("quiet_alarms", Bound::Most(0.0), |s| s.quiet_alarms, "alarms shown by either unit while undisturbed: nothing but lost frames for 15 s"),
    extreme("quiet_s", ("s", 0), Over::Sum, Bound::None, |s| s.quiet_s, "time undisturbed"),
    counted("refusals", Bound::Most(0.0), |s| s.refusals, "commands refused"),
    counted("not_finite", Bound::Most(0.0), |s| s.not_finite, "steps that left the numbers"),
    counted("outages", Bound::None, |s| s.outages, "link outages of 5 ms"),
    counted("outages_missed", Bound::Most(0.0), |s| s.outages_missed, "minutes without an outage that raised `link_lost`"),
    counted("frames", Bound::None, |s| s.frames, "frames sent by the pair"),
    counted("frames_lost", Bound::None, |s| s.frames_lost, "frames lost by the drivers, those of a full bus and of babble among them"),
    extreme("frame_loss_pct", ("%", 3), Over::Least, Bound::Least(0.9), |s| scaled(s.loss, 100.0), "share of the frames that was lost"),
    extreme("full_load_s", ("s", 0), Over::Sum, Bound::None, |s| s.full_load_s, "time with a full bus"),
    extreme("bus_load_pct", ("%", 1), Over::Least, Bound::Least(95.0), |s| scaled(s.bus_load, 100.0), "bus load in the busiest second of an hour"),
    counted("bursts", Bound::None, |s| s.bursts, "bursts of interference in the analog signals of one unit or both"),
    counted("error_bursts", Bound::None, |s| s.error_bursts, "bursts of errors on the bus"),
    counted("babbles", Bound::None, |s| s.babbles, "stretches in which a unit babbles with the highest priority"),
    counted("loads", Bound::None, |s| s.loads, "force steps and shocks"),
    extreme("simulated_s", ("s", 0), Over::Sum, Bound::None, |s| s.simulated_s, "simulated time"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_unique_and_every_bound_can_hold_and_fail() {
        for (index, statement) in STATEMENTS.iter().enumerate() {
            assert!(STATEMENTS[..index].iter().all(|other| other.key != statement.key));
            let (good, bad) = match statement.bound {
                Bound::None => continue,
                Bound::Most(most) => (most, most + 1e-6),
                Bound::Below(limit) => (limit - 1e-6, limit),
                Bound::Least(least) => (least, least - 1e-6),
            };
            assert!(statement.bound.holds(good) && !statement.bound.holds(bad), "{}", statement.key);
            assert!(!statement.bound.holds(f64::NAN), "{}", statement.key);
        }
    }

    #[test]
    fn an_hour_in_which_nothing_was_seen_does_not_pass() {
        let failing = |seen: &Seen| -> Vec<&str> {
            let fails = |statement: &&Statement| !statement.bound.holds((statement.of)(seen).value);
            STATEMENTS.iter().filter(fails).map(|statement| statement.key).collect()
        };
        assert_eq!(failing(&Seen::default()), ["drills", "bubble_periods", "frame_loss_pct", "bus_load_pct"]);
    }

    #[test]
    fn a_figure_keeps_the_first_of_a_count_and_the_instant_of_the_largest() {
        let mut figure = Figure::default();
        figure.count(2.0);
        figure.count(3.0);
        assert_eq!(figure, Figure { value: 2.0, at_s: Some(2.0) });
        let mut figure = Figure::default();
        for (value, time_s) in [(1.0, 1.0), (3.0, 2.0), (2.0, 3.0), (f64::NAN, 4.0), (5.0, 5.0)] {
            figure.most(value, time_s);
        }
        assert_eq!(figure, Figure { value: f64::INFINITY, at_s: Some(4.0) });
    }
}
