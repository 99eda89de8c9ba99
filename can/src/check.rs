// SPDX-License-Identifier: Apache-2.0
//! Contradictions within the DBC, and breaches of what codec and page take for granted; each is one line.

use can_dbc::{Comment, Dbc, Message, MessageId, Signal, ValueDescription};

use crate::check_signals;
use crate::facts::{self, FORMAT_FD, PROFILE_NONE, VERSION_BITS, code, is_fd, profile, twin_name};

/// Highest id of 11 bits.
const ID_MAX: u64 = 0x7ff;
/// Sizes of CAN FD frames beyond those of classic frames.
const SIZES_FD: [u64; 7] = [12, 16, 20, 24, 32, 48, 64];
/// Name, first bit and size.
type Field = (&'static str, u64, u64);
/// Position and size of the fields of an E2E header, by profile: CRC, then counter.
const HEADERS: [(u64, [Field; 2]); 2] =
    [(5, [("crc", 0, 16), ("counter", 16, 8)]), (11, [("crc", 0, 8), ("counter", 8, 4)])];
/// Size of an authentication code.
const TAG_BITS: u64 = 64;

/// All that is wrong, in the order of the file. The text is asked for ids that the parser would cut to 16 bits.
pub(crate) fn findings(dbc: &Dbc, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    found.extend(long_ids(text));
    for (index, message) in dbc.messages.iter().enumerate() {
        let earlier = dbc.messages.get(..index).unwrap_or_default();
        let place = &message.name;
        found.extend(unique(dbc, message, earlier).into_iter().map(|finding| format!("{place}: {finding}")));
        found.extend(frame(dbc, message).into_iter().map(|finding| format!("{place}: {finding}")));
        found.extend(versioned(message).map(|finding| format!("{place}: {finding}")));
        found.extend(protection(dbc, message).map(|finding| format!("{place}: {finding}")));
        check_signals::findings(dbc, message, &mut found);
        found.extend(twin(dbc, message).map(|finding| format!("{place}: {finding}")));
    }
    found.extend(dangling(dbc));
    if facts::version(dbc).is_none() {
        let (said, last) = (&dbc.version.0, (1 << VERSION_BITS) - 1);
        found.push(format!(
            "VERSION \"{said}\"; it is the version of the protocol, a whole number from 0 to {last}"
        ));
    }
    for name in ["Baudrate", "BaudrateCANFD"] {
        if facts::network(dbc, name).is_none_or(|rate| rate <= 0.0) {
            found.push(format!("no {name}; BA_ \"{name}\" says the bit rate of the network [bit/s]"));
        }
    }
    found
}

/// Message ids beyond 11 bits, extended ones among them.
fn long_ids(text: &str) -> Vec<String> {
    let words = |line: &str| line.split_whitespace().map(str::to_string).collect::<Vec<_>>();
    let messages = text.lines().filter(|line| line.trim_start().starts_with("BO_ ")).map(words);
    let ids = messages.filter_map(|words| Some((words.get(1)?.parse::<u64>().ok()?, words.get(2)?.clone())));
    let long = ids.filter(|(id, _)| *id > ID_MAX);
    long.map(|(id, name)| {
        format!("{} id {id}; allowed are 0 to {ID_MAX}, 11 bits", name.trim_end_matches(':'))
    })
    .collect()
}

fn unique(dbc: &Dbc, message: &Message, earlier: &[Message]) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(other) = earlier.iter().find(|other| other.id == message.id) {
        found.push(format!("id {}, which is {}'s; each message has its own", message.id.raw(), other.name));
    }
    if earlier.iter().any(|other| other.name == message.name) {
        found.push("the name is there twice; each message has its own".into());
    }
    let data_id = |message: &Message| code(dbc, message.id, "E2EDataId");
    let same = |other: &&Message| data_id(other).is_some() && data_id(other) == data_id(message);
    if let Some(other) = earlier.iter().find(same) {
        found.push(format!("E2EDataId of {}; each message has its own", other.name));
    }
    found
}

/// Size, format, cycle time, transmitter, comment.
fn frame(dbc: &Dbc, message: &Message) -> Vec<String> {
    let mut found = Vec::new();
    let format = code(dbc, message.id, "VFrameFormat");
    if !matches!(format, Some(0 | FORMAT_FD)) {
        found.push("no VFrameFormat; allowed are 0 (StandardCAN) and 14 (StandardCAN_FD)".into());
    }
    let size = message.size;
    let allowed = (1..=8).contains(&size) || (is_fd(dbc, message) && SIZES_FD.contains(&size));
    if !allowed {
        found.push(format!("{size} bytes; classic frames have 1 to 8, FD frames 1 to 8 or {SIZES_FD:?}"));
    }
    if facts::attribute(dbc, message.id, "GenMsgCycleTime").is_none_or(|cycle| cycle < 0.0) {
        found.push("no GenMsgCycleTime; the time between two frames [ms], 0: when asked".into());
    }
    if dbc.message_comment(message.id).is_none_or(|comment| comment.trim().is_empty()) {
        found.push("no comment; CM_ BO_ says what it is for".into());
    }
    let others = dbc.message_transmitters.iter().filter(|other| other.message_id == message.id);
    let transmitters = message.transmitter.iter().chain(others.flat_map(|other| &other.transmitter));
    for name in transmitters.filter(|name| !dbc.nodes.iter().any(|node| node.0 == **name)) {
        found.push(format!("transmitter {name}; the nodes of BU_ are allowed"));
    }
    if message.transmitter.is_none() {
        found.push("no transmitter; name a node of BU_".into());
    }
    found
}

