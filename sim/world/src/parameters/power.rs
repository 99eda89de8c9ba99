// SPDX-License-Identifier: Apache-2.0
//! Every number of a unit's battery and of what measures it.

use levitas_core::ranged_struct;

ranged_struct! {
    /// Battery of a unit, the diodes that join it and the mains to the bus, charger, test load and sensors.
    pub struct Battery: f64 {
        /// Cells in series [1].
        series_cells: 1.0..=20.0,
        /// Charge that it gives when it was full [Ah].
        capacity_ah: 1.0e-3..=100.0,
        /// State of charge at the start, 0 to 1 [1].
        start_charge: 0.0..=1.0,
        /// Voltage of a cell at rest less that of the curve [V].
        cell_offset_v: -0.1..=0.1,
        /// Resistance of a cell at once, at 25 C and well charged [ohm].
        cell_resistance_ohm: 1.0e-3..=1.0,
        /// Resistance of a cell that comes with time [ohm].
        cell_polarisation_ohm: 0.0..=1.0,
        /// Time in which it comes and goes [s].
        polarisation_s: 0.1..=2000.0,
        /// Temperature of the cells [C].
        celsius: -20.0..=60.0,
        /// Arrhenius temperature of both resistances [K]: 2500 doubles them from 25 to 2 C.
        resistance_activation_k: 0.0..=10000.0,
        /// Protection, connector and cable to the bus [ohm].
        wiring_ohm: 0.0..=1.0,
        /// Drop of the diode until its switch conducts [V].
        diode_v: 0.0..=1.5,
        /// Time until its switch conducts [s].
        diode_s: 0.0..=0.1,
        /// Current of the charger [A].
        charge_a: 0.0..=20.0,
        /// Resistor of the load test [ohm].
        test_load_ohm: 5.0..=1000.0,
        /// Time after which the test load opens by itself [s].
        test_load_s_max: 1.0..=3600.0,
        /// Noise of the voltages, mean of 10 ms [V rms].
        voltage_noise_rms_v: 0.0..=1.0,
        /// Gain error of the voltages [1].
        voltage_gain_error: -0.1..=0.1,
        /// Noise of the currents, mean of 10 ms [A rms].
        current_noise_rms_a: 0.0..=1.0,
        /// Offset of the currents [A].
        current_offset_a: -0.5..=0.5,
    }
}
