// SPDX-License-Identifier: Apache-2.0
//! What a search runs on: times, bounds, and whether the protocol is broken on purpose.

use levitas_core::arbitration::{Inputs, Line, Times};

use crate::drive::Met;
use crate::pair::Cover;
use crate::search::Fault;

/// A way to break the protocol, to see that the search finds it. The first ones take away what a unit sees, the others a step of what it
/// does: a condition that always holds, a wait that never ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Break {
    /// A cut line counts as released.
    CutIsReleased,
    /// No unit sees the other one's drive: nobody yields.
    NobodyYields,
    /// No unit ever reads the line as released.
    NeverReleased,
    /// Nothing physical is seen: no ripple, no force, no rotor that strays.
    Blind,
    /// A unit takes the head behind a broken line without anything that it sees of the rotor.
    TakesUnseen,
    /// The host never yields, whatever it sees.
    HostKeeps,
    /// A unit that took the head keeps it without current.
    KeepsWithoutCurrent,
}

impl Break {
    /// In words.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::CutIsReleased => "a cut line counts as released",
            Self::NobodyYields => "no unit sees the other one drive",
            Self::NeverReleased => "no unit reads a line as released",
            Self::Blind => "neither ripple nor force nor a rotor that strays is seen",
            Self::TakesUnseen => "a unit takes the head behind a broken line without evidence of the rotor",
            Self::HostKeeps => "the host does not yield",
            Self::KeepsWithoutCurrent => "a unit that took the head keeps it without current",
        }
    }

    /// The protocol broken in this way, on the times on which it shows soon.
    #[must_use]
    pub const fn rules(self) -> Rules {
        let rules = if matches!(self, Self::KeepsWithoutCurrent) { Rules::ORDERED } else { Rules::SHORT };
        Rules { broken: Some(self), ..rules }
    }

    /// A fault under which it shows.
    #[must_use]
    pub fn shown_by(self) -> Fault {
        match self {
            Self::CutIsReleased | Self::NeverReleased | Self::TakesUnseen => Fault::Line(0),
            Self::NobodyYields | Self::HostKeeps => Fault::Sensors(0),
            Self::KeepsWithoutCurrent => Fault::Unit(1),
            Self::Blind => Fault::LinkAndLine(0),
        }
    }
}

/// Times, bounds and breaks of one search.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Times of the protocol [periods].
    pub times: Times,
    /// Time for which a line lives after its last edge [periods].
    pub monostable: u8,
    /// Periods from one fast frame to the next.
    pub frame_periods: u8,
    /// Periods without a frame after which the link counts as silent.
    pub link_silent: u8,
    /// Periods after which an unheld rotor is seen.
    pub unheld_seen: u8,
    /// Most periods for which nobody may hold a rotor that somebody could hold.
    pub nobody_max: u8,
    /// How often a line fails, and a unit hangs or loses power; in between it recovers.
    pub strikes_max: u8,
    /// From a held rotor on, which stays wanted: an operator asks for no more than hand-backs and drills.
    pub holding: bool,
    /// Deliberate damage.
    pub broken: Option<Break>,
}

impl Rules {
    /// Times of a few periods and no more: a search that gives every order at every moment ends.
    pub const SHORT: Self = Self {
        times: Times {
            debounce: 2,
            ready: 1,
            yielding: 3,
            prove: 3,
            arm: 4,
            fall: 2,
            watch: 7,
            settle: 14,
            evidence: 1,
            doubt: 8,
            stagger: 4,
            announce: 2,
        },
        monostable: 2,
        frame_periods: 1,
        link_silent: 2,
        unheld_seen: 2,
        nobody_max: 20,
        strikes_max: 1,
        holding: false,
        broken: None,
    };

    /// Every time as short as its order among all the others allows: the races of the product, from a held rotor on.
    pub const ORDERED: Self = Self {
        times: Times {
            debounce: 2,
            ready: 9,
            yielding: 11,
            prove: 3,
            arm: 13,
            fall: 3,
            watch: 8,
            settle: 18,
            evidence: 3,
            doubt: 11,
            stagger: 12,
            announce: 13,
        },
        monostable: 3,
        frame_periods: 4,
        link_silent: 10,
        unheld_seen: 10,
        // A unit that starts again is proven, then takes the head: 9 + 5, the gates open, one clock slips.
        nobody_max: 16,
        strikes_max: 1,
        holding: true,
        broken: None,
    };

