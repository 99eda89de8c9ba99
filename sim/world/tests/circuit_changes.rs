// SPDX-License-Identifier: Apache-2.0
//! Clamps, kinks, clots, air and other blood in the circuit.

mod common;

use common::{quiet_plant, setup};
use levitas_world::{
    ARREST, Circuit, CircuitChange, Circulation, InitialState, KinkSite, Line, Patient, STEP_S, Setup, Truth,
    VA_25_21, VA_25_21_ELASTIC, VA_ADULT, VA_FIXED, VV_25_19, World, units,
};

fn circulation(circuit: Circuit, patient: Patient) -> Circulation {
    Circulation::new(&Setup { circuit, patient, ..setup(quiet_plant(), InitialState::default()) }).unwrap()
}

fn run(circulation: &mut Circulation, rpm: f64, seconds: f64) {
    for _ in 0..(seconds / STEP_S).round() as u32 {
        circulation.advance_at(rpm);
    }
}

/// Settled at a speed, then changed, then settled again.
fn before_and_after(patient: Patient, rpm: f64, changes: &[CircuitChange]) -> [Truth; 2] {
    let mut world = circulation(VA_25_21, patient);
    run(&mut world, rpm, 6.0);
    let before = world.truth_at(rpm);
    for change in changes {
        world.change_circuit(change).unwrap();
    }
    run(&mut world, rpm, 6.0);
    [before, world.truth_at(rpm)]
}

#[test]
fn a_clamp_on_the_return_closes_in_three_tenths_of_a_second() {
    let mut world = circulation(VA_25_21, VA_FIXED);
    run(&mut world, 4000.0, 5.0);
    let before = world.truth_at(4000.0);
    world.change_circuit(&CircuitChange::Clamp(Line::Return)).unwrap();
    run(&mut world, 4000.0, 0.15);
    assert!((world.truth_at(4000.0).clamp_opening - 0.5).abs() < 1e-9);
    let mut highest = 0.0_f64;
    for _ in 0..20 {
        run(&mut world, 4000.0, 0.01);
        highest = highest.max(world.truth_at(4000.0).return_pressure_mmhg);
    }
    let shut = world.truth_at(4000.0);
    assert_eq!((shut.clamp_opening, shut.flow_lpm), (0.0, 0.0));
    // All of the head stands before the clamp, and for a moment what brakes the blood.
    assert!((shut.return_pressure_mmhg - (5.0 + 400.0)).abs() < 1.0, "{}", shut.return_pressure_mmhg);
    assert!(highest > shut.return_pressure_mmhg + 20.0, "{highest}");
    world.change_circuit(&CircuitChange::Unclamp(Line::Return)).unwrap();
    run(&mut world, 4000.0, 5.0);
    let again = world.truth_at(4000.0);
    assert!((again.flow_lpm - before.flow_lpm).abs() < 1e-3 && again.clamp_opening == 1.0);
}

/// What the clamp stops is caught by tubing and lung: the hammer is Q sqrt(L / C) at most, here 60 mL/s and 0.25 and 0.3.
#[test]
fn a_circuit_that_stretches_has_no_hammer() {
    let highest = |circuit: Circuit| {
        let mut world = circulation(circuit, VA_FIXED);
        run(&mut world, 3500.0, 5.0);
        let settled = world.truth_at(3500.0);
        world.change_circuit(&CircuitChange::Clamp(Line::Return)).unwrap();
        let mut highest = 0.0_f64;
        for _ in 0..1000 {
            run(&mut world, 3500.0, 1e-3);
            highest = highest.max(world.truth_at(3500.0).return_pressure_mmhg);
        }
        run(&mut world, 3500.0, 5.0);
        let at_rest = world.truth_at(3500.0);
        assert_eq!(at_rest.flow_lpm, 0.0);
        (settled.flow_lpm, highest - at_rest.return_pressure_mmhg)
    };
    let (rigid_lpm, rigid_mmhg) = highest(VA_25_21);
    let (elastic_lpm, elastic_mmhg) = highest(VA_25_21_ELASTIC);
    assert!((rigid_lpm - elastic_lpm).abs() < 1e-4, "{rigid_lpm} and {elastic_lpm} L/min");
    assert!(rigid_mmhg > 200.0 && elastic_mmhg < 60.0, "{rigid_mmhg} and {elastic_mmhg} mmHg");
}

