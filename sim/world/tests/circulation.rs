// SPDX-License-Identifier: Apache-2.0
//! Pump, table and circuit against published figures.

mod common;

use common::{OFF, close, quiet_plant, root, setup};
use levitas_world::{
    BENCH, BENCH_LOOP, Circuit, CurvePoint, CurveProblem, InitialState, PumpTable, Setup, Truth, VA_25_21,
    World, units,
};

const HEARTMATE_3: &str = include_str!("../pumps/heartmate3.csv");

fn points(text: &str) -> Vec<CurvePoint> {
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.starts_with("rpm"))
        .map(|line| {
            let numbers: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
            CurvePoint { speed_rpm: numbers[0], flow_lpm: numbers[1], head_mmhg: numbers[2] }
        })
        .collect()
}

fn point(speed_rpm: f64, flow_lpm: f64, head_mmhg: f64) -> CurvePoint {
    CurvePoint { speed_rpm, flow_lpm, head_mmhg }
}

/// A world at steady speed (a flywheel), clamp open, some time after it had the given flow.
fn run(mut setup: Setup, rpm: f64, flow_lpm: f64, periods: usize) -> Truth {
    setup.plant.motor.inertia_kg_m2 = 0.1;
    setup.plant.pump.torque_disc_mn_m_per_krpm2 = 0.0;
    setup.plant.pump.torque_flow_mn_m_per_krpm_lpm = 0.0;
    setup.plant.rotor.k_x_n_per_m = 0.0;
    let start = InitialState {
        rotor_speed_rad_per_s: rpm * units::RAD_PER_S_PER_RPM,
        flow_lpm,
        clamp_opening: 1.0,
        ..InitialState::default()
    };
    setup.start = levitas_world::RotorStart::State(start);
    let mut world = World::new(&setup).unwrap();
    for _ in 0..periods {
        world.advance(&OFF);
    }
    world.truth()
}

/// After 3 s, when the flow has settled.
fn settled(setup: Setup, rpm: f64) -> Truth {
    run(setup, rpm, 0.0, 60_000)
}

/// After 5 ms, which show whether the flow rises or falls.
fn moved(setup: Setup, rpm: f64, flow_lpm: f64) -> Truth {
    run(setup, rpm, flow_lpm, 100)
}

fn bench(pump_table: Option<PumpTable>, throttle: f64) -> Setup {
    let mut circuit = BENCH_LOOP;
    circuit.set("return_cannula.resistance_mmhg_per_lpm2", &[throttle]).unwrap();
    Setup { circuit, patient: BENCH, pump_table, ..setup(quiet_plant(), InitialState::default()) }
}

#[test]
fn the_anchor_is_met_on_the_bench() {
    // The throttle that lets 5 L/min pass at 352 mmHg.
    let throttle = root(1.0, 40.0, |throttle| moved(bench(None, throttle), 4000.0, 5.0).flow_lpm - 5.0);
    let truth = settled(bench(None, throttle), 4000.0);
    close("flow of the settled bench", truth.flow_lpm, 5.0, 1e-3);
    close("head at 4000 rpm and 5 L/min", truth.head_mmhg, 352.0, 0.01);
}

#[test]
fn the_heartmate_3_table_returns_its_points() {
    let points = points(HEARTMATE_3);
    assert_eq!(points.len(), 20);
    let table = PumpTable::new(&points).unwrap();
    let mut worst: f64 = 0.0;
    for point in &points {
        let head = table.head_mmhg(point.speed_rpm, point.flow_lpm);
        worst = worst.max((head / point.head_mmhg - 1.0).abs());
    }
    println!("CHECK HeartMate 3 points: worst relative error {worst:.1e}");
    assert!(worst < 1e-12);
}

