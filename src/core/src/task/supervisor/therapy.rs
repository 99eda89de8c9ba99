// SPDX-License-Identifier: Apache-2.0
//! What the supervisor keeps of the therapy: what is accepted, what carries over from the other unit or from before a reset, and what is found after a restart.
//!
//! # Carrying over
//! | mode there | here, when this unit takes the head |
//! |---|---|
//! | speed, flow, pressure, pulsatile, `zero_flow` | the same |
//! | weaning | flow, at the step where it was: somebody should look before it goes on |
//! | `retrograde_trial` | `zero_flow`: nobody carries a trial on unasked |
//!
//! All settings carry over with it. What an intervention holds is carried on by the circulation task ([`crate::circulation::pilot`]).

use super::{Refusal, SupervisorTask, UnitState};
use crate::circulation::conditions as condition;
use crate::circulation::reach::{lacks_sensor, reach};
use crate::circulation::therapy::{Mode, Therapy, TherapyMail, TherapySettings};
use crate::link::{PEER_THERAPY_US_MAX, PeerReport, PeerTherapy};
use crate::mail::{LevitationMail, Mailboxes, SupervisorMail, fault};
use crate::math::between;
use crate::units::RPM_PER_RAD_PER_S;

impl SupervisorTask {
    /// Nothing turns, and what turns it next is a speed.
    pub(super) fn stand_still(&mut self) {
        self.therapy.mode = Mode::Speed;
        self.therapy.settings.speed_setpoint_rpm = 0.0;
        self.therapy_is_known();
    }

    /// From now on it is this unit's own, or that of the other one.
    pub(super) fn therapy_is_known(&mut self) {
        self.therapy_unknown = false;
        self.own_alarms &= !fault::THERAPY_LOST;
    }

    /// The head has come to this unit, and nobody has said what it is to do: what turns, turns on. While the angle is not trusted the
    /// speed is not known.
    pub(super) fn adopt_speed(&mut self, levitation: &LevitationMail) {
        if self.therapy_unknown && levitation.faults & fault::ANGLE == 0 {
            self.therapy.mode = Mode::Speed;
            self.therapy.settings.speed_setpoint_rpm = self.speed_of(levitation);
            self.therapy_unknown = false;
            self.own_alarms |= fault::THERAPY_LOST;
        }
    }

    /// A mode with its set-point.
    ///
    /// # Errors
    /// The set-point is outside of its range, or of what pump and circuit can give now; or its sensor cannot be believed.
    pub(super) fn set_mode(&mut self, mode: Mode, value: f32) -> Result<(), Refusal> {
        self.therapy = self.with_mode(mode, value)?;
        self.asked = self.asked.wrapping_add(1);
        Ok(())
    }

    /// The therapy in this mode.
    ///
    /// # Errors
    /// As of [`Self::set_mode`].
    pub(super) fn with_mode(&self, mode: Mode, value: f32) -> Result<Therapy, Refusal> {
        let mut therapy = self.therapy;
        if let Some(index) = mode.setpoint().and_then(TherapySettings::index_of) {
            let seen = self.circulation.latest();
            let (least, most) = reach(mode, &therapy.settings, self.speed_rpm_max, seen.as_ref());
            if !(least..=most).contains(&value) {
                return Err(Refusal::OutOfReach);
            }
            let field = TherapySettings::field(index).ok_or(Refusal::Unknown)?;
            therapy.set(field, value).map_err(|_| Refusal::OutOfReach)?;
            if seen.is_some_and(|seen| lacks_sensor(field.name, &seen)) {
                return Err(Refusal::SensorLost);
            }
        }
        therapy.mode = mode;
        Ok(therapy)
    }

    /// One setting.
    ///
    /// # Errors
    /// There is no such setting, the value is outside of its range, or its sensor cannot be believed; a set-point goes with its mode.
    pub(super) fn set(&mut self, setting: u32, value: f32) -> Result<(), Refusal> {
        let field = TherapySettings::field(setting).ok_or(Refusal::Unknown)?;
        if Mode::is_setpoint(field.name) {
            return Err(Refusal::SetpointOfMode);
        }
        let mut therapy = self.therapy;
        therapy.set(field, value).map_err(|_| Refusal::OutOfReach)?;
        if self.circulation.latest().is_some_and(|seen| lacks_sensor(field.name, &seen)) {
            return Err(Refusal::SensorLost);
        }
        self.therapy = therapy;
        Ok(())
    }

    /// While the other unit drives, its therapy is this one's: a takeover changes nothing. Whether it is.
    pub(super) fn mirror(&mut self, levitation: &LevitationMail) -> bool {
        let therapy = PeerReport::from_bits(levitation.report).therapy;
        if let Some(before) = self.kept.therapy().filter(|_| therapy) {
            self.therapy_is_known();
            self.take(&before);
            return true;
        }
        match self.peer_therapy.fresh(PEER_THERAPY_US_MAX) {
            Some(there) if therapy => {
                self.therapy_is_known();
                self.take(&there);
                return true;
            }
            // Nobody drives: what the operator sets here stands.
            Some(there) => {
                let speed_rpm = between(there.settings.speed_setpoint_rpm, 0.0, self.speed_rpm_max);
                self.therapy.settings.speed_setpoint_rpm = speed_rpm;
            }
            None if therapy => {
                self.therapy.mode = Mode::Speed;
                self.therapy.settings.speed_setpoint_rpm = self.speed_of(levitation);
            }
            None => self.stand_still(),
        }
        false
    }

    /// The speed that the rotor has, as a set-point [rpm].
    fn speed_of(&self, levitation: &LevitationMail) -> f32 {
        between(levitation.rotor_speed_rad_per_s * RPM_PER_RAD_PER_S, 0.0, self.speed_rpm_max)
    }

    /// The therapy of the other unit, or of this one before a reset, as far as it carries over.
    pub(super) fn take(&mut self, there: &PeerTherapy) {
        let air = there.conditions & condition::AIR_IN_RETURN != 0;
        // Air holds the flow here, too, whatever the mode; the operator ends it as there.
        self.therapy.mode = match if air { there.asked_mode } else { there.mode } {
            Mode::Weaning => Mode::Flow,
            Mode::RetrogradeTrial => Mode::ZeroFlow,
            same => same,
        };
        let mut settings = there.settings;
        settings.speed_setpoint_rpm = between(settings.speed_setpoint_rpm, 0.0, self.speed_rpm_max);
        for field in TherapySettings::FIELDS {
            // What the other unit was set to has been in its range; what a frame makes of it need not be, and then the own value stands.
            if let Some(value) = settings.field_mut(field.name) {
                let _ = self.therapy.set(field, *value);
            }
        }
    }

    /// What the supervisor before this one wanted.
    pub(super) fn recall(&mut self, mail: &Mailboxes, last: Option<&SupervisorMail>) {
        let before = mail.therapy.read::<TherapyMail>();
        if let Some((_, before)) = &before {
            (self.therapy, self.asked, self.resumes) = (before.therapy, before.asked, before.resumes);
        }
        if self.state != UnitState::Operating {
            self.stand_still();
        } else if before.is_none() && !self.carry_on() {
            self.therapy.settings.speed_setpoint_rpm = self
                .circulation
                .latest()
                .map(|in_force| in_force.speed_setpoint_rpm)
                .or(last.map(|last| last.speed_setpoint_rpm))
                .unwrap_or_default();
            self.therapy_unknown = self.circulation.latest().is_none() && last.is_none();
        }
    }
}
