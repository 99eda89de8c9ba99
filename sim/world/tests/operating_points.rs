// SPDX-License-Identifier: Apache-2.0
//! Published operating points with what the world makes of them; the lines go into docs/world.md (`figures.py`).
//!
//! Each has a band that it must stay in, wide where the source is one patient or two sources disagree.

mod common;

use common::{quiet_plant, setup};
use levitas_world::{
    Blood, CircuitChange, Circulation, DRAINAGE_CANNULAS, InitialState, MEMBRANE_LUNGS, Patient,
    PatientChange, Plant, PumpTable, RETURN_CANNULAS, STEP_S, Setup, Truth, VA_21_17, VA_25_21, VA_ADULT,
    VA_FIXED, VV_25_19,
};

/// Prints a point, and fails when it is off by more than a part of the published value.
#[track_caller]
fn point(what: &str, published: f64, source: &str, model: f64, part: f64) {
    println!("POINT {what};{published};{source};{model:.4}");
    assert!((model / published - 1.0).abs() <= part, "{what}: {model}, published {published}");
}

fn circulation(setup: &Setup) -> Circulation {
    Circulation::new(setup).unwrap()
}

fn run(circulation: &mut Circulation, rpm: f64, seconds: f64) -> Truth {
    for _ in 0..(seconds / STEP_S).round() as u32 {
        circulation.advance_at(rpm);
    }
    circulation.truth_at(rpm)
}

/// The pump of ECLIPSE's patient.
fn rotaflow() -> Plant {
    let mut plant = quiet_plant();
    (plant.pump.a_mmhg_per_krpm2, plant.pump.b_mmhg_per_krpm_lpm) = (19.583, -7.545);
    plant.pump.c_mmhg_per_lpm2 = 2.8864;
    // The fluid of the source.
    (plant.rotor_fluid.viscosity_pa_s, plant.rotor_fluid.density_kg_per_m3) = (3.0e-3, 1060.0);
    plant
}

#[test]
fn the_patient_of_eclipse() {
    let base = Setup { patient: VA_ADULT, circuit: VA_21_17, ..setup(rotaflow(), InitialState::default()) };
    let mut world = circulation(&base);
    let truth = run(&mut world, 3425.0, 20.0);
    let patient = truth.patient.unwrap();
    let source = "ECLIPSE, patient 1, measured";
    point(
        "VA patient of 60 kg, Rotaflow at 3425 rpm, 21/17 Fr: flow [L/min]",
        3.5,
        source,
        truth.flow_lpm,
        0.08,
    );
    point("its mean arterial pressure [mmHg]", 80.0, source, patient.map_mmhg, 0.08);
    point("its own output [L/min]", 1.4, source, patient.native_output_lpm, 0.1);
    point("its mean pulmonary pressure [mmHg]", 11.0, source, patient.mean_pulmonary_pressure_mmhg, 0.15);
    let (mut low, mut high) = (f64::INFINITY, 0.0_f64);
    for _ in 0..1000 {
        let aorta = run(&mut world, 3425.0, 1e-3).patient.unwrap().aortic_pressure_mmhg;
        (low, high) = (low.min(aorta), high.max(aorta));
    }
    point("its systolic pressure [mmHg]", 83.0, source, high, 0.12);
    point("its diastolic pressure [mmHg]", 76.0, source, low, 0.12);
}

/// Flow 4.1 L/min falls to 1.9 at a loss of 10 to 15 % of the blood.
#[test]
fn loss_of_blood_takes_the_flow() {
    let mut world =
        circulation(&Setup { patient: VA_ADULT, ..setup(quiet_plant(), InitialState::default()) });
    let before = run(&mut world, 3500.0, 15.0).flow_lpm;
    point("VA support before a loss of blood [L/min]", 4.1, "reserve-driven control", before, 0.05);
    let least_after = |ml: f64| {
        let mut world = world.clone();
        world.change_patient(&PatientChange::BloodLoss { ml, over_s: 1.0 }).unwrap();
        run(&mut world, 3500.0, 12.0);
        let mut sum = 0.0;
        for _ in 0..5000 {
            sum += run(&mut world, 3500.0, 1e-3).flow_lpm;
        }
        sum / 5000.0
    };
    // Volume is lost at the same flow until the vein collapses; the loss at which the flow has halved, in parts of the blood.
    let halved = (10..30).find(|pct| least_after(34.2 * f64::from(*pct)) < 0.5 * before).unwrap();
    point(
        "loss at which the mean flow has halved [% of the blood] (published: 4.1 to 1.9 L/min at 10 to 15 %)",
        12.5,
        "reserve-driven control",
        f64::from(halved),
        0.7,
    );
}

