// SPDX-License-Identifier: Apache-2.0
//! The states of the warming device, with temperatures that are told to it; closed loop: `levitas warming`.

use super::*;
use crate::ports::valid;
use proptest::prelude::*;
use std::format;
use std::string::String;

/// A device whose sensors say what they are told, with a millikelvin of noise.
struct Bench {
    warming: Warming,
    inputs: WarmingInputs,
    cut_out: Option<CutOutReport>,
    outputs: WarmingOutputs,
    report: Option<WarmingReport>,
    periods: u32,
    /// The heater gives what it is told.
    obeys: bool,
}

impl Bench {
    fn new() -> Self {
        Self {
            warming: Warming::new(&WarmingConfig::ECMO_50).unwrap(),
            inputs: WarmingInputs {
                water_celsius: [36.5; 2],
                blood_celsius: 36.0,
                heater_power_w: 0.0,
                leakage_ma: 0.1,
                water_flow_lpm: 0.0,
                water_level: 1.0,
                valid: valid::WARMING,
            },
            cut_out: Some(CutOutReport { permits: true, celsius: [36.5, 36.0] }),
            outputs: WarmingOutputs::default(),
            report: None,
            periods: 0,
            obeys: true,
        }
    }

    fn warming(aim: Aim) -> Self {
        let mut bench = Self::new();
        bench.warming.set(aim, &WarmingSettings::ADULT).unwrap();
        assert_eq!(bench.run(100).state, WarmingState::Warming);
        bench
    }

    fn run(&mut self, periods: u32) -> WarmingReport {
        for _ in 0..periods {
            self.periods += 1;
            let noise = 0.001 * (self.periods % 3) as f32;
            let mut inputs = self.inputs;
            inputs.water_celsius = inputs.water_celsius.map(|celsius| celsius + noise);
            inputs.blood_celsius += noise;
            let (outputs, report) = self.warming.step(&inputs, self.cut_out);
            assert_ne!(outputs.alive, self.outputs.alive);
            assert!((0.0..=1.0).contains(&outputs.heater_duty));
            (self.outputs, self.report) = (outputs, Some(report));
            if self.obeys {
                self.inputs.heater_power_w = 500.0 * outputs.heater_duty * outputs.heater_relay as f32;
            }
            self.inputs.water_flow_lpm = 10.0 * outputs.water_pump as f32;
        }
        self.report.unwrap()
    }

    /// The switch may be closed for the proof, but not both.
    fn is_off(&self) -> bool {
        self.outputs.heater_duty == 0.0 && self.outputs.heater_relay == 0
    }
}

#[test]
fn nothing_is_heated_unasked_and_a_setting_out_of_range_changes_nothing() {
    let mut bench = Bench::new();
    assert_eq!(bench.run(100).state, WarmingState::Off);
    assert!(bench.is_off() && bench.outputs.water_pump == 0);
    let hot = WarmingSettings { blood_celsius: 38.1, ..WarmingSettings::ADULT };
    assert_eq!(bench.warming.set(Aim::Blood, &hot).unwrap_err().field, "blood_celsius");
    assert_eq!(bench.run(10).state, WarmingState::Off);
}

#[test]
fn cold_water_is_heated_before_it_is_pumped() {
    let mut bench = Bench::new();
    bench.inputs.water_celsius = [22.0; 2];
    bench.cut_out = Some(CutOutReport { permits: true, celsius: [22.0, 36.0] });
    bench.warming.set(Aim::Blood, &WarmingSettings::ADULT).unwrap();
    assert_eq!(bench.run(50).state, WarmingState::Preparing);
    assert!((bench.outputs.heater_duty, bench.outputs.water_pump) == (1.0, 0));
    bench.inputs.water_celsius = [35.9; 2];
    bench.cut_out = Some(CutOutReport { permits: true, celsius: [35.9, 36.0] });
    assert_eq!(bench.run(200).state, WarmingState::Warming);
    assert_eq!(bench.outputs.water_pump, 1);
}

