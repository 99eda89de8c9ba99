// SPDX-License-Identifier: Apache-2.0
//! State of charge and the time that is left, once a second.
//!
//! # Model
//! *Charge*: at first by voltage, U + (R + R_p) I taken as the voltage at rest; then by counting I dt; after `battery_rest_s` with less than
//! [`REST_A`] by voltage again, each second. While the battery gives current and its voltage says a charge that is lower by more than
//! [`DOUBT_CHARGE`] for [`DOUBT_S`], it is doubted until a load test has measured its capacity: the charge goes toward what the voltage says, if
//! that is lower, with a time constant of a minute. It does so without doubt under [`STEEP_CHARGE`].
//!
//! *Time*: (charge - [`EMPTY_CHARGE`]) C U / P, with P the mean load of the last minute and U the terminal voltage half-way to empty,
//! less (R + R_p) P / U.
//! | symbol | here |
//! |---|---|
//! | C | `battery_capacity_ah`, or what the load test found where it is less |
//! | R, R_p | `battery_resistance_ohm`, `battery_polarisation_ohm` |
//! # Limits and failure
//! Without a current the load counts in its place while the battery feeds it, and nothing while the mains do: what is charged then is not seen.
//! Without both the charge is unknown until it can be judged by voltage anew.
//! # Source
//! Coulomb counting with correction at rest: G. L. Plett, Battery Management Systems, volume 2, 2015, section 3.3.

use super::PowerConfig;
use super::cell;

/// Charge that is not counted on: the bus sags below 36 V from 3 % on.
pub(super) const EMPTY_CHARGE: f32 = 0.05;
/// Current below which the battery rests [A].
pub(super) const REST_A: f32 = 0.05;
const DISCHARGE_A_MIN: f32 = 0.1;
const DOUBT_CHARGE: f32 = 0.1;
const DOUBT_S: u32 = 30;
/// Below this charge the voltage falls so steeply that an error of 10 mV per cell is less than 4 % of charge, and 1 % near empty.
const STEEP_CHARGE: f32 = 0.2;
const FOLLOW_PER_S: f32 = 1.0 / 60.0;
/// Seconds of the mean load.
const LOAD_S: usize = 60;
/// Load that is counted on at least [W].
const LOAD_W_MIN: f32 = 1.0;
const S_PER_H: f32 = 3600.0;

/// What was measured in the last second.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Second {
    /// Voltage of the battery [V].
    pub(super) battery_v: Option<f32>,
    /// What it gave [A].
    pub(super) battery_a: Option<f32>,
    /// What the unit took [W].
    pub(super) load_w: Option<f32>,
    /// The battery fed it.
    pub(super) on_battery: bool,
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct Gauge {
    config: PowerConfig,
    /// As the load test found it [Ah].
    pub(super) capacity_ah: Option<f32>,
    pub(super) charge: Option<f32>,
    rests_s: u32,
    doubted_s: u32,
    is_doubted: bool,
    loads_w: [f32; LOAD_S],
    load_count: usize,
}

impl Gauge {
    pub(super) const fn new(config: &PowerConfig) -> Self {
        Self {
            config: *config,
            capacity_ah: None,
            charge: None,
            rests_s: 0,
            doubted_s: 0,
            is_doubted: false,
            loads_w: [0.0; LOAD_S],
            load_count: 0,
        }
    }

    pub(super) fn step(&mut self, second: &Second) {
        if let Some(load_w) = second.load_w {
            let place = self.load_count.checked_rem(LOAD_S).unwrap_or(0);
            if let Some(oldest) = self.loads_w.get_mut(place) {
                *oldest = load_w;
            }
            self.load_count = self.load_count.checked_add(1).unwrap_or(LOAD_S);
        }
        let load_a = second.load_w.zip(second.battery_v.or(self.open_v())).map(|(w, v)| w / v.max(1.0));
        let replaced_a = if second.on_battery { load_a } else { Some(0.0) };
        let Some(current_a) = second.battery_a.or(replaced_a) else {
            self.charge = None;
            return;
        };
        let Some(charge) = self.charge else {
            // Without its own current a battery that is charged looks full.
            self.charge = second.battery_a.zip(second.battery_v).map(|(a, v)| self.by_voltage(v, a).min(1.0));
            return;
        };
        let counted = charge - current_a / (self.capacity_ah() * S_PER_H);
        self.charge = Some(self.corrected(counted, current_a, second).clamp(0.0, 1.0));
    }

