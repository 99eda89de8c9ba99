// SPDX-License-Identifier: Apache-2.0
//! The third node of the link: a tool in service that has the key, and who forges commands there.
//!
//! | file | idea |
//! |---|---|
//! | `tool.rs` | hears sessions and clocks, sends genuine commands |
//! | `forger.rs` | every kind of frame that must not be used |
//! | `node.rs` | both on the bus |

mod forger;
mod node;
mod tool;

pub use forger::{Forger, Forgery};
pub use node::OutsideNode;
pub use tool::{Order, ServiceTool};

use levitas_wire::CommandKey;

/// The key of the simulator's units and tools, from RFC 4493: everybody knows it. A unit gets its own from the service shell.
const KEY: [u8; 16] =
    [0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c];

/// See [`KEY`].
#[must_use]
pub fn simulator_key() -> Option<CommandKey> {
    CommandKey::new(&KEY)
}
