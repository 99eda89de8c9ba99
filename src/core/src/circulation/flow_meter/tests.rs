// SPDX-License-Identifier: Apache-2.0
//! The meter against times that follow its own formula, with noise. Against physics: `docs/flow-meter.md`.

use std::vec::Vec;

use super::*;

const AROUND: Surroundings = Surroundings { flow_is_zero: false, temperature_celsius: 37.0 };
const CLAMPED: Surroundings = Surroundings { flow_is_zero: true, ..AROUND };

/// A meter and what is in its tube.
struct Rig {
    meter: FlowMeter,
    random: u32,
    sound_m_per_s: f32,
    zero_s: f32,
}

impl Rig {
    fn new() -> Self {
        let meter = FlowMeter::new(&FlowMeterConfig::ECMO_50).unwrap();
        Self { meter, random: 1, sound_m_per_s: 1570.0, zero_s: 0.0 }
    }

    /// Within -1 to 1.
    fn noise(&mut self) -> f32 {
        self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.random >> 8) as f32 / 8_388_608.0 - 1.0
    }

    fn shot(&mut self, velocity_m_per_s: f32) -> FlowShot {
        let config = FlowMeterConfig::ECMO_50;
        let along = velocity_m_per_s * core::f32::consts::FRAC_1_SQRT_2;
        let length_m = config.tube_diameter_m * core::f32::consts::SQRT_2;
        let half_zero_s = 0.5 * self.zero_s;
        FlowShot {
            transit_up_s: length_m / (self.sound_m_per_s - along)
                + config.wall_delay_s
                + half_zero_s
                + 40e-12 * self.noise(),
            transit_down_s: length_m / (self.sound_m_per_s + along) + config.wall_delay_s - half_zero_s
                + 40e-12 * self.noise(),
            amplitude: 1.0 + 0.01 * self.noise(),
        }
    }

    fn samples(&mut self, velocity_m_per_s: f32) -> CirculationInputs {
        CirculationInputs {
            shots: core::array::from_fn(|_| self.shot(velocity_m_per_s)),
            shot_count: BATCH as u32,
            valid: valid::CIRCULATION,
            ..CirculationInputs::default()
        }
    }

    /// So many periods; the last reading.
    fn run(&mut self, periods: u32, velocity_m_per_s: f32, around: &Surroundings) -> FlowReading {
        let mut reading = FlowReading::default();
        for _ in 0..periods {
            let samples = self.samples(velocity_m_per_s);
            reading = self.meter.step(&samples, around);
        }
        reading
    }

    fn give(&mut self, samples: &CirculationInputs) -> FlowReading {
        self.meter.step(samples, &AROUND)
    }
}

/// Velocity in the beam at 5 L/min, turbulent.
const FIVE: f32 = 5.0 * 0.2339 * 1.010;

#[test]
fn five_litres_a_minute_are_read_and_filtered() {
    let mut rig = Rig::new();
    let reading = rig.run(10, FIVE, &AROUND);
    assert!(reading.is_valid, "{reading:?}");
    assert!((reading.flow_lpm - 5.0).abs() < 0.03, "{reading:?}");
    assert!(reading.sees_bubbles && reading.bubble_count == 0);
    let [first, .., last] = *rig.meter.estimates_lpm();
    assert!(first != last && (first - 5.0).abs() < 0.15 && (last - 5.0).abs() < 0.15);
    let backward = rig.run(100, -FIVE, &AROUND);
    assert!((backward.flow_lpm + 5.0).abs() < 0.03, "{backward:?}");
}

#[test]
fn the_filter_is_ten_milliseconds_behind_a_ramp() {
    let mut rig = Rig::new();
    rig.run(20, 0.0, &AROUND);
    // 1 L/min in 100 ms, which no clamp exceeds by much.
    let mut delay_s = 0.0;
    for millisecond in 1..=100_u32 {
        let velocity = FIVE / 5.0 * millisecond as f32 / 100.0;
        let shot = rig.shot(velocity);
        let samples = CirculationInputs {
            shots: [shot; BATCH],
            shot_count: 1,
            valid: valid::CIRCULATION,
            ..CirculationInputs::default()
        };
        let reading = rig.give(&samples);
        if millisecond > 50 {
            // Laminar: the factor is another one.
            let now_lpm = 0.01 * millisecond as f32 * 1.010 / 1.033;
            delay_s += (now_lpm - reading.flow_lpm) / (10.0 * 1.010 / 1.033) / 50.0;
        }
    }
    assert!((delay_s - 10.2e-3).abs() < 1.5e-3, "{delay_s}");
}

