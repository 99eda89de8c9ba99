// SPDX-License-Identifier: Apache-2.0
//! CAN logs as `candump -l` of can-utils writes them, which cantools, python-can and SavvyCAN read.
//!
//! One frame a line: time since the start [s] to the microsecond, interface, identifier (3 hexadecimal digits, 8 when it
//! has 29 bits), `#` and bytes; `##`, one digit of flags and bytes for FD frames (1: switched bit rate, 2: the sender is
//! error-passive); `#R` and the length for remote frames.
//! ```
//! use levitas::candump::{line, parse_line};
//! use levitas_world::CanFrame;
//!
//! let frame = CanFrame::fd(0x123, &[0xde, 0xad, 0xbe, 0xef]).unwrap();
//! assert_eq!(line(1.0, &frame), "(0000000001.000000) can0 123##1DEADBEEF");
//! assert_eq!(parse_line("(1.000000) can0 123##1DEADBEEF"), Ok(Some((1.0, frame))));
//! ```

use std::fmt::Write as _;
use std::path::Path;

use levitas_world::{CAN_DATA_MAX, CanFrame};

use crate::input::{BadInput, Checked};

/// Flag of the identifier in logs: an error frame, which is no frame to send.
const ERROR_FRAME: u32 = 0x2000_0000;
/// Flag of FD frames: switched bit rate.
const BRS: u32 = 1;
const FORM: &str = "lines such as (1.000000) can0 123##1DEADBEEF, as candump -l writes them";

/// One line of a log, without its end.
#[must_use]
pub fn line(time_s: f64, frame: &CanFrame) -> String {
    let microseconds = (time_s.max(0.0) * 1e6).round() as u64;
    let (seconds, fraction) = (microseconds / 1_000_000, microseconds % 1_000_000);
    let mut text = format!("({seconds:010}.{fraction:06}) can0 {}", id(frame));
    match (frame.fd, frame.remote) {
        (true, _) => _ = write!(text, "##{}", u32::from(frame.brs)),
        (false, true) if frame.len > 0 => _ = write!(text, "#R{}", frame.len),
        (false, true) => text.push_str("#R"),
        (false, false) => text.push('#'),
    }
    text + &hexadecimal(frame.data())
}

/// The identifier in 3 or 8 digits.
pub(crate) fn id(frame: &CanFrame) -> String {
    if frame.extended { format!("{:08X}", frame.id) } else { format!("{:03X}", frame.id) }
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02X}");
        text
    })
}

/// Bytes from pairs of hexadecimal digits, at most a frame's.
pub(crate) fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) || digits.len() > 2 * CAN_DATA_MAX {
        return None;
    }
    let byte = |pair: &[u8]| number(std::str::from_utf8(pair).ok()?).map(|value| value as u8);
    digits.chunks(2).map(byte).collect()
}

/// A hexadecimal number without sign.
pub(crate) fn number(digits: &str) -> Option<u32> {
    let is_plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if is_plain { u32::from_str_radix(digits, 16).ok() } else { None }
}

/// Time and frame of a line; nothing for empty lines and error frames.
///
/// # Errors
/// What is wrong with the line.
pub fn parse_line(text: &str) -> Result<Option<(f64, CanFrame)>, String> {
    let mut words = text.split_whitespace();
    let Some(time) = words.next() else { return Ok(None) };
    let time_s =
        time.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).and_then(|it| it.parse().ok());
    let time_s = time_s.filter(|time_s: &f64| time_s.is_finite() && *time_s >= 0.0);
    let time_s = time_s.ok_or_else(|| format!("no time in brackets: {time}"))?;
    let (_, frame) = words.next().zip(words.next()).ok_or("no interface and frame behind the time")?;
    // Some writers append the direction.
    if let Some(more) = words.find(|word| !matches!(*word, "R" | "T")) {
        return Err(format!("more than a frame: {more}"));
    }
    Ok(parse_frame(frame)?.map(|frame| (time_s, frame)))
}

fn parse_frame(text: &str) -> Result<Option<CanFrame>, String> {
    let bad = || format!("no frame: {text}");
    let (id_text, rest) = text.split_once('#').ok_or_else(bad)?;
    let id = number(id_text).ok_or_else(bad)?;
    let extended = match id_text.len() {
        3 => false,
        8 => true,
        digits => return Err(format!("an identifier of {digits} digits in {text}; 3 or 8")),
    };
    if extended && id & ERROR_FRAME != 0 {
        return Ok(None);
    }
    let mut frame =
        CanFrame { id, extended, fd: false, brs: false, remote: false, len: 0, data: [0; CAN_DATA_MAX] };
    let payload = match rest.strip_prefix('#') {
        Some(fd) => {
            let flags = fd.get(..1).and_then(number).ok_or_else(bad)?;
            (frame.fd, frame.brs) = (true, flags & BRS != 0);
            &fd[1..]
        }
        None => rest,
    };
    match payload.strip_prefix(['R', 'r']).filter(|_| !frame.fd) {
        Some(len) => {
            frame.remote = true;
            frame.len = if len.is_empty() { 0 } else { len.parse().map_err(|_| bad())? };
        }
        None => {
            let bytes = bytes(payload).ok_or_else(bad)?;
            frame.len = bytes.len() as u8;
            frame.data[..bytes.len()].copy_from_slice(&bytes);
        }
    }
    frame.check().map_err(|error| format!("{text}: {error}"))?;
    Ok(Some(frame))
}

