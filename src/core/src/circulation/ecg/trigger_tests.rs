// SPDX-License-Identifier: Apache-2.0
//! The trigger with beats at given times.

use super::*;
use proptest::prelude::*;
use std::vec::Vec;

/// From the R wave to the report of the beat [ms].
const LATE_MS: f32 = 40.0;

struct Rig {
    trigger: Trigger,
    time_ms: f32,
    pulses_ms: Vec<f32>,
    last: TriggerReport,
}

impl Rig {
    fn new(config: &TriggerConfig, ratio: Ratio) -> Self {
        let mut trigger = Trigger::new(config, ratio).unwrap();
        let last = trigger.step(&EcgReport::default());
        Self { trigger, time_ms: 10.0, pulses_ms: Vec::new(), last }
    }

    fn step(&mut self, beat_age_ms: Option<f32>, quality: Quality) {
        self.last = self.trigger.step(&EcgReport { beat_age_ms, quality, spike_count: 0 });
        self.time_ms += STEP_MS;
        self.pulses_ms.extend(self.last.pulse.map(|pulse| self.time_ms + pulse.in_ms));
    }

    /// Steps until the R wave at that time has been told.
    fn beat(&mut self, at_ms: f32) {
        while self.time_ms + STEP_MS < at_ms + LATE_MS {
            self.step(None, Quality::Good);
        }
        self.step(Some(self.time_ms + STEP_MS - at_ms), Quality::Good);
    }

    /// So many beats after each other, the first one an interval from now.
    fn beats(&mut self, count: u32, interval_ms: f32) -> f32 {
        let start_ms = self.time_ms - LATE_MS;
        let at_ms = |index: u32| start_ms + interval_ms * index as f32;
        (1..=count).for_each(|index| self.beat(at_ms(index)));
        at_ms(count)
    }

    fn wait(&mut self, duration_ms: f32, quality: Quality) {
        let end_ms = self.time_ms + duration_ms;
        while self.time_ms < end_ms {
            self.step(None, quality);
        }
    }

    fn pulses_after(&self, at_ms: f32) -> usize {
        self.pulses_ms.iter().filter(|pulse_ms| **pulse_ms > at_ms).count()
    }
}

fn rig() -> Rig {
    Rig::new(&TriggerConfig::DEFAULT, Ratio::EveryBeat)
}

#[test]
fn without_an_ecg_the_rate_is_fixed() {
    let mut rig = rig();
    rig.wait(60_000.0, Quality::Missing);
    assert_eq!((rig.pulses_ms.len(), rig.last.source), (60, Source::FixedRate));
    assert!(rig.pulses_ms.windows(2).all(|pair| pair[1] - pair[0] == 1000.0));
    assert_eq!(rig.last.beat_in_ms, None);
}

#[test]
fn a_pulse_comes_its_delay_after_each_beat_to_the_millisecond() {
    let mut rig = rig();
    rig.beats(6, 803.0);
    // The pulse of the sixth beat is still to come.
    let start_ms = rig.time_ms + 400.0;
    let last_ms = rig.beats(20, 803.0);
    rig.wait(400.0, Quality::Good);
    assert_eq!((rig.last.source, rig.pulses_after(start_ms)), (Source::Ecg, 20));
    for pulse_ms in rig.pulses_ms.iter().filter(|pulse_ms| **pulse_ms > start_ms) {
        let off_ms = (last_ms + 350.0 - pulse_ms) / 803.0;
        assert!((off_ms - off_ms.round()).abs() * 803.0 < 0.1, "{pulse_ms}");
    }
    assert!((rig.last.phase * 803.0 - (rig.time_ms - last_ms - 350.0)).abs() < 1.0, "{:?}", rig.last);
    let expected_ms = last_ms + 803.0 - rig.time_ms;
    assert!((rig.last.beat_in_ms.unwrap() - expected_ms).abs() < 0.1);
}

#[test]
fn the_ratio_falls_with_the_rate_and_comes_back_lower() {
    let mut rig = rig();
    for (interval_ms, ratio) in [
        (610.0, Ratio::EveryBeat),
        (590.0, Ratio::EverySecond),
        (640.0, Ratio::EverySecond),
        (680.0, Ratio::EveryBeat),
        (290.0, Ratio::EveryThird),
        (340.0, Ratio::EverySecond),
    ] {
        rig.beats(8, interval_ms);
        let start_ms = rig.time_ms;
        rig.beats(12, interval_ms);
        assert_eq!(rig.last.ratio, ratio, "{interval_ms}");
        let count = rig.pulses_after(start_ms) as f32 * ratio.beats();
        assert!((count - 12.0).abs() <= ratio.beats(), "{interval_ms}: {count}");
    }
}