#[test]
fn between_and_beyond_its_speeds_the_table_follows_affinity() {
    let table = PumpTable::new(&points(HEARTMATE_3)).unwrap();
    // Below and above the tabulated speeds exactly by affinity from the nearest one.
    close("2500 rpm, 1 L/min", table.head_mmhg(2500.0, 1.0), 80.0 / 4.0, 1e-12);
    close("10000 rpm, 20/9 L/min", table.head_mmhg(10_000.0, 20.0 / 9.0), 278.0 * 100.0 / 81.0, 1e-12);
    // Between two speeds, between the two affinity predictions.
    let (from_5000, from_6000) = (90.0 * 1.21_f64, 131.0 * (5.5_f64 / 6.0).powi(2));
    let head = table.head_mmhg(5500.0, 0.0);
    assert!(head >= from_5000.min(from_6000) && head <= from_5000.max(from_6000), "{head}");
    close("5500 rpm shut-off, middle of both", head, 0.5 * (from_5000 + from_6000), 1e-12);
}

#[test]
fn outside_its_points_the_table_stays_sensible() {
    let table = PumpTable::new(&points(HEARTMATE_3)).unwrap();
    for rpm in [0.0, 300.0, 2000.0, 5000.0, 6500.0, 12_000.0] {
        let mut before = f64::INFINITY;
        for step in -40..=80 {
            let head = table.head_mmhg(rpm, 0.25 * f64::from(step));
            assert!(
                head.is_finite() && head <= before + 1e-9,
                "{rpm} rpm, step {step}: {head} after {before}"
            );
            before = head;
        }
    }
    assert_eq!(table.head_mmhg(0.0, 0.0), 0.0);
    assert!(table.head_mmhg(0.0, 3.0) < 0.0, "a stopped pump resists");
    assert!(table.head_mmhg(0.0, -3.0) > 0.0, "in both directions");
    // Continuous at the first and last point and at zero flow.
    for flow in [0.0, 6.0] {
        let step = table.head_mmhg(5000.0, flow + 1e-9) - table.head_mmhg(5000.0, flow - 1e-9);
        assert!(step.abs() < 1e-6, "{step}");
    }
}

#[test]
fn tables_that_are_no_pump_curves_are_refused_by_point() {
    let good = [point(3000.0, 0.0, 100.0), point(3000.0, 2.0, 90.0), point(3000.0, 4.0, 50.0)];
    assert!(PumpTable::new(&good).is_ok());
    let refused = |points: &[CurvePoint], index: usize, problem: CurveProblem| {
        let error = PumpTable::new(points).unwrap_err();
        println!("CHECK refused: {error}");
        assert_eq!((error.index, error.problem), (index, problem), "{error}");
    };
    refused(&[], 0, CurveProblem::Empty);
    refused(&good[..2], 1, CurveProblem::TooFewPoints);
    let with = |index: usize, bad: CurvePoint| {
        let mut points = good.to_vec();
        points[index] = bad;
        points
    };
    refused(&with(1, point(3000.0, f64::NAN, 90.0)), 1, CurveProblem::NotFinite);
    refused(&with(1, point(f64::INFINITY, 2.0, 90.0)), 1, CurveProblem::NotFinite);
    refused(&with(1, point(3000.0, 2.0, 1e9)), 1, CurveProblem::NotFinite);
    refused(&with(0, point(-3000.0, 0.0, 100.0)), 0, CurveProblem::SpeedNotPositive);
    refused(&with(2, point(3000.0, 2.0, 50.0)), 2, CurveProblem::FlowNotAscending);
    refused(&with(2, point(3000.0, 4.0, 95.0)), 2, CurveProblem::EndNotFalling);
    refused(&with(1, point(3000.0, 2.0, 130.0)), 1, CurveProblem::HeadRises);
    let many: Vec<CurvePoint> =
        (0..257).map(|k| point(3000.0, f64::from(k), 1000.0 - f64::from(k))).collect();
    refused(&many, 256, CurveProblem::TooManyPoints);
    let speeds: Vec<CurvePoint> = (1..=17_u32)
        .flat_map(|k| {
            good.map(|p| point(1000.0 * f64::from(k), p.flow_lpm, p.head_mmhg + 100.0 * f64::from(k)))
        })
        .collect();
    refused(&speeds, 48, CurveProblem::TooManySpeeds);
}

