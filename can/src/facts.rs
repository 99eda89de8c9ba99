// SPDX-License-Identifier: Apache-2.0
//! Attributes, bits and raw codes by name.

use can_dbc::{AttributeValue, Dbc, Message, MessageId, NumericValue, Signal, ValueType};

/// Number of `StandardCAN_FD` in the customary attribute `VFrameFormat`; `StandardCAN` is 0.
pub(crate) const FORMAT_FD: u64 = 14;
/// Profile of frames without an E2E header: commands, which carry an authentication code.
pub(crate) const PROFILE_NONE: u64 = 0;

/// An attribute of a message as a number; `None` unless the file says it for this very message.
pub(crate) fn attribute(dbc: &Dbc, id: MessageId, name: &str) -> Option<f64> {
    number(dbc.message_attribute(id, name)?)
}

/// A whole-numbered attribute of a message.
pub(crate) fn code(dbc: &Dbc, id: MessageId, name: &str) -> Option<u64> {
    let value = attribute(dbc, id, name)?;
    (value >= 0.0 && value.fract() == 0.0).then_some(value as u64)
}

/// An attribute of the network as a number.
pub(crate) fn network(dbc: &Dbc, name: &str) -> Option<f64> {
    let found = dbc.attribute_values_database.iter().find(|attribute| attribute.name == name)?;
    number(&found.value)
}

fn number(value: &AttributeValue) -> Option<f64> {
    match value {
        AttributeValue::Uint(value) => Some(*value as f64),
        AttributeValue::Int(value) => Some(*value as f64),
        AttributeValue::Double(value) => Some(*value),
        AttributeValue::String(_) => None,
    }
}

/// Bits of the signal `version` that every message has.
pub(crate) const VERSION_BITS: u64 = 4;

/// The version of the protocol: what `VERSION` says, if it fits the signal.
pub(crate) fn version(dbc: &Dbc) -> Option<u8> {
    dbc.version.0.parse().ok().filter(|version| *version < 1 << VERSION_BITS)
}

/// Whether a message travels as a CAN FD frame.
pub(crate) fn is_fd(dbc: &Dbc, message: &Message) -> bool {
    code(dbc, message.id, "VFrameFormat") == Some(FORMAT_FD)
}

/// The time between two frames [ms]; 0: when asked.
pub(crate) fn cycle_ms(dbc: &Dbc, message: &Message) -> f64 {
    attribute(dbc, message.id, "GenMsgCycleTime").unwrap_or(0.0)
}

/// The E2E profile of a message.
pub(crate) fn profile(dbc: &Dbc, message: &Message) -> u64 {
    code(dbc, message.id, "E2EProfile").unwrap_or(PROFILE_NONE)
}

/// First bit and the bit after the last.
pub(crate) fn bits(signal: &Signal) -> (u64, u64) {
    (signal.start_bit, signal.start_bit.saturating_add(signal.size))
}

/// A number of the file as `f64`.
pub(crate) fn value(number: NumericValue) -> f64 {
    match number {
        NumericValue::Uint(value) => value as f64,
        NumericValue::Int(value) => value as f64,
        NumericValue::Double(value) => value,
    }
}

/// Lowest and highest raw code that the signal's bits can hold.
pub(crate) fn raw_limits(signal: &Signal) -> (i128, i128) {
    let size = signal.size.clamp(1, 64);
    match signal.value_type {
        ValueType::Signed => (-(1 << (size - 1)), (1 << (size - 1)) - 1),
        ValueType::Unsigned => (0, (1 << size) - 1),
    }
}

/// Raw codes of the smallest and largest allowed value, as they come out of the division.
pub(crate) fn raw_range(signal: &Signal) -> (f64, f64) {
    let raw = |number| (value(number) - signal.offset) / signal.factor;
    (raw(signal.min), raw(signal.max))
}

/// Whether values are fractions of the unit: these are `f32` in the program, the others are whole.
pub(crate) fn is_scaled(signal: &Signal) -> bool {
    signal.factor.fract() != 0.0
}

/// The unit that a name of ours stands for: the other unit has a message of the same layout, one id further.
pub(crate) fn twin_name(name: &str) -> Option<String> {
    name.contains("HOST").then(|| name.replace("HOST", "DRIVE"))
}
