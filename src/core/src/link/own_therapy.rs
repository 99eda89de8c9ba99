// SPDX-License-Identifier: Apache-2.0
//! The therapy of this unit as a [`PeerTherapy`]: what the other unit, or this one after a reset, needs to carry on.
//!
//! # Stale input
//! Circulation silent: the speed still stands where that task has left it, and what it held is held.

use super::PeerTherapy;
use crate::circulation::therapy::{Mode, Therapy};
use crate::mail::CirculationMail;
use crate::mailbox::Reader;

/// Age from which the circulation task counts as silent [us]: what it said is of the past.
const CIRCULATION_SILENT_US_MAX: u32 = 50_000;

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct OwnTherapy {
    /// Step of the weaning that has been asked for [L/min].
    weaning_lpm: Option<f32>,
}

impl OwnTherapy {
    /// What the operator has asked for as it is carried out now; `alarms` are those of the other tasks, bits of [`crate::mail::fault`].
    pub fn now(
        &mut self,
        asked: &Therapy,
        circulation: &Reader<CirculationMail>,
        alarms: u32,
    ) -> PeerTherapy {
        let Therapy { mode: asked_mode, mut settings } = *asked;
        let Some(circulation) = circulation.fresh(CIRCULATION_SILENT_US_MAX) else {
            let (conditions, rpm, age_ms) = circulation
                .latest()
                .map_or((0, 0.0, 0), |mail| (mail.conditions, mail.suction_lid_rpm, mail.suction_lid_age_ms));
            return PeerTherapy {
                mode: asked_mode,
                asked_mode,
                settings,
                conditions,
                alarms,
                suction_lid_rpm: rpm,
                suction_lid_age_ms: u16::try_from(age_ms).unwrap_or(u16::MAX),
            };
        };
        let mode = Mode::from_code(circulation.mode).unwrap_or(asked_mode);
        // The step of weaning, or the flow from before a trial; what zero flow holds is no set-point, and weaning that it interrupts
        // is to go on from its step.
        let target_lpm = Some(circulation.flow_target_lpm).filter(|target_lpm| target_lpm.is_finite());
        let followed_lpm = match mode {
            Mode::Flow | Mode::Weaning => target_lpm,
            Mode::ZeroFlow if asked_mode == Mode::Weaning => self.weaning_lpm,
            _ => None,
        };
        self.weaning_lpm = followed_lpm.filter(|_| asked_mode == Mode::Weaning);
        settings.flow_setpoint_lpm = followed_lpm.unwrap_or(settings.flow_setpoint_lpm);
        PeerTherapy {
            mode,
            asked_mode,
            settings,
            conditions: circulation.conditions,
            alarms: alarms | circulation.alarms,
            suction_lid_rpm: circulation.suction_lid_rpm,
            suction_lid_age_ms: u16::try_from(circulation.suction_lid_age_ms).unwrap_or(u16::MAX),
        }
    }
}
