// SPDX-License-Identifier: Apache-2.0
//! What the self-test has found: mail.

use super::items::{ITEMS, Item};
use crate::code::from_code;
use crate::mailbox::Words;

/// How the self-test stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Stage {
    /// There was none since the unit started.
    #[default]
    None = 0,
    /// Sensors are watched; nothing is energised.
    Watch = 1,
    /// The head is asked for, so that coils and phases may have current.
    Ask = 2,
    /// The coils have current.
    Coils = 3,
    /// The phases have.
    Phases = 4,
    /// What is measured slowly is waited for.
    Wait = 5,
    /// It is over.
    Over = 6,
    /// It is over, and what it found blocks no more: the operator wants this unit all the same.
    Waived = 7,
}

from_code!(Stage: u32 { None, Watch, Ask, Coils, Phases, Wait, Over, Waived });

/// What has become of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was not looked at: not yet, or it could not be.
    NotRun,
    /// It is as it should be.
    Passed,
    /// It is not.
    Failed,
    /// There is no such thing in this unit.
    NotFitted,
}

impl Verdict {
    /// As logs spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotRun => "not run",
            Self::Passed => "passed",
            Self::Failed => "FAILED",
            Self::NotFitted => "not fitted",
        }
    }
}

/// See the [module](self).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SelfTestReport {
    /// A [`Stage`].
    pub stage: u32,
    /// Since it began, or from begin to end [ms].
    pub time_ms: u32,
    /// Bits of the items that are as they should be.
    pub passed: u32,
    /// Of those that are not.
    pub failed: u32,
    /// Of those that are not so that the unit must not drive the head.
    pub blocking: u32,
    /// Of those that are not there.
    pub not_fitted: u32,
    /// What was measured, in the unit of the item; not a number where nothing was.
    pub measured: [f32; ITEMS],
}

/// Words of a [`SelfTestReport`].
pub const SELF_TEST_WORDS: usize = ITEMS + 6;

impl SelfTestReport {
    pub(super) const fn new() -> Self {
        Self {
            stage: Stage::Watch as u32,
            time_ms: 0,
            passed: 0,
            failed: 0,
            blocking: 0,
            not_fitted: 0,
            measured: [f32::NAN; ITEMS],
        }
    }

    /// What has become of an item.
    #[must_use]
    pub const fn verdict(&self, item: Item) -> Verdict {
        let bit = item.bit();
        if self.failed & bit != 0 {
            Verdict::Failed
        } else if self.passed & bit != 0 {
            Verdict::Passed
        } else if self.not_fitted & bit != 0 {
            Verdict::NotFitted
        } else {
            Verdict::NotRun
        }
    }

    /// It has come to an end.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(Stage::from_code(self.stage), Some(Stage::Over | Stage::Waived))
    }

    /// The unit must not drive the head for what was found, unless the operator wants it.
    #[must_use]
    pub const fn blocks(&self) -> bool {
        self.stage == Stage::Over as u32 && self.blocking != 0
    }

    /// What was found of an item; what has failed once has failed.
    pub(super) fn enter(&mut self, item: Item, passed: bool) {
        self.enter_as(item, passed, item.blocks());
    }

    /// The same of an item whose failure does not always block.
    pub(super) fn enter_as(&mut self, item: Item, passed: bool, blocks: bool) {
        if passed && self.failed & item.bit() == 0 {
            self.passed |= item.bit();
        } else {
            self.failed |= item.bit();
            self.passed &= !item.bit();
            self.blocking |= if blocks { item.bit() } else { 0 };
        }
    }

    /// What was measured of an item.
    pub(super) fn measure(&mut self, item: Item, measured: f32) {
        if let Some(place) = self.measured.get_mut(item as usize) {
            *place = measured;
        }
    }

    /// The same with what was measured.
    pub(super) fn enter_measured(&mut self, item: Item, measured: f32, passed: bool) {
        self.measure(item, measured);
        self.enter(item, passed);
    }

    pub(super) fn enter_absent(&mut self, item: Item) {
        self.not_fitted |= item.bit();
    }
}

impl Words<SELF_TEST_WORDS> for SelfTestReport {
    fn to_words(&self) -> [u32; SELF_TEST_WORDS] {
        let mut words = [0; SELF_TEST_WORDS];
        let said = [self.stage, self.time_ms, self.passed, self.failed, self.blocking, self.not_fitted];
        let measured = self.measured.into_iter().map(f32::to_bits);
        for (word, value) in words.iter_mut().zip(said.into_iter().chain(measured)) {
            *word = value;
        }
        words
    }

    fn from_words(words: [u32; SELF_TEST_WORDS]) -> Self {
        let [stage, time_ms, passed, failed, blocking, not_fitted, measured @ ..] = words;
        Self { stage, time_ms, passed, failed, blocking, not_fitted, measured: measured.map(f32::from_bits) }
    }
}
