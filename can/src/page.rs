// SPDX-License-Identifier: Apache-2.0
//! docs/can.md from the DBC.

use std::fmt::Write as _;

use can_dbc::{Dbc, Message, Signal, ValDescription};

use crate::bus_load::{duration_us, frame_bits, load};
use crate::facts::{PROFILE_NONE, bits, code, cycle_ms, is_fd, is_scaled, network, profile, twin_name};
use crate::scale::not_a_number;

const HEAD: &str = "\
<!-- Written by `cargo xtask can` from can/levitas.dbc; do not edit. A test compares them. -->
# The CAN link

What host and emergency drive tell each other, bit by bit. The only source is [can/levitas.dbc](../can/levitas.dbc), which
cantools, SavvyCAN and the tools of Vector, Kvaser and PEAK open. The codec in `src/wire` is generated from it at build time;
a DBC that contradicts itself stops the build with one line per contradiction. All signals are little endian.
";

const FALLBACK: &str = "
Frames with SERVICE in their names are the fallback for tools that know classic CAN alone. Such a tool answers every FD
frame with an error frame: attach it only where no unit sends FD frames. The units of this
release send no classic ones; `levitas canhub --classic` does, for the tool's side. It can read; commands need CAN FD.
";

const PROTECTION: &str = "
## Protection of cyclic frames

AUTOSAR E2E, profile 5 on FD frames and 11 on classic frames (AUTOSAR PRS E2E Protocol, R22-11). The data id is not sent; it
enters the CRC, so that a frame under a wrong id is refused.

| profile | CRC | over | counter |
|---|---|---|---|
| 5 | 16 bits, polynomial 0x1021, start 0xffff, bytes 0 and 1 | byte 2 to the end, then the data id, low byte first | byte 2, 0 to 255 |
| 11 | 8 bits, polynomial 0x1d, start 0, byte 0 | the data id, low byte first, then byte 1 to the end | low half of byte 1, 0 to 14 |

A scaled signal that has no number to tell, NaN in the sender, carries the raw code named in its line. A receiver refuses the
whole frame then, as for any other code out of range: what a failing unit does not know must not reach the other. Of a fast frame
it takes all but that signal, since the state of the sender must come through.

Every frame says the version of the protocol, which is `VERSION` of the DBC. A receiver refuses any other, counts it, and raises
the alarm `protocol_version`.
";

const COMMANDS: &str = "
## Commands

Commands carry no E2E header but an authentication code: AES-CMAC (RFC 4493, NIST SP 800-38B) with a key of 128 bits, which
the service shell puts into both units once, over 26 bytes: the CAN id, high byte first, then bytes 0 to 23 of the frame. Its
first 8 bytes are the tag, in bytes 24 to 31, in their order. The id says to whom, so that no command can be turned
to the other unit. What becomes of a command, and of one that does not fit: [commands.md](commands.md).
";

const READING: &str = "
## Reading a log

The simulator and candump -L write lines such as `(0.000500) can0 010##1...`; two `#` are an FD frame, the digit after them 1
for a switched bit rate. To decode one with cantools (PyPI, in tests/clients/requirements.txt):

```
python3 -m cantools decode --single-line can/levitas.dbc < candump.log
```

`tests/clients/test_wire.py` does so with random frames of our codec, and checks CRCs and counters with the PyPI package
autosar-e2e, tags with cryptography; and the other way round.
";

/// The whole page.
#[must_use]
pub fn page(dbc: &Dbc) -> String {
    let mut text = HEAD.to_string();
    text += &overview(dbc);
    text += FALLBACK;
    text += PROTECTION;
    text += COMMANDS;
    text += &value_table(dbc, "kind", "What a command asks");
    text += READING;
    text += "\n## Frames in full\n";
    for (message, twin) in pairs(dbc) {
        text += &frame(dbc, message, twin);
    }
    text
}

/// Messages with their twins.
fn pairs(dbc: &Dbc) -> impl Iterator<Item = (&Message, &Message)> {
    let twin = |message: &Message| {
        let name = twin_name(&message.name)?;
        dbc.messages.iter().find(move |other| other.name == name)
    };
    dbc.messages.iter().filter_map(move |message| Some((message, twin(message)?)))
}

