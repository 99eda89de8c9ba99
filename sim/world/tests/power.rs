// SPDX-License-Identifier: Apache-2.0
//! Mains and battery: the switch-over, what the battery gives, how it runs down, charger, test load, sensors.

mod common;

use common::{OFF, close, quiet_plant, world};
use levitas_core::ports::{PowerOutputs, valid};
use levitas_world::{Fault, InitialState, Plant, PowerTruth, STEP_S, World};

/// A load that takes nothing but its electronics.
fn plant(electronics_w: f64) -> Plant {
    let mut plant = quiet_plant();
    plant.drive.electronics_w = electronics_w;
    plant.battery.cell_offset_v = 0.0;
    plant.battery.celsius = 25.0;
    plant
}

fn start(plant: Plant) -> World {
    world(plant, InitialState::default())
}

fn run(world: &mut World, time_s: f64) -> [PowerTruth; 2] {
    for _ in 0..(time_s / STEP_S).round() as u64 {
        world.advance(&OFF);
    }
    world.truth().power
}

fn bus_v(world: &World) -> f64 {
    world.truth().bus_voltage_v[0]
}

#[test]
fn the_bus_falls_to_the_battery_less_its_diode_and_comes_back_when_that_conducts() {
    let mut world = start(plant(40.0));
    run(&mut world, 0.1);
    let before_v = bus_v(&world);
    close("mains", before_v, 48.0 - 0.05 * 40.0 / 48.0, 1e-3);
    world.fault(0, Fault::MainsLoss).unwrap();
    let mut lowest_v = before_v;
    for _ in 0..400 {
        world.advance(&OFF);
        lowest_v = lowest_v.min(bus_v(&world));
    }
    let battery = world.truth().power[0];
    // At rest before: 45.13 V; through the battery, its wiring and the cable of the bus 0.43 ohm.
    close("full battery", battery.open_v, 45.13, 1e-3);
    let current_a = 40.0 / lowest_v;
    close("lowest", lowest_v, battery.open_v - 0.7 - (battery.resistance_ohm + 0.05) * current_a, 2e-3);
    run(&mut world, 0.02);
    let current_a = 40.0 / bus_v(&world);
    close("on battery", bus_v(&world), battery.open_v - (battery.resistance_ohm + 0.05) * current_a, 1e-3);
    close("of the other unit", world.truth().bus_voltage_v[1], before_v, 1e-9);
    world.clear(0);
    run(&mut world, 0.02);
    close("mains again", bus_v(&world), before_v, 1e-6);
}

#[test]
fn the_charge_that_the_battery_gives_is_the_energy_that_the_load_takes() {
    let mut plant = plant(40.0);
    plant.battery.capacity_ah = 0.01;
    plant.battery.start_charge = 0.9;
    let mut world = start(plant);
    world.fault(0, Fault::MainsLoss).unwrap();
    world.control_power(1, &PowerOutputs { hold_charger: 1, ..PowerOutputs::default() });
    let [first, other] = run(&mut world, 0.5);
    let [last, _] = run(&mut world, 4.0);
    let given_c = (first.charge - last.charge) * 0.01 * 3600.0;
    let mean_v = 40.0 * 4.0 / given_c;
    let terminal_v = 0.5 * (first.open_v + last.open_v) - (last.resistance_ohm + 0.05) * last.battery_a;
    close("voltage of its charge", mean_v, terminal_v, 0.01);
    assert_eq!(other.charge, 0.9, "the battery of the other unit");
    // To the end: nothing more, and the bus goes.
    let [empty, _] = run(&mut world, 40.0);
    assert_eq!(empty.charge, 0.0);
    assert_eq!(bus_v(&world), 0.0);
}

