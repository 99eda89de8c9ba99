// SPDX-License-Identifier: Apache-2.0
//! What the generated codec does not tell, as Rust constants: version, steps of scaled signals, and a payload of zeros.

use std::fmt::Write as _;

use can_dbc::{Dbc, Message, Signal, ValueType};

use crate::facts::{is_scaled, raw_limits, raw_range, twin_name, version};

/// The raw code of a scaled signal that says: there is no number. Lowest when signed, highest when unsigned.
pub(crate) fn not_a_number(signal: &Signal) -> i128 {
    let (lowest, highest) = raw_limits(signal);
    if signal.value_type == ValueType::Signed { lowest } else { highest }
}

/// The version of the protocol, and associated constants of the generated types, `ZERO` and one `Scale` for each scaled signal; of each pair of twins the
/// host's alone, for their layouts are alike.
#[must_use]
pub fn constants(dbc: &Dbc) -> String {
    let mut text = format!("pub const PROTOCOL_VERSION: u8 = {};\n", version(dbc).unwrap_or_default());
    for message in dbc.messages.iter().filter(|message| twin_name(&message.name).is_some()) {
        let _ = writeln!(text, "impl {} {{", type_name(message));
        let _ = writeln!(text, "    pub const ZERO: Self = Self {{ raw: [0; {}] }};", message.size);
        for signal in message.signals.iter().filter(|signal| is_scaled(signal)) {
            let (min, max) = raw_range(signal);
            let _ = writeln!(
                text,
                "    pub const {}: crate::scale::Scale = crate::scale::Scale {{ signal: {:?}, steps: {:?}_f32, \
                 raw_min: {}, raw_max: {}, raw_none: {} }};",
                signal.name.to_uppercase(),
                signal.name,
                (1.0 / signal.factor).round(),
                min.round(),
                max.round(),
                not_a_number(signal),
            );
        }
        text += "}\n";
    }
    text
}

/// `HOST_FAST_STATUS` becomes `HostFastStatus`, as in the generated codec.
fn type_name(message: &Message) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + &rest.to_lowercase()
    };
    message.name.split('_').map(word).collect()
}