/// All messages by priority, with what they take of the bus.
fn overview(dbc: &Dbc) -> String {
    let rate = |name: &str| network(dbc, name).unwrap_or(0.0) / 1e6;
    let mut text = format!(
        "\n## Frames by priority, and what they take of the bus\n\n{} Mbit/s, data of FD frames {} Mbit/s. The time is the \
         longest, with stuff bits at their worst.\n\n\
         | id | data id | frame | bytes | format | cycle [ms] | time [us] | load [%] |\n|---|---|---|---|---|---|---|---|\n",
        rate("Baudrate"),
        rate("BaudrateCANFD")
    );
    let mut messages: Vec<&Message> = dbc.messages.iter().collect();
    messages.sort_by_key(|message| message.id.raw());
    for message in &messages {
        let format = if is_fd(dbc, message) { "FD" } else { "classic" };
        let asked = profile(dbc, message) == PROFILE_NONE;
        let or_dash = |asked: bool, text: String| if asked { "-".into() } else { text };
        let data_id = or_dash(asked, format!("0x{:04x}", code(dbc, message.id, "E2EDataId").unwrap_or(0)));
        let cycle = if asked { "when asked".into() } else { cycle_ms(dbc, message).to_string() };
        let share = or_dash(asked, format!("{:.2}", 100.0 * load(dbc, message)));
        let (id, name, size, time) =
            (message.id.raw(), &message.name, message.size, duration_us(dbc, message));
        let _ = writeln!(
            text,
            "| 0x{id:03x} | {data_id} | {name} | {size} | {format} | {cycle} | {time:.1} | {share} |"
        );
    }
    let sum = |fd: bool| -> f64 {
        messages.iter().filter(|message| is_fd(dbc, message) == fd).map(|message| load(dbc, message)).sum()
    };
    let longest = frame_bits(messages.iter().map(|message| message.size).max().unwrap_or(0), true);
    let _ = write!(
        text,
        "\nAt worst the cyclic FD frames of both units take **{:.1} %** of the bus, the classic fallback {:.1} %. The longest \
         frame has {} bits at the nominal rate and {} at the data rate.\n",
        100.0 * sum(true),
        100.0 * sum(false),
        longest.nominal,
        longest.data
    );
    text
}

/// One section: a pair of messages and their signals.
fn frame(dbc: &Dbc, message: &Message, twin: &Message) -> String {
    let mut text = format!(
        "\n### {} (0x{:03x}), {} (0x{:03x})\n\n",
        message.name,
        message.id.raw(),
        twin.name,
        twin.id.raw()
    );
    for one in [message, twin] {
        let comment = dbc.message_comment(one.id).unwrap_or_default();
        let _ = writeln!(text, "- {}, from {}: {comment}", one.name, transmitters(dbc, one));
    }
    text += "\n| bits | signal | unit | one step | range | meaning |\n|---|---|---|---|---|---|\n";
    for signal in &message.signals {
        text += &signal_line(dbc, message, signal);
    }
    text
}

fn transmitters(dbc: &Dbc, message: &Message) -> String {
    let others = dbc.message_transmitters.iter().filter(|other| other.message_id == message.id);
    let mut names: Vec<&str> =
        message.transmitter.iter().chain(others.flat_map(|it| &it.transmitter)).map(String::as_str).collect();
    names.dedup();
    names.sort_unstable();
    names.dedup();
    names.join(" or ")
}

fn signal_line(dbc: &Dbc, message: &Message, signal: &Signal) -> String {
    let (start, end) = bits(signal);
    let place = if signal.size == 1 { start.to_string() } else { format!("{start}..{}", end - 1) };
    let step = if is_scaled(signal) { signal.factor.to_string() } else { "1".into() };
    let mut meaning = dbc.signal_comment(message.id, &signal.name).unwrap_or_default().to_string();
    if let Some(names) = dbc.value_descriptions_for_signal(message.id, &signal.name) {
        let _ = write!(meaning, " {}", names.iter().map(named).collect::<Vec<_>>().join(", "));
    }
    if is_scaled(signal) {
        let _ = write!(meaning, " No number: {}.", not_a_number(signal));
    }
    let (name, unit, min, max) = (&signal.name, &signal.unit, signal.min, signal.max);
    format!("| {place} | `{name}` | {unit} | {step} | {min} to {max} | {meaning} |\n")
}

fn named(entry: &ValDescription) -> String {
    format!("{} {}", entry.id, entry.description)
}

/// The codes of one signal as a table.
fn value_table(dbc: &Dbc, signal: &str, title: &str) -> String {
    let mut text = format!("\n| `{signal}` | {} |\n|---|---|\n", title.to_lowercase());
    let names = dbc.messages.iter().find_map(|message| dbc.value_descriptions_for_signal(message.id, signal));
    for entry in names.unwrap_or_default() {
        let _ = writeln!(text, "| {} | {} |", entry.id, entry.description);
    }
    text
}
