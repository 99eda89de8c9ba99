// SPDX-License-Identifier: Apache-2.0
use super::*;

/// A battery without polarisation, and what measures it.
struct Bench {
    power: Power,
    config: PowerConfig,
    charge: f32,
    capacity_ah: f32,
    resistance_ohm: f32,
    load_w: f32,
    mains: bool,
    /// The mains have their voltage and do not feed.
    opens: bool,
    /// A converter of one sign: mains that are gone are 0 to the last bit.
    exact: bool,
    charger_a: f32,
    missing: u32,
    frozen: Option<PowerInputs>,
    periods: u32,
    outputs: PowerOutputs,
}

const QUICK: PowerConfig = PowerConfig {
    battery_capacity_ah: 0.1,
    battery_polarisation_ohm: 0.0,
    battery_rest_s: 5.0,
    load_test_s: 10.0,
    ..PowerConfig::ECMO_50
};

impl Bench {
    fn new(config: &PowerConfig) -> Self {
        Self {
            power: Power::new(config).unwrap(),
            config: *config,
            charge: 0.95,
            capacity_ah: config.battery_capacity_ah,
            resistance_ohm: config.battery_resistance_ohm,
            load_w: 20.0,
            mains: true,
            opens: false,
            exact: false,
            charger_a: 0.0,
            missing: 0,
            frozen: None,
            periods: 0,
            outputs: PowerOutputs::default(),
        }
    }

    fn step(&mut self) -> PowerReport {
        self.periods += 1;
        let noise = 0.002 * ((self.periods * 7 % 5) as f32 - 2.0);
        let open_v = self.config.battery_series_cells * cell::rest_v(self.charge);
        let bus_v = if self.mains { 48.0 } else { open_v };
        let load_a = self.load_w / bus_v;
        let test_a = if self.outputs.test_load == 1 && self.mains { open_v / 25.0 } else { 0.0 };
        let charger_a = if self.outputs.hold_charger == 1 || !self.mains { 0.0 } else { self.charger_a };
        let battery_a = test_a - charger_a + if self.mains && !self.opens { 0.0 } else { load_a };
        self.charge -= battery_a * 0.01 / (self.capacity_ah * 3600.0);
        let inputs = PowerInputs {
            mains_v: if self.mains {
                48.0 + noise
            } else if self.exact {
                0.0
            } else {
                noise
            },
            battery_v: open_v - self.resistance_ohm * battery_a + noise,
            battery_a: battery_a + noise,
            load_a: load_a + noise,
            valid: valid::POWER & !self.missing,
        };
        let (outputs, report) = self.power.step(&self.frozen.unwrap_or(inputs));
        self.outputs = outputs;
        report
    }

    fn run(&mut self, time_s: f32) -> PowerReport {
        (0..(time_s * 100.0) as u32).map(|_| self.step()).last().unwrap()
    }

    /// Seconds until a condition stands, and what is true then.
    fn until(&mut self, bit: u32, time_s_max: u32) -> u32 {
        (0..time_s_max).find(|_| self.run(1.0).conditions & bit != 0).unwrap()
    }
}

#[test]
fn the_mains_are_lost_after_two_periods_and_back_after_ten() {
    let mut bench = Bench::new(&PowerConfig::ECMO_50);
    assert_eq!(bench.run(10.0).conditions, 0);
    bench.mains = false;
    assert_eq!(bench.step().conditions, 0);
    assert_eq!(bench.step().conditions, condition::MAINS_LOST);
    bench.mains = true;
    assert_eq!(bench.run(0.09).conditions, condition::MAINS_LOST);
    assert_eq!(bench.step().conditions, 0);
    // A voltage that feeds nothing: a diode or a wire is open.
    bench.opens = true;
    assert_eq!(bench.run(0.05).conditions, condition::MAINS_LOST);
    bench.opens = false;
    assert_eq!(bench.run(0.2).conditions, 0);
    // Not measured: what the battery gives tells.
    bench.missing = valid::MAINS_VOLTAGE;
    assert_eq!(bench.run(2.0).conditions, condition::BATTERY_UNKNOWN);
    bench.mains = false;
    assert_eq!(bench.run(0.05).conditions, condition::BATTERY_UNKNOWN | condition::MAINS_LOST);
}

