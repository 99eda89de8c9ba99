// SPDX-License-Identifier: Apache-2.0
//! What is wrong with mains and battery: the conditions of the power task, one bit each, with what the operator reads.

use crate::code::bit_table;

bit_table! {
    0 MAINS_LOST "mains_lost" "The mains are gone: the unit runs on its battery.";
    1 BATTERY_15_MIN "battery_15_min" "The battery would last, or lasts, less than 15 minutes at the present load.";
    2 BATTERY_5_MIN "battery_5_min" "The unit runs on its battery, which lasts less than 5 minutes at the present load.";
    3 BATTERY_WEAK "battery_weak" "The battery failed its load test, or gives less than its charge says.";
    4 BATTERY_UNKNOWN "battery_unknown" "Mains or battery are not measured, or not to be believed: the time left is not known.";
    5 OTHER_BATTERY "other_battery" "The other unit says that its battery is low, weak, or not known: it might not last as a backup.";
}
