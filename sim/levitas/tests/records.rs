// SPDX-License-Identifier: Apache-2.0
//! `levitas records`: what the firmware has written down, checked and exported.
//!
//! `tests/data/records.bin` has the sectors in use of the flash of a native_sim image of `tests/zephyr/firmware` after
//! `-test='records::test_a_what_happens_is_written_down,records::test_d_taking_the_head_makes_a_snapshot'`, with a kit entered before:
//! `levitas kit add puncture (01)09501101530003(17)261126(10)AB-124 2026-11-27 no_other`.

mod common;

use std::fs;

use common::{Run, Scratch, levitas};
use levitas_core::records::event::EVENT_RECORD_BYTES;
use levitas_core::records::{Head, link_of};

const IMAGE: &[u8] = include_bytes!("../../../tests/data/records.bin");
/// FCB's header of a sector, and an event with what FCB has around it.
const HEADER: usize = 8;
const STRIDE: usize = EVENT_RECORD_BYTES + 2;

/// Where the record of an event lies.
fn event_at(number: usize) -> std::ops::Range<usize> {
    let begin = HEADER + (number - 1) * STRIDE + 1;
    begin..begin + EVENT_RECORD_BYTES
}

fn records(image: &[u8], options: &[&str]) -> (Run, Scratch) {
    let thread = std::thread::current();
    let scratch = Scratch::new(thread.name().unwrap_or("records"));
    fs::write(scratch.path.join("flash.bin"), image).unwrap();
    (levitas(&scratch.path, &[&["records", "flash.bin"], options].concat()), scratch)
}

#[test]
fn a_whole_image_is_exported() {
    let options = ["--events", "events.jsonl", "--csv", "trends.csv", "--mdf", "snapshots.mf4"];
    let (run, scratch) = records(IMAGE, &options);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert!(
        run.stdout.starts_with("18 events, numbers 1 to 18\n6 trends, numbers 1 to 6\n1 snapshots\n"),
        "{}",
        run.stdout
    );
    let read = |name: &str| fs::read_to_string(scratch.path.join(name)).unwrap();
    let events: Vec<serde_json::Value> =
        read("events.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(events.iter().zip(1..).all(|(event, number)| event["number"] == number));
    assert_eq!((&events[0]["source"], &events[0]["code"]), (&"log".into(), &1.into()));
    let told = |text: &str| events.iter().any(|event| event["text"] == text);
    assert!(told("calibration: raised") && told("no_backup: over"));
    assert!(events.iter().any(|event| event["source"] == "kit" && event["cause"] == 513));
    let csv = read("trends.csv");
    assert!(csv.starts_with("number,start,time_s,flow_lpm,"));
    assert_eq!(csv.lines().count(), 7);
    assert_eq!(fs::read(scratch.path.join("snapshots.mf4")).unwrap()[..8], *b"MDF     ");
}

#[test]
fn the_order_of_sectors_and_their_headers_do_not_matter() {
    let mut image: Vec<u8> = IMAGE.chunks(4096).rev().flatten().copied().collect();
    let (whole, _) = records(IMAGE, &[]);
    image.chunks_mut(4096).for_each(|sector| sector[..HEADER].fill(0));
    let (run, _) = records(&image, &[]);
    assert_eq!((run.code, run.stdout), (0, whole.stdout));
}

#[test]
fn one_flipped_bit_costs_one_event_and_both_places_are_named() {
    for number in 2..18 {
        let mut image = IMAGE.to_vec();
        image[event_at(number).start + 17] ^= 4;
        let (run, _) = records(&image, &[]);
        let offset = event_at(number).start - 1;
        let expected = format!(
            "levitas: offset {offset:#x}: a damaged record behind event {}\nlevitas: events {number} to {number} are missing\n",
            number - 1
        );
        assert_eq!((run.code, run.stderr), (1, expected));
        assert!(run.stdout.starts_with("17 events, numbers 1 to 18\n"));
    }
}

#[test]
fn an_event_that_was_exchanged_is_named_by_the_one_behind_it() {
    let mut image = IMAGE.to_vec();
    let (head, says) = Head::decode(&IMAGE[event_at(4)]).unwrap();
    let mut says = says.to_vec();
    says[1] = 0;
    assert!(head.encode(&says, &mut image[event_at(4)]));
    let (run, _) = records(&image, &[]);
    let expected = "levitas: event 5: it was not written after event 4: one of them was changed\n";
    assert_eq!((run.code, run.stderr.as_str()), (1, expected));
}

/// Who makes all later events anew is found out by a link that was noted, and by nothing else.
#[test]
fn a_log_that_was_made_anew_to_its_end_shows_by_a_noted_link_alone() {
    let mut image = IMAGE.to_vec();
    for number in 4..=18 {
        let (head, says) = Head::decode(&IMAGE[event_at(number)]).unwrap();
        let mut says = says.to_vec();
        says[1] ^= u8::from(number == 4);
        let link = link_of(&image[event_at(number - 1)]);
        assert!(Head { link, ..head }.encode(&says, &mut image[event_at(number)]));
    }
    assert_eq!(records(&image, &[]).0.code, 0);
    let noted: String = link_of(&IMAGE[event_at(10)]).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(records(IMAGE, &["--link", &noted]).0.code, 0);
    let (run, _) = records(&image, &["--link", &noted]);
    assert_eq!((run.code, run.stderr.lines().count()), (1, 1), "{}", run.stderr);
}

#[test]
fn a_snapshot_with_a_hole_says_so() {
    let mut image = IMAGE.to_vec();
    let part =
        image.windows(4).rposition(|bytes| bytes[0] == 116 && bytes[1] == 0x2c && bytes[2] == 1).unwrap();
    image[part + 60] ^= 1;
    let (run, _) = records(&image, &["--mdf", "hole.mf4"]);
    assert!(run.stderr.contains(": 5 samples are missing\n"), "{}", run.stderr);
}

#[test]
fn bad_input_is_one_line() {
    let (run, scratch) = records(IMAGE, &["--link", "12"]);
    let expected = "levitas: --link: link = 12: no link; allowed is 32 hexadecimal digits\n";
    assert_eq!((run.code, run.stderr.as_str()), (2, expected));
    let run = levitas(&scratch.path, &["records", "no_such_file"]);
    assert_eq!((run.code, run.stderr.lines().count()), (2, 1));
    let (run, _) = records(&[0xff; 8192], &["--events", "events.jsonl"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, "0 events\n0 trends\n0 snapshots\n"));
}