/// Cyclic frames have the E2E header of their format, others an authentication code.
fn protection(dbc: &Dbc, message: &Message) -> Option<String> {
    let profile_said = code(dbc, message.id, "E2EProfile");
    let wanted = match (facts::cycle_ms(dbc, message) > 0.0, is_fd(dbc, message)) {
        (true, true) => 5,
        (true, false) => 11,
        (false, _) => PROFILE_NONE,
    };
    if profile_said != Some(wanted) {
        return Some(format!(
            "E2EProfile {}; cyclic FD frames have 5, cyclic classic frames 11, frames sent when asked 0",
            profile_said.map_or("missing".into(), |code| code.to_string())
        ));
    }
    if wanted == PROFILE_NONE {
        let start = message.size.saturating_mul(8).saturating_sub(TAG_BITS);
        let has_tag = field(message, "tag").is_some_and(|it| it.start_bit == start && it.size == TAG_BITS);
        return (!has_tag).then(|| "no signal tag of 64 bits at its end; frames without E2E have one".into());
    }
    if !code(dbc, message.id, "E2EDataId").is_some_and(|id| (1..=0xffff).contains(&id)) {
        return Some("no E2EDataId; allowed are 1 to 65535".into());
    }
    let (_, fields) = HEADERS.iter().find(|(profile, _)| *profile == wanted)?;
    let missing = fields.iter().find(|(name, start, size)| {
        !field(message, name).is_some_and(|it| it.start_bit == *start && it.size == *size)
    });
    missing.map(|(name, start, size)| {
        format!("no signal {name} at bit {start} of {size} bits; E2E profile {wanted} has it there")
    })
}

/// Every frame says which version of the protocol it is of.
fn versioned(message: &Message) -> Option<String> {
    let fits = field(message, "version").is_some_and(|signal| signal.size == VERSION_BITS);
    (!fits).then(|| {
        format!("no signal version of {VERSION_BITS} bits; every frame says its version of the protocol")
    })
}

fn field<'a>(message: &'a Message, name: &str) -> Option<&'a Signal> {
    message.signals.iter().find(|signal| signal.name == name)
}

/// Every message of the host has a twin of the emergency drive: same layout, next id.
fn twin(dbc: &Dbc, message: &Message) -> Option<String> {
    let Some(twin_name) = twin_name(&message.name) else {
        let host = message.name.replace("DRIVE", "HOST");
        let lonely = host == message.name || !dbc.messages.iter().any(|other| other.name == host);
        return lonely
            .then(|| "no twin; messages come in pairs, HOST in the one name, DRIVE in the other".into());
    };
    let Some(twin) = dbc.messages.iter().find(|other| other.name == twin_name) else {
        return Some(format!("no twin {twin_name}; messages come in pairs"));
    };
    if u64::from(twin.id.raw()) != u64::from(message.id.raw()) + 1 {
        return Some(format!("id of its twin {twin_name} is {}; it is the next", twin.id.raw()));
    }
    if twin.size != message.size || twin.signals.len() != message.signals.len() {
        return Some(format!("its twin {twin_name} has another size or number of signals; they are alike"));
    }
    let same = |name| code(dbc, message.id, name) == code(dbc, twin.id, name);
    let cycle = |message| facts::cycle_ms(dbc, message);
    if !same("VFrameFormat") || profile(dbc, message) != profile(dbc, twin) || cycle(message) != cycle(twin) {
        return Some(format!(
            "its twin {twin_name} has another format, profile or cycle time; they are alike"
        ));
    }
    let differs = |(one, other): &(&Signal, &Signal)| {
        let names = |id: MessageId| dbc.value_descriptions_for_signal(id, &one.name);
        let comments = |id: MessageId| dbc.signal_comment(id, &one.name);
        let receivers = other.receivers.clone();
        Signal { receivers, ..(*one).clone() } != **other
            || names(message.id) != names(twin.id)
            || comments(message.id) != comments(twin.id)
    };
    let (signal, _) = message.signals.iter().zip(&twin.signals).find(differs)?;
    Some(format!("signal {} is another in its twin {twin_name}; they are alike", signal.name))
}

/// What is said of messages and signals that do not exist.
fn dangling(dbc: &Dbc) -> Vec<String> {
    let mut said: Vec<(&str, MessageId, Option<&str>)> = Vec::new();
    for comment in &dbc.comments {
        match comment {
            Comment::Message { id, .. } => said.push(("CM_", *id, None)),
            Comment::Signal { message_id, name, .. } => said.push(("CM_", *message_id, Some(name))),
            _ => (),
        }
    }
    for table in &dbc.value_descriptions {
        if let ValueDescription::Signal { message_id, name, .. } = table {
            said.push(("VAL_", *message_id, Some(name)));
        }
    }
    said.extend(dbc.attribute_values_message.iter().map(|it| ("BA_", it.message_id, None)));
    let of_signals = dbc.attribute_values_signal.iter();
    said.extend(of_signals.map(|it| ("BA_", it.message_id, Some(it.signal_name.as_str()))));
    said.extend(dbc.message_transmitters.iter().map(|it| ("BO_TX_BU_", it.message_id, None)));
    let missing = |(_, id, name): &(&str, MessageId, Option<&str>)| match name {
        Some(name) => dbc.signal_by_name(*id, name).is_none(),
        None => !dbc.messages.iter().any(|message| message.id == *id),
    };
    let line = |(word, id, name): (&str, MessageId, Option<&str>)| {
        let what = name.map_or(String::new(), |name| format!(" signal {name}"));
        format!("{word} of id {}{what}, which does not exist; allowed is what BO_ and SG_ define", id.raw())
    };
    said.into_iter().filter(missing).map(line).collect()
}