#[test]
fn what_may_come_back_is_waited_for() {
    type Break = fn(&mut Bench);
    let breaks: [(Break, u32); 7] = [
        (|bench| bench.cut_out = None, condition::CUT_OUT),
        (
            |bench| bench.cut_out = Some(CutOutReport { permits: false, celsius: [36.5, 36.0] }),
            condition::CUT_OUT,
        ),
        (
            |bench| bench.cut_out = Some(CutOutReport { permits: true, celsius: [35.2, 36.0] }),
            condition::CUT_OUT,
        ),
        (
            |bench| bench.cut_out = Some(CutOutReport { permits: true, celsius: [36.5, f32::NAN] }),
            condition::CUT_OUT,
        ),
        (|bench| bench.inputs.water_level = 0.3, condition::WATER_LOOP),
        (|bench| bench.inputs.valid &= !valid::WATER_FLOW, condition::WATER_LOOP),
        (|bench| bench.inputs.valid &= !(valid::WATER_A | valid::WATER_B), condition::TEMPERATURE_SENSOR),
    ];
    for (index, (breaks, bit)) in breaks.into_iter().enumerate() {
        let mut bench = Bench::warming(Aim::Blood);
        let sound = Bench::new();
        breaks(&mut bench);
        let report = bench.run(110);
        assert_eq!((report.state, report.conditions), (WarmingState::Waiting, bit), "{index}");
        assert!(bench.is_off(), "{index}");
        (bench.inputs, bench.cut_out) = (sound.inputs, sound.cut_out);
        let report = bench.run(200);
        assert_eq!((report.state, report.conditions), (WarmingState::Warming, 0), "{index}");
    }
}

#[test]
fn what_has_failed_stays_off_until_a_target_is_set_anew() {
    type Break = fn(&mut Bench);
    let breaks: [(Break, u32, u32); 4] = [
        (|bench| (bench.obeys, bench.inputs.heater_power_w) = (false, 500.0), condition::HEATER, 12),
        (|bench| bench.inputs.leakage_ma = 2.1, condition::HEATER, 4),
        (|bench| bench.inputs.valid &= !valid::HEATER_POWER, condition::HEATER, 12),
        (
            |bench| {
                bench.inputs.water_celsius = [37.4; 2];
                bench.run(1);
                for celsius in [38.3, 39.2, 40.1, 40.3] {
                    bench.inputs.water_celsius = [celsius; 2];
                    bench.run(1);
                }
            },
            condition::OVERHEATED,
            4,
        ),
    ];
    for (index, (breaks, bit, periods)) in breaks.into_iter().enumerate() {
        let mut bench = Bench::warming(Aim::Water);
        breaks(&mut bench);
        let report = bench.run(periods);
        assert_eq!(report.state, WarmingState::Stopped, "{index}");
        assert!(report.conditions & bit != 0 && bench.is_off(), "{index}");
        let sound = Bench::new();
        (bench.inputs, bench.cut_out, bench.obeys) = (sound.inputs, sound.cut_out, true);
        assert_eq!(bench.run(200).state, WarmingState::Stopped, "{index}");
        bench.warming.set(Aim::Water, &WarmingSettings::ADULT).unwrap();
        let report = bench.run(100);
        assert_eq!((report.state, report.conditions), (WarmingState::Warming, 0), "{index}");
    }
}

#[test]
fn of_two_water_sensors_the_higher_is_followed_and_the_difference_told() {
    let mut bench = Bench::warming(Aim::Water);
    bench.inputs.water_celsius = [36.5, 37.1];
    let report = bench.run(40);
    assert_eq!(report.conditions, condition::TEMPERATURE_SENSOR);
    assert!((report.water_celsius.unwrap() - 37.1).abs() < 0.01);
    bench.inputs.valid &= !valid::WATER_B;
    assert!((bench.run(40).water_celsius.unwrap() - 36.5).abs() < 0.01);
}

#[test]
fn without_a_blood_temperature_the_water_stays_where_it_was() {
    let mut bench = Bench::warming(Aim::Blood);
    bench.run(600);
    bench.inputs.valid &= !valid::BLOOD;
    let report = bench.run(100);
    assert_eq!((report.state, report.conditions), (WarmingState::Warming, condition::TEMPERATURE_SENSOR));
    let held = report.water_reference_celsius;
    assert!((36.0..38.0).contains(&held) && report.blood_celsius.is_none());
    assert_eq!(bench.run(1000).water_reference_celsius, held);
}

#[test]
fn hot_blood_is_not_heated_and_cooler_water_cools_it() {
    let mut bench = Bench::warming(Aim::Blood);
    for celsius in [36.9, 37.8, 38.7, 39.1] {
        bench.inputs.blood_celsius = celsius;
        bench.cut_out = Some(CutOutReport { permits: true, celsius: [36.5, celsius] });
        bench.run(1);
    }
    let report = bench.run(10);
    assert_eq!((report.state, report.conditions), (WarmingState::Waiting, condition::OVERHEATED));
    assert!(bench.is_off() && bench.outputs.water_pump == 1);
    bench.inputs.water_celsius = [39.2; 2];
    bench.inputs.valid &= !valid::WATER_B;
    bench.run(60);
    assert_eq!(bench.outputs.water_pump, 0, "warmer water");
}

