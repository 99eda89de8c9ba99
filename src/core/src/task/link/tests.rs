// SPDX-License-Identifier: Apache-2.0
use super::*;
use crate::circulation::therapy::{Mode, TherapySettings};
use crate::mail::LEVITATION_WORDS;
use crate::mailbox::Words;

struct Bench {
    task: LinkTask,
    mail: Mailboxes,
}

impl Bench {
    fn new(session: u32) -> Self {
        let mut task = LinkTask::new(1);
        task.begin(session);
        Self { task, mail: Mailboxes::new() }
    }

    fn write(&self, change: impl Fn(&mut LevitationMail)) {
        let mut mail: LevitationMail = Words::<LEVITATION_WORDS>::from_words([0; LEVITATION_WORDS]);
        change(&mut mail);
        self.mail.levitation.write(&mail);
    }

    fn peer(&self) -> PeerMail {
        self.mail.peer.read().unwrap().1
    }
}

/// Both send and hear each other.
fn talk(a: &mut Bench, b: &mut Bench) -> [LinkOutputs; 2] {
    let sent = [a.task.step(&a.mail), b.task.step(&b.mail)];
    for (from, to) in [(0, &mut *b), (1, &mut *a)] {
        if let Some(fast) = &sent[from].fast {
            to.task.receive_fast(fast);
        }
        if let Some(slow) = &sent[from].slow {
            to.task.receive_slow((slow.time_ms / 10) as u8, slow);
        }
    }
    sent
}

#[test]
fn the_torque_current_arrives_whatever_the_angle() {
    let (mut a, mut b) = (Bench::new(1), Bench::new(2));
    for angle_rad in [-3.1_f32, -1.5, -0.1, 0.0, 0.7, 1.6, 3.1] {
        let current_a = |phase_rad: f32| -2.0 * (angle_rad - phase_rad).sin();
        for _ in 0..4 {
            a.write(|mail| {
                mail.rotor_angle_rad = angle_rad;
                (mail.phase_current_a_a, mail.phase_current_b_a) = (current_a(0.0), current_a(TAU / 3.0));
            });
            b.write(|_| {});
            talk(&mut a, &mut b);
        }
        assert!((b.peer().torque_current_a - 2.0).abs() < 1e-3, "{angle_rad}: {:?}", b.peer());
    }
}

#[test]
fn a_unit_whose_levitation_task_stands_says_nothing_and_is_called_silent() {
    let (mut a, mut b) = (Bench::new(1), Bench::new(2));
    for _ in 0..4 {
        a.write(|_| {});
        b.write(|_| {});
        talk(&mut a, &mut b);
    }
    assert!(!b.peer().silent);
    let silent: std::vec::Vec<bool> = (0..6)
        .map(|_| {
            b.write(|_| {});
            talk(&mut a, &mut b);
            b.peer().silent
        })
        .collect();
    assert_eq!(silent, [false, false, false, false, true, true]);
}

#[test]
fn settings_carry_over_the_wrap_of_the_clock() {
    let (mut a, mut b) = (Bench::new(1), Bench::new(2));
    a.task.time_ms = u32::MAX - 15;
    let mut news = 0;
    for _ in 0..100 {
        a.write(|_| {});
        b.write(|_| {});
        let slow = a.task.step(&a.mail).slow;
        b.task.step(&b.mail);
        if let Some(slow) = slow {
            let counter = (slow.time_ms.wrapping_add(100) / 10) as u8;
            news += u32::from(b.task.receive_slow(counter, &slow) == Frame::News);
        }
    }
    assert!(a.task.time_ms < 1000, "it has wrapped");
    assert_eq!(news, 5);
}

#[test]
fn settings_carry_over_every_ten_milliseconds() {
    let (mut a, mut b) = (Bench::new(1), Bench::new(2));
    let supervisor: SupervisorMail =
        Words::<{ crate::mail::SUPERVISOR_WORDS }>::from_words([0; crate::mail::SUPERVISOR_WORDS]);
    a.mail.supervisor.write(&SupervisorMail { speed_setpoint_rpm: 4000.0, ..supervisor });
    let slow = (0..60)
        .filter(|_| {
            a.write(|_| {});
            b.write(|_| {});
            talk(&mut a, &mut b)[0].slow.is_some()
        })
        .count();
    assert_eq!(slow, 3);
    let therapy: PeerTherapy = b.mail.peer_therapy.read().unwrap().1;
    assert_eq!(therapy.settings.speed_setpoint_rpm, 4000.0);
}

