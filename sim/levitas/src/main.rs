// SPDX-License-Identifier: Apache-2.0
//! The program `levitas`: command line, exit codes. Everything else is in the library.
//!
//! Exit code 0: every expectation held and no invariant broke; 1: some did not; 2: bad input, one line.

mod batch;
mod campaign_command;
mod canhub_command;
mod circulation_command;
mod compare_command;
mod corners_command;
mod ecg_command;
mod flow_meter_command;
mod fmu_command;
mod forge_command;
mod kit_command;
mod records_command;
mod sensitivity_command;
mod takeover_command;
mod warming_command;
mod world_command;

use std::io::{Write as _, stderr, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use levitas_core::calibration::{Identity, Record};
use levitas_core::commissioning::Stage;
use levitas_core::unit::Role;

use levitas::input::{BadInput, Checked, one_line};
use levitas::list::{What, list};
use levitas::mdf::trace_mdf;
use levitas::outputs::{check_file, check_folder, write_bytes, write_file, write_folder};
use levitas::progress::Progress;
use levitas::scenario::{Scenario, Setting, load};
use levitas::simulation::{Outcome, Units, run};
use levitas::{bench, commission, report, summary, sweep};

/// Exit code of a run whose expectations or invariants did not hold.
const NOT_HELD: u8 = 1;
/// Exit code of bad input.
const BAD_INPUT: u8 = 2;
/// The scenario that runs without arguments.
const DEMONSTRATION: &str = "0_demonstration";

/// Simulator of Levitas: the controllers of an ECMO drive with a levitated pump, against models of pump and circuit.
///
/// Without a command it runs the demonstration: lift off, pump, lose the host, carry on, hand back.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

const EXAMPLES: &str = "\
Examples:
  levitas                                   the demonstration
  levitas list                              what can be run
  levitas run 1a_levitation                 a built-in scenario, from any folder
  levitas run my.toml --seed 7 --out /tmp/my
  levitas run 1a_levitation --set rotor.k_x_n_per_m=20e3 --json -
  levitas sweep 1f_lift_off --seeds 0..200
  levitas sensitivity --speed 3000          stability margin of the bearing while it pumps
  levitas corners --short                   figures at the corners of the tolerances, faults
  levitas takeover --phases 10              what a takeover by the emergency drive costs
  levitas circulation --suctions 10         modes and interventions against a living patient
  levitas warming --situations 1            the warming device, its faults and pairs of faults
  levitas flow-meter --quiet-hours 0.1      errors of the flow meter, bubbles found, false alarms
  levitas fmu 1a_levitation                 a model for FMPy, OpenModelica, Simulink and others
  levitas forge --frames 10000              forged commands against two units that pump
  levitas ecg --seconds 120                 heart beats found in synthetic ECGs, pulses timed by them
  levitas campaign --hours 2 --minutes 5    both units in trouble all the time, a drill in each hour
  levitas kit cannulas --drainage 25 --return 21 --flow 4
                                            which limits go with these cannulas
  levitas records flash.bin --mdf snapshots.mf4
                                            what the firmware has written down
  levitas canhub                            the CAN bus for python-can, SavvyCAN and others

Exit code: 0 all expectations held, 1 some did not or an invariant broke, 2 bad input.
Formats, outputs and metrics: docs/scenarios.md. Research software, not for use on patients.";

#[derive(Subcommand)]
enum Command {
    /// List scenarios, or plants, circuits, patients, pumps, config, events, faults, alarms, metrics, channels
    List {
        /// What to list
        #[arg(value_enum, default_value_t)]
        what: What,
        /// As Markdown, as in the documentation
        #[arg(long)]
        markdown: bool,
    },
    /// Run one scenario and write metrics, trace, events and report
    #[command(after_help = RUN_EXAMPLES)]
    Run(RunArguments),
    /// Run one scenario with many seeds and show how far the figures spread
    #[command(after_help = SWEEP_EXAMPLES)]
    Sweep(SweepArguments),
    /// Run the corners of the drive's tolerances and every fault, and show each figure with its worst corner
    #[command(after_help = corners_command::EXAMPLES)]
    Corners(corners_command::Arguments),
    /// Measure the stability margin of the bearing while it pumps (sensitivity function, ISO 14839-3)
    #[command(after_help = sensitivity_command::EXAMPLES)]
    Sensitivity(sensitivity_command::Arguments),
    /// Run the control laws of others in the same plant and show their figures beside ours
    #[command(after_help = compare_command::EXAMPLES)]
    Compare(compare_command::Arguments),
    /// Let the driving unit fail in every way and situation, and show what the rotor and the flow feel of the takeover
    #[command(after_help = takeover_command::EXAMPLES)]
    Takeover(takeover_command::Arguments),
    /// Modes, limits and interventions against a living patient, beside their bounds
    #[command(after_help = circulation_command::EXAMPLES)]
    Circulation(circulation_command::Arguments),
    /// Warm a patient, break each part of the warming device and each pair of them, beside the bounds of water and blood
    #[command(after_help = warming_command::EXAMPLES)]
    Warming(warming_command::Arguments),
    /// Check the flow meter against the ultrasound of the world: errors, steps, bubbles, quiet hours
    #[command(after_help = flow_meter_command::EXAMPLES)]
    FlowMeter(flow_meter_command::Arguments),
    /// Make a model of a scenario for other simulators (FMI 2.0 for co-simulation)
    #[command(after_help = fmu_command::EXAMPLES)]
    Fmu(fmu_command::Arguments),
    /// Forge, replay, delay and damage commands and status frames against two units that pump: none is carried out
    #[command(after_help = forge_command::EXAMPLES)]
    Forge(forge_command::Arguments),
    /// Find the heart beats in synthetic and recorded ECGs, and time the pulses by them
    #[command(after_help = ecg_command::EXAMPLES)]
    Ecg(ecg_command::Arguments),
    /// Read the UDI of disposables, check expiry and reuse, find the limits that go with cannulas
    #[command(subcommand, arg_required_else_help = false, after_help = kit_command::EXAMPLES)]
    Kit(kit_command::Command),
    /// Check the records in an image of the flash, and write them as JSON lines, CSV and MDF4
    #[command(after_help = records_command::EXAMPLES)]
    Records(records_command::Arguments),
    /// Run both units through 24 seeded hours of trouble, with a drill in each; goes on where it was interrupted
    #[command(after_help = campaign_command::EXAMPLES)]
    Campaign(campaign_command::Arguments),
    /// Serve the simulated CAN bus to tools outside: SLCAN and socketcand over TCP
    #[command(after_help = canhub_command::EXAMPLES)]
    Canhub(canhub_command::Arguments),
    /// Run one scenario with units in processes of their own, in lockstep over a socket
    #[command(after_help = world_command::EXAMPLES)]
    World(world_command::Arguments),
    /// Measure what one step of each task and of the world costs
    Bench,
    /// Commission a drive and show what was found beside what is the case
    #[command(after_help = COMMISSION_EXAMPLES)]
    Commission(CommissionArguments),
}

const RUN_EXAMPLES: &str = "\
Examples:
  levitas run 1b_shock --out /tmp/shock
  levitas run my.toml --set pump.curve=heartmate3 --set config.host.speed_rpm_max=5000
  levitas run my.toml --json - --quiet | jq '.\"flow.lpm\"'
  levitas run 1b_shock --mdf shock.mf4              for asammdf and other readers of measurements

The folder gets metrics.json, trace.csv, events.jsonl and report.html, with both units candump.log, all at once at the end.";

const COMMISSION_EXAMPLES: &str = "\
Examples:
  levitas commission --out drive.cal
  levitas commission --set rotor.k_x_n_per_m=22e3 --set wiring.gain_x=1.04 --set wiring.phase_order=-1
  levitas commission --set rotor.fluid.viscosity_pa_s=1.8e-5 --set rotor.fluid.density_kg_per_m3=1.2

Beside the keys of `levitas run`, wiring.* are deviations of the electronics: mid_x_plus_v, mid_x_minus_v,
mid_y_plus_v, mid_y_minus_v, gain_x, gain_y, phase_order. docs/commissioning.md describes the stages.";

const SWEEP_EXAMPLES: &str = "\
Examples:
  levitas sweep 1f_lift_off --seeds 0..200
  levitas sweep 1b_shock --seeds 0..=9 --set rotor.eccentricity_m=40e-6 --json spread.json

Writes no folders; each failed seed is named with the command that replays it.";

#[derive(clap::Args)]
struct RunArguments {
    /// Scenario file, or the name of a built-in scenario; a file that exists wins
    #[arg(value_name = "FILE|NAME")]
    scenario: String,
    /// Seed of every random draw, in place of the scenario's
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    seed: Option<String>,
    /// Override a number of the plant, circuit, patient, controllers or run; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", allow_hyphen_values = true)]
    settings: Vec<String>,
    /// Calibration record of the host, from `levitas commission --out`; a second one is its copy B
    #[arg(long, value_name = "FILE")]
    calibration: Vec<PathBuf>,
    /// Serial number of the host, which its record must have
    #[arg(long, value_name = "N", default_value_t = 1)]
    serial: u32,
    /// Folder for the outputs [default: out/NAME]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write the metrics to this file too; - is standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the trace to this file too, as ASAM MDF 4
    #[arg(long, value_name = "FILE")]
    mdf: Option<PathBuf>,
    /// No table and no progress; only what failed
    #[arg(long, short)]
    quiet: bool,
}

#[derive(clap::Args)]
struct CommissionArguments {
    /// Override a number of the plant, the wiring or the controllers; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", allow_hyphen_values = true)]
    settings: Vec<String>,
    /// Seed of every random draw
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    seed: Option<String>,
    /// Serial number of the unit
    #[arg(long, value_name = "N", default_value_t = 1)]
    serial: u32,
    /// The operator stops it at this time [s]
    #[arg(long, value_name = "S")]
    stop_at: Option<f64>,
    /// Write the calibration record to this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write values and truth to this file; - is standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// No table and no progress; only what failed
    #[arg(long, short)]
    quiet: bool,
}

#[derive(clap::Args)]
struct SweepArguments {
    /// Scenario file, or the name of a built-in scenario; a file that exists wins
    #[arg(value_name = "FILE|NAME")]
    scenario: String,
    /// Seeds A to B-1, or A to B with ..=
    #[arg(long, value_name = "A..B", allow_hyphen_values = true)]
    seeds: String,
    #[command(flatten)]
    jobs: batch::Jobs,
    /// Override a number; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", allow_hyphen_values = true)]
    settings: Vec<String>,
    /// Write the result to this file too; - is standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// No table and no progress; only what failed
    #[arg(long, short)]
    quiet: bool,
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let result = match cli.command {
        None => demonstration(),
        Some(Command::List { what, markdown }) => {
            say(&list(what, markdown));
            Ok(true)
        }
        Some(Command::Run(arguments)) => run_command(&arguments),
        Some(Command::Sweep(arguments)) => sweep_command(&arguments),
        Some(Command::Corners(arguments)) => corners_command::run(&arguments),
        Some(Command::Sensitivity(arguments)) => sensitivity_command::run(&arguments),
        Some(Command::Compare(arguments)) => compare_command::run(&arguments),
        Some(Command::Takeover(arguments)) => takeover_command::run(&arguments),
        Some(Command::Circulation(arguments)) => circulation_command::run(&arguments),
        Some(Command::Warming(arguments)) => warming_command::run(&arguments),
        Some(Command::FlowMeter(arguments)) => flow_meter_command::run(&arguments),
        Some(Command::Fmu(arguments)) => fmu_command::run(&arguments),
        Some(Command::Forge(arguments)) => forge_command::run(&arguments),
        Some(Command::Ecg(arguments)) => ecg_command::run(&arguments),
        Some(Command::Kit(command)) => kit_command::run(&command),
        Some(Command::Records(arguments)) => records_command::run(&arguments),
        Some(Command::Campaign(arguments)) => campaign_command::run(&arguments),
        Some(Command::Canhub(arguments)) => canhub_command::run(&arguments),
        Some(Command::World(arguments)) => world_command::run(&arguments),
        Some(Command::Bench) => bench_command(),
        Some(Command::Commission(arguments)) => commission_command(&arguments),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(NOT_HELD),
        Err(error) => {
            complain(&error.to_string());
            ExitCode::from(BAD_INPUT)
        }
    }
}

/// Help and version as they are; a wrong command line in one line.
fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.render().to_string();
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:"))
        .filter(|line| !line.starts_with("For more information"))
        .collect();
    let message = lines.join(" ");
    let message = message.trim().trim_start_matches("error: ");
    complain(&format!("{}; allowed is what `levitas --help` shows", message.trim_end_matches('.')));
    ExitCode::from(BAD_INPUT)
}

