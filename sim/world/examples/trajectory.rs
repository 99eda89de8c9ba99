// SPDX-License-Identifier: Apache-2.0
//! Writes a trajectory of the world as CSV, for the comparison with SciPy in `tests/clients`:
//! `cargo run --release -p levitas-world --example trajectory -- flight`.
//!
//! Lines `# key = value` name what differs from the parameter files. Each row has the state at its time and the
//! duties and bus voltages that act from then to the next row, so that another program can integrate the same equations with the
//! same piecewise constant inputs. The inputs come from a small controller here, because an uncontrolled rotor
//! falls in 8 ms; the other program only replays them.

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use levitas_core::ports::LevitationOutputs;
use levitas_world::{ECMO_50, InitialState, RotorStart, Setup, Truth, VA_25_21, VA_FIXED, World};

const COLUMNS: &str = "time_s,\
    duty_a_x,duty_a_y,duty_b_x,duty_b_y,\
    phase_a_a,phase_a_b,phase_a_c,phase_b_a,phase_b_b,phase_b_c,bus_a_v,bus_b_v,\
    x_m,y_m,z_m,tilt_x_rad,tilt_y_rad,angle_rad,\
    vx_m_per_s,vy_m_per_s,vz_m_per_s,tilt_rate_x_rad_per_s,tilt_rate_y_rad_per_s,speed_rad_per_s,\
    coil_a_x_a,coil_a_y_a,coil_b_x_a,coil_b_y_a,\
    alpha_a_a,beta_a_a,alpha_b_a,beta_b_a,flow_lpm,clamp_opening";

/// One trajectory: what differs from the parameter files, where it starts, how it is driven.
struct Story {
    changes: &'static [(&'static str, &'static [f64])],
    start: InitialState,
    periods: usize,
    levitate: bool,
    torque_current_a: [f64; 2],
}

/// Released off centre at 3000 rpm and caught, with everything acting: film, unbalance, tilt, pump, opening clamp.
const FLIGHT: Story = Story {
    changes: &[
        ("rotor.force_angle_error_deg", &[3.0]),
        ("rotor.gravity_m_per_s2", &[2.0, -1.0, -9.6]),
        ("rotor.fluid.viscosity_pa_s", &[3.0e-3]),
        ("rotor.fluid.density_kg_per_m3", &[1025.0]),
    ],
    start: InitialState {
        displacement_m: [0.15e-3, -0.1e-3, 0.05e-3],
        velocity_m_per_s: [0.01, 0.02, -0.01],
        tilt_rad: [2.0e-3, -1.0e-3],
        tilt_rate_rad_per_s: [0.3, 0.2],
        rotor_angle_rad: 1.0,
        rotor_speed_rad_per_s: 314.0,
        flow_lpm: 2.5,
        clamp_opening: 0.4,
    },
    periods: 800,
    levitate: true,
    torque_current_a: [3.0, -1.0],
};

/// Spin-up through the laminar, transitional and turbulent range; no radial forces, so that a long run stays
/// comparable (the radial motion alone is unstable).
const SPIN_UP: Story = Story {
    changes: &[
        ("rotor.k_x_n_per_m", &[0.0]),
        ("rotor.static_radial_force_n", &[0.0]),
        ("rotor.eccentricity_m", &[0.0]),
        ("rotor.clearance_m", &[5.0e-3]),
        ("motor.pole_pairs", &[2.0]),
    ],
    start: InitialState {
        displacement_m: [0.0; 3],
        velocity_m_per_s: [0.0; 3],
        tilt_rad: [0.0; 2],
        tilt_rate_rad_per_s: [0.0; 2],
        rotor_angle_rad: 0.0,
        rotor_speed_rad_per_s: 100.0,
        flow_lpm: -1.0,
        clamp_opening: 0.3,
    },
    periods: 8000,
    levitate: false,
    torque_current_a: [1.0, 0.2],
};

