// SPDX-License-Identifier: Apache-2.0
//! Means, AC parts and rotor-synchronous components of sampled signals.
//!
//! # Model
//! | symbol | meaning | here |
//! |---|---|---|
//! | x_k | samples of a signal | `signal` |
//! | theta_k | rotor angle at the same instants, unwrapped [rad] | `angle_rad` |
//! | a_h | amplitude of the h-th harmonic of the rotation | [`harmonic_amplitude`] |
//!
//! a_h = |2/N sum (x_k - mean) exp(-j h theta_k)|: the order analysis of rotating machinery. The angle itself is
//! the reference, so a speed that wanders does not smear the component. Over whole revolutions the other
//! harmonics vanish up to the fraction of a sample at the ends.
//! # Source
//! ISO 14839-2 names the 1x component; the sum is the discrete Fourier coefficient at the rotor's own frequency.

use std::f64::consts::TAU;

/// Mean; 0 of nothing.
#[must_use]
pub fn mean(signal: &[f64]) -> f64 {
    if signal.is_empty() { 0.0 } else { signal.iter().sum::<f64>() / signal.len() as f64 }
}

/// Root mean square; 0 of nothing.
#[must_use]
pub fn rms(signal: &[f64]) -> f64 {
    if signal.is_empty() {
        return 0.0;
    }
    (signal.iter().map(|value| value * value).sum::<f64>() / signal.len() as f64).sqrt()
}

/// Root mean square of what is left without the mean.
#[must_use]
pub fn ac_rms(signal: &[f64]) -> f64 {
    let mean = mean(signal);
    rms(&signal.iter().map(|value| value - mean).collect::<Vec<_>>())
}

/// Amplitude of the `order`-th harmonic of the rotation.
#[must_use]
pub fn harmonic_amplitude(signal: &[f64], angle_rad: &[f64], order: f64) -> f64 {
    let mean = mean(signal);
    let (mut cosine, mut sine) = (0.0, 0.0);
    for (value, angle) in signal.iter().zip(angle_rad) {
        cosine += (value - mean) * (order * angle).cos();
        sine += (value - mean) * (order * angle).sin();
    }
    2.0 * cosine.hypot(sine) / signal.len().max(1) as f64
}

/// First index of the longest tail that spans whole revolutions, and their number; `None` below one revolution.
#[must_use]
pub fn whole_revolutions(angle_rad: &[f64]) -> Option<(usize, u32)> {
    let (first, last) = (angle_rad.first()?, angle_rad.last()?);
    let revolutions = ((last - first).abs() / TAU).floor();
    if revolutions < 1.0 {
        return None;
    }
    let span = revolutions * TAU;
    let start = angle_rad.iter().position(|angle| (last - angle).abs() <= span)?;
    Some((start, revolutions as u32))
}

/// Middle value of a sorted slice.
#[must_use]
pub fn median_of_sorted(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    match (sorted.get(middle.wrapping_sub(1)), sorted.get(middle)) {
        (Some(below), Some(above)) if sorted.len().is_multiple_of(2) => (below + above) / 2.0,
        (_, Some(value)) => *value,
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Angle of a rotor at 4000 rpm, sampled at 20 kHz.
    fn angles(count: usize) -> Vec<f64> {
        (0..count).map(|k| 4000.0 / 60.0 * TAU * k as f64 / 20e3).collect()
    }

    #[test]
    fn a_sum_of_harmonics_is_taken_apart() {
        let angle = angles(20_000);
        let (start, revolutions) = whole_revolutions(&angle).unwrap();
        assert_eq!(revolutions, 66);
        let angle = &angle[start..];
        let signal: Vec<f64> =
            angle.iter().map(|a| 0.3 + 10.0 * (a + 0.7).cos() + 4.0 * (2.0 * a - 1.0).sin()).collect();
        assert!((harmonic_amplitude(&signal, angle, 1.0) - 10.0).abs() < 0.02);
        assert!((harmonic_amplitude(&signal, angle, 2.0) - 4.0).abs() < 0.02);
        assert!(harmonic_amplitude(&signal, angle, 3.0) < 0.02);
        assert!((mean(&signal) - 0.3).abs() < 0.02);
        assert!((ac_rms(&signal) - (58.0_f64).sqrt()).abs() < 0.02);
    }

    #[test]
    fn a_rotor_that_turns_backwards_has_revolutions_too_and_one_at_rest_has_none() {
        let backwards: Vec<f64> = angles(2000).iter().map(|angle| -angle).collect();
        assert_eq!(whole_revolutions(&backwards).unwrap().1, 6);
        assert_eq!(whole_revolutions(&[0.1; 100]), None);
        assert_eq!(whole_revolutions(&[]), None);
    }

    #[test]
    fn medians_of_even_and_odd_counts() {
        assert_eq!(median_of_sorted(&[1.0, 2.0, 9.0]), 2.0);
        assert_eq!(median_of_sorted(&[1.0, 2.0, 4.0, 9.0]), 3.0);
        assert!(median_of_sorted(&[]).is_nan());
    }
}
