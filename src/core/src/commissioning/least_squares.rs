// SPDX-License-Identifier: Apache-2.0
//! Linear least squares with a handful of unknowns, by the normal equations.
//!
//! # Limits and failure
//! Unknowns are to be scaled to about 1. A system that the equations do not determine has no solution.
//!
//! # Source
//! G. H. Golub, C. F. Van Loan, Matrix Computations, 3rd ed., algorithm 5.3.1; elimination without exchange of rows is
//! safe for a positive definite matrix (section 4.2).

/// Equations seen so far; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct LeastSquares<const N: usize> {
    matrix: [[f32; N]; N],
    right: [f32; N],
}

/// Smallest pivot that is more than rounding, as a part of its diagonal element.
const PIVOT_MIN: f32 = 1e-5;

impl<const N: usize> LeastSquares<N> {
    pub(super) fn new() -> Self {
        Self { matrix: [[0.0; N]; N], right: [0.0; N] }
    }

    /// Adds: the sum of coefficient times unknown is `value`.
    pub(super) fn add(&mut self, coefficients: &[f32; N], value: f32) {
        for ((row, right), coefficient) in self.matrix.iter_mut().zip(&mut self.right).zip(coefficients) {
            for (element, other) in row.iter_mut().zip(coefficients) {
                *element += coefficient * other;
            }
            *right += coefficient * value;
        }
    }

    /// The unknowns that fit best; `None` when the equations leave one open.
    pub(super) fn solve(&self) -> Option<[f32; N]> {
        let (mut matrix, mut right) = (self.matrix, self.right);
        for column in 0..N {
            let row = *matrix.get(column)?;
            let pivot = *row.get(column)?;
            let determined = pivot > PIVOT_MIN * self.matrix.get(column)?.get(column)?;
            if !determined {
                return None;
            }
            let row = row.map(|element| element / pivot);
            let value = *right.get(column)? / pivot;
            for (index, (other, other_right)) in matrix.iter_mut().zip(&mut right).enumerate() {
                if index == column {
                    (*other, *other_right) = (row, value);
                    continue;
                }
                let factor = *other.get(column)?;
                for (element, from) in other.iter_mut().zip(row) {
                    *element -= factor * from;
                }
                *other_right -= factor * value;
            }
        }
        Some(right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plane_through_noisy_points_is_found() {
        let mut fit = LeastSquares::new();
        for step in 0..40 {
            let (x, y) = ((step % 7) as f32, (step % 5) as f32);
            let noise = if step % 2 == 0 { 0.01 } else { -0.01 };
            fit.add(&[x, y, 1.0], 2.0 * x - 3.0 * y + 0.5 + noise);
        }
        let [a, b, c] = fit.solve().unwrap();
        assert!((a - 2.0).abs() < 5e-3 && (b + 3.0).abs() < 5e-3 && (c - 0.5).abs() < 2e-2, "{a} {b} {c}");
    }

    #[test]
    fn what_is_not_determined_has_no_solution() {
        let mut fit = LeastSquares::new();
        for x in 0..5 {
            fit.add(&[x as f32, 2.0 * x as f32], x as f32);
        }
        assert_eq!(fit.solve(), None);
        assert_eq!(LeastSquares::<2>::new().solve(), None);
    }
}