fn duties(story: &Story, truth: &Truth, poles: f64) -> [LevitationOutputs; 2] {
    [0, 1].map(|set| {
        let mut output = LevitationOutputs { phase_gate: 1, coil_gate: 1, ..LevitationOutputs::default() };
        if story.levitate && set == 0 {
            for axis in 0..2 {
                let reference = -5600.0 * truth.displacement_m[axis] - 13.0 * truth.velocity_m_per_s[axis];
                let voltage = 6.0 * (reference - truth.coil_current_a[0][axis]) + reference;
                output.coil_duty[axis] = (voltage / 48.0).clamp(-1.0, 1.0) as f32;
            }
        } else if story.levitate {
            output.coil_duty = [0.01 * (1200.0 * truth.time_s).sin() as f32, -0.005];
        }
        let current = story.torque_current_a[set];
        let emf = poles * 0.02 * truth.rotor_speed_rad_per_s;
        let voltage_q = emf + 0.6 * current + 0.5 * (current - truth.torque_current_a[set]);
        let angle = poles * truth.rotor_angle_rad;
        let [a, b] = [-voltage_q * angle.sin(), voltage_q * angle.cos()];
        let half_root_3 = 0.75_f64.sqrt();
        let phases = [a, -0.5 * a + half_root_3 * b, -0.5 * a - half_root_3 * b];
        output.phase_duty = phases.map(|volt| (0.5 + volt / 48.0).clamp(0.0, 1.0) as f32);
        output
    })
}

fn row(file: &mut impl Write, active: &[LevitationOutputs; 2], truth: &Truth, angle: f64) -> io::Result<()> {
    let mut values = vec![truth.time_s];
    values.extend(active.iter().flat_map(|output| output.coil_duty).map(f64::from));
    values.extend(active.iter().flat_map(|output| output.phase_duty).map(f64::from));
    values.extend(truth.bus_voltage_v);
    values.extend(truth.displacement_m);
    values.extend(truth.tilt_rad);
    values.push(angle);
    values.extend(truth.velocity_m_per_s);
    values.extend(truth.tilt_rate_rad_per_s);
    values.push(truth.rotor_speed_rad_per_s);
    values.extend(truth.coil_current_a.iter().flatten());
    values.extend(truth.phase_current_a.iter().flat_map(|[a, b, c]| [*a, (b - c) / 3.0_f64.sqrt()]));
    values.extend([truth.flow_lpm, truth.clamp_opening]);
    let cells: Vec<String> = values.iter().map(|value| format!("{value:e}")).collect();
    writeln!(file, "{}", cells.join(","))
}

fn write(story: &Story) -> Result<(), Box<dyn std::error::Error>> {
    let mut file = BufWriter::new(io::stdout().lock());
    let mut plant = ECMO_50;
    for (key, values) in story.changes {
        plant.set(key, values)?;
        let list: Vec<String> = values.iter().map(f64::to_string).collect();
        writeln!(file, "# {key} = {}", list.join(" "))?;
    }
    writeln!(file, "{COLUMNS}")?;
    let setup = Setup {
        plant,
        circuit: VA_25_21,
        patient: VA_FIXED,
        pump_table: None,
        seed: 1,
        start: RotorStart::State(story.start),
    };
    let mut world = World::new(&setup)?;
    let mut angle = story.start.rotor_angle_rad;
    let gates = LevitationOutputs {
        phase_gate: 1,
        coil_gate: 1,
        phase_duty: [0.5; 3],
        ..LevitationOutputs::default()
    };
    let mut active = [gates; 2];
    // What is handed over now acts in the next period; the first period is at rest with its gates closed.
    let mut next = active;
    world.prime(&active);
    for _ in 0..=story.periods {
        let truth = world.truth();
        row(&mut file, &active, &truth, angle)?;
        world.advance(&next);
        active = next;
        let turned = world.truth().rotor_angle_rad - truth.rotor_angle_rad;
        angle += turned - std::f64::consts::TAU * (turned / std::f64::consts::TAU).round();
        next = duties(story, &world.truth(), plant.motor.pole_pairs);
    }
    Ok(())
}

fn main() -> ExitCode {
    let story = match std::env::args().nth(1).as_deref() {
        Some("flight") => &FLIGHT,
        Some("spin-up") => &SPIN_UP,
        _ => {
            eprintln!("usage: trajectory flight|spin-up");
            return ExitCode::from(2);
        }
    };
    match write(story) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("trajectory: {error}");
            ExitCode::FAILURE
        }
    }
}
