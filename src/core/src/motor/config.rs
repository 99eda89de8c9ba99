// SPDX-License-Identifier: Apache-2.0
//! Configuration of the motor and of its speed control: every number with unit, range and source.
//!
//! The values of `ECMO_50` are the plant's where they describe the motor (the plant file `ecmo-50.toml` is their
//! source) and design choices where they describe the control; the comment beside each says which.
//!
//! # Tuned numbers
//! `scan_of_the_tuned_numbers` in `rig.rs` prints this table (its comment has the command). Passing means, in the
//! corners of 0.6 and 1.5 times the inertia with 0.5 and 2 times the load of the model: under 5 rpm rms at 4000 rpm,
//! and under 100 rpm lost to a load step of 20 mN.m. The other columns are at the model.
//!
//! | number | value | passing | at the value | at the ends |
//! |---|---|---|---|---|
//! | `angle_observer_bandwidth_hz` | 30 | 20 to 60 | 0.7 rpm rms, 0.04 A rms, 42 rpm lost | 20: 0.5 rpm, 0.02 A, 57 lost; 10 fails: 119 lost in a corner; 60: 2.3 rpm, 0.18 A, 25 lost; 80 fails: 5.9 rpm in a corner |
//! | `speed_bandwidth_hz` | 5 | 0.5 to 40, all | the same | 0.5: 0.03 A, 56 lost; 40: 1.6 rpm, 0.12 A, 26 lost |
//! | `motor_disturbance_bandwidth_hz` | 300 | 30 to 1000, all | the same | the same: it is chosen for 7 % overshoot with L, R +-30 % (`a_spread_of_thirty_percent_is_stable`) |

use crate::config::ConfigError;

ranged_struct! {
    /// The motor and its 20 kHz control, part of the levitation task.
    pub struct MotorConfig: f32 {
        /// Pole pairs of the motor [1], a whole number.
        motor_pole_pairs: 1.0..=8.0,
        /// Rotor flux linkage of one phase, peak [Wb].
        motor_flux_linkage_wb: 1e-3..=0.2,
        /// Resistance of one phase [ohm].
        motor_phase_resistance_ohm: 0.01..=20.0,
        /// Inductance of one phase, L_d = L_q [H].
        motor_phase_inductance_h: 2e-5..=2e-2,
        /// Moment of inertia of the rotor and the fluid it carries along [kg.m2].
        rotor_inertia_kg_m2: 1e-6..=1e-2,
        /// Order of the phases [1]: +1 as they are named, -1 with B and C exchanged.
        motor_phase_order: -1.0..=1.0,
        /// Largest torque current [A].
        motor_current_limit_a_max: 0.1..=60.0,
        /// Smallest current vector: what the torque does not need of it flows along the flux, so that an open phase shows
        /// at light load. 0: none [A].
        motor_current_a_min: 0.0..=5.0,
        /// Bandwidth (-3 dB) of the current control [Hz].
        motor_current_bandwidth_hz: 50.0..=2500.0,
        /// Bandwidth of the voltage-disturbance estimate, which is the integral action [Hz].
        motor_disturbance_bandwidth_hz: 1.0..=1000.0,
        /// The phase bridge opens below this bus voltage [V].
        motor_bus_voltage_v_min: 5.0..=60.0,
        /// Nominal amplitude of the angle Halls [V].
        angle_hall_amplitude_v: 0.1..=2.0,
        /// What the angle Halls show when phase A faces the rotor flux [rad].
        angle_hall_offset_rad: -3.2..=3.2,
        /// Triple pole of the angle, speed and load-torque observer [Hz].
        angle_observer_bandwidth_hz: 1.0..=200.0,
        /// Longest time that angle and speed run on the model alone [s].
        angle_coast_s_max: 0.0..=0.5,
    }
}

impl MotorConfig {
    /// Values for the plant ecmo-50.
    pub const ECMO_50: Self = Self {
        motor_pole_pairs: 1.0,                 // plant
        motor_flux_linkage_wb: 0.02,           // plant: 0.03 N.m/A
        motor_phase_resistance_ohm: 0.6,       // plant
        motor_phase_inductance_h: 0.6e-3,      // plant
        rotor_inertia_kg_m2: 5.0e-5,           // plant
        motor_phase_order: 1.0,                // port convention
        motor_current_limit_a_max: 6.0,        // plant's 8 A less a quarter for overshoot and sensor gain
        motor_current_a_min: 1.0, // 0.9 W at no load; an open phase shows within 2 ms at 1000 rpm
        motor_current_bandwidth_hz: 2200.0, // 2 kHz are required; a tenth for the spread of L
        motor_disturbance_bandwidth_hz: 300.0, // tuned, see above
        motor_bus_voltage_v_min: 12.0, // half of the deepest sag that is ridden through, 24 V
        angle_hall_amplitude_v: 1.0, // port convention
        angle_hall_offset_rad: 0.0, // found at commissioning
        angle_observer_bandwidth_hz: 30.0, // tuned, see above
        angle_coast_s_max: 0.05,  // 0.07 rad at 4000 rpm when the load is wrong by a tenth
    };

    /// Torque per torque current, 3/2 p psi_m [N.m/A].
    #[must_use]
    pub fn torque_n_m_per_a(&self) -> f32 {
        1.5 * self.motor_pole_pairs * self.motor_flux_linkage_wb
    }