    /// The same, with a fault that comes and goes.
    #[must_use]
    pub const fn again(self, strikes_max: u8) -> Self {
        Self { strikes_max, ..self }
    }

    /// The times of the product, with the slowest monostables.
    pub const AT_20_KHZ: Self = Self {
        times: Times::AT_20_KHZ,
        // 150 us + 20 % of a receiver, 165 us + 20 % of a sender, counted in whole periods.
        monostable: 4,
        frame_periods: 10,
        // Three frames.
        link_silent: 30,
        // 1.5 ms until neither ripple nor force is believed.
        unheld_seen: 30,
        // 6 ms: the rotor touches.
        nobody_max: 120,
        strikes_max: 1,
        holding: true,
        broken: None,
    };

    /// Most periods for which both may drive, in a search.
    ///
    /// It begins when the gates of the second unit open and ends when the host's close. The host yields at the last of
    /// `yielding` samples in which it sees two drive. Before the first of them passes
    /// * the period in which its own current is first seen, and one more in which its clock slips or a frame is lost, so that only
    ///   edges tell, which are seen a period later;
    /// * or, where the other line tells nothing, the time until a frame does; one may be lost.
    ///
    /// A host that hangs counts nothing, but its line lives and its gates stay open for `monostable` periods after the last edge, the
    /// first of which is that of the edge; if it hangs for longer, its gates close. So one hang adds `monostable` - 1 at most.
    #[must_use]
    pub const fn overlap_max(&self) -> u8 {
        let hangs = self.strikes_max * (self.monostable - 1);
        let frames = 2 * self.frame_periods;
        let first = 1 + 1 + hangs;
        self.times.yielding as u8 + if first > frames { first } else { frames }
    }

    /// From the last edge of one unit until the debounced line says so to the other.
    const fn takes(&self) -> u8 {
        self.monostable + self.times.debounce as u8
    }

    /// Every further time that the fault comes, and that it goes, while nobody holds the rotor can let the takeover begin
    /// anew. More than three times in one gap are neither searched nor expected of a draw.
    const fn anew(&self) -> u8 {
        let strikes = if self.strikes_max > 3 { 3 } else { self.strikes_max };
        2 * (strikes - 1) * self.takes()
    }

    /// Most periods for which nobody may hold the rotor when a ready unit was known: the edges end, the line says so,
    /// the gates open in the next period; one clock slips.
    #[must_use]
    pub const fn backed_max(&self) -> u8 {
        self.takes() + 1 + 1 + self.anew()
    }

    /// Most periods for which nobody may hold it when a unit lets go on an order and another one was ready: that one
    /// has no current and gives up, its edges end, the first one takes the head back; one clock slips.
    #[must_use]
    pub const fn ordered_max(&self) -> u8 {
        self.takes() + self.times.prove as u8 + self.reverts() + 1 + self.anew()
    }

    /// To where periods without a holder are counted: beyond every bound.
    #[must_use]
    pub fn nobody_counted(&self) -> u8 {
        1 + self.nobody_max.max(self.ordered_max()).max(self.backed_max())
    }

    /// From the last edge of a unit that gives up until the gates of the one that let go open.
    const fn reverts(&self) -> u8 {
        self.monostable + 1
    }

    /// The longest time without holder beside a unit that is not ready: it takes the rotor on evidence alone, and waits for one that has just
    /// started and says that it would, which waits for the host.
    #[must_use]
    pub fn unbacked_max(&self) -> u8 {
        self.nobody_max.saturating_add(u8::try_from(self.times.stagger).unwrap_or(u8::MAX))
    }

    /// Most periods for which nobody may hold the rotor.
    #[must_use]
    pub fn bound(&self, cover: Cover) -> u8 {
        match cover {
            Cover::Backup => self.backed_max(),
            // Where any order may come in any period, also a drill in the one in which the rotor begins to be wanted.
            Cover::Ordered if !self.holding => self.nobody_max,
            Cover::Ordered => self.ordered_max(),
            Cover::Anybody => self.nobody_max,
        }
    }

    /// Whether a run has kept the bounds.
    #[must_use]
    pub fn holds(&self, met: &Met) -> bool {
        let Met { overlap, backed, ordered, nobody, .. } = *met;
        overlap <= self.overlap_max()
            && backed <= self.backed_max()
            && ordered <= self.ordered_max()
            && nobody <= self.nobody_max
    }

