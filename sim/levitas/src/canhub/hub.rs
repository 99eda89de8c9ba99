// SPDX-License-Identifier: Apache-2.0
//! The bus, its clock, the clients.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use levitas_world::{CanFrame, CanNode, CanSendError};

use crate::candump;
use crate::canhub::client::{Client, Event, accept};
use crate::canhub::protocol::Protocol;
use crate::canhub::source::Source;

/// Clients' events that may wait; beyond that their readers do.
const EVENT_COUNT_MAX: usize = 64;
/// Frames of clients that wait for a buffer of the bus.
const WAITING_COUNT_MAX: usize = 64;
/// Between two looks at the clock.
const TICK: Duration = Duration::from_millis(1);
/// The bus advances in steps of this [s]: what it hears in one finds room in its queues.
const STEP_S: f64 = 1e-3;
/// At most so much in one tick; a machine that is slower than the clock falls behind it [s].
const ADVANCE_S_MAX: f64 = 0.25;
/// From the last frame of a log to the end, so that the clients get it.
const FAREWELL: Duration = Duration::from_millis(500);

/// The hub.
pub(crate) struct Hub {
    source: Source,
    speed: f64,
    clients: BTreeMap<u64, Client>,
    /// Frames of clients: waiting for the bus, and on it.
    waiting: VecDeque<(u64, CanFrame)>,
    on_bus: VecDeque<(u64, CanFrame)>,
    heard: u64,
    /// Log of what was heard, until it cannot be written.
    record: Option<BufWriter<File>>,
    to_hub: SyncSender<Event>,
    events: Receiver<Event>,
}

impl Hub {
    pub(crate) fn new(source: Source, speed: f64, record: Option<File>) -> Self {
        let (to_hub, events) = sync_channel(EVENT_COUNT_MAX);
        Self {
            source,
            speed,
            clients: BTreeMap::new(),
            waiting: VecDeque::new(),
            on_bus: VecDeque::new(),
            heard: 0,
            record: record.map(BufWriter::new),
            to_hub,
            events,
        }
    }

    /// Takes clients at a port.
    pub(crate) fn accept(&self, protocol: Protocol, listener: TcpListener) {
        accept(protocol, listener, self.to_hub.clone());
    }

    /// Until the source is over.
    pub(crate) fn run(&mut self, say: &mut dyn FnMut(&str), complain: &mut dyn FnMut(&str)) {
        while self.source.waits() && !self.clients.values().any(Client::listens) {
            self.take_events(TICK, say, complain);
        }
        let mut before = Instant::now();
        while !self.source.is_over() {
            self.take_events(TICK, say, complain);
            let now = Instant::now();
            let passed_s = (now - before).as_secs_f64() * self.speed;
            before = now;
            let until_s = self.source.bus().now_s() + passed_s.min(ADVANCE_S_MAX);
            self.advance(until_s, complain);
        }
        let now_s = self.source.bus().now_s();
        self.advance(now_s + STEP_S, complain);
        let end = Instant::now() + FAREWELL;
        while Instant::now() < end {
            self.take_events(TICK, say, complain);
        }
        let now_s = self.source.bus().now_s();
        say(&format!("the end: {} frames in {now_s:.3} s", self.heard));
    }

