// SPDX-License-Identifier: Apache-2.0
//! Reader of a record of the MIT-BIH Arrhythmia Database: header, signal of format 212, reference annotations.
//!
//! # Source
//! PhysioNet, WFDB Applications Guide: header(5), signal(5) "Format 212", annot(5) "MIT format"; ecgcodes.h.
//! The signal is brought to 1 kHz by a Hann-windowed sinc of 16 samples.

use std::f64::consts::PI;
use std::fs;
use std::path::Path;

use crate::input::{BadInput, Checked};

/// A recorded ECG with the beats that people have marked in it.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// First signal at 1 kHz [mV].
    pub samples_mv: Vec<f32>,
    /// R waves of the reference [ms].
    pub beats_ms: Vec<f64>,
}

/// Half the length of the interpolation [samples].
const HALF: i64 = 8;
/// Codes of annotations that are beats: N L R a V F J A S E j / Q, B, learning, e, n, f, r.
const BEAT_CODES: [u16; 19] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 25, 30, 34, 35, 38, 41];
/// Codes that are no annotations: skip, number, sub-type, channel, text.
const SKIP: u16 = 59;
const NOTES: std::ops::RangeInclusive<u16> = 60..=62;
const TEXT: u16 = 63;

/// Signal and annotations of `NAME.hea`, `.dat` and `.atr` in a folder.
///
/// # Errors
/// A file that cannot be read, or is not of these formats.
pub fn read(folder: &Path, name: &str) -> Checked<Recorded> {
    let file = |extension: &str| folder.join(format!("{name}.{extension}"));
    let bytes = |extension: &str| {
        fs::read(file(extension))
            .map_err(|error| BadInput::of(file(extension).display(), error, "a record of the database"))
    };
    let text = String::from_utf8_lossy(&bytes("hea")?).into_owned();
    let header = Header::of(&text)
        .ok_or_else(|| BadInput::of(file("hea").display(), "not a header", "two signals of format 212"))?;
    let signal_mv: Vec<f64> =
        first_of_212(&bytes("dat")?).map(|raw| (f64::from(raw) - header.zero) / header.per_mv).collect();
    let count = (signal_mv.len() as f64 * 1e3 / header.rate_hz) as usize;
    let samples_mv =
        (0..count).map(|index| interpolated(&signal_mv, index as f64 * header.rate_hz * 1e-3) as f32);
    let annotations = bytes("atr")?;
    let beats_ms = annotated(&annotations).map(|sample| sample as f64 * 1e3 / header.rate_hz);
    Ok(Recorded { samples_mv: samples_mv.collect(), beats_ms: beats_ms.collect() })
}

/// What is needed of a header.
#[derive(Debug, PartialEq)]
struct Header {
    rate_hz: f64,
    per_mv: f64,
    zero: f64,
}

impl Header {
    /// `NAME SIGNALS RATE ...`, then `FILE FORMAT GAIN BITS ZERO ...` of each signal.
    fn of(text: &str) -> Option<Self> {
        let mut lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
        let record: Vec<&str> = lines.next()?.split_whitespace().collect();
        let signal: Vec<&str> = lines.next()?.split_whitespace().collect();
        if *record.get(1)? != "2" || *signal.get(1)? != "212" {
            return None;
        }
        let number = |text: &str| text.parse::<f64>().ok();
        let header = Self {
            rate_hz: number(record.get(2)?)?,
            per_mv: number(signal.get(2)?)?,
            zero: number(signal.get(4)?)?,
        };
        (header.rate_hz > 0.0 && header.per_mv > 0.0).then_some(header)
    }
}

/// First of two signals of 12 bits each that share three bytes.
fn first_of_212(bytes: &[u8]) -> impl Iterator<Item = i16> + '_ {
    bytes.chunks_exact(3).map(|three| (i16::from_le_bytes([three[0], three[1] & 0x0f]) << 4) >> 4)
}

/// Samples of the beats: words of 6 bits code and 10 bits of time since the annotation before.
fn annotated(bytes: &[u8]) -> impl Iterator<Item = u64> + '_ {
    let mut words = bytes.chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]]));
    let mut sample = 0_u64;
    std::iter::from_fn(move || {
        loop {
            let word = words.next()?;
            let (code, value) = (word >> 10, word & 0x3ff);
            match code {
                0 if value == 0 => return None,
                SKIP => {
                    let [high, low] = [words.next()?, words.next()?];
                    sample += u64::from(high) << 16 | u64::from(low);
                }
                TEXT => {
                    let count = usize::from(value).div_ceil(2);
                    words.by_ref().take(count).for_each(drop);
                }
                _ if NOTES.contains(&code) => {}
                _ => {
                    sample += u64::from(value);
                    if BEAT_CODES.contains(&code) {
                        return Some(sample);
                    }
                }
            }
        }
    })
}

/// Value between samples; the ends go on as they are.
fn interpolated(signal: &[f64], place: f64) -> f64 {
    let before = place.floor();
    let (mut sum, mut weights) = (0.0, 0.0);
    for index in 1 - HALF..=HALF {
        let at = before as i64 + index;
        let distance = place - at as f64;
        let x = PI * distance;
        let sinc = if distance.abs() < 1e-9 { 1.0 } else { x.sin() / x };
        let weight = sinc * 0.5 * (1.0 + (x / HALF as f64).cos());
        let last = signal.len() as i64 - 1;
        sum += weight * signal.get(at.clamp(0, last.max(0)) as usize).copied().unwrap_or(0.0);
        weights += weight;
    }
    sum / weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_says_rate_gain_and_zero() {
        let text = "# note\nx 2 360 650000\nx.dat 212 200 11 1024 995 -22131 0 MLII\nx.dat 212 200 11 1024\n";
        assert_eq!(Header::of(text), Some(Header { rate_hz: 360.0, per_mv: 200.0, zero: 1024.0 }));
        for wrong in ["", "x 2 360\n", "x 2 360\nx.dat 16 200 11 1024\n", "x 2 0\nx.dat 212 200 11 1024\n"] {
            assert_eq!(Header::of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn twelve_bits_have_their_sign() {
        let values: Vec<i16> =
            first_of_212(&[0xe3, 0x33, 0xf3, 0xff, 0x0f, 0x00, 0x00, 0x08, 0x00]).collect();
        assert_eq!(values, [0x3e3, -1, -2048]);
    }

    #[test]
    fn annotations_are_told_apart() {
        let word = |code: u16, value: u16| (code << 10 | value).to_le_bytes();
        let bytes = [
            word(28, 18),
            word(TEXT, 3),
            *b"(N",
            *b"x\0",
            word(1, 59),
            word(SKIP, 0),
            1_u16.to_le_bytes(),
            2_u16.to_le_bytes(),
            word(5, 3),
            word(60, 1),
            word(14, 100),
            word(8, 10),
            word(0, 0),
            word(1, 1),
        ];
        let beats: Vec<u64> = annotated(bytes.as_flattened()).collect();
        assert_eq!(beats, [77, 77 + 65_538 + 3, 77 + 65_538 + 3 + 110]);
    }

    #[test]
    fn between_samples_a_sine_stays_a_sine() {
        let sine = |t: f64| (2.0 * PI * 20.0 * t / 360.0).sin();
        let signal: Vec<f64> = (0..200).map(|index| sine(f64::from(index))).collect();
        for place in [20.0, 50.3, 77.7, 120.5] {
            assert!((interpolated(&signal, place) - sine(place)).abs() < 2e-3, "{place}");
        }
        assert_eq!(interpolated(&[1.0; 20], 0.4), 1.0);
    }
}
