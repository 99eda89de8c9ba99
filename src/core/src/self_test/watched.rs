// SPDX-License-Identifier: Apache-2.0
//! What the sensors have shown while the self-test watches them.

use super::{SelfTestInput, is_heard, is_held};
use crate::link::{PeerMail, PeerReport};
use crate::mail::{LevitationMail, fault};
use crate::math::{sqrt, wrap_to_pi};
use crate::task::levitation::UNFIT;

/// Largest current that a sensor shows of none [A].
const NO_CURRENT_A: f32 = 0.1;

/// How far the rotor was from the centre, or from where the unit that holds it sees it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    pub(super) is_held: bool,
    /// Sum [m], and of how many looks.
    pub(super) sum_m: f32,
    pub(super) looks: u32,
}

impl Place {
    /// One look; where the other unit tells no number, or holds the rotor unheard, there is nothing to see.
    fn look(&mut self, levitation: &LevitationMail, peer: Option<&PeerMail>) {
        let holder = peer.filter(|peer| PeerReport::from_bits(peer.report).therapy);
        if holder.is_some() != self.is_held || holder.is_none() && is_held(levitation) {
            *self = Self { is_held: holder.is_some(), ..Self::default() };
        }
        let [from_x_m, from_y_m] =
            holder.map_or([0.0; 2], |peer| [peer.displacement_x_m, peer.displacement_y_m]);
        let (dx_m, dy_m) = (levitation.displacement_x_m - from_x_m, levitation.displacement_y_m - from_y_m);
        let square_m2 = dx_m * dx_m + dy_m * dy_m;
        if square_m2.is_finite() && (holder.is_some() || !is_held(levitation)) {
            self.sum_m += sqrt(square_m2);
            self.looks = self.looks.saturating_add(1);
        }
    }
}

/// What the sensors have shown while they were watched.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Watched {
    /// Faults of one look or more, of two, of three: a bad sample is seen by two looks at most.
    pub(super) once: u32,
    pub(super) twice: u32,
    pub(super) thrice: u32,
    /// The pair would not let this unit drive, or not for long, as of the last look.
    pub(super) is_unfit: bool,
    pub(super) current_a_max: f32,
    pub(super) bus_v_min: f32,
    pub(super) heard: bool,
    pub(super) place: Place,
    /// The rotor angle at first, and how far it went from there, either way [rad].
    pub(super) angle_rad: Option<f32>,
    pub(super) angle_spread_rad: (f32, f32),
}

impl Watched {
    /// One look; what needs a unit without current only while that `is_quiet`.
    pub(super) fn look(&mut self, levitation: &LevitationMail, peer: Option<&PeerMail>, is_quiet: bool) {
        let currents_a = [
            levitation.coil_current_mean_x_a,
            levitation.coil_current_mean_y_a,
            levitation.phase_current_a_a,
            levitation.phase_current_b_a,
        ];
        let largest_a = currents_a.iter().fold(0.0_f32, |most, current_a| most.max(current_a.abs()));
        let flows = is_quiet && largest_a >= NO_CURRENT_A;
        let faults = levitation.recent_faults | if flows { fault::CURRENT } else { 0 };
        self.thrice |= self.twice & faults;
        self.twice |= self.once & faults;
        self.once |= faults;
        // Where a Hall is doubted the pair may have believed the other unit.
        let is_doubted = !PeerReport::from_bits(levitation.report).innovation_ok;
        self.is_unfit = levitation.recent_faults & UNFIT != 0 || is_doubted;
        self.heard |= is_heard(levitation);
        if !is_quiet {
            return;
        }
        let first_rad = *self.angle_rad.get_or_insert(levitation.rotor_angle_rad);
        let from_first_rad = wrap_to_pi(levitation.rotor_angle_rad - first_rad);
        let (least_rad, most_rad) = self.angle_spread_rad;
        self.angle_spread_rad = (least_rad.min(from_first_rad), most_rad.max(from_first_rad));
        self.current_a_max = self.current_a_max.max(largest_a);
        self.bus_v_min = self.bus_v_min.min(levitation.bus_voltage_v);
        self.place.look(levitation, peer);
    }

    /// Faults that were seen on three looks, or still stand.
    pub(super) fn standing(&self, input: &SelfTestInput) -> u32 {
        self.thrice | input.levitation.map_or(0, |levitation| levitation.faults)
    }
}