/// What the patient loses to a circuit that stretches comes back.
#[test]
fn blood_in_the_stretched_circuit_is_not_lost() {
    let mut world = circulation(VA_25_21_ELASTIC, VA_ADULT);
    let volume = |world: &Circulation| {
        let truth = world.truth_at(0.0);
        let stretched = 0.1 * truth.drainage_pressure_mmhg + 0.3 * truth.return_pressure_mmhg;
        truth.patient.unwrap().blood_volume_ml + stretched
    };
    run(&mut world, 0.0, 1e-3);
    let before = volume(&world);
    for rpm in [3500.0, 2500.0, 4500.0] {
        run(&mut world, rpm, 2.0);
        assert!((volume(&world) - before).abs() < 1e-3, "{} of {before} mL", volume(&world));
    }
}

#[test]
fn a_clamp_on_the_drainage_leaves_the_pump_to_suck_at_it() {
    let [before, after] = before_and_after(VA_FIXED, 3500.0, &[CircuitChange::Clamp(Line::Drainage)]);
    assert!(before.flow_lpm > 3.0 && after.flow_lpm == 0.0 && after.drainage_clamp_opening == 0.0);
    // The patient's artery, less the head: 80 - 25 x 3.5^2.
    assert!((after.drainage_pressure_mmhg - (80.0 - 306.25)).abs() < 1.0, "{}", after.drainage_pressure_mmhg);
    assert_eq!(after.return_pressure_mmhg, 80.0);
}

#[test]
fn a_clamp_that_a_hand_has_closed_stays_closed() {
    let mut world = circulation(VA_25_21, VA_FIXED);
    world.change_circuit(&CircuitChange::Clamp(Line::Return)).unwrap();
    run(&mut world, 4000.0, 5.0);
    assert_eq!(world.truth_at(4000.0).flow_lpm, 0.0);
}

#[test]
fn kinks_show_where_they_are() {
    use KinkSite::{DrainageCannula, DrainageTubing, ReturnCannula, ReturnTubing};
    for site in [DrainageCannula, DrainageTubing, ReturnTubing, ReturnCannula] {
        let [before, after] = before_and_after(ARREST, 3500.0, &[CircuitChange::Kink { site, factor: 10.0 }]);
        assert!(after.flow_lpm < 0.85 * before.flow_lpm, "{site:?}: {} L/min", after.flow_lpm);
        let drains = matches!(site, DrainageCannula | DrainageTubing);
        let lower = after.drainage_pressure_mmhg < before.drainage_pressure_mmhg - 10.0;
        let higher = after.return_pressure_mmhg > before.return_pressure_mmhg + 10.0;
        assert_eq!((lower, higher), (drains, !drains), "{site:?}: {after:?}");
        let gone = [CircuitChange::Kink { site, factor: 10.0 }, CircuitChange::Kink { site, factor: 1.0 }];
        let [before, after] = before_and_after(VA_FIXED, 3500.0, &gone);
        assert!((after.flow_lpm - before.flow_lpm).abs() < 1e-6, "{site:?}");
    }
}

#[test]
fn a_clot_raises_the_drop_of_the_lung_by_its_factor() {
    let [before, after] = before_and_after(VA_FIXED, 4000.0, &[CircuitChange::Clot { factor: 3.0 }]);
    let resistance =
        |truth: &Truth| (truth.pre_membrane_pressure_mmhg - truth.return_pressure_mmhg) / truth.flow_lpm;
    assert!((resistance(&before) - 11.24).abs() < 1e-3, "{}", resistance(&before));
    assert!((resistance(&after) - 3.0 * 11.24).abs() < 1e-3, "{}", resistance(&after));
}