/// Relay and switch are tried one by one before the water is heated.
#[test]
fn a_relay_or_a_switch_that_conducts_alone_is_found_before_anything_is_heated() {
    let power_w: [fn(&WarmingOutputs) -> f32; 2] =
        [|told| 500.0 * told.heater_duty, |told| 500.0 * told.heater_relay as f32];
    for power_w in power_w {
        let mut bench = Bench::new();
        bench.obeys = false;
        bench.warming.set(Aim::Blood, &WarmingSettings::ADULT).unwrap();
        let mut both = 0;
        for _ in 0..30 {
            bench.run(1);
            bench.inputs.heater_power_w = power_w(&bench.outputs);
            both += u32::from(bench.outputs.heater_duty > 0.0 && bench.outputs.heater_relay == 1);
        }
        let report = bench.report.unwrap();
        assert_eq!((report.state, report.conditions), (WarmingState::Stopped, condition::HEATER));
        assert_eq!(both, 0, "no power that was meant");
    }
}

/// A heater that leaks in every other period, which a count that each good one ends would never find.
#[test]
fn a_leak_that_comes_and_goes_is_found() {
    let mut bench = Bench::warming(Aim::Blood);
    for _ in 0..10 {
        bench.inputs.leakage_ma = 5.0 - bench.inputs.leakage_ma;
        bench.run(1);
    }
    assert_eq!(bench.report.unwrap().state, WarmingState::Stopped);
}

#[test]
fn blood_that_was_hot_when_its_sensor_was_lost_is_not_heated() {
    let mut bench = Bench::warming(Aim::Blood);
    for celsius in [36.9, 37.8, 38.7, 39.1] {
        bench.inputs.blood_celsius = celsius;
        bench.cut_out = Some(CutOutReport { permits: true, celsius: [36.5, celsius] });
        bench.run(1);
    }
    assert_eq!(bench.run(10).state, WarmingState::Waiting);
    bench.inputs.valid &= !valid::BLOOD;
    let both = condition::OVERHEATED | condition::TEMPERATURE_SENSOR;
    let report = bench.run(600);
    assert_eq!((report.state, report.conditions), (WarmingState::Waiting, both));
    assert!(bench.is_off());
    bench.warming.set(Aim::Blood, &WarmingSettings::ADULT).unwrap();
    let report = bench.run(100);
    assert_eq!((report.state, report.conditions), (WarmingState::Warming, condition::TEMPERATURE_SENSOR));
}

/// The cut-out is open, so that nothing is heated: cold water stays in its tank, water that has been warm goes on.
#[test]
fn water_that_is_colder_than_the_blood_is_not_pumped_while_it_waits() {
    let mut bench = Bench::new();
    bench.inputs.water_celsius = [22.0; 2];
    bench.cut_out = Some(CutOutReport { permits: false, celsius: [22.0, 36.0] });
    bench.warming.set(Aim::Blood, &WarmingSettings::ADULT).unwrap();
    for _ in 0..200 {
        bench.run(1);
        assert_eq!(bench.outputs.water_pump, 0);
    }
    assert_eq!(bench.report.unwrap().state, WarmingState::Waiting);
    bench.inputs.valid &= !valid::BLOOD;
    bench.run(100);
    assert_eq!(bench.outputs.water_pump, 0, "a pump that stands does not begin when the blood is not seen");
    for (water, pumps) in [(35.1, 1), (34.9, 0)] {
        let mut bench = Bench::warming(Aim::Blood);
        bench.cut_out = None;
        bench.run(10);
        assert_eq!(bench.outputs.water_pump, 1);
        bench.inputs.water_celsius = [36.0, water + 0.4];
        bench.run(1);
        bench.inputs.water_celsius = [water; 2];
        bench.run(60);
        assert_eq!((bench.report.unwrap().state, bench.outputs.water_pump), (WarmingState::Waiting, pumps));
    }
}

/// What one period of the property below reads: a device that obeys, but for what is drawn.
#[derive(Clone, Debug)]
enum Draw {
    Sound,
    /// One sample, by its place in [`WarmingInputs`], is anything.
    Wrong(usize, f32),
    /// The driver vouches for some only.
    Valid(u32),
    /// Nothing is heard of the cut-out, or it does not permit.
    Silent,
    Open,
    /// Water and blood change by this much in each period [K].
    Moves(f32, f32),
    /// The operator sets the target anew.
    Set,
}

fn any_f32() -> impl Strategy<Value = f32> {
    prop_oneof![any::<u32>().prop_map(f32::from_bits), 30.0..45.0_f32, Just(f32::NAN)]
}

