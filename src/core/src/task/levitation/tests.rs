// SPDX-License-Identifier: Apache-2.0
//! The levitation task alone: what it makes of its samples and its mail.

use core::f32::consts::TAU;

use super::*;
use crate::arbitration::Order;
use crate::ports::pair;
use crate::probe::{ProbeRequest, ProbeResult, ProbeStatus, Signal, Target};

/// A converter never shows the same twice for long: a tenth of a step of noise.
fn noise(sample_count: u32, channel: u32, size: f32) -> f32 {
    let mixed = (sample_count ^ channel.wrapping_mul(0x9e37)).wrapping_mul(2_654_435_761) >> 16;
    size * (mixed as f32 / 32_768.0 - 1.0)
}

fn centred(sample_count: u32) -> LevitationInputs {
    LevitationInputs {
        displacement_hall_v: [0, 1, 2, 3].map(|channel| 1.65 + noise(sample_count, channel, 1e-4)),
        coil_current_a: [4, 5].map(|channel| noise(sample_count, channel, 4e-4)),
        phase_current_a: [6, 7, 8].map(|channel| noise(sample_count, channel, 4e-4)),
        angle_hall_v: [1.0, 0.0],
        bus_voltage_v: 48.0,
        sample_count,
        valid: valid::LEVITATION,
        pair: 0,
    }
}

fn supervisor(levitate: LevitateRequest, drive: bool) -> SupervisorMail {
    SupervisorMail {
        state: 0,
        levitate: levitate as u32,
        order_number: u32::from(drive),
        order: Order::Start { alone: true }.code(),
        speed_setpoint_rpm: 0.0,
        command_number: 0,
        command_result: 0,
        remote_number: 0,
        remote_result: 0,
        alarms: 0,
        named_state: 0,
    }
}

/// The bench has no motor: any current that is asked for would be missed.
const NO_TORQUE: SpeedMail = SpeedMail {
    torque_current_reference_a: 0.0,
    flux_current_reference_a: 0.0,
    motor_enable: true,
    speed_reference_rad_per_s: 0.0,
    limits: 0,
};

struct Bench {
    task: LevitationTask,
    mail: Mailboxes,
    count: u32,
    gate_open: bool,
}

impl Bench {
    fn new() -> Self {
        let motor = MotorConfig { motor_current_a_min: 0.0, ..MotorConfig::ECMO_50 };
        let task = LevitationTask::new(&LevitationConfig { motor, ..LevitationConfig::ECMO_50 }, Role::Host)
            .unwrap();
        Self { task, mail: Mailboxes::new(), count: 0, gate_open: false }
    }

    fn step(&mut self, change: impl Fn(&mut LevitationInputs)) -> (LevitationOutputs, LevitationMail) {
        self.count += 1;
        let mut samples = centred(self.count);
        samples.pair = if self.gate_open { pair::GATE_OPEN } else { 0 };
        change(&mut samples);
        let outputs = self.task.step(&samples, &self.mail);
        self.gate_open = outputs.coil_gate != 0;
        (outputs, self.mail.levitation.read().unwrap().1)
    }

    fn levitated() -> Self {
        let mut bench = Self::new();
        bench.mail.supervisor.write(&supervisor(LevitateRequest::Levitate, true));
        for _ in 0..1000 {
            bench.step(|_| {});
        }
        let (outputs, mail) = bench.step(|_| {});
        assert_eq!((outputs.coil_gate, mail.state), (1, BearingState::Levitated as u32));
        bench
    }
}

#[test]
fn without_a_supervisor_or_in_standby_all_gates_stay_open() {
    let mut bench = Bench::new();
    assert_eq!(bench.step(|_| {}).0.coil_gate, 0);
    bench.mail.supervisor.write(&supervisor(LevitateRequest::Levitate, false));
    let outputs = bench.step(|_| {}).0;
    assert_eq!((outputs.coil_gate, outputs.phase_gate, outputs.drive_line), (0, 0, 0));
}

