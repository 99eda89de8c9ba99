// SPDX-License-Identifier: Apache-2.0
//! How long a frame is on the wire, bit by bit.

use levitas_world::{CAN_INTERMISSION_S, CanFrame};

fn fd(id: u32, size: usize) -> CanFrame {
    CanFrame::fd(id, &[0xa5; 64][..size]).unwrap()
}

fn classic(id: u32, data: &[u8]) -> CanFrame {
    CanFrame::classic(id, data).unwrap()
}

/// A second writing of the frame formats of ISO 11898-1, as text: bits at the nominal rate, the data rate, the nominal rate.
fn serialised(frame: &CanFrame) -> [String; 3] {
    let binary = |value: u32, count: usize| format!("{value:0count$b}");
    let remote = if frame.remote { "1" } else { "0" };
    let mut text = String::from("0");
    if frame.extended {
        let id = binary(frame.id, 29);
        text += &[&id[..11], "11", &id[11..], remote].concat();
    } else {
        text += &[binary(frame.id, 11).as_str(), remote, "0"].concat();
    }
    text += match (frame.fd, frame.extended) {
        (true, _) => "10",
        (false, true) => "00",
        (false, false) => "0",
    };
    let brs = if frame.brs { "1" } else { "0" };
    let switch = if frame.fd { text.len() + 1 } else { usize::MAX };
    if frame.fd {
        text += &[brs, "0"].concat();
    }
    let code =
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64].iter().position(|len| *len == frame.len);
    text += &binary(code.unwrap() as u32, 4);
    frame.data().iter().for_each(|byte| text += &binary(u32::from(*byte), 8));
    if !frame.fd {
        text += &remainder(&text);
        return [stuffed(&text) + "1011111111", String::new(), String::new()];
    }
    let head = stuffed(&text[..switch]);
    let mut rest = stuffed(&text).split_off(head.len());
    if ends_stuffed(&text) {
        rest.pop();
    }
    // Stuff count and CRC, whose values move nothing.
    for at in 0..4 + if frame.len > 16 { 21 } else { 17 } {
        if at % 4 == 0 {
            rest.push('s');
        }
        rest.push('c');
    }
    rest.push('1');
    let tail = String::from("011111111");
    if frame.brs { [head, rest, tail] } else { [head + &rest + &tail, String::new(), String::new()] }
}

/// Remainder of the division by x^15 + x^14 + x^10 + x^8 + x^7 + x^4 + x^3 + 1, on paper.
fn remainder(text: &str) -> String {
    let mut bits: Vec<u8> = (text.to_owned() + "000000000000000").bytes().map(|bit| bit - b'0').collect();
    for at in 0..text.len() {
        if bits[at] == 1 {
            b"1100010110011001".iter().enumerate().for_each(|(k, bit)| bits[at + k] ^= bit - b'0');
        }
    }
    bits[text.len()..].iter().map(|bit| char::from(b'0' + bit)).collect()
}

fn stuffed(text: &str) -> String {
    let mut out = String::new();
    for bit in text.chars() {
        out.push(bit);
        match out.as_bytes() {
            [.., a, b, c, d, e] if [b, c, d, e].iter().all(|other| *other == a) => {
                out.push(if bit == '0' { '1' } else { '0' });
            }
            _ => {}
        }
    }
    out
}

/// Whether the last bit would be followed by a stuff bit.
fn ends_stuffed(text: &str) -> bool {
    stuffed(text).len() > stuffed(&text[..text.len() - 1]).len() + 1
}

/// Frames of every format and length with bytes that stuff often, rarely, never.
fn samples() -> impl Iterator<Item = CanFrame> {
    let lengths = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64_u8];
    let fills: [fn(usize) -> u8; 5] = [
        |_| 0,
        |_| 0xff,
        |_| 0x55,
        |at| (0x0f_u8).wrapping_mul(at as u8 + 1),
        |at| [0xf0, 0x83, 0xe0][at % 3],
    ];
    lengths.into_iter().flat_map(move |len| {
        fills.into_iter().flat_map(move |fill| {
            [0, 0x7ff, 0x10, 0x555].into_iter().flat_map(move |id| {
                (0..10_u32).filter_map(move |format| {
                    let (fd, brs) = (format & 2 != 0, format & 4 != 0);
                    let (extended, remote) = (format & 1 != 0, format & 8 != 0);
                    let id = if extended { id * 0x4_0001 } else { id };
                    let data = core::array::from_fn(fill);
                    let frame = CanFrame { id, extended, fd, brs, remote, len, data };
                    frame.check().is_ok().then_some(frame)
                })
            })
        })
    })
}