/// To standard output; a reader that has gone away is no error.
fn say(text: &str) {
    let _ = stdout().write_all(text.as_bytes()).and_then(|()| stdout().flush());
}

/// One line to standard error.
fn complain(text: &str) {
    let _ = writeln!(stderr(), "levitas: {}", one_line(text));
}

fn demonstration() -> Checked<bool> {
    let scenario = load(DEMONSTRATION, &[])?;
    let passed = run_and_write(&scenario, &default_folder(&scenario), None, false, &mut |progress| {
        run(&scenario, progress)
    })?;
    say("\nmore: `levitas list` shows the other scenarios, `levitas --help` the commands\n");
    Ok(passed)
}

fn default_folder(scenario: &Scenario) -> PathBuf {
    Path::new("out").join(&scenario.name)
}

fn settings(arguments: &[String], seed: Option<&String>) -> Checked<Vec<Setting>> {
    let mut settings = arguments.iter().map(|text| Setting::parse(text)).collect::<Checked<Vec<_>>>()?;
    settings.extend(seed.map(|text| Setting::seed(text)));
    Ok(settings)
}

fn run_command(arguments: &RunArguments) -> Checked<bool> {
    let scenario = load(&arguments.scenario, &settings(&arguments.settings, arguments.seed.as_ref())?)?;
    let mut scenario = scenario;
    take_calibration(&mut scenario, arguments)?;
    let folder = arguments.out.clone().unwrap_or_else(|| default_folder(&scenario));
    let mdf = arguments.mdf.as_deref();
    mdf.map_or(Ok(()), |file| check_file(file, "--mdf"))?;
    run_and_write(&scenario, &folder, arguments.json.as_deref(), arguments.quiet, &mut |progress| {
        let outcome = run(&scenario, progress)?;
        if let Some(file) = mdf {
            let bytes = trace_mdf(&scenario.name, &outcome.recording).map_err(|error| {
                BadInput::key("--mdf", "mdf", file.display(), error, "a run that can be written")
            })?;
            write_bytes(file, &bytes, "--mdf")?;
        }
        Ok(outcome)
    })
}

