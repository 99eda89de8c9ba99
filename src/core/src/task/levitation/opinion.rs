// SPDX-License-Identifier: Apache-2.0
//! Which of two units that see the rotor in different places is wrong: each one tries both on its own model.
//!
//! # Model
//! The coil currents i are the same for both, and so is the load d. What is left of a displacement x is
//! ```text
//! r = m x'' - k_x x - k_i i = d + (m e'' - k_x e)        for x wrong by e
//! ```
//! taken from three fast frames in a row for x of this unit and for x of the other one. Whoever is wrong makes up a load that
//! the other one does not see; a true load is in both. While both agree any load is true, and the mean that changes of it are
//! taken against follows within `AGREED_SHARE`; once they do not it follows over `BASE_FRAMES`, as that of the displacements
//! does. Two bands are compared:
//!
//! | band | finds | who may use it |
//! |---|---|---|
//! | slow, mean over 10 ms; of the other one its peaks, which fade as fast | drift, offset: -k_x e | both units |
//! | fast, the rest, power over 10 ms | a gain: the swing of a loop that is no longer stable | who drives: it knows its currents without delay |
//!
//! # Limits and failure
//! While both agree within `DISAGREEMENT_M`, or a load is far larger than what an error makes up, nothing is decided, and the unit
//! that drives stays, with an alarm. An error that grows by less than `DISAGREEMENT_M` in `BASE_FRAMES` is in the means. A load
//! that comes while a standby drifts beyond it, just as large as what the drift makes up, refutes the driving unit. A pair that
//! is deaf and shows a rotor at rest escapes: its fall is what both models expect; `bearing/answer.rs` looks for it.
//! A frame that comes late begins a new triple.
//!
//! # Source
//! ARCHITECTURE section 2 ("Challenge"); R. Isermann, Fault-Diagnosis Systems, Springer 2006, chapter 10 (parity equations).
//!
//! # Shown by
//! Unit tests below; the rows "wrong" of `docs/takeover.md`.

use crate::bearing::BearingConfig;
use crate::math::larger;
use crate::schedule::TaskId;

/// Time from one fast frame to the next [s].
const FRAME_S: f32 = 1.0 / TaskId::Link.slot().rate_hz as f32;
/// Fast frames in the means that changes are taken against: 30 s.
const BASE_FRAMES: f32 = 60_000.0;
/// Share of a frame in the mean of the load while both agree: 50 ms.
const AGREED_SHARE: f32 = 1.0 / 100.0;
/// Share of a frame in the means of both bands: 10 ms.
const BAND_SHARE: f32 = 1.0 / 20.0;
/// Change of the difference that is worth a verdict, rms [m].
const DISAGREEMENT_M: f32 = 15e-6;
/// Load that an error must make up in the slow band, squared [N^2]: k_x times 20 um.
const SLOW_FLOOR_N2: f32 = 0.09;
/// The same in the fast band, where the noise of three frames is 1.2 N rms [N^2].
const FAST_FLOOR_N2: f32 = 6.0;
/// Times that what the wrong unit makes up is larger than what the right one does, as power.
const CONTRAST: f32 = 4.0;

/// Fast frames in a row for which the own model must fail: 3 ms, in which interference has got its name.
const REFUTED_FRAMES: u8 = 6;
/// The same after which a unit stays the wrong one until both agree: 50 ms.
const WRONG_FRAMES: u8 = 100;

/// What one fast frame shows; axes x, y.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sight {
    /// Displacement that this unit sees [m].
    pub(super) own_m: [f32; 2],
    /// Displacement that the other one tells [m].
    pub(super) other_m: [f32; 2],
    /// Coil currents of the unit that drives, mean over half a frame [A].
    pub(super) current_a: [f32; 2],
}

/// What a unit's model says of its own displacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Nothing: both agree.
    Open,
    /// Both disagree, and the own model holds no worse than with the other unit's displacement.
    Holds,
    /// Both disagree, and the own model does not hold.
    Refuted,
}

/// What a displacement makes up on one model.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Trial {
    /// The last two displacements [m].
    before_m: [[f32; 2]; 2],
    /// Displacement and made-up load in the long run [m, N].
    base_m: [f32; 2],
    base_n: [f32; 2],
    slow_n: [f32; 2],
    slow_n2: f32,
    /// The largest of late.
    peak_n2: f32,
    fast_n2: f32,
    /// Change of the displacement [m].
    moved_m: [f32; 2],
}

/// Numbers of the model.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Model {
    mass_per_s2: f32,
    k_x_n_per_m: f32,
    k_i_n_per_a: f32,
}

