// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask record`: samples and outputs of the levitation task, for the test that host, native_sim and QEMU
//! agree bit for bit.
//!
//! # Format
//! Records without a header, little-endian, member by member in the order of declaration in
//! `levitas_core::ports`; every member has 32 bits.
//!
//! | file | record | size |
//! |---|---|---|
//! | `levitation_samples.bin` | `LevitationInputs`: 12 f32, 3 u32 | 60 bytes |
//! | `levitation_outputs.bin` | `LevitationOutputs`: 5 f32, 4 u32 | 36 bytes |
//!
//! # How the samples arise
//! The rotor of the simulated plant lies on the touchdown circle and is lifted by the outputs of the replay
//! itself, so the recording is a lift-off with the motor starting in the middle.

use std::fs;

use levitas_core::mail::Mailboxes;
use levitas_core::ports::{LevitationInputs, LevitationOutputs};
use levitas_core::replay::{REPLAY_STEPS, replay_step};
use levitas_core::task::levitation::{LevitationConfig, LevitationTask};
use levitas_core::unit::Role;
use levitas_world::{ECMO_50, RotorStart, Setup, VA_25_21, VA_FIXED, World};

use crate::Options;
use crate::project::Project;

/// Folder of the recording.
const FOLDER: &str = "tests/data";
/// Files of the recording: what goes in, what comes out.
const FILES: [&str; 2] = ["tests/data/levitation_samples.bin", "tests/data/levitation_outputs.bin"];
/// Seed of the sensors' noise in the recording.
const SEED: u64 = 1;
/// Where on the touchdown circle the rotor lies \[rad\].
const START_ANGLE_RAD: f64 = 0.7;

/// A recording: the bytes of both files.
struct Recording {
    samples: Vec<u8>,
    outputs: Vec<u8>,
}

/// `cargo xtask record [--check]`.
pub(crate) fn run(project: &Project, options: &Options) -> Result<(), String> {
    if options.has("--check") {
        return check(project);
    }
    let recording = recording()?;
    fs::create_dir_all(project.root.join(FOLDER)).map_err(|error| format!("{FOLDER}: {error}"))?;
    for (path, bytes) in FILES.iter().zip([&recording.samples, &recording.outputs]) {
        fs::write(project.root.join(path), bytes).map_err(|error| format!("{path}: {error}"))?;
        println!("{path}: {REPLAY_STEPS} periods, {} bytes", bytes.len());
    }
    Ok(())
}

/// Fails when the files are not what the code records now.
pub(crate) fn check(project: &Project) -> Result<(), String> {
    let recording = recording()?;
    for (path, now) in FILES.iter().zip([&recording.samples, &recording.outputs]) {
        let stored = fs::read(project.root.join(path)).map_err(|error| format!("{path}: {error}"))?;
        if let Some(place) = difference(&stored, now) {
            return Err(format!("{path} differs from what the code does now, {place}: cargo xtask record"));
        }
    }
    println!("the recording is what the code does now, {REPLAY_STEPS} periods");
    Ok(())
}

/// Where two files differ first.
fn difference(stored: &[u8], now: &[u8]) -> Option<String> {
    if stored.len() != now.len() {
        return Some(format!("{} bytes in place of {}", stored.len(), now.len()));
    }
    let byte = stored.iter().zip(now).position(|(stored, now)| stored != now)?;
    let record_size = now.len() / REPLAY_STEPS as usize;
    Some(format!("first in period {}", byte / record_size))
}

/// Lifts the simulated rotor.
fn recording() -> Result<Recording, String> {
    let start = RotorStart::Lying { angle_rad: START_ANGLE_RAD };
    let (plant, circuit, patient) = (ECMO_50, VA_25_21, VA_FIXED);
    let setup = Setup { plant, circuit, patient, pump_table: None, seed: SEED, start };
    let mut world = World::new(&setup).map_err(|error| error.to_string())?;
    world.connect_lines();
    let mut recording = Recording { samples: Vec::new(), outputs: Vec::new() };
    let mail = Mailboxes::new();
    let mut task =
        LevitationTask::new(&LevitationConfig::ECMO_50, Role::Host).map_err(|error| error.to_string())?;
    for index in 0..REPLAY_STEPS {
        let samples = world.sample(0);
        let outputs = replay_step(&mut task, &mail, index, &samples);
        recording.samples.extend(input_words(&samples).into_iter().flat_map(u32::to_le_bytes));
        recording.outputs.extend(output_words(&outputs).into_iter().flat_map(u32::to_le_bytes));
        world.advance(&[outputs, LevitationOutputs::default()]);
    }
    Ok(recording)
}

