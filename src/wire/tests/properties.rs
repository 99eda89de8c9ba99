// SPDX-License-Identifier: Apache-2.0
//! Any bytes, round trips, and every single flipped bit.

use levitas_core::circulation::therapy::{Mode, TherapySettings};
use levitas_core::link::{CommandFrame, FastStatus, PeerReport, PeerTherapy, SlowStatus, UnitCode};
use levitas_core::power::told::{PowerSource, PowerTold};
use levitas_wire::{
    CommandKey, Frame, Id, Received, Rejection, Service, StandardId, Unit, decode, encode_command,
    encode_fast, encode_service, encode_slow, seal,
};
use proptest::prelude::*;

fn key() -> CommandKey {
    CommandKey::new(&core::array::from_fn(|at| at as u8)).expect("a key")
}

fn received(frame: &Frame) -> Result<Received, Rejection> {
    decode(frame.id(), frame.is_fd(), frame.data(), Some(&key()))
}

fn units() -> impl Strategy<Value = Unit> {
    prop_oneof![Just(Unit::Host), Just(Unit::Drive)]
}

fn report() -> impl Strategy<Value = PeerReport> {
    (0_u8..6, any::<[bool; 6]>()).prop_map(|(state, flags)| {
        let [drives, current_flows, therapy, challenge, innovation_ok, hand_back] = flags;
        let state = UnitCode::from_code(state).expect("a state");
        PeerReport { state, drives, current_flows, therapy, challenge, innovation_ok, hand_back }
    })
}

prop_compose! {
    fn power()(
        source in 0_u8..3, battery_alarm: bool, battery_charge_pct in prop::option::of(0.0_f32..=100.0),
        battery_remaining_min in prop::option::of(0.0_f32..=6000.0),
    ) -> PowerTold {
        let power_source = PowerSource::from_code(source).expect("a source");
        PowerTold { power_source, battery_alarm, battery_charge_pct, battery_remaining_min }
    }
}

prop_compose! {
    fn fast()(
        number: u16, echo: u16, report in report(), angle in 0.0_f32..6.25, speed in -2000.0_f32..2000.0,
        coil in prop::array::uniform2(-32.7_f32..32.7), phase in prop::array::uniform2(-65.5_f32..65.5),
        displacement in prop::array::uniform2(-3.2e-3_f32..3.2e-3), power in power(),
    ) -> FastStatus {
        FastStatus {
            number, echo, report, rotor_angle_rad: Some(angle), rotor_speed_rad_per_s: Some(speed),
            coil_current_a: coil.map(Some), phase_current_a: phase.map(Some), displacement_m: displacement.map(Some),
            power,
        }
    }
}

prop_compose! {
    fn slow()(
        session: u32, time_ms: u32, modes in prop::array::uniform2(prop::sample::select(&Mode::ALL[..])), conditions: u32,
        parts in prop::array::uniform18(0.0_f32..=1.0),
        command_sequence: u16, command_result: u8, synchronous in 0.0_f32..65.0, alarms: u32, audio_paused_s: u8, lid_rpm in 0.0_f32..10_000.0, lid_age_ms: u16,
    ) -> SlowStatus {
        let mut settings = TherapySettings::ADULT;
        for (field, part) in TherapySettings::FIELDS.iter().zip(parts) {
            *settings.field_mut(field.name).expect("a field") = field.min + part * (field.max - field.min);
        }
        let [mode, asked_mode] = modes;
        let therapy = PeerTherapy {
            mode, asked_mode, settings, conditions, alarms, suction_lid_rpm: lid_rpm, suction_lid_age_ms: lid_age_ms,
        };
        SlowStatus {
            session, time_ms, therapy, synchronous_current_a: synchronous, audio_paused_s, command_sequence, command_result,
        }
    }
}

prop_compose! {
    fn command()(session: u32, sequence: u32, expires_ms: u32, kind in 4_u8..12, value in -10_000.0_f32..10_000.0)
        -> CommandFrame {
        CommandFrame { session, sequence, expires_ms, kind, value }
    }
}

/// Every frame that a unit can send.
fn frames(fast: &FastStatus, slow: &SlowStatus, command: &CommandFrame, unit: Unit) -> Vec<Frame> {
    let mut frames = vec![encode_fast(fast, unit), encode_slow(slow, unit, 200)];
    frames.push(encode_command(command, unit, &key()).expect("in range"));
    let service = Service::of_fast(fast).into_iter().chain(Service::of_slow(slow));
    // Currents of classic frames have a smaller range and saturate: no reason to be refused.
    frames.extend(service.map(|content| encode_service(&content, unit, 13)));
    frames
}