/// See the [module](self).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Opinion {
    model: Model,
    /// Frames since the rotor floats, and of the present triple.
    frames: f32,
    row: u8,
    current_a: [[f32; 2]; 2],
    own: Trial,
    other: Trial,
    difference_m2: f32,
    /// Fast frames in a row for which this unit was the wrong one.
    refuted_frames: u8,
}

impl Opinion {
    /// Nothing seen yet.
    pub(super) fn new(config: &BearingConfig) -> Self {
        let model = Model {
            mass_per_s2: config.levitated_mass_kg / (FRAME_S * FRAME_S),
            k_x_n_per_m: config.force_displacement_n_per_m,
            k_i_n_per_a: config.force_current_n_per_a,
        };
        Self::of(model)
    }

    fn of(model: Model) -> Self {
        Self {
            model,
            frames: 0.0,
            row: 0,
            current_a: Default::default(),
            own: Trial::default(),
            other: Trial::default(),
            difference_m2: 0.0,
            refuted_frames: 0,
        }
    }

    /// Begins anew, with nothing thought of either unit: there is nobody to compare with.
    pub(super) fn clear(&mut self) {
        *self = Self::of(self.model);
    }

    /// Begins anew: the rotor lay at the wall, or nobody drove. Who has been the wrong one is the matter of [`Self::count`].
    pub(super) fn forget(&mut self) {
        *self = Self { refuted_frames: self.refuted_frames, ..Self::of(self.model) };
    }

    /// A frame that says nothing: both bands begin anew.
    pub(super) fn interrupt(&mut self) {
        self.row = 0;
        for trial in [&mut self.own, &mut self.other] {
            (trial.slow_n, trial.slow_n2, trial.peak_n2, trial.fast_n2) = (trial.base_n, 0.0, 0.0, 0.0);
        }
    }

    /// Takes in a frame of a rotor that floats; every number is finite. `late`: not the next one after the last.
    pub(super) fn take(&mut self, seen: &Sight, late: bool) {
        self.row = if late { 0 } else { self.row.saturating_add(1).min(3) };
        if self.frames < BASE_FRAMES {
            self.frames += 1.0;
        }
        let share = 1.0 / self.frames;
        let [last_a, before_a] = self.current_a;
        self.current_a = [seen.current_a, last_a];
        self.own.move_to(seen.own_m, share);
        self.other.move_to(seen.other_m, share);
        let difference = [0, 1].map(|k| at(self.other.moved_m, k) - at(self.own.moved_m, k));
        self.difference_m2 += BAND_SHARE * (dot(difference, difference) - self.difference_m2);
        let whole = self.row >= 2;
        let share = if self.agrees() { larger(share, AGREED_SHARE) } else { share };
        // A mean current is half a frame old, the other unit's displacement a whole one more.
        self.own.judge(&self.model, seen.own_m, middle(seen.current_a, last_a), whole, share);
        self.other.judge(&self.model, seen.other_m, middle(last_a, before_a), whole, share);
    }

    /// Counts the verdict on a fast frame. `disagrees`: both see the rotor in different places.
    pub(super) fn count(&mut self, drives: bool, disagrees: bool) {
        self.refuted_frames = match self.verdict(drives) {
            // What a unit made up at the time must not be covered by a load that comes later.
            _ if disagrees && self.refuted_frames >= WRONG_FRAMES => self.refuted_frames,
            Verdict::Refuted => self.refuted_frames.saturating_add(1),
            Verdict::Open | Verdict::Holds => 0,
        };
    }

    /// This unit was the wrong one for long enough.
    pub(super) fn is_refuted(&self) -> bool {
        self.refuted_frames >= REFUTED_FRAMES
    }

    /// Whether this unit is the wrong one. `drives`: it knows the currents without delay.
    fn verdict(&self, drives: bool) -> Verdict {
        if self.agrees() {
            return Verdict::Open;
        }
        // A load that comes and goes crosses what the wrong one makes up.
        let slow = self.own.slow_n2 > CONTRAST * self.other.peak_n2 + SLOW_FLOOR_N2;
        let fast = self.own.fast_n2 > CONTRAST * self.other.fast_n2 + FAST_FLOOR_N2;
        if slow || drives && fast { Verdict::Refuted } else { Verdict::Holds }
    }

    fn agrees(&self) -> bool {
        self.difference_m2 < DISAGREEMENT_M * DISAGREEMENT_M
    }
}

impl Trial {
    fn move_to(&mut self, now_m: [f32; 2], share: f32) {
        self.moved_m = follow(&mut self.base_m, now_m, share);
    }

