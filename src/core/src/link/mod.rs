// SPDX-License-Identifier: Apache-2.0
//! What the two units tell each other over CAN, and when it is to be believed.
//!
//! | file | idea |
//! |---|---|
//! | `frames.rs` | what each frame says, in physical units; how it lies on the wire is in `can/levitas.dbc` alone |
//! | `freshness.rs` | number and echo: a frame that is late, twice or replayed is not news |
//! | `mail.rs` | what the link task hands on within its unit |
//! | `peer_therapy.rs` | what of the circulation carries over |
//! | `own_therapy.rs` | the same of this unit, as its mails say it now |
//! | `slow.rs` | counter, session and clock: likewise for the slow frames |
//! | `commands.rs` | session, sequence and expiry: a command is carried out once and in its time, or not at all |
//! | `refusals.rs` | what was refused, why, how often, and the alarms of it |

mod commands;
mod frames;
mod freshness;
mod mail;
mod own_therapy;
mod peer_therapy;
mod refusals;
mod slow;

pub use commands::{CommandGate, EXPIRY_MS_MAX, is_past};
pub use frames::{CommandFrame, FastStatus, PeerReport, SlowStatus, UnitCode};
pub use freshness::{Frame, Freshness};
pub use mail::{
    LINK_WORDS, LinkMail, NO_PAUSE_TOLD, PEER_WORDS, PeerMail, REMOTE_COMMAND_WORDS, RemoteCommandMail,
};
pub use own_therapy::OwnTherapy;
pub use peer_therapy::{PEER_THERAPY_US_MAX, PEER_THERAPY_WORDS, PeerTherapy};
pub use refusals::{ALARM_MS, ALARM_REFUSALS, LINK_REFUSALS, LinkRefusal, Refusals, VERSION_MS};
pub use slow::{SLOW_SILENT_MS, SlowFreshness};