#[test]
fn a_doubt_of_the_motors_gate_driver_is_a_fault_for_as_long_as_it_stands() {
    let mut bench = Bench::new();
    let mut faults =
        |bits| bench.step(|samples| samples.pair = bits).1.faults & (fault::PHASE_OPEN | fault::WINDING);
    let leaks = pair::WINDING_TESTED | pair::WINDING_LEAK;
    assert_eq!(faults(leaks), fault::WINDING);
    assert_eq!(faults(leaks | pair::GATE_DOUBTED), fault::WINDING | fault::PHASE_OPEN);
    assert_eq!(faults(0), fault::WINDING);
}

#[test]
fn what_the_test_of_the_resting_windings_says_stands_until_they_rest_and_pass() {
    let names = |mail: &LevitationMail| mail.faults & fault::WINDING != 0;
    for bit in [pair::WINDING_OPEN, pair::WINDING_LEAK] {
        let mut bench = Bench::new();
        // A board without the path says nothing, and what says nothing has found nothing.
        for bits in [0, bit, pair::GATE_OPEN | pair::WINDING_TESTED | bit] {
            let mail = bench.step(|samples| samples.pair = bits).1;
            assert!(!names(&mail) && !mail.windings_tested, "{bits:#x}");
        }
        let mail = bench.step(|samples| samples.pair = pair::WINDING_TESTED | bit).1;
        assert!(names(&mail) && mail.windings_tested);
        // Beside an open gate the test says nothing, nor while none runs.
        for bits in [pair::GATE_OPEN, pair::GATE_OPEN | pair::WINDING_TESTED, 0] {
            let mail = bench.step(|samples| samples.pair = bits).1;
            assert!(names(&mail) && mail.windings_tested, "{bits:#x}");
        }
        assert!(!names(&bench.step(|samples| samples.pair = pair::WINDING_TESTED).1));
        assert!(bench.step(|_| {}).1.windings_tested);
    }
}

#[test]
fn the_drive_line_alternates_while_it_drives_and_only_then() {
    let mut bench = Bench::levitated();
    let levels: std::vec::Vec<u32> = (0..4).map(|_| bench.step(|_| {}).0.drive_line).collect();
    assert!(levels == [0, 1, 0, 1] || levels == [1, 0, 1, 0], "{levels:?}");
    // While the rotor is to be held, off means hold.
    bench.mail.supervisor.write(&supervisor(LevitateRequest::Off, true));
    assert!((0..100).all(|_| bench.step(|_| {}).0.coil_gate == 1));
    // Set down, it says so for 5 ms and then lets go of the head.
    bench.mail.supervisor.write(&supervisor(LevitateRequest::Land, true));
    (0..20_000).for_each(|_| {
        bench.step(|_| {});
    });
    let stop = SupervisorMail {
        order_number: 2,
        order: Order::Stop.code(),
        ..supervisor(LevitateRequest::Off, true)
    };
    bench.mail.supervisor.write(&stop);
    for _ in 0..102 {
        assert_eq!(bench.step(|_| {}).0.coil_gate, 0);
    }
    let levels: std::vec::Vec<u32> = (0..4).map(|_| bench.step(|_| {}).0.drive_line).collect();
    assert!(levels == [0; 4] || levels == [1; 4], "{levels:?}");
}

/// Whether it runs before or after the next period of this task.
#[test]
fn a_supervisor_that_follows_at_once_does_not_lift_the_rotor_that_was_just_set_down() {
    for late_periods in [0, 1, 2] {
        let mut bench = Bench::levitated();
        bench.mail.supervisor.write(&supervisor(LevitateRequest::Land, true));
        let landed = (0..20_000).find(|_| bench.step(|_| {}).1.state == BearingState::Off as u32);
        assert!(landed.is_some());
        (0..late_periods).for_each(|_| {
            bench.step(|_| {});
        });
        bench.mail.supervisor.write(&supervisor(LevitateRequest::Off, true));
        for _ in 0..1000 {
            let (outputs, mail) = bench.step(|_| {});
            assert_eq!((outputs.coil_gate, mail.state), (0, BearingState::Off as u32), "{late_periods}");
        }
    }
}