/// Both talk until the next slow frame of `a`, in which its alarm task has so much left of a pause; what `b` makes of it.
fn pause_told(a: &mut Bench, b: &mut Bench, pause_ms: u32, drives: bool) -> u32 {
    a.mail.alarm.write(&AlarmStatus { pause_ms, ..AlarmStatus::default() });
    let report = PeerReport { drives, ..PeerReport::default() }.to_bits();
    for _ in 0..3 * SLOW_PERIODS {
        a.write(|mail| (mail.report, mail.synchronous_current_a) = (report, 0.25));
        b.write(|_| {});
        talk(a, b);
    }
    b.mail.link.read::<LinkMail>().unwrap().1.peer_audio_paused_s
}

#[test]
fn the_audio_pause_is_told_by_the_unit_that_drives() {
    let (mut a, mut b) = (Bench::new(1), Bench::new(2));
    assert_eq!(pause_told(&mut a, &mut b, 119_990, false), NO_PAUSE_TOLD);
    assert_eq!(pause_told(&mut a, &mut b, 119_990, true), 120);
    assert_eq!(pause_told(&mut a, &mut b, 10, true), 1, "not over yet");
    assert_eq!(pause_told(&mut a, &mut b, 0, true), 0);
    let slow = (0..SLOW_PERIODS).find_map(|_| a.task.step(&a.mail).slow).unwrap();
    assert_eq!(slow.synchronous_current_a, 0.25);
    for _ in 0..2 * SLOW_PERIODS {
        b.write(|_| {});
        b.task.step(&b.mail);
    }
    let silent: LinkMail = b.mail.link.read().unwrap().1;
    assert_eq!(silent.peer_audio_paused_s, NO_PAUSE_TOLD, "it is not heard any more");
}

#[test]
fn the_flow_that_is_held_because_of_air_is_no_set_point() {
    let settings = TherapySettings { flow_setpoint_lpm: 4.0, ..TherapySettings::ADULT };
    for (mode, told_lpm) in
        [(Mode::ZeroFlow, 4.0), (Mode::Weaning, 0.1), (Mode::Flow, 0.1), (Mode::Speed, 4.0)]
    {
        let mut bench = Bench::new(1);
        let therapy = Therapy { mode: Mode::Flow, settings };
        bench.mail.therapy.write(&TherapyMail { therapy, asked: 0, resumes: 0 });
        let circulation: CirculationMail =
            Words::<{ crate::mail::CIRCULATION_WORDS }>::from_words([0; crate::mail::CIRCULATION_WORDS]);
        bench.mail.circulation.write(&CirculationMail {
            mode: mode as u32,
            flow_target_lpm: 0.1,
            ..circulation
        });
        let told = (0..SLOW_PERIODS).find_map(|_| bench.task.step(&bench.mail).slow).unwrap().therapy;
        assert_eq!((told.mode, told.asked_mode), (mode, Mode::Flow));
        assert_eq!(told.settings.flow_setpoint_lpm, told_lpm, "{mode:?}");
    }
}

#[test]
fn weaning_that_air_interrupts_is_told_with_its_step() {
    let mut bench = Bench::new(1);
    let settings = TherapySettings { flow_setpoint_lpm: 4.0, ..TherapySettings::ADULT };
    let mut told = |asked: Mode, mode: Mode, flow_target_lpm: f32| {
        bench.mail.therapy.write(&TherapyMail {
            therapy: Therapy { mode: asked, settings },
            asked: 0,
            resumes: 0,
        });
        let circulation: CirculationMail =
            Words::<{ crate::mail::CIRCULATION_WORDS }>::from_words([0; crate::mail::CIRCULATION_WORDS]);
        bench.mail.circulation.write(&CirculationMail { mode: mode as u32, flow_target_lpm, ..circulation });
        let told = (0..SLOW_PERIODS).find_map(|_| bench.task.step(&bench.mail).slow).unwrap().therapy;
        (told.mode, told.asked_mode, told.settings.flow_setpoint_lpm)
    };
    let (weaning, zero) = (Mode::Weaning, Mode::ZeroFlow);
    assert_eq!(told(weaning, zero, 0.1), (zero, weaning, 4.0), "no step has been seen");
    for _ in 0..3 {
        assert_eq!(told(weaning, weaning, 2.5), (weaning, weaning, 2.5));
        assert_eq!(told(weaning, zero, 0.1), (zero, weaning, 2.5));
        assert_eq!(told(weaning, zero, 0.1), (zero, weaning, 2.5));
    }
    // The operator asks for another mode meanwhile, and for weaning again: from the flow of before.
    assert_eq!(told(Mode::Flow, zero, 0.1), (zero, Mode::Flow, 4.0));
    assert_eq!(told(weaning, zero, 0.1), (zero, weaning, 4.0));
}