    /// The times that the units go by: those of the bounds, but where a condition or a wait is broken.
    #[must_use]
    pub const fn unit_times(&self) -> Times {
        match self.broken {
            Some(Break::TakesUnseen) => Times { evidence: 0, ..self.times },
            Some(Break::HostKeeps) => Times { yielding: u16::MAX, ..self.times },
            Some(Break::KeepsWithoutCurrent) => Times { prove: u16::MAX, ..self.times },
            _ => self.times,
        }
    }

    /// The inputs as a broken protocol would see them.
    #[must_use]
    pub fn break_it(&self, inputs: &Inputs) -> Inputs {
        let mut seen = *inputs;
        match self.broken {
            Some(Break::CutIsReleased) if seen.line == Line::Broken => seen.line = Line::Released,
            Some(Break::NobodyYields) => {
                seen.foreign_drive = false;
                seen.peer =
                    seen.peer.map(|peer| levitas_core::link::PeerReport { current_flows: false, ..peer });
            }
            Some(Break::Blind) => {
                seen.foreign_drive = false;
                seen.rotor_unheld = false;
                seen.rotor_astray = false;
            }
            Some(Break::NeverReleased) if seen.line == Line::Released => seen.line = Line::Driving,
            _ => {}
        }
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However often the host hangs and goes on: from one of its samples to the next its gates stay open for `monostable`
    /// periods at most. To the samples that it counts come the first one with current, and the wait for a frame where only the link
    /// tells that the other unit drives.
    #[test]
    fn two_drive_for_less_than_ten_milliseconds_however_often_the_host_stalls() {
        let Rules { times, monostable, link_silent, .. } = Rules::AT_20_KHZ;
        let samples = 1 + 1 + times.yielding;
        let longest = samples * u16::from(monostable) + u16::from(link_silent);
        assert!(u32::from(longest) * 50 <= 10_000, "{longest}");
    }

    /// 0.5 ms with a backup; 0.3 ms from the last edge of a unit that gives up until the gates of the other one open.
    #[test]
    fn nobody_holds_the_rotor_for_half_a_millisecond_at_most_and_a_revert_takes_less() {
        let rules = Rules::AT_20_KHZ;
        assert!(u32::from(rules.backed_max()) * 50 <= 500);
        let reverts = u32::from(rules.reverts()) + 1;
        assert!(reverts * 50 <= 300);
        assert!(u32::from(rules.ordered_max()) * 50 <= 900);
    }

    /// Every time by its name.
    fn all(rules: &Rules) -> [(&'static str, u16); 16] {
        let Times {
            debounce,
            ready,
            yielding,
            prove,
            arm,
            fall,
            watch,
            settle,
            evidence,
            doubt,
            stagger,
            announce,
        } = rules.times;
        [
            ("debounce", debounce),
            ("ready", ready),
            ("yielding", yielding),
            ("prove", prove),
            ("arm", arm),
            ("fall", fall),
            ("watch", watch),
            ("settle", settle),
            ("evidence", evidence),
            ("doubt", doubt),
            ("stagger", stagger),
            ("announce", announce),
            ("monostable", rules.monostable.into()),
            ("frame_periods", rules.frame_periods.into()),
            ("link_silent", rules.link_silent.into()),
            ("unheld_seen", rules.unheld_seen.into()),
        ]
    }

    #[test]
    fn ordered_times_have_the_order_of_the_product_in_every_pair() {
        let (product, short) = (all(&Rules::AT_20_KHZ), all(&Rules::ORDERED));
        for (one, is_one) in product.iter().zip(&short) {
            for (other, is_other) in product.iter().zip(&short) {
                assert!(one.1 >= other.1 || is_one.1 < is_other.1, "{} {}", one.0, other.0);
            }
        }
    }

    /// A drill waits just as long as a takeover takes, in all three sets.
    #[test]
    fn a_drill_waits_for_a_takeover_and_one_slip() {
        for rules in [Rules::SHORT, Rules::ORDERED, Rules::AT_20_KHZ] {
            assert_eq!(rules.times.watch, u16::from(rules.monostable) + rules.times.debounce + 3);
        }
    }

    /// Who lets go waits until the other one has taken the head, found no current, and the end of its edges is seen.
    #[test]
    fn edges_are_not_believed_before_a_taker_without_current_has_given_up() {
        for rules in [Rules::SHORT, Rules::ORDERED, Rules::AT_20_KHZ] {
            let gives_up = u16::from(rules.takes()) + 1 + rules.times.prove + 1;
            assert!(rules.times.settle >= gives_up + u16::from(rules.takes()));
        }
    }
}
