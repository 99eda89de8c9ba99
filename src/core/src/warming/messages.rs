// SPDX-License-Identifier: Apache-2.0
//! What the two tasks of the warming device say, and what the operator says to one of them.

use super::cutout::CutOut;
use super::{Aim, CutOutReport, WarmingReport, WarmingSettings};

snapshot! {
    /// What the warming task sees and does.
    pub struct WarmingMail [WARMING_WORDS] {
        /// Code of a [`super::WarmingState`].
        pub state: u32,
        /// Bits of [`super::conditions`].
        pub conditions: u32,
        /// Those of them that stand until a target is set anew, after a restart of the task too.
        pub latched: u32,
        /// Water, the higher of two sensors [C]; not a number when it is not believed.
        pub water_celsius: f32,
        /// Blood that leaves the membrane lung, likewise [C].
        pub blood_celsius: f32,
        /// Where the ramp is [C]; not a number while nothing is followed.
        pub reference_celsius: f32,
        /// What the water is to have, likewise [C].
        pub water_reference_celsius: f32,
        /// Power of the heater, as told [W].
        pub heater_w: f32,
        /// Number of the last order that was looked at.
        pub order_number: u32,
        /// 0: it was taken; else what was refused: the place of a setting in [`WarmingSettings::FIELDS`], from 1 on,
        /// [`ORDER_UNKNOWN`] or [`ORDER_BLIND`].
        pub order_result: u32,
    }
}

snapshot! {
    /// What the cut-out says. Nothing is ever said to it; it finds here itself whether it was open, when it starts anew.
    pub struct CutOutMail [CUT_OUT_WORDS] {
        /// 0: it permits; else the code of a [`super::cutout::Trip`].
        pub trip: u32,
        /// Its own water [C].
        pub water_celsius: f32,
        /// Its own blood [C].
        pub blood_celsius: f32,
    }
}

snapshot! {
    /// What the operator wants of the warming device: it stands until the next one, after a restart of the task too.
    pub struct WarmingOrderMail [WARMING_ORDER_WORDS] {
        /// Counts the orders.
        pub number: u32,
        /// Code of an [`Aim`].
        pub aim: u32,
        /// See [`WarmingSettings::blood_celsius`].
        pub blood_celsius: f32,
        /// See [`WarmingSettings::water_celsius`].
        pub water_celsius: f32,
        /// See [`WarmingSettings::warming_celsius_per_h`].
        pub warming_celsius_per_h: f32,
        /// See [`WarmingSettings::cooling_celsius_per_h`].
        pub cooling_celsius_per_h: f32,
    }
}

/// Result of an order whose aim does not exist.
pub const ORDER_UNKNOWN: u32 = 100;
/// Result of an order to follow the blood, whose temperature is not known.
pub const ORDER_BLIND: u32 = 101;

impl WarmingOrderMail {
    /// An order of that number.
    #[must_use]
    pub const fn new(number: u32, aim: Aim, settings: &WarmingSettings) -> Self {
        Self {
            number,
            aim: aim as u32,
            blood_celsius: settings.blood_celsius,
            water_celsius: settings.water_celsius,
            warming_celsius_per_h: settings.warming_celsius_per_h,
            cooling_celsius_per_h: settings.cooling_celsius_per_h,
        }
    }

    /// Its settings, unchecked.
    #[must_use]
    pub const fn settings(&self) -> WarmingSettings {
        WarmingSettings {
            blood_celsius: self.blood_celsius,
            water_celsius: self.water_celsius,
            warming_celsius_per_h: self.warming_celsius_per_h,
            cooling_celsius_per_h: self.cooling_celsius_per_h,
        }
    }
}

impl WarmingMail {
    pub(crate) fn new(report: &WarmingReport, heater_w: f32, order_number: u32, order_result: u32) -> Self {
        Self {
            state: report.state as u32,
            conditions: report.conditions,
            latched: report.latched,
            water_celsius: report.water_celsius.unwrap_or(f32::NAN),
            blood_celsius: report.blood_celsius.unwrap_or(f32::NAN),
            reference_celsius: report.reference_celsius,
            water_reference_celsius: report.water_reference_celsius,
            heater_w,
            order_number,
            order_result,
        }
    }
}

impl CutOutMail {
    pub(crate) fn new(cut_out: &CutOut) -> Self {
        let [water_celsius, blood_celsius] = cut_out.celsius();
        Self { trip: cut_out.trip().map_or(0, |trip| trip as u32), water_celsius, blood_celsius }
    }

    /// What of it matters to the control.
    pub(crate) const fn report(&self) -> CutOutReport {
        CutOutReport { permits: self.trip == 0, celsius: [self.water_celsius, self.blood_celsius] }
    }
}