fn command(sequence: u32, expires_ms: u32) -> CommandFrame {
    CommandFrame { session: 9, sequence, expires_ms, kind: 4, value: 3000.0 }
}

/// A link task in session 9, and a supervisor that answers each command as soon as it sees it.
fn commanded() -> Bench {
    let bench = Bench::new(9);
    answer(&bench, 0, 0);
    bench
}

fn answer(bench: &Bench, remote_number: u32, remote_result: u32) {
    let supervisor: SupervisorMail =
        Words::<{ crate::mail::SUPERVISOR_WORDS }>::from_words([0; crate::mail::SUPERVISOR_WORDS]);
    bench.mail.supervisor.write(&SupervisorMail { remote_number, remote_result, ..supervisor });
}

fn step_ms(bench: &mut Bench, ms: u32) -> LinkMail {
    for _ in 0..ms * PERIODS_PER_MS {
        bench.write(|_| {});
        bench.task.step(&bench.mail);
    }
    bench.mail.link.read().unwrap().1
}

fn posted(bench: &Bench) -> Option<RemoteCommandMail> {
    bench.mail.remote_command.read().map(|(_, mail)| mail)
}

fn count(mail: &LinkMail, refusal: LinkRefusal) -> u32 {
    mail.refused[refusal as usize]
}

#[test]
fn a_command_goes_to_the_supervisor_once_with_the_next_period() {
    let mut bench = commanded();
    bench.task.receive_command(&command(1, 50));
    assert_eq!(posted(&bench), None);
    let mail = step_ms(&mut bench, 1);
    let expected = RemoteCommandMail { number: 1, kind: 4, value: 3000.0, expires_ms: 50 };
    assert_eq!((posted(&bench), mail.commands_admitted), (Some(expected), 1));
    let sequence = bench.mail.remote_command.read::<RemoteCommandMail>().unwrap().0;
    step_ms(&mut bench, 5);
    assert_eq!(bench.mail.remote_command.read::<RemoteCommandMail>().unwrap().0, sequence);
}

#[test]
fn the_next_command_waits_for_the_answer_which_the_slow_frame_tells() {
    let mut bench = commanded();
    bench.task.receive_command(&command(1, 50));
    step_ms(&mut bench, 2);
    bench.task.receive_command(&command(2, 50));
    assert_eq!(count(&step_ms(&mut bench, 1), LinkRefusal::Busy), 1);
    assert_eq!(posted(&bench).unwrap().number, 1);
    answer(&bench, 1, 2);
    step_ms(&mut bench, 1);
    // The same frame: what was refused as busy has not used up its number.
    bench.task.receive_command(&command(2, 50));
    step_ms(&mut bench, 1);
    assert_eq!(posted(&bench).unwrap().number, 2);
    let slow = (0..SLOW_PERIODS).find_map(|_| bench.task.step(&bench.mail).slow).unwrap();
    assert_eq!((slow.command_sequence, slow.command_result), (1, 2));
}

#[test]
fn what_is_replayed_late_or_of_another_session_is_counted_and_not_handed_on() {
    let mut bench = commanded();
    bench.task.receive_command(&command(1, 50));
    step_ms(&mut bench, 60);
    answer(&bench, 1, 0);
    step_ms(&mut bench, 1);
    let now_ms = bench.task.time_ms;
    for wrong in [
        command(1, now_ms + 50),
        command(2, now_ms),
        command(2, now_ms + 101),
        CommandFrame { session: 8, ..command(2, now_ms + 50) },
    ] {
        bench.task.receive_command(&wrong);
    }
    let mail = step_ms(&mut bench, 1);
    for refusal in [LinkRefusal::Sequence, LinkRefusal::Expired, LinkRefusal::TooLong, LinkRefusal::Session] {
        assert_eq!(count(&mail, refusal), 1, "{refusal:?}");
    }
    assert_eq!((posted(&bench).unwrap().number, mail.commands_admitted, mail.alarms), (1, 1, 0));
    bench.task.refuse(LinkRefusal::Authentication);
    assert_eq!(step_ms(&mut bench, 1).alarms, fault::COMMANDS_REFUSED);
    let slow = (0..SLOW_PERIODS).find_map(|_| bench.task.step(&bench.mail).slow).unwrap();
    assert_eq!(slow.therapy.alarms, fault::COMMANDS_REFUSED);
}

