// SPDX-License-Identifier: Apache-2.0
//! The power task against bus and battery of the world, without the rotor: hours in seconds.

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
        assert_eq!(told.len(), 2, "{load_w} W");
        for (minutes, at_s) in told {
            let left_min = (time_s - at_s) / 60.0;
            println!("{load_w} W: {minutes} min told with {left_min:.2} min left");
            assert!(left_min >= minutes, "{load_w} W: {left_min} min for {minutes}");
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
        println!(
            "capacity {capacity_factor}, resistance {resistance_factor}: found {:.2} Ah, {:.3} ohm of {ohm:.3}",
            said.capacity_ah, said.resistance_ohm
        );
        let wanted = if passed { TestState::Passed } else { TestState::Weak };
        assert_eq!(
            TestState::from_code(said.test),
            Some(wanted),
            "{capacity_factor} {resistance_factor}: {said:?}"
        );
        assert_eq!(said.conditions & BATTERY_WEAK == 0, passed);
        assert!((f64::from(said.capacity_ah) / (3.0 * capacity_factor) - 1.0).abs() < 0.15);
        assert!((f64::from(said.resistance_ohm) / ohm - 1.0).abs() < 0.1);
    }
}
