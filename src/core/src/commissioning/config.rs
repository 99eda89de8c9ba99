// SPDX-License-Identifier: Apache-2.0
//! Currents and amplitudes of commissioning, and what the mechanical drawing says of the pump head.

crate::ranged_struct! {
    /// Commissioning.
    pub struct CommissioningConfig: f32 {
        /// Coil current that presses the rotor to the wall [A].
        commissioning_coil_current_a: 0.5..=4.0,
        /// Motor current that turns the rotor at will [A].
        commissioning_phase_current_a: 0.5..=4.0,
        /// Amplitude of set-points [m].
        commissioning_set_point_m: 20e-6..=300e-6,
        /// Stiffness of wall and rotor against each other [N/m].
        wall_stiffness_n_per_m: 1e5..=1e9,
        /// Height of the Halls over the centre of mass [m].
        sensor_plane_offset_m: -10e-3..=10e-3,
        /// Height of the coils over the centre of mass [m].
        actuator_plane_offset_m: -10e-3..=10e-3,
        /// Passive tilt stiffness [N.m/rad].
        tilt_stiffness_n_m_per_rad: 0.1..=100.0,
        /// Natural frequency of tilt at standstill [Hz].
        tilt_frequency_hz: 5.0..=80.0,
    }
}

impl CommissioningConfig {
    /// For the plant ecmo-50; the last five are those of its file.
    pub const ECMO_50: Self = Self {
        commissioning_coil_current_a: 2.0, // 4 W in a coil; 16 N, twice what holds the rotor at the wall
        commissioning_phase_current_a: 2.0, // 60 mN.m: the rotor swings with 5.5 Hz around the current
        commissioning_set_point_m: 100e-6, // a fifth of the clearance, 1.5 N
        wall_stiffness_n_per_m: 2e6,
        sensor_plane_offset_m: 2e-3,
        actuator_plane_offset_m: 1e-3,
        tilt_stiffness_n_m_per_rad: 1.5,
        tilt_frequency_hz: 39.7,
    };
}
