// SPDX-License-Identifier: Apache-2.0
//! The command `levitas world`.

use std::path::PathBuf;

use levitas::input::Checked;
use levitas::lockstep::{self, parse_units};
use levitas::scenario::load;
use levitas::simulation::Units;

use super::{complain, default_folder, run_and_write, settings};

/// Shown after the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  levitas world --socket /tmp/levitas.sock 4a_power_loss
  host/zephyr/zephyr.exe --socket=/tmp/levitas.sock --flash=host.bin
  drive/zephyr/zephyr.exe --socket=/tmp/levitas.sock --flash=drive.bin

The units are images for native_sim with the snippet levitas-lockstep. Units that --units leaves out run in this program.
docs/lockstep.md describes how they are built and what happens to a process that ends or stands.";

/// Its command line.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Scenario file, or the name of a built-in scenario; a file that exists wins
    #[arg(value_name = "FILE|NAME")]
    scenario: String,
    /// Socket at which the units join; it must not exist yet
    #[arg(long, value_name = "PATH")]
    socket: PathBuf,
    /// Units that are processes: host, drive or host,drive [default: all of the scenario]
    #[arg(long, value_name = "NAMES")]
    units: Option<String>,
    /// Seed of every random draw, in place of the scenario's
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    seed: Option<String>,
    /// Override a number of the plant, circuit, patient or run; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", allow_hyphen_values = true)]
    settings: Vec<String>,
    /// Folder for the outputs [default: out/NAME]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write the metrics to this file too; - is standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// No table and no progress; only what failed
    #[arg(long, short)]
    quiet: bool,
}

/// Runs it; true when everything held.
pub(crate) fn run(arguments: &Arguments) -> Checked<bool> {
    let scenario = load(&arguments.scenario, &settings(&arguments.settings, arguments.seed.as_ref())?)?;
    let processes = match &arguments.units {
        Some(names) => parse_units(names)?,
        None => [true, scenario.units == Units::Both],
    };
    let folder = arguments.out.clone().unwrap_or_else(|| default_folder(&scenario));
    let mut tell = |line: &str| {
        if !arguments.quiet {
            complain(line);
        }
    };
    run_and_write(&scenario, &folder, arguments.json.as_deref(), arguments.quiet, &mut |progress| {
        lockstep::run(&scenario, &arguments.socket, processes, &mut tell, complain, progress)
    })
}
