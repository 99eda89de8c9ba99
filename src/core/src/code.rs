// SPDX-License-Identifier: Apache-2.0
//! Codes of enums and bits in frames and mailboxes.

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

/// Bits of a word, one constant each, with their name and what they say.
macro_rules! bit_table {
    ($($bit:literal $constant:ident $name:literal $text:literal;)+) => {
        $( #[doc = $text] pub const $constant: u32 = 1 << $bit; )+

        /// Every bit: its mask, its name as logs and metrics spell it, what it says.
        pub const TABLE: &[(u32, &str, &str)] = &[$( ($constant, $name, $text), )+];
    };
}
pub(crate) use bit_table;

#[cfg(test)]
mod tests {
    #[test]
    fn bits_and_names_are_different_and_every_bit_says_what_it_means() {
        for table in [
            crate::mail::fault::TABLE,
            crate::circulation::conditions::TABLE,
            crate::arbitration::alarm::TABLE,
            crate::kits::registry::TABLE,
            crate::warming::conditions::TABLE,
            crate::power::conditions::TABLE,
        ] {
            for (index, (bit, name, text)) in table.iter().enumerate() {
                assert_eq!(*bit, 1 << index, "{name}");
                assert!(text.len() > 20 && text.ends_with('.'), "{name}");
                assert!(table.iter().filter(|(_, other, _)| other == name).count() == 1, "{name}");
            }
        }
    }
}