/// Reads the copies of the calibration record; says which of them the host refuses, and why.
fn take_calibration(scenario: &mut Scenario, arguments: &RunArguments) -> Checked<()> {
    let allowed = "one or two files, the copies A and B of a record";
    if arguments.calibration.len() > scenario.calibration.len() {
        let count = arguments.calibration.len();
        return Err(BadInput::key("--calibration", "calibration", count, "too many copies", allowed));
    }
    scenario.serial_number = arguments.serial;
    for (copy, file) in scenario.calibration.iter_mut().zip(&arguments.calibration) {
        let bytes = std::fs::read(file).map_err(|error| {
            BadInput::key("--calibration", "calibration", file.display(), error, "a file that can be read")
        })?;
        let identity = Identity { serial_number: arguments.serial, role: Role::Host };
        if let Err(error) = Record::decode(&bytes, &identity) {
            complain(&format!("{}: {error}; the copy is not used", file.display()));
        }
        *copy = Some(bytes);
    }
    Ok(())
}

/// What runs a scenario and shows how far it is.
type Runner<'a> = dyn FnMut(&mut dyn FnMut(f64)) -> Checked<Outcome> + 'a;

/// Checks where the outputs go, runs, writes, and says how it went. True when everything held.
fn run_and_write(
    scenario: &Scenario,
    folder: &Path,
    json: Option<&Path>,
    quiet: bool,
    run: &mut Runner<'_>,
) -> Checked<bool> {
    check_folder(folder, "--out")?;
    check_json(json)?;
    let mut progress = Progress::new(&scenario.name, scenario.duration_s, "s", quiet);
    let outcome = run(&mut |time_s| progress.show(time_s));
    progress.finish();
    let outcome = outcome?;
    let metrics = outcome.metrics.to_json();
    let files = [
        ("metrics.json", metrics.clone()),
        ("trace.csv", outcome.recording.to_csv()),
        ("events.jsonl", outcome.log.to_json_lines()),
        ("report.html", report::page(scenario, &outcome)),
        ("candump.log", outcome.candump.clone()),
    ];
    let with_link = usize::from(scenario.units == Units::Both);
    let files = &files[..files.len() - 1 + with_link];
    write_folder(folder, files)?;
    let to_stdout = write_json(json, &metrics)?;
    if !quiet {
        let text = told(scenario, &outcome, folder);
        if to_stdout {
            let _ = stderr().write_all(text.as_bytes());
        } else {
            say(&text);
        }
    }
    for line in summary::failures(&outcome) {
        complain(&format!("{}: {line}", scenario.argument));
    }
    Ok(outcome.passed())
}

