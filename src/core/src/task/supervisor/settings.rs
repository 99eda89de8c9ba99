// SPDX-License-Identifier: Apache-2.0
//! Limits and settings over a power-off: what the storage has of them ([`crate::circulation::settings_record`]).

use super::SupervisorTask;
use crate::circulation::settings_record;

impl SupervisorTask {
    /// What lies in the storage, before the first period. The settings that are lost, a bit each in the order of the fields.
    pub fn recall_settings(&mut self, record: &[u8]) -> u32 {
        let (settings, lost) = settings_record::decode(record, &self.therapy.settings);
        self.therapy.settings = settings;
        lost
    }
}

#[cfg(test)]
mod tests {
    use crate::circulation::therapy::{Mode, TherapyMail, TherapySettings};
    use crate::mail::Mailboxes;
    use crate::task::supervisor::SupervisorTask;
    use crate::unit::{Role, UnitConfig};

    #[test]
    fn a_unit_that_is_switched_on_has_the_limits_of_before_and_stands() {
        let limits = TherapySettings {
            return_pressure_mmhg_max: 250.0,
            flow_lpm_min: 2.5,
            speed_setpoint_rpm: 4000.0,
            ..TherapySettings::ADULT
        };
        let record = super::settings_record::encode(&limits);
        let (mut task, mail) =
            (SupervisorTask::new(&UnitConfig::ECMO_50, Role::Host).unwrap(), Mailboxes::new());
        assert_eq!(task.recall_settings(&record), 0);
        for _ in 0..200 {
            task.step(&mail);
        }
        let (_, TherapyMail { therapy, .. }) = mail.therapy.read::<TherapyMail>().unwrap();
        let expected = TherapySettings { speed_setpoint_rpm: 0.0, ..limits };
        assert_eq!((therapy.mode, therapy.settings), (Mode::Speed, expected));
    }
}
