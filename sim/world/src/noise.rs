// SPDX-License-Identifier: Apache-2.0
//! Gaussian noise from a seed: PCG-32 and a ziggurat of 128 layers.
//!
//! # Model
//! Standard normal deviates. One 32-bit draw gives layer (7 bits), sign (1 bit) and position in the layer
//! (24 bits); 98.8 % of the deviates need no more than that draw and one multiplication.
//! # Source
//! [1] G. Marsaglia, W. W. Tsang, The ziggurat method for generating random variables, 2000.
//! The tables are made by the build script with `libm`.
//! # Shown by
//! The unit tests: mean, variance, kurtosis and tail fractions.

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg32;

use crate::presets::{ZIGGURAT_DENSITY, ZIGGURAT_EDGE, ZIGGURAT_TAIL};

/// A stream of noise.
#[derive(Clone, Debug)]
pub(crate) struct Noise {
    generator: Pcg32,
}

/// 2^-24 and 2^-32: from integers to 0..1.
const PER_24_BITS: f64 = 1.0 / 16_777_216.0;
const PER_32_BITS: f64 = 1.0 / 4_294_967_296.0;

impl Noise {
    /// One of several independent streams of a seed.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut mixer = Pcg32::seed_from_u64(seed);
        Self { generator: Pcg32::new(mixer.next_u64(), stream) }
    }

    /// Uniform in 0..1, never 0.
    pub(crate) fn uniform(&mut self) -> f64 {
        (f64::from(self.generator.next_u32()) + 0.5) * PER_32_BITS
    }

    /// Standard normal deviate.
    pub(crate) fn gaussian(&mut self) -> f64 {
        loop {
            let draw = self.generator.next_u32();
            let layer = (draw & 0x7f) as usize;
            let negative = draw & 0x80 != 0;
            let x = (f64::from(draw >> 8) + 0.5) * PER_24_BITS * ZIGGURAT_EDGE[layer];
            if x < ZIGGURAT_EDGE[layer + 1] {
                return if negative { -x } else { x };
            }
            if let Some(x) = self.outside_core(layer, x) {
                return if negative { -x } else { x };
            }
        }
    }

    /// The rare draws: the tail, and the part of a layer that the density crosses.
    #[cold]
    fn outside_core(&mut self, layer: usize, x: f64) -> Option<f64> {
        if layer == 0 {
            return Some(self.tail());
        }
        let (low, high) = (ZIGGURAT_DENSITY[layer], ZIGGURAT_DENSITY[layer + 1]);
        let height = low + self.uniform() * (high - low);
        (height < libm::exp(-0.5 * x * x)).then_some(x)
    }

    fn tail(&mut self) -> f64 {
        loop {
            let x = -libm::log(self.uniform()) / ZIGGURAT_TAIL;
            let y = -libm::log(self.uniform());
            if 2.0 * y > x * x {
                return ZIGGURAT_TAIL + x;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviates_are_standard_normal() {
        const COUNT: usize = 4_000_000;
        let mut noise = Noise::new(1, 0);
        let (mut sum, mut square, mut fourth) = (0.0, 0.0, 0.0);
        let mut beyond = [0_u32; 4];
        for _ in 0..COUNT {
            let x = noise.gaussian();
            sum += x;
            square += x * x;
            fourth += x * x * x * x;
            for (limit, count) in beyond.iter_mut().enumerate() {
                *count += u32::from(x.abs() > limit as f64 + 1.0);
            }
        }
        let count = COUNT as f64;
        assert!((sum / count).abs() < 0.002, "mean {}", sum / count);
        assert!((square / count - 1.0).abs() < 0.004, "variance {}", square / count);
        assert!((fourth / count - 3.0).abs() < 0.03, "fourth moment {}", fourth / count);
        for (count_beyond, expected) in beyond.iter().zip([0.317_310_5, 0.045_500_3, 0.002_699_8, 6.334e-5]) {
            let fraction = f64::from(*count_beyond) / count;
            let spread = 4.0 * libm::sqrt(expected / count);
            assert!((fraction - expected).abs() < spread, "fraction {fraction}, expected {expected}");
        }
    }

    #[test]
    fn streams_and_seeds_differ_and_repeat() {
        let first = |seed, stream| Noise::new(seed, stream).gaussian();
        assert_eq!(first(1, 0).to_bits(), first(1, 0).to_bits());
        assert_ne!(first(1, 0).to_bits(), first(1, 1).to_bits());
        assert_ne!(first(1, 0).to_bits(), first(2, 0).to_bits());
    }
}