#[test]
fn charge_is_counted_and_time_is_what_the_load_leaves() {
    let mut bench = Bench::new(&QUICK);
    bench.charger_a = -0.1;
    let first = bench.run(61.0);
    assert!((first.charge.unwrap() - bench.charge).abs() < 0.01);
    assert!((first.load_w.unwrap() - 20.0).abs() < 0.2);
    bench.mains = false;
    let start = bench.run(2.0);
    let told_s = start.remaining_s.unwrap();
    let mut lasted_s = 0;
    while bench.charge > gauge::EMPTY_CHARGE {
        let seen = bench.run(1.0);
        assert!((seen.charge.unwrap() - bench.charge).abs() < 0.01, "{} {:?}", bench.charge, seen.charge);
        lasted_s += 1;
    }
    assert!((told_s / lasted_s as f32 - 1.0).abs() < 0.03, "told {told_s} s, lasted {lasted_s} s");
    assert!(bench.run(1.0).remaining_s.unwrap() < 5.0);
}

#[test]
fn at_rest_the_voltage_puts_the_charge_right() {
    let mut bench = Bench::new(&QUICK);
    // While it is charged the first look is wrong by what the current drops; the truth is found at rest.
    bench.resistance_ohm = 1.5;
    bench.charge = 0.5;
    bench.charger_a = 0.5;
    let wrong = bench.run(1.0);
    assert!(wrong.charge.unwrap() - bench.charge > 0.03, "{wrong:?}");
    bench.charger_a = 0.0;
    let right = bench.run(10.0);
    assert!((right.charge.unwrap() - bench.charge).abs() < 0.005, "{right:?} {}", bench.charge);
}

#[test]
fn low_batteries_are_told_in_time_and_go_with_a_fifth_more() {
    let config = PowerConfig { battery_capacity_ah: 0.2, ..QUICK };
    let mut bench = Bench::new(&config);
    bench.charge = 0.9;
    bench.run(5.0);
    bench.mains = false;
    bench.run(2.0);
    for (bit, limit_s) in [(condition::BATTERY_15_MIN, 900.0_f32), (condition::BATTERY_5_MIN, 300.0)] {
        bench.until(bit, 3600);
        let left_s = bench.run(0.01).remaining_s.unwrap();
        assert!(left_s < limit_s && left_s > limit_s - 3.0, "{left_s}");
    }
    // With mains the time is short, but runs no more.
    bench.mains = true;
    let plugged = bench.run(1.0).conditions;
    assert_eq!(plugged, condition::BATTERY_15_MIN);
    bench.charger_a = 0.5;
    while bench.run(1.0).conditions != 0 {
        assert!(bench.charge < 0.95);
    }
    assert!(bench.run(0.01).remaining_s.unwrap() >= 1080.0);
}

#[test]
fn a_load_test_is_passed_by_a_strong_battery_and_failed_by_a_weak_one() {
    for (capacity, resistance, passed) in
        [(1.0, 1.0, true), (0.6, 1.0, false), (1.0, 2.5, false), (0.8, 1.5, true)]
    {
        // Two seconds of the draw take little of its charge: what its voltage falls by that counts as resistance.
        let mut bench = Bench::new(&PowerConfig { battery_capacity_ah: 1.0, ..QUICK });
        bench.capacity_ah *= capacity;
        bench.resistance_ohm *= resistance;
        bench.run(10.0);
        bench.power.begin_test().unwrap();
        assert_eq!(bench.power.begin_test(), Err(TestRefusal::Running));
        let mut drawn_s = 0.0;
        let report = (0..3000).map(|_| {
            let report = bench.step();
            drawn_s += 0.01 * bench.outputs.test_load as f32;
            report
        });
        let report = report.last().unwrap();
        assert!((drawn_s - 10.0).abs() < 0.02, "{drawn_s} s");
        assert_eq!(report.test, if passed { TestState::Passed } else { TestState::Weak });
        assert_eq!(report.conditions & condition::BATTERY_WEAK != 0, !passed);
        let found = (
            report.capacity_ah.unwrap() / bench.capacity_ah,
            report.resistance_ohm.unwrap() / bench.resistance_ohm,
        );
        assert!((found.0 - 1.0).abs() < 0.05 && (found.1 - 1.0).abs() < 0.05, "{found:?}");
    }
}