/// What is wrong is short, else the device would stand most of the time.
fn any_draw() -> impl Strategy<Value = (Draw, u32)> {
    let wrong = prop_oneof![
        4 => (0..7_usize, any_f32()).prop_map(|(place, value)| Draw::Wrong(place, value)),
        1 => any::<u32>().prop_map(Draw::Valid),
        1 => Just(Draw::Silent),
        1 => Just(Draw::Open),
    ];
    let moves = (-0.3..0.6_f32, -0.3..0.3_f32).prop_map(|(water, blood)| Draw::Moves(water, blood));
    prop_oneof![
        6 => (Just(Draw::Sound), 10..100_u32),
        3 => (wrong, prop_oneof![4 => 1..4_u32, 1 => 4..40_u32]),
        3 => (moves, 1..10_u32),
        2 => (Just(Draw::Set), 1..2_u32),
    ]
}

/// What was seen of all runs.
#[derive(Default)]
struct Seen {
    periods: u32,
    heated: u32,
    /// Heated with water that has been too warm for a period or two.
    heated_hot: u32,
}

/// One run; what was heated although it must not be.
fn heats_wrongly(draws: &[(Draw, u32)], seen: &mut Seen) -> Option<String> {
    let mut bench = Bench::new();
    bench.warming.set(Aim::Blood, &WarmingSettings::ADULT).unwrap();
    bench.run(30);
    let (mut water, mut blood, mut hot, mut told) = (36.5_f32, 36.0_f32, 0_u32, bench.outputs);
    for (period, draw) in draws.iter().flat_map(|(draw, periods)| (0..*periods).map(move |at| (at, draw))) {
        if let Draw::Set = draw {
            bench.warming.set(Aim::Blood, &WarmingSettings::ADULT).unwrap();
        }
        if let Draw::Moves(water_k, blood_k) = draw {
            (water, blood) = ((water + water_k).clamp(20.0, 44.0), (blood + blood_k).clamp(20.0, 40.0));
        }
        let noise = 0.001 * (period % 3) as f32;
        let mut samples = [water + noise, water + noise, blood + noise];
        let mut rest =
            [500.0 * told.heater_duty * told.heater_relay as f32, 0.1, 10.0 * told.water_pump as f32, 1.0];
        if let Draw::Wrong(place, value) = draw {
            samples.iter_mut().chain(&mut rest).nth(*place).into_iter().for_each(|sample| *sample = *value);
        }
        let ([a, b, blood_seen], [power, leakage, flow, level]) = (samples, rest);
        let inputs = WarmingInputs {
            water_celsius: [a, b],
            blood_celsius: blood_seen,
            heater_power_w: power,
            leakage_ma: leakage,
            water_flow_lpm: flow,
            water_level: level,
            valid: if let Draw::Valid(bits) = draw { *bits } else { valid::WARMING },
        };
        let permits = !matches!(draw, Draw::Open);
        let heard = CutOutReport { permits, celsius: [water, blood] };
        let cut_out = Some(heard).filter(|_| !matches!(draw, Draw::Silent));
        let (outputs, report) = bench.warming.step(&inputs, cut_out);
        told = outputs;
        let heats = outputs.heater_relay == 1 && outputs.heater_duty > 0.0;
        let is_hot = report.water_celsius.is_some_and(|water| water > WATER_CELSIUS_ALARM);
        hot = if is_hot { hot + 1 } else { 0 };
        seen.periods += 1;
        seen.heated += u32::from(heats);
        seen.heated_hot += u32::from(heats && hot > 0);
        let may_heat =
            cut_out.is_some_and(|said| said.permits) && report.water_celsius.is_some() && hot < PERIODS_HOT;
        let is_within = (0.0..=1.0).contains(&outputs.heater_duty) && outputs.heater_relay <= 1;
        if heats && !may_heat || !is_within {
            return Some(format!("{inputs:?} {cut_out:?} {outputs:?} {report:?}"));
        }
    }
    None
}

/// Whatever is read, the outputs are within their range, and nothing is heated without the cut-out, without a water temperature or with
/// hot water. A tenth of the periods at least are heated, some with water that has only just become too warm.
#[test]
fn nothing_is_heated_that_must_not_be_whatever_is_read() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let seen = core::cell::RefCell::new(Seen::default());
    runner
        .run(&prop::collection::vec(any_draw(), 1..40), |draws| {
            let wrong = heats_wrongly(&draws, &mut seen.borrow_mut());
            prop_assert!(wrong.is_none(), "{wrong:?}");
            Ok(())
        })
        .unwrap();
    let Seen { periods, heated, heated_hot } = seen.into_inner();
    assert!(10 * heated > periods && heated_hot > 0, "{heated} of {periods}, {heated_hot} hot");
}
