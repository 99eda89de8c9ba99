// SPDX-License-Identifier: Apache-2.0
//! What is kept of a run: the rows of `trace.csv`, and an envelope of every channel for the report.
//!
//! # Model
//! The trace has a row every [`trace_period_ticks`] and every step inside the story's detail spans. The envelope
//! has at most [`BUCKETS_MAX`] buckets of equal length with the smallest and the largest value of each channel,
//! so a spike of one step is visible at any zoom.

use std::fmt::Write as _;

use crate::channel::{CHANNEL_COUNT, CHANNELS, Sample};
use crate::story::{Span, Story};

/// Most buckets of the envelope.
pub const BUCKETS_MAX: usize = 1200;
/// Longest run whose trace has a row per millisecond [s].
pub const DENSE_TRACE_S_MAX: f64 = 60.0;

/// A row of the trace.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Time [s].
    pub time_s: f64,
    /// Value of each channel; f32 is finer than the printed decimals.
    pub values: [f32; CHANNEL_COUNT],
}

/// Smallest and largest value of each channel in a span of time.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    /// Begin [s].
    pub time_s: f64,
    /// Smallest values; NaN when the channel had none.
    pub min: [f32; CHANNEL_COUNT],
    /// Largest values.
    pub max: [f32; CHANNEL_COUNT],
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct Recording {
    period_ticks: u64,
    bucket_ticks: u64,
    spans: Vec<Span>,
    rows: Vec<Row>,
    buckets: Vec<Bucket>,
}

/// Steps from one row of the trace to the next outside of the detail spans: 1 kHz, 100 Hz for runs over a minute.
#[must_use]
pub fn trace_period_ticks(duration_s: f64, step_s: f64) -> u64 {
    let period_s = if duration_s <= DENSE_TRACE_S_MAX { 1e-3 } else { 10e-3 };
    (period_s / step_s).round().max(1.0) as u64
}

impl Recording {
    /// A recording of a run of so many ticks.
    #[must_use]
    pub fn new(story: &Story, ticks: u64, step_s: f64) -> Self {
        Self {
            period_ticks: trace_period_ticks(story.duration_s, step_s),
            bucket_ticks: ticks.div_ceil(BUCKETS_MAX as u64).max(1),
            spans: story.detail_spans(),
            rows: Vec::new(),
            buckets: Vec::new(),
        }
    }

    /// Takes the state after tick number `tick`.
    pub fn step(&mut self, tick: u64, sample: &Sample) {
        let values: [f32; CHANNEL_COUNT] =
            std::array::from_fn(|index| (CHANNELS[index].value)(sample) as f32);
        if (tick + 1).is_multiple_of(self.period_ticks)
            || self.spans.iter().any(|span| span.contains(sample.time_s))
        {
            self.rows.push(Row { time_s: sample.time_s, values });
        }
        if tick.is_multiple_of(self.bucket_ticks) || self.buckets.is_empty() {
            self.buckets.push(Bucket { time_s: sample.time_s, min: values, max: values });
        } else if let Some(bucket) = self.buckets.last_mut() {
            for (index, value) in values.into_iter().enumerate() {
                bucket.min[index] = bucket.min[index].min(value);
                bucket.max[index] = bucket.max[index].max(value);
            }
        }
    }

    /// Rows of the trace.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The envelope.
    #[must_use]
    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    /// The trace as CSV.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut csv = String::with_capacity(self.rows.len() * CHANNEL_COUNT * 8);
        csv.push_str("time_s");
        for channel in &CHANNELS {
            csv.push(',');
            csv.push_str(channel.name);
        }
        csv.push('\n');
        for row in &self.rows {
            let _ = write!(csv, "{:.5}", row.time_s);
            for (value, channel) in row.values.iter().zip(&CHANNELS) {
                csv.push(',');
                if value.is_finite() {
                    push_number(&mut csv, *value, channel.decimals);
                }
            }
            csv.push('\n');
        }
        csv
    }
}

/// The number with so many decimals, without trailing zeros and without a negative zero.
pub(crate) fn push_number(text: &mut String, value: f32, decimals: usize) {
    let start = text.len();
    let _ = write!(text, "{value:.decimals$}");
    if decimals > 0 {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    if &text[start..] == "-0" {
        text.replace_range(start.., "0");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story::{Act, Mark};

    #[test]
    fn rows_are_dense_around_events_and_the_envelope_keeps_a_spike() {
        let marks = vec![Mark { time_s: 5.0, act: Act::Disturb }];
        let story = Story { duration_s: 10.0, clearance_m: 0.5e-3, radius_m: 25e-3, marks };
        let (ticks, step_s) = (200_000, 50e-6);
        let mut recording = Recording::new(&story, ticks, step_s);
        for tick in 0..ticks {
            let time_s = (tick + 1) as f64 * step_s;
            let flow_lpm = if tick == 12_345 { 9.0 } else { 1.0 };
            recording.step(tick, &Sample { time_s, flow_lpm, ..Sample::default() });
        }
        // 10 000 rows at 1 kHz; 0.08 s around the disturbance and 0.1 s before it overlap by 10 ms at 20 kHz.
        let dense = (0.17 * 20e3) as usize;
        assert!(recording.rows().len().abs_diff(10_000 - 170 + dense) < 10, "{}", recording.rows().len());
        assert!(recording.buckets().len() <= BUCKETS_MAX);
        let flow = crate::channel::channel_index("flow_lpm").unwrap();
        assert_eq!(recording.buckets().iter().map(|bucket| bucket.max[flow]).fold(0.0, f32::max), 9.0);
        let csv = recording.to_csv();
        assert_eq!(csv.lines().count(), recording.rows().len() + 1);
        assert!(csv.lines().nth(1).unwrap().starts_with("0.00100,0,0,"));
    }

    #[test]
    fn numbers_are_short() {
        let text = |value, decimals| {
            let mut text = String::new();
            push_number(&mut text, value, decimals);
            text
        };
        assert_eq!(text(1.5, 3), "1.5");
        assert_eq!(text(-0.000_01, 3), "0");
        assert_eq!(text(4000.0, 2), "4000");
        assert_eq!(text(100.0, 0), "100");
    }
}