fn told(scenario: &Scenario, outcome: &Outcome, folder: &Path) -> String {
    format!(
        "{}{}\nreport: {}\n",
        summary::table(scenario, outcome),
        summary::speed(scenario.duration_s, outcome.wall_s),
        folder.join("report.html").display()
    )
}

fn check_json(json: Option<&Path>) -> Checked<()> {
    match json {
        Some(file) if file != Path::new("-") => check_file(file, "--json"),
        _ => Ok(()),
    }
}

/// Writes the JSON where it is wanted; true when that is standard output.
fn write_json(json: Option<&Path>, text: &str) -> Checked<bool> {
    match json {
        None => Ok(false),
        Some(file) if file == Path::new("-") => {
            say(text);
            Ok(true)
        }
        Some(file) => write_file(file, text, "--json").map(|()| false),
    }
}

fn sweep_command(arguments: &SweepArguments) -> Checked<bool> {
    let scenario = load(&arguments.scenario, &settings(&arguments.settings, None)?)?;
    let seeds = sweep::parse_seeds(&arguments.seeds)?;
    check_json(arguments.json.as_deref())?;
    let jobs = arguments.jobs.count()?;
    let count = (seeds.end - seeds.start) as f64;
    let result = batch::watch(&scenario.name, count, "seeds", arguments.quiet, |progress| {
        sweep::sweep(&scenario, seeds, jobs, &|done| progress(done as f64))
    })?;
    let replay = |seed: u64| replay_command(arguments, seed);
    let to_stdout = write_json(arguments.json.as_deref(), &result.to_json(&scenario, &replay))?;
    if !arguments.quiet {
        let failed = result.failures.len();
        let passed = format!("\n{} of {} seeds passed\n", result.count - failed as u64, result.count);
        let text = format!("{}\n{}{passed}", scenario.title, result.table());
        if to_stdout {
            let _ = stderr().write_all(text.as_bytes());
        } else {
            say(&text);
        }
    }
    for failure in &result.failures {
        let reasons = failure.reasons.join("; ");
        complain(&format!("seed {}: {reasons}; replay with: {}", failure.seed, replay(failure.seed)));
    }
    Ok(result.failures.is_empty())
}

