// SPDX-License-Identifier: Apache-2.0
//! A pump known by measured points: speed, flow, head.
//!
//! # Model
//! Affinity laws: with n in krpm, H / n^2 is a function of Q / n that changes little with speed. The points of each
//! tabulated speed become a curve of h = H / n^2 over f = Q / n, linear between points; between two tabulated speeds
//! the two curves are blended linearly in n; below the lowest and above the highest speed the nearest curve holds.
//! Beyond the last point the parabola with the last segment's slope at its end goes on; left of the first point
//! the first segment's line goes on to zero flow, and for backflow head rises by that parabola's c f^2.
//! # Limits and failure
//! A table is refused, naming the point, when it cannot be a pump curve: see [`CurveProblem`].
//! # Shown by
//! Unit tests: the HeartMate 3 table returns its own points, and the affinity law elsewhere.

use core::fmt;

use heapless::Vec;

/// Most points a table may have.
pub const POINT_COUNT_MAX: usize = 256;
/// Most speeds a table may have.
pub const SPEED_COUNT_MAX: usize = 16;
/// Fewest points per speed.
const POINTS_PER_SPEED_MIN: usize = 3;
/// How far a head may be above the first of its speed, as a fraction.
const RISE_MAX: f64 = 0.1;
/// Bound of the sizes of speed [rpm], flow [L/min] and head [mmHg]: keeps all arithmetic finite.
const SIZE_MAX: f64 = 1.0e6;

/// One measured point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// Speed [rpm].
    pub speed_rpm: f64,
    /// Flow [L/min].
    pub flow_lpm: f64,
    /// Head [mmHg].
    pub head_mmhg: f64,
}

/// Why points are not a pump curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CurveProblem {
    /// No points at all.
    Empty,
    /// Fewer than three points at this point's speed.
    TooFewPoints,
    /// More than [`POINT_COUNT_MAX`] points; this is the first too many.
    TooManyPoints,
    /// More than [`SPEED_COUNT_MAX`] speeds; this is the first point of the first too many.
    TooManySpeeds,
    /// NaN, infinite or absurdly large.
    NotFinite,
    /// Speed zero or negative.
    SpeedNotPositive,
    /// Flow not above the point before it at the same speed.
    FlowNotAscending,
    /// Head more than 10 % above that of the speed's first point. Up to there a curve may rise from shut-off, as
    /// those of open impellers do.
    HeadRises,
    /// The last head of a speed is not below its first one, or not below the point before.
    EndNotFalling,
    /// Head not above the next lower speed's at the same flow.
    NotMonotonicInSpeed,
}

/// A refused table: which point, and why.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurveError {
    /// Index into the points, from 0.
    pub index: usize,
    /// The point; `None` for an empty table.
    pub point: Option<CurvePoint>,
    /// What is wrong with it.
    pub problem: CurveProblem,
}

impl fmt::Display for CurveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(point) = self.point {
            let number = self.index + 1;
            write!(
                f,
                "point {number} ({} rpm, {} L/min, {} mmHg): ",
                point.speed_rpm, point.flow_lpm, point.head_mmhg
            )?;
        }
        match self.problem {
            CurveProblem::Empty => f.write_str("the table is empty"),
            CurveProblem::TooFewPoints => write!(f, "a speed needs at least {POINTS_PER_SPEED_MIN} points"),
            CurveProblem::TooManyPoints => write!(f, "a table has at most {POINT_COUNT_MAX} points"),
            CurveProblem::TooManySpeeds => write!(f, "a table has at most {SPEED_COUNT_MAX} speeds"),
            CurveProblem::NotFinite => write!(f, "not a finite number of size up to {SIZE_MAX}"),
            CurveProblem::SpeedNotPositive => f.write_str("speed must be above 0 rpm"),
            CurveProblem::FlowNotAscending => {
                f.write_str("flow must be above the point before at the same speed")
            }
            CurveProblem::HeadRises => {
                f.write_str("head must not be more than 10 % above the first point of the same speed")
            }
            CurveProblem::EndNotFalling => {
                f.write_str("the last head of a speed must be below its first one and below the point before")
            }
            CurveProblem::NotMonotonicInSpeed => f.write_str(
                "not monotonic in speed: head must be above the next lower speed's at the same flow",
            ),
        }
    }
}

impl core::error::Error for CurveError {}

