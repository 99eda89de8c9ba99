// SPDX-License-Identifier: Apache-2.0
//! The ECG of a living patient is in step with his heart.

mod common;

use common::{quiet_plant, setup};
use levitas_core::ports::{LevitationOutputs, valid};
use levitas_world::{
    EcgKind, InitialState, Patient, PatientChange, R_WAVE_LEAD_S, STEP_S, Setup, Truth, VA_25_21, VA_ADULT,
    World,
};

/// R waves, onsets of systole [s], and the ECG at 1 kHz.
#[derive(Default)]
struct Seen {
    r_waves_s: Vec<f64>,
    onsets_s: Vec<f64>,
    ecg_mv: Vec<f64>,
}

impl Seen {
    fn intervals_s(&self) -> Vec<f64> {
        self.onsets_s.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }
}

fn world(rate_bpm: f64, seed: u64) -> World {
    let Patient::Living(mut living) = VA_ADULT else { panic!("a living patient") };
    living.heart.rate_bpm = rate_bpm;
    let patient = Patient::Living(living);
    World::new(&Setup { patient, circuit: VA_25_21, seed, ..setup(quiet_plant(), InitialState::default()) })
        .unwrap()
}

fn watch(world: &mut World, duration_s: f64) -> Seen {
    let (mut seen, mut before): (Seen, Truth) = (Seen::default(), world.truth());
    for step in 0..(duration_s / STEP_S) as u32 {
        world.advance(&[LevitationOutputs::default(); 2]);
        let now = world.truth();
        let (ecg, ecg_before) = (now.ecg.unwrap(), before.ecg.unwrap());
        if ecg.r_wave_count != ecg_before.r_wave_count {
            seen.r_waves_s.push(ecg.r_wave_s);
        }
        if now.patient.unwrap().beat_count != before.patient.unwrap().beat_count {
            seen.onsets_s.push(now.time_s);
        }
        if (step + 1).is_multiple_of(20) {
            seen.ecg_mv.push(ecg.ecg_mv);
        }
        before = now;
    }
    seen
}

#[test]
fn every_systole_has_its_r_wave_before_it_whatever_the_rhythm() {
    for (kind, name) in EcgKind::ALL {
        let mut world = world(75.0, 3);
        world.change_patient(PatientChange::Rhythm(kind)).unwrap();
        let seen = watch(&mut world, 30.0);
        // The first onset may come before there could be an R wave, the last R wave before its onset.
        let onsets_s = &seen.onsets_s[1..];
        assert!(onsets_s.len() > 30, "{name}: {}", onsets_s.len());
        for onset_s in onsets_s {
            let r_wave_s = seen.r_waves_s.iter().rfind(|at_s| *at_s < onset_s).unwrap();
            let lead_s = onset_s - r_wave_s;
            // Half a step of the patient either way.
            assert!((lead_s - R_WAVE_LEAD_S).abs() < 0.6e-3, "{name} at {onset_s}: {lead_s}");
        }
        assert!(seen.r_waves_s.len().abs_diff(seen.onsets_s.len()) <= 1, "{name}");
        if kind == EcgKind::Noisy {
            continue;
        }
        let r_mv = |at_s: &f64| {
            let middle = (at_s * 1e3) as usize;
            seen.ecg_mv[middle - 5..middle + 5].iter().fold(0.0_f64, |most, mv| most.max(mv.abs()))
        };
        let within = &seen.r_waves_s[1..seen.r_waves_s.len() - 1];
        assert!(within.iter().all(|at_s| r_mv(at_s) > 0.7), "{name}");
    }
}

#[test]
fn rhythms_are_those_of_the_heart() {
    let intervals_s = |kind| {
        let mut world = world(75.0, 5);
        world.change_patient(PatientChange::Rhythm(kind)).unwrap();
        watch(&mut world, 60.0).intervals_s()
    };
    let spread = |intervals_s: &[f64]| {
        let mean_s = intervals_s.iter().sum::<f64>() / intervals_s.len() as f64;
        let off_s = intervals_s.iter().map(|interval_s| (interval_s - mean_s).abs()).sum::<f64>();
        (mean_s, off_s / intervals_s.len() as f64 / mean_s)
    };
    let (mean_s, regular) = spread(&intervals_s(EcgKind::Sinus));
    assert!((mean_s - 0.8).abs() < 1e-3 && regular < 1e-3, "{mean_s} {regular}");
    let (mean_s, fibrillating) = spread(&intervals_s(EcgKind::AtrialFibrillation));
    assert!((mean_s - 0.8).abs() < 0.08 && fibrillating > 0.12, "{mean_s} {fibrillating}");
    let ectopic_s = intervals_s(EcgKind::Ectopic);
    let early = ectopic_s.iter().filter(|interval_s| **interval_s < 0.6).count();
    assert!((4..20).contains(&early), "{early}");
    for pair in ectopic_s.windows(2).filter(|pair| pair[0] < 0.6) {
        assert!((pair[0] - 0.66 * 0.8).abs() < 2e-3 && (pair[1] - 1.34 * 0.8).abs() < 2e-3, "{pair:?}");
    }
}

#[test]
fn an_arrest_another_rate_and_electrodes_that_come_off_are_seen() {
    let mut world = world(75.0, 1);
    assert!(watch(&mut world, 5.0).r_waves_s.len() > 4);
    world.change_patient(PatientChange::HeartRate { bpm: 150.0 }).unwrap();
    let faster = watch(&mut world, 10.0);
    let (r_waves, onsets) = (faster.r_waves_s.len(), faster.onsets_s.len());
    assert!((23..=26).contains(&r_waves) && r_waves.abs_diff(onsets) <= 1, "{r_waves} {onsets}");
    world.change_patient(PatientChange::Arrest).unwrap();
    watch(&mut world, 0.5);
    let still = watch(&mut world, 5.0);
    let largest_mv = still.ecg_mv.iter().fold(0.0_f64, |most, mv| most.max(mv.abs()));
    assert!(still.r_waves_s.is_empty() && still.onsets_s.is_empty() && largest_mv < 0.2, "{largest_mv}");
    world.change_patient(PatientChange::HeartRate { bpm: 60.0 }).unwrap();
    assert!(watch(&mut world, 5.0).r_waves_s.len() >= 4);
    world.change_patient(PatientChange::ElectrodesOff { is_noticed: false }).unwrap();
    let open = watch(&mut world, 2.0);
    assert!(open.r_waves_s.is_empty() && !open.onsets_s.is_empty(), "the heart beats on");
    assert_ne!(world.sample_circulation().valid & valid::ECG, 0);
    world.change_patient(PatientChange::ElectrodesOff { is_noticed: true }).unwrap();
    assert!(watch(&mut world, 0.1).ecg_mv.last().unwrap().is_nan());
    assert_eq!(world.sample_circulation().valid & valid::ECG, 0);
}

#[test]
fn seeds_repeat_and_differ() {
    let ecg = |seed| {
        let mut world = world(75.0, seed);
        world.change_patient(PatientChange::Rhythm(EcgKind::AtrialFibrillation)).unwrap();
        watch(&mut world, 5.0).ecg_mv
    };
    let bits = |ecg_mv: Vec<f64>| ecg_mv.into_iter().map(f64::to_bits).collect::<Vec<_>>();
    let first = bits(ecg(7));
    assert!(first == bits(ecg(7)) && first != bits(ecg(8)));
}
