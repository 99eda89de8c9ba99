// SPDX-License-Identifier: Apache-2.0
//! Bad input: every setting and every set-point there is, by the table of the settings.

use super::*;

/// Everything is measured, and much can flow.
fn seen() -> CirculationMail {
    CirculationMail { flow_valid: true, flow_lpm_max: 8.0, ..circulation(0.0) }
}

impl Bench {
    /// Asks while the circulation looks like this.
    fn ask(&mut self, seen: &CirculationMail, command: Command) -> Option<Refusal> {
        self.mail.circulation.write(seen);
        self.write(self.levitation);
        self.command(command)
    }
}

/// The commands that set a field: by itself, or with the modes that it comes with.
fn commands(index: u32, name: &str, value: f32) -> std::vec::Vec<Command> {
    let modes = Mode::ALL.into_iter().filter(|mode| mode.setpoint() == Some(name));
    let with_modes: std::vec::Vec<Command> = modes.map(|mode| Command::SetMode { mode, value }).collect();
    if with_modes.is_empty() { [Command::Set { setting: index, value }].into() } else { with_modes }
}

#[test]
fn every_setting_and_set_point_refuses_what_is_no_number_or_out_of_range_and_nothing_changes() {
    let mut bench = operating();
    for (index, field) in (0..).zip(TherapySettings::FIELDS) {
        let beyond = 1e-3 * (field.max - field.min);
        let before = bench.task.therapy;
        let wrong = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, field.min - beyond, field.max + beyond];
        for command in wrong.into_iter().flat_map(|value| commands(index, field.name, value)) {
            assert_eq!(bench.ask(&seen(), command), Some(Refusal::OutOfReach), "{}: {command:?}", field.name);
            assert_eq!(bench.task.therapy, before, "{}: {command:?}", field.name);
        }
        // Both edges are allowed, but for a set-point that pump or limits do not give.
        for value in [field.min, field.max].into_iter().filter(|_| !Mode::is_setpoint(field.name)) {
            assert_eq!(
                bench.ask(&seen(), Command::Set { setting: index, value }),
                None,
                "{} {value}",
                field.name
            );
            assert_eq!(bench.task.therapy.settings.field_mut(field.name).copied(), Some(value));
        }
        bench.task.therapy = before;
    }
}

#[test]
fn no_low_limit_can_come_above_the_high_one_and_no_pressure_beyond_either() {
    let range = |name: &str| TherapySettings::FIELDS.iter().find(|field| field.name == name).unwrap();
    assert!(range("drainage_pressure_mmhg_min").max < range("return_pressure_mmhg_max").min);
    let mut bench = operating();
    let limits = [("drainage_pressure_mmhg_min", -60.0), ("return_pressure_mmhg_max", 180.0)];
    for (name, value) in limits {
        let setting = TherapySettings::index_of(name).unwrap();
        assert_eq!(bench.ask(&seen(), Command::Set { setting, value }), None);
    }
    for (value, refusal) in
        [(-61.0, Some(Refusal::OutOfReach)), (-60.0, None), (180.0, None), (181.0, Some(Refusal::OutOfReach))]
    {
        let command = Command::SetMode { mode: Mode::Pressure, value };
        assert_eq!(bench.ask(&seen(), command), refusal, "{value}");
    }
}

#[test]
fn what_needs_a_sensor_that_is_missing_is_refused_and_nothing_changes() {
    let setting = |name, value| Command::Set { setting: TherapySettings::index_of(name).unwrap(), value };
    let mode = |mode, value| Command::SetMode { mode, value };
    let no_drainage = CirculationMail { drainage_trouble: 1, ..seen() };
    let no_return = CirculationMail { return_trouble: 1, ..seen() };
    let no_outlet = CirculationMail { pre_membrane_trouble: 1, ..no_return };
    let no_meter = CirculationMail { flow_valid: false, flow_estimate_lpm: 3.0, ..seen() };
    let no_flow = CirculationMail { flow_estimate_lpm: f32::NAN, ..no_meter };
    let drainage_limit = setting("drainage_pressure_mmhg_min", -90.0);
    let return_limit = setting("return_pressure_mmhg_max", 250.0);
    let flow_limit = setting("flow_lpm_min", 2.0);
    for (case, lost, refused, taken) in [
        (
            1,
            no_drainage,
            &[drainage_limit, mode(Mode::Pressure, -80.0)][..],
            [return_limit, mode(Mode::Pressure, 200.0)],
        ),
        (2, no_return, &[mode(Mode::Pressure, 200.0)], [return_limit, mode(Mode::Pressure, -80.0)]),
        (3, no_outlet, &[return_limit, mode(Mode::Pressure, 200.0)], [drainage_limit, flow_limit]),
        (4, no_meter, &[], [flow_limit, mode(Mode::Flow, 3.0)]),
        (5, no_flow, &[flow_limit, mode(Mode::Flow, 3.0)], [mode(Mode::Speed, 2000.0), return_limit]),
        (
            6,
            no_flow,
            &[mode(Mode::Weaning, 2.0), mode(Mode::RetrogradeTrial, -0.3)],
            [mode(Mode::ZeroFlow, 0.0); 2],
        ),
    ] {
        let mut bench = operating();
        let before = bench.task.therapy;
        for command in refused.iter().copied() {
            let out_of_reach = matches!(command, Command::SetMode { mode: Mode::Pressure, .. });
            let refusal = if out_of_reach { Refusal::OutOfReach } else { Refusal::SensorLost };
            assert_eq!(bench.ask(&lost, command), Some(refusal), "{case}: {command:?}");
            assert_eq!(bench.task.therapy, before, "{case}: {command:?}");
            // It is the sensor alone that is in the way.
            let backward = matches!(command, Command::SetMode { mode: Mode::RetrogradeTrial, .. });
            let asks = backward.then_some(Refusal::RunsBackward);
            assert_eq!(operating().ask(&seen(), command), asks, "{case}: {command:?}");
        }
        for command in taken {
            assert_eq!(bench.ask(&lost, command), None, "{case}: {command:?}");
        }
    }
}
