// SPDX-License-Identifier: Apache-2.0
//! Configuration of the bearing: every number with unit, range and source.
//!
//! The values of `ECMO_50` are the plant's where they describe the bearing (the plant file `ecmo-50.toml` is their
//! source) and design choices where they describe the control.

crate::ranged_struct! {
    /// The bearing as the controller knows it, and its design numbers.
    pub struct BearingConfig: f32 {
        /// Rotor mass and the fluid that moves with it [kg].
        levitated_mass_kg: 0.02..=1.0,
        /// Force-displacement factor k_x, positive: pushes off centre [N/m].
        force_displacement_n_per_m: 0.0..=60e3,
        /// Force-current factor k_i [N/A].
        force_current_n_per_a: 1.0..=50.0,
        /// Radial touchdown clearance C [m].
        clearance_m: 0.1e-3..=3e-3,
        /// Coil resistance R [ohm].
        coil_resistance_ohm: 0.1..=10.0,
        /// Coil inductance L [H].
        coil_inductance_h: 0.2e-3..=20e-3,
        /// Largest coil current reference [A].
        coil_current_a_max: 0.5..=20.0,
        /// Sensitivity of a differential Hall pair [V/m].
        hall_v_per_m: 200.0..=20e3,
        /// Gain of the x pair against `hall_v_per_m` [1]; from calibration.
        hall_gain_x: 0.5..=2.0,
        /// Gain of the y pair, likewise [1].
        hall_gain_y: 0.5..=2.0,
        /// Output of Hall x+ with the rotor at the centre [V]; from calibration, as the next three.
        hall_mid_x_plus_v: 0.5..=2.5,
        /// Output of Hall x- with the rotor at the centre [V].
        hall_mid_x_minus_v: 0.5..=2.5,
        /// Output of Hall y+ with the rotor at the centre [V].
        hall_mid_y_plus_v: 0.5..=2.5,
        /// Output of Hall y- with the rotor at the centre [V].
        hall_mid_y_minus_v: 0.5..=2.5,
        /// Noise of one displacement Hall [V rms].
        hall_noise_v: 0.1e-3..=50e-3,
        /// Deviation of a pair's sum from the mid levels, against the other axis, by which a Hall drifts [V].
        hall_sum_tolerance_v: 0.005..=1.0,
        /// Bandwidth of the displacement Halls [Hz].
        hall_bandwidth_hz: 1e3..=200e3,
        /// Apparent displacement by the current of the axis' own coil [m/A].
        coil_pickup_m_per_a: -50e-6..=50e-6,
        /// Part of the own coil's pickup that is taken off [1].
        coil_pickup_taken_off: 0.0..=1.0,
        /// Apparent displacement by the current of the other axis' coil [m/A].
        coil_pickup_cross_m_per_a: -50e-6..=50e-6,
        /// Runout of x once per turn, cosine part [m].
        runout_x_cos_1_m: -100e-6..=100e-6,
        /// Runout of x once per turn, sine part [m].
        runout_x_sin_1_m: -100e-6..=100e-6,
        /// Runout of x twice per turn, cosine part [m].
        runout_x_cos_2_m: -100e-6..=100e-6,
        /// Runout of x twice per turn, sine part [m].
        runout_x_sin_2_m: -100e-6..=100e-6,
        /// Runout of y once per turn, cosine part [m].
        runout_y_cos_1_m: -100e-6..=100e-6,
        /// Runout of y once per turn, sine part [m].
        runout_y_sin_1_m: -100e-6..=100e-6,
        /// Runout of y twice per turn, cosine part [m].
        runout_y_cos_2_m: -100e-6..=100e-6,
        /// Runout of y twice per turn, sine part [m].
        runout_y_sin_2_m: -100e-6..=100e-6,
        /// State feedback of displacement g_x [A/m].
        feedback_displacement_a_per_m: 1e3..=200e3,
        /// State feedback of velocity g_v [A.s/m].
        feedback_velocity_a_s_per_m: 1.0..=300.0,
        /// State feedback of current g_i [1].
        feedback_current: 0.0..=2.0,
        /// Part of the current error that one period takes away c [1].
        current_loop_fraction: 0.1..=0.95,
        /// Observer correction of displacement l_x [1].
        observer_displacement: 0.01..=0.99,
        /// Observer correction of velocity l_v [1/s].
        observer_velocity_per_s: 10.0..=20e3,
        /// Observer correction of disturbance l_d [N/m].
        observer_force_n_per_m: 1e3..=5e6,
        /// Largest disturbance force that is believed [N].
        disturbance_n_max: 1.0..=200.0,
        /// Rate of adaptation of the generalised notch e [1/s]; 0 switches it off.
        synchronous_rate_per_s: 0.0..=20.0,
        /// Jump of the disturbance force that freezes the notch [N].
        synchronous_freeze_n: 0.5..=50.0,
        /// Largest coefficient of the notch [m].
        synchronous_m_max: 0.0..=200e-6,
        /// Speed below which a rotor that touched again is lifted again without a longer wait [rpm].
        relift_speed_rpm_max: 100.0..=6000.0,
        /// Duration of the lift-off S-curve [s].
        liftoff_s: 0.005..=1.0,
        /// Duration of setting the rotor down [s].
        landing_s: 0.01..=2.0,
    }
}

