// SPDX-License-Identifier: Apache-2.0
//! The load test: a resistor draws the battery for a bounded time; what its voltage does says how strong it is. Once a second.
//!
//! # Model
//! ```text
//! idle --order, mains there, sensors and charge known--> before (charger held, 2 s) --> draw (load_test_s) --> rest (battery_rest_s) --> done
//! before, draw, rest --mains lost, battery not measured, no current--> stopped
//! ```
//! Resistance: fall of the voltage from before to the second second of the draw over the rise of the current. Capacity, where the battery
//! rested before: charge drawn over the fall of the charge that the voltages at rest say; unknown where that is under [`FALL_MIN`].
//!
//! *Weak*: resistance over `battery_resistance_factor_max` times that of a new one, capacity under `battery_capacity_fraction_min` of the
//! nominal, or a voltage under [`DRAWN_V_MIN`], which ends the draw.
//! # Limits and failure
//! The resistor is at the battery, before its diode, and conducts only while the mains feed the bus: the bus feels no test. The hardware opens it
//! when the mains go, and by its own timer; so does this task. What was found stands until the next test that comes to an end.

use super::gauge::{Gauge, Second};
use super::{PowerConfig, TestRefusal, TestState};

/// Seconds before the draw, for the charger to be off.
const BEFORE_S: u32 = 2;
/// The second of the draw that the resistance is taken from: the first one has the edge in it.
const STEP_S: u32 = 2;
/// What a test load draws at least [A].
const DRAWN_A_MIN: f32 = 0.3;
/// Under this voltage the motor would have to give way [V].
const DRAWN_V_MIN: f32 = 36.0;
/// Fall of the charge from which on a capacity can be told.
const FALL_MIN: f32 = 0.004;
/// No test with less charge than this.
const CHARGE_MIN: f32 = 0.3;
const S_PER_H: f32 = 3600.0;

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct LoadTest {
    config: PowerConfig,
    pub(super) state: TestState,
    second: u32,
    before_v: f32,
    before_a: f32,
    rested: bool,
    drawn_c: f32,
    is_weak_now: bool,
    /// A capacity has been measured that nobody has taken.
    has_measured: bool,
    /// What the last test found.
    pub(super) is_weak: bool,
    pub(super) resistance_ohm: Option<f32>,
    pub(super) capacity_ah: Option<f32>,
}

impl LoadTest {
    pub(super) const fn new(config: &PowerConfig) -> Self {
        Self {
            config: *config,
            state: TestState::None,
            second: 0,
            before_v: 0.0,
            before_a: 0.0,
            rested: false,
            drawn_c: 0.0,
            is_weak_now: false,
            has_measured: false,
            is_weak: false,
            resistance_ohm: None,
            capacity_ah: None,
        }
    }

    /// Begins, or says why not.
    pub(super) fn begin(
        &mut self,
        on_battery: bool,
        is_known: bool,
        gauge: &Gauge,
    ) -> Result<(), TestRefusal> {
        if on_battery {
            return Err(TestRefusal::NoMains);
        }
        let Some(charge) = gauge.charge.filter(|_| is_known) else { return Err(TestRefusal::Unknown) };
        if self.state.is_running() {
            return Err(TestRefusal::Running);
        }
        if charge < CHARGE_MIN {
            return Err(TestRefusal::Charge);
        }
        (self.state, self.second, self.is_weak_now) = (TestState::Before, 0, false);
        self.rested = gauge.is_at_rest();
        Ok(())
    }

    /// What a task before this one found.
    pub(super) const fn recall(
        &mut self,
        capacity_ah: Option<f32>,
        resistance_ohm: Option<f32>,
        is_weak: bool,
    ) {
        (self.capacity_ah, self.resistance_ohm, self.is_weak) = (capacity_ah, resistance_ohm, is_weak);
    }

    /// The load draws, or has in this second.
    pub(super) const fn draws(&self) -> bool {
        matches!(self.state, TestState::Draw) || matches!(self.state, TestState::Rest) && self.second == 0
    }

    /// Whether a capacity has been measured since this was asked.
    pub(super) const fn take_measured(&mut self) -> bool {
        core::mem::replace(&mut self.has_measured, false)
    }

    /// The mains are gone: nothing draws any more.
    pub(super) fn stop(&mut self) {
        if self.state.is_running() {
            self.state = TestState::Stopped;
        }
    }

    pub(super) fn step(&mut self, second: &Second, gauge: &Gauge) {
        if !self.state.is_running() {
            return;
        }
        let Some((volt, ampere)) = second.battery_v.zip(second.battery_a).filter(|_| !second.on_battery)
        else {
            self.stop();
            return;
        };
        self.second = self.second.saturating_add(1);
        match self.state {
            TestState::Before if self.second >= BEFORE_S => {
                (self.before_v, self.before_a, self.drawn_c) = (volt, ampere, 0.0);
                (self.state, self.second) = (TestState::Draw, 0);
            }
            TestState::Draw => self.draw(volt, ampere),
            TestState::Rest => {
                // What the switch still let through at the end of the draw.
                self.drawn_c += ampere - self.before_a;
                if self.second as f32 >= self.config.battery_rest_s {
                    self.finish(volt, gauge);
                }
            }
            _ => {}
        }
    }

    fn draw(&mut self, volt: f32, ampere: f32) {
        let rise_a = ampere - self.before_a;
        self.drawn_c += rise_a;
        if self.second >= STEP_S && rise_a < DRAWN_A_MIN {
            self.stop();
            return;
        }
        if self.second == STEP_S {
            let ohm = (self.before_v - volt) / rise_a;
            self.resistance_ohm = Some(ohm);
            let ohm_max = self.config.battery_resistance_ohm * self.config.battery_resistance_factor_max;
            self.tell(ohm > ohm_max);
        }
        if volt < DRAWN_V_MIN {
            self.tell(true);
        }
        if volt < DRAWN_V_MIN || self.second as f32 >= self.config.load_test_s {
            (self.state, self.second) = (TestState::Rest, 0);
        }
    }

    fn finish(&mut self, volt: f32, gauge: &Gauge) {
        let fall = gauge.by_voltage(self.before_v, 0.0) - gauge.by_voltage(volt, 0.0);
        if self.rested && fall >= FALL_MIN {
            self.capacity_ah = Some(self.drawn_c / S_PER_H / fall);
            self.has_measured = true;
        }
        // A test that could not measure it does not make it more than the last one found.
        let least_ah = self.config.battery_capacity_ah * self.config.battery_capacity_fraction_min;
        self.tell(self.capacity_ah.is_some_and(|capacity_ah| capacity_ah < least_ah));
        self.is_weak = self.is_weak_now;
        self.state = if self.is_weak { TestState::Weak } else { TestState::Passed };
    }

    /// A weak battery is told at once; that it is not, at the end alone.
    fn tell(&mut self, is_weak: bool) {
        self.is_weak_now |= is_weak;
        self.is_weak |= is_weak;
    }
}
