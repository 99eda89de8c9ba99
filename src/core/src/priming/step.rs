// SPDX-License-Identifier: Apache-2.0
//! The steps of the guide, in their order: what each asks for, who sees that it is done, and what the pump does meanwhile.

use crate::circulation::sensing::CircuitOrder;
use crate::code::from_code;

/// Speed at which a head fills without foam, and behind a clamp heats little [rpm].
const SLOW_RPM: f32 = 1000.0;
/// From the speed before a line is opened up to that of therapy: what a slow flow leaves in the lung, a fast one carries away [rpm].
const PURGE_RPM: &[f32] = &[1500.0, 2500.0, 3500.0];
/// A low and a high point of work [rpm].
const CHECK_RPM: &[f32] = &[2000.0, 3500.0];
/// As before a line is opened: the eye follows what flows [rpm].
const LOOK_RPM: f32 = 1500.0;

macro_rules! steps {
    ($($code:literal $variant:ident $name:literal $text:literal;)+) => {
        /// A step of the guide.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[repr(u32)]
        pub enum Step {
            #[default]
            $( #[doc = $text] $variant = $code, )+
        }

        from_code!(Step: u32 { $($variant),+ });

        impl Step {
            /// All of them, in their order.
            pub const ALL: [Self; [$($code),+].len()] = [$( Self::$variant ),+];

            /// As logs spell it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $( Self::$variant => $name, )+ }
            }

            /// What is to be done, or waited for.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $( Self::$variant => $text, )+ }
            }
        }
    };
}
steps! {
    0 Fill "fill" "Lead both lines to the bag, no patient; fill lines, lung and head with saline by gravity, outlet up, until no air is seen; then confirm.";
    1 ZeroPressures "zero_pressures" "Open the three pressure sensors to air; then circuit zero_drainage, zero_pre_membrane, zero_return, on both units.";
    2 Saline "saline" "Tell the flow meter how warm the saline is: circuit saline CELSIUS, on both units.";
    3 Lift "lift" "Open all clamps, then lift the rotor.";
    4 Slow "slow" "Wait, and tilt and tap the head: saline has to flow for 10 s without air in the head.";
    5 Purge "purge" "Wait, and tap lung and connectors: at each speed 1.34 L, twice the prime, have to pass the meter without a bubble.";
    6 Clamp "clamp" "Clamp the return line at the meter; then circuit clamped, on both units.";
    7 Check "check" "Open the clamp and wait: at each speed saline has to flow for 10 s with nothing wrong and without a bubble.";
    8 Look "look" "Look for air and leaks at every connector, at lung and head; then confirm.";
}

impl Step {
    /// Its bit among those that were skipped.
    #[must_use]
    pub const fn bit(self) -> u32 {
        1 << self as u32
    }

    /// The one behind it.
    pub(super) const fn next(self) -> Option<Self> {
        Self::from_code((self as u32).wrapping_add(1))
    }

    /// The operator alone can see that it is done.
    #[must_use]
    pub const fn is_confirmed(self) -> bool {
        matches!(self, Self::Fill | Self::Look)
    }

    /// Speeds of the pump, one after the other; none: it is left as it is [rpm].
    #[must_use]
    pub const fn speeds_rpm(self) -> &'static [f32] {
        match self {
            Self::Slow | Self::Clamp => &[SLOW_RPM],
            Self::Purge => PURGE_RPM,
            Self::Check => CHECK_RPM,
            Self::Look => &[LOOK_RPM],
            Self::Fill | Self::ZeroPressures | Self::Saline | Self::Lift => &[],
        }
    }

    /// It drives air out, to a bag.
    pub(super) const fn expects_air(self) -> bool {
        matches!(self, Self::Slow | Self::Purge)
    }

    /// Orders to the sensors that are to be carried out.
    pub(super) const fn orders(self) -> &'static [CircuitOrder] {
        match self {
            Self::ZeroPressures => {
                &[CircuitOrder::ZeroDrainage, CircuitOrder::ZeroPreMembrane, CircuitOrder::ZeroReturn]
            }
            Self::Clamp => &[CircuitOrder::Clamped],
            _ => &[],
        }
    }
}
