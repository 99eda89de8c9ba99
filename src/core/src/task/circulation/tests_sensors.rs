// SPDX-License-Identifier: Apache-2.0
//! Every sensor of the circuit with every fault: what a controller gets is near the truth or marked, in each period.
//!
//! # Model
//! Pressures and flow move for a second from the fault on, so that a value that stands is not the truth. Until a sensor is marked its value is
//! one that was true a short while ago; then it stays marked until the fault is over. How long that takes is the table of `docs/pressures.md`.

use std::format;
use std::string::String;
use std::vec::Vec;

use super::tests::Rig;
use crate::circulation::pressures::trouble;
use crate::mail::{CirculationMail, LEVITATION_WORDS, LevitationMail, fault};
use crate::mailbox::Words;
use crate::ports::{BATCH, CirculationInputs, FlowShot, valid};
use crate::units::RAD_PER_S_PER_RPM;

/// Periods before a fault, with it, and after it.
const BEFORE: u32 = 300;
const WITH: u32 = 300;
const AFTER: u32 = 100;
/// A period [ms].
const PERIOD_MS: u32 = 10;
/// Noise, and what the truth changes by in the periods that a value is old.
const NEAR_MMHG: f32 = 4.0;
const NEAR_LPM: f32 = 0.15;

const PAGE: &str = include_str!("../../../../../docs/pressures.md");

#[derive(Clone, Copy, Debug, PartialEq)]
enum Sensor {
    Drainage,
    PreMembrane,
    Return,
    Flow,
    Bubbles,
}

use Sensor::{Bubbles, Drainage, Flow, PreMembrane, Return};

const SENSORS: [(Sensor, &str); 5] = [
    (Drainage, "drainage pressure"),
    (PreMembrane, "pre-membrane pressure"),
    (Return, "return pressure"),
    (Flow, "flow"),
    (Bubbles, "bubbles"),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    NotANumber,
    Infinite,
    MinusInfinite,
    /// The last value again and again.
    Frozen,
    /// The last batch of shots again and again, none of them like its neighbour.
    Stands,
    /// Two of three are right.
    Spiking,
    /// None is right.
    Wild,
    Missing,
}

use Fault::{Frozen, Infinite, MinusInfinite, Missing, NotANumber, Spiking, Stands, Wild};

const FAULTS: [(Fault, &str); 8] = [
    (NotANumber, "no number"),
    (Infinite, "infinite"),
    (MinusInfinite, "minus infinite"),
    (Frozen, "frozen"),
    (Stands, "frozen batch"),
    (Spiking, "one of three wild"),
    (Wild, "all wild"),
    (Missing, "missing"),
];

/// What is really there.
#[derive(Clone, Copy)]
struct Truth {
    pressures_mmhg: [f32; 3],
    flow_lpm: f32,
}

impl Truth {
    /// At a period, counted from the fault.
    fn at(period: u32) -> Self {
        let moved = (period as f32 * 0.01).min(1.0);
        Self {
            pressures_mmhg: [-40.0 + 25.0 * moved, 250.0 - 60.0 * moved, 200.0 - 50.0 * moved],
            flow_lpm: 5.0 - 2.0 * moved,
        }
    }
}

/// What a controller gets of a sensor: the value, if it has one of its own, and whether it is marked.
fn seen(sensor: Sensor, mail: &CirculationMail) -> (Option<f32>, bool) {
    match sensor {
        Drainage => (Some(mail.drainage_pressure_mmhg), mail.drainage_trouble != 0),
        PreMembrane => (Some(mail.pre_membrane_pressure_mmhg), mail.pre_membrane_trouble != 0),
        Return => (Some(mail.return_pressure_mmhg), mail.return_trouble != 0),
        Flow => (Some(mail.flow_lpm), !mail.flow_valid),
        Bubbles => (None, !mail.bubbles_valid),
    }
}

fn alarm(sensor: Sensor) -> u32 {
    match sensor {
        Drainage | PreMembrane | Return => fault::PRESSURE_SENSOR,
        Flow => fault::FLOW_METER,
        Bubbles => fault::BUBBLE_SENSOR,
    }
}

/// Breaks a sensor; `last` are the samples before the fault.
fn break_pressure(
    pressure_mmhg: &mut f32,
    valid: &mut u32,
    bit: u32,
    fault: Fault,
    period: u32,
    last_mmhg: f32,
) {
    match fault {
        NotANumber => *pressure_mmhg = f32::NAN,
        Infinite => *pressure_mmhg = f32::INFINITY,
        MinusInfinite => *pressure_mmhg = f32::NEG_INFINITY,
        Frozen | Stands => *pressure_mmhg = last_mmhg,
        Spiking if period.is_multiple_of(3) => {
            *pressure_mmhg += if period.is_multiple_of(2) { 450.0 } else { -250.0 }
        }
        Spiking => {}
        // Either way by chance: now and then three in a row agree.
        Wild if period.wrapping_mul(2_654_435_761) & 1 << 20 == 0 => *pressure_mmhg += 450.0,
        Wild => *pressure_mmhg -= 250.0,
        Missing => *valid &= !bit,
    }
}

