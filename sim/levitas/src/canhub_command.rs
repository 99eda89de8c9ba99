// SPDX-License-Identifier: Apache-2.0
//! The command `levitas canhub`.

use std::path::PathBuf;

use levitas::canhub::{Options, serve};
use levitas::input::Checked;
use levitas::scenario::{Setting, load};

use super::{complain, say};

/// Shown after the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  levitas canhub                                          both protocols on this machine, ports 29535 and 29536
  levitas canhub --scenario 4a_power_loss                 two units that run, a takeover at 3 s
  levitas canhub --log candump.log --slcan 127.0.0.1:0    a log, once, from the first client on; any free port
  levitas canhub --classic --socketcand 0.0.0.0:29536     for tools without CAN FD, from other machines too

  python3 -m can.viewer -i slcan -c socket://127.0.0.1:29535

Without --scenario and --log the frames are a pattern: a host that pumps at 3000 rpm and a drive that is ready. Frames that clients
send go onto the bus. Whoever reaches a port can send: keep to 127.0.0.1 unless the network is yours. docs/canhub.md.";

/// Its command line.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Run both units of this scenario, a name or a file, from the first client on, then end; frames of clients reach them
    #[arg(long, value_name = "NAME", conflicts_with_all = ["log", "classic"])]
    scenario: Option<String>,
    /// Set a key of the scenario, as levitas run does
    #[arg(long, value_name = "KEY=VALUE", requires = "scenario")]
    set: Vec<String>,
    /// Replay this log of candump -l, then end
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// The classic service frames alone, no CAN FD
    #[arg(long, conflicts_with = "log")]
    classic: bool,
    /// Serve SLCAN (LAWICEL, with FD) here; port 0 is any [default: 127.0.0.1:29535 when neither is given]
    #[arg(long, value_name = "HOST:PORT")]
    slcan: Option<String>,
    /// Serve socketcand here; port 0 is any [default: 127.0.0.1:29536 when neither is given]
    #[arg(long, value_name = "HOST:PORT")]
    socketcand: Option<String>,
    /// Log what is on the bus to this file, as candump -l does
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Seconds of the bus per second
    #[arg(long, value_name = "X", default_value_t = 1.0, allow_hyphen_values = true)]
    speed: f64,
}

/// Runs it; it has no expectations, so it is true.
pub(crate) fn run(arguments: &Arguments) -> Checked<bool> {
    let settings = arguments.set.iter().map(|text| Setting::parse(text)).collect::<Checked<Vec<_>>>()?;
    let scenario = arguments.scenario.as_deref().map(|name| load(name, &settings)).transpose()?;
    let options = Options {
        scenario,
        log: arguments.log.clone(),
        classic: arguments.classic,
        slcan: arguments.slcan.clone(),
        socketcand: arguments.socketcand.clone(),
        speed: arguments.speed,
        record: arguments.record.clone(),
    };
    serve(&options, &mut |line| say(&format!("{line}\n")), &mut complain)?;
    Ok(true)
}
