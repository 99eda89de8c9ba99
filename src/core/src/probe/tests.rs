// SPDX-License-Identifier: Apache-2.0
//! The probe against loops whose answer is known, and against wrong requests.

use super::*;
use crate::math::sin_cos;
use proptest::prelude::*;

const LIMITS: ProbeLimits = ProbeLimits { set_point_m: 150e-6, coil_current_a: 6.0, motor_current_a: 8.0 };
const LEVITATED: UnitNow = UnitNow {
    periods: 1,
    bearing: BearingState::Levitated,
    motor_wanted: false,
    rotor_speed_rad_per_s: 0.0,
    notch_m: [0.0; 8],
};

struct Bench {
    probe: Probe,
    mail: Mailboxes,
    now: UnitNow,
}

impl Bench {
    fn new() -> Self {
        Self { probe: Probe::new(LIMITS, 50), mail: Mailboxes::new(), now: LEVITATED }
    }

    fn ask(&self, request: &ProbeRequest) {
        self.mail.probe_request.write(request);
    }

    /// One period; what is excited. `answer` gives displacement x after the summing point.
    fn step(&mut self, answer: impl FnOnce(Excitation) -> f32) -> Excitation {
        let excitation = if self.probe.is_wanted(&self.mail) {
            self.probe.excite(&self.mail, &self.now)
        } else {
            Excitation::None
        };
        let mut signals = [0.0; SIGNALS];
        signals[Signal::DisplacementX as usize] = answer(excitation);
        if self.probe.is_active() {
            self.probe.listen(&self.mail, &self.now, &signals, 0, 0);
        }
        excitation
    }

    fn run(&mut self, periods: u32) -> Excitation {
        (0..periods).map(|_| self.step(|_| 0.0)).last().unwrap()
    }

    fn result(&self) -> ProbeResult {
        self.mail.probe_result.read().unwrap().1
    }

    fn status(&self) -> ProbeStatus {
        ProbeStatus::from_code(self.result().status).unwrap()
    }
}

fn sine(number: u32, frequency_hz: f32) -> ProbeRequest {
    ProbeRequest {
        target: Target::Displacement as u32,
        cosine_x: 10e-6,
        frequency_hz,
        settle_s: 0.05,
        measure_s: 0.2,
        ..ProbeRequest::listening(number)
    }
}

/// x after the summing point for an integrator in the loop: y[k+1] = y[k] - g (w + y), S = (z - 1) / (z - 1 + g).
#[test]
fn the_sensitivity_of_an_integrating_loop_is_found() {
    const GAIN: f32 = 0.3;
    let mut bench = Bench::new();
    let mut y = 25e-6_f32; // comes from a disturbance before
    for (index, frequency_hz) in [10.0, 33.0, 150.0, 1000.0, 2717.0, 7999.0].into_iter().enumerate() {
        bench.ask(&sine(index as u32 + 1, frequency_hz));
        for _ in 0..6000 {
            bench.step(|excitation| {
                let Excitation::Displacement([w, 0.0]) = excitation else { panic!("{excitation:?}") };
                let after = w + y;
                y -= GAIN * after;
                after
            });
        }
        let result = bench.result();
        assert_eq!((result.number, bench.status()), (index as u32 + 1, ProbeStatus::Done));
        assert!((result.frequency_hz / frequency_hz - 1.0).abs() < 3e-4);
        let (sin, cos) = sin_cos(RAD_PER_S_PER_HZ * result.frequency_hz * 50e-6);
        // (z - 1) / (z - 1 + g), and the measured (c - j s) / 10 um.
        let (u, v) = (cos - 1.0, sin);
        let size = (u + GAIN) * (u + GAIN) + v * v;
        let expected = [(u * (u + GAIN) + v * v) / size, v * GAIN / size];
        let tone = result.tone(Signal::DisplacementX);
        let measured = [tone.cosine / 10e-6, -tone.sine / 10e-6];
        let error = (measured[0] - expected[0]).hypot(measured[1] - expected[1]);
        assert!(error < 2e-4, "{frequency_hz}: {measured:?} {expected:?}");
    }
}

