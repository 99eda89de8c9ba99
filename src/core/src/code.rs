// SPDX-License-Identifier: Apache-2.0
//! Codes of enums in frames and mailboxes.

/// Gives an enum the way back from its code, an integer of the type that carries it.
macro_rules! from_code {
    ($name:ident: $integer:ty { $($variant:ident),+ }) => {
        impl $name {
            /// The variant of a code; `None` for a code that does not exist.
            #[must_use]
            pub const fn from_code(code: $integer) -> Option<Self> {
                $( if code == Self::$variant as $integer { return Some(Self::$variant); } )+
                None
            }
        }
    };
}
pub(crate) use from_code;