/// The heads at 0, 2, 4, ... L/min and 3000 rpm.
fn curve(heads: &[f64]) -> Vec<CurvePoint> {
    heads.iter().enumerate().map(|(k, &head)| point(3000.0, 2.0 * k as f64, head)).collect()
}

/// A curve may rise by a tenth of its first head, wherever it does, and must end below its beginning, falling.
#[test]
fn a_curve_may_rise_a_little_but_not_end_higher_than_it_begins() {
    for heads in [&[100.0, 105.0, 110.0, 99.0][..], &[100.0, 95.0, 98.0, 60.0], &[-10.0, -9.5, -30.0]] {
        assert!(PumpTable::new(&curve(heads)).is_ok(), "{heads:?}");
    }
    let cases: [(&[f64], usize, CurveProblem); 6] = [
        (&[100.0, 109.0, 119.0, 118.0], 2, CurveProblem::HeadRises),
        (&[100.0, 110.1, 90.0], 1, CurveProblem::HeadRises),
        (&[100.0, 108.0, 110.0, 105.0], 3, CurveProblem::EndNotFalling),
        (&[100.0, 105.0, 100.0], 2, CurveProblem::EndNotFalling),
        (&[100.0, 60.0, 60.0], 2, CurveProblem::EndNotFalling),
        (&[-10.0, -8.0, -30.0], 1, CurveProblem::HeadRises),
    ];
    for (heads, index, problem) in cases {
        let error = PumpTable::new(&curve(heads)).unwrap_err();
        assert_eq!((error.index, error.problem), (index, problem), "{heads:?}: {error}");
    }
    let error = PumpTable::new(&curve(&[100.0, 109.0, 119.0, 118.0])).unwrap_err().to_string();
    let expected = "point 3 (3000 rpm, 4 L/min, 119 mmHg): head must not be more than 10 % above the first point of \
                    the same speed";
    assert_eq!(error, expected);
}

/// The row to mend is the higher speed's, in whatever order the speeds come.
#[test]
fn heads_that_do_not_rise_with_speed_are_refused_at_the_higher_speed() {
    let low = curve(&[100.0, 90.0, 50.0]);
    let high = |flows: [f64; 3], heads: [f64; 3]| [0, 1, 2].map(|k| point(4000.0, flows[k], heads[k]));
    let refused = |high: &[CurvePoint], place: usize| {
        for (points, index) in [([&low, high].concat(), 3 + place), ([high, &low].concat(), place)] {
            let error = PumpTable::new(&points).unwrap_err();
            assert_eq!((error.index, error.problem), (index, CurveProblem::NotMonotonicInSpeed), "{error}");
            assert_eq!(error.point.unwrap().speed_rpm, 4000.0);
        }
    };
    refused(&high([0.0, 2.0, 4.0], [180.0, 85.0, 60.0]), 1);
    refused(&high([0.0, 2.0, 4.0], [180.0, 150.0, 50.0]), 2);
    // Every point of the higher speed is above, but the line from the first to the second passes below (2, 90).
    refused(&high([0.0, 3.0, 4.0], [105.0, 80.0, 60.0]), 1);
    assert!(PumpTable::new(&[&low[..], &high([0.0, 3.0, 4.0], [130.0, 80.0, 60.0])].concat()).is_ok());
}