#[test]
fn age_and_cold_cost_capacity_and_resistance() {
    let mut cold = plant(40.0);
    cold.battery.celsius = 2.0;
    let ratio = |plant: Plant| {
        (start(plant).truth().power[0].resistance_ohm - 0.05)
            / (start(plant_of_25()).truth().power[0].resistance_ohm - 0.05)
    };
    fn plant_of_25() -> Plant {
        plant(40.0)
    }
    close("cold", ratio(cold), 2.0, 0.02);
    let mut world = start(plant(40.0));
    let new = world.truth().power[0];
    world.fault(0, Fault::BatteryWeak { capacity_factor: 0.5, resistance_factor: 3.0 }).unwrap();
    world.fault(0, Fault::MainsLoss).unwrap();
    let [weak, _] = run(&mut world, 0.01);
    close("resistance", weak.resistance_ohm - 0.05, 3.0 * (new.resistance_ohm - 0.05), 1e-6);
    let [later, _] = run(&mut world, 10.0);
    let lost = weak.charge - later.charge;
    close("capacity", lost * 1.5 * 3600.0, later.battery_a * 10.0, 0.01);
}

#[test]
fn the_charger_fills_and_stops_and_can_be_held() {
    let mut plant = plant(5.0);
    plant.battery.capacity_ah = 0.01;
    plant.battery.start_charge = 0.5;
    plant.battery.polarisation_s = 5.0;
    let mut world = start(plant);
    world.control_power(0, &PowerOutputs { hold_charger: 1, ..PowerOutputs::default() });
    let [held, other] = run(&mut world, 5.0);
    assert_eq!((held.charge, held.battery_a), (0.5, 0.0));
    close("charging", other.battery_a, -0.75, 1e-9);
    let [_, full] = run(&mut world, 120.0);
    assert!(full.charge > 0.98 && full.battery_a.abs() < 0.1, "{full:?}");
}

#[test]
fn the_test_load_draws_the_battery_and_not_the_bus_and_never_without_mains() {
    let mut plant = plant(5.0);
    plant.battery.test_load_s_max = 3.0;
    let mut world = start(plant);
    run(&mut world, 0.1);
    let before_v = bus_v(&world);
    world.control_power(0, &PowerOutputs { test_load: 1, ..PowerOutputs::default() });
    let [tested, _] = run(&mut world, 1.0);
    close("current", tested.battery_a, tested.open_v / (25.0 + tested.resistance_ohm), 1e-3);
    assert_eq!(bus_v(&world).to_bits(), before_v.to_bits());
    world.fault(0, Fault::MainsLoss).unwrap();
    let [lost, _] = run(&mut world, 0.5);
    close("the load alone", lost.battery_a, 5.0 / bus_v(&world), 0.01);
    world.clear(0);
    // Its own timer.
    let [over, _] = run(&mut world, 2.0);
    assert!(over.battery_a <= 0.0, "{over:?}");
}

#[test]
fn the_sensors_show_means_miss_or_repeat() {
    let mut world = start(plant(40.0));
    world.fault(0, Fault::MainsLoss).unwrap();
    run(&mut world, 1.0);
    world.sample_power(0);
    let [truth, _] = run(&mut world, 0.5);
    let seen = world.sample_power(0);
    assert_eq!(seen.valid, valid::POWER);
    assert!(seen.mains_v.abs() < 0.05);
    close("battery", f64::from(seen.battery_a), truth.battery_a + 0.003, 0.02);
    close("load", f64::from(seen.load_a), truth.battery_a + 0.003, 0.02);
    let terminal_v = truth.open_v - truth.resistance_ohm * truth.battery_a;
    close("terminals", f64::from(seen.battery_v), 1.001 * terminal_v, 1e-3);
    world.fault(0, Fault::BatterySensorStuck).unwrap();
    run(&mut world, 0.5);
    let stuck = world.sample_power(0);
    assert_eq!(
        (stuck.battery_v.to_bits(), stuck.battery_a.to_bits()),
        (seen.battery_v.to_bits(), seen.battery_a.to_bits())
    );
    assert_ne!(stuck.load_a.to_bits(), seen.load_a.to_bits());
    world.fault(0, Fault::BatterySensorLoss).unwrap();
    assert_eq!(world.sample_power(0).valid, valid::MAINS_VOLTAGE | valid::LOAD_CURRENT);
    world.clear(0);
    assert_eq!(world.sample_power(0).valid, valid::POWER);
}