fn encoded(received: Received) -> Frame {
    match received {
        Received::Fast { from, status } => encode_fast(&status, from),
        Received::Slow { from, counter, status } => encode_slow(&status, from, counter),
        Received::Command { to, command } => encode_command(&command, to, &key()).expect("in range"),
        Received::Service { from, counter, content } => encode_service(&content, from, counter),
    }
}

fn near(one: impl Into<Option<f32>>, other: impl Into<Option<f32>>, step: f32) -> bool {
    let (Some(one), Some(other)) = (one.into(), other.into()) else { return false };
    (one - other).abs() <= 0.5 * step + 2e-7 * one.abs()
}

proptest! {
    #[test]
    fn any_bytes_under_any_id_are_decoded_or_refused(
        id in prop_oneof![0_u16..0x800, 0x10_u16..0x32, 0x100_u16..0x152], fd: bool,
        data in prop::collection::vec(any::<u8>(), 0..=64),
    ) {
        let id = Id::Standard(StandardId::new(id).expect("11 bits"));
        let _ = decode(id, fd, &data, Some(&key()));
        prop_assert!(!matches!(decode(id, fd, &data, None), Ok(Received::Command { .. })), "without a key");
    }

    #[test]
    fn a_frame_comes_back_bit_for_bit(fast in fast(), slow in slow(), command in command(), unit in units()) {
        for frame in frames(&fast, &slow, &command, unit) {
            let received = received(&frame);
            prop_assert!(received.is_ok(), "{received:?}");
            prop_assert_eq!(encoded(received.expect("sound")), frame);
        }
    }

    #[test]
    fn values_come_back_to_half_a_step(fast in fast(), slow in slow(), command in command(), unit in units()) {
        let Ok(Received::Fast { from, status }) = received(&encode_fast(&fast, unit)) else { panic!("fast") };
        prop_assert_eq!((from, status.number, status.echo, status.report), (unit, fast.number, fast.echo, fast.report));
        prop_assert!(near(fast.rotor_angle_rad, status.rotor_angle_rad, 1e-4));
        prop_assert!(near(fast.rotor_speed_rad_per_s, status.rotor_speed_rad_per_s, 1e-3));
        for at in 0..2 {
            prop_assert!(near(fast.coil_current_a[at], status.coil_current_a[at], 1e-3));
            prop_assert!(near(fast.phase_current_a[at], status.phase_current_a[at], 2e-3));
            prop_assert!(near(fast.displacement_m[at], status.displacement_m[at], 1e-7));
        }
        let Ok(Received::Slow { status, counter: 9, .. }) = received(&encode_slow(&slow, unit, 9)) else { panic!("slow") };
        prop_assert_eq!((status.session, status.time_ms), (slow.session, slow.time_ms));
        prop_assert_eq!(status.audio_paused_s, slow.audio_paused_s);
        let (there, mut sent) = (status.therapy, slow.therapy);
        prop_assert_eq!((there.mode, there.asked_mode, there.conditions), (sent.mode, sent.asked_mode, sent.conditions));
        prop_assert_eq!((there.alarms, there.suction_lid_age_ms), (sent.alarms, sent.suction_lid_age_ms));
        prop_assert!(near(there.suction_lid_rpm, sent.suction_lid_rpm, 0.5));
        let mut settings = there.settings;
        for field in TherapySettings::FIELDS {
            let (sent, got) = (sent.settings.field_mut(field.name), settings.field_mut(field.name));
            let is_wide = field.max - field.min > 10.0;
            let step = if field.name.contains("_rpm") { 0.5 } else if is_wide { 0.1 } else { 0.01 };
            prop_assert!(near(*sent.expect("a field"), *got.expect("a field"), step), "{}", field.name);
        }
        prop_assert!(settings.check().is_ok(), "what lies in its range still does: {settings:?}");
        prop_assert!(near(slow.synchronous_current_a, status.synchronous_current_a, 1e-3));
        let frame = encode_command(&command, unit, &key()).expect("in range");
        let Ok(Received::Command { to, command: back }) = received(&frame) else { panic!("command") };
        prop_assert!(near(command.value, back.value, 1e-2));
        prop_assert_eq!((to, CommandFrame { value: command.value, ..back }), (unit, command));
    }

    #[test]
    fn every_flipped_bit_and_every_other_length_format_and_id_is_refused(
        fast in fast(), slow in slow(), command in command(), unit in units(),
    ) {
        for frame in frames(&fast, &slow, &command, unit) {
            for bit in 0..frame.data().len() * 8 {
                let mut data = frame.data().to_vec();
                data[bit / 8] ^= 1 << (bit % 8);
                let answer = decode(frame.id(), frame.is_fd(), &data, Some(&key()));
                prop_assert!(matches!(answer, Err(Rejection::Checksum | Rejection::Authentication)), "bit {bit}");
            }
            for length in (0..=64).filter(|length| *length != frame.data().len()) {
                let mut data = frame.data().to_vec();
                data.resize(length, 0);
                let answer = decode(frame.id(), frame.is_fd(), &data, Some(&key()));
                prop_assert_eq!(answer, Err(Rejection::Length));
            }
            let answer = decode(frame.id(), !frame.is_fd(), frame.data(), Some(&key()));
            prop_assert_eq!(answer, Err(Rejection::Format));
            for number in 0..0x800 {
                let id = Id::Standard(StandardId::new(number).expect("11 bits"));
                let other = id != frame.id();
                prop_assert!(!other || decode(id, frame.is_fd(), frame.data(), Some(&key())).is_err(), "id {number}");
            }
        }
    }

    #[test]
    fn any_float_can_be_encoded(values: [f32; 4], unit in units()) {
        let [a, b, c, d] = values;
        let status = FastStatus {
            rotor_angle_rad: Some(a), coil_current_a: [Some(b), Some(c)], rotor_speed_rad_per_s: Some(d),
            ..FastStatus::default()
        };
        let Ok(Received::Fast { status, .. }) = received(&encode_fast(&status, unit)) else { panic!("refused") };
        let [x, y] = status.coil_current_a;
        for (sent, came) in values.into_iter().zip([status.rotor_angle_rad, x, y, status.rotor_speed_rad_per_s]) {
            prop_assert_eq!(came.is_none(), sent.is_nan());
        }
    }
}

