// SPDX-License-Identifier: Apache-2.0
//! Synchronous detection: mean, cosine and sine part of many signals at one frequency.
//!
//! # Model
//! Over N periods that hold a whole number of cycles, two at least:
//! ```text
//! mean = 1/N sum w s,   cosine = 2/N sum w s cos(phi),   sine = 2/N sum w s sin(phi),   w = 1 - cos(2 pi k / N)
//! ```
//! | symbol | meaning | here |
//! |---|---|---|
//! | s | signal less its value at the first period, so that the sums stay small in `f32` | `nominal` |
//! | w | Hann window | `window` |
//!
//! # Why a window
//! A running pump has runout at its own speed, ten times what is to be measured. Of a tone that is d cycles per
//! measurement away a plain sum leaves 1 / (pi d), the windowed one 1 / (pi d^3) beyond d = 2: 0.5 % at d = 4, whatever the
//! speed does meanwhile. The price is 1.2 times the noise.
//!
//! # Source
//! F. J. Harris, "On the use of windows for harmonic analysis with the discrete Fourier transform", Proc. IEEE 66(1),
//! 1978, section V.

use super::messages::{SIGNALS, Tone};
use super::phasor::Phasor;

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct LockIn {
    window: Phasor,
    nominal: [f32; SIGNALS],
    sums: [Tone; SIGNALS],
}

impl LockIn {
    /// A measurement over `periods`, around these first values.
    pub(super) fn new(nominal: [f32; SIGNALS], periods: u32) -> Self {
        let turn_rad = crate::units::RAD_PER_TURN / periods as f32;
        Self { window: Phasor::new(turn_rad), nominal, sums: [Tone::default(); SIGNALS] }
    }

    /// One period.
    pub(super) fn add(&mut self, signals: &[f32; SIGNALS], phasor: &Phasor) {
        let weight = 1.0 - self.window.cos;
        let (cos, sin) = (weight * phasor.cos, weight * phasor.sin);
        self.window.step();
        for ((sum, signal), nominal) in self.sums.iter_mut().zip(signals).zip(&self.nominal) {
            let value = signal - nominal;
            sum.mean += weight * value;
            sum.cosine += cos * value;
            sum.sine += sin * value;
        }
    }

    /// What was found in `periods`.
    pub(super) fn tones(&self, periods: u32) -> [Tone; SIGNALS] {
        let per_period = 1.0 / periods as f32;
        let mut tones = self.sums;
        for (tone, nominal) in tones.iter_mut().zip(&self.nominal) {
            tone.mean = nominal + tone.mean * per_period;
            tone.cosine *= 2.0 * per_period;
            tone.sine *= 2.0 * per_period;
        }
        tones
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::sin_cos;
    use crate::units::RAD_PER_TURN;
    use proptest::prelude::*;

    /// Tones of `periods` of a signal that is a function of the period.
    fn measure(periods: u32, cycles: u32, signal: impl Fn(f32) -> f32) -> Tone {
        let mut phasor = Phasor::new(RAD_PER_TURN * cycles as f32 / periods as f32);
        let mut lock_in = LockIn::new([signal(0.0); SIGNALS], periods);
        for k in 0..periods {
            lock_in.add(&[signal(k as f32); SIGNALS], &phasor);
            phasor.step();
        }
        lock_in.tones(periods)[5]
    }

    /// cos of `cycles` per `periods` at period k, without large angles.
    fn cosine(k: f32, cycles: f32, periods: u32) -> f32 {
        let turns = k * cycles / periods as f32;
        sin_cos(RAD_PER_TURN * (turns - turns.floor())).1
    }

    #[test]
    fn another_tone_four_cycles_away_leaves_half_a_per_cent() {
        let tone = measure(4000, 20, |k| 10.0 * cosine(k, 24.4, 4000));
        assert!(tone.cosine.hypot(tone.sine) < 0.05, "{tone:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn parts_are_found_beside_a_large_mean(
            periods in 200_u32..20_000, cycles in 2_u32..90, mean in -2.0_f32..2.0,
            a in -1e-3_f32..1e-3, b in -1e-3_f32..1e-3,
        ) {
            let quarter = periods as f32 / cycles as f32 / 4.0;
            let tone = measure(periods, cycles, |k| {
                mean + a * cosine(k, cycles as f32, periods) + b * cosine(k - quarter, cycles as f32, periods)
            });
            prop_assert!((tone.cosine - a).abs() < 3e-6, "{tone:?}");
            prop_assert!((tone.sine - b).abs() < 3e-6, "{tone:?}");
            prop_assert!((tone.mean - mean).abs() < 2e-6 + 1e-6 * mean.abs(), "{tone:?}");
        }
    }
}