#[test]
fn a_silent_supervisor_never_drops_the_rotor() {
    let mut bench = Bench::levitated();
    let mail = (0..40_000).map(|_| bench.step(|_| {})).last().unwrap().1;
    assert_eq!(mail.state, BearingState::Levitated as u32);
    assert_ne!(mail.faults & fault::SUPERVISOR_SILENT, 0);
}

#[test]
fn a_silent_speed_task_is_named_and_the_motor_stays_on() {
    let mut bench = Bench::levitated();
    bench.mail.speed.write(&NO_TORQUE);
    for _ in 0..101 {
        assert_eq!(bench.step(|_| {}).1.faults & fault::SPEED_TASK_SILENT, 0);
    }
    let (outputs, mail) = bench.step(|_| {});
    assert_ne!(mail.faults & fault::SPEED_TASK_SILENT, 0);
    assert_eq!(outputs.phase_gate, 1);
}

/// Whether a rotor whose angle was lost is jammed only speed control finds out, try by try.
#[test]
fn a_silent_speed_task_holds_no_speed_over_a_lost_angle() {
    let mut bench = Bench::levitated();
    bench.mail.speed.write(&NO_TORQUE);
    assert_eq!((0..200).map(|_| bench.step(|_| {})).last().unwrap().0.phase_gate, 1);
    for _ in 0..2000 {
        bench.step(|samples| samples.valid &= !valid::ANGLE);
    }
    for _ in 0..2000 {
        assert_eq!(bench.step(|_| {}).0.phase_gate, 0, "the angle is back, and stays nobody's");
    }
    bench.mail.speed.write(&NO_TORQUE);
    assert_eq!((0..10).map(|_| bench.step(|_| {})).last().unwrap().0.phase_gate, 1);
}

#[test]
fn missed_triggers_are_counted_across_the_wrap() {
    let mut bench = Bench::new();
    bench.task.step(&centred(u32::MAX - 1), &bench.mail);
    bench.task.step(&centred(2), &bench.mail);
    assert_eq!(bench.task.missed_samples, 3);
}

#[test]
fn a_counter_that_stands_still_or_jumps_is_no_reason_to_move_the_rotor() {
    let mut bench = Bench::levitated();
    let held = bench.count;
    let mail = bench.step(|samples| samples.sample_count = held).1;
    assert_ne!(mail.faults & fault::SAMPLES_STALE, 0);
    bench.count = held;
    // A fetch that failed before it filled the struct: all zero, nothing valid.
    let (outputs, mail) = bench.step(|samples| *samples = LevitationInputs::default());
    assert_eq!((outputs.coil_gate, mail.state), (1, BearingState::Levitated as u32));
    let missed = mail.missed_samples;
    // Halls that are away for a while are not missed triggers.
    for _ in 0..20 {
        bench.step(|samples| samples.valid &= !valid::DISPLACEMENT);
    }
    assert_eq!(bench.step(|_| {}).1.missed_samples, missed);
    // A jump, forward or back, is one missed period and nothing predicted.
    for count in [1_000_000, 5] {
        bench.count = count;
        let (outputs, mail) = bench.step(|_| {});
        assert!(outputs.coil_duty.iter().all(|duty| duty.abs() < 0.02), "{outputs:?}");
        assert_eq!(mail.state, BearingState::Levitated as u32);
    }
    assert_eq!(bench.step(|_| {}).1.missed_samples, missed + 2);
}

#[test]
fn a_wrong_word_from_the_supervisor_leaves_the_last_request() {
    let mut bench = Bench::levitated();
    let wrong = SupervisorMail { levitate: 9, ..supervisor(LevitateRequest::Off, true) };
    bench.mail.supervisor.write(&wrong);
    let (outputs, mail) = bench.step(|_| {});
    assert_eq!(outputs.coil_gate, 1);
    assert_ne!(mail.faults & fault::SUPERVISOR_SILENT, 0);
}

#[test]
fn landing_lets_the_motor_coast_when_the_speed_task_is_silent() {
    let mut bench = Bench::levitated();
    bench.mail.speed.write(&NO_TORQUE);
    for _ in 0..200 {
        bench.step(|_| {});
    }
    assert_eq!(bench.step(|_| {}).0.phase_gate, 1);
    let landing =
        SupervisorMail { state: UnitState::Landing as u32, ..supervisor(LevitateRequest::Levitate, true) };
    bench.mail.supervisor.write(&landing);
    assert_eq!(bench.step(|_| {}).0.phase_gate, 0);
}