#[test]
fn the_circuit_settles_on_the_table() {
    let table = PumpTable::new(&points(HEARTMATE_3)).unwrap();
    for (rpm, throttle) in [(5000.0, 2.0), (6000.0, 3.0), (6500.0, 10.0), (9000.0, 4.0)] {
        let truth = settled(bench(Some(table.clone()), throttle), rpm);
        let speed = truth.rotor_speed_rad_per_s / units::RAD_PER_S_PER_RPM;
        close(
            &format!("head at {rpm} rpm, {:.2} L/min", truth.flow_lpm),
            truth.head_mmhg,
            table.head_mmhg(speed, truth.flow_lpm),
            1e-9,
        );
        let circuit_drop = truth.pre_membrane_pressure_mmhg - truth.drainage_pressure_mmhg;
        assert!((circuit_drop / truth.head_mmhg - 1.0).abs() < 0.05, "{circuit_drop} {}", truth.head_mmhg);
    }
}

/// Pressure drops of a circuit with one element, read off the settled pressures.
fn drop_with(change: impl Fn(&mut Circuit), flow: f64) -> f64 {
    let mut setup = setup(quiet_plant(), InitialState::default());
    setup.plant.rotor_fluid.viscosity_pa_s = 3e-3;
    setup.plant.rotor_fluid.density_kg_per_m3 = 1060.0;
    let zero = |circuit: &mut Circuit| {
        for key in ["drainage_cannula", "return_cannula"] {
            let key = [key, ".resistance_mmhg_per_lpm2"].concat();
            circuit.set(&key, &[0.0]).unwrap();
        }
        circuit.membrane_lung.resistance_mmhg_per_lpm = 0.0;
        circuit.drainage_tubing.length_m = 0.0;
        circuit.pump_tubing.length_m = 0.0;
        circuit.return_tubing.length_m = 0.0;
    };
    zero(&mut setup.circuit);
    change(&mut setup.circuit);
    setup.patient.set("venous_pressure_mmhg", &[0.0]).unwrap();
    setup.patient.set("arterial_pressure_mmhg", &[0.0]).unwrap();
    // A pump whose head does not depend on flow: where flow stands still, its head is the drop of the circuit.
    setup.plant.pump.b_mmhg_per_krpm_lpm = 0.0;
    setup.plant.pump.c_mmhg_per_lpm2 = 0.0;
    let rpm = root(50.0, 5000.0, |rpm| moved(setup.clone(), rpm, flow).flow_lpm - flow);
    moved(setup, rpm, flow).head_mmhg
}

#[test]
fn cannulas_have_the_table_of_the_makers_charts() {
    for (flow, expected) in [(3.0, 15.0), (4.0, 27.0), (5.0, 42.0), (6.0, 61.0)] {
        let drop = drop_with(|circuit| circuit.drainage_cannula = VA_25_21.drainage_cannula, flow);
        assert!((drop - expected).abs() < 0.6, "25 Fr, {flow} L/min: {drop}");
    }
    for (flow, expected) in [(3.0, 28.0), (4.0, 49.0), (5.0, 77.0), (6.0, 111.0)] {
        let drop = drop_with(|circuit| circuit.return_cannula = VA_25_21.return_cannula, flow);
        assert!((drop - expected).abs() < 0.6, "21 Fr, {flow} L/min: {drop}");
    }
}

#[test]
fn the_membrane_lung_has_its_table() {
    for (flow, expected) in [(2.0, 22.0), (3.0, 34.0), (4.0, 45.0), (5.0, 56.0), (6.0, 67.0), (7.0, 79.0)] {
        let drop = drop_with(|circuit| circuit.membrane_lung = VA_25_21.membrane_lung, flow);
        assert!((drop - expected).abs() < 0.6, "{flow} L/min: {drop}");
    }
}

/// 4.2 m of 3/8" tubing: 65, 96, 132 mmHg at 4, 5, 6 L/min (Blasius); 1.86 mmHg per L/min and metre when laminar.
#[test]
fn tubing_has_the_published_pressure_drops() {
    let tubing = |circuit: &mut Circuit| circuit.return_tubing.length_m = 4.2;
    for (flow, expected) in [(4.0, 65.0), (5.0, 96.0), (6.0, 132.0)] {
        close(&format!("4.2 m tubing at {flow} L/min"), drop_with(tubing, flow), expected, 0.01);
    }
    close("laminar drop per metre", drop_with(tubing, 1.0) / 4.2, 1.86, 0.01);
    close("laminar drop at 2 L/min", drop_with(tubing, 2.0) / 8.4, 1.86, 0.01);
}

