// SPDX-License-Identifier: Apache-2.0
//! What an exact commissioning tells the controller of a plant, as settings of a command line.
//!
//! # Model
//! Force factors, coil, gain of the sensors and pickup are those of the plant, and the gains of the bearing follow them
//! (`BearingConfig::retuned`). Fields that commissioning leaves alone, or that were right already, are not named.
//!
//! # Limits and failure
//! Exact: the error of the real routine (docs/commissioning.md) is not in it. Mids, runout and angle stay as configured;
//! no corner changes them.

use levitas_core::bearing::BearingConfig;

use crate::scenario::Scenario;

/// The settings of the host for the plant of a scenario.
#[must_use]
pub fn settings(scenario: &Scenario) -> Vec<String> {
    let mut before = scenario.host.levitation.bearing;
    let mut after = found(scenario, before).retuned();
    let mut settings = Vec::new();
    for field in BearingConfig::FIELDS {
        if let (Some(before), Some(after)) = (before.field_mut(field.name), after.field_mut(field.name))
            && (*after - *before).abs() > before.abs() * 1e-6
        {
            settings.push(format!("config.host.{}={after}", field.name));
        }
    }
    settings
}

/// The configuration with the truth of the plant.
fn found(scenario: &Scenario, before: BearingConfig) -> BearingConfig {
    let (bearing, sensor) = (&scenario.plant.bearing, &scenario.plant.sensor_displacement);
    let gain = sensor.v_per_m as f32 / before.hall_v_per_m;
    BearingConfig {
        force_displacement_n_per_m: scenario.plant.rotor.k_x_n_per_m as f32,
        force_current_n_per_a: bearing.k_i_n_per_a as f32,
        coil_resistance_ohm: bearing.resistance_ohm as f32,
        coil_inductance_h: bearing.inductance_h as f32,
        hall_gain_x: gain,
        hall_gain_y: gain,
        coil_pickup_m_per_a: sensor.coil_pickup_m_per_a as f32,
        ..before
    }
}

#[cfg(test)]
mod tests {
    use super::super::design::one_at_a_time;
    use super::super::experiment::scenario_with;
    use super::*;

    fn told(plant: &[String]) -> Vec<String> {
        settings(&scenario_with("2b_force_step", plant).unwrap())
    }

    #[test]
    fn the_nominal_plant_needs_no_setting() {
        assert!(told(&[]).is_empty(), "{:?}", told(&[]));
    }

    #[test]
    fn every_factor_that_commissioning_finds_is_told() {
        let names = |corner: usize| -> Vec<String> {
            let told = told(&one_at_a_time()[corner].settings());
            told.iter().filter_map(|text| Some(text.split_once('=')?.0.replace("config.host.", ""))).collect()
        };
        assert_eq!(names(2), ["force_displacement_n_per_m", "feedback_displacement_a_per_m"]);
        let k_i = ["force_current_n_per_a", "feedback_displacement_a_per_m", "feedback_velocity_a_s_per_m"];
        assert_eq!(names(3), k_i);
        assert_eq!(names(5), ["coil_inductance_h"]);
        assert_eq!(names(8), ["coil_resistance_ohm"]);
        assert_eq!(names(9), ["hall_gain_x", "hall_gain_y"]);
        assert_eq!(names(12), ["coil_pickup_m_per_a"]);
        assert!(names(13).is_empty() && names(16).is_empty());
    }

    #[test]
    fn the_settings_bring_the_truth_and_the_gains_to_the_last_bit() {
        let plant = one_at_a_time()[3].settings();
        let before = scenario_with("2b_force_step", &plant).unwrap();
        let after = scenario_with("2b_force_step", &[plant, settings(&before)].concat()).unwrap();
        let wanted = found(&before, before.host.levitation.bearing).retuned();
        let bearing = after.host.levitation.bearing;
        assert_eq!(bearing.force_current_n_per_a, 6.4);
        assert_eq!(bearing.feedback_displacement_a_per_m, wanted.feedback_displacement_a_per_m);
        assert_eq!(bearing.feedback_velocity_a_s_per_m, wanted.feedback_velocity_a_s_per_m);
    }
}
