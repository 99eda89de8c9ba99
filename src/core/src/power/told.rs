// SPDX-License-Identifier: Apache-2.0
//! What a unit tells the other one of its mains and battery: whoever drives has to know whether its backup would last.
//!
//! It is a part of the fast frames, because the slow ones are full, and as mail that of the link task to alarm, supervisor and shell of the
//! unit that hears it. Whether the battery is well the unit itself says that measures it: nobody has its limits twice.
//!
//! # Stale input
//! What a unit said last counts on while it is not heard: a battery that was empty is not full because nobody looks.

use super::conditions as condition;
use super::messages::PowerMail;
use crate::code::from_code;
use crate::mailbox::Words;

/// What stands in the way of relying on a battery.
const BATTERY: u32 = condition::BATTERY_15_MIN
    | condition::BATTERY_5_MIN
    | condition::BATTERY_WEAK
    | condition::BATTERY_UNKNOWN;

/// Who feeds a unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum PowerSource {
    /// It does not measure that, or has not yet.
    #[default]
    NotTold = 0,
    /// The mains.
    Mains = 1,
    /// Its battery.
    Battery = 2,
}

from_code!(PowerSource: u8 { NotTold, Mains, Battery });

impl PowerSource {
    /// As shell and logs spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotTold => "not measured",
            Self::Mains => "mains",
            Self::Battery => "battery",
        }
    }
}

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PowerTold {
    /// Who feeds it.
    pub power_source: PowerSource,
    /// Its battery is low, weak, or not known: an alarm stands there.
    pub battery_alarm: bool,
    /// State of charge [%].
    pub battery_charge_pct: Option<f32>,
    /// Time that the battery lasts, or would, at the load of the last minute [min].
    pub battery_remaining_min: Option<f32>,
}

impl PowerTold {
    /// What the power task of this unit knows.
    #[must_use]
    pub fn of(power: &PowerMail) -> Self {
        let known = |value: f32| Some(value).filter(|value| value.is_finite());
        let on_battery = power.conditions & condition::MAINS_LOST != 0;
        Self {
            power_source: if on_battery { PowerSource::Battery } else { PowerSource::Mains },
            battery_alarm: power.conditions & BATTERY != 0,
            battery_charge_pct: known(power.charge * 100.0),
            battery_remaining_min: known(power.remaining_s / 60.0),
        }
    }

    /// The other unit tells this: what of it stands here, bits of [`condition`].
    #[must_use]
    pub const fn conditions(&self) -> u32 {
        if self.battery_alarm { condition::OTHER_BATTERY } else { 0 }
    }

    /// It could go on by itself for long: on mains, with a battery that is well.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.power_source != PowerSource::Battery && !self.battery_alarm
    }
}

/// Words of a [`PowerTold`].
pub const POWER_TOLD_WORDS: usize = 3;
/// Above the code of the source.
const ALARM: u32 = 1 << 8;

impl Words<POWER_TOLD_WORDS> for PowerTold {
    fn to_words(&self) -> [u32; POWER_TOLD_WORDS] {
        let told = |value: Option<f32>| value.unwrap_or(f32::NAN).to_bits();
        let alarm = if self.battery_alarm { ALARM } else { 0 };
        [
            u32::from(self.power_source as u8) | alarm,
            told(self.battery_charge_pct),
            told(self.battery_remaining_min),
        ]
    }

    fn from_words([source, battery_charge_pct, battery_remaining_min]: [u32; POWER_TOLD_WORDS]) -> Self {
        let number = |word: u32| Some(f32::from_bits(word)).filter(|value| value.is_finite());
        Self {
            power_source: PowerSource::from_code(source as u8).unwrap_or_default(),
            battery_alarm: source & ALARM != 0,
            battery_charge_pct: number(battery_charge_pct),
            battery_remaining_min: number(battery_remaining_min),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::power::messages::POWER_WORDS;

    fn mail(conditions: u32) -> PowerMail {
        PowerMail { conditions, charge: 0.4, remaining_s: 630.0, ..PowerMail::from_words([0; POWER_WORDS]) }
    }

    #[test]
    fn the_other_unit_hears_of_every_trouble_of_the_battery_and_of_nothing_else() {
        for (bit, name, _) in condition::TABLE {
            let told = PowerTold::of(&mail(*bit));
            assert_eq!(told.battery_alarm, name.starts_with("battery_"), "{name}");
            assert_eq!(told.conditions() != 0, told.battery_alarm, "{name}");
            assert_eq!(told.power_source == PowerSource::Battery, *name == "mains_lost", "{name}");
            assert_eq!(told.is_well(), *name == "other_battery", "{name}: it is no trouble of this unit");
        }
        assert_eq!(PowerTold::default().conditions(), 0, "a unit without sensors tells nothing");
    }

    #[test]
    fn numbers_are_told_in_percent_and_minutes_or_not_at_all() {
        let told = PowerTold::of(&mail(0));
        assert!((told.battery_charge_pct.unwrap() - 40.0).abs() < 1e-4);
        assert_eq!(told.battery_remaining_min, Some(10.5));
        let blind =
            PowerMail { charge: f32::NAN, remaining_s: f32::INFINITY, ..mail(condition::BATTERY_UNKNOWN) };
        let told = PowerTold::of(&blind);
        assert_eq!(
            (told.battery_charge_pct, told.battery_remaining_min, told.battery_alarm),
            (None, None, true)
        );
    }

    #[test]
    fn it_travels_whole() {
        for power_source in [PowerSource::NotTold, PowerSource::Mains, PowerSource::Battery] {
            for (battery_alarm, number) in [(false, None), (true, Some(12.5))] {
                let told = PowerTold {
                    power_source,
                    battery_alarm,
                    battery_charge_pct: number,
                    battery_remaining_min: number,
                };
                assert_eq!(PowerTold::from_words(told.to_words()), told);
            }
        }
    }
}