#[test]
fn without_displacement_nothing_lifts_off_and_nothing_counts_as_levitated() {
    let mut blind = Bench::new();
    blind.mail.supervisor.write(&supervisor(LevitateRequest::Levitate, true));
    for _ in 0..2000 {
        let (outputs, mail) = blind.step(|samples| samples.valid &= !valid::DISPLACEMENT);
        assert_eq!((outputs.coil_gate, mail.state), (0, BearingState::Off as u32));
    }
    let mut bench = Bench::levitated();
    let broken = |samples: &mut LevitationInputs| {
        let [_, _, y_plus_v, y_minus_v] = samples.displacement_hall_v;
        samples.displacement_hall_v = [0.0, 3.3, y_plus_v, y_minus_v];
    };
    let mails: std::vec::Vec<LevitationMail> = (0..202).map(|_| bench.step(broken).1).collect();
    assert_eq!(mails[100].faults & fault::BEARING_LOST, 0, "5 ms are carried");
    assert_ne!(mails[112].faults & fault::BEARING_LOST, 0, "then the other unit is asked");
    assert_eq!(mails[198].state, BearingState::Levitated as u32, "and 10 ms are tried");
    let (outputs, mail) = bench.step(broken);
    assert_eq!((outputs.coil_gate, mail.state), (0, BearingState::Touchdown as u32));
    for _ in 0..2000 {
        bench.step(|_| {});
    }
    assert_eq!(bench.step(|_| {}).1.state, BearingState::Levitated as u32, "and it comes back");
}

#[test]
fn in_service_the_coils_carry_what_the_probe_asks_for_and_only_that() {
    let mut bench = Bench::new();
    bench.mail.supervisor.write(&supervisor(LevitateRequest::Service, true));
    // The first sample shows that the Halls live, the next one lets it start.
    bench.step(|_| {});
    let outputs = bench.step(|samples| samples.coil_current_a = [0.0; 2]).0;
    assert_eq!((outputs.coil_gate, outputs.phase_gate), (1, 0));
    assert!(outputs.coil_duty.iter().all(|duty| duty.abs() < 1e-4), "{outputs:?}");
    let mut request = ProbeRequest {
        target: Target::CoilCurrent as u32,
        offset_x: 2.0,
        settle_s: 0.02,
        measure_s: 0.01,
        ..ProbeRequest::listening(1)
    };
    bench.mail.probe_request.write(&request);
    // The coil as the model has it: 1 ohm, 2 mH.
    let mut current_a = [0.0_f32; 2];
    let mut acting = [0.0_f32; 2];
    for _ in 0..1000 {
        let measured_a = current_a;
        let outputs = bench.step(|samples| samples.coil_current_a = measured_a).0;
        for (current_a, duty) in current_a.iter_mut().zip(acting) {
            *current_a += (48.0 * duty - *current_a) * (50e-6 / 2e-3);
        }
        acting = outputs.coil_duty;
    }
    let result: ProbeResult = bench.mail.probe_result.read().unwrap().1;
    assert_eq!(result.status, ProbeStatus::Done as u32);
    let mean = |signal| result.tone(signal).mean;
    assert!((mean(Signal::CoilCurrentX) - 2.0).abs() < 1e-3 && mean(Signal::CoilCurrentY).abs() < 1e-3);
    assert!((mean(Signal::CoilVoltageX) - 2.0).abs() < 2e-3, "{}", mean(Signal::CoilVoltageX));

    request = ProbeRequest {
        number: 2,
        target: Target::MotorCurrent as u32,
        cosine_x: 1.0,
        sine_y: 1.0,
        frequency_hz: 5.0,
        offset_x: 0.0,
        ..request
    };
    bench.mail.probe_request.write(&request);
    // There is no motor behind the gate: the phases are found to carry nothing.
    let gates: u32 = (0..10).map(|_| bench.step(|_| {}).0.phase_gate).sum();
    assert!(gates > 4, "{gates}");
    bench.mail.supervisor.write(&supervisor(LevitateRequest::Off, true));
    let outputs = bench.step(|_| {}).0;
    assert_eq!((outputs.coil_gate, outputs.phase_gate), (0, 0));
}

