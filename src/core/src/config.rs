// SPDX-License-Identifier: Apache-2.0
//! Numbers with a name, a unit and an allowed range, declared once.
//!
//! [`ranged_struct!`] makes a plain struct of numbers and, from the same lines, everything a user
//! of a configuration wants: the check that names the offending field and what is allowed, access by name
//! for overrides, and the table behind the documentation page. A field reads
//! ```
//! levitas_core::ranged_struct! {
//!     /// A heater.
//!     pub struct Heater: f32 {
//!         /// Largest electric power [W].
//!         power_w_max: 0.0..=1000.0,
//!     }
//! }
//! let mut heater = Heater { power_w_max: 500.0 };
//! assert!(heater.check().is_ok());
//! heater.power_w_max = f32::NAN;
//! assert_eq!(heater.check().unwrap_err().field, "power_w_max");
//! ```

/// A value outside its range, or a name that does not exist; says which and what is allowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConfigError<T = f32> {
    /// Field name as in the configuration.
    pub field: &'static str,
    /// The value that was refused.
    pub value: T,
    /// Smallest allowed value.
    pub min: T,
    /// Largest allowed value.
    pub max: T,
}

impl<T: core::fmt::Display> core::fmt::Display for ConfigError<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} = {}: allowed is {} to {}", self.field, self.value, self.min, self.max)
    }
}

impl<T: core::fmt::Debug + core::fmt::Display> core::error::Error for ConfigError<T> {}

/// One line of the table of a [`ranged_struct!`].
#[derive(Clone, Copy, Debug)]
pub struct Field<T> {
    /// Name with its unit suffix.
    pub name: &'static str,
    /// Documentation, with the unit in brackets.
    pub doc: &'static str,
    /// Smallest allowed value.
    pub min: T,
    /// Largest allowed value.
    pub max: T,
}

/// Declares a struct of numbers with their ranges; see the [module](self).
#[macro_export]
macro_rules! ranged_struct {
    (
        $(#[$meta:meta])*
        pub struct $name:ident : $ty:ty {
            $( $(#[doc = $doc:literal])+ $field:ident : $min:literal ..= $max:literal ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name {
            $( $(#[doc = $doc])+ pub $field: $ty, )+
        }

        impl $name {
            /// Names, documentation and ranges of all fields, in order.
            pub const FIELDS: &'static [$crate::config::Field<$ty>] = &[
                $( $crate::config::Field {
                    name: stringify!($field), doc: concat!($($doc),+), min: $min, max: $max,
                } ),+
            ];

            /// Checks every field against its range; NaN is outside of every range.
            ///
            /// # Errors
            /// The first field that is outside, with its range.
            pub fn check(&self) -> Result<(), $crate::config::ConfigError<$ty>> {
                $( if !(self.$field >= $min && self.$field <= $max) {
                    return Err($crate::config::ConfigError {
                        field: stringify!($field), value: self.$field, min: $min, max: $max,
                    });
                } )+
                Ok(())
            }

            /// The field of that name, to read or to override; `None` when there is none.
            pub fn field_mut(&mut self, name: &str) -> Option<&mut $ty> {
                $( if name == stringify!($field) { return Some(&mut self.$field); } )+
                None
            }
        }
    };
}