#[test]
fn a_step_of_four_litres_is_there_within_100_ms() {
    let mut rig = Rig::new();
    rig.run(50, 0.2 * FIVE, &AROUND);
    let periods = (1..20).find(|_| (rig.run(1, FIVE, &AROUND).flow_lpm - 5.0).abs() < 0.1);
    assert!(periods.unwrap() <= 4, "{periods:?} periods of 10 ms");
}

#[test]
fn what_is_not_to_be_believed_is_marked_after_50_ms_and_the_flow_stands() {
    let bad = |samples: CirculationInputs, rig: &mut Rig| {
        let before = rig.run(100, FIVE, &AROUND);
        for period in 1..=30 {
            let reading = rig.give(&samples);
            assert!((reading.flow_lpm - before.flow_lpm).abs() < 0.1, "{reading:?}");
            assert!(!reading.is_valid || period <= 6, "period {period}: {samples:?}");
        }
        let after = rig.run(15, 0.5 * FIVE, &AROUND);
        assert!(after.is_valid && (after.flow_lpm - 2.5).abs() < 0.1, "it comes back: {after:?}");
    };
    let mut rig = Rig::new();
    let good = rig.samples(FIVE);
    fn with(shot: FlowShot) -> CirculationInputs {
        CirculationInputs {
            shots: [shot; BATCH],
            shot_count: BATCH as u32,
            valid: valid::CIRCULATION,
            ..CirculationInputs::default()
        }
    }
    let [shot, ..] = good.shots;
    bad(with(FlowShot { transit_up_s: f32::NAN, ..shot }), &mut rig);
    bad(with(FlowShot { transit_up_s: 2.0 * shot.transit_up_s, ..shot }), &mut rig);
    bad(with(shot), &mut rig);
    bad(good, &mut rig);
    bad(CirculationInputs { shot_count: 0, ..good }, &mut rig);
    bad(CirculationInputs { valid: 0, ..good }, &mut rig);
    // Half of the shots are wild: the rest is not enough to be trusted.
    let mut wild = rig.samples(FIVE);
    for (index, shot) in wild.shots.iter_mut().enumerate() {
        if index % 3 != 0 {
            shot.transit_up_s += if index % 3 == 1 { 8e-9 } else { -8e-9 };
        }
    }
    rig.run(100, FIVE, &AROUND);
    let mut reading = FlowReading::default();
    for _ in 0..30 {
        // No batch is the one before.
        for shot in &mut wild.shots {
            shot.transit_up_s += 10e-12 * rig.noise();
        }
        reading = rig.give(&wild);
        assert!((reading.flow_lpm - 5.0).abs() < 0.1, "{reading:?}");
    }
    assert!(!reading.is_valid, "{reading:?}");
}

#[test]
fn any_shots_give_a_finite_flow() {
    let mut rig = Rig::new();
    for number in 0..20_000_u32 {
        let mut samples = rig.samples(FIVE);
        for shot in &mut samples.shots {
            let word = rig.random;
            rig.random = rig.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            match word % 4 {
                0 => shot.transit_up_s = f32::from_bits(word),
                1 => shot.transit_down_s = f32::from_bits(word),
                2 => shot.amplitude = f32::from_bits(word),
                _ => {}
            }
        }
        samples.shot_count = number % 16;
        let reading = rig.give(&samples);
        let finite = [reading.flow_lpm, reading.quality, reading.sound_speed_m_per_s, reading.bubble_ml];
        assert!(finite.iter().all(|value| value.is_finite()), "{reading:?}");
    }
}

#[test]
fn the_zero_is_learned_while_the_line_is_clamped_and_never_a_flow() {
    let mut rig = Rig::new();
    rig.zero_s = 0.1e-9;
    let before = rig.run(100, 0.0, &AROUND);
    assert!((before.flow_lpm - 0.055).abs() < 0.01, "{before:?}");
    rig.run(300, 0.0, &CLAMPED);
    let mut worst_lpm = 0.0_f32;
    for _ in 0..100 {
        worst_lpm = worst_lpm.max(rig.run(1, 0.0, &AROUND).flow_lpm.abs());
    }
    assert!(worst_lpm < 0.02, "{worst_lpm}");
    // Somebody vouches for a clamp that leaks a third of a litre: the zero stays as it is.
    rig.run(300, 0.3 * FIVE / 5.0, &CLAMPED);
    let after = rig.run(100, 0.0, &AROUND);
    assert!(after.flow_lpm.abs() < 0.02, "{after:?}");
}