/// The points of one speed; `first..end` in the table's lists.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Curve {
    speed_krpm: f64,
    first: usize,
    end: usize,
    /// c of the parabola beyond the last point and for backflow [mmHg/(L/min)2].
    loss_mmhg_per_lpm2: f64,
}

/// A measured pump.
#[derive(Clone, Debug, PartialEq)]
pub struct PumpTable {
    /// Q/n and H/n^2, speed by speed.
    points: Vec<(f64, f64), POINT_COUNT_MAX>,
    curves: Vec<Curve, SPEED_COUNT_MAX>,
}

fn refuse<T>(points: &[CurvePoint], index: usize, problem: CurveProblem) -> Result<T, CurveError> {
    Err(CurveError { index, point: points.get(index).copied(), problem })
}

impl PumpTable {
    /// Checks the points and makes the curves. Speeds may come in any order; the points of one speed come with
    /// ascending flow.
    ///
    /// # Errors
    /// The first point that cannot belong to a pump curve.
    pub fn new(points: &[CurvePoint]) -> Result<Self, CurveError> {
        check_numbers(points)?;
        let mut table = Self { points: Vec::new(), curves: Vec::new() };
        let mut below = 0.0;
        while let Some(speed_rpm) = next_speed(points, below) {
            table.add_curve(points, speed_rpm)?;
            below = speed_rpm;
        }
        table.check_order_in_speed(points)?;
        Ok(table)
    }

    /// Lowest and highest tabulated speed [rpm].
    #[must_use]
    pub fn speed_range_rpm(&self) -> [f64; 2] {
        let rpm = |curve: Option<&Curve>| curve.map_or(0.0, |curve| curve.speed_krpm * 1e3);
        [rpm(self.curves.first()), rpm(self.curves.last())]
    }

    /// Head [mmHg] at a speed [rpm] and a flow [L/min]; the pump's sense of rotation does not matter.
    #[must_use]
    pub fn head_mmhg(&self, speed_rpm: f64, flow_lpm: f64) -> f64 {
        let n = (speed_rpm * 1e-3).abs();
        let above = self.curves.iter().position(|curve| curve.speed_krpm >= n);
        let upper = above.unwrap_or(self.curves.len().saturating_sub(1));
        let Some(high) = self.curves.get(upper) else { return 0.0 };
        let high_head = self.curve_head(high, n, flow_lpm);
        if above.is_none() || upper == 0 {
            return high_head;
        }
        let low = &self.curves[upper - 1];
        let weight = (n - low.speed_krpm) / (high.speed_krpm - low.speed_krpm);
        if weight >= 1.0 {
            return high_head;
        }
        high_head * weight + self.curve_head(low, n, flow_lpm) * (1.0 - weight)
    }

    /// Head of one speed's curve moved to speed `n` by the affinity law.
    fn curve_head(&self, curve: &Curve, n: f64, flow: f64) -> f64 {
        let points = &self.points[curve.first..curve.end];
        let (first, last) = (points[0], points[points.len() - 1]);
        if flow >= last.0 * n {
            let beyond = flow - last.0 * n;
            let slope = slope(points[points.len() - 2], last);
            return last.1 * n * n + slope * n * beyond - curve.loss_mmhg_per_lpm2 * beyond * beyond;
        }
        if flow <= first.0 * n {
            let start_slope = slope(first, points[1]);
            let forward = flow.max(0.0);
            let line = first.1 * n * n + start_slope * n * (forward - first.0.max(0.0) * n);
            let back = (flow - first.0.min(0.0) * n).min(0.0);
            return line + curve.loss_mmhg_per_lpm2 * back * back;
        }
        let f = flow / n;
        let next = points.partition_point(|point| point.0 <= f).clamp(1, points.len() - 1);
        let (a, b) = (points[next - 1], points[next]);
        let weight = (f - a.0) / (b.0 - a.0);
        n * n * (a.1 * (1.0 - weight) + b.1 * weight)
    }

