// SPDX-License-Identifier: Apache-2.0
//! A unit as an image has it, the core's tasks behind the messages, in a process of its own: this test program once more.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use levitas_core::calibration::{CalibrationError, Identity};
use levitas_core::mail::SupervisorMail;
use levitas_core::schedule::{SCHEDULE, TaskId};
use levitas_core::task::link::LinkOutputs;
use levitas_core::unit::{Role, Unit, UnitConfig};
use levitas_lockstep::{Frames, Hello, Reply, SIZE_MAX, Step, ToUnit};
use levitas_wire::{Frame, Id, encode_fast, encode_slow};
use levitas_world::CanFrame;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, connect, socket};

/// How the program is told that it is a unit: winding set, behaviour, socket.
const VARIABLE: &str = "LEVITAS_TEST_UNIT";

/// What a unit does beside its work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Behaviour {
    Good,
    /// Ends at this tick.
    Ends(u64),
    /// Says nothing any more from this tick on.
    FallsSilent(u64),
    /// Answers bytes that are no message at this tick.
    Babbles(u64),
    /// Says the version before or after ours.
    OtherVersion,
}

impl Behaviour {
    fn words(self) -> String {
        match self {
            Self::Good => "good 0".to_owned(),
            Self::Ends(tick) => format!("ends {tick}"),
            Self::FallsSilent(tick) => format!("silent {tick}"),
            Self::Babbles(tick) => format!("babbles {tick}"),
            Self::OtherVersion => "version 0".to_owned(),
        }
    }

    fn of(name: &str, tick: u64) -> Self {
        match name {
            "ends" => Self::Ends(tick),
            "silent" => Self::FallsSilent(tick),
            "babbles" => Self::Babbles(tick),
            "version" => Self::OtherVersion,
            _ => Self::Good,
        }
    }
}

/// A process that is a unit; it ends with this value.
pub(crate) struct UnitProcess(Child);

impl UnitProcess {
    /// Starts the test `a_unit` of this program as the unit of a winding set.
    pub(crate) fn start(set: usize, behaviour: Behaviour, socket: &Path) -> Self {
        let words = format!("{set} {} {}", behaviour.words(), socket.display());
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["a_unit", "--exact", "--ignored", "--nocapture"])
            .env(VARIABLE, words)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }

    /// What it printed, once it has ended.
    pub(crate) fn said(mut self) -> String {
        let mut text = String::new();
        self.0.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        text
    }

    /// It has ended by now.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }
}

impl Drop for UnitProcess {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs as what the variable says.
pub(crate) fn be_a_unit() {
    let words =
        std::env::var(VARIABLE).expect("this test is the process of a unit, which the other tests start");
    let words: Vec<&str> = words.splitn(4, ' ').collect();
    let [set, name, tick, path] = words[..] else { panic!("{words:?}") };
    let set: usize = set.parse().unwrap();
    let behaviour = Behaviour::of(name, tick.parse().unwrap());
    let fd = socket(AddressFamily::UNIX, SocketType::SEQPACKET, None).unwrap();
    connect(&fd, &SocketAddrUnix::new(path).unwrap()).unwrap();
    let mut stream = UnixStream::from(fd);
    let mut bytes = [0; SIZE_MAX];
    let length = Hello { set: set as u8 }.encode(&mut bytes);
    if behaviour == Behaviour::OtherVersion {
        bytes[4] += 1;
    }
    stream.write_all(&bytes[..length]).unwrap();
    let mut unit = RemoteUnit::new(set);
    loop {
        let length = stream.read(&mut bytes).unwrap();
        match ToUnit::decode(&bytes[..length]) {
            Ok(ToUnit::Step(step)) => {
                let reply = unit.step(&step);
                let mut length = reply.encode(&mut bytes);
                match behaviour {
                    Behaviour::Ends(tick) if step.tick >= tick => return,
                    Behaviour::FallsSilent(tick) if step.tick >= tick => {
                        std::thread::sleep(Duration::from_secs(60));
                    }
                    Behaviour::Babbles(tick) if step.tick >= tick => length -= 1,
                    _ => {}
                }
                stream.write_all(&bytes[..length]).unwrap();
            }
            Ok(ToUnit::Refused(reason)) => return println!("refused: {reason}"),
            Ok(ToUnit::End) => return println!("over"),
            Err(error) => return println!("{error}"),
        }
    }
}

/// The tasks of a unit, stepped by messages.
struct RemoteUnit {
    set: usize,
    unit: Unit,
    reply: Reply,
    slow_frames: u8,
    /// Ticks since it started, as the timers of an image count.
    ticks: u64,
}

impl RemoteUnit {
    fn new(set: usize) -> Self {
        let role = if set == 0 { Role::Host } else { Role::EmergencyDrive };
        let identity = Identity { serial_number: 1, role };
        let places = [Err(CalibrationError::Missing), Err(CalibrationError::Missing)];
        let (mut unit, _) = Unit::calibrated(&UnitConfig::BENCH, &identity, places).unwrap();
        unit.begin_session(set as u32 + 1);
        Self { set, unit, reply: Reply { bus_on: true, ..Reply::default() }, slow_frames: 0, ticks: 0 }
    }

    fn step(&mut self, step: &Step) -> Reply {
        self.reply.frames.clear();
        if let Some(command) = &step.command {
            self.unit.mail.command.write(command);
        }
        let sender = if self.set == 0 { levitas_wire::Unit::Host } else { levitas_wire::Unit::Drive };
        let receiver = levitas_wire::Receiver::new(sender, None);
        for frame in &step.bus.frames {
            levitas::link_bus::give(frame, &receiver, self.unit.link());
        }
        let ticks = self.ticks;
        for slot in SCHEDULE.iter().filter(|slot| slot.is_due(ticks)) {
            match slot.task {
                TaskId::Levitation if step.trigger => {
                    self.reply.outputs = self.unit.step_levitation(&step.samples);
                }
                TaskId::Levitation => {}
                TaskId::Link => {
                    let outputs = self.unit.step_link();
                    self.send(&outputs);
                }
                TaskId::Speed => self.unit.step_speed(),
                TaskId::Circulation => self.unit.step_circulation(&step.circulation.unwrap()),
                TaskId::Supervisor => self.unit.step_supervisor(),
                TaskId::Alarm => {
                    self.unit.step_alarm();
                }
                TaskId::CutOut | TaskId::Warming => {}
            }
        }
        self.ticks += 1;
        self.reply.said = self.unit.mail.levitation.read().map(|(_, mail)| mail);
        if let Some((_, supervisor)) = self.unit.mail.supervisor.read::<SupervisorMail>() {
            self.reply.command_number = supervisor.command_number;
            self.reply.command_result = supervisor.command_result;
        }
        self.reply.clone()
    }

    fn send(&mut self, outputs: &LinkOutputs) {
        let from = if self.set == 0 { levitas_wire::Unit::Host } else { levitas_wire::Unit::Drive };
        let frames: &mut Frames = &mut self.reply.frames;
        let mut push = |frame: Frame| {
            let Id::Standard(id) = frame.id() else { panic!("an id of 29 bits") };
            frames.push(CanFrame::fd(u32::from(id.as_raw()), frame.data()).unwrap()).unwrap();
        };
        if let Some(fast) = &outputs.fast {
            push(encode_fast(fast, from));
        }
        if let Some(slow) = &outputs.slow {
            self.slow_frames = self.slow_frames.wrapping_add(1);
            push(encode_slow(slow, from, self.slow_frames));
        }
    }
}
