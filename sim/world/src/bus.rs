// SPDX-License-Identifier: Apache-2.0
//! DC bus of one unit: a capacitor behind a supply that gives current and takes none back.
//!
//! # Model
//! | symbol | meaning | unit | here |
//! |---|---|---|---|
//! | U | voltage of the bus | V | `voltage_v` |
//! | U_s | voltage of the supply without load | V | `supply_v` |
//! | C | `drive.bus_capacitance_f` | F | |
//! | R | `drive.supply_resistance_ohm` | ohm | |
//! | E | what was taken in the period: sum of voltage times current of coils and phases, and the unit's electronics | J | `taken_j` |
//! | P | `drive.electronics_w`, at any voltage | W | |
//!
//! Below U_s the supply conducts: R C dU/dt = U_s - U - R I with I = E / (U T), the period's mean, solved exactly.
//! Above it the diode blocks: C U^2 / 2 falls by E, to the last joule. What a braking rotor and freewheeling coils
//! give back (E < 0) goes into C the same way, wherever U is: it lifts the bus, and only a load takes that down again.
//! # Timing
//! Once per period; the bridges see the voltage that the bus had at the period's start.
//! # Limits and failure
//! Never below 0. The supply has no current limit and the capacitor no resistance; PWM ripple is averaged out.
//! Nothing limits the voltage upward: that is the controller's part.
//! # Source
//! Engineering choice; values with their reasons in the plant file.
//! # Shown by
//! `tests/bus.rs`.

use crate::fault::Fault;
use crate::parameters::Drive;

/// The bus and its supply.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bus {
    pub(crate) voltage_v: f64,
    nominal_v: f64,
    supply_v: f64,
    resistance_ohm: f64,
    per_capacitance: f64,
    /// What is left after a period of the distance to where the voltage tends while the supply conducts.
    keep: f64,
    electronics_j: f64,
    step_s: f64,
}

impl Bus {
    pub(crate) fn new(drive: &Drive, step_s: f64) -> Self {
        let time_constant_s = drive.supply_resistance_ohm * drive.bus_capacitance_f;
        Self {
            voltage_v: drive.bus_voltage_v,
            nominal_v: drive.bus_voltage_v,
            supply_v: drive.bus_voltage_v,
            resistance_ohm: drive.supply_resistance_ohm,
            per_capacitance: 1.0 / drive.bus_capacitance_f,
            keep: libm::exp(-step_s / time_constant_s),
            electronics_j: drive.electronics_w * step_s,
            step_s,
        }
    }

    /// Takes a fault of the supply, ignores the others.
    pub(crate) fn fault(&mut self, fault: &Fault) {
        if let Fault::BusSag { bus_v } = *fault {
            self.supply_v = bus_v;
        }
    }

    pub(crate) fn clear(&mut self) {
        self.supply_v = self.nominal_v;
    }

    /// One period in which the bridges took so much [J].
    pub(crate) fn advance(&mut self, taken_by_bridges_j: f64) {
        let taken_j = taken_by_bridges_j + self.electronics_j;
        if taken_j > 0.0 && self.voltage_v <= self.supply_v {
            self.voltage_v = self.supplied(taken_j);
            return;
        }
        if taken_j != 0.0 {
            let square = self.voltage_v * self.voltage_v - 2.0 * taken_j * self.per_capacitance;
            self.voltage_v = libm::sqrt(square.max(0.0));
        }
        if self.voltage_v < self.supply_v {
            self.voltage_v = self.supplied(0.0);
        }
    }

    /// Voltage at the end of a period in which the supply conducts and `taken_j` is taken.
    fn supplied(&self, taken_j: f64) -> f64 {
        let mean_a = if self.voltage_v > 0.0 { taken_j / (self.voltage_v * self.step_s) } else { 0.0 };
        let tends_to_v = self.supply_v - self.resistance_ohm * mean_a;
        (tends_to_v + (self.voltage_v - tends_to_v) * self.keep).max(0.0)
    }
}
