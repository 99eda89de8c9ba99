// SPDX-License-Identifier: Apache-2.0
//! One connection: a thread that reads commands, one that writes, and a queue with an end between hub and writer.

use std::io::{BufWriter, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;

use levitas_world::CanFrame;

use crate::canhub::protocol::{Protocol, Session};

/// Texts that wait for a client: a quarter of a second of the pair's frames.
const QUEUE_COUNT_MAX: usize = 1024;
/// Longest command; the longest that means anything has 222 bytes.
const COMMAND_LENGTH_MAX: usize = 1024;
/// Problems of one client that are shown; then they are counted.
const PROBLEMS_SHOWN_MAX: u64 = 5;
/// Between the answer to the command and the first frame: some clients take for the answer all that comes at once.
const SETTLE: Duration = Duration::from_millis(100);
/// Until the next try when no connection can be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What reaches the hub from its clients.
pub(crate) enum Event {
    Joined(Client),
    Frame { client: u64, frame: CanFrame },
    Problem { client: u64, problem: String },
    Left { client: u64, reason: String },
    NotAccepted { protocol: Protocol, reason: String },
}

/// What reader and hub share.
#[derive(Debug, Default)]
struct Shared {
    listens: AtomicBool,
    dropped: AtomicU64,
}

/// The hub's end of a connection.
pub(crate) struct Client {
    pub(crate) number: u64,
    /// Protocol and address.
    pub(crate) name: String,
    pub(crate) protocol: Protocol,
    pub(crate) shown: u64,
    pub(crate) sent: u64,
    pub(crate) problems: u64,
    shared: Arc<Shared>,
    queue: SyncSender<Arc<str>>,
}

impl Client {
    pub(crate) fn listens(&self) -> bool {
        self.shared.listens.load(Ordering::Relaxed)
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// Queues a frame's text. True when it is the first that had to be dropped.
    pub(crate) fn show(&mut self, text: &Arc<str>) -> bool {
        match self.queue.try_send(Arc::clone(text)) {
            Ok(()) => {
                self.shown += 1;
                false
            }
            Err(TrySendError::Full(_)) => self.shared.dropped.fetch_add(1, Ordering::Relaxed) == 0,
            // Its reader is about to tell that it has gone.
            Err(TrySendError::Disconnected(_)) => false,
        }
    }

    /// Whether a problem is still to be shown, and whether it is the last.
    pub(crate) fn counts_problem(&mut self) -> (bool, bool) {
        self.problems += 1;
        (self.problems <= PROBLEMS_SHOWN_MAX, self.problems == PROBLEMS_SHOWN_MAX)
    }
}

/// Takes clients for ever, in a thread of its own.
pub(crate) fn accept(protocol: Protocol, listener: TcpListener, events: SyncSender<Event>) {
    thread::spawn(move || {
        for connection in listener.incoming() {
            let joined = connection.and_then(|stream| join(protocol, stream, &events));
            if let Err(error) = joined {
                let told = events.send(Event::NotAccepted { protocol, reason: error.to_string() });
                if told.is_err() {
                    return;
                }
                thread::sleep(ACCEPT_PAUSE);
            }
        }
    });
}

fn join(protocol: Protocol, stream: TcpStream, events: &SyncSender<Event>) -> std::io::Result<()> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    stream.set_nodelay(true)?;
    let (writer, address) = (stream.try_clone()?, stream.peer_addr()?);
    let (queue, texts) = sync_channel(QUEUE_COUNT_MAX);
    let (shared, number) = (Arc::new(Shared::default()), NUMBER.fetch_add(1, Ordering::Relaxed));
    let client = Client {
        number,
        name: format!("{} {address}", protocol.name()),
        protocol,
        shown: 0,
        sent: 0,
        problems: 0,
        shared: Arc::clone(&shared),
        queue: queue.clone(),
    };
    let reader =
        Reader { number, session: Session::new(protocol), told: 0, shared, queue, events: events.clone() };
    thread::spawn(move || write(&writer, &texts));
    // The hub knows the client before anything of it.
    if events.send(Event::Joined(client)).is_ok() {
        thread::spawn(move || reader.run(protocol, stream));
    }
    Ok(())
}

/// Writes texts until the last sender has gone or the client does not take them any more.
fn write(stream: &TcpStream, texts: &Receiver<Arc<str>>) {
    let mut out = BufWriter::new(stream);
    while let Ok(text) = texts.recv() {
        let written = out.write_all(text.as_bytes());
        let written = texts
            .try_iter()
            .fold(written, |so_far, text| so_far.and_then(|()| out.write_all(text.as_bytes())));
        if written.and_then(|()| out.flush()).is_err() {
            break;
        }
    }
    let _ = stream.shutdown(Shutdown::Both);
}

/// The reading end.
struct Reader {
    number: u64,
    session: Session,
    /// Dropped frames that the client has been told of.
    told: u64,
    shared: Arc<Shared>,
    queue: SyncSender<Arc<str>>,
    events: SyncSender<Event>,
}

/// The hub or the writer has gone.
struct Gone;

impl Reader {
    fn run(mut self, protocol: Protocol, mut stream: TcpStream) {
        let reason = match self.answer(protocol.greeting()) {
            Ok(()) => self.read(protocol, &mut stream),
            Err(Gone) => "gone".to_owned(),
        };
        let _ = self.events.send(Event::Left { client: self.number, reason });
    }

    /// Until the client goes; why it did.
    fn read(&mut self, protocol: Protocol, stream: &mut TcpStream) -> String {
        let (mut pending, mut chunk) = (Vec::new(), [0; 4096]);
        loop {
            match stream.read(&mut chunk) {
                Ok(0) => return "gone".to_owned(),
                Ok(count) => pending.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return format!("gone: {error}"),
            }
            while let Some(end) = pending.iter().position(|byte| *byte == protocol.end()) {
                let command: Vec<u8> = pending.drain(..=end).collect();
                match self.command(&command[..end]) {
                    Ok(false) => {}
                    Ok(true) => return "sent away".to_owned(),
                    Err(Gone) => return "gone".to_owned(),
                }
            }
            if pending.len() > COMMAND_LENGTH_MAX {
                let problem = format!("{} bytes without the end of a command", pending.len());
                pending.clear();
                if self.tell(problem).is_err() {
                    return "gone".to_owned();
                }
            }
        }
    }

    /// One command; true when the connection is to end.
    fn command(&mut self, bytes: &[u8]) -> Result<bool, Gone> {
        let dropped = self.shared.dropped.load(Ordering::Relaxed);
        let text = String::from_utf8_lossy(bytes);
        let outcome = self.session.command(&text, dropped > self.told);
        if outcome.answer.starts_with('F') {
            self.told = dropped;
        }
        if outcome.listens == Some(false) {
            self.shared.listens.store(false, Ordering::Relaxed);
        }
        self.answer(&outcome.answer)?;
        if outcome.listens == Some(true) && !self.shared.listens.load(Ordering::Relaxed) {
            thread::sleep(SETTLE);
            self.shared.listens.store(true, Ordering::Relaxed);
        }
        if let Some(problem) = outcome.problem {
            self.tell(problem)?;
        }
        if let Some(frame) = outcome.frame {
            self.events.send(Event::Frame { client: self.number, frame }).map_err(|_| Gone)?;
        }
        Ok(outcome.ends)
    }

    /// Waits while the client does not read: one that does not gets no more commands carried out.
    fn answer(&self, text: &str) -> Result<(), Gone> {
        if text.is_empty() {
            return Ok(());
        }
        self.queue.send(Arc::from(text)).map_err(|_| Gone)
    }

    fn tell(&self, problem: String) -> Result<(), Gone> {
        self.events.send(Event::Problem { client: self.number, problem }).map_err(|_| Gone)
    }
}
