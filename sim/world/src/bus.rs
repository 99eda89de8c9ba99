// SPDX-License-Identifier: Apache-2.0
//! DC bus of one unit: a capacitor behind a supply that gives current and takes none back.
//!
//! # Model
//! | symbol | meaning | unit | here |
//! |---|---|---|---|
//! | U | voltage of the bus | V | `voltage_v` |
//! | U_s | voltage of what feeds it without load: mains, battery or what is left of them | V | [`Feed`] |
//! | C | `drive.bus_capacitance_f` | F | |
//! | R | `drive.supply_resistance_ohm`, with a battery its own as well | ohm | |
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

/// What feeds a bus: a voltage behind a resistance and a diode.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Feed {
    supply_v: f64,
    resistance_ohm: f64,
    /// What is left after a period of the distance to where the voltage tends while it conducts.
    keep: f64,
}

impl Feed {
    /// Feeds nothing.
    pub(crate) const NOTHING: Self = Self { supply_v: 0.0, resistance_ohm: 1.0, keep: 1.0 };

    pub(crate) fn new(supply_v: f64, resistance_ohm: f64, capacitance_f: f64, step_s: f64) -> Self {
        let keep = libm::exp(-step_s / (resistance_ohm * capacitance_f));
        Self { supply_v, resistance_ohm, keep }
    }

    /// The same at a voltage that is lower by so much [V].
    pub(crate) fn less(self, drop_v: f64) -> Self {
        Self { supply_v: self.supply_v - drop_v, ..self }
    }
}

/// The bus and its mains.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bus {
    pub(crate) voltage_v: f64,
    mains: Feed,
    sags_to_v: Option<f64>,
    capacitance_f: f64,
    per_capacitance: f64,
    electronics_j: f64,
    step_s: f64,
}

impl Bus {
    pub(crate) fn new(drive: &Drive, step_s: f64) -> Self {
        Self {
            voltage_v: drive.bus_voltage_v,
            mains: Feed::new(
                drive.bus_voltage_v,
                drive.supply_resistance_ohm,
                drive.bus_capacitance_f,
                step_s,
            ),
            sags_to_v: None,
            capacitance_f: drive.bus_capacitance_f,
            per_capacitance: 1.0 / drive.bus_capacitance_f,
            electronics_j: drive.electronics_w * step_s,
            step_s,
        }
    }

    /// Takes a fault of the supply, ignores the others.
    pub(crate) fn fault(&mut self, fault: &Fault) {
        if let Fault::BusSag { bus_v } = *fault {
            self.sags_to_v = Some(bus_v);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.sags_to_v = None;
    }

    /// One period in which the bridges took so much [J], fed by the mains or by what is there `instead`; the mean current that fed it [A].
    pub(crate) fn advance(&mut self, taken_by_bridges_j: f64, instead: Option<Feed>) -> f64 {
        let feed = match self.sags_to_v {
            Some(supply_v) => Feed { supply_v, ..self.mains },
            None => instead.unwrap_or(self.mains),
        };
        let taken_j = taken_by_bridges_j + self.electronics_j;
        if taken_j > 0.0 && self.voltage_v <= feed.supply_v {
            return self.feed(&feed, taken_j);
        }
        if taken_j != 0.0 {
            let square = self.voltage_v * self.voltage_v - 2.0 * taken_j * self.per_capacitance;
            self.voltage_v = libm::sqrt(square.max(0.0));
        }
        if self.voltage_v < feed.supply_v { self.feed(&feed, 0.0) } else { 0.0 }
    }

    /// A period in which it is fed and `taken_j` is taken; the current that fed it [A].
    fn feed(&mut self, feed: &Feed, taken_j: f64) -> f64 {
        let mean_a = if self.voltage_v > 0.0 { taken_j / (self.voltage_v * self.step_s) } else { 0.0 };
        let tends_to_v = feed.supply_v - feed.resistance_ohm * mean_a;
        let before_v = self.voltage_v;
        self.voltage_v = (tends_to_v + (before_v - tends_to_v) * feed.keep).max(0.0);
        mean_a + self.capacitance_f * (self.voltage_v - before_v) / self.step_s
    }
}
