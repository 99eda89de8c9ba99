// SPDX-License-Identifier: Apache-2.0
//! What of the bus reaches the link task of a unit, and what is counted in place of it.

use levitas_core::link::{CommandFrame, FastStatus, LinkMail, LinkRefusal, RemoteCommandMail, SlowStatus};
use levitas_core::mail::{Mailboxes, fault};
use levitas_core::task::link::LinkTask;
use levitas_core::task::supervisor::Command;
use levitas_wire::{
    CommandKey, CommandKind, Frame, Id, PROTOCOL_VERSION, Receiver, Service, StandardId, Unit,
    encode_command, encode_fast, encode_service, encode_slow, seal,
};

const SESSION: u32 = 77;

fn key() -> CommandKey {
    CommandKey::new(&core::array::from_fn(|at| at as u8)).expect("a key")
}

/// The host's link task with its receiver.
struct Bench {
    receiver: Receiver,
    task: LinkTask,
    mail: Mailboxes,
}

impl Bench {
    fn new(key: Option<CommandKey>) -> Self {
        let mut task = LinkTask::new(1);
        task.begin(SESSION);
        Self { receiver: Receiver::new(Unit::Host, key), task, mail: Mailboxes::new() }
    }

    fn receive(&mut self, frame: &Frame) {
        self.bytes(frame.id(), frame.is_fd(), frame.data());
    }

    fn bytes(&mut self, id: Id, fd: bool, data: &[u8]) {
        self.receiver.receive(id, fd, data, &mut self.task);
    }

    /// What has been counted by now, after two milliseconds more.
    fn said(&mut self) -> LinkMail {
        (0..4).for_each(|_| {
            self.task.step(&self.mail);
        });
        self.mail.link.read().expect("written every millisecond").1
    }

    /// The only refusal there was.
    fn refusal(&mut self) -> Option<LinkRefusal> {
        let counts = self.said().refused;
        assert!(counts.iter().sum::<u32>() <= 1, "{counts:?}");
        LinkRefusal::ALL.iter().zip(counts).find(|(_, count)| *count > 0).map(|(refusal, _)| *refusal)
    }

    fn command(&self) -> Option<RemoteCommandMail> {
        self.mail.remote_command.read().map(|(_, mail)| mail)
    }
}

fn command(to: Unit) -> Frame {
    let command = CommandFrame { session: SESSION, sequence: 1, expires_ms: 50, kind: 4, value: 3000.0 };
    encode_command(&command, to, &key()).expect("in range")
}

#[test]
fn a_command_with_the_key_reaches_the_supervisor_and_no_other_does() {
    let mut bench = Bench::new(Some(key()));
    bench.receive(&command(Unit::Host));
    assert_eq!((bench.refusal(), bench.command().map(|mail| mail.value)), (None, Some(3000.0)));
    let mut bench = Bench::new(Some(key()));
    bench.receive(&command(Unit::Drive));
    assert_eq!((bench.refusal(), bench.command()), (None, None), "it goes to the other unit");
    let mut bench = Bench::new(None);
    bench.receive(&command(Unit::Host));
    assert_eq!((bench.refusal(), bench.command()), (Some(LinkRefusal::Authentication), None));
}

#[test]
fn a_key_that_is_put_in_or_taken_away_counts_from_the_next_frame_on() {
    let mut bench = Bench::new(None);
    bench.receiver.set_key(Some(key()));
    bench.receive(&command(Unit::Host));
    assert_eq!(bench.refusal(), None);
    bench.receiver.set_key(None);
    bench.receive(&command(Unit::Host));
    assert_eq!(bench.refusal(), Some(LinkRefusal::Authentication));
}