    /// Pole pairs as a count.
    ///
    /// # Errors
    /// Any field outside its range, pole pairs that are no whole number, or a phase order that is neither 1 nor -1.
    pub(crate) fn checked_pole_pairs(&self) -> Result<u32, ConfigError> {
        self.check()?;
        if self.motor_phase_order.abs() != 1.0 {
            let (field, value) = ("motor_phase_order", self.motor_phase_order);
            return Err(ConfigError { field, value, min: -1.0, max: 1.0 });
        }
        let count = self.motor_pole_pairs as u32;
        if count as f32 == self.motor_pole_pairs {
            Ok(count)
        } else {
            let (field, value) = ("motor_pole_pairs", self.motor_pole_pairs);
            Err(ConfigError { field, value, min: 1.0, max: 8.0 })
        }
    }
}

ranged_struct! {
    /// The speed task.
    pub struct SpeedConfig: f32 {
        /// Largest pump speed [rpm].
        speed_rpm_max: 500.0..=10000.0,
        /// Largest pump speed while the rotor touches and for 1 s after [rpm].
        touchdown_speed_rpm_max: 100.0..=10000.0,
        /// Fastest rise of the speed reference [rpm/s].
        speed_slew_up_rpm_per_s: 10.0..=50000.0,
        /// Fastest fall of the speed reference [rpm/s].
        speed_slew_down_rpm_per_s: 10.0..=50000.0,
        /// Bandwidth of the speed control [Hz].
        speed_bandwidth_hz: 0.1..=50.0,
        /// Largest electric power into the motor [W].
        motor_power_w_max: 5.0..=2000.0,
        /// Bus voltage below which the motoring current is reduced [V].
        bus_sag_start_v: 10.0..=60.0,
        /// Bus voltage at which no motoring current is left [V], below the start.
        bus_sag_end_v: 5.0..=59.0,
        /// Bus voltage above which the braking current is reduced [V].
        bus_regeneration_start_v: 10.0..=80.0,
        /// Bus voltage at which no braking current is left [V], above the start.
        bus_regeneration_end_v: 11.0..=81.0,
    }
}

impl SpeedConfig {
    /// Values for the plant ecmo-50.
    pub const ECMO_50: Self = Self {
        speed_rpm_max: 5500.0, // the pump's operating range
        // 5.2 m/s at the rim of 25 mm: a quarter of the energy of 4000 rpm, and the 100 mmHg that the pump still makes
        // against a closed outlet hold the patient's pressure, so that no blood runs back.
        touchdown_speed_rpm_max: 2000.0,
        speed_slew_up_rpm_per_s: 4000.0, // 21 mN.m for the inertia: less than the pump's load at 4000 rpm
        speed_slew_down_rpm_per_s: 4000.0, // the same; faster would draw blood back
        speed_bandwidth_hz: 5.0,         // tuned, see above
        motor_power_w_max: 100.0, // 26 W of load and 12 W of acceleration at 5500 rpm, and as much again
        bus_sag_start_v: 36.0,    // an empty 48 V battery
        bus_sag_end_v: 18.0,      // leaves 2 A at 24 V: 5000 rpm need 1.3 A
        bus_regeneration_start_v: 51.0, // a full battery
        bus_regeneration_end_v: 55.0, // 1 V below the bus limit of 56 V
    };

    /// Checks ranges and the order of the bus thresholds.
    ///
    /// # Errors
    /// The first field that is outside, with what is allowed beside the others.
    pub fn check_order(&self) -> Result<(), ConfigError> {
        self.check()?;
        if self.bus_sag_end_v >= self.bus_sag_start_v {
            let (field, value) = ("bus_sag_end_v", self.bus_sag_end_v);
            return Err(ConfigError { field, value, min: 5.0, max: self.bus_sag_start_v });
        }
        if self.bus_regeneration_end_v <= self.bus_regeneration_start_v {
            let (field, value) = ("bus_regeneration_end_v", self.bus_regeneration_end_v);
            return Err(ConfigError { field, value, min: self.bus_regeneration_start_v, max: 81.0 });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_inside_their_ranges() {
        assert_eq!(MotorConfig::ECMO_50.checked_pole_pairs(), Ok(1));
        assert_eq!(SpeedConfig::ECMO_50.check_order(), Ok(()));
    }

    #[test]
    fn half_a_pole_pair_and_crossed_thresholds_are_refused_by_name() {
        let motor = MotorConfig { motor_pole_pairs: 1.5, ..MotorConfig::ECMO_50 };
        assert_eq!(motor.checked_pole_pairs().unwrap_err().field, "motor_pole_pairs");
        let motor = MotorConfig { motor_phase_order: 0.0, ..MotorConfig::ECMO_50 };
        assert_eq!(motor.checked_pole_pairs().unwrap_err().field, "motor_phase_order");
        let speed = SpeedConfig { bus_sag_end_v: 36.0, ..SpeedConfig::ECMO_50 };
        assert_eq!(speed.check_order().unwrap_err().field, "bus_sag_end_v");
        let speed = SpeedConfig { bus_regeneration_end_v: 51.0, ..SpeedConfig::ECMO_50 };
        assert_eq!(speed.check_order().unwrap_err().field, "bus_regeneration_end_v");
    }
}
