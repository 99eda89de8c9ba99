// SPDX-License-Identifier: Apache-2.0
//! socketcand: the text protocol of the daemon of that name (linux-can/socketcand, doc/protocol.md).
//!
//! | command | meaning | answer |
//! |---|---|---|
//! | | connected | `< hi >` |
//! | `< open can0 >` | the only bus | `< ok >`; any other: `< error ... >`, and the connection ends |
//! | `< rawmode >` | frames from here on | `< ok >` |
//! | `< bcmmode >` | no frames any more: subscriptions are not offered | `< ok >` |
//! | `< send ID LENGTH BYTE... >` | a classic frame; 8 digits of identifier are 29 bits | |
//! | `< sendrtr ID LENGTH >` | a remote frame | |
//! | `< fdsend ID FLAGS LENGTH BYTE... >` | an FD frame; flag 1: switched bit rate | |
//! | `< echo >` | | `< echo >` |
//!
//! Frames come as `< frame ID SECONDS.MICROSECONDS BYTES >`, FD frames as `< fdframe ID FLAGS SECONDS.MICROSECONDS BYTES >`,
//! remote frames as `< rtr ID SECONDS.MICROSECONDS LENGTH >`; the time is that of the bus.

use levitas_world::{CAN_DATA_MAX, CanFrame};

use crate::candump::{hexadecimal, id, number};
use crate::canhub::protocol::Outcome;

const OK: &str = "< ok >";
const BUS: &str = "can0";
const UNKNOWN: &str = "< error unknown command >";
const ID_MASK: u32 = 0x1fff_ffff;

/// State of a client.
#[derive(Debug, Default)]
pub(crate) struct Session {
    open: bool,
}

impl Session {
    /// A command from `<` on, without its `>`.
    pub(crate) fn command(&mut self, text: &str) -> Outcome {
        let Some(inside) = text.strip_prefix('<') else {
            return Outcome::problem("", format!("{text}: no command in < >"));
        };
        let words: Vec<&str> = inside.split_whitespace().collect();
        match words[..] {
            ["echo"] => Outcome::answer("< echo >"),
            ["open", bus] if !self.open => self.open(bus),
            _ if !self.open => Outcome::problem(UNKNOWN, format!("{text} >: open {BUS} comes first")),
            ["rawmode"] => Outcome { listens: Some(true), ..Outcome::answer(OK) },
            ["bcmmode"] => Outcome { listens: Some(false), ..Outcome::answer(OK) },
            ["send" | "sendrtr" | "fdsend", ..] => match frame(&words) {
                Ok(frame) => Outcome { frame: Some(frame), ..Outcome::default() },
                // The daemon does not answer either.
                Err(problem) => Outcome::problem("", format!("{text} >: {problem}")),
            },
            _ => Outcome::problem(UNKNOWN, format!("{text} >: no command of this daemon")),
        }
    }

    fn open(&mut self, bus: &str) -> Outcome {
        if bus == BUS {
            self.open = true;
            return Outcome::answer(OK);
        }
        let refused =
            Outcome::problem("< error could not open bus >", format!("no bus {bus}; there is {BUS}"));
        Outcome { ends: true, ..refused }
    }
}

/// A frame from the words of its command.
fn frame(words: &[&str]) -> Result<CanFrame, String> {
    let (fd, remote) = (words[0] == "fdsend", words[0] == "sendrtr");
    let (head, payload) = words.split_at_checked(if fd { 4 } else { 3 }).ok_or("too short")?;
    let id = number(head[1]).ok_or("the identifier is no hexadecimal number")?;
    let extended = head[1].len() == 8;
    let flags = if fd { number(head[2]).ok_or("the flags are no hexadecimal number")? } else { 0 };
    let len = head[head.len() - 1].parse().map_err(|_| "the length is no number from 0 to 255")?;
    let mut data = [0; CAN_DATA_MAX];
    let bytes = payload.iter().map(|word| byte(word)).collect::<Option<Vec<u8>>>();
    let bytes = bytes.ok_or("a byte is no hexadecimal number of 2 digits")?;
    // Some clients set the kernel's flag for 29 bits.
    let id = if extended { id & ID_MASK } else { id };
    let mut frame = CanFrame { id, extended, fd, brs: flags & 1 != 0, remote, len, data };
    frame.check().map_err(|error| error.to_string())?;
    if bytes.len() != frame.data().len() {
        return Err(format!("{} bytes, {} said", bytes.len(), frame.data().len()));
    }
    data[..bytes.len()].copy_from_slice(&bytes);
    frame.data = data;
    Ok(frame)
}