    fn corrected(&mut self, counted: f32, current_a: f32, second: &Second) -> f32 {
        let rests = second.battery_a.is_some_and(|a| a.abs() < REST_A) && !second.on_battery;
        self.rests_s = if rests { self.rests_s.saturating_add(1) } else { 0 };
        let Some(battery_v) = second.battery_v else { return counted };
        if self.is_at_rest() {
            return self.by_voltage(battery_v, 0.0);
        }
        let seen = self.by_voltage(battery_v, current_a);
        let is_lower = |by: f32| current_a > DISCHARGE_A_MIN && counted - seen > by;
        self.doubted_s = if is_lower(DOUBT_CHARGE) { self.doubted_s.saturating_add(1) } else { 0 };
        self.is_doubted |= self.doubted_s >= DOUBT_S;
        let follows = is_lower(0.0) && (self.is_doubted || seen < STEEP_CHARGE);
        if follows { counted - (counted - seen) * FOLLOW_PER_S } else { counted }
    }

    /// Its voltage is that of a battery at rest.
    pub(super) fn is_at_rest(&self) -> bool {
        self.rests_s as f32 >= self.config.battery_rest_s
    }

    /// It gives less than its charge says.
    pub(super) const fn is_doubted(&self) -> bool {
        self.is_doubted
    }

    /// A load test has measured the capacity.
    pub(super) const fn trust(&mut self, capacity_ah: Option<f32>) {
        (self.capacity_ah, self.is_doubted, self.doubted_s) = (capacity_ah, false, 0);
    }

    /// Mean load of the last minute, or of what there is of it [W].
    pub(super) fn load_w(&self) -> Option<f32> {
        let count = self.load_count.min(LOAD_S);
        let sum: f32 = self.loads_w.iter().take(count).sum();
        (count > 0).then(|| sum / count as f32)
    }

    /// Time that the battery lasts at that load [s].
    pub(super) fn remaining_s(&self) -> Option<f32> {
        let (charge, load_w) = self.charge.zip(self.load_w())?;
        let load_w = load_w.max(LOAD_W_MIN);
        let usable = (charge - EMPTY_CHARGE).max(0.0);
        let rest_v = self.volts(0.5 * (cell::rest_v(charge) + cell::rest_v(EMPTY_CHARGE)));
        let terminal_v = rest_v - self.slow_ohm() * load_w / rest_v.max(1.0);
        Some(usable * self.capacity_ah() * S_PER_H * terminal_v.max(0.0) / load_w)
    }

    /// Voltage without load by charge [V].
    fn open_v(&self) -> Option<f32> {
        self.charge.map(|charge| self.volts(cell::rest_v(charge)))
    }

    /// Charge by voltage, with what the current takes of it added.
    pub(super) fn by_voltage(&self, battery_v: f32, current_a: f32) -> f32 {
        cell::charge((battery_v + self.slow_ohm() * current_a) / self.config.battery_series_cells)
    }

    fn volts(&self, cell_v: f32) -> f32 {
        cell_v * self.config.battery_series_cells
    }

    fn slow_ohm(&self) -> f32 {
        self.config.battery_resistance_ohm + self.config.battery_polarisation_ohm
    }

    fn capacity_ah(&self) -> f32 {
        let nominal_ah = self.config.battery_capacity_ah;
        self.capacity_ah.map_or(nominal_ah, |found_ah| found_ah.min(nominal_ah))
    }
}