/// The drop of a cannula in a circuit with next to no tubing, scaled to 5 L/min.
fn cannula_mmhg(drains: bool, resistance: f64) -> f64 {
    let mut circuit = VA_25_21;
    let cannula = if drains { &mut circuit.drainage_cannula } else { &mut circuit.return_cannula };
    cannula.resistance_mmhg_per_lpm2 = resistance;
    (circuit.drainage_tubing.length_m, circuit.return_tubing.length_m) = (1e-3, 1e-3);
    let mut world = circulation(&Setup { circuit, ..setup(quiet_plant(), InitialState::default()) });
    let truth = run(&mut world, 4000.0, 6.0);
    let drop = if drains {
        truth.venous_pressure_mmhg - truth.drainage_pressure_mmhg
    } else {
        truth.return_pressure_mmhg - truth.arterial_pressure_mmhg
    };
    drop * 25.0 / (truth.flow_lpm * truth.flow_lpm)
}

#[test]
fn cannulas_lungs_and_their_sources() {
    let tables = [
        ("drainage", DRAINAGE_CANNULAS, [126.0, 90.0, 62.0, 42.0, 26.0]),
        ("return", RETURN_CANNULAS, [375.0, 203.0, 116.0, 77.0, 50.0]),
    ];
    for (name, sizes, published) in tables {
        for ((size, resistance), published) in sizes.into_iter().zip(published) {
            let at_5 = cannula_mmhg(name == "drainage", resistance);
            point(
                &format!("{size} Fr {name} cannula at 5 L/min [mmHg]"),
                published,
                "maker's chart, fit",
                at_5,
                0.02,
            );
        }
    }
    for (lung, published) in MEMBRANE_LUNGS.iter().zip([56.0, 43.0, 53.0]) {
        let model = lung.resistance_mmhg_per_lpm * 5.0;
        point(&format!("{} at 5 L/min [mmHg]", lung.name), published, "ECLIPSE", model, 0.01);
    }
    // The other model of a lung, viscosity mu in cP: (6 mu - 4.2659) Q^(1.8024 e^(-0.099 mu)) / 2.2.
    let other = |flow: f64, mu: f64| (6.0 * mu - 4.2659) * flow.powf(1.8024 * (-0.099 * mu).exp()) / 2.2;
    for flow in [2.0, 5.0, 7.0] {
        point(
            &format!("another open model of a lung at {flow} L/min and 2.7 cP, against ours [mmHg]"),
            other(flow, 2.7),
            "EinlyLim",
            11.24 * flow,
            0.7,
        );
    }
}

/// Blood flows 3 to 21 % less through a cannula than its chart for water says.
#[test]
fn blood_flows_less_than_the_chart_says() {
    let mut circuit = VV_25_19;
    let flow = |exponent: f64, circuit: &mut levitas_world::Circuit| {
        circuit.cannulas.viscosity_exponent = exponent;
        (circuit.drainage_tubing.length_m, circuit.return_tubing.length_m) = (0.01, 0.01);
        circuit.membrane_lung.resistance_mmhg_per_lpm = 0.0;
        let mut plant = quiet_plant();
        // A head that does not depend on the flow.
        (plant.pump.b_mmhg_per_krpm_lpm, plant.pump.c_mmhg_per_lpm2) = (0.0, 0.0);
        let mut world = circulation(&Setup {
            circuit: *circuit,
            patient: VA_FIXED,
            ..setup(plant, InitialState::default())
        });
        world.change_circuit(&CircuitChange::Viscosity { haematocrit_pct: 30.0 }).unwrap();
        run(&mut world, 3000.0, 5.0).flow_lpm
    };
    let less_pct = 100.0 * (1.0 - flow(0.25, &mut circuit) / flow(0.0, &mut circuit));
    point(
        "flow lost against the chart with exponent 0.25, 30 % [%] (published: 3 to 21)",
        12.0,
        "in vitro",
        less_pct,
        0.75,
    );
}