#[test]
fn a_programmed_ratio_is_kept_where_it_fits() {
    let mut rig = Rig::new(&TriggerConfig::DEFAULT, Ratio::EverySecond);
    rig.beats(8, 900.0);
    let start_ms = rig.time_ms;
    rig.beats(12, 900.0);
    assert_eq!((rig.last.ratio, rig.pulses_after(start_ms)), (Ratio::EverySecond, 6));
}

#[test]
fn a_pulse_is_over_before_the_next_beat() {
    let mut rig = rig();
    rig.beats(8, 610.0);
    let mut rooms_ms = Vec::new();
    for _ in 0..200 {
        rig.step(None, Quality::Good);
        rooms_ms.extend(rig.last.pulse.map(|pulse| pulse.room_ms));
        if let Some(0.0) = rig.last.beat_in_ms {
            break;
        }
    }
    assert!((rooms_ms[0] - (610.0 - 350.0 - MARGIN_MS)).abs() < 0.1, "{rooms_ms:?}");
}

#[test]
fn an_early_beat_takes_the_pulse_along() {
    let mut rig = rig();
    let last_ms = rig.beats(8, 900.0);
    let start_ms = last_ms + 400.0;
    rig.beat(last_ms + 900.0);
    rig.beat(last_ms + 900.0 + 300.0);
    rig.wait(500.0, Quality::Good);
    let pulses_ms: Vec<f32> = rig.pulses_ms.iter().copied().filter(|pulse_ms| *pulse_ms > start_ms).collect();
    assert_eq!(pulses_ms, [last_ms + 900.0 + 300.0 + 350.0]);
}

#[test]
fn a_lost_signal_goes_on_at_the_same_pace_and_regular_beats_come_back() {
    let mut rig = rig();
    let last_ms = rig.beats(12, 800.0);
    rig.wait(500.0, Quality::LeadOff);
    assert_eq!(rig.last.source, Source::FixedRate);
    rig.wait(20_000.0, Quality::LeadOff);
    let later: Vec<f32> = rig.pulses_ms.iter().copied().filter(|pulse_ms| *pulse_ms >= last_ms).collect();
    let apart: Vec<f32> = later.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!((apart[0] - 800.0).abs() <= 10.0 && apart.windows(2).all(|pair| pair[1] >= pair[0]), "{apart:?}");
    assert!(apart.windows(2).all(|pair| pair[1] <= 1.101 * pair[0]) && *apart.last().unwrap() == 1000.0);
    rig.beats(4, 800.0);
    assert_eq!(rig.last.source, Source::FixedRate, "three intervals are not enough");
    let start_ms = rig.time_ms;
    rig.beats(8, 800.0);
    assert_eq!(rig.last.source, Source::Ecg);
    assert!(rig.pulses_after(start_ms) >= 7);
}

#[test]
fn noise_and_a_heart_that_stops_end_in_the_fixed_rate() {
    let mut noisy = rig();
    noisy.beats(12, 800.0);
    noisy.wait(1500.0, Quality::Noisy);
    assert_eq!(noisy.last.source, Source::Ecg);
    noisy.wait(1500.0, Quality::Noisy);
    assert_eq!(noisy.last.source, Source::FixedRate);
    let mut still = rig();
    still.beats(12, 800.0);
    still.wait(2.2 * 800.0 - LATE_MS - 10.0, Quality::Good);
    assert_eq!(still.last.source, Source::Ecg);
    still.wait(200.0, Quality::Good);
    assert_eq!(still.last.source, Source::FixedRate);
}

#[test]
fn a_configuration_outside_its_range_is_named() {
    let wrong = TriggerConfig { delay_ms: 99.0, ..TriggerConfig::DEFAULT };
    assert_eq!(Trigger::new(&wrong, Ratio::EveryBeat).unwrap_err().field, "delay_ms");
}

fn quality(code: u8) -> Quality {
    match code {
        0 => Quality::Noisy,
        1 => Quality::Missing,
        _ => Quality::Good,
    }
}

proptest! {
    /// Whatever the detector says: pulses keep their distance, and never stay away for long.
    #[test]
    fn pulses_are_neither_too_close_nor_too_rare(
        events in proptest::collection::vec((1_u32..300, -50.0_f32..80.0, 0_u8..8), 1..120),
        ratio in 0_usize..3,
    ) {
        let mut rig = Rig::new(&TriggerConfig::DEFAULT, Ratio::ALL[ratio]);
        for (gap, age_ms, code) in events {
            for _ in 0..gap {
                rig.step(None, quality(code));
            }
            rig.step(Some(age_ms), quality(code));
            prop_assert!((0.0..=1.0).contains(&rig.last.phase));
        }
        for pair in rig.pulses_ms.windows(2) {
            // Three beats of 2 s to a pulse, a beat that is waited for, its delay, an interval.
            prop_assert!((479.9..=12_000.0).contains(&(pair[1] - pair[0])), "{:?}", pair);
        }
    }
}
