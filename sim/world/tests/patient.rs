// SPDX-License-Identifier: Apache-2.0
//! The living patient: bands of the presets, step and exchange, suction and its relief, recirculation.

mod common;

use common::{quiet_plant, setup};
use levitas_world::{
    ARREST, Circuit, Circulation, HYPOVOLAEMIC, InitialState, PAEDIATRIC, Patient, PatientChange,
    PatientTruth, STEP_S, Setup, VA_25_21, VA_ADULT, VA_FIXED, VASOPLEGIC, VV_ADULT,
};

fn circulation(circuit: Circuit, patient: Patient) -> Circulation {
    Circulation::new(&Setup { circuit, patient, ..setup(quiet_plant(), InitialState::default()) }).unwrap()
}

fn run(circulation: &mut Circulation, rpm: f64, seconds: f64) {
    for _ in 0..(seconds / STEP_S).round() as u32 {
        circulation.advance_at(rpm);
    }
}

fn patient(circulation: &Circulation) -> PatientTruth {
    circulation.truth_at(0.0).patient.unwrap()
}

/// Mean flow and largest collapse over some seconds.
fn watch(circulation: &mut Circulation, rpm: f64, seconds: f64) -> (f64, f64) {
    let (mut flow, mut collapse) = (0.0, 0.0_f64);
    let steps = (seconds / 1e-3) as u32;
    for _ in 0..steps {
        run(circulation, rpm, 1e-3);
        let truth = circulation.truth_at(rpm);
        flow += truth.flow_lpm / f64::from(steps);
        collapse = collapse.max(truth.patient.unwrap().cava_collapse);
    }
    (flow, collapse)
}

#[track_caller]
fn within(what: &str, value: f64, [low, high]: [f64; 2]) {
    assert!(value >= low && value <= high, "{what} = {value}, wanted {low} to {high}");
}

/// Before support. Bands of the adult: MAP 70 to 105, output 4 to 8 L/min, central venous pressure 2 to 8, pulmonary 10 to
/// 20 mmHg at rest (textbook), vasoplegia MAP below 65 with an output that is not low, cardiogenic shock MAP below 70 with
/// an output below 4 L/min (2.2 L/min/m2). A child of 12 kg: MAP 50 to 75 mmHg, 0.55 m2.
#[test]
fn every_preset_settles_in_its_band() {
    let bands: [(&str, Patient, [[f64; 2]; 4]); 5] = [
        ("va-adult", VA_ADULT, [[50.0, 70.0], [2.5, 4.0], [2.0, 8.0], [10.0, 25.0]]),
        ("vv-adult", VV_ADULT, [[70.0, 105.0], [4.0, 8.0], [2.0, 8.0], [16.0, 30.0]]),
        ("hypovolaemic", HYPOVOLAEMIC, [[40.0, 65.0], [1.5, 4.0], [1.0, 4.0], [3.0, 12.0]]),
        ("vasoplegic", VASOPLEGIC, [[45.0, 65.0], [5.0, 9.0], [2.0, 8.0], [8.0, 20.0]]),
        ("paediatric", PAEDIATRIC, [[50.0, 75.0], [1.2, 2.5], [2.0, 8.0], [8.0, 20.0]]),
    ];
    for (name, preset, [map, output, venous, lung]) in bands {
        let mut at_rest = circulation(VA_25_21, preset);
        // Nothing flows through a circuit whose pump just balances the pressures; here the flow is not looked at.
        let before = patient(&at_rest);
        within(&format!("{name}: MAP"), before.map_mmhg, map);
        within(&format!("{name}: output"), before.native_output_lpm, output);
        within(&format!("{name}: venous"), before.central_venous_pressure_mmhg, venous);
        within(&format!("{name}: pulmonary"), before.mean_pulmonary_pressure_mmhg, lung);
        run(&mut at_rest, 0.0, 1e-3);
    }
    let arrest = patient(&circulation(VA_25_21, ARREST));
    assert_eq!((arrest.heart_rate_bpm, arrest.native_output_lpm), (0.0, 0.0));
    // Mean filling pressure: 7 to 12 mmHg, everywhere the same.
    within("arrest: MAP", arrest.map_mmhg, [7.0, 12.0]);
    within("arrest: difference", arrest.map_mmhg - arrest.central_venous_pressure_mmhg, [-0.1, 0.1]);
}