/// All frames of a log.
///
/// # Errors
/// The first line that is none, by its number.
pub fn parse(file: &Path, text: &str) -> Checked<Vec<(f64, CanFrame)>> {
    let mut frames = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let place = || format!("{}:{}", file.display(), number + 1);
        frames.extend(parse_line(line).map_err(|problem| BadInput::of(place(), problem, FORM))?);
    }
    Ok(frames)
}

/// Reads a log.
///
/// # Errors
/// The file cannot be read, or a line is none.
pub fn read(file: &Path) -> Checked<Vec<(f64, CanFrame)>> {
    let text = std::fs::read(file)
        .map_err(|error| BadInput::of(file.display(), error, "a file that can be read"))?;
    parse(file, &String::from_utf8_lossy(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames() -> Vec<CanFrame> {
        let classic = CanFrame::classic(0x7ff, &[0, 1, 0xfe]).unwrap();
        let fd = CanFrame::fd(0x010, &[0xa5; 64]).unwrap();
        vec![
            classic,
            CanFrame::classic(0, &[]).unwrap(),
            CanFrame { id: 0x1fff_ffff, extended: true, ..classic },
            CanFrame { id: 0x7, extended: true, ..classic },
            CanFrame { remote: true, data: [0; 64], ..classic },
            CanFrame { remote: true, len: 0, data: [0; 64], ..classic },
            fd,
            CanFrame { brs: false, ..fd },
            CanFrame { id: 0x1234_5678 & 0x1fff_ffff, extended: true, ..fd },
            CanFrame::fd(0x20, &[]).unwrap(),
        ]
    }

    #[test]
    fn every_kind_of_frame_comes_back_from_its_line() {
        for (at, frame) in frames().into_iter().enumerate() {
            let time_s = at as f64 * 123.456_789;
            let (read_s, read) = parse_line(&line(time_s, &frame)).unwrap().unwrap();
            assert_eq!(read, frame, "{}", line(time_s, &frame));
            assert!((read_s - time_s).abs() < 0.501e-6);
        }
    }

    #[test]
    fn lines_are_those_of_can_utils() {
        let texts: Vec<String> = frames().iter().map(|frame| line(0.000_5, frame)).collect();
        assert_eq!(texts[0], "(0000000000.000500) can0 7FF#0001FE");
        assert_eq!(texts[1], "(0000000000.000500) can0 000#");
        assert_eq!(texts[3], "(0000000000.000500) can0 00000007#0001FE");
        assert_eq!(texts[4], "(0000000000.000500) can0 7FF#R3");
        assert_eq!(texts[5], "(0000000000.000500) can0 7FF#R");
        assert!(texts[6].starts_with("(0000000000.000500) can0 010##1A5A5") && texts[7].contains("##0A5"));
    }

    #[test]
    fn a_log_of_others_is_read() {
        let text = "(1436509052.249713) vcan0 044#2A366C2BBA\n\n(1436509053.850870) can1 2000008#0000 R\n";
        let error = parse(Path::new("a.log"), text).unwrap_err().to_string();
        assert!(error.starts_with("a.log:3: an identifier of 7 digits in 2000008#0000; 3 or 8"), "{error}");
        let text = "(1436509052.249713) vcan0 044#2A366C2BBA\r\n(2.5) can1 20000008#00000000 R\n(3) can0 123##3aa T\n";
        let frames = parse(Path::new("a.log"), text).unwrap();
        assert_eq!(frames.len(), 2);
        assert_eq!(frames[0].1, CanFrame::classic(0x44, &[0x2a, 0x36, 0x6c, 0x2b, 0xba]).unwrap());
        assert_eq!(frames[1], (3.0, CanFrame::fd(0x123, &[0xaa]).unwrap()));
    }

    #[test]
    fn bad_lines_are_refused_with_what_is_wrong() {
        let cases = [
            ("123#00", "no time in brackets: 123#00"),
            ("(x) can0 123#00", "no time in brackets: (x)"),
            ("(-1) can0 123#00", "no time in brackets: (-1)"),
            ("(1) can0", "no interface and frame behind the time"),
            ("(1) can0 123", "no frame: 123"),
            ("(1) can0 123#0", "no frame: 123#0"),
            ("(1) can0 123#0g", "no frame: 123#0g"),
            ("(1) can0 123#+1", "no frame: 123#+1"),
            ("(1) can0 123##", "no frame: 123##"),
            ("(1) can0 123##é0", "no frame: 123##é0"),
            ("(1) can0 123#Rx", "no frame: 123#Rx"),
            ("(1) can0 800#00", "800#00: id 0x800: allowed is 0 to 0x7ff, 11 bits"),
            ("(1) can0 123#R9", "123#R9: 9 bytes: allowed is 0 to 8, more in FD frames"),
            ("(1) can0 123#00 what", "more than a frame: what"),
        ];
        for (text, problem) in cases {
            assert_eq!(parse_line(text), Err(problem.to_owned()));
        }
    }
}