fn break_time(shot: &mut FlowShot, number: u32, fault: Fault, last: &FlowShot) {
    let jump_s = if number.is_multiple_of(2) { 8e-9 } else { -8e-9 };
    match fault {
        NotANumber => shot.transit_up_s = f32::NAN,
        Infinite => shot.transit_down_s = f32::INFINITY,
        MinusInfinite => shot.transit_up_s = f32::NEG_INFINITY,
        Frozen => (shot.transit_up_s, shot.transit_down_s) = (last.transit_up_s, last.transit_down_s),
        Spiking if number.is_multiple_of(3) => shot.transit_up_s += jump_s,
        Wild => shot.transit_up_s += jump_s,
        Stands | Spiking | Missing => {}
    }
}

fn break_amplitude(shot: &mut FlowShot, number: u32, fault: Fault, last: &FlowShot) {
    let wild = if number.is_multiple_of(2) { 50.0 } else { 0.0 };
    match fault {
        NotANumber => shot.amplitude = f32::NAN,
        Infinite => shot.amplitude = f32::INFINITY,
        MinusInfinite => shot.amplitude = f32::NEG_INFINITY,
        Frozen => shot.amplitude = last.amplitude,
        Spiking if number.is_multiple_of(3) => shot.amplitude = wild,
        Wild => shot.amplitude = wild,
        Stands | Spiking | Missing => {}
    }
}

fn break_sensor(
    sensor: Sensor,
    fault: Fault,
    period: u32,
    samples: &mut CirculationInputs,
    last: &CirculationInputs,
) {
    let CirculationInputs {
        drainage_pressure_mmhg: d,
        pre_membrane_pressure_mmhg: p,
        return_pressure_mmhg: r,
        ..
    } = samples;
    let valid = &mut samples.valid;
    match sensor {
        Drainage => {
            break_pressure(d, valid, valid::DRAINAGE_PRESSURE, fault, period, last.drainage_pressure_mmhg)
        }
        PreMembrane => {
            break_pressure(
                p,
                valid,
                valid::PRE_MEMBRANE_PRESSURE,
                fault,
                period,
                last.pre_membrane_pressure_mmhg,
            );
        }
        Return => break_pressure(r, valid, valid::RETURN_PRESSURE, fault, period, last.return_pressure_mmhg),
        Flow | Bubbles => {
            if fault == Stands {
                samples.shots = last.shots;
            }
            if fault == Missing {
                samples.valid &= !valid::FLOW;
            }
            let [.., last_shot] = &last.shots;
            for (number, shot) in (BATCH as u32 * period..).zip(&mut samples.shots) {
                match sensor {
                    Flow => break_time(shot, number, fault, last_shot),
                    _ => break_amplitude(shot, number, fault, last_shot),
                }
            }
        }
    }
}

/// A rig at the truth of a period, counted from the fault.
fn samples_at(rig: &mut Rig, period: u32) -> CirculationInputs {
    let truth = Truth::at(period);
    rig.flow_lpm = truth.flow_lpm;
    let mut samples = rig.samples();
    let still = Truth::at(0);
    let moved = |site: usize| truth.pressures_mmhg[site] - still.pressures_mmhg[site];
    samples.drainage_pressure_mmhg += moved(0);
    samples.pre_membrane_pressure_mmhg += moved(1);
    samples.return_pressure_mmhg += moved(2);
    samples
}

/// Whether a value was true at some time in so many periods up to this one.
fn was_true(sensor: Sensor, value: f32, period: u32, periods: u32) -> bool {
    let of = |truth: Truth| match sensor {
        Drainage => truth.pressures_mmhg[0],
        PreMembrane => truth.pressures_mmhg[1],
        Return => truth.pressures_mmhg[2],
        Flow | Bubbles => truth.flow_lpm,
    };
    let near = if sensor == Flow { NEAR_LPM } else { NEAR_MMHG };
    (period.saturating_sub(periods)..=period).any(|then| (of(Truth::at(then)) - value).abs() <= near)
}

