// SPDX-License-Identifier: Apache-2.0
//! The simulated CAN bus for tools outside: SLCAN and socketcand over TCP.
//!
//! # Model
//! One bus (`levitas_world::CanBus`), paced by the wall clock. A source puts the units' frames on it; what clients send goes onto
//! it as from the node outside, in arbitration with the rest. Every good frame on the bus goes to every client but the one
//! that sent it.
//! | file | idea |
//! |---|---|
//! | `source.rs` | where the units' frames come from: two units that run, a log, or a pattern |
//! | `pattern.rs` | frames of both units, encoded with `levitas-wire` |
//! | `protocol.rs` | what the two protocols have in common |
//! | `slcan.rs`, `socketcand.rs` | commands and frames as text |
//! | `client.rs` | one connection: two threads and a queue with an end |
//! | `hub.rs` | the bus, its clock, the clients |
//!
//! # Limits and failure
//! A client that reads too slowly misses frames, counted, and delays nobody. One that sends faster than the bus takes is not
//! read until there is room. A line that is no command is answered as the protocol says and shown once on standard error;
//! clients come and go. Bad addresses and logs end the program with one line.
//! # Shown by
//! Unit tests, `tests/canhub.rs` and, with python-can and cantools, `tests/clients/test_canhub.py`.

mod client;
mod hub;
mod pattern;
mod protocol;
mod slcan;
mod socketcand;
mod source;

use std::net::{TcpListener, ToSocketAddrs as _};
use std::path::PathBuf;

use crate::candump;
use crate::input::{BadInput, Checked, range_text};

use crate::scenario::Scenario;
use crate::simulation::Units;
use hub::Hub;
use pattern::Pattern;
use protocol::Protocol;
use source::{Log, Source};

/// Where SLCAN clients connect when nothing else is said.
pub const SLCAN_ADDRESS: &str = "127.0.0.1:29535";
/// Where socketcand clients connect when nothing else is said; the daemon's own port.
pub const SOCKETCAND_ADDRESS: &str = "127.0.0.1:29536";
/// Slowest and fastest, in seconds of the bus per second.
const SPEED_RANGE: [f64; 2] = [1e-3, 100.0];

/// What `levitas canhub` is asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// Both units of a scenario, in place of the pattern.
    pub scenario: Option<Scenario>,
    /// A log to replay, in place of the pattern.
    pub log: Option<PathBuf>,
    /// The pattern has the classic service frames alone.
    pub classic: bool,
    /// Address for SLCAN clients.
    pub slcan: Option<String>,
    /// Address for socketcand clients.
    pub socketcand: Option<String>,
    /// Seconds of the bus per second.
    pub speed: f64,
    /// Where to log what is on the bus.
    pub record: Option<PathBuf>,
}

/// Serves the bus: for ever, or until the log is over. `say` gets a line for what a user wants to know, `complain` one for what
/// went wrong.
///
/// # Errors
/// An address, a speed or a log that does not do.
pub fn serve(options: &Options, say: &mut dyn FnMut(&str), complain: &mut dyn FnMut(&str)) -> Checked<()> {
    let [min, max] = SPEED_RANGE;
    if !(options.speed >= min && options.speed <= max) {
        let (speed, range) = (options.speed, range_text(min, max));
        return Err(BadInput::key("--speed", "speed", speed, "out of range", range));
    }
    let source = match (&options.scenario, &options.log) {
        (Some(scenario), _) if scenario.units != Units::Both => {
            let problem = "its emergency drive is not there, so there is no link";
            return Err(BadInput::key("--scenario", "units", "host", problem, "units = \"both\""));
        }
        (Some(scenario), _) => Source::live(scenario.clone())?,
        (None, Some(file)) => Source::fed(Log::new(candump::read(file)?)),
        (None, None) => Source::fed(Pattern::new(options.classic)),
    };
    let addresses = match (&options.slcan, &options.socketcand) {
        (None, None) => [Some(SLCAN_ADDRESS), Some(SOCKETCAND_ADDRESS)],
        (slcan, socketcand) => [slcan.as_deref(), socketcand.as_deref()],
    };
    let record = options.record.as_ref().map(|file| {
        std::fs::File::create(file).map_err(|error| {
            BadInput::of(format!("--record {}", file.display()), error, "a file that can be written")
        })
    });
    let mut hub = Hub::new(source, options.speed, record.transpose()?);
    for (protocol, address) in Protocol::ALL.into_iter().zip(addresses) {
        if let Some(address) = address {
            let listener = listen(protocol, address)?;
            let bound = listener.local_addr().map_or_else(|_| address.to_owned(), |it| it.to_string());
            hub.accept(protocol, listener);
            say(&format!("{} {bound}", protocol.name()));
        }
    }
    hub.run(say, complain);
    Ok(())
}

/// A port that is ours.
fn listen(protocol: Protocol, address: &str) -> Checked<TcpListener> {
    let allowed = "HOST:PORT of this machine with a free port, 0 for any";
    let refuse = |problem: &dyn std::fmt::Display| {
        BadInput::key(format!("--{}", protocol.name()), "address", address, problem, allowed)
    };
    let resolved: Vec<_> = address.to_socket_addrs().map_err(|error| refuse(&error))?.collect();
    TcpListener::bind(&resolved[..]).map_err(|error| refuse(&error))
}