#[test]
fn what_queued_while_the_task_stood_is_judged_by_the_time_that_has_passed() {
    for (stood_ms, is_carried_out) in [(0, true), (20, true), (60, false), (1000, false)] {
        let mut bench = commanded();
        step_ms(&mut bench, 10);
        bench.task.stood(stood_ms * PERIODS_PER_MS);
        bench.task.receive_command(&command(1, 60));
        let mail = step_ms(&mut bench, 1);
        assert_eq!(mail.time_ms, 11 + stood_ms);
        assert_eq!(posted(&bench).is_some(), is_carried_out, "{stood_ms} ms");
        assert_eq!(count(&mail, LinkRefusal::Expired), u32::from(!is_carried_out), "{stood_ms} ms");
    }
}

#[test]
fn an_odd_number_of_missed_periods_is_not_lost() {
    let mut bench = commanded();
    for _ in 0..4 {
        bench.task.stood(1);
        bench.task.stood(2);
    }
    assert_eq!(bench.task.time_ms, 6);
}

#[test]
fn a_clock_that_has_caught_up_is_told_at_once() {
    for stood in [PERIODS_PER_MS, PERIODS_PER_MS + 1, 40, 41] {
        let mut bench = commanded();
        step_ms(&mut bench, 10);
        bench.task.stood(stood);
        bench.task.step(&bench.mail);
        let told: LinkMail = bench.mail.link.read().unwrap().1;
        assert_eq!(told.time_ms, 10 + (stood + 1) / PERIODS_PER_MS, "{stood}");
    }
}

#[test]
fn a_flood_is_looked_at_up_to_its_bound_and_counted_beyond() {
    let mut bench = commanded();
    for _ in 0..2 {
        let taken = (0..10).filter(|_| bench.task.takes_command()).count();
        assert_eq!(taken, COMMANDS_PER_PERIOD_MAX as usize);
        bench.task.step(&bench.mail);
    }
    assert_eq!(count(&step_ms(&mut bench, 1), LinkRefusal::Flood), 2 * (10 - COMMANDS_PER_PERIOD_MAX));
}

#[test]
fn a_frame_that_is_no_news_is_counted() {
    let (mut a, mut b) = (Bench::new(1), Bench::new(2));
    for _ in 0..40 {
        a.write(|_| {});
        b.write(|_| {});
        talk(&mut a, &mut b);
    }
    let before: LinkMail = b.mail.link.read().unwrap().1;
    let [sent, _] = talk(&mut a, &mut b);
    b.task.receive_fast(&sent.fast.unwrap());
    b.task.receive_slow(0, &SlowStatus::default());
    let after = step_ms(&mut b, 1);
    assert_eq!(count(&after, LinkRefusal::Old), count(&before, LinkRefusal::Old) + 2);
}

#[test]
fn mains_and_battery_of_the_other_unit_are_known_also_when_it_has_fallen_silent() {
    use crate::power::conditions::{BATTERY_15_MIN, MAINS_LOST};
    use crate::power::messages::POWER_WORDS;
    use crate::power::told::PowerSource;
    let (mut a, mut b) = (Bench::new(1), Bench::new(2));
    let run = |a: &mut Bench, b: &mut Bench| {
        for _ in 0..60 {
            a.write(|_| {});
            b.write(|_| {});
            talk(a, b);
        }
        b.mail.peer_power.read::<PowerTold>().map(|(_, told)| told)
    };
    assert_eq!(run(&mut a, &mut b), Some(PowerTold::default()), "it measures nothing");
    let conditions = BATTERY_15_MIN | MAINS_LOST;
    let power =
        PowerMail { conditions, charge: 0.25, remaining_s: 600.0, ..Words::from_words([0; POWER_WORDS]) };
    a.mail.power.write(&power);
    let told = PowerTold {
        power_source: PowerSource::Battery,
        battery_alarm: true,
        battery_charge_pct: Some(25.0),
        battery_remaining_min: Some(10.0),
    };
    assert_eq!(run(&mut a, &mut b), Some(told));
    // A power task that stands knows nothing any more; 0.5 s are 1000 periods of this task.
    for _ in 0..20 {
        run(&mut a, &mut b);
    }
    let told = PowerTold { battery_charge_pct: None, battery_remaining_min: None, ..told };
    assert_eq!(run(&mut a, &mut b), Some(told));
    for _ in 0..60 {
        b.write(|_| {});
        talk(&mut a, &mut b);
    }
    assert!(b.peer().silent);
    assert_eq!(b.mail.peer_power.read::<PowerTold>().map(|(_, told)| told), Some(told));
}
