// SPDX-License-Identifier: Apache-2.0
//! The cut-out task: its own sensors and button in, its own relay out. 10 Hz.
//!
//! It reads no mailbox, so that nothing any other task says can hold it; what it writes into one is for others to read.
//!
//! # Shown by
//! [`crate::warming::cutout`].

use crate::mail::Mailboxes;
use crate::ports::{CutOutInputs, CutOutOutputs};
use crate::warming::cutout::CutOut;
use crate::warming::messages::CutOutMail;

/// See the [module](self).
#[derive(Clone, Debug, Default)]
pub struct CutOutTask {
    cut_out: CutOut,
}

impl CutOutTask {
    /// One period.
    pub fn step(&mut self, inputs: &CutOutInputs, mail: &Mailboxes) -> CutOutOutputs {
        let outputs = self.cut_out.step(inputs);
        mail.cut_out.write(&CutOutMail::new(&self.cut_out));
        outputs
    }
}
