// SPDX-License-Identifier: Apache-2.0
//! An event: where it comes from, what it says, a value and a cause.
//!
//! | bytes | content |
//! |---|---|
//! | 0 | [`Source`] |
//! | 1 | code: what, by the source |
//! | 2 | unit: 0 host, 1 emergency drive |
//! | 3 | 0 |
//! | 4 to 7 | value, f32 |
//! | 8 to 11 | cause |
//!
//! What code, value and cause mean is in [`Source::TABLE`]. An alarm is the CRC-32 of its name, so that a log outlives changes of the alarm table.

use super::{FRAME_BYTES, words};
use crate::unit::Role;

/// Bytes of an event.
pub const EVENT_BYTES: usize = 12;
/// Code of [`Source::Kit`]: the therapy is over.
pub const KITS_END: u8 = 255;
/// Bytes of the record of an event.
pub const EVENT_RECORD_BYTES: usize = EVENT_BYTES + FRAME_BYTES;

macro_rules! sources {
    ($($code:literal $variant:ident $name:literal $what:literal $value:literal $cause:literal $doc:literal;)+) => {
        /// Where an event comes from.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Source { $( #[doc = $doc] $variant = $code, )+ }

        impl Source {
            /// Every source: name, code, value, cause, and what it tells.
            pub const TABLE: &'static [(Self, &'static str, [&'static str; 3], &'static str)] =
                &[$( (Self::$variant, $name, [$what, $value, $cause], $doc), )+];
        }
    };
}
sources! {
    1 Log "log" "1 start, 2 events lost" "-" "1: serial number of the unit; 2: how many" "The log itself: the unit has started; events came faster than they could be kept.";
    2 Alarm "alarm" "1 raised, 2 over, 3 acknowledged" "priority: 1 low to 3 high" "CRC-32 of the alarm's name" "An alarm is shown, shown no more, or seen by the operator.";
    3 Unit "unit" "new UnitState" "-" "UnitState before" "The state of the unit as the operator sees it.";
    4 Bearing "bearing" "new BearingState" "-" "BearingState before" "The state of the bearing.";
    5 Pair "pair" "1 drives, 0 drives no more, 2 isolated" "speed [rpm]" "bits of the pair's alarms; 2: Isolation, 0 joined" "This unit has taken the head, or let go of it: lift-off, takeover, hand-back, drill; or is out of the pair.";
    6 Touchdown "touchdown" "0" "speed [rpm]" "touchdowns since the start" "The rotor has touched although it was to be held.";
    7 Command "command" "0 accepted, else a Refusal" "argument" "kind of the command" "What the operator has asked for at the unit, settings included.";
    8 Remote "remote" "0 accepted, else a Refusal" "argument" "kind of the command" "The same by the link.";
    9 Refused "refused" "kind: LinkRefusal" "-" "how many since the start" "Commands of the link that were not even looked at; one event a minute and kind at most.";
    10 Mode "mode" "new Mode" "flow that is followed [L/min]" "Mode before" "The mode of the circulation in force, also where an intervention sets it.";
    11 Circuit "circuit" "OrderResult" "argument" "kind of the order" "What the operator has told the sensors of the circuit, and what became of it.";
    12 Kit "kit" "kind of the kit, 255 the therapy is over" "255: how many were in use" "objections; from bit 8 on the reason, 0 for none" "A disposable was taken into use, also one that should not be; or none is in use any more.";
    13 Storage "storage" "1 formatted, 2 key set, 3 key erased, 4 calibration" "-" "-" "Something stored has changed.";
    14 Crash "crash" "0 exception of the processor, 1 unhandled interrupt, 2 stack too small, 3 kernel oops, 4 end of the kernel, 5 stalled" "-" "address of the instruction" "The software has failed: in the start before, which it has ended, or in a thread that the drive can do without.";
}

impl Source {
    /// The source of a code.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::TABLE.iter().map(|(source, ..)| *source).find(|source| *source as u8 == code)
    }

    /// As exports and the shell spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::TABLE.iter().find(|(source, ..)| *source == self).map_or("", |(_, name, ..)| name)
    }
}

/// See the [module](self).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// Where it comes from.
    pub source: Source,
    /// What, by the source.
    pub code: u8,
    /// Which unit.
    pub unit: Role,
    /// By the source.
    pub value: f32,
    /// By the source.
    pub cause: u32,
}

impl Event {
    /// As bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; EVENT_BYTES] {
        let mut bytes = [0; EVENT_BYTES];
        let unit = u8::from(self.unit == Role::EmergencyDrive);
        let said = [self.source as u8, self.code, unit, 0]
            .into_iter()
            .chain(self.value.to_le_bytes())
            .chain(self.cause.to_le_bytes());
        bytes.iter_mut().zip(said).for_each(|(place, byte)| *place = byte);
        bytes
    }

    /// The event of bytes; `None` where the length or the source does not exist.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let [source, code, unit, ..] = *<&[u8; EVENT_BYTES]>::try_from(bytes).ok()?;
        let [_, value, cause] = words(bytes);
        let unit = if unit == 0 { Role::Host } else { Role::EmergencyDrive };
        Some(Self { source: Source::from_code(source)?, code, unit, value: f32::from_bits(value), cause })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_comes_back_and_has_its_own_name() {
        for (index, (source, name, meanings, doc)) in Source::TABLE.iter().enumerate() {
            assert_eq!(*source as usize, index + 1);
            assert_eq!((Source::from_code(*source as u8), source.name()), (Some(*source), *name));
            assert!(Source::TABLE[..index].iter().all(|(_, other, ..)| other != name));
            assert!(meanings.iter().all(|text| !text.is_empty()) && doc.ends_with('.'));
            let event = Event {
                source: *source,
                code: 200,
                unit: Role::EmergencyDrive,
                value: -1.5,
                cause: 0xdead_beef,
            };
            assert_eq!(Event::decode(&event.encode()), Some(event));
        }
        assert_eq!(Source::from_code(0), None);
    }
}
