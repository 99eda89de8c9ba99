// SPDX-License-Identifier: Apache-2.0
//! Every number of the warming device.

use levitas_core::ranged_struct;

ranged_struct! {
    /// Heater, water, exchanger and sensors of the warming device, and the room around it.
    pub struct Warming: f64 {
        /// Electric power of the heater [W].
        heater_w: 0.0..=2000.0,
        /// Heat capacity of the heater's sheath [J/K].
        sheath_j_per_k: 10.0..=5000.0,
        /// Heat from the sheath to the water per kelvin [W/K].
        sheath_w_per_k: 10.0..=5000.0,
        /// Current that the heater leaks [mA].
        leakage_ma: 0.0..=2.0,
        /// Water in tank, hoses and exchanger [L].
        water_l: 0.2..=10.0,
        /// Water that the pump moves [L/min].
        water_flow_lpm: 0.5..=30.0,
        /// Heat from water to blood through wall and blood side per kelvin [W/K].
        exchanger_w_per_k: 10.0..=5000.0,
        /// Heat that tank and hoses lose to the room per kelvin [W/K].
        water_loss_w_per_k: 0.0..=20.0,
        /// Room, and water at the start [C].
        room_celsius: 5.0..=40.0,
        /// Lag of the control's temperature sensors [s].
        sensor_lag_s: 0.05..=20.0,
        /// Lag of the cut-out's [s].
        cut_out_lag_s: 0.05..=20.0,
        /// Offset of the sensors; the sign alternates from one to the next [K].
        sensor_offset_k: 0.0..=1.0,
        /// Noise of their samples [K rms].
        sensor_noise_rms_k: 0.0..=1.0,
        /// Temperature at which the thermostat opens; it closes 5 K below [C].
        thermostat_celsius: 30.0..=60.0,
        /// Lag of the thermostat [s].
        thermostat_lag_s: 0.05..=60.0,
        /// Time after which a relay opens whose output stands still [s].
        monostable_s: 0.15..=5.0,
    }
}