#[test]
fn what_is_out_of_range_is_refused_by_name_and_nothing_is_excited() {
    let change = |change: fn(&mut ProbeRequest)| {
        let mut request = sine(1, 100.0);
        change(&mut request);
        request
    };
    for (request, status) in [
        (change(|r| r.target = 9), ProbeStatus::NoSuchTarget),
        (change(|r| r.cosine_x = 20.1e-6), ProbeStatus::Amplitude),
        (change(|r| r.sine_x = 10.1e-6), ProbeStatus::Amplitude),
        (change(|r| r.offset_x = -10.1e-6), ProbeStatus::Amplitude),
        (change(|r| r.cosine_y = f32::NAN), ProbeStatus::Amplitude),
        (change(|r| r.offset_y = f32::INFINITY), ProbeStatus::Amplitude),
        (change(|r| r.frequency_hz = 0.4), ProbeStatus::Frequency),
        (change(|r| r.frequency_hz = -10.0), ProbeStatus::Frequency),
        (change(|r| r.frequency_hz = 8001.0), ProbeStatus::Frequency),
        (change(|r| r.frequency_hz = f32::NAN), ProbeStatus::Frequency),
        (change(|r| r.settle_s = 10.1), ProbeStatus::Settle),
        (change(|r| r.measure_s = 0.0), ProbeStatus::Measure),
        (change(|r| (r.target, r.frequency_hz) = (Target::SetPoint as u32, 400.0)), ProbeStatus::Amplitude),
        (change(|r| r.target = Target::CoilCurrent as u32), ProbeStatus::WrongState),
    ] {
        let mut bench = Bench::new();
        bench.ask(&request);
        assert_eq!(bench.run(2000), Excitation::None, "{status:?}");
        assert_eq!(bench.status(), status);
        assert!(!bench.probe.is_active());
    }
}

#[test]
fn while_the_pump_turns_neither_motor_nor_set_point_are_given_away_but_displacement_is() {
    let (slow, fast) = (TURNING_RAD_PER_S_MAX, 1.01 * TURNING_RAD_PER_S_MAX);
    let motor = ProbeRequest { target: Target::MotorCurrent as u32, cosine_x: 1.0, ..sine(1, 5.0) };
    let set_point = ProbeRequest { target: Target::SetPoint as u32, cosine_x: 100e-6, ..sine(1, 5.0) };
    for (motor_wanted, speed_rad_per_s, turns) in
        [(true, 0.0, true), (false, fast, true), (false, -fast, true), (false, slow, false)]
    {
        for (request, refused) in [(motor, turns), (set_point, turns), (sine(1, 100.0), false)] {
            let mut bench = Bench::new();
            (bench.now.motor_wanted, bench.now.rotor_speed_rad_per_s) = (motor_wanted, speed_rad_per_s);
            bench.ask(&request);
            let idle = bench.run(10) == Excitation::None;
            let status = if refused { ProbeStatus::Turning } else { ProbeStatus::Settling };
            assert_eq!(
                (idle, bench.status()),
                (refused, status),
                "{request:?} {motor_wanted} {speed_rad_per_s}"
            );
        }
    }
}

#[test]
fn a_speed_that_is_wanted_leads_the_rotor_back_to_the_centre() {
    let mut bench = Bench::new();
    bench.ask(&ProbeRequest {
        target: Target::SetPoint as u32,
        offset_x: 150e-6,
        measure_s: 0.5,
        ..ProbeRequest::listening(1)
    });
    let place_m = |excitation: Excitation| match excitation {
        Excitation::SetPoint { displacement_m: [x_m, _], .. } => x_m,
        _ => 0.0,
    };
    let mut before_m = place_m(bench.run(1000));
    assert_eq!(before_m, 150e-6);
    bench.now.motor_wanted = true;
    // 150 um in 20 ms.
    for _ in 0..400 {
        let now_m = place_m(bench.step(|_| 0.0));
        assert!((0.0..0.5e-6).contains(&(before_m - now_m)), "{before_m} {now_m}");
        before_m = now_m;
    }
    assert!(before_m < 1e-6 && bench.status() == ProbeStatus::Stopped);
    bench.run(10);
    assert!(!bench.probe.is_active());
    // And whoever only listens is not stopped for it.
    bench.ask(&ProbeRequest { measure_s: 0.01, ..ProbeRequest::listening(2) });
    bench.run(300);
    assert_eq!(bench.status(), ProbeStatus::Done);
}

#[test]
fn a_refused_request_takes_the_one_before_back() {
    let mut bench = Bench::new();
    bench.ask(&sine(1, 100.0));
    assert_ne!(bench.run(1000), Excitation::Displacement([0.0; 2]));
    bench.ask(&ProbeRequest { measure_s: f32::NAN, ..sine(2, 100.0) });
    bench.run(1000);
    assert_eq!((bench.status(), bench.probe.is_active()), (ProbeStatus::Measure, false));
}