#[test]
fn support_takes_over_from_a_failing_heart() {
    let mut supported = circulation(VA_25_21, VA_ADULT);
    let mut before = patient(&supported);
    let mut flow = 0.0;
    for rpm in [2500.0, 3000.0, 3500.0, 4000.0] {
        run(&mut supported, rpm, 6.0);
        let (truth, now) = (supported.truth_at(rpm), patient(&supported));
        assert!(truth.flow_lpm > flow, "{rpm} rpm: {} L/min", truth.flow_lpm);
        assert!(now.native_output_lpm < before.native_output_lpm, "{now:?}");
        assert!(now.central_venous_pressure_mmhg < before.central_venous_pressure_mmhg);
        assert!(now.map_mmhg > before.map_mmhg);
        (before, flow) = (now, truth.flow_lpm);
    }
}

#[test]
fn an_arrested_patient_has_the_flow_of_the_pump_alone() {
    let mut arrest = circulation(VA_25_21, ARREST);
    run(&mut arrest, 3500.0, 20.0);
    let (truth, now) = (arrest.truth_at(3500.0), patient(&arrest));
    assert_eq!(now.native_output_lpm, 0.0);
    // MAP - CVP is the flow times the resistance of arteries and aorta.
    let expected = truth.flow_lpm * 1000.0 / 60.0 * 0.82;
    let veins = truth.flow_lpm * 1000.0 / 60.0 * 0.07;
    within(
        "pressure",
        now.map_mmhg - now.central_venous_pressure_mmhg,
        [expected + 0.98 * veins, expected + 1.05 * veins],
    );
    // Ventricular fibrillation while on support: the same patient from another start.
    let mut stopped = circulation(VA_25_21, VA_ADULT);
    run(&mut stopped, 3500.0, 5.0);
    stopped.change_patient(&PatientChange::Arrest).unwrap();
    run(&mut stopped, 3500.0, 10.0);
    assert_eq!(patient(&stopped).native_output_lpm, 0.0);
    assert_eq!(patient(&stopped).heart_rate_bpm, 0.0);
    stopped.change_patient(&PatientChange::HeartRate { bpm: 90.0 }).unwrap();
    run(&mut stopped, 3500.0, 10.0);
    assert!(patient(&stopped).native_output_lpm > 0.2, "{:?}", patient(&stopped));
}

#[test]
fn too_much_suction_at_low_volume_collapses_the_vein() {
    let mut enough = circulation(VA_25_21, VA_ADULT);
    run(&mut enough, 4000.0, 5.0);
    let (full_lpm, collapse) = watch(&mut enough, 4000.0, 5.0);
    assert!(collapse < 0.1, "{collapse}");
    let mut bled = enough.clone();
    bled.change_patient(&PatientChange::BloodLoss { ml: 550.0, over_s: 10.0 }).unwrap();
    run(&mut bled, 4000.0, 15.0);
    let (flow_lpm, collapse) = watch(&mut bled, 4000.0, 5.0);
    assert!(collapse > 0.5 && flow_lpm < 0.85 * full_lpm, "{collapse}, {flow_lpm} of {full_lpm} L/min");
    // Volume gives it back.
    bled.change_patient(&PatientChange::Volume { ml: 550.0, over_s: 10.0 }).unwrap();
    run(&mut bled, 4000.0, 25.0);
    let (again_lpm, collapse) = watch(&mut bled, 4000.0, 5.0);
    assert!(collapse < 0.1 && (again_lpm / full_lpm - 1.0).abs() < 0.02, "{again_lpm} of {full_lpm} L/min");
}

/// Time until the vein is open, from collapse at 5000 rpm [s].
fn relief_s(collapsed: &Circulation, dip_s: f64, then_rpm: f64) -> f64 {
    let mut world = collapsed.clone();
    let mut time_s = 0.0;
    while patient(&world).cava_collapse > 0.2 && time_s < 10.0 {
        run(&mut world, if time_s < dip_s { 1800.0 } else { then_rpm }, 5e-3);
        time_s += 5e-3;
    }
    time_s
}

