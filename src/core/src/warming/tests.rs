// SPDX-License-Identifier: Apache-2.0
//! The states of the warming device, with temperatures that are told to it; closed loop: `levitas warming`.

use super::*;
use crate::ports::valid;
use proptest::prelude::*;

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

fn any_f32() -> impl Strategy<Value = f32> {
    prop_oneof![any::<u32>().prop_map(f32::from_bits), 30.0..45.0_f32, Just(f32::NAN)]
}

proptest! {
    /// Whatever is read, the outputs are within their range, and nothing is heated without the cut-out or with hot water.
    #[test]
    fn outputs_are_within_their_range_whatever_is_read(
        samples in prop::collection::vec(([any_f32(), any_f32(), any_f32(), any_f32(), any_f32(), any_f32(), any_f32()], any::<u32>(), any::<bool>()), 1..200),
    ) {
        let mut warming = Warming::new(&WarmingConfig::ECMO_50).unwrap();
        warming.set(Aim::Blood, &WarmingSettings::ADULT).unwrap();
        let mut hot = 0;
        for ([a, b, blood, power, leakage, flow, level], valid, is_heard) in samples {
            let inputs = WarmingInputs {
                water_celsius: [a, b],
                blood_celsius: blood,
                heater_power_w: power,
                leakage_ma: leakage,
                water_flow_lpm: flow,
                water_level: level,
                valid,
            };
            let cut_out = is_heard.then_some(CutOutReport { permits: true, celsius: [a, blood] });
            let (outputs, report) = warming.step(&inputs, cut_out);
            prop_assert!((0.0..=1.0).contains(&outputs.heater_duty) && outputs.heater_relay <= 1);
            let heats = outputs.heater_relay == 1 && outputs.heater_duty > 0.0;
            hot = if report.water_celsius.is_some_and(|water| water > 40.5) { hot + 1 } else { 0 };
            let may_heat = is_heard && report.water_celsius.is_some() && hot < 3;
            prop_assert!(!heats || may_heat, "{inputs:?} {report:?}");
        }
    }
}
