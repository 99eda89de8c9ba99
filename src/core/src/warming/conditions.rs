// SPDX-License-Identifier: Apache-2.0
//! What is wrong with the warming device: the conditions of the warming task, one bit each, with what the operator reads.

use crate::code::bit_table;

bit_table! {
    0 OVERHEATED "overheated" "Water or blood is warmer than the device may make it: the heater is off.";
    1 CUT_OUT "cut_out" "The cut-out has opened, is not heard of or sees another temperature: nothing is heated.";
    2 TEMPERATURE_SENSOR "temperature_sensor" "A temperature is not to be believed: the other sensor, or the water alone, is followed.";
    3 HEATER "heater" "The heater takes another power than it is told, or leaks current: it is off until a target is set anew.";
    4 WATER_LOOP "water_loop" "Water is missing or does not flow: the heater is off.";
}
