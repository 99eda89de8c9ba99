// SPDX-License-Identifier: Apache-2.0
//! Round trips, and what must be refused.

use std::string::ToString as _;
use std::vec::Vec as Bytes;

use levitas_core::mail::{CommandMail, LEVITATION_WORDS, LevitationMail};
use levitas_core::mailbox::Words as _;
use levitas_core::ports::{CirculationInputs, FlowShot, LevitationInputs, LevitationOutputs};
use levitas_world::CanFrame;
use proptest::prelude::{any, proptest};

use super::*;

fn frames(count: usize) -> Frames {
    let mut data = [0; 64];
    data.iter_mut().enumerate().for_each(|(index, byte)| *byte = index as u8);
    (0..count).map(|index| CanFrame::fd(0x7f0 + index as u32, &data).unwrap()).collect()
}

/// The longest step: every part is there.
fn step() -> Step {
    Step {
        tick: 1 << 40,
        trigger: true,
        samples: LevitationInputs {
            displacement_hall_v: [0.1, 0.2, 0.3, 0.4],
            angle_hall_v: [0.5, -0.5],
            coil_current_a: [1.0, -1.0],
            phase_current_a: [2.0, 3.0, -5.0],
            bus_voltage_v: 48.0,
            sample_count: 7,
            valid: 0x1f,
            pair: 9,
        },
        circulation: Some(CirculationInputs {
            shots: core::array::from_fn(|index| FlowShot {
                transit_up_s: 1e-6 * index as f32,
                transit_down_s: 2e-6 * index as f32,
                amplitude: 0.9,
            }),
            ecg_mv: core::array::from_fn(|index| 0.1 * index as f32),
            drainage_pressure_mmhg: -30.0,
            pre_membrane_pressure_mmhg: 150.0,
            return_pressure_mmhg: 120.0,
            shot_count: 10,
            valid: 0x1f00,
        }),
        command: Some(CommandMail { number: 3, kind: 3, value: 3000.0 }),
        bus: Bus {
            state: BusState::BusOff,
            tec: 256,
            rec: 3,
            sent: (0..FRAMES_MAX as u32).collect(),
            frames: frames(FRAMES_MAX),
        },
    }
}

/// The longest reply.
fn reply() -> Reply {
    Reply {
        outputs: LevitationOutputs {
            coil_duty: [0.1, -0.2],
            phase_duty: [0.3, 0.4, 0.5],
            coil_gate: 1,
            phase_gate: 1,
            drive_line: 1,
            latch_override: 1,
        },
        said: Some(LevitationMail::from_words(core::array::from_fn::<_, LEVITATION_WORDS, _>(|word| {
            word as u32 + 1
        }))),
        command_number: 3,
        command_result: 2,
        bus_on: true,
        bus_recover: true,
        frames: frames(FRAMES_MAX),
    }
}

#[test]
fn the_longest_messages_come_back_as_they_were() {
    let mut bytes = [0; SIZE_MAX];
    let length = ToUnit::Step(step()).encode(&mut bytes);
    assert_eq!(ToUnit::decode(&bytes[..length]), Ok(ToUnit::Step(step())));
    let length = reply().encode(&mut bytes);
    assert_eq!(Reply::decode(&bytes[..length]), Ok(reply()));
    for set in 0..2 {
        let length = Hello { set }.encode(&mut bytes);
        assert_eq!(Hello::decode(&bytes[..length]), Ok(Hello { set }));
    }
    let length = ToUnit::End.encode(&mut bytes);
    assert_eq!(ToUnit::decode(&bytes[..length]), Ok(ToUnit::End));
}

#[test]
fn parts_that_are_not_there_come_back_as_not_there() {
    let mut bytes = [0; SIZE_MAX];
    let length = ToUnit::Step(Step::default()).encode(&mut bytes);
    assert_eq!(ToUnit::decode(&bytes[..length]), Ok(ToUnit::Step(Step::default())));
    let remote = CanFrame { remote: true, len: 5, ..CanFrame::classic(1, &[]).unwrap() };
    let sent = Reply { frames: core::iter::once(remote).collect(), ..Reply::default() };
    let length = sent.encode(&mut bytes);
    assert_eq!(Reply::decode(&bytes[..length]), Ok(sent));
}

#[test]
fn a_message_that_is_cut_short_or_too_long_is_refused() {
    let mut bytes = [0; SIZE_MAX];
    let length = reply().encode(&mut bytes);
    for end in 0..length {
        assert!(Reply::decode(&bytes[..end]).is_err(), "{end} of {length} bytes");
    }
    assert_eq!(Reply::decode(&bytes[..=length]), Err(Malformed::Content));
    let length = ToUnit::Step(step()).encode(&mut bytes);
    for end in 0..length {
        assert!(ToUnit::decode(&bytes[..end]).is_err(), "{end} of {length} bytes");
    }
}

#[test]
fn another_version_is_named_and_its_refusal_is_read() {
    let mut bytes = [0; SIZE_MAX];
    let length = Hello { set: 0 }.encode(&mut bytes);
    bytes[4..6].copy_from_slice(&(VERSION + 1).to_le_bytes());
    let refused = Hello::decode(&bytes[..length]).unwrap_err();
    assert_eq!(refused, Malformed::Version(VERSION + 1));
    assert_eq!(refused.to_string(), "version 3 of the lockstep messages; allowed is 2");
    let length = ToUnit::Refused("no room").encode(&mut bytes);
    bytes[4..6].copy_from_slice(&(VERSION + 1).to_le_bytes());
    assert_eq!(ToUnit::decode(&bytes[..length]), Ok(ToUnit::Refused("no room")));
    let long = "ä".repeat(TEXT_MAX);
    let length = ToUnit::Refused(&long).encode(&mut bytes);
    assert_eq!(ToUnit::decode(&bytes[..length]), Ok(ToUnit::Refused(&long[..TEXT_MAX])));
}

proptest! {
    #[test]
    fn any_bytes_are_a_message_or_refused(mut bytes: Bytes<u8>, kind in 0_u16..7, is_ours: bool) {
        if is_ours && bytes.len() >= 8 {
            bytes[..4].copy_from_slice(&MAGIC);
            bytes[4..6].copy_from_slice(&VERSION.to_le_bytes());
            bytes[6..8].copy_from_slice(&kind.to_le_bytes());
        }
        let _ = (Hello::decode(&bytes), ToUnit::decode(&bytes), Reply::decode(&bytes));
    }

    #[test]
    fn a_flipped_byte_never_makes_a_frame_that_no_bus_has(at in 8..SIZE_MAX, value in any::<u8>()) {
        let mut bytes = [0; SIZE_MAX];
        let length = reply().encode(&mut bytes);
        bytes[at] = value;
        if let Ok(reply) = Reply::decode(&bytes[..length]) {
            assert!(reply.frames.iter().all(|frame| frame.check().is_ok()));
        }
    }
}