    fn add_curve(&mut self, points: &[CurvePoint], speed_rpm: f64) -> Result<(), CurveError> {
        let n = speed_rpm * 1e-3;
        let first = self.points.len();
        let mut previous: Option<CurvePoint> = None;
        let mut head_start = 0.0_f64;
        let mut last_index = 0;
        let mut end_falls = true;
        for (index, point) in points.iter().enumerate().filter(|(_, point)| point.speed_rpm == speed_rpm) {
            if let Some(before) = previous {
                if point.flow_lpm <= before.flow_lpm {
                    return refuse(points, index, CurveProblem::FlowNotAscending);
                }
                if point.head_mmhg > head_start + RISE_MAX * head_start.abs() {
                    return refuse(points, index, CurveProblem::HeadRises);
                }
                end_falls = point.head_mmhg < before.head_mmhg && point.head_mmhg < head_start;
            } else {
                head_start = point.head_mmhg;
            }
            previous = Some(*point);
            last_index = index;
            let _ = self.points.push((point.flow_lpm / n, point.head_mmhg / (n * n)));
        }
        let end = self.points.len();
        if end - first < POINTS_PER_SPEED_MIN {
            return refuse(points, last_index, CurveProblem::TooFewPoints);
        }
        if !end_falls {
            return refuse(points, last_index, CurveProblem::EndNotFalling);
        }
        let (a, b) = (self.points[end - 2], self.points[end - 1]);
        // A parabola h0 - c f^2 with the last segment's slope in its middle.
        let loss = -slope(a, b) / (a.0 + b.0).max(0.1 * (b.0 - a.0));
        let curve = Curve { speed_krpm: n, first, end, loss_mmhg_per_lpm2: loss };
        if self.curves.push(curve).is_err() {
            let index = points.iter().position(|point| point.speed_rpm == speed_rpm).unwrap_or(0);
            return refuse(points, index, CurveProblem::TooManySpeeds);
        }
        Ok(())
    }

    /// At every measured point the next lower speed's curve, where it was measured at that flow, must be lower. The
    /// refusal names the higher speed's point: the one that fails, else, where the curve fails between two, the
    /// nearer one.
    fn check_order_in_speed(&self, points: &[CurvePoint]) -> Result<(), CurveError> {
        for pair in self.curves.windows(2) {
            let (low, high) = (&pair[0], &pair[1]);
            let of = |curve: &Curve| {
                let n = curve.speed_krpm;
                points.iter().enumerate().filter(move |(_, point)| point.speed_rpm * 1e-3 == n)
            };
            let beaten = |point: &CurvePoint| {
                self.measured_head(low, point.flow_lpm).is_some_and(|head| head >= point.head_mmhg)
            };
            if let Some((index, _)) = of(high).find(|(_, point)| beaten(point)) {
                return refuse(points, index, CurveProblem::NotMonotonicInSpeed);
            }
            let beats = |point: &CurvePoint| {
                self.measured_head(high, point.flow_lpm).is_some_and(|head| head <= point.head_mmhg)
            };
            if let Some((_, above)) = of(low).find(|(_, point)| beats(point)) {
                let distance = |point: &CurvePoint| (point.flow_lpm - above.flow_lpm).abs();
                let nearest = of(high).min_by(|(_, a), (_, b)| distance(a).total_cmp(&distance(b)));
                let index = nearest.map_or(0, |(index, _)| index);
                return refuse(points, index, CurveProblem::NotMonotonicInSpeed);
            }
        }
        Ok(())
    }

    /// Head at the curve's own speed, when the flow lies between its points.
    fn measured_head(&self, curve: &Curve, flow: f64) -> Option<f64> {
        let f = flow / curve.speed_krpm;
        let inside = f >= self.points[curve.first].0 && f <= self.points[curve.end - 1].0;
        inside.then(|| self.curve_head(curve, curve.speed_krpm, flow))
    }
}

fn slope(a: (f64, f64), b: (f64, f64)) -> f64 {
    (b.1 - a.1) / (b.0 - a.0)
}

fn check_numbers(points: &[CurvePoint]) -> Result<(), CurveError> {
    if points.is_empty() {
        return refuse(points, 0, CurveProblem::Empty);
    }
    for (index, point) in points.iter().enumerate() {
        let sound = |value: f64| value.abs() <= SIZE_MAX;
        if index >= POINT_COUNT_MAX {
            return refuse(points, index, CurveProblem::TooManyPoints);
        }
        if !(sound(point.speed_rpm) && sound(point.flow_lpm) && sound(point.head_mmhg)) {
            return refuse(points, index, CurveProblem::NotFinite);
        }
        if point.speed_rpm <= 0.0 {
            return refuse(points, index, CurveProblem::SpeedNotPositive);
        }
    }
    Ok(())
}

/// The lowest tabulated speed above `below`.
fn next_speed(points: &[CurvePoint], below: f64) -> Option<f64> {
    points.iter().map(|point| point.speed_rpm).filter(|&speed| speed > below).min_by(f64::total_cmp)
}
