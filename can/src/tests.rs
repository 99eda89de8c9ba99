// SPDX-License-Identifier: Apache-2.0
//! The real file is sound; each contradiction that can be put into it is found and named.

use crate::{constants, load, page};

const REAL: &str = include_str!("../levitas.dbc");

/// What is said of the real file with one text for another, everywhere it stands.
fn findings(old: &str, new: &str) -> Vec<String> {
    assert!(REAL.contains(old), "the file has {old}");
    load(&REAL.replace(old, new)).expect_err("refused")
}

/// The change is answered by this line, and no finding has more than one line.
fn refused(old: &str, new: &str, line: &str) {
    let found = findings(old, new);
    assert!(found.iter().any(|found| without_place(found) == line), "{found:#?}");
    assert!(found.iter().all(|line| !line.contains('\n')), "{found:#?}");
}

/// A finding behind `can/levitas.dbc:123: `, or without a number where nothing is there to point at.
fn without_place(finding: &str) -> &str {
    let rest = finding.strip_prefix("can/levitas.dbc").unwrap_or("");
    rest.trim_start_matches(|sign: char| sign == ':' || sign.is_ascii_digit()).trim_start()
}

#[test]
fn a_finding_says_its_line() {
    let line_of =
        |text: &str, part: &str| 1 + text.lines().position(|line| line.contains(part)).expect("there");
    for (old, new, part) in [
        ("BO_ 17 DRIVE", "BO_ 16 DRIVE", "BO_ 16 DRIVE"),
        ("BO_ 17 DRIVE", "BO_ 65553 DRIVE", "BO_ 65553 DRIVE"),
        ("BO_ 48 HOST_SLOW_STATUS", "BO_ 48 HOST_FAST_STATUS", "BO_ 48 HOST_FAST_STATUS"),
        ("SG_ echo : 48|16@1+", "SG_ echo : 40|16@1+", "SG_ echo : 40|16@1+"),
        ("CM_ BO_ 48", "CM_ BO_ 99", "CM_ BO_ 99"),
        ("CM_ SG_ 48 alarms", "CM_ SG_ 48 alarm", "CM_ SG_ 48 alarm "),
        ("VAL_ 48 mode", "VAL_ 48 modes", "VAL_ 48 modes"),
        ("BO_TX_BU_ 33", "BO_TX_BU_ 35", "BO_TX_BU_ 35"),
        ("VERSION \"2\"", "VERSION \"16\"", "VERSION \"16\""),
    ] {
        let text = REAL.replace(old, new);
        let found = load(&text).expect_err("refused");
        let place = format!("can/levitas.dbc:{}: ", line_of(&text, part));
        assert!(found.iter().any(|finding| finding.starts_with(&place)), "{place} {found:#?}");
    }
    let found = findings("BA_ \"BaudrateCANFD\" 5000000;", "");
    assert!(found.iter().all(|finding| finding.starts_with("can/levitas.dbc: no ")), "{found:#?}");
}

#[test]
fn the_real_file_is_sound() {
    assert_eq!(load(REAL).err(), None);
}

#[test]
fn what_is_no_dbc_is_one_line_with_its_place() {
    let line = "line and column 15:1: expected ";
    let found = findings("BO_ 16 HOST_FAST_STATUS: 32 HOST", "BO_ 16 HOST_FAST_STATUS 32 HOST");
    assert!(found.len() == 1 && found[0].contains(line), "{found:#?}");
}

#[test]
fn ids_are_there_once_and_have_11_bits() {
    let line = "DRIVE_FAST_STATUS: id 16, which is HOST_FAST_STATUS's; each message has its own";
    refused("BO_ 17 DRIVE", "BO_ 16 DRIVE", line);
    refused("BO_ 17 DRIVE", "BO_ 65553 DRIVE", "DRIVE_FAST_STATUS id 65553; allowed are 0 to 2047, 11 bits");
}

#[test]
fn names_are_there_once() {
    let line = "HOST_FAST_STATUS: the name is there twice; each message has its own";
    refused("BO_ 48 HOST_SLOW_STATUS", "BO_ 48 HOST_FAST_STATUS", line);
    let line = "HOST_FAST_STATUS.number: the name is there twice; each signal of a message has its own";
    refused(" SG_ echo : 48", " SG_ number : 48", line);
}

#[test]
fn signals_lie_apart_and_within_their_message() {
    let line = "HOST_FAST_STATUS.echo: bits 40 to 55 overlap number, 32 to 47; signals lie apart";
    refused("SG_ echo : 48|16@1+", "SG_ echo : 40|16@1+", line);
    let line = "HOST_FAST_STATUS.displacement_y_m: bits 248 to 263, the message ends with bit 255";
    refused("displacement_y_m : 208|16", "displacement_y_m : 248|16", line);
    let line = "HOST_FAST_STATUS.displacement_y_m: 0 bits; allowed are 1 to 64";
    refused("displacement_y_m : 208|16", "displacement_y_m : 208|0", line);
    let line = "HOST_FAST_STATUS.echo: big endian; all signals are little endian (@1)";
    refused("SG_ echo : 48|16@1+", "SG_ echo : 55|16@0+", line);
    let line = "HOST_FAST_STATUS.echo: multiplexed; every frame of an id has the same signals";
    refused("SG_ echo : 48|16@1+", "SG_ echo m1 : 48|16@1+", line);
}