/// Molegraaf et al.: a two-step drop of the speed reverses a collapse faster than a plain one to the same speed.
#[test]
fn a_dip_relieves_suction_faster_than_a_plain_reduction() {
    let mut world = circulation(VA_25_21, VA_ADULT);
    world.change_patient(&PatientChange::BloodLoss { ml: 350.0, over_s: 5.0 }).unwrap();
    run(&mut world, 3500.0, 15.0);
    run(&mut world, 5000.0, 5.0);
    let mut compared = 0;
    for _ in 0..20 {
        run(&mut world, 5000.0, 0.1);
        if patient(&world).cava_collapse < 0.5 {
            continue;
        }
        let (plain_s, dip_s) = (relief_s(&world, 0.0, 3500.0), relief_s(&world, 0.3, 3500.0));
        assert!(dip_s <= plain_s && plain_s < 10.0, "dip {dip_s} s, plain {plain_s} s");
        compared += u32::from(dip_s < 0.8 * plain_s);
    }
    assert!(compared >= 5, "{compared}");
}

#[test]
fn recirculation_grows_with_flow_and_with_the_nearness_of_the_tips() {
    let recirculation = |coupling: f64, rpm: f64| {
        let mut preset = VV_ADULT;
        preset.set("cannulation.tip_coupling", &[coupling]).unwrap();
        let mut world = circulation(VA_25_21, preset);
        run(&mut world, rpm, 5.0);
        (world.truth_at(rpm).flow_lpm, patient(&world).recirculation)
    };
    assert_eq!(recirculation(0.0, 3500.0).1, 0.0);
    let mut before = (0.0, 0.0);
    for rpm in [1500.0, 2500.0, 3500.0, 4500.0] {
        let now = recirculation(0.5, rpm);
        assert!(now.0 > before.0 && now.1 > before.1 && now.1 < 0.5, "{rpm} rpm: {now:?}");
        assert!(recirculation(0.9, rpm).1 > now.1);
        before = now;
    }
    let mut arterial = circulation(VA_25_21, VA_ADULT);
    run(&mut arterial, 3500.0, 2.0);
    assert_eq!(patient(&arterial).recirculation, 0.0, "nothing returns to the right atrium");
}

/// Veno-venous support neither loads nor unloads the heart: what is taken is given back.
#[test]
fn veno_venous_support_leaves_the_output_alone() {
    let mut world = circulation(VA_25_21, VV_ADULT);
    let before = patient(&world);
    run(&mut world, 3500.0, 10.0);
    let now = patient(&world);
    assert!((now.native_output_lpm / before.native_output_lpm - 1.0).abs() < 0.1, "{before:?} {now:?}");
    assert!(world.truth_at(3500.0).flow_lpm > 4.0);
}

#[test]
fn changes_have_their_direction_and_their_limits() {
    let after = |change: PatientChange| {
        let mut world = circulation(VA_25_21, VA_ADULT);
        run(&mut world, 3200.0, 5.0);
        let before = patient(&world);
        world.change_patient(&change).unwrap();
        run(&mut world, 3200.0, 20.0);
        (before, patient(&world))
    };
    let (before, now) = after(PatientChange::Vasoplegia { factor: 0.5 });
    assert!(now.map_mmhg < 0.75 * before.map_mmhg);
    let (before, now) = after(PatientChange::Contractility { factor: 3.0 });
    assert!(now.native_output_lpm > 1.3 * before.native_output_lpm);
    let (before, now) = after(PatientChange::HeartRate { bpm: 60.0 });
    assert!(now.heart_rate_bpm == 60.0 && now.native_output_lpm < before.native_output_lpm);
    let (before, now) = after(PatientChange::Posture { tilt_deg: 60.0 });
    assert!(now.map_mmhg < before.map_mmhg - 5.0);
    assert!((now.blood_volume_ml - before.blood_volume_ml).abs() < 1.0, "pooled blood is not lost");
    let (before, now) = after(PatientChange::BloodLoss { ml: 200.0, over_s: 5.0 });
    assert!((before.blood_volume_ml - now.blood_volume_ml - 200.0).abs() < 1e-6);

    let mut world = circulation(VA_25_21, VA_ADULT);
    let refused = world.change_patient(&PatientChange::HeartRate { bpm: 300.0 }).unwrap_err();
    assert_eq!(refused.to_string(), "heart_rate.bpm = 300: allowed is 20 to 240");
    let mut fixed = circulation(VA_25_21, VA_FIXED);
    let refused = fixed.change_patient(&PatientChange::Arrest).unwrap_err();
    assert!(refused.to_string().contains("kind fixed"), "{refused}");
}