/// A byte of one or two digits. SavvyCAN writes those from 80 on as negative numbers, with more f before them.
fn byte(word: &str) -> Option<u8> {
    let (more, digits) = word.split_at_checked(word.len().saturating_sub(2))?;
    if more.bytes().all(|digit| digit == b'f') && !digits.is_empty() {
        number(digits).map(|it| it as u8)
    } else {
        None
    }
}

/// A frame as clients get it.
pub(crate) fn show(time_s: f64, frame: &CanFrame) -> String {
    let microseconds = (time_s.max(0.0) * 1e6).round() as u64;
    let (id, time) = (id(frame), format!("{}.{:06}", microseconds / 1_000_000, microseconds % 1_000_000));
    match (frame.fd, frame.remote) {
        (true, _) => {
            format!("< fdframe {id} {:02X} {time} {} >", u32::from(frame.brs), hexadecimal(frame.data()))
        }
        (false, true) => format!("< rtr {id} {time} {} >", frame.len),
        (false, false) => format!("< frame {id} {time} {} >", hexadecimal(frame.data())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> Session {
        let mut session = Session::default();
        assert_eq!(session.command("< open can0").answer, OK);
        session
    }

    #[test]
    fn the_handshake_is_that_of_the_daemon() {
        let mut session = Session::default();
        assert_eq!(session.command("< rawmode").answer, UNKNOWN);
        assert_eq!(session.command("< open can0"), Outcome::answer(OK));
        assert_eq!(session.command("< rawmode"), Outcome { listens: Some(true), ..Outcome::answer(OK) });
        assert_eq!(session.command("<echo").answer, "< echo >");
        assert_eq!(session.command("< bcmmode").listens, Some(false));
        assert_eq!(session.command("< subscribe 0 0 123").answer, UNKNOWN);
        let refused = Session::default().command("< open vcan7");
        assert!(refused.ends && refused.answer.starts_with("< error") && refused.problem.is_some());
    }

    #[test]
    fn frames_are_read_and_shown() {
        let mut session = open();
        let mut sent = |text: &str| session.command(text).frame.unwrap();
        let classic = CanFrame::classic(0x123, &[0, 0xf1]).unwrap();
        assert_eq!(sent("< send 123 2 0 F1"), classic);
        assert_eq!(sent("< send 123 2 0 fffffffffffffff1"), classic);
        assert_eq!(show(23.424_242, &classic), "< frame 123 23.424242 00F1 >");
        assert_eq!(show(0.0, &sent("< send 010 0 ")), "< frame 010 0.000000  >");
        let extended = CanFrame { extended: true, ..classic };
        assert_eq!(sent("< send 00000123 2 0 F1"), extended);
        assert_eq!(sent("< send 80000123 2 0 F1"), extended);
        assert_eq!(show(1.0, &extended), "< frame 00000123 1.000000 00F1 >");
        let text = format!("< fdsend 010 01 12{}", " a5".repeat(12));
        let fd = CanFrame::fd(0x010, &[0xa5; 12]).unwrap();
        assert_eq!(sent(&text), fd);
        assert_eq!(sent(&text.replace(" 01 ", " 0 ")), CanFrame { brs: false, ..fd });
        assert_eq!(show(2.0, &fd), format!("< fdframe 010 01 2.000000 {} >", "A5".repeat(12)));
        let remote = sent("< sendrtr 7FF 4");
        assert!(remote.remote && remote.len == 4);
        assert_eq!(show(3.5, &remote), "< rtr 7FF 3.500000 4 >");
    }

    #[test]
    fn malformed_commands_are_told_to_the_user() {
        let cases = [
            ("send 123 0", "send 123 0: no command in < >"),
            ("< send 123", "< send 123 >: too short"),
            ("< send xyz 0", "< send xyz 0 >: the identifier is no hexadecimal number"),
            ("< send 800 0", "< send 800 0 >: id 0x800: allowed is 0 to 0x7ff, 11 bits"),
            ("< send 123 -1", "< send 123 -1 >: the length is no number from 0 to 255"),
            ("< send 123 20 1", "< send 123 20 1 >: 20 bytes: allowed is 0 to 8, more in FD frames"),
            ("< send 123 2 1", "< send 123 2 1 >: 1 bytes, 2 said"),
            ("< send 123 1 1g", "< send 123 1 1g >: a byte is no hexadecimal number of 2 digits"),
            ("< send 123 1 100", "< send 123 1 100 >: a byte is no hexadecimal number of 2 digits"),
            (
                "< fdsend 123 01 9 1",
                "< fdsend 123 01 9 1 >: 9 bytes: allowed is 0 to 8, 12, 16, 20, 24, 32, 48, 64",
            ),
        ];
        let mut session = open();
        for (text, problem) in cases {
            assert_eq!(session.command(text), Outcome::problem("", problem));
        }
    }
}