/// Inertance: 1.86 mmHg per L/min/s and metre.
#[test]
fn flow_starts_at_the_rate_of_its_inertance() {
    let mut setup = setup(quiet_plant(), InitialState::default());
    setup.plant.rotor_fluid.density_kg_per_m3 = 1060.0;
    setup.patient.set("arterial_pressure_mmhg", &[5.0]).unwrap();
    let start = InitialState {
        rotor_speed_rad_per_s: 2000.0 * units::RAD_PER_S_PER_RPM,
        clamp_opening: 1.0,
        ..InitialState::default()
    };
    setup.start = levitas_world::RotorStart::State(start);
    let mut world = World::new(&setup).unwrap();
    let head = world.truth().head_mmhg;
    world.advance(&OFF);
    close("inertance of 4.2 m", head / (world.truth().flow_lpm / 50e-6), 1.86 * 4.2, 0.01);
}

#[test]
fn the_clamp_opens_over_a_second_when_the_pump_can_carry() {
    let mut setup = setup(quiet_plant(), InitialState::default());
    setup.plant.motor.inertia_kg_m2 = 0.1;
    setup.plant.rotor.k_x_n_per_m = 0.0;
    let mut slow = setup.clone();
    // 80 + 20 mmHg need 2000 rpm at 25 mmHg/krpm2.
    let start = |rpm: f64| InitialState {
        rotor_speed_rad_per_s: rpm * units::RAD_PER_S_PER_RPM,
        ..InitialState::default()
    };
    slow.start = levitas_world::RotorStart::State(start(1990.0));
    let mut closed = World::new(&slow).unwrap();
    for _ in 0..20_000 {
        closed.advance(&OFF);
    }
    assert_eq!((closed.truth().flow_lpm, closed.truth().clamp_opening), (0.0, 0.0));
    assert!((closed.truth().return_pressure_mmhg - 5.0 - closed.truth().head_mmhg).abs() < 1e-9);

    setup.start = levitas_world::RotorStart::State(start(3500.0));
    let mut open = World::new(&setup).unwrap();
    for _ in 0..10_000 {
        open.advance(&OFF);
    }
    close("opening after half a second", open.truth().clamp_opening, 0.5, 1e-6);
    for _ in 0..20_000 {
        open.advance(&OFF);
    }
    assert_eq!(open.truth().clamp_opening, 1.0);
    let truth = open.truth();
    println!(
        "CHECK va-25-21 at 3500 rpm: {:.2} L/min, head {:.0} mmHg, drainage {:.0}, pre-membrane {:.0}, return {:.0}",
        truth.flow_lpm,
        truth.head_mmhg,
        truth.drainage_pressure_mmhg,
        truth.pre_membrane_pressure_mmhg,
        truth.return_pressure_mmhg
    );
    assert!(truth.flow_lpm > 3.0 && truth.flow_lpm < 5.0);
}

#[test]
fn a_stopped_pump_lets_blood_run_backwards() {
    let start = InitialState { clamp_opening: 1.0, ..InitialState::default() };
    let mut stopped = World::new(&setup(quiet_plant(), start)).unwrap();
    for _ in 0..40_000 {
        stopped.advance(&OFF);
    }
    let flow = stopped.truth().flow_lpm;
    println!("CHECK backflow of a stopped pump {flow:.2} L/min");
    // Published for this pump law and 21/17 to 25/21 Fr: 1.7 to 2.3 L/min.
    assert!(flow < -1.7 && flow > -2.8, "{flow}");
}