#[test]
fn ranges_can_be_represented() {
    let line = "HOST_FAST_STATUS.rotor_angle_rad: range 0 to 6.6; its 16 bits hold 0 to 6.5535000000000005";
    refused("[0|6.2831]", "[0|6.6]", line);
    let line = "HOST_FAST_STATUS.rotor_angle_rad: limit 6.28315 is no multiple of the factor 0.0001";
    refused("[0|6.2831]", "[0|6.28315]", line);
    let line = "HOST_FAST_STATUS.rotor_angle_rad: range 6.2831 to 0; the first is less than the second";
    refused("[0|6.2831]", "[6.2831|0]", line);
    let line = "HOST_FAST_STATUS.rotor_angle_rad: range 0 to 6.5535; it leaves out raw code 65535, \
                which says that there is no number";
    refused("[0|6.2831]", "[0|6.5535]", line);
    let line = "HOST_FAST_STATUS.rotor_angle_rad: factor 0, offset 0; the factor is positive, the offset 0";
    refused("(0.0001,0)", "(0,0)", line);
    let line =
        "HOST_FAST_STATUS.rotor_angle_rad: factor 0.0001, offset 1; the factor is positive, the offset 0";
    refused("(0.0001,0)", "(0.0001,1)", line);
    let line = "HOST_FAST_STATUS.rotor_angle_rad: factor 0.00015; it is one over a whole number";
    refused("(0.0001,0)", "(0.00015,0)", line);
}

#[test]
fn every_signal_has_unit_comment_and_receiver() {
    let line = "HOST_FAST_STATUS.rotor_angle_rad: no unit; a number without one has \"-\"";
    refused("\"rad\"", "\"\"", line);
    let line = "HOST_FAST_STATUS.echo: no comment; CM_ SG_ says what it means";
    refused("Number of the newest fast frame that the sender has received from the other unit.", "", line);
    let line = "HOST_FAST_STATUS.echo: receiver MONITOR; the nodes of BU_ are allowed";
    refused("[0|65535] \"-\" DRIVE,SERVICE", "[0|65535] \"-\" DRIVE,MONITOR", line);
    let line = "HOST_FAST_STATUS.echo: no receiver; name a node of BU_";
    refused("[0|65535] \"-\" DRIVE,SERVICE", "[0|65535] \"-\" Vector__XXX", line);
}

#[test]
fn every_message_has_comment_format_cycle_time_and_transmitter() {
    let line = "HOST_SLOW_STATUS: no comment; CM_ BO_ says what it is for";
    refused("CM_ BO_ 48 \"", "CM_ BU_ HOST \"", line);
    let line = "HOST_SLOW_STATUS: no VFrameFormat; allowed are 0 (StandardCAN) and 14 (StandardCAN_FD)";
    refused("BA_ \"VFrameFormat\" BO_ 48 14;", "", line);
    refused("BA_ \"VFrameFormat\" BO_ 48 14;", "BA_ \"VFrameFormat\" BO_ 48 15;", line);
    let line = "HOST_SLOW_STATUS: no GenMsgCycleTime; the time between two frames [ms], 0: when asked";
    refused("BA_ \"GenMsgCycleTime\" BO_ 48 10;", "", line);
    let line = "HOST_SLOW_STATUS: transmitter PUMP; the nodes of BU_ are allowed";
    refused("HOST_SLOW_STATUS: 64 HOST", "HOST_SLOW_STATUS: 64 PUMP", line);
    let line = "HOST_SLOW_STATUS: no transmitter; name a node of BU_";
    refused("HOST_SLOW_STATUS: 64 HOST", "HOST_SLOW_STATUS: 64 Vector__XXX", line);
    let line = "HOST_SLOW_STATUS: 33 bytes; classic frames have 1 to 8, FD frames 1 to 8 or [12, 16, 20, 24, 32, 48, 64]";
    refused("HOST_SLOW_STATUS: 64 HOST", "HOST_SLOW_STATUS: 33 HOST", line);
}

#[test]
fn cyclic_frames_are_protected_and_others_are_authenticated() {
    let line = "HOST_SLOW_STATUS: E2EProfile 11; cyclic FD frames have 5, cyclic classic frames 11, frames sent when asked 0";
    refused("BA_ \"E2EProfile\" BO_ 48 5;", "BA_ \"E2EProfile\" BO_ 48 11;", line);
    let line = "HOST_SLOW_STATUS: no E2EDataId; allowed are 1 to 65535";
    refused("BA_ \"E2EDataId\" BO_ 48 19504;", "", line);
    let line = "DRIVE_SLOW_STATUS: E2EDataId of HOST_SLOW_STATUS; each message has its own";
    refused("BO_ 49 19505;", "BO_ 49 19504;", line);
    let line = "HOST_SERVICE_STATE: no signal counter at bit 8 of 4 bits; E2E profile 11 has it there";
    refused("SG_ counter : 8|4@1+", "SG_ counter : 12|4@1+", line);
    let line = "COMMAND_TO_HOST: no signal tag of 64 bits at its end; frames without E2E have one";
    refused("SG_ tag : 192|64", "SG_ tag : 184|64", line);
}