fn replay_command(arguments: &SweepArguments, seed: u64) -> String {
    let mut line = format!("levitas run {} --seed {seed}", arguments.scenario);
    for setting in &arguments.settings {
        line.push_str(&format!(" --set '{setting}'"));
    }
    line
}

fn bench_command() -> Checked<bool> {
    let scenario = load(DEMONSTRATION, &[])?;
    say(&bench::bench(&scenario)?);
    Ok(true)
}

fn commission_command(arguments: &CommissionArguments) -> Checked<bool> {
    let bench = commission::Bench::new(&settings(&arguments.settings, arguments.seed.as_ref())?)?;
    check_json(arguments.json.as_deref())?;
    if let Some(file) = &arguments.out {
        check_file(file, "--out")?;
    }
    let identity = Identity { serial_number: arguments.serial, role: Role::Host };
    let last_stage = Stage::Over as u32;
    let mut progress = Progress::new("commissioning", f64::from(last_stage), "stages", arguments.quiet);
    let done = bench.run(&identity, arguments.stop_at, &mut |_, report| {
        progress.show(f64::from(report.stage as u32));
    });
    progress.finish();
    let done = done?;
    let to_stdout = write_json(arguments.json.as_deref(), &commission::json(&done))?;
    if let (Some(file), Some(record)) = (&arguments.out, &done.record) {
        write_bytes(file, record, "--out")?;
    }
    if !arguments.quiet {
        let text = commission::table(&done);
        if to_stdout {
            let _ = stderr().write_all(text.as_bytes());
        } else {
            say(&text);
        }
    }
    for line in done.failures() {
        complain(&format!("commission: {line}"));
    }
    Ok(done.passed())
}
