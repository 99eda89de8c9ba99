// SPDX-License-Identifier: Apache-2.0
//! What lies between the plant and the unit and differs from drive to drive: Hall mids and gains, swapped phases.

use levitas_core::ports::{LevitationInputs, LevitationOutputs};

use crate::input::{BadInput, Checked, allowed_names, range_text};
use crate::toml_file::Entry;

/// Mid level of the world's Halls [V].
const MID_V: f64 = 1.65;

levitas_core::ranged_struct! {
    /// Deviations of the electronics of one unit.
    pub struct Wiring: f64 {
        /// Mid of the Hall x+ less the nominal one [V].
        mid_x_plus_v: -0.1..=0.1,
        /// Mid of the Hall x- less the nominal one [V].
        mid_x_minus_v: -0.1..=0.1,
        /// Mid of the Hall y+ less the nominal one [V].
        mid_y_plus_v: -0.1..=0.1,
        /// Mid of the Hall y- less the nominal one [V].
        mid_y_minus_v: -0.1..=0.1,
        /// Gain of the x pair [1].
        gain_x: 0.5..=2.0,
        /// Gain of the y pair [1].
        gain_y: 0.5..=2.0,
        /// 1: phases A, B, C as named; -1: B and C exchanged.
        phase_order: -1.0..=1.0,
    }
}

impl Wiring {
    /// As it should be.
    pub const IDEAL: Self = Self {
        mid_x_plus_v: 0.0,
        mid_x_minus_v: 0.0,
        mid_y_plus_v: 0.0,
        mid_y_minus_v: 0.0,
        gain_x: 1.0,
        gain_y: 1.0,
        phase_order: 1.0,
    };

    /// Sets one value by its name.
    ///
    /// # Errors
    /// There is no such value, or it is out of its range.
    pub(super) fn set(&mut self, name: &str, entry: &Entry) -> Checked<()> {
        let Some(field) = Self::FIELDS.iter().find(|field| field.name == name) else {
            let names: Vec<&str> = Self::FIELDS.iter().map(|field| field.name).collect();
            let allowed = allowed_names(name, &names);
            return Err(BadInput::key("--set", &entry.key, &entry.value, "unknown key", allowed));
        };
        let value = entry.number(&(field.min..=field.max))?;
        if name == "phase_order" && value.abs() != 1.0 {
            return Err(entry.refuse("neither of the two", "1 or -1"));
        }
        if let Some(to) = self.field_mut(name) {
            *to = value;
        }
        debug_assert!(self.check().is_ok(), "{}", range_text(field.min, field.max));
        Ok(())
    }

    /// What the unit gets of the world's samples.
    #[must_use]
    pub fn samples(&self, world: &LevitationInputs) -> LevitationInputs {
        let mids = [self.mid_x_plus_v, self.mid_x_minus_v, self.mid_y_plus_v, self.mid_y_minus_v];
        let gains = [self.gain_x, self.gain_x, self.gain_y, self.gain_y];
        let mut samples = *world;
        for ((volt, mid), gain) in samples.displacement_hall_v.iter_mut().zip(mids).zip(gains) {
            *volt = (MID_V + mid + gain * (f64::from(*volt) - MID_V)) as f32;
        }
        samples.phase_current_a = self.phases(world.phase_current_a);
        samples
    }

    /// What the world gets of the unit's outputs.
    #[must_use]
    pub fn outputs(&self, unit: &LevitationOutputs) -> LevitationOutputs {
        LevitationOutputs { phase_duty: self.phases(unit.phase_duty), ..*unit }
    }

    fn phases(&self, [a, b, c]: [f32; 3]) -> [f32; 3] {
        if self.phase_order < 0.0 { [a, c, b] } else { [a, b, c] }
    }
}