    /// The load that this displacement makes up, in the middle of the last three frames, if these are `whole`.
    fn judge(&mut self, model: &Model, now_m: [f32; 2], current_a: [f32; 2], whole: bool, share: f32) {
        let [last_m, before_m] = self.before_m;
        self.before_m = [now_m, last_m];
        if !whole {
            return;
        }
        let load_n = [0, 1].map(|k| {
            let (now, last, before) = (at(now_m, k), at(last_m, k), at(before_m, k));
            model.mass_per_s2 * (now - 2.0 * last + before)
                - model.k_x_n_per_m * last
                - model.k_i_n_per_a * at(current_a, k)
        });
        follow(&mut self.base_n, load_n, share);
        let fast = follow(&mut self.slow_n, load_n, BAND_SHARE);
        self.fast_n2 += BAND_SHARE * (dot(fast, fast) - self.fast_n2);
        let change = [0, 1].map(|k| at(self.slow_n, k) - at(self.base_n, k));
        self.slow_n2 = dot(change, change);
        self.peak_n2 = larger(self.slow_n2, (1.0 - BAND_SHARE) * self.peak_n2);
    }
}

/// Lets a mean follow by that share; how far it was behind.
fn follow(mean: &mut [f32; 2], now: [f32; 2], share: f32) -> [f32; 2] {
    let [x, y] = mean;
    let behind = [at(now, 0) - *x, at(now, 1) - *y];
    *x += share * at(behind, 0);
    *y += share * at(behind, 1);
    behind
}

fn middle(a: [f32; 2], b: [f32; 2]) -> [f32; 2] {
    [0, 1].map(|k| 0.5 * (at(a, k) + at(b, k)))
}

fn dot([ax, ay]: [f32; 2], [bx, by]: [f32; 2]) -> f32 {
    ax * bx + ay * by
}

/// Axis x for 0, else y.
fn at([x, y]: [f32; 2], axis: u8) -> f32 {
    if axis == 0 { x } else { y }
}

#[cfg(test)]
mod tests {
    use super::Verdict::{Holds, Open, Refuted};
    use super::*;

    const K_X: f32 = 15_000.0;
    const K_I: f32 = 8.0;
    const MASS: f32 = 0.126;

    fn opinion() -> Opinion {
        Opinion::of(Model { mass_per_s2: MASS / (FRAME_S * FRAME_S), k_x_n_per_m: K_X, k_i_n_per_a: K_I })
    }

