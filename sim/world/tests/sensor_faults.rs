// SPDX-License-Identifier: Apache-2.0
//! Faults of sensors, each beside a twin without it: what is faulty is as described, all else the same to the bit.

mod common;

use common::{OFF, close, quiet_plant, world};
use levitas_core::ports::{LevitationInputs, valid};
use levitas_world::{Fault, InitialState, Plant, World, units};

/// Volts per metre of one element.
const ELEMENT_V_PER_M: f64 = 1.0e3;

/// A turning rotor off its centre, so that every channel has something to say.
fn start() -> World {
    world(
        quiet_plant(),
        InitialState {
            displacement_m: [0.1e-3, -0.05e-3, 0.0],
            rotor_speed_rad_per_s: 3000.0 * units::RAD_PER_S_PER_RPM,
            rotor_angle_rad: 0.4,
            ..InitialState::default()
        },
    )
}

/// A plant without noise and converters of its own.
fn silent_plant() -> Plant {
    let mut plant = quiet_plant();
    plant.rotor.k_x_n_per_m = 0.0;
    plant.sensor_displacement.noise_rms_m = 0.0;
    plant.sensor_displacement.runout_1x_m = 0.0;
    plant.sensor_displacement.runout_2x_m = 0.0;
    plant.sensor_displacement.lsb_m = 0.0;
    plant.sensor_angle.noise_rms_rad = 0.0;
    plant.sensor_current.noise_rms_a = 0.0;
    plant.sensor_current.lsb_a = 1e-9;
    plant
}

/// All numbers of a sample: 4 Halls, 2 angle Halls, 2 coils, 3 phases, bus.
fn channels(samples: &LevitationInputs) -> [f32; 12] {
    let [xp, xm, yp, ym] = samples.displacement_hall_v;
    let [cosine, sine] = samples.angle_hall_v;
    let [x, y] = samples.coil_current_a;
    let [a, b, c] = samples.phase_current_a;
    [xp, xm, yp, ym, cosine, sine, x, y, a, b, c, samples.bus_voltage_v]
}

/// The channels in which a world with faults differs from its twin, and what it says there; checked to be the same
/// channels for `periods`, and that the twins agree again once the faults are cleared.
fn differing(faults: &[Fault], periods: usize) -> Vec<(usize, Vec<f32>)> {
    let (mut whole, mut faulty) = (start(), start());
    for _ in 0..3 {
        assert_eq!(whole.sample(0), faulty.sample(0));
        whole.advance(&OFF);
        faulty.advance(&OFF);
    }
    for &fault in faults {
        faulty.fault(0, fault).unwrap();
    }
    let mut said = vec![Vec::new(); 12];
    let mut differs = [false; 12];
    for _ in 0..periods {
        let (good, bad) = (whole.sample(0), faulty.sample(0));
        assert_eq!(whole.sample(1), faulty.sample(1), "the other set has no fault");
        assert_eq!(good.sample_count, bad.sample_count);
        for (k, (good, bad)) in channels(&good).into_iter().zip(channels(&bad)).enumerate() {
            differs[k] |= good.to_bits() != bad.to_bits();
            said[k].push(bad);
        }
        whole.advance(&OFF);
        faulty.advance(&OFF);
    }
    faulty.clear(0);
    assert_eq!(whole.sample(0), faulty.sample(0), "nothing is left of a fault");
    said.into_iter().enumerate().filter(|(k, _)| differs[*k]).collect()
}

fn constant(values: &[f32]) -> bool {
    values.iter().all(|value| value.to_bits() == values[0].to_bits())
}

#[test]
fn open_wires_read_a_rail() {
    for element in 0..4 {
        for (high, rail) in [(true, 3.3), (false, 0.0)] {
            let said = differing(&[Fault::HallOpen { element, high }], 20);
            assert!(said.len() == 1 && said[0].0 == element && said[0].1 == [rail; 20], "{said:?}");
        }
    }
    for channel in 0..2 {
        for (high, rail) in [(true, 1.65), (false, -1.65)] {
            let said = differing(&[Fault::AngleOpen { channel, high }], 20);
            assert!(said.len() == 1 && said[0].0 == 4 + channel && said[0].1 == [rail; 20], "{said:?}");
        }
    }
}

#[test]
fn what_is_stuck_repeats_the_last_sample_to_the_bit() {
    let before = {
        let mut world = start();
        for _ in 0..2 {
            world.sample(0);
            world.advance(&OFF);
        }
        channels(&world.sample(0))
    };
    let cases = [
        (Fault::HallStuck { element: 2 }, vec![2]),
        (Fault::HallFrozen { axis: 0 }, vec![0, 1]),
        (Fault::HallFrozen { axis: 1 }, vec![2, 3]),
        (Fault::AngleStuck, vec![4, 5]),
        (Fault::CurrentStuck { channel: 1 }, vec![7]),
        (Fault::CurrentStuck { channel: 4 }, vec![10]),
    ];
    for (fault, expected) in cases {
        let said = differing(&[fault], 50);
        assert_eq!(said.iter().map(|(k, _)| *k).collect::<Vec<_>>(), expected, "{fault:?}");
        for (k, values) in said {
            assert!(constant(&values) && values[0] == before[k], "{fault:?}");
        }
    }
}

#[test]
fn several_faults_act_at_once_and_the_last_one_on_a_part_counts() {
    let faults = [
        Fault::HallOpen { element: 0, high: true },
        Fault::HallStuck { element: 3 },
        Fault::AngleStuck,
        Fault::HallOpen { element: 0, high: false },
    ];
    let said = differing(&faults, 20);
    assert_eq!(said.iter().map(|(k, _)| *k).collect::<Vec<_>>(), [0, 3, 4, 5]);
    assert_eq!(said[0].1, [0.0; 20]);
}