#[test]
fn thick_blood_flows_less_and_the_cannulas_follow_where_the_circuit_says_so() {
    let flow = |circuit: Circuit, haematocrit_pct: f64| {
        let mut world = circulation(circuit, VA_FIXED);
        world.change_circuit(&CircuitChange::Viscosity { haematocrit_pct }).unwrap();
        run(&mut world, 3500.0, 5.0);
        world.truth_at(3500.0)
    };
    for circuit in [VA_25_21, VV_25_19] {
        let flows = [20.0, 30.0, 40.0].map(|haematocrit| flow(circuit, haematocrit).flow_lpm);
        assert!(flows[0] > flows[1] && flows[1] > flows[2], "{flows:?}");
    }
    let drop = |exponent: f64| {
        let mut circuit = VV_25_19;
        circuit.cannulas.viscosity_exponent = exponent;
        let truth = flow(circuit, 30.0);
        (truth.venous_pressure_mmhg - truth.drainage_pressure_mmhg) / (truth.flow_lpm * truth.flow_lpm)
    };
    // 2.39 mPa s and 1055 kg/m3 against water at 20 C: 2.26^0.25 = 1.226 of 1.69.
    assert!((drop(0.25) - drop(0.0) - 0.226 * 1.69).abs() < 0.12, "{}", drop(0.25) - drop(0.0));
}

#[test]
fn air_takes_head_and_torque_until_it_has_passed() {
    let turning = InitialState {
        rotor_speed_rad_per_s: 3500.0 * units::RAD_PER_S_PER_RPM,
        flow_lpm: 3.9,
        clamp_opening: 1.0,
        ..InitialState::default()
    };
    let mut plant = quiet_plant();
    plant.rotor.k_x_n_per_m = 0.0;
    // A flywheel, so that the speed stays.
    plant.motor.inertia_kg_m2 = 0.1;
    let mut world = World::new(&setup(plant, turning)).unwrap();
    world.change_circuit(CircuitChange::AirBolus { ml: 3.0, line: Line::Drainage }).unwrap();
    let start = world.truth();
    let (mut before_pump, mut meter, mut least_head, mut least_torque) = (0.0_f64, 0.0_f64, 1e9_f64, 1e9_f64);
    for _ in 0..320_000 {
        world.advance(&common::OFF);
        let truth = world.truth();
        before_pump = before_pump.max(truth.air_before_pump);
        meter = meter.max(truth.air_at_meter);
        least_head = least_head.min(truth.head_mmhg);
        least_torque = least_torque.min(truth.pump_torque_n_m);
    }
    let end = world.truth();
    assert!(before_pump > 0.99 && meter > 0.99, "{before_pump}, {meter}");
    assert!(least_head < 0.93 * start.head_mmhg, "{least_head} of {} mmHg", start.head_mmhg);
    assert!(least_torque < 0.93 * start.pump_torque_n_m, "{least_torque}");
    assert!((end.air_in_patient_ml - 1.5).abs() < 1e-9, "{}", end.air_in_patient_ml);
    assert_eq!((end.air_in_head, end.air_at_meter), (0.0, 0.0));
}

#[test]
fn much_air_locks_the_pump() {
    let mut world = circulation(VA_25_21, VA_ADULT);
    run(&mut world, 3500.0, 5.0);
    let before = world.truth_at(3500.0);
    world.change_circuit(&CircuitChange::AirBolus { ml: 40.0, line: Line::Drainage }).unwrap();
    let (mut least_head, mut least_flow) = (1e9_f64, 1e9_f64);
    for _ in 0..100 {
        run(&mut world, 3500.0, 0.1);
        least_head = least_head.min(world.truth_at(3500.0).head_mmhg);
        least_flow = least_flow.min(world.truth_at(3500.0).flow_lpm);
    }
    assert!(least_head < 0.1 * before.head_mmhg, "{least_head} of {}", before.head_mmhg);
    assert!(least_flow < 0.3 * before.flow_lpm, "{least_flow} of {}", before.flow_lpm);
}

#[test]
fn what_is_out_of_range_is_refused_by_name() {
    let mut world = circulation(VA_25_21, VA_FIXED);
    for (change, message) in [
        (CircuitChange::Clot { factor: 0.5 }, "clot.factor = 0.5: allowed is 1 to 100"),
        (
            CircuitChange::AirBolus { ml: f64::NAN, line: Line::Return },
            "air_bolus.ml = NaN: allowed is 0.01 to 200",
        ),
        (
            CircuitChange::Viscosity { haematocrit_pct: 71.0 },
            "viscosity.haematocrit_pct = 71: allowed is 0 to 70",
        ),
        (
            CircuitChange::Kink { site: KinkSite::ReturnTubing, factor: 0.0 },
            "kink.factor = 0: allowed is 1 to 1000",
        ),
    ] {
        assert_eq!(world.change_circuit(&change).unwrap_err().to_string(), message);
    }
}
