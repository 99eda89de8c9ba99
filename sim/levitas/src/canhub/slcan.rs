// SPDX-License-Identifier: Apache-2.0
//! SLCAN: the ASCII protocol of the LAWICEL CAN232 with the FD commands of CANable 2.0.
//!
//! | command | meaning | answer |
//! |---|---|---|
//! | `O`, `L`, `C` | open; open to listen alone; close | CR |
//! | `S8`, `Y5` | 1 Mbit/s, 5 Mbit/s in the data phase: what this bus has | CR; BELL for other rates |
//! | `tIIIL..`, `TIIIIIIIIL..` | classic frame: identifier, length code, bytes | `z` CR, `Z` CR; BELL when refused |
//! | `rIIIL`, `RIIIIIIIIL` | remote frame | the same |
//! | `d D`, `b B` | FD frame without and with switched bit rate; length code 0 to F | the same |
//! | `V`, `N` | version, serial number | `V1013` CR, `NL001` CR |
//! | `F` | status: bit 3 when frames for this client were dropped since the last `F` | `F00` CR |
//! | `Z0` | no time stamps | CR |
//!
//! Frames from the bus come in the form of the commands.

use levitas_world::{CAN_DATA_MAX, CAN_LENGTHS, CanFrame};

use crate::candump::{bytes, hexadecimal, id, number};
use crate::canhub::protocol::Outcome;

const OK: &str = "\r";
const BELL: &str = "\x07";

/// State of a client.
#[derive(Debug, Default)]
pub(crate) struct Session {
    open: bool,
    listens_alone: bool,
}

impl Session {
    pub(crate) fn command(&mut self, text: &str, missed: bool) -> Outcome {
        match text {
            "" | "Z0" | "S8" | "Y5" => Outcome::answer(OK),
            "O" | "L" | "C" => {
                (self.open, self.listens_alone) = (text != "C", text == "L");
                Outcome { listens: Some(self.open), ..Outcome::answer(OK) }
            }
            "V" => Outcome::answer("V1013\r"),
            "N" => Outcome::answer("NL001\r"),
            "F" => Outcome::answer(if missed { "F08\r" } else { "F00\r" }),
            _ if text.starts_with(['t', 'T', 'r', 'R', 'd', 'D', 'b', 'B']) => self.send(text),
            _ if text.starts_with(['S', 's', 'Y']) => {
                Outcome::problem(BELL, format!("{text}: this bus runs at 1 and 5 Mbit/s, S8 and Y5"))
            }
            _ => Outcome::problem(BELL, format!("{text}: no command of this adapter")),
        }
    }

    fn send(&self, text: &str) -> Outcome {
        if !self.open || self.listens_alone {
            let state = if self.open { "open to listen alone" } else { "closed" };
            return Outcome::problem(BELL, format!("{text}: not sent, the channel is {state}"));
        }
        match parse(text) {
            Ok(frame) => {
                let answer = if frame.extended { "Z\r" } else { "z\r" };
                Outcome { frame: Some(frame), ..Outcome::answer(answer) }
            }
            Err(problem) => Outcome::problem(BELL, format!("{text}: {problem}")),
        }
    }
}

/// A frame from its command.
fn parse(text: &str) -> Result<CanFrame, String> {
    if !text.is_ascii() {
        return Err("no frame".into());
    }
    let (kind, rest) = text.split_at(1);
    let extended = kind.chars().all(|letter| letter.is_ascii_uppercase());
    let (id, rest) = rest.split_at_checked(if extended { 8 } else { 3 }).ok_or("too short")?;
    let (code, payload) = rest.split_at_checked(1).ok_or("too short")?;
    let id = number(id).ok_or("the identifier is no hexadecimal number")?;
    let code = number(code).ok_or("the length code is no hexadecimal digit")?;
    let len = CAN_LENGTHS.get(code as usize).copied().unwrap_or(u8::MAX);
    let kind = kind.to_ascii_lowercase();
    let (fd, brs, remote) = (kind == "d" || kind == "b", kind == "b", kind == "r");
    let mut frame = CanFrame { id, extended, fd, brs, remote, len, data: [0; CAN_DATA_MAX] };
    frame.check().map_err(|error| error.to_string())?;
    let expected = frame.data().len();
    let bytes = bytes(payload).filter(|bytes| bytes.len() == expected);
    let bytes = bytes.ok_or_else(|| format!("not {expected} bytes in hexadecimal digits"))?;
    frame.data[..expected].copy_from_slice(&bytes);
    Ok(frame)
}

