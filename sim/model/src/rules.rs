// SPDX-License-Identifier: Apache-2.0
//! What a search runs on: times, bounds, and whether the protocol is broken on purpose.

use levitas_core::arbitration::{Inputs, Line, Times};

use crate::drive::Met;
use crate::search::Fault;

/// A way to break the protocol, to see that the search finds it.
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
        }
    }

    /// A fault under which it shows.
    #[must_use]
    pub fn shown_by(self) -> Fault {
        match self {
            Self::CutIsReleased | Self::NeverReleased => Fault::Line(0),
            Self::NobodyYields => Fault::Sensors(0),
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
    /// Most periods for which both may drive.
    pub overlap_max: u8,
    /// Most periods for which nobody may hold a rotor that somebody could hold.
    pub nobody_max: u8,
    /// Most periods for which nobody may hold it when the other unit was ready.
    pub backed_max: u8,
    /// Deliberate damage.
    pub broken: Option<Break>,
}

impl Rules {
    /// Every time as short as its order among the others allows: few states, the same races.
    pub const SHORT: Self = Self {
        times: Times {
            debounce: 2,
            ready: 1,
            yielding: 3,
            prove: 3,
            arm: 4,
            fall: 2,
            watch: 5,
            settle: 5,
            evidence: 1,
            doubt: 3,
            stagger: 4,
            announce: 2,
        },
        monostable: 2,
        frame_periods: 1,
        link_silent: 2,
        unheld_seen: 2,
        // See the test of the sums below.
        overlap_max: 6,
        nobody_max: 20,
        backed_max: 7,
        broken: None,
    };

    /// The times of the product, with the slowest monostable.
    pub const AT_20_KHZ: Self = Self {
        times: Times::AT_20_KHZ,
        // 150 us + 20 %, counted in whole periods.
        monostable: 4,
        frame_periods: 10,
        // Three frames.
        link_silent: 30,
        // 1.5 ms until neither ripple nor force is believed.
        unheld_seen: 30,
        // 10 ms.
        overlap_max: 200,
        nobody_max: 250,
        // 0.5 ms.
        backed_max: 10,
        broken: None,
    };

    /// Most periods for which nobody may hold the rotor.
    #[must_use]
    pub fn bound(&self, backed: bool) -> u8 {
        if backed { self.backed_max } else { self.nobody_max }
    }

    /// Whether a run has kept the bounds.
    #[must_use]
    pub fn holds(&self, met: &Met) -> bool {
        met.overlap <= self.overlap_max && met.backed <= self.backed_max && met.nobody <= self.nobody_max
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

    /// How long two can drive at once, as a sum of what it is made of; the search finds just this much.
    ///
    /// It begins when the gates of the second one open and ends when the host's close. The host counts samples in which it
    /// sees two drive, and yields at the last of `yielding`. Before the first of them lies
    /// * the period in which its own current is first seen,
    /// * one more if its clock slips then, or if the frame is lost and edges tell, which are seen a period later.
    ///
    /// A host that hangs counts nothing, but its line lives and its gates stay open for `monostable` periods after the last edge, the
    /// first of which is the one of that edge; if it hung for longer, its gates have closed. So one hang that ends by itself adds
    /// `monostable` - 1.
    #[test]
    fn bound_of_the_overlap_is_the_sum_of_its_parts() {
        let Rules { times, monostable, overlap_max, .. } = Rules::SHORT;
        let (first_seen, slip, hang) = (1, 1, u16::from(monostable) - 1);
        assert_eq!(u16::from(overlap_max), first_seen + slip + times.yielding + hang);
    }

    /// However often the host hangs and goes on: from one of its samples to the next its gates stay open for `monostable`
    /// periods at most. To what is counted above comes the wait for a frame where only the link tells that the other unit drives.
    #[test]
    fn two_drive_for_less_than_ten_milliseconds_however_the_host_stalls() {
        let Rules { times, monostable, link_silent, overlap_max, .. } = Rules::AT_20_KHZ;
        let samples = 2 + times.yielding;
        assert!(samples * u16::from(monostable) + u16::from(link_silent) <= u16::from(overlap_max));
        assert_eq!(u32::from(overlap_max) * 50, 10_000, "10 ms");
    }
}
