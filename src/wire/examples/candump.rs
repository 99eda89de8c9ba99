// SPDX-License-Identifier: Apache-2.0
//! Frames as candump -L writes them, for judges from outside: `write COUNT` writes random ones, `read` judges lines.
//!
//! After each line written stand, behind `#`, the values that went in; `read` answers each line with what it says or
//! the reason why it is refused. The key is that of RFC 4493.

use std::io::{self, BufRead};

use levitas_core::circulation::therapy::{Mode, TherapySettings};
use levitas_core::link::{CommandFrame, FastStatus, PeerReport, PeerTherapy, SlowStatus, UnitCode};
use levitas_core::power::told::{PowerSource, PowerTold};
use levitas_wire::{
    CommandKey, Frame, Id, Service, StandardId, Unit, decode, encode_command, encode_fast, encode_service,
    encode_slow,
};
use rand_core::Rng;
use rand_pcg::Pcg32;

const KEY: [u8; 16] =
    [0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c];

fn main() {
    let key = CommandKey::new(&KEY).expect("a key");
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["write", count] => write(count.parse().expect("a count"), &key),
        ["read"] => io::stdin().lock().lines().for_each(|line| read(&line.expect("text"), &key)),
        _ => panic!("candump: write COUNT, or read"),
    }
}

fn write(count: u32, key: &CommandKey) {
    let mut random = Pcg32::new(1, 1);
    for at in 0..count {
        let unit = if at % 2 == 0 { Unit::Host } else { Unit::Drive };
        let (fast, slow) = (fast(&mut random), slow(&mut random));
        let command = CommandFrame {
            session: random.next_u32(),
            sequence: random.next_u32(),
            expires_ms: random.next_u32(),
            kind: 4 + (random.next_u32() % 9) as u8,
            value: between(&mut random, -10_000.0, 10_000.0),
        };
        line(&encode_fast(&fast, unit), &format!("{fast:?}"));
        line(&encode_slow(&slow, unit, at as u8), &format!("{slow:?}"));
        line(&encode_command(&command, unit, key).expect("in range"), &format!("{command:?}"));
        for content in Service::of_fast(&fast).into_iter().chain(Service::of_slow(&slow)) {
            line(&encode_service(&content, unit, (at % 15) as u8), &format!("{content:?}"));
        }
    }
}

fn line(frame: &Frame, said: &str) {
    let Id::Standard(id) = frame.id() else { panic!("11 bits") };
    let data: String = frame.data().iter().map(|byte| format!("{byte:02X}")).collect();
    let sign = if frame.is_fd() { "##1" } else { "#" };
    println!("(0.000000) can0 {:03X}{sign}{data}", id.as_raw());
    println!("# {}", plain(said));
}

/// A struct as Rust shows it, with numbers bare that are there or not.
fn plain(said: &str) -> String {
    let mut parts = said.split("Some(");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + &part.replacen(')', "", 1))
}

fn read(line: &str, key: &CommandKey) {
    let frame = line.split_whitespace().nth(2).expect("a frame");
    let (id, rest) = frame.split_once('#').expect("an id");
    let (fd, data) = rest.strip_prefix("#1").map_or((false, rest), |data| (true, data));
    let id = StandardId::new(u16::from_str_radix(id, 16).expect("hexadecimal")).expect("11 bits");
    let byte = |at: usize| u8::from_str_radix(&data[at..at + 2], 16).expect("hexadecimal");
    let bytes: Vec<u8> = (0..data.len()).step_by(2).map(byte).collect();
    println!("{}", plain(&format!("{:?}", decode(Id::Standard(id), fd, &bytes, Some(key)))));
}

fn between(random: &mut Pcg32, min: f32, max: f32) -> f32 {
    min + (max - min) * (random.next_u32() as f32 / u32::MAX as f32)
}

fn pair(random: &mut Pcg32, max: f32) -> [f32; 2] {
    [between(random, -max, max), between(random, -max, max)]
}

fn fast(random: &mut Pcg32) -> FastStatus {
    let flags = random.next_u32();
    let flag = |bit: u32| flags & (1 << bit) != 0;
    FastStatus {
        number: random.next_u32() as u16,
        echo: random.next_u32() as u16,
        report: PeerReport {
            state: UnitCode::from_code((random.next_u32() % 6) as u8).expect("a state"),
            drives: flag(0),
            current_flows: flag(1),
            therapy: flag(2),
            challenge: flag(3),
            innovation_ok: flag(4),
            hand_back: flag(5),
        },
        rotor_angle_rad: Some(between(random, 0.0, 6.25)),
        rotor_speed_rad_per_s: Some(between(random, -1600.0, 1600.0)),
        coil_current_a: pair(random, 20.0).map(Some),
        phase_current_a: pair(random, 60.0).map(Some),
        displacement_m: pair(random, 3e-3).map(Some),
        power: PowerTold {
            power_source: if flag(6) { PowerSource::Mains } else { PowerSource::Battery },
            battery_alarm: flag(7),
            battery_charge_pct: Some(between(random, 0.0, 100.0)),
            battery_remaining_min: Some(between(random, 0.0, 6000.0)),
        },
    }
}

fn therapy(random: &mut Pcg32) -> PeerTherapy {
    let mode = |random: &mut Pcg32| Mode::ALL[random.next_u32() as usize % Mode::ALL.len()];
    let mut settings = TherapySettings::ADULT;
    for field in TherapySettings::FIELDS {
        if let Some(value) = settings.field_mut(field.name) {
            *value = between(random, field.min, field.max);
        }
    }
    PeerTherapy {
        mode: mode(random),
        asked_mode: mode(random),
        settings,
        conditions: random.next_u32(),
        alarms: random.next_u32(),
        suction_lid_rpm: between(random, 0.0, 9999.0),
        suction_lid_age_ms: random.next_u32() as u16,
    }
}

fn slow(random: &mut Pcg32) -> SlowStatus {
    SlowStatus {
        session: random.next_u32(),
        time_ms: random.next_u32(),
        therapy: therapy(random),
        synchronous_current_a: between(random, 0.0, 65.0),
        audio_paused_s: random.next_u32() as u8,
        command_sequence: random.next_u32() as u16,
        command_result: random.next_u32() as u8,
    }
}
