// SPDX-License-Identifier: Apache-2.0
//! The socket at which units join, and the connection to one.

use std::fs;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use levitas_lockstep::{Hello, Reply, SIZE_MAX, Step, ToUnit};
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, listen, socket_with,
};
use rustix::process::{PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::input::{BadInput, Checked};
use crate::lockstep::{Processes, SILENCE, UNIT_NAMES};

/// Connections that wait to be taken in.
const BACKLOG: i32 = 8;
/// Wall time between two looks at the socket while nothing else is to be done.
const LOOK: Duration = Duration::from_millis(5);

/// A unit's process.
#[derive(Debug)]
pub(super) struct Connection {
    stream: UnixStream,
    process: OwnedFd,
    pub(super) pid: i32,
}

/// The socket; it is removed at the end.
#[derive(Debug)]
pub(super) struct Door {
    path: PathBuf,
    listener: UnixListener,
    processes: Processes,
    /// Units that run, which nobody else can be.
    taken: [bool; 2],
    waiting: [Option<Connection>; 2],
    complain: fn(&str),
}

/// Messages keep their borders on such a socket.
fn seqpacket() -> io::Result<OwnedFd> {
    Ok(socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?)
}

/// A listener at a path. A socket file of a program that is gone is replaced.
fn listen_at(path: &Path) -> io::Result<UnixListener> {
    let address = SocketAddrUnix::new(path)?;
    let fd = seqpacket()?;
    match bind(&fd, &address) {
        Err(rustix::io::Errno::ADDRINUSE) if is_left_over(path, &address)? => {
            fs::remove_file(path)?;
            bind(&fd, &address)?;
        }
        other => other?,
    }
    listen(&fd, BACKLOG)?;
    let listener = UnixListener::from(fd);
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// A socket at which nobody listens any more.
fn is_left_over(path: &Path, address: &SocketAddrUnix) -> io::Result<bool> {
    let is_refused = connect(seqpacket()?, address) == Err(rustix::io::Errno::CONNREFUSED);
    Ok(is_refused && fs::symlink_metadata(path)?.file_type().is_socket())
}

impl Door {
    /// Opens the socket for these units.
    pub(super) fn open(path: &Path, processes: Processes, complain: fn(&str)) -> Checked<Self> {
        let listener = listen_at(path).map_err(|error| {
            let problem = match error.kind() {
                ErrorKind::AddrInUse => "taken: another program listens there, or it is no socket".to_owned(),
                _ => error.to_string(),
            };
            BadInput::key("--socket", "socket", path.display(), problem, "the path of a new socket")
        })?;
        let (taken, waiting) = ([false; 2], [None, None]);
        Ok(Self { path: path.to_owned(), listener, processes, taken, waiting, complain })
    }

    /// Takes in who has come; who is not wanted hears why.
    pub(super) fn look(&mut self) {
        while let Ok((stream, _)) = self.listener.accept() {
            match self.greet(&stream) {
                Ok(None) => {}
                Ok(Some(set)) => match Connection::new(stream) {
                    Ok(connection) => self.waiting[set] = Some(connection),
                    Err(error) => (self.complain)(&format!("{}: {error}", UNIT_NAMES[set])),
                },
                Err(reason) => {
                    let mut bytes = [0; SIZE_MAX];
                    let length = ToUnit::Refused(&reason).encode(&mut bytes);
                    let _ = (&stream).write(&bytes[..length]);
                    (self.complain)(&format!("{}: refused: {reason}", self.path.display()));
                }
            }
        }
    }

    /// Which unit has come; none if nobody says anything, an error if it is refused.
    fn greet(&self, stream: &UnixStream) -> Result<Option<usize>, String> {
        let mut bytes = [0; SIZE_MAX];
        let heard = stream
            .set_nonblocking(false)
            .and_then(|()| stream.set_read_timeout(Some(SILENCE)))
            .and_then(|()| { stream }.read(&mut bytes));
        let length = match heard {
            // Somebody looked whether the socket is taken.
            Ok(0) => return Ok(None),
            Ok(length) => length,
            Err(_) => return Err("it does not say which unit it is".to_owned()),
        };
        let hello = Hello::decode(&bytes[..length]).map_err(|error| error.to_string())?;
        let set = usize::from(hello.set);
        let name = UNIT_NAMES[set];
        if !self.processes[set] {
            return Err(format!("the {name} of this run is no process; see --units"));
        }
        if self.taken[set] || self.waiting[set].is_some() {
            return Err(format!("there is a {name} already"));
        }
        Ok(Some(set))
    }

    /// The process of a unit, once it is there; `None` when the time is over.
    pub(super) fn wait_for(&mut self, set: usize, at_most: Option<Duration>) -> Option<Connection> {
        let since = Instant::now();
        loop {
            self.look();
            if let Some(connection) = self.waiting[set].take() {
                self.taken[set] = true;
                return Some(connection);
            }
            if at_most.is_some_and(|at_most| since.elapsed() >= at_most) {
                return None;
            }
            std::thread::sleep(LOOK);
        }
    }

    /// The unit is gone; a new process may be it.
    pub(super) fn leave(&mut self, set: usize) {
        self.taken[set] = false;
    }

    /// One line for the user.
    pub(super) fn complain(&self, line: &str) {
        (self.complain)(line);
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl Connection {
    fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_read_timeout(Some(SILENCE))?;
        stream.set_write_timeout(Some(SILENCE))?;
        let pid = rustix::net::sockopt::socket_peercred(&stream)?.pid;
        let process = pidfd_open(pid, PidfdFlags::empty())?;
        Ok(Self { stream, process, pid: pid.as_raw_nonzero().get() })
    }

    /// Sends a step.
    pub(super) fn send(&mut self, step: Step) -> io::Result<()> {
        self.write(&ToUnit::Step(step))
    }

    fn write(&mut self, message: &ToUnit<'_>) -> io::Result<()> {
        let mut bytes = [0; SIZE_MAX];
        let length = message.encode(&mut bytes);
        self.stream.write(&bytes[..length]).map(|_| ())
    }

    /// Waits for the answer; `WouldBlock` when it does not come in time.
    pub(super) fn receive(&mut self) -> io::Result<Reply> {
        let mut bytes = [0; SIZE_MAX];
        match self.stream.read(&mut bytes)? {
            0 => Err(io::Error::from(ErrorKind::UnexpectedEof)),
            length => Reply::decode(&bytes[..length]).map_err(io::Error::other),
        }
    }

    /// The run is over.
    pub(super) fn end(&mut self) {
        let _ = self.write(&ToUnit::End);
    }

    /// Ends the process where it stands.
    pub(super) fn kill(&self) -> io::Result<()> {
        Ok(pidfd_send_signal(&self.process, Signal::KILL)?)
    }

    /// Stops the process where it stands.
    pub(super) fn stop(&self) -> io::Result<()> {
        Ok(pidfd_send_signal(&self.process, Signal::STOP)?)
    }
}