impl BearingConfig {
    /// For the plant ecmo-50. The `feedback`, `observer`, `current_loop` and own `pickup` numbers were found together:
    /// least peaks after a 20 N step and in a 30 g shock under a nominal sensitivity peak <= 1.95, 2.62 in the worst
    /// corner (k_x 10..25 N/mm, k_i, L, R +-20 %, sensor gain +-5 %, pickup +-20 %), 2.15 in the worst commissioned one,
    /// and 0.16 A and 0.5 um rms at idle in the whole plant. The idle figures bind; the sensitivity peak is 1.76, 2.49 in
    /// the worst corner. Of the pickup only a half is taken off: what is left lowers the loop gain at high
    /// frequency and costs little, while taking off too much is positive feedback and costs margin. A current loop of nearly
    /// one period (c = 0.9) is what lets the observer be slow; it relies on L within 20 %, which the corners contain.
    /// `tests/clients/bearing_design.py` searches, `test_gains.py` recomputes all of this.
    pub const ECMO_50: Self = Self {
        levitated_mass_kg: 0.1239,
        force_displacement_n_per_m: 15e3,
        force_current_n_per_a: 8.0,
        clearance_m: 0.5e-3,
        coil_resistance_ohm: 1.0,
        coil_inductance_h: 2e-3,
        coil_current_a_max: 6.0,
        hall_v_per_m: 2e3,
        hall_gain_x: 1.0,
        hall_gain_y: 1.0,
        hall_mid_x_plus_v: 1.65,
        hall_mid_x_minus_v: 1.65,
        hall_mid_y_plus_v: 1.65,
        hall_mid_y_minus_v: 1.65,
        hall_noise_v: 1.4e-3,
        hall_sum_tolerance_v: 0.02,
        hall_bandwidth_hz: 10e3,
        coil_pickup_m_per_a: 5e-6,
        coil_pickup_taken_off: 0.505,
        coil_pickup_cross_m_per_a: 1e-6,
        runout_x_cos_1_m: 0.0, // found at commissioning, like the following ones
        runout_x_sin_1_m: 0.0,
        runout_x_cos_2_m: 0.0,
        runout_x_sin_2_m: 0.0,
        runout_y_cos_1_m: 0.0,
        runout_y_sin_1_m: 0.0,
        runout_y_cos_2_m: 0.0,
        runout_y_sin_2_m: 0.0,
        feedback_displacement_a_per_m: 27.49e3,
        feedback_velocity_a_s_per_m: 22.08,
        feedback_current: 0.1936,
        current_loop_fraction: 0.898,
        observer_displacement: 0.2026,
        observer_velocity_per_s: 1446.2,
        observer_force_n_per_m: 422.6e3,
        disturbance_n_max: 60.0,
        synchronous_rate_per_s: 4.0,
        synchronous_freeze_n: 3.0,
        synchronous_m_max: 150e-6,
        relift_speed_rpm_max: 2500.0,
        liftoff_s: 0.035,
        landing_s: 0.1,
    };

    /// The same closed loop for the bearing that this configuration describes: the gains of `ECMO_50` scaled to its k_x,
    /// k_i and m, for use after commissioning. Closed-loop stiffness per mass (k_i g_x - k_x) / m, damping per mass
    /// k_i g_v / m and the observer's poles stay those of the design.
    ///
    /// With k_x, k_i known to 3 %, L to 2 %, gain to 1 % and pickup to 10 % the sensitivity peak is at most 1.94 over k_x
    /// 10..25 N/mm, k_i, L, R and pickup +-20 %; `tests/clients/bearing_design.py` computes it.
    #[must_use]
    pub fn retuned(&self) -> Self {
        let design = Self::ECMO_50;
        let mass_ratio = self.levitated_mass_kg / design.levitated_mass_kg;
        let stiffness_n_per_m = design.force_current_n_per_a * design.feedback_displacement_a_per_m
            - design.force_displacement_n_per_m;
        let damping_n_s_per_m = design.force_current_n_per_a * design.feedback_velocity_a_s_per_m;
        Self {
            feedback_displacement_a_per_m: (mass_ratio * stiffness_n_per_m + self.force_displacement_n_per_m)
                / self.force_current_n_per_a,
            feedback_velocity_a_s_per_m: mass_ratio * damping_n_s_per_m / self.force_current_n_per_a,
            observer_force_n_per_m: mass_ratio * design.observer_force_n_per_m,
            ..*self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retuning_the_design_changes_nothing() {
        let (design, retuned) = (BearingConfig::ECMO_50, BearingConfig::ECMO_50.retuned());
        let same = |a: f32, b: f32| (a / b - 1.0).abs() < 1e-6;
        assert!(same(retuned.feedback_displacement_a_per_m, design.feedback_displacement_a_per_m));
        assert!(same(retuned.feedback_velocity_a_s_per_m, design.feedback_velocity_a_s_per_m));
        assert_eq!(retuned.observer_force_n_per_m, design.observer_force_n_per_m);
    }

    #[test]
    fn a_retuned_bearing_has_the_stiffness_and_the_damping_of_the_design() {
        let found = BearingConfig {
            force_displacement_n_per_m: 25e3,
            force_current_n_per_a: 9.6,
            ..BearingConfig::ECMO_50
        }
        .retuned();
        // k_i g_x - k_x and k_i g_v of the design: 8 * 27490 - 15000 N/m, 8 * 22.08 N.s/m.
        let stiffness_n_per_m = 9.6 * found.feedback_displacement_a_per_m - 25e3;
        assert!((stiffness_n_per_m / 204_920.0 - 1.0).abs() < 1e-5, "{stiffness_n_per_m}");
        assert!((9.6 * found.feedback_velocity_a_s_per_m / 176.64 - 1.0).abs() < 1e-5);
        assert_eq!(found.check(), Ok(()));
    }
}
