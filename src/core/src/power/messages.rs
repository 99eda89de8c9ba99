// SPDX-License-Identifier: Apache-2.0
//! What the power task says, and what is said to it.

use super::{PowerReport, conditions};
use crate::code::from_code;
use crate::mailbox::Reader;

/// A power task that has said nothing for longer than this knows nothing [us].
const SILENT_US_MAX: u32 = 500_000;

snapshot! {
    /// What the power task knows of mains and battery.
    pub struct PowerMail [POWER_WORDS] {
        /// Bits of [`super::conditions`].
        pub conditions: u32,
        /// State of charge, 0 to 1; not a number when it is not known, as what follows.
        pub charge: f32,
        /// Time that the battery lasts, or would, at the load of the last minute [s].
        pub remaining_s: f32,
        /// That load [W].
        pub load_w: f32,
        /// Capacity as the load test found it [Ah].
        pub capacity_ah: f32,
        /// Resistance of the battery at once, likewise [ohm].
        pub resistance_ohm: f32,
        /// Code of a [`super::TestState`].
        pub test: u32,
        /// Number of the last order that was looked at.
        pub order_number: u32,
        /// 0: it was taken; else the code of a [`super::TestRefusal`].
        pub order_result: u32,
    }
}

snapshot! {
    /// What the operator wants of the battery, once per number.
    pub struct PowerOrderMail [POWER_ORDER_WORDS] {
        /// Counts the orders.
        pub number: u32,
        /// Code of a [`PowerOrder`].
        pub order: u32,
    }
}

/// What an operator can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum PowerOrder {
    /// A load test of the battery.
    LoadTest = 1,
}

from_code!(PowerOrder: u32 { LoadTest });

impl PowerMail {
    /// What the power task knows now: nothing of the battery once it is not heard of any more. `None` where there is no such task.
    pub(crate) fn heard(reader: &Reader<Self>) -> Option<Self> {
        let last = reader.latest()?;
        let none = f32::NAN;
        let unknown = last.conditions | conditions::BATTERY_UNKNOWN;
        let stale = Self { conditions: unknown, charge: none, remaining_s: none, load_w: none, ..last };
        Some(if reader.age_us() > SILENT_US_MAX { stale } else { last })
    }

    pub(crate) fn new(report: &PowerReport, order_number: u32, order_result: u32) -> Self {
        let or_nan = |value: Option<f32>| value.unwrap_or(f32::NAN);
        Self {
            conditions: report.conditions,
            charge: or_nan(report.charge),
            remaining_s: or_nan(report.remaining_s),
            load_w: or_nan(report.load_w),
            capacity_ah: or_nan(report.capacity_ah),
            resistance_ohm: or_nan(report.resistance_ohm),
            test: report.test as u32,
            order_number,
            order_result,
        }
    }
}