#[test]
fn value_tables_fit_their_signals() {
    let line = "HOST_FAST_STATUS.state: 7 \"service\" in its value table; the range is 0 to 5";
    refused("5 \"service\"", "7 \"service\"", line);
    let line = "HOST_FAST_STATUS.state: 5 \"active\" and 2 \"active\" in its value table; \
                codes and names are there once";
    refused("5 \"service\"", "5 \"active\"", line);
}

#[test]
fn twins_are_alike() {
    let line = "HOST_SLOW_STATUS: its twin DRIVE_SLOW_STATUS has another format, profile or cycle time; they are alike";
    refused("BA_ \"GenMsgCycleTime\" BO_ 49 10;", "BA_ \"GenMsgCycleTime\" BO_ 49 20;", line);
    let line = "HOST_SLOW_STATUS: signal alarms is another in its twin DRIVE_SLOW_STATUS; they are alike";
    refused("CM_ SG_ 49 alarms \"Alarm", "CM_ SG_ 49 alarms \"Other", line);
    refused("VAL_ 49 mode", "VAL_ 49 alarms", &line.replace("signal alarms", "signal mode"));
    let line = "HOST_SLOW_STATUS: no twin DRIVE_SLOW_STATUS; messages come in pairs";
    refused("49 DRIVE_SLOW_STATUS", "49 DRIVE_STATUS", line);
    let line = "HOST_SLOW_STATUS: id of its twin DRIVE_SLOW_STATUS is 50; it is the next";
    refused("BO_ 49 DRIVE_SLOW_STATUS", "BO_ 50 DRIVE_SLOW_STATUS", line);
    let line = "SLOW_STATUS: no twin; messages come in pairs, HOST in the one name, DRIVE in the other";
    refused("HOST_SLOW_STATUS", "SLOW_STATUS", line);
    let line =
        "HOST_SLOW_STATUS: its twin DRIVE_SLOW_STATUS has another size or number of signals; they are alike";
    refused("DRIVE_SLOW_STATUS: 64", "DRIVE_SLOW_STATUS: 48", line);
}

#[test]
fn nothing_is_said_of_what_does_not_exist() {
    let exists = "which does not exist; allowed is what BO_ and SG_ define";
    refused("CM_ BO_ 48", "CM_ BO_ 99", &format!("CM_ of id 99, {exists}"));
    refused("CM_ SG_ 48 alarms", "CM_ SG_ 48 alarm", &format!("CM_ of id 48 signal alarm, {exists}"));
    refused("VAL_ 48 mode", "VAL_ 48 modes", &format!("VAL_ of id 48 signal modes, {exists}"));
    refused("BO_TX_BU_ 33", "BO_TX_BU_ 35", &format!("BO_TX_BU_ of id 35, {exists}"));
    refused("BO_ 48 10;", "BO_ 99 10;", &format!("BA_ of id 99, {exists}"));
}

#[test]
fn every_frame_says_the_version_of_the_protocol() {
    for (said, shown) in [("16", "16"), ("", ""), ("1.0", "1.0")] {
        let line =
            format!("VERSION \"{shown}\"; it is the version of the protocol, a whole number from 0 to 15");
        refused("VERSION \"2\"", &format!("VERSION \"{said}\""), &line);
    }
    let line = "HOST_FAST_STATUS: no signal version of 4 bits; every frame says its version of the protocol";
    refused("SG_ version : 28|4@1+ (1,0) [0|15]", "SG_ version : 28|2@1+ (1,0) [0|3]", line);
    assert!(constants(&load(REAL).expect("sound")).contains("pub const PROTOCOL_VERSION: u8 = 2;"));
}

#[test]
fn the_network_has_bit_rates() {
    let line = "no BaudrateCANFD; BA_ \"BaudrateCANFD\" says the bit rate of the network [bit/s]";
    refused("BA_ \"BaudrateCANFD\" 5000000;", "", line);
}

#[test]
fn scales_are_constants_of_the_generated_types() {
    let dbc = load(REAL).expect("sound");
    let line = "pub const ROTOR_ANGLE_RAD: crate::scale::Scale = crate::scale::Scale { signal: \"rotor_angle_rad\", \
                steps: 10000.0_f32, raw_min: 0, raw_max: 62831, raw_none: 65535 };";
    let text = constants(&dbc);
    let (_, of_fast_status) = text.split_once("impl HostFastStatus {").expect("a type of the codec");
    assert!(of_fast_status.contains(line), "{text}");
    assert!(!text.contains("impl DriveFastStatus"), "one of each pair");
}

#[test]
fn the_page_names_every_message_and_signal() {
    let dbc = load(REAL).expect("sound");
    let text = page(&dbc);
    for message in &dbc.messages {
        assert!(text.contains(&message.name));
        assert!(message.signals.iter().all(|signal| text.contains(&format!("| `{}` |", signal.name))));
    }
}
