// SPDX-License-Identifier: Apache-2.0
//! What the supervisor keeps of the therapy: what is accepted, what carries over from the other unit, and what is found after a restart.
//!
//! # Carrying over
//! | mode there | here, when this unit takes the head |
//! |---|---|
//! | speed, flow, pressure, `zero_flow` | the same, with its set-point |
//! | weaning | flow, at the step where it was |
//! | pulsatile | speed, the mean: the pulses end |
//! | `retrograde_trial` | `zero_flow`: nobody carries a trial on unasked |
//!
//! An intervention that holds zero flow is told as that mode.

use super::{PeerSettingsMail, Refusal, SETTINGS_US_MAX, SupervisorTask, UnitState};
use crate::circulation::therapy::{Mode, TherapyMail, TherapySettings};
use crate::link::PeerReport;
use crate::mail::{CirculationMail, LevitationMail, Mailboxes, SupervisorMail};
use crate::math::between;
use crate::units::RPM_PER_RAD_PER_S;

impl SupervisorTask {
    /// Nothing turns, and what turns it next is a speed.
    pub(super) fn stand_still(&mut self) {
        self.therapy.mode = Mode::Speed;
        self.therapy.settings.speed_setpoint_rpm = 0.0;
    }

    /// A mode with its set-point.
    ///
    /// # Errors
    /// The set-point is outside of its range, or of what pump and circuit can give now.
    pub(super) fn set_mode(&mut self, mode: Mode, value: f32, mail: &Mailboxes) -> Result<(), Refusal> {
        let mut therapy = self.therapy;
        if let Some(index) = mode.setpoint().and_then(TherapySettings::index_of) {
            let (least, most) = self.reach(mode, mail);
            if !(least..=most).contains(&value) {
                return Err(Refusal::OutOfReach);
            }
            let field = TherapySettings::field(index).ok_or(Refusal::Unknown)?;
            therapy.set(field, value).map_err(|_| Refusal::OutOfReach)?;
        }
        therapy.mode = mode;
        self.therapy = therapy;
        Ok(())
    }

    /// What the set-point of a mode may be now.
    #[must_use]
    pub fn reach(&self, mode: Mode, mail: &Mailboxes) -> (f32, f32) {
        let range = mode.setpoint().and_then(|name| {
            TherapySettings::FIELDS
                .iter()
                .find(|field| field.name == name)
                .map(|field| (field.min, field.max))
        });
        let (least, most) = range.unwrap_or_default();
        let settings = &self.therapy.settings;
        match mode {
            Mode::Speed | Mode::Pulsatile => (0.0, self.speed_rpm_max),
            Mode::Pressure => {
                (least.max(settings.drainage_pressure_mmhg_min), most.min(settings.return_pressure_mmhg_max))
            }
            Mode::Flow | Mode::Weaning => {
                let seen = mail.circulation.read::<CirculationMail>().map(|(_, seen)| seen.flow_lpm_max);
                (least, seen.map_or(most, |flow_lpm| most.min(flow_lpm)))
            }
            Mode::ZeroFlow | Mode::RetrogradeTrial => (least, most),
        }
    }

    /// One setting.
    ///
    /// # Errors
    /// There is no such setting, or the value is outside of its range; a set-point goes with its mode.
    pub(super) fn set(&mut self, setting: u32, value: f32) -> Result<(), Refusal> {
        let field = TherapySettings::field(setting).ok_or(Refusal::Unknown)?;
        let is_setpoint = Mode::ALL.iter().any(|mode| mode.setpoint() == Some(field.name));
        if is_setpoint {
            return Err(Refusal::SetpointOfMode);
        }
        self.therapy.set(field, value).map_err(|_| Refusal::OutOfReach)
    }

    /// While the other unit drives, its therapy is this one's: a takeover changes nothing.
    pub(super) fn mirror(&mut self, levitation: &LevitationMail) {
        let therapy = PeerReport::from_bits(levitation.report).therapy;
        match self.settings.fresh(SETTINGS_US_MAX) {
            Some(settings) if therapy => self.take(&settings),
            // Nobody drives: what the operator sets here stands.
            Some(settings) => {
                let speed_rpm = between(settings.speed_setpoint_rpm, 0.0, self.speed_rpm_max);
                self.therapy.settings.speed_setpoint_rpm = speed_rpm;
            }
            None if therapy => {
                let speed_rpm = levitation.rotor_speed_rad_per_s * RPM_PER_RAD_PER_S;
                self.therapy.mode = Mode::Speed;
                self.therapy.settings.speed_setpoint_rpm = between(speed_rpm, 0.0, self.speed_rpm_max);
            }
            None => self.stand_still(),
        }
    }

    fn take(&mut self, settings: &PeerSettingsMail) {
        let own = &mut self.therapy.settings;
        own.speed_setpoint_rpm = between(settings.speed_setpoint_rpm, 0.0, self.speed_rpm_max);
        self.therapy.mode = match Mode::from_code(settings.mode).unwrap_or_default() {
            Mode::Weaning => Mode::Flow,
            Mode::Pulsatile => Mode::Speed,
            Mode::RetrogradeTrial => Mode::ZeroFlow,
            same => same,
        };
        // What the other unit was set to has been in its range; what a frame makes of it need not be.
        for (name, value) in [
            ("flow_setpoint_lpm", settings.flow_setpoint_lpm),
            ("pressure_setpoint_mmhg", settings.pressure_setpoint_mmhg),
            ("drainage_pressure_mmhg_min", settings.drainage_pressure_mmhg_min),
            ("return_pressure_mmhg_max", settings.return_pressure_mmhg_max),
        ] {
            if let Some(field) = TherapySettings::index_of(name).and_then(TherapySettings::field) {
                // Outside: the own value stands.
                let _ = self.therapy.set(field, value);
            }
        }
    }

    /// What the supervisor before this one wanted.
    pub(super) fn recall(&mut self, mail: &Mailboxes, last: Option<&SupervisorMail>) {
        let before = mail.therapy.read::<TherapyMail>();
        if let Some((_, before)) = &before {
            (self.therapy, self.resumes) = (before.therapy, before.resumes);
        }
        if self.state != UnitState::Operating {
            self.stand_still();
        } else if before.is_none() {
            let in_force = mail.circulation.read::<CirculationMail>();
            self.therapy.settings.speed_setpoint_rpm = in_force
                .map(|(_, circulation)| circulation.speed_setpoint_rpm)
                .or(last.map(|last| last.speed_setpoint_rpm))
                .unwrap_or(0.0);
        }
    }
}