#[test]
fn one_known_flow_gives_the_gain() {
    let mut rig = Rig::new();
    rig.run(200, FIVE, &AROUND);
    // Twice: the gain does not enter what it is weighed with.
    for _ in 0..2 {
        assert_eq!(rig.meter.weigh(5.2), Ok(()));
        let results: Vec<_> = (0..1010).filter_map(|_| rig.run(1, FIVE, &AROUND).weighed).collect();
        assert_eq!(results, [Ok(())]);
        let reading = rig.run(20, FIVE, &AROUND);
        assert!((reading.flow_lpm - 5.2).abs() < 0.03, "{reading:?}");
    }
    assert_eq!(rig.meter.weigh(f32::NAN), Err(CalibrationRefused::KnownFlow));
    // What cannot be leaves the gain as it is.
    assert_eq!(rig.meter.weigh(8.0), Ok(()));
    let results: Vec<_> = (0..1010).filter_map(|_| rig.run(1, FIVE, &AROUND).weighed).collect();
    assert_eq!(results, [Err(CalibrationRefused::TooFarOff)]);
    let reading = rig.run(20, FIVE, &AROUND);
    assert!((reading.flow_lpm - 5.2).abs() < 0.03, "{reading:?}");
}

#[test]
fn the_prime_tells_the_meter_its_path() {
    let mut rig = Rig::new();
    rig.sound_m_per_s = 1534.0 / 1.017;
    assert_eq!(rig.meter.calibrate_in_saline(37.0), Err(CalibrationRefused::NoEcho));
    let reading = rig.run(300, FIVE, &AROUND);
    assert_eq!((reading.fluid, reading.haematocrit_pct), (Fluid::Unknown, None));
    assert_eq!(rig.meter.calibrate_in_saline(20.0), Ok(()), "within what a path can be off");
    assert_eq!(rig.meter.calibrate_in_saline(-20.0), Err(CalibrationRefused::TooFarOff));
    assert_eq!(rig.meter.calibrate_in_saline(37.0), Ok(()));
    assert_eq!(rig.run(1, FIVE, &AROUND).fluid, Fluid::Saline);
    rig.sound_m_per_s = 1575.0 / 1.017;
    let reading = rig.run(500, FIVE, &AROUND);
    assert_eq!(reading.fluid, Fluid::Blood);
    assert!((reading.haematocrit_pct.unwrap() - 35.0).abs() < 1.5, "{reading:?}");
}

#[test]
fn a_bubble_is_told_once_and_the_flow_stays_valid() {
    let mut rig = Rig::new();
    rig.run(100, FIVE, &AROUND);
    let mut samples = rig.samples(FIVE);
    for shot in &mut samples.shots[3..8] {
        *shot = FlowShot::default();
    }
    let reading = rig.give(&samples);
    assert_eq!(reading.bubble_count, 1);
    assert!(reading.is_valid && (reading.flow_lpm - 5.0).abs() < 0.05, "{reading:?}");
    // 5 ms of 5 L/min.
    assert!((reading.bubble_ml - 0.417).abs() < 0.03, "{reading:?}");
    assert_eq!(reading.air_ml, reading.bubble_ml);
    // It is over when five shots are clear.
    let reading = rig.run(2, FIVE, &AROUND);
    assert_eq!((reading.bubble_count, reading.air_ml), (1, 0.0));
}

#[test]
fn a_slug_without_any_echo_is_counted_for_as_long_as_it_lasts() {
    let mut rig = Rig::new();
    rig.run(100, FIVE, &AROUND);
    let slug = CirculationInputs { shots: [FlowShot::default(); BATCH], ..rig.samples(FIVE) };
    let air_ml: f32 = (0..10).map(|_| rig.give(&slug).air_ml).sum();
    // 100 ms of 5 L/min.
    assert!((air_ml - 8.33).abs() < 0.2, "{air_ml}");
}