#[test]
fn a_bus_that_is_down_reads_as_down() {
    let mut bench = Bench::levitated();
    assert_eq!(bench.step(|samples| samples.bus_voltage_v = 0.0).1.bus_voltage_v, 0.0);
    let mail = bench.step(|samples| samples.bus_voltage_v = f32::NAN).1;
    assert_eq!((mail.bus_voltage_v, mail.faults & fault::BUS_VOLTAGE), (0.0, fault::BUS_VOLTAGE));
}

#[test]
fn nonsense_never_leaves_the_ranges_and_leaves_no_trace() {
    let mut bench = Bench::levitated();
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 1e-40] {
        for group in 0..5 {
            for _ in 0..5 {
                let (outputs, mail) = bench.step(|samples| match group {
                    0 => samples.displacement_hall_v[1] = value,
                    1 => samples.angle_hall_v = [value; 2],
                    2 => samples.coil_current_a[0] = value,
                    3 => samples.phase_current_a[2] = value,
                    _ => samples.bus_voltage_v = value,
                });
                assert!(outputs.coil_duty.iter().all(|duty| duty.abs() <= 1.0), "{value} {group}");
                assert!(outputs.phase_duty.iter().all(|duty| (0.0..=1.0).contains(duty)), "{value} {group}");
                assert_eq!(mail.state, BearingState::Levitated as u32, "{value} {group}");
            }
            // A Hall is believed again after 0.1 s.
            for _ in 0..2100 {
                bench.step(|_| {});
            }
            let (outputs, mail) = bench.step(|_| {});
            // Nobody else is here, and there is no coil that would follow its voltage.
            let absent =
                fault::SUPERVISOR_SILENT | fault::SPEED_TASK_SILENT | fault::COIL_OPEN | fault::BEARING_LOST;
            assert_eq!(mail.faults & !absent, 0, "{value} {group}");
            assert!(outputs.coil_duty.iter().all(|duty| duty.abs() < 0.01), "{value} {group}: {outputs:?}");
        }
    }
}

#[test]
fn invalid_groups_are_named() {
    let mut bench = Bench::levitated();
    let faults = |bench: &mut Bench, group: u32| bench.step(|samples| samples.valid &= !group).1.faults & 0xf;
    assert_eq!(faults(&mut bench, valid::DISPLACEMENT), fault::DISPLACEMENT);
    assert_eq!(faults(&mut bench, valid::COIL_CURRENT), fault::CURRENT);
    assert_eq!(faults(&mut bench, valid::PHASE_CURRENT), fault::CURRENT);
    assert_eq!(faults(&mut bench, valid::BUS_VOLTAGE), fault::BUS_VOLTAGE);
    assert_eq!(faults(&mut bench, valid::ANGLE), fault::ANGLE);
}

#[test]
fn a_speed_task_that_fell_silent_while_the_other_unit_drove_leaves_no_speed_to_return_to() {
    let mut bench = Bench::new();
    bench.mail.supervisor.write(&supervisor(LevitateRequest::Off, false));
    bench.mail.speed.write(&NO_TORQUE);
    let mut angle_rad = 0.0_f32;
    let mut turn = |bench: &mut Bench, periods: u32| {
        for _ in 0..periods {
            angle_rad = (angle_rad + 100.0 * 50e-6) % TAU;
            bench.step(|samples| samples.angle_hall_v = [angle_rad.cos(), angle_rad.sin()]);
        }
    };
    turn(&mut bench, 8000);
    bench.task.hold = Hold::At(300.0);
    turn(&mut bench, 1);
    let Hold::At(held_rad_per_s) = bench.task.hold else { panic!("{:?}", bench.task.hold) };
    assert!((held_rad_per_s - 100.0).abs() < 5.0, "{held_rad_per_s}");
}