#[test]
fn every_refusal_has_its_own_count() {
    let fast = encode_fast(&FastStatus::default(), Unit::Drive);
    let slow = encode_slow(&SlowStatus::default(), Unit::Drive, 1);
    let mut no_mode = slow.data().to_vec();
    no_mode[3] |= 9;
    seal(slow.id(), &mut no_mode, &key());
    let other = |number| Id::Standard(StandardId::new(number).expect("11 bits"));
    let command = command(Unit::Host);
    let mut damaged = fast.data().to_vec();
    damaged[9] ^= 1;
    let mut forged = command.data().to_vec();
    forged[9] ^= 1;
    for (id, fd, data, expected) in [
        (other(0x7ff), true, fast.data(), LinkRefusal::UnknownId),
        (other(0x010), true, fast.data(), LinkRefusal::OwnId),
        (fast.id(), false, fast.data(), LinkRefusal::Format),
        (fast.id(), true, &fast.data()[1..], LinkRefusal::Length),
        (fast.id(), true, &damaged[..], LinkRefusal::Checksum),
        (slow.id(), true, &no_mode, LinkRefusal::Value),
        (command.id(), true, &command.data()[1..], LinkRefusal::Malformed),
        (command.id(), false, command.data(), LinkRefusal::Malformed),
        (command.id(), true, &forged[..], LinkRefusal::Authentication),
    ] {
        let mut bench = Bench::new(Some(key()));
        bench.bytes(id, fd, data);
        assert_eq!((bench.refusal(), bench.command()), (Some(expected), None));
    }
}

/// Bytes in which each layout that a unit listens to says its version, in the upper or lower half.
#[test]
fn a_frame_of_another_version_says_so_in_its_count_and_its_alarm() {
    let fast = encode_fast(&FastStatus::default(), Unit::Drive);
    let slow = encode_slow(&SlowStatus::default(), Unit::Drive, 1);
    for (frame, byte, shift) in [(fast, 3, 4), (slow, 3, 4), (command(Unit::Host), 17, 0)] {
        let mut data = frame.data().to_vec();
        assert_eq!(data[byte] >> shift & 15, PROTOCOL_VERSION);
        data[byte] ^= 3 << shift;
        seal(frame.id(), &mut data, &key());
        let mut bench = Bench::new(Some(key()));
        bench.bytes(frame.id(), true, &data);
        let alarms = bench.said().alarms;
        assert_eq!((bench.refusal(), bench.command()), (Some(LinkRefusal::Version), None));
        assert_eq!(alarms, fault::PROTOCOL_VERSION);
        data[byte] ^= 3 << shift;
        seal(frame.id(), &mut data, &key());
        assert_eq!(data, frame.data(), "sealed as by the encoder");
    }
}

#[test]
fn the_version_of_a_command_is_looked_at_once_its_code_is_right() {
    let command = command(Unit::Host);
    let mut data = command.data().to_vec();
    data[17] ^= 3;
    let mut bench = Bench::new(Some(key()));
    bench.bytes(command.id(), true, &data);
    assert_eq!(bench.said().alarms, 0);
    assert_eq!((bench.refusal(), bench.command()), (Some(LinkRefusal::Authentication), None));
}

#[test]
fn a_counter_that_contradicts_the_number_is_refused() {
    let fast = encode_fast(&FastStatus { number: 5, ..FastStatus::default() }, Unit::Drive);
    let mut data = fast.data().to_vec();
    data[2] = 6;
    seal(fast.id(), &mut data, &key());
    let mut bench = Bench::new(None);
    bench.bytes(fast.id(), true, &data);
    assert_eq!(bench.refusal(), Some(LinkRefusal::Counter));
}

#[test]
fn frames_for_tools_are_none_of_a_units_business() {
    let mut bench = Bench::new(Some(key()));
    for from in [Unit::Host, Unit::Drive] {
        for content in Service::of_slow(&SlowStatus::default()) {
            bench.receive(&encode_service(&content, from, 1));
        }
    }
    assert_eq!(bench.refusal(), None);
}

/// Codes of commands are the same in the DBC, on the wire and in the mailbox.
#[test]
fn the_supervisor_knows_the_codes_of_the_wire() {
    for (kind, command) in [
        (CommandKind::LiftOff, Command::LiftOff),
        (CommandKind::Land, Command::Land),
        (CommandKind::SetSpeed, Command::speed(7.0)),
        (CommandKind::TakeoverDrill, Command::TakeoverDrill),
        (CommandKind::HandBack, Command::HandBack),
        (CommandKind::Rejoin, Command::Rejoin),
        (CommandKind::StartAlone, Command::LiftOffAlone),
        (CommandKind::Service, Command::Service),
        (CommandKind::Commission, Command::Commission),
    ] {
        assert_eq!(Command::from_code(u32::from(u8::from(kind)), 7.0), Some(command));
    }
}