    /// Takes what clients have sent, at most for a time.
    fn take_events(&mut self, time: Duration, say: &mut dyn FnMut(&str), complain: &mut dyn FnMut(&str)) {
        let end = Instant::now() + time;
        loop {
            let rest = end.saturating_duration_since(Instant::now());
            if self.waiting.len() >= WAITING_COUNT_MAX {
                std::thread::sleep(rest);
                return;
            }
            match self.events.recv_timeout(rest) {
                Ok(event) => self.take(event, say, complain),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn take(&mut self, event: Event, say: &mut dyn FnMut(&str), complain: &mut dyn FnMut(&str)) {
        match event {
            Event::Joined(client) => {
                say(&format!("{}: connected", client.name));
                self.clients.insert(client.number, client);
            }
            Event::Frame { client, frame } => self.waiting.push_back((client, frame)),
            Event::Problem { client, problem } => {
                let Some(client) = self.clients.get_mut(&client) else { return };
                let (shown, last) = client.counts_problem();
                if shown {
                    let more = if last { "; further ones of this client are only counted" } else { "" };
                    complain(&format!("{}: {problem}{more}", client.name));
                }
            }
            Event::Left { client, reason } => {
                if let Some(client) = self.clients.remove(&client) {
                    say(&farewell(&client, &reason));
                }
            }
            Event::NotAccepted { protocol, reason } => {
                complain(&format!("{}: a client was not accepted: {reason}", protocol.name()));
            }
        }
    }

    /// Lets the bus run to a time and shows what happened on it.
    fn advance(&mut self, until_s: f64, complain: &mut dyn FnMut(&str)) {
        // The bus rounds to nanoseconds, so it cannot tell whether it has arrived.
        let mut now_s = self.source.bus().now_s();
        while now_s < until_s {
            now_s = (now_s + STEP_S).min(until_s);
            self.send_waiting();
            for (time_s, from, frame) in self.source.run_to(now_s) {
                self.heard += 1;
                self.record(complain, |record| writeln!(record, "{}", candump::line(time_s, &frame)));
                let sender = if from == Some(CanNode::Outside) { self.sender_of(&frame) } else { None };
                self.show(time_s, &frame, sender, complain);
            }
        }
        self.record(complain, |record| record.flush());
    }

    /// Does something to the log; one that cannot be written ends.
    fn record(
        &mut self,
        complain: &mut dyn FnMut(&str),
        write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
    ) {
        if let Some(Err(error)) = self.record.as_mut().map(write) {
            complain(&format!("--record: {error}; the log ends here, the hub goes on"));
            self.record = None;
        }
    }

    /// Gives clients' frames to the bus while it has room.
    fn send_waiting(&mut self) {
        let bus = self.source.bus();
        let now_s = bus.now_s();
        while let Some((client, frame)) = self.waiting.pop_front() {
            match bus.send(CanNode::Outside, frame, now_s) {
                Ok(()) => self.on_bus.push_back((client, frame)),
                Err(CanSendError::Full) => return self.waiting.push_front((client, frame)),
                Err(CanSendError::BusOff) => {
                    // What was on the bus has been given up.
                    self.on_bus.clear();
                    bus.recover(CanNode::Outside);
                    return self.waiting.push_front((client, frame));
                }
                // Was checked where it was read; the node has power.
                Err(CanSendError::Frame(_) | CanSendError::Off) => {}
            }
        }
    }

    /// Which client sent a frame that has been on the bus.
    fn sender_of(&mut self, frame: &CanFrame) -> Option<u64> {
        let at = self.on_bus.iter().position(|(_, sent)| sent == frame)?;
        let (number, _) = self.on_bus.remove(at)?;
        if let Some(client) = self.clients.get_mut(&number) {
            client.sent += 1;
        }
        Some(number)
    }

    /// A frame for all clients but its sender.
    fn show(&mut self, time_s: f64, frame: &CanFrame, sender: Option<u64>, complain: &mut dyn FnMut(&str)) {
        let mut texts: [Option<Arc<str>>; 2] = [None, None];
        for client in self.clients.values_mut().filter(|it| it.listens() && Some(it.number) != sender) {
            let protocol = client.protocol;
            let text =
                texts[protocol as usize].get_or_insert_with(|| Arc::from(protocol.show(time_s, frame)));
            if client.show(text) {
                complain(&format!("{}: reads too slowly, frames for it are dropped", client.name));
            }
        }
    }
}

/// What became of a client.
fn farewell(client: &Client, reason: &str) -> String {
    let counts = [
        (client.shown, "frames to it"),
        (client.sent, "frames from it"),
        (client.dropped(), "dropped"),
        (client.problems, "bad commands"),
    ];
    let counts: Vec<String> = counts.iter().map(|(count, what)| format!("{count} {what}")).collect();
    format!("{}: {reason}; {}", client.name, counts.join(", "))
}