#[test]
fn it_is_zero_in_the_period_in_which_the_rotor_is_no_longer_levitated() {
    let mut bench = Bench::new();
    bench.ask(&sine(1, 100.0));
    bench.run(1500);
    bench.now.bearing = BearingState::Touchdown;
    assert_eq!((bench.run(1), bench.status()), (Excitation::None, ProbeStatus::Stopped));
    bench.now.bearing = BearingState::Levitated;
    bench.ask(&sine(1, 100.0));
    assert_eq!(bench.run(2000), Excitation::None, "and does not come back by itself");
    assert!(!bench.probe.is_active());
}

#[test]
fn what_is_not_renewed_or_is_taken_back_fades_out() {
    let mut bench = Bench::new();
    let long = ProbeRequest { measure_s: 5.0, ..sine(1, 1000.0) };
    bench.ask(&long);
    bench.run(19_000);
    bench.ask(&long);
    bench.run(19_000);
    assert!(bench.probe.is_active());
    bench.run(1500);
    assert_eq!((bench.status(), bench.probe.is_active()), (ProbeStatus::Stale, false));

    bench.ask(&sine(2, 100.0));
    bench.run(6000);
    assert_eq!((bench.status(), bench.probe.is_active()), (ProbeStatus::Done, true));
    bench.ask(&ProbeRequest { measure_s: 0.01, ..ProbeRequest::listening(3) });
    // 10 um of 20 um in 20 ms: after 5 ms half of it is left.
    let left = (0..100).map(|_| bench.step(|_| 0.0)).filter_map(|excitation| match excitation {
        Excitation::Displacement([x, _]) => Some(x.abs()),
        _ => None,
    });
    assert!(left.fold(0.0, f32::max) > 5e-6);
    bench.run(1000);
    assert_eq!((bench.status(), bench.probe.is_active()), (ProbeStatus::Done, false));
}

#[test]
fn missed_triggers_leave_the_phase_in_time() {
    let mut bench = Bench::new();
    bench.ask(&ProbeRequest { settle_s: 0.0, ..sine(1, 100.0) });
    bench.run(402);
    let Excitation::Displacement([before, _]) = bench.run(1) else { panic!() };
    bench.now.periods = 200; // a whole cycle
    let Excitation::Displacement([after, _]) = bench.run(1) else { panic!() };
    assert!((before - after).abs() < 1e-8, "{before} {after}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn nothing_ever_exceeds_its_limit(
        requests in prop::collection::vec((
            0_u32..6, prop::array::uniform6(-1.0_f32..1.0), 0.0_f32..9000.0, 0.0_f32..0.02, 0.0_f32..0.03, 0_u32..6,
        ), 1..8),
        bits in any::<u32>(),
    ) {
        let mut bench = Bench::new();
        for (index, (target, parts, frequency_hz, settle_s, measure_s, state)) in requests.into_iter().enumerate() {
            let largest = [1.0, 30e-6, 200e-6, 8.0, 10.0, f32::from_bits(bits)][target as usize];
            let [offset_x, offset_y, cosine_x, cosine_y, sine_x, sine_y] = parts.map(|part| part * largest);
            bench.ask(&ProbeRequest {
                number: index as u32 + 1, target, offset_x, offset_y, cosine_x, cosine_y, sine_x, sine_y,
                frequency_hz, settle_s, measure_s,
            });
            bench.now.bearing = BearingState::from_code(state).unwrap();
            for _ in 0..300 {
                let (value, limit, state) = match bench.step(|_| 0.0) {
                    Excitation::None => continue,
                    Excitation::Displacement(value) => (value, DISPLACEMENT_M_MAX, BearingState::Levitated),
                    Excitation::SetPoint { displacement_m, .. } => (displacement_m, 150e-6, BearingState::Levitated),
                    Excitation::CoilCurrent(value) => (value, 6.0, BearingState::Service),
                    Excitation::MotorCurrent(value) => (value, 8.0, bench.now.bearing),
                };
                prop_assert!(value.iter().all(|value| value.abs() <= limit * 1.000_01), "{value:?} {limit}");
                prop_assert_eq!(state, bench.now.bearing);
            }
        }
    }
}
