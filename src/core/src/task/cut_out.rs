// SPDX-License-Identifier: Apache-2.0
//! The cut-out task: its own sensors and button in, its own relay out. 10 Hz.
//!
//! It reads no mailbox, so that nothing any other task says can hold it; what it writes into one is for others to read.
//!
//! # Restart
//! A task that starts anew looks once at what it has written itself: it stays open if it was. A unit that starts anew has empty
//! mailboxes: nobody has set a target then, and the cut-out starts open.
//!
//! # Shown by
//! Unit tests below; [`crate::warming::cutout`].

use crate::mail::Mailboxes;
use crate::ports::{CutOutInputs, CutOutOutputs};
use crate::warming::cutout::{CutOut, Trip};
use crate::warming::messages::CutOutMail;

/// See the [module](self).
#[derive(Clone, Debug, Default)]
pub struct CutOutTask {
    cut_out: CutOut,
    is_running: bool,
}

impl CutOutTask {
    /// One period.
    pub fn step(&mut self, inputs: &CutOutInputs, mail: &Mailboxes) -> CutOutOutputs {
        if !core::mem::replace(&mut self.is_running, true) {
            self.resume(mail);
        }
        let outputs = self.cut_out.step(inputs);
        mail.cut_out.write(&CutOutMail::new(&self.cut_out));
        outputs
    }

    /// What cannot be read, because the task ended while it wrote, counts as open.
    fn resume(&mut self, mail: &Mailboxes) {
        let before = match mail.cut_out.read::<CutOutMail>() {
            Some((_, said)) if said.trip == 0 => None,
            Some((_, said)) => Some(Trip::from_code(said.trip).unwrap_or(Trip::Sensor)),
            None => mail.cut_out.is_used().then_some(Trip::Sensor),
        };
        if let Some(trip) = before {
            self.cut_out.resume(trip);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::valid;

    /// Runs for three seconds at this water temperature; true when it permits at the end.
    fn permits_after(task: &mut CutOutTask, mail: &Mailboxes, water_celsius: f32) -> bool {
        permits_with(task, mail, water_celsius, 0)
    }

    /// The same with the button so.
    fn permits_with(task: &mut CutOutTask, mail: &Mailboxes, water_celsius: f32, reset: u32) -> bool {
        let mut last = 0;
        (0..30).fold(false, |_, period| {
            let noise = 0.001 * (period % 3) as f32;
            let inputs = CutOutInputs {
                water_celsius: water_celsius + noise,
                blood_celsius: 37.0 + noise,
                reset,
                valid: valid::CUT_OUT,
            };
            let permit = task.step(&inputs, mail).permit;
            core::mem::replace(&mut last, permit) != permit
        })
    }

    #[test]
    fn it_stays_open_when_it_starts_anew() {
        let mail = Mailboxes::new();
        let mut task = CutOutTask::default();
        assert!(permits_after(&mut task, &mail, 37.0));
        assert!(permits_after(&mut CutOutTask::default(), &mail, 37.0), "it was closed");
        assert!(!permits_after(&mut task, &mail, 41.5));
        assert!(!permits_after(&mut CutOutTask::default(), &mail, 37.0));
        assert!(!permits_with(&mut CutOutTask::default(), &mail, 37.0, 1), "its button sticks");
        let (_, said) = mail.cut_out.read::<CutOutMail>().unwrap();
        assert_eq!(said.trip, Trip::Water as u32);
        mail.cut_out.begin_write();
        assert!(!permits_after(&mut CutOutTask::default(), &mail, 37.0), "ended while it wrote");
    }
}
