// SPDX-License-Identifier: Apache-2.0
//! The command `levitas canhub`.

use std::path::PathBuf;

use levitas::canhub::{Options, serve};
use levitas::input::Checked;

use super::{complain, say};

/// Shown after the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  levitas canhub                                          both protocols on this machine, ports 29535 and 29536
  levitas canhub --log candump.log --slcan 127.0.0.1:0    a log, once, from the first client on; any free port
  levitas canhub --classic --socketcand 0.0.0.0:29536     for tools without CAN FD, from other machines too

  python3 -m can.viewer -i slcan -c socket://127.0.0.1:29535

Without --log the frames are a pattern: a host that pumps at 3000 rpm and a drive that is ready. Frames that clients
send go onto the bus. Whoever reaches a port can send: keep to 127.0.0.1 unless the network is yours. docs/canhub.md.";

/// Its command line.
#[derive(clap::Args)]
pub(crate) struct Arguments {
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
    let options = Options {
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