#[test]
fn without_samples_nothing_is_valid_and_the_count_goes_on() {
    let mut lost = start();
    let last = lost.sample(0);
    lost.advance(&OFF);
    lost.fault(0, Fault::SampleLoss).unwrap();
    let samples = lost.sample(0);
    assert_eq!(samples, LevitationInputs { sample_count: last.sample_count + 1, valid: 0, ..last });
    lost.clear(0);
    assert_eq!((lost.sample(0).valid, lost.sample(0).sample_count), (valid::LEVITATION, 4));
    // Before the first sample there is nothing to repeat.
    let mut early = start();
    early.fault(0, Fault::SampleLoss).unwrap();
    let first = early.sample(0);
    assert_eq!((first.valid, channels(&first)), (0, channels(&start().sample(0))));
}

/// Root mean square of the difference from `mid`.
fn rms(values: &[f64], mid: f64) -> f64 {
    (values.iter().map(|value| (value - mid) * (value - mid)).sum::<f64>() / values.len() as f64).sqrt()
}

/// Channels of a silent world that rests in the centre, one row per channel.
fn silent(fault: Fault, plant: Plant) -> Vec<Vec<f64>> {
    let mut noisy = world(plant, InitialState::default());
    noisy.fault(0, fault).unwrap();
    let mut rows = vec![Vec::new(); 12];
    for _ in 0..40_000 {
        for (row, value) in rows.iter_mut().zip(channels(&noisy.sample(0))) {
            row.push(f64::from(value));
        }
    }
    rows
}

#[test]
fn a_noisy_element_has_the_noise_that_its_reader_sees() {
    let rows = silent(Fault::HallNoise { element: 1, rms_m: 20e-6 }, silent_plant());
    close("noise of one element", rms(&rows[1], 1.65) / ELEMENT_V_PER_M, 20e-6, 0.015);
    for quiet in [0, 2, 3] {
        assert!(rms(&rows[quiet], 1.65) < 1e-7, "element {quiet}");
    }
}

#[test]
fn interference_is_in_every_channel_with_its_share() {
    let mut plant = silent_plant();
    plant.sensor_current.lsb_a = 4.0e-3;
    let rows = silent(Fault::EmiBurst { rms_m: 50e-6 }, plant);
    for axis in 0..2 {
        let displacement: Vec<f64> = rows[2 * axis]
            .iter()
            .zip(&rows[2 * axis + 1])
            .map(|(plus, minus)| (plus - minus) / 2e3)
            .collect();
        close("interference of a displacement", rms(&displacement, 0.0), 50e-6, 0.015);
    }
    let product: f64 = rows[0].iter().zip(&rows[1]).map(|(plus, minus)| (plus - 1.65) * (minus - 1.65)).sum();
    let volt = 50e-6 * 2e3 / 2.0_f64.sqrt();
    assert!((product / 40_000.0).abs() < 0.02 * volt * volt, "the elements are independent");
    close("interference of an angle Hall", rms(&rows[5], rows[5].iter().sum::<f64>() / 40e3), volt, 0.015);
    // The same part of 3.3 V and of 4096 steps of 4 mA.
    let ampere = volt / 3.3 * 4096.0 * 4e-3;
    for (channel, mid) in [(6, 0.02), (8, 0.02), (9, -0.02)] {
        close("interference of a current", rms(&rows[channel], mid), ampere, 0.015);
    }
    assert!(rms(&rows[11], 48.0) < 1e-9, "the bus voltage is filtered");
}

#[test]
fn an_element_drifts_with_time_and_the_others_stay() {
    for (element, sign) in [(2, 1.0), (3, -1.0)] {
        let mut drifting = world(silent_plant(), InitialState::default());
        drifting.fault(0, Fault::HallDrift { element, m_per_s: 1e-3 }).unwrap();
        for _ in 0..2000 {
            drifting.advance(&OFF);
        }
        let volts = drifting.sample(0).displacement_hall_v.map(f64::from);
        close("drift of an element after 0.1 s", volts[element] - 1.65, sign * 1e-4 * ELEMENT_V_PER_M, 1e-4);
        assert!((volts[5 - element] - 1.65).abs() < 1e-6 && (volts[0] - 1.65).abs() < 1e-6);
    }
    // It stops at the rail.
    let mut far = world(silent_plant(), InitialState::default());
    far.fault(0, Fault::HallDrift { element: 0, m_per_s: -1.0 }).unwrap();
    for _ in 0..100 {
        far.advance(&OFF);
    }
    assert_eq!(far.sample(0).displacement_hall_v[0], 0.0);
}

/// Offsets and gains of the elements are what commissioning has to find.
#[test]
fn elements_have_mid_levels_and_gains_of_their_own() {
    let mut plant = silent_plant();
    plant.set("sensor.displacement.element_offset_v", &[0.05, -0.02, 0.01, 0.0]).unwrap();
    plant.set("sensor.displacement.element_gain", &[1.1, 0.9, 1.2, 1.0]).unwrap();
    let at = InitialState { displacement_m: [0.1e-3, -0.2e-3, 0.0], ..InitialState::default() };
    let volts = world(plant, at).sample(0).displacement_hall_v.map(f64::from);
    close("x+ with offset and gain", volts[0], 1.70 + 0.11, 1e-6);
    close("x- with offset and gain", volts[1], 1.63 - 0.09, 1e-6);
    close("y+ with offset and gain", volts[2], 1.66 - 0.24, 1e-6);
    close("y- as it should be", volts[3], 1.65 + 0.20, 1e-6);
}