/// Periods that a sensor with a fault passes unmarked; `None` is all the time. Everything that must hold is checked.
fn unmarked(sensor: Sensor, fault: Fault) -> Option<u32> {
    let cell = format!("{sensor:?}, {fault:?}");
    let mut rig = Rig::new();
    let mut last = rig.samples();
    for _ in 0..BEFORE {
        last = rig.samples();
        rig.task.step(&last, &rig.mail);
    }
    let before: CirculationMail = rig.mail.circulation.read().unwrap().1;
    let mut marks = Vec::new();
    let mut mails = Vec::new();
    for period in 0..WITH {
        let mut samples = samples_at(&mut rig, period);
        break_sensor(sensor, fault, period, &mut samples, &last);
        rig.task.step(&samples, &rig.mail);
        let mail: CirculationMail = rig.mail.circulation.read().unwrap().1;
        marks.push(seen(sensor, &mail).1);
        mails.push(mail);
    }
    let first = marks.iter().position(|mark| *mark);
    assert!(marks[first.unwrap_or(marks.len())..].iter().all(|mark| *mark), "{cell}: {marks:?}");
    let periods = first.map(|first| first as u32);
    for (period, mail) in (0..).zip(&mails) {
        for (other, _) in SENSORS {
            let (value, marked) = seen(other, mail);
            assert!(value.is_none_or(f32::is_finite), "{cell}: {other:?} in period {period}");
            // Spikes are bridged by the value before them.
            let old = if other == sensor { periods.unwrap_or(5) } else { 5 };
            let near = value.is_none_or(|value| was_true(other, value, period, old));
            assert!(near || marked, "{cell}: {other:?} says {value:?} in period {period}");
            let is_meter = |sensor: Sensor| matches!(sensor, Flow | Bubbles);
            assert!(
                !marked || other == sensor || is_meter(other) && is_meter(sensor),
                "{cell}: {other:?} is marked"
            );
        }
        assert_eq!(
            (mail.bubble_count, mail.air_ml),
            (before.bubble_count, 0.0),
            "{cell}: air in period {period}"
        );
    }
    let told = mails.last().unwrap().alarms & alarm(sensor) != 0;
    assert_eq!(told, periods.is_some(), "{cell}: the alarm");
    for period in WITH..WITH + AFTER {
        let samples = samples_at(&mut rig, period);
        rig.task.step(&samples, &rig.mail);
    }
    let healed: CirculationMail = rig.mail.circulation.read().unwrap().1;
    assert!(SENSORS.iter().all(|(sensor, _)| !seen(*sensor, &healed).1), "{cell}: it heals");
    assert_eq!((healed.alarms, healed.bubble_count), (0, before.bubble_count), "{cell}");
    periods
}

fn shown(periods: Option<u32>) -> String {
    periods.map_or_else(|| "true".into(), |periods| format!("{} ms", periods * PERIOD_MS))
}

#[test]
fn no_sensor_that_is_wrong_reaches_a_controller_unmarked() {
    let headings: Vec<&str> = FAULTS.iter().map(|(_, name)| *name).collect();
    let mut table = format!("| sensor | {} |\n|---|{}\n", headings.join(" | "), "---|".repeat(FAULTS.len()));
    for (sensor, name) in SENSORS {
        let cells: Vec<String> = FAULTS.iter().map(|(fault, _)| shown(unmarked(sensor, *fault))).collect();
        table.push_str(&format!("| {name} | {} |\n", cells.join(" | ")));
    }
    assert!(PAGE.contains(&table), "docs/pressures.md is to say:\n{table}");
}

/// A pump that makes the head of these pressures; drainage and return are exchanged while it runs.
#[test]
fn exchanged_sensors_are_marked_and_the_third_is_not() {
    let mut rig = Rig::new();
    let turn = |rig: &Rig| {
        let levitation = LevitationMail::from_words([0; LEVITATION_WORDS]);
        let rotor_speed_rad_per_s = 3500.0 * RAD_PER_S_PER_RPM;
        rig.mail.levitation.write(&LevitationMail { rotor_speed_rad_per_s, ..levitation });
    };
    for _ in 0..BEFORE {
        turn(&rig);
        let samples = rig.samples();
        rig.task.step(&samples, &rig.mail);
    }
    let mut first = None;
    for period in 0..WITH {
        turn(&rig);
        let mut samples = rig.samples();
        core::mem::swap(&mut samples.drainage_pressure_mmhg, &mut samples.return_pressure_mmhg);
        rig.task.step(&samples, &rig.mail);
        let mail: CirculationMail = rig.mail.circulation.read().unwrap().1;
        let troubles = [mail.drainage_trouble, mail.pre_membrane_trouble, mail.return_trouble];
        if troubles != [0; 3] {
            first.get_or_insert(period);
            assert_eq!(troubles, [trouble::SWAPPED, 0, trouble::SWAPPED], "period {period}");
        }
        assert!(first.is_none() || troubles != [0; 3], "it stays marked: period {period}");
    }
    let line = format!("| drainage and return exchanged | {} |", shown(first));
    assert!(PAGE.contains(&line), "docs/pressures.md is to say: {line}");
    let mail: CirculationMail = rig.mail.circulation.read().unwrap().1;
    assert!(mail.flow_valid && mail.alarms == fault::PRESSURE_SENSOR);
}
