// SPDX-License-Identifier: Apache-2.0
//! The times of the protocol, in periods of the levitation task, each with its reason.

/// Times of the protocol [periods]. The model checker runs the same machine on a shorter set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Times {
    /// Samples after which a line that shows no edges is believed.
    pub debounce: u16,
    /// For how long a unit must be fit before it is ready.
    pub ready: u16,
    /// Two units drive at once: after this time the host yields.
    pub yielding: u16,
    /// A unit that took the head must see its currents follow within this time.
    pub prove: u16,
    /// Hand-back: for how long the one waits for the other to arm, and an armed one for the head.
    pub arm: u16,
    /// Hand-back: for how long the gate is still asked for after the last edge; the hardware closes it before.
    pub fall: u16,
    /// Drill: for how long the releasing unit waits for the other one's edges before it drives again.
    pub watch: u16,
    /// Edges of the other unit for this long mean that it holds the head.
    pub settle: u16,
    /// A rotor that nobody seems to hold is believed to be lost after this time.
    pub evidence: u16,
    /// A line that reads released for this long while the link says *I drive* is doubted.
    pub doubt: u16,
    /// After a restart that nobody saw coming the emergency drive lets the host go first for this long.
    pub stagger: u16,
    /// For how long a unit announces that the rotor has been set down before it releases the head.
    pub announce: u16,
}

impl Times {
    /// At 20 kHz.
    pub const AT_20_KHZ: Self = Self {
        // The monostable of 150 us +-20 % has judged already; three samples against interference. Together 0.33 ms at
        // most, and the first PWM edge comes within 0.4 ms.
        debounce: 3,
        // 1 ms: the displacement filter has settled.
        ready: 20,
        // 2 ms: two sets that push against each other heat up within tens of milliseconds.
        yielding: 40,
        // The current of a new duty is sampled one and a half periods later, so the second sample is the first to show it.
        // Without it in that one and two more the bridge does not drive.
        prove: 4,
        // 5 ms: ten fast frames, so that a lost one does not call a hand-back off.
        arm: 100,
        // 0.2 ms: longer than the slowest monostable.
        fall: 4,
        // 0.5 ms: the longest time in which the other unit takes over.
        watch: 10,
        // 6 ms: longer than another unit arms, during which its edges say nothing of current.
        settle: 120,
        // 0.2 ms: the displacement was beyond 50 um in four samples.
        evidence: 4,
        // 2 ms: a frame that left before the release has arrived long since.
        doubt: 40,
        // 3 ms: the host is ready after 1 ms, and its edges are seen at once.
        stagger: 60,
        // 5 ms: ten fast frames, one of which arrives.
        announce: 100,
    };
}