/// Members of the inputs in order of declaration, as bits.
fn input_words(inputs: &LevitationInputs) -> [u32; 15] {
    let LevitationInputs {
        displacement_hall_v: [x_plus, x_minus, y_plus, y_minus],
        angle_hall_v: [cosine, sine],
        coil_current_a: [coil_x, coil_y],
        phase_current_a: [phase_a, phase_b, phase_c],
        bus_voltage_v,
        sample_count,
        valid,
        pair,
    } = *inputs;
    let halls = [x_plus, x_minus, y_plus, y_minus, cosine, sine];
    let [h0, h1, h2, h3, h4, h5] = halls.map(f32::to_bits);
    let [c0, c1, c2, c3, c4] = [coil_x, coil_y, phase_a, phase_b, phase_c].map(f32::to_bits);
    [h0, h1, h2, h3, h4, h5, c0, c1, c2, c3, c4, bus_voltage_v.to_bits(), sample_count, valid, pair]
}

/// Members of the outputs in order of declaration, as bits.
fn output_words(outputs: &LevitationOutputs) -> [u32; 9] {
    let LevitationOutputs {
        coil_duty: [x, y],
        phase_duty: [a, b, c],
        coil_gate,
        phase_gate,
        drive_line,
        latch_override,
    } = *outputs;
    let [x, y, a, b, c] = [x, y, a, b, c].map(f32::to_bits);
    [x, y, a, b, c, coil_gate, phase_gate, drive_line, latch_override]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Inputs from the words of one record.
    fn inputs(words: [u32; 15]) -> LevitationInputs {
        let [h0, h1, h2, h3, h4, h5, c0, c1, c2, c3, c4, bus, sample_count, valid, pair] = words;
        LevitationInputs {
            displacement_hall_v: [h0, h1, h2, h3].map(f32::from_bits),
            angle_hall_v: [h4, h5].map(f32::from_bits),
            coil_current_a: [c0, c1].map(f32::from_bits),
            phase_current_a: [c2, c3, c4].map(f32::from_bits),
            bus_voltage_v: f32::from_bits(bus),
            sample_count,
            valid,
            pair,
        }
    }

    fn stored(path: &str) -> Vec<u32> {
        let bytes = fs::read(Project::find().expect("checkout").root.join(path)).expect(path);
        bytes.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)).collect()
    }

    #[test]
    fn the_host_replays_the_recording_bit_for_bit() {
        let [samples, outputs] = FILES.map(stored);
        let mail = Mailboxes::new();
        let mut task =
            LevitationTask::new(&LevitationConfig::ECMO_50, Role::Host).expect("valid configuration");
        let records = samples.as_chunks::<15>().0.iter().zip(outputs.as_chunks::<9>().0);
        let mut count = 0;
        for (index, (samples, outputs)) in (0..).zip(records) {
            let now = replay_step(&mut task, &mail, index, &inputs(*samples));
            assert_eq!(output_words(&now), *outputs, "period {index}");
            count += 1;
        }
        assert_eq!(count, REPLAY_STEPS);
    }

    #[test]
    fn the_recording_lifts_the_rotor_and_starts_the_motor() {
        let outputs = stored(FILES[1]);
        let last = outputs.as_chunks::<9>().0.last().expect("records");
        assert_eq!(last[5..7], [1, 1], "coil and phase gates");
    }

    #[test]
    fn a_difference_says_in_which_period() {
        let now = vec![0_u8; 36 * REPLAY_STEPS as usize];
        let mut stored = now.clone();
        stored[36 * 7 + 3] = 1;
        assert_eq!(difference(&stored, &now), Some("first in period 7".into()));
        assert_eq!(difference(&now, &now), None);
        assert!(difference(&now[1..], &now).is_some());
    }
}
