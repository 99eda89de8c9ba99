// SPDX-License-Identifier: Apache-2.0
//! When a takeover drill may be: on a unit that has driven for minutes without an alarm of either unit. A drill lets go of the head, so it is
//! not for a moment in which something else is wrong; whether the other unit would take the head is for the pair to say.

use super::{SILENT_US_MAX, SupervisorTask, UnitState};
use crate::circulation::conditions as condition;
use crate::link::PEER_THERAPY_US_MAX;
use crate::mail::fault;
use crate::power::messages::PowerMail;
use crate::power::told::PowerTold;
use crate::schedule::TaskId;

/// Conditions that say what decides about the speed, and no danger.
const LIMITS: u32 =
    condition::DRAINAGE_LIMIT | condition::RETURN_LIMIT | condition::BACKFLOW_FLOOR | condition::NOT_REACHED;
/// Faults that stand until the next start and say nothing of now: with them alone a unit is well.
pub const PAST: u32 = fault::CALIBRATION | fault::SELF_TEST | fault::SETTINGS;
/// Periods for which a state with an alarm is told after it has ended: 1 s, as the alarm is.
const UNWELL_PERIODS: u32 = TaskId::Supervisor.slot().rate_hz;
/// With less charge a battery is kept for what may really fail [%].
const DRILL_CHARGE_PCT_MIN: f32 = 50.0;
/// Periods of this task in a second.
const PERIODS_PER_S: f32 = TaskId::Supervisor.slot().rate_hz as f32;

impl SupervisorTask {
    /// Counts for how long this unit has driven without an alarm. A task that is not heard of is one.
    pub(super) fn watch_quiet(&mut self) {
        let levitation = self.levitation.fresh(SILENT_US_MAX);
        let own = levitation.map_or(0, |levitation| levitation.faults);
        let link = self.link.latest().map_or(0, |link| link.alarms);
        let there = self.peer_therapy.fresh(PEER_THERAPY_US_MAX).map_or(0, |there| there.alarms);
        let circulation = self.circulation.fresh(SILENT_US_MAX);
        let circuit = circulation.map_or(0, |circulation| circulation.alarms);
        self.alarms = (own | link | there | circuit | self.own_alarms) & !PAST;
        self.is_well = levitation.is_some()
            && circulation.is_some_and(|circulation| circulation.conditions & !LIMITS == 0)
            && self.alarms == 0
            && self.is_fed_well();
        let is_quiet = self.is_well && self.state == UnitState::Operating;
        self.quiet_periods = if is_quiet { self.quiet_periods.saturating_add(1) } else { 0 };
        let is_paired = levitation.is_some_and(|levitation| levitation.pair_alarms == 0);
        self.unwell_periods =
            if self.is_well && is_paired { self.unwell_periods.saturating_sub(1) } else { UNWELL_PERIODS };
    }

    /// Mains and battery of this unit are as they should be, or nobody measures them.
    pub(super) fn is_fed_here(&self) -> bool {
        PowerMail::heard(&self.power).is_none_or(|power| power.conditions == 0)
    }

    /// The same of the other unit.
    pub(super) fn is_fed_there(&self) -> bool {
        self.peer_power.latest().is_none_or(|there| there.is_well())
    }

    /// Both. A drill on a low battery could leave the head to a unit that has to give it back, and cannot.
    fn is_fed_well(&self) -> bool {
        self.is_fed_here() && self.is_fed_there()
    }

    /// Both batteries are more than half full, where that is measured.
    fn has_charge(&self) -> bool {
        let full = |charge_pct: Option<f32>| charge_pct.is_none_or(|pct| pct > DRILL_CHARGE_PCT_MIN);
        let own =
            PowerMail::heard(&self.power).is_none_or(|power| full(PowerTold::of(&power).battery_charge_pct));
        // A unit that does not measure tells no number.
        own && self.peer_power.latest().is_none_or(|there| full(there.battery_charge_pct))
    }

    /// Whether a drill may be now: no alarm stands, nor has the last one stood a short time ago. A unit that does not drive is refused by
    /// the pair, which says why.
    pub(super) fn may_drill(&self) -> bool {
        let long_enough = self.quiet_periods as f32 >= self.config.drill_quiet_s_min * PERIODS_PER_S;
        !self.drives || self.alarms == 0 && self.is_fed_well() && self.has_charge() && long_enough
    }
}
