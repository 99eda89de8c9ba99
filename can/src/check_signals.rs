// SPDX-License-Identifier: Apache-2.0
//! Contradictions within a message's signals.

use can_dbc::{ByteOrder, Dbc, Message, MultiplexIndicator, Signal};

use crate::facts::{bits, is_scaled, raw_limits, raw_range};
use crate::scale::not_a_number;

/// How far a limit may lie from a whole raw code, for rounding of decimal fractions.
const RAW_TOLERANCE: f64 = 1e-6;

/// All that is wrong with the signals of one message.
pub(crate) fn findings(dbc: &Dbc, message: &Message, found: &mut Vec<String>) {
    for (index, signal) in message.signals.iter().enumerate() {
        let place = format!("{}.{}", message.name, signal.name);
        let earlier = message.signals.get(..index).unwrap_or_default();
        if earlier.iter().any(|other| other.name == signal.name) {
            found.push(format!("{place}: the name is there twice; each signal of a message has its own"));
        }
        found.extend(position(message, signal, earlier).map(|finding| format!("{place}: {finding}")));
        found.extend(range(signal).map(|finding| format!("{place}: {finding}")));
        found.extend(said(dbc, message, signal).into_iter().map(|finding| format!("{place}: {finding}")));
        found.extend(names(dbc, message, signal).into_iter().map(|finding| format!("{place}: {finding}")));
    }
}

fn position(message: &Message, signal: &Signal, earlier: &[Signal]) -> Option<String> {
    let (start, end) = bits(signal);
    let message_bits = message.size.saturating_mul(8);
    if signal.byte_order != ByteOrder::LittleEndian {
        return Some("big endian; all signals are little endian (@1)".into());
    }
    if signal.multiplexer_indicator != MultiplexIndicator::Plain {
        return Some("multiplexed; every frame of an id has the same signals".into());
    }
    if !(1..=64).contains(&signal.size) {
        return Some(format!("{} bits; allowed are 1 to 64", signal.size));
    }
    if end > message_bits {
        let last = end - 1;
        return Some(format!(
            "bits {start} to {last}, the message ends with bit {}",
            message_bits.max(1) - 1
        ));
    }
    let other = earlier.iter().find(|other| bits(other).0 < end && start < bits(other).1)?;
    let ((first, after), last) = (bits(other), end - 1);
    let other_last = after.max(1) - 1;
    Some(format!("bits {start} to {last} overlap {}, {first} to {other_last}; signals lie apart", other.name))
}

fn range(signal: &Signal) -> Option<String> {
    if signal.factor <= 0.0 || signal.offset != 0.0 {
        let (factor, offset) = (signal.factor, signal.offset);
        return Some(format!("factor {factor}, offset {offset}; the factor is positive, the offset 0"));
    }
    let steps = 1.0 / signal.factor;
    if is_scaled(signal) && (steps - steps.round()).abs() > RAW_TOLERANCE * steps {
        return Some(format!("factor {}; it is one over a whole number", signal.factor));
    }
    let ((raw_min, raw_max), (lowest, highest)) = (raw_range(signal), raw_limits(signal));
    let (min, max) = (signal.min, signal.max);
    if raw_min >= raw_max {
        return Some(format!("range {min} to {max}; the first is less than the second"));
    }
    if raw_min < lowest as f64 - 0.5 || raw_max > highest as f64 + 0.5 {
        let (from, to) = (lowest as f64 * signal.factor, highest as f64 * signal.factor);
        return Some(format!("range {min} to {max}; its {} bits hold {from} to {to}", signal.size));
    }
    for (limit, raw) in [(min, raw_min), (max, raw_max)] {
        if (raw - raw.round()).abs() > RAW_TOLERANCE * raw.abs().max(1.0) {
            return Some(format!("limit {limit} is no multiple of the factor {}", signal.factor));
        }
    }
    let free = not_a_number(signal);
    let taken = raw_min.round() as i128 <= free && free <= raw_max.round() as i128;
    (is_scaled(signal) && taken).then(|| {
        format!("range {min} to {max}; it leaves out raw code {free}, which says that there is no number")
    })
}

/// What a reader needs to be told.
fn said(dbc: &Dbc, message: &Message, signal: &Signal) -> Vec<String> {
    let mut found = Vec::new();
    if signal.unit.trim().is_empty() {
        found.push("no unit; a number without one has \"-\"".into());
    }
    if dbc.signal_comment(message.id, &signal.name).is_none_or(|comment| comment.trim().is_empty()) {
        found.push("no comment; CM_ SG_ says what it means".into());
    }
    let stranger = signal.receivers.iter().find(|name| !dbc.nodes.iter().any(|node| node.0 == **name));
    match stranger {
        Some(name) => found.push(format!("receiver {name}; the nodes of BU_ are allowed")),
        None if signal.receivers.is_empty() => found.push("no receiver; name a node of BU_".into()),
        None => (),
    }
    found
}

/// The value table, where there is one.
fn names(dbc: &Dbc, message: &Message, signal: &Signal) -> Vec<String> {
    let Some(names) = dbc.value_descriptions_for_signal(message.id, &signal.name) else {
        return Vec::new();
    };
    let (raw_min, raw_max) = raw_range(signal);
    let mut found = Vec::new();
    for (index, entry) in names.iter().enumerate() {
        if (entry.id as f64) < raw_min || raw_max < entry.id as f64 {
            let (name, min, max) = (&entry.description, signal.min, signal.max);
            found.push(format!("{} \"{name}\" in its value table; the range is {min} to {max}", entry.id));
        }
        let same =
            |other: &&can_dbc::ValDescription| other.id == entry.id || other.description == entry.description;
        if let Some(other) = names.get(..index).unwrap_or_default().iter().find(same) {
            let (name, other_name) = (&entry.description, &other.description);
            found.push(format!(
                "{} \"{name}\" and {} \"{other_name}\" in its value table; codes and names are there once",
                entry.id, other.id
            ));
        }
    }
    found
}
