// SPDX-License-Identifier: Apache-2.0
//! The power task against bus and battery of the world, without the rotor: hours in seconds.

use levitas::scenario::load;
use levitas::simulation;
use levitas_core::mail::Mailboxes;
use levitas_core::power::conditions::{BATTERY_5_MIN, BATTERY_15_MIN, BATTERY_WEAK, MAINS_LOST};
use levitas_core::power::messages::{PowerMail, PowerOrder, PowerOrderMail};
use levitas_core::power::{PowerConfig, TestState};
use levitas_core::task::power::PowerTask;
use levitas_world::{ECMO_50, Fault, Plant, PowerBench};

/// Bus voltage from which on the motor has to give way [V].
const SAG_V: f64 = 36.0;

struct Rig {
    bench: PowerBench,
    task: PowerTask,
    mail: Mailboxes,
}

impl Rig {
    fn new(plant: &Plant, load_w: f64) -> Self {
        let mut bench = PowerBench::new(plant, 1);
        bench.load_w = load_w;
        Self { bench, task: PowerTask::new(&PowerConfig::ECMO_50).unwrap(), mail: Mailboxes::new() }
    }

    fn run(&mut self, time_s: f64) -> PowerMail {
        for _ in 0..(time_s * 100.0) as u32 {
            self.bench.advance();
            let outputs = self.task.step(&self.bench.sample(), &self.mail);
            self.bench.control(&outputs);
        }
        self.mail.power.read::<PowerMail>().unwrap().1
    }

    fn test(&mut self) -> PowerMail {
        self.run(700.0);
        self.mail.power_order.write(&PowerOrderMail { number: 1, order: PowerOrder::LoadTest as u32 });
        self.run(700.0)
    }
}

#[test]
fn the_configuration_is_that_of_the_plants_battery() {
    let (config, battery) = (PowerConfig::ECMO_50, ECMO_50.battery);
    let (truth, _) = PowerBench::new(&ECMO_50, 1).truth();
    assert_eq!(f64::from(config.battery_series_cells), battery.series_cells);
    assert_eq!(f64::from(config.battery_capacity_ah), battery.capacity_ah);
    assert!((f64::from(config.battery_resistance_ohm) / truth.resistance_ohm - 1.0).abs() < 0.01);
    let warm =
        (truth.resistance_ohm - battery.wiring_ohm) / battery.series_cells / battery.cell_resistance_ohm;
    let slow_ohm = battery.cell_polarisation_ohm * battery.series_cells * warm;
    assert!((f64::from(config.battery_polarisation_ohm) / slow_ohm - 1.0).abs() < 0.01);
    assert!(f64::from(config.load_test_s) < battery.test_load_s_max);
}

/// A row of a table of docs/power.md is what was found.
fn expect_row(row: &str) {
    println!("{row}");
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/power.md")).unwrap();
    assert!(page.lines().any(|line| line == row), "put this row into docs/power.md: {row}");
}

/// From full to empty at the loads of a unit that waits, that pumps, and the worst of all: never less time than was told. How much more
/// there is docs/power.md says.
#[test]
fn the_battery_lasts_at_least_as_long_as_is_told() {
    for load_w in [5.0, 20.0, 40.0] {
        let mut plant = ECMO_50;
        plant.battery.start_charge = if load_w < 10.0 { 0.4 } else { 0.7 };
        let mut rig = Rig::new(&plant, load_w);
        rig.run(60.0);
        rig.bench.fault(&Fault::MainsLoss).unwrap();
        let (mut told, mut time_s) = (Vec::new(), 0.0);
        while rig.bench.truth().1 > SAG_V {
            let said = rig.run(1.0);
            time_s += 1.0;
            for (bit, minutes) in [(BATTERY_15_MIN, 15.0), (BATTERY_5_MIN, 5.0)] {
                if said.conditions & bit != 0 && told.iter().all(|(known, _)| *known != minutes) {
                    told.push((minutes, time_s));
                }
            }
            assert_ne!(said.conditions & MAINS_LOST, 0);
        }
        let [(15.0, first_s), (5.0, second_s)] = told[..] else { panic!("{load_w} W: {told:?}") };
        let [first_min, second_min] = [first_s, second_s].map(|at_s| (time_s - at_s) / 60.0);
        expect_row(&format!("| {load_w} W | {first_min:.2} min until the bus sags | {second_min:.2} min |"));
        assert!(first_min >= 15.0 && second_min >= 5.0, "{load_w} W: {first_min}, {second_min} min");
    }
}

/// Lowest and highest value of a column of a trace over a span of time.
fn range(trace: &str, column: &str, from_s: f64, to_s: f64) -> [f64; 2] {
    let place = trace.lines().next().unwrap().split(',').position(|name| name == column).unwrap();
    let rows = trace.lines().skip(1).map(|row| row.split(',').collect::<Vec<_>>());
    let own = rows.filter(|row| (from_s..to_s).contains(&row[0].parse::<f64>().unwrap()));
    own.map(|row| row[place].parse::<f64>().unwrap())
        .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], value| {
            [f64::min(low, value), f64::max(high, value)]
        })
}

/// With the mains gone and with the mains back flow, speed and rotor move as in the second before. The bounds stand in docs/power.md.
#[test]
fn neither_rotor_nor_flow_feels_the_switch_over() {
    let run = simulation::run(&load("8a_mains_loss", &[]).unwrap(), &mut |_| {}).unwrap();
    let trace = run.recording.to_csv();
    for (column, bound) in [("flow_lpm", 0.01), ("speed_rpm", 5.0), ("radius_um", 1.0)] {
        let [before, lost, back] =
            [(7.0, 8.0), (8.0, 12.0), (12.0, 14.0)].map(|(from_s, to_s)| range(&trace, column, from_s, to_s));
        println!("{column}: {before:.3?} before, {lost:.3?} lost, {back:.3?} back");
        for after in [lost, back] {
            let off = before.iter().zip(after).map(|(one, other)| (one - other).abs()).fold(0.0, f64::max);
            assert!(off < bound, "{column}: {before:?}, then {after:?}");
        }
    }
}

#[test]
fn a_new_battery_passes_and_aged_ones_fail() {
    for (capacity_factor, resistance_factor, passed) in
        [(1.0, 1.0, true), (0.85, 1.4, true), (0.5, 1.0, false), (1.0, 3.0, false)]
    {
        let mut rig = Rig::new(&ECMO_50, 20.0);
        rig.bench.fault(&Fault::BatteryWeak { capacity_factor, resistance_factor }).unwrap();
        let said = rig.test();
        let ohm = rig.bench.truth().0.resistance_ohm;
        let capacity_ah = 3.0 * capacity_factor;
        expect_row(&format!(
            "| {capacity_ah:.2} Ah | {resistance_factor} times | {:.2} Ah, {:.3} ohm of {ohm:.3} |",
            said.capacity_ah, said.resistance_ohm
        ));
        let wanted = if passed { TestState::Passed } else { TestState::Weak };
        assert_eq!(
            TestState::from_code(said.test),
            Some(wanted),
            "{capacity_factor} {resistance_factor}: {said:?}"
        );
        assert_eq!(said.conditions & BATTERY_WEAK == 0, passed);
        assert!((f64::from(said.capacity_ah) / capacity_ah - 1.0).abs() < 0.15);
        assert!((f64::from(said.resistance_ohm) / ohm - 1.0).abs() < 0.1);
    }
}