/// A frame as clients get it.
pub(crate) fn show(frame: &CanFrame) -> String {
    let kind = match (frame.fd, frame.brs, frame.remote) {
        (true, true, _) => 'b',
        (true, false, _) => 'd',
        (false, _, true) => 'r',
        (false, _, false) => 't',
    };
    let kind = if frame.extended { kind.to_ascii_uppercase() } else { kind };
    format!("{kind}{}{:X}{}\r", id(frame), frame.code(), hexadecimal(frame.data()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> Session {
        let mut session = Session::default();
        assert_eq!(session.command("O", false).listens, Some(true));
        session
    }

    #[test]
    fn commands_are_answered_as_adapters_do() {
        let mut session = Session::default();
        let cases = [
            ("S8", "\r"),
            ("Y5", "\r"),
            ("", "\r"),
            ("O", "\r"),
            ("V", "V1013\r"),
            ("N", "NL001\r"),
            ("F", "F00\r"),
            ("t1230", "z\r"),
            ("T000001230", "Z\r"),
            ("C", "\r"),
            ("t1230", "\x07"),
            ("S6", "\x07"),
            ("s031C", "\x07"),
            ("Y2", "\x07"),
            ("Q", "\x07"),
        ];
        for (text, answer) in cases {
            let outcome = session.command(text, false);
            assert_eq!(outcome.answer, answer, "{text}");
            assert_eq!(outcome.problem.is_some(), answer == BELL, "{text}");
        }
        assert_eq!(session.command("F", true).answer, "F08\r");
        session.command("L", false);
        assert_eq!(session.command("t1230", false).answer, BELL);
    }

    #[test]
    fn frames_come_back_from_their_text() {
        let classic = CanFrame::classic(0x7ff, &[0, 1, 0xfe]).unwrap();
        let fd = CanFrame::fd(0x010, &[0xa5; 32]).unwrap();
        let frames = [
            (classic, "t7FF30001FE\r"),
            (CanFrame { id: 0x1fff_ffff, extended: true, ..classic }, "T1FFFFFFF30001FE\r"),
            (CanFrame { remote: true, data: [0; 64], ..classic }, "r7FF3\r"),
            (CanFrame { brs: false, ..fd }, "d010DA5A5"),
            (fd, "b010DA5A5"),
            (CanFrame { extended: true, ..fd }, "B00000010DA5A5"),
        ];
        let mut session = open();
        for (frame, text) in frames {
            let shown = show(&frame);
            assert!(shown.starts_with(text), "{shown}");
            assert_eq!(session.command(shown.trim(), false).frame, Some(frame), "{shown}");
        }
    }

    #[test]
    fn malformed_frames_are_refused_with_what_is_wrong() {
        let cases = [
            ("t12", "t12: too short"),
            ("t123", "t123: too short"),
            ("txyz0", "txyz0: the identifier is no hexadecimal number"),
            ("t123x", "t123x: the length code is no hexadecimal digit"),
            ("t8000", "t8000: id 0x800: allowed is 0 to 0x7ff, 11 bits"),
            ("t1239", "t1239: 12 bytes: allowed is 0 to 8, more in FD frames"),
            ("t123100F", "t123100F: not 1 bytes in hexadecimal digits"),
            ("t12310", "t12310: not 1 bytes in hexadecimal digits"),
            ("r123100", "r123100: not 0 bytes in hexadecimal digits"),
            ("b1239+1", "b1239+1: not 12 bytes in hexadecimal digits"),
            ("tä230", "tä230: no frame"),
            ("TFFFFFFFF0", "TFFFFFFFF0: id 0xffffffff: allowed is 0 to 0x1fffffff, 29 bits"),
        ];
        let mut session = open();
        for (text, problem) in cases {
            let outcome = session.command(text, false);
            assert_eq!((outcome.answer.as_str(), outcome.problem.as_deref()), (BELL, Some(problem)));
        }
    }
}