#[test]
fn frames_have_as_many_bits_as_a_second_writing_of_the_standard() {
    let mut with_stuffing = 0;
    for frame in samples() {
        let [head, data, tail] = serialised(&frame).map(|text| text.len() as u32);
        let bits = frame.bits();
        assert_eq!([bits.data, bits.total()], [data, head + data + tail], "{frame:?}");
        with_stuffing += u32::from(stuffed(&serialised(&frame)[0]).len() > 60);
    }
    assert!(with_stuffing > 100);
}

/// Field sizes without stuff bits as the Linux kernel has them in include/linux/can/length.h: header 19, 39, 22, 41; CRC field
/// 16, 28 to 16 bytes, 33 beyond; footer 9; intermission 3.
#[test]
fn frames_without_stuff_bits_have_the_published_lengths() {
    let unstuffed = |frame: CanFrame| {
        let (mut best, data) = (u32::MAX, frame.data);
        for byte in 0..=255_u8 {
            let mut data = data;
            data[usize::from(frame.len) - 1] = byte;
            best = best.min(CanFrame { data, ..frame }.bits().total());
        }
        best
    };
    assert_eq!(unstuffed(classic(0x555, &[0xa5; 8])) + 3, 111);
    assert_eq!(unstuffed(classic(0x555, &[0xa5; 8])), 19 + 64 + 16 + 9);
    let extended = CanFrame { id: 0x1555_5555, extended: true, ..classic(0x555, &[0xa5; 8]) };
    assert_eq!(unstuffed(extended), 39 + 64 + 16 + 9);
    assert_eq!(unstuffed(fd(0x555, 16)), 22 + 8 * 16 + 28 + 9);
    // Not 0xa5: behind the code 1111 a fifth 1 would be stuffed.
    assert_eq!(unstuffed(CanFrame::fd(0x555, &[0x5a; 64]).unwrap()), 22 + 8 * 64 + 33 + 9);
    let extended = CanFrame { id: 0x1555_5555, extended: true, ..fd(0x555, 32) };
    assert_eq!(unstuffed(extended), 41 + 8 * 32 + 33 + 9);
}

/// Bounds of docs/can.md, intermission included: 135 bits; 33 at the nominal rate and 359 at the data rate.
#[test]
fn no_frame_is_longer_than_the_link_s_page_says() {
    for frame in samples().filter(|frame| !frame.extended) {
        let bits = frame.bits();
        match (frame.fd && frame.brs, frame.len) {
            (true, 32) => {
                assert!(bits.head + bits.tail + 3 <= 33 && bits.data <= 359, "{frame:?}");
                assert!(bits.duration_s() + CAN_INTERMISSION_S <= 104.8e-6 + 1e-15);
            }
            (false, 8) if !frame.fd => assert!(bits.total() + 3 <= 135, "{frame:?}"),
            _ => {}
        }
    }
}

/// The figures of docs/world.md: 20,000 frames with bytes of Knuth's congruential generator (MMIX).
#[test]
fn frames_of_the_link_take_less_than_their_bound() {
    let mut state = 12_345_u64;
    let mut byte = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    let times_us: Vec<f64> = (0..20_000)
        .map(|_| CanFrame::fd(0x10, &core::array::from_fn::<u8, 32, _>(|_| byte())).unwrap())
        .map(|frame| 1e6 * (frame.bits().duration_s() + CAN_INTERMISSION_S))
        .collect();
    let shortest = times_us.iter().copied().fold(f64::MAX, f64::min);
    let longest = times_us.iter().copied().fold(0.0, f64::max);
    let mean = times_us.iter().sum::<f64>() / times_us.len() as f64;
    let found = format!("{shortest:.1} to {longest:.1} us, {mean:.1} us in the mean");
    println!("frames of 32 bytes: {found}");
    let page = include_str!("../../../docs/world.md");
    assert!(page.contains(&found), "docs/world.md does not say {found}");
}
