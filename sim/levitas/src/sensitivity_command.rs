// SPDX-License-Identifier: Apache-2.0
//! The command `levitas sensitivity`.

use std::io::{Write as _, stderr};
use std::path::{Path, PathBuf};

use levitas::input::Checked;
use levitas::outputs::{check_folder, write_folder};
use levitas::progress::Progress;
use levitas::scenario::load;
use levitas::sensitivity::{self, Axes, Question};

use super::{DEMONSTRATION, check_json, complain, report, say, settings, write_json};

/// Shown after the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  levitas sensitivity                       both axes at 3000 rpm
  levitas sensitivity --speed 0 --axis x --amplitude-um 1
  levitas sensitivity 1c_unbalance --set rotor.k_x_n_per_m=25e3 --json -

The scenario gives plant, circuit, patient and configuration; its events are left out. The folder gets sensitivity.json,
sensitivity.csv and report.html. Exit code: 0 zone A, 1 another zone or no measurement, 2 bad input. docs/bearing_health.md";

/// Its command line.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Scenario file, or the name of a built-in scenario
    #[arg(value_name = "SCENARIO", default_value = DEMONSTRATION)]
    scenario: String,
    /// Axes to measure
    #[arg(long, value_enum, default_value_t)]
    axis: Axes,
    /// Speed while measuring
    #[arg(long, value_name = "RPM", default_value_t = 3000.0, allow_hyphen_values = true)]
    speed: f64,
    /// Amplitude of the excitation at the summing point
    #[arg(long, value_name = "A", default_value_t = 3.0, allow_hyphen_values = true)]
    amplitude_um: f64,
    /// Seed of every random draw, in place of the scenario's
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    seed: Option<String>,
    /// Override a number of the plant, circuit, patient or controllers; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", allow_hyphen_values = true)]
    settings: Vec<String>,
    /// Folder for the outputs [default: out/sensitivity]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write the result to this file too; - is standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// No table and no progress; only what is not in zone A
    #[arg(long, short)]
    quiet: bool,
}

/// Measures, writes and says how it went. True when every axis is in zone A.
pub(crate) fn run(arguments: &Arguments) -> Checked<bool> {
    let scenario = load(&arguments.scenario, &settings(&arguments.settings, arguments.seed.as_ref())?)?;
    let question =
        Question { axes: arguments.axis, speed_rpm: arguments.speed, amplitude_um: arguments.amplitude_um };
    question.check(&scenario)?;
    let folder = arguments.out.clone().unwrap_or_else(|| Path::new("out").join("sensitivity"));
    check_folder(&folder, "--out")?;
    check_json(arguments.json.as_deref())?;
    let points = sensitivity::points_of(arguments.axis);
    let mut progress = Progress::new("sensitivity", points, "frequencies", arguments.quiet);
    let answer = sensitivity::measure(&scenario, &question, &mut |done| progress.show(done));
    progress.finish();
    let answer = match answer? {
        Ok(answer) => answer,
        Err(failure) => {
            complain(&format!("{}: {failure}", scenario.argument));
            return Ok(false);
        }
    };
    let json = sensitivity::json(&scenario, &question, &answer);
    let files = [
        ("sensitivity.json", json.clone()),
        ("sensitivity.csv", sensitivity::csv(&answer)),
        ("report.html", report::sensitivity_page(&scenario, &question, &answer)),
    ];
    write_folder(&folder, &files)?;
    let to_stdout = write_json(arguments.json.as_deref(), &json)?;
    if !arguments.quiet {
        let table = sensitivity::table(&scenario, &question, &answer);
        let text = format!("{table}report: {}\n", folder.join("report.html").display());
        if to_stdout {
            let _ = stderr().write_all(text.as_bytes());
        } else {
            say(&text);
        }
    }
    let complaints = sensitivity::complaints(&answer);
    for line in &complaints {
        complain(&format!("{}: {line}", scenario.argument));
    }
    Ok(complaints.is_empty())
}