    /// Verdicts of the right and of the wrong unit when the wrong one's error is that function of the time [s -> m].
    /// The driving unit, wrong or not, holds what it sees at the centre, under a load [N] that both feel.
    /// The load comes `before_s` before the fault. In no frame may the right one be refuted for as long as counts.
    fn verdicts_after(
        before_s: f32,
        wrong_drives: bool,
        load_n: f32,
        error_m: impl Fn(f32) -> f32,
    ) -> [Verdict; 2] {
        let (mut right, mut wrong) = (opinion(), opinion());
        let mut random = 1_u32;
        let mut noise = |size: f32| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            size * 2.0 * ((random >> 8) as f32 / (1 << 24) as f32 - 0.5)
        };
        for frame in 0..3000 {
            let fault_s = (frame - 2000) as f32 * FRAME_S;
            let e = if frame < 2000 { 0.0 } else { error_m(fault_s) };
            let load_n = if fault_s < -before_s { 0.0 } else { load_n };
            let true_m = if wrong_drives { -e } else { 0.0 };
            // Static: what holds the rotor where it is.
            let current_a = [-(K_X * true_m + load_n) / K_I + noise(0.1), noise(0.1)];
            let truth = [true_m + noise(1e-6), 3e-6 + noise(1e-6)];
            let shown = [true_m + e + noise(1e-6), -2e-6 + noise(1e-6)];
            right.take(&Sight { own_m: truth, other_m: shown, current_a }, false);
            wrong.take(&Sight { own_m: shown, other_m: truth, current_a }, false);
        }
        [right.verdict(!wrong_drives), wrong.verdict(wrong_drives)]
    }

    fn verdicts(wrong_drives: bool, load_n: f32, error_m: impl Fn(f32) -> f32) -> [Verdict; 2] {
        verdicts_after(0.0, wrong_drives, load_n, error_m)
    }

    #[test]
    fn a_load_of_before_makes_no_wrong_standby_look_right() {
        for before_s in [0.3, 0.9] {
            for load_n in [0.6, 0.9, 1.2, 1.6, -0.9, -1.6] {
                let verdicts = verdicts_after(before_s, false, load_n, |t| 60e-6 * t / 0.5);
                assert_eq!(verdicts, [Holds, Refuted], "{load_n} N {before_s} s before");
            }
        }
    }

    #[test]
    fn a_drift_refutes_the_unit_that_drifts_whoever_drives() {
        for wrong_drives in [false, true] {
            for to_m in [-60e-6, 60e-6] {
                assert_eq!(verdicts(wrong_drives, 0.0, |t| to_m * t / 0.5), [Holds, Refuted]);
            }
        }
    }

    #[test]
    fn an_offset_refutes_the_unit_that_has_it() {
        for wrong_drives in [false, true] {
            assert_eq!(verdicts(wrong_drives, 0.0, |_| -80e-6), [Holds, Refuted]);
        }
    }

    #[test]
    fn a_large_load_leaves_it_open_or_holds_for_both() {
        assert_eq!(verdicts(true, 20.0, |_| 0.0), [Open, Open]);
        assert_eq!(verdicts(false, 20.0, |_| 60e-6), [Holds, Holds]);
    }

    #[test]
    fn a_swing_that_one_unit_sees_too_small_refutes_it_where_the_currents_are_known() {
        // 110 Hz, held by a loop that sees 0.3 of it.
        let (mut right, mut wrong) = (opinion(), opinion());
        let pulsation = 2.0 * core::f32::consts::PI * 110.0;
        let swing_m = |frame: f32| 80e-6 * (pulsation * FRAME_S * frame).sin();
        for frame in 0..2000 {
            let frame = frame as f32;
            // Of the middle of the half frame that the mean is of.
            let middle_m = swing_m(frame - 0.5);
            let current_a = [-(MASS * pulsation * pulsation + K_X) * middle_m / K_I, 0.0];
            let sight = |own: f32, other: f32| Sight {
                own_m: [own * swing_m(frame), 0.0],
                other_m: [other * swing_m(frame - 1.0), 0.0],
                current_a,
            };
            right.take(&sight(1.0, 0.3), false);
            wrong.take(&sight(0.3, 1.0), false);
        }
        assert_eq!([right.verdict(true), wrong.verdict(true)], [Holds, Refuted]);
    }

    #[test]
    fn nothing_is_decided_of_units_that_agree_or_after_all_was_forgotten() {
        assert_eq!(verdicts(true, 0.0, |_| 10e-6), [Open, Open]);
        let mut opinion = opinion();
        for frame in 0..200 {
            let other_m = [if frame < 100 { 0.0 } else { 200e-6 }, 0.0];
            opinion.take(&Sight { other_m, ..Sight::default() }, frame == 100);
        }
        assert_eq!(opinion.verdict(true), Holds);
        opinion.forget();
        assert_eq!(opinion.verdict(true), Open);
    }

    #[test]
    fn who_was_the_wrong_one_for_long_stays_it_while_both_disagree() {
        let mut opinion = opinion();
        let mut hear = |own_m: f32, frames: u32, disagrees: bool| {
            for _ in 0..frames {
                let sight = Sight { own_m: [own_m, 0.0], ..Sight::default() };
                opinion.take(&sight, false);
                opinion.count(false, disagrees);
            }
            opinion.is_refuted()
        };
        assert!(!hear(0.0, 2000, false));
        assert!(hear(60e-6, 30, true), "it sees what the other one does not");
        assert!(!hear(0.0, 200, true), "shorter than 50 ms: it has come back");
        assert!(hear(60e-6, 200, true) && hear(0.0, 200, true));
        assert!(!hear(0.0, 1, false));
    }

    #[test]
    fn what_an_interruption_has_made_up_is_forgotten() {
        let mut opinion = opinion();
        let at = |own_m: f32| Sight { own_m: [own_m, 0.0], other_m: [100e-6, 0.0], ..Sight::default() };
        (0..400).for_each(|_| opinion.take(&at(100e-6), false));
        (0..100).for_each(|_| opinion.take(&at(0.0), false));
        assert_eq!(opinion.verdict(false), Refuted);
        opinion.interrupt();
        assert_eq!(opinion.verdict(false), Holds);
    }

    #[test]
    fn a_late_frame_is_no_acceleration() {
        // A rotor at 50 mm/s, free of springs, whose frames come after 0.5, 0.5, 2 ms and so on.
        let power_n2 = |late: bool| {
            let free = Model { mass_per_s2: MASS / (FRAME_S * FRAME_S), k_x_n_per_m: 0.0, k_i_n_per_a: 0.0 };
            let mut opinion = Opinion::of(free);
            for frame in 0..300 {
                let other_m = [50e-3 * FRAME_S * (frame + 3 * (frame / 3)) as f32, 0.0];
                opinion.take(&Sight { other_m, ..Sight::default() }, late && frame % 3 == 0);
            }
            opinion.other.fast_n2
        };
        assert!(power_n2(true) < 0.1 && power_n2(false) > 100.0);
    }
}