#[test]
fn pumps_and_their_sources() {
    let shut_off = |plant: Plant, table: Option<PumpTable>, rpm: f64, flow: f64| {
        let setup = Setup { pump_table: table, patient: VA_FIXED, ..setup(plant, InitialState::default()) };
        let start = levitas_world::RotorStart::State(InitialState {
            rotor_speed_rad_per_s: rpm * levitas_world::units::RAD_PER_S_PER_RPM,
            flow_lpm: flow,
            clamp_opening: 1.0,
            ..InitialState::default()
        });
        levitas_world::World::new(&Setup { start, ..setup }).unwrap().truth().head_mmhg
    };
    let ours = shut_off(quiet_plant(), None, 4000.0, 5.0);
    point("CentriMag at 4000 rpm and 5 L/min [mmHg]", 352.0, "in vitro", ours, 0.01);
    let rotaflow_5000 = shut_off(rotaflow(), None, 5000.0, 0.0);
    point("Rotaflow shut off at 5000 rpm, one source [mmHg]", 490.0, "ECLIPSE", rotaflow_5000, 0.01);
    point(
        "Rotaflow shut off at 5000 rpm, another one, against the same [mmHg]",
        700.0,
        "Explain",
        rotaflow_5000,
        0.31,
    );
    // HeartMate 3: the table returns its own points; the fit of ECLIPSE is another source.
    let mut fit = quiet_plant();
    (fit.pump.a_mmhg_per_krpm2, fit.pump.b_mmhg_per_krpm_lpm, fit.pump.c_mmhg_per_lpm2) =
        (3.4578, -0.729_46, 2.2453);
    let points: Vec<levitas_world::CurvePoint> = include_str!("../pumps/heartmate3.csv")
        .lines()
        .filter(|line| !line.starts_with('#') && !line.starts_with("rpm"))
        .map(|line| {
            let numbers: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
            levitas_world::CurvePoint { speed_rpm: numbers[0], flow_lpm: numbers[1], head_mmhg: numbers[2] }
        })
        .collect();
    let table = PumpTable::new(&points).unwrap();
    for (rpm, flow, published) in [
        (5000.0, 4.0, 63.0),
        (6000.0, 4.0, 105.0),
        (7000.0, 4.0, 150.0),
        (9000.0, 4.0, 263.0),
        (9000.0, 9.0, 164.0),
    ] {
        let by_table = shut_off(quiet_plant(), Some(table.clone()), rpm, flow);
        point(
            &format!("HeartMate 3 at {rpm} rpm and {flow} L/min, table [mmHg]"),
            published,
            "digitised",
            by_table,
            0.02,
        );
        let by_fit = shut_off(fit, None, rpm, flow);
        point("the same by the fit of ECLIPSE [mmHg]", published, "digitised", by_fit, 0.25);
    }
    // Speed without net flow: 1549, 1789, 2000, 2191 rpm against 60, 80, 100, 120 mmHg.
    for (pressure, published) in [(60.0, 1549.0), (80.0, 1789.0), (100.0, 2000.0), (120.0, 2191.0)] {
        let (mut low, mut high) = (1000.0, 3000.0);
        for _ in 0..30 {
            let middle = 0.5 * (low + high);
            if shut_off(quiet_plant(), None, middle, 0.0) > pressure { high = middle } else { low = middle }
        }
        point(
            &format!("speed without net flow against {pressure} mmHg [rpm]"),
            published,
            "law of the plant file",
            low,
            0.01,
        );
    }
}

#[test]
fn viscosity_and_its_sources() {
    for (haematocrit_pct, lichtman, pirofsky) in [(30.0, 2.39, 1.79), (40.0, 3.11, 2.29)] {
        let ours = Blood { haematocrit_pct, ..Blood::ORDINARY }.viscosity_pa_s() * 1e3;
        point(
            &format!("viscosity at {haematocrit_pct} %, one source [cP]"),
            lichtman,
            "Lichtman",
            ours,
            0.01,
        );
        point(
            &format!("viscosity at {haematocrit_pct} %, another one, against the same [cP]"),
            pirofsky,
            "Pirofsky",
            ours,
            0.4,
        );
    }
    assert!(matches!(VA_ADULT, Patient::Living(_)));
}