#[test]
fn a_measurement_that_is_no_number_or_out_of_range_leaves_the_report_alone() {
    let report = PeerReport { state: UnitCode::Active, drives: true, ..PeerReport::default() };
    let nan = Some(f32::NAN);
    let status = FastStatus { number: 5, report, displacement_m: [Some(1e-3), nan], ..FastStatus::default() };
    let frame = encode_fast(&status, Unit::Host);
    let Ok(Received::Fast { status, .. }) = received(&frame) else { panic!("refused") };
    assert_eq!((status.number, status.report), (5, report));
    assert!(status.displacement_m[0].is_some() && status.displacement_m[1].is_none());
    assert_eq!(status.rotor_angle_rad, None);
}

#[test]
fn what_is_no_code_or_no_number_of_a_service_frame_is_refused_by_name() {
    let refused = |name| Err(Rejection::OutOfRange(name));
    let content = Service::Motion { rotor_speed_rad_per_s: f32::NAN, displacement_m: [0.0; 2] };
    assert_eq!(received(&encode_service(&content, Unit::Host, 0)), refused("rotor_speed_rad_per_s"));
    let slow = encode_slow(&SlowStatus::default(), Unit::Host, 0);
    for (byte, name) in [(3, "mode"), (59, "asked_mode")] {
        let mut data = slow.data().to_vec();
        data[byte] |= 7;
        seal(slow.id(), &mut data, &key());
        assert_eq!(decode(slow.id(), true, &data, None), refused(name));
    }
}

#[test]
fn a_command_that_cannot_be_sent_as_asked_is_not_sent() {
    let command = CommandFrame { kind: 4, ..CommandFrame::default() };
    let refused = |name| Err(Rejection::OutOfRange(name));
    for value in [f32::NAN, f32::INFINITY, 10_001.0, -10_001.0] {
        let asked = CommandFrame { value, ..command };
        assert_eq!(encode_command(&asked, Unit::Host, &key()), refused("value"));
    }
    for kind in [0, 3, 13, 34, 82, 255] {
        let asked = CommandFrame { kind, ..command };
        assert_eq!(encode_command(&asked, Unit::Host, &key()), refused("kind"));
    }
}

#[test]
fn a_command_under_another_key_or_without_one_is_refused() {
    let command = CommandFrame { kind: 1, ..CommandFrame::default() };
    let frame = encode_command(&command, Unit::Drive, &key()).expect("in range");
    let other = CommandKey::new(&core::array::from_fn(|at| 100 + at as u8)).expect("a key");
    for key in [None, Some(&other)] {
        assert_eq!(decode(frame.id(), true, frame.data(), key), Err(Rejection::Authentication));
    }
}