#[test]
fn a_test_that_measures_no_capacity_passes_no_battery_that_was_weak() {
    let mut bench = Bench::new(&PowerConfig { battery_capacity_ah: 1.0, ..QUICK });
    bench.capacity_ah *= 0.6;
    bench.run(10.0);
    bench.power.begin_test().unwrap();
    assert_eq!(bench.run(30.0).test, TestState::Weak);
    // It is charged: no voltage at rest before the draw.
    bench.charger_a = 0.5;
    bench.run(5.0);
    bench.power.begin_test().unwrap();
    let again = bench.run(30.0);
    assert_eq!((again.test, again.conditions), (TestState::Weak, condition::BATTERY_WEAK));
}

#[test]
fn mains_that_are_gone_may_read_an_exact_zero() {
    let mut bench = Bench::new(&QUICK);
    bench.load_w = 2.0;
    bench.run(10.0);
    bench.mains = false;
    bench.exact = true;
    assert_eq!(bench.run(60.0).conditions, condition::MAINS_LOST);
}

#[test]
fn a_load_test_is_refused_without_mains_and_ends_with_them() {
    let mut bench = Bench::new(&QUICK);
    assert_eq!(bench.power.begin_test(), Err(TestRefusal::Unknown));
    bench.run(10.0);
    bench.power.begin_test().unwrap();
    assert_eq!(bench.run(5.0).test, TestState::Draw);
    bench.mains = false;
    bench.run(0.02);
    assert_eq!((bench.outputs, bench.run(0.01).test), (PowerOutputs::default(), TestState::Stopped));
    assert_eq!(bench.power.begin_test(), Err(TestRefusal::NoMains));
    bench.mains = true;
    bench.run(2.0);
    bench.missing = valid::BATTERY_CURRENT;
    bench.run(2.0);
    assert_eq!(bench.power.begin_test(), Err(TestRefusal::Unknown));
    bench.missing = 0;
    bench.charge = 0.1;
    bench.run(10.0);
    assert_eq!(bench.power.begin_test(), Err(TestRefusal::Charge));
}

#[test]
fn what_is_not_measured_is_marked_and_not_used() {
    for missing in [valid::MAINS_VOLTAGE, valid::BATTERY_VOLTAGE, valid::BATTERY_CURRENT, valid::LOAD_CURRENT]
    {
        let mut bench = Bench::new(&QUICK);
        bench.load_w = 10.0;
        assert!(bench.run(10.0).remaining_s.is_some());
        bench.missing = missing;
        let blind = bench.run(1.5);
        assert_eq!((blind.conditions, blind.remaining_s), (condition::BATTERY_UNKNOWN, None), "{missing:x}");
        bench.missing = 0;
        assert_eq!(bench.run(2.0).conditions, 0);
    }
    let mut bench = Bench::new(&QUICK);
    bench.run(10.0);
    // The load stands in for the battery's current, and the charge stays known.
    (bench.missing, bench.mains) = (valid::BATTERY_CURRENT, false);
    bench.run(30.0);
    bench.missing = 0;
    assert!((bench.run(3.0).charge.unwrap() - bench.charge).abs() < 0.02);
    // Without either it is not.
    bench.missing = valid::BATTERY_CURRENT | valid::LOAD_CURRENT;
    assert_eq!(bench.run(3.0).charge, None);
    bench.missing = 0;
    assert!(bench.run(3.0).charge.is_some());
    bench.frozen = Some(PowerInputs {
        mains_v: 48.0,
        battery_v: 44.0,
        battery_a: 0.0,
        load_a: 0.5,
        valid: valid::POWER,
    });
    assert_ne!(bench.run(3.0).conditions & condition::BATTERY_UNKNOWN, 0);
}

#[test]
fn a_battery_that_gives_less_than_it_says_is_doubted_before_it_is_empty() {
    let mut bench = Bench::new(&QUICK);
    bench.capacity_ah *= 0.5;
    bench.run(10.0);
    bench.mains = false;
    bench.until(condition::BATTERY_WEAK, 600);
    assert!(bench.charge > 0.4, "{}", bench.charge);
    for _ in 0..120 {
        assert_ne!(bench.run(1.0).conditions & condition::BATTERY_WEAK, 0, "it stands");
    }
    assert!(bench.charge > 0.1 && bench.run(1.0).charge.unwrap() - bench.charge < 0.1);
    bench.mains = true;
    assert_ne!(bench.run(30.0).conditions & condition::BATTERY_WEAK, 0, "with mains, too");
}
