// SPDX-License-Identifier: Apache-2.0
//! Drainage, pre-membrane and return pressure: what is measured, whether it is to be believed, and what it says of the circuit.
//!
//! | file | question it answers |
//! |---|---|
//! | `signal.rs` | is what a sensor says a pressure, and where is its zero |
//! | `compare.rs` | do the three agree with each other and with the pump |
//! | `resistance.rs` | does the lung clot, is a cannula kinked |
//!
//! # Limits and failure
//! A pressure in trouble keeps its last good value and is marked; what is computed from it says nothing then.

mod compare;
mod resistance;
mod signal;

pub use resistance::Resistance;
pub(crate) use resistance::Trend;
pub use signal::ZeroRefused;

use compare::{Comparison, Scene};
use signal::Signal;

use crate::ports::{CirculationInputs, valid};

/// What is wrong with a pressure.
pub mod trouble {
    /// Nobody vouches for it.
    pub const MISSING: u32 = 1;
    /// No pressure that a circuit can have.
    pub const RANGE: u32 = 1 << 1;
    /// It jumps.
    pub const SPIKE: u32 = 1 << 2;
    /// It does not move to the last bit.
    pub const FROZEN: u32 = 1 << 3;
    /// It contradicts the other two and the pump.
    pub const DRIFT: u32 = 1 << 4;
    /// Drainage and return are exchanged.
    pub const SWAPPED: u32 = 1 << 5;
}

/// Venous and arterial pressure, as taken for the cannulas [mmHg].
const VENOUS_MMHG: f32 = 5.0;
const ARTERIAL_MMHG: f32 = 60.0;
/// One minute, and two [periods].
const LUNG_PERIODS: f32 = 6000.0;
const CANNULA_PERIODS: f32 = 12_000.0;

/// A place where pressure is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// Before the pump.
    Drainage,
    /// Between pump and membrane lung.
    PreMembrane,
    /// Behind the membrane lung.
    Return,
}

/// One pressure.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pressure {
    /// The last good value [mmHg].
    pub pressure_mmhg: f32,
    /// Bits of [`trouble`]; 0: it is to be believed.
    pub trouble: u32,
}

impl Pressure {
    /// It is to be believed.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.trouble == 0
    }

    fn believed_mmhg(&self) -> Option<f32> {
        self.is_valid().then_some(self.pressure_mmhg)
    }
}

/// What the pump does; `None` is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PumpState {
    /// Speed of the rotor [rpm].
    pub speed_rpm: Option<f32>,
    /// Flow [L/min].
    pub flow_lpm: Option<f32>,
}

/// All of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PressureReading {
    /// Before the pump.
    pub drainage: Pressure,
    /// Between pump and membrane lung.
    pub pre_membrane: Pressure,
    /// Behind the membrane lung.
    pub back: Pressure,
    /// Of the membrane lung [mmHg/(L/min)].
    pub lung: Option<Resistance>,
    /// Of drainage cannula and tube [mmHg/(L/min)2].
    pub drainage_cannula: Option<Resistance>,
    /// Of return tube and cannula [mmHg/(L/min)2].
    pub return_cannula: Option<Resistance>,
    /// What became of a zeroing; in the period in which it ends.
    pub zeroed: Option<(Site, Result<(), ZeroRefused>)>,
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct Pressures {
    drainage: Signal,
    pre_membrane: Signal,
    back: Signal,
    comparison: Comparison,
    lung: Trend,
    drainage_cannula: Trend,
    return_cannula: Trend,
}

impl Default for Pressures {
    fn default() -> Self {
        Self::new()
    }
}

impl Pressures {
    /// Nothing is zeroed and nothing is known.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            drainage: Signal::new(),
            pre_membrane: Signal::new(),
            back: Signal::new(),
            comparison: Comparison::new(),
            lung: Trend::new(LUNG_PERIODS, false),
            drainage_cannula: Trend::new(CANNULA_PERIODS, true),
            return_cannula: Trend::new(CANNULA_PERIODS, true),
        }
    }

    /// The sensor is open to air from now on, for a second; [`PressureReading::zeroed`] is the result.
    pub fn zero(&mut self, site: Site) {
        match site {
            Site::Drainage => self.drainage.zero(),
            Site::PreMembrane => self.pre_membrane.zero(),
            Site::Return => self.back.zero(),
        }
    }

    /// The membrane lung is a new one.
    pub fn exchange_lung(&mut self) {
        self.lung.exchange();
        self.comparison.exchange_lung();
    }

    /// One period.
    pub fn step(&mut self, samples: &CirculationInputs, pump: &PumpState) -> PressureReading {
        let sample = |bit: u32, pressure_mmhg: f32| (samples.valid & bit != 0).then_some(pressure_mmhg);
        let drainage_zeroed =
            self.drainage.step(sample(valid::DRAINAGE_PRESSURE, samples.drainage_pressure_mmhg));
        let pre_membrane_zeroed =
            self.pre_membrane.step(sample(valid::PRE_MEMBRANE_PRESSURE, samples.pre_membrane_pressure_mmhg));
        let back_zeroed = self.back.step(sample(valid::RETURN_PRESSURE, samples.return_pressure_mmhg));
        let zeroed = [
            (Site::Drainage, drainage_zeroed),
            (Site::PreMembrane, pre_membrane_zeroed),
            (Site::Return, back_zeroed),
        ];
        let scene = self.scene(pump);
        self.comparison.step(scene.as_ref());
        let [drainage, pre_membrane, back] = self.pressures();
        self.follow_resistances(pump.flow_lpm, [drainage, pre_membrane, back]);
        PressureReading {
            drainage,
            pre_membrane,
            back,
            lung: self.lung.resistance(),
            drainage_cannula: self.drainage_cannula.resistance(),
            return_cannula: self.return_cannula.resistance(),
            zeroed: zeroed.into_iter().find_map(|(site, result)| result.map(|result| (site, result))),
        }
    }

    fn pressures(&self) -> [Pressure; 3] {
        let [drainage, pre_membrane, back] = self.comparison.trouble();
        let pressure = |signal: &Signal, compared: u32| Pressure {
            pressure_mmhg: signal.pressure_mmhg(),
            trouble: signal.trouble() | compared,
        };
        [
            pressure(&self.drainage, drainage),
            pressure(&self.pre_membrane, pre_membrane),
            pressure(&self.back, back),
        ]
    }

    /// What can be compared, if all of it is there.
    fn scene(&self, pump: &PumpState) -> Option<Scene> {
        let signals = [&self.drainage, &self.pre_membrane, &self.back];
        if signals.iter().any(|signal| signal.trouble() != 0) {
            return None;
        }
        let pressures_mmhg = signals.map(Signal::pressure_mmhg);
        Some(Scene { pressures_mmhg, speed_rpm: pump.speed_rpm?, flow_lpm: pump.flow_lpm? })
    }

    fn follow_resistances(&mut self, flow_lpm: Option<f32>, pressures: [Pressure; 3]) {
        let [drainage, pre_membrane, back] = pressures.map(|pressure| pressure.believed_mmhg());
        let lung_mmhg = pre_membrane.zip(back).map(|(before, behind)| before - behind);
        let square: fn(f32) -> f32 = |flow_lpm| flow_lpm * flow_lpm;
        self.lung.step(lung_mmhg, flow_lpm, |flow_lpm| flow_lpm);
        self.drainage_cannula.step(drainage.map(|mmhg| VENOUS_MMHG - mmhg), flow_lpm, square);
        self.return_cannula.step(back.map(|mmhg| mmhg - ARTERIAL_MMHG), flow_lpm, square);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUMPS: PumpState = PumpState { speed_rpm: Some(3500.0), flow_lpm: Some(4.0) };

    /// A circuit at 3500 rpm and 4 L/min by the law of the design, with some noise.
    fn samples(period: u32, lung_mmhg: f32) -> CirculationInputs {
        let noise = (period.wrapping_mul(2_654_435_761) >> 16) as f32 / 65_536.0 - 0.5;
        CirculationInputs {
            drainage_pressure_mmhg: -55.0 + noise,
            pre_membrane_pressure_mmhg: 220.0 + noise,
            return_pressure_mmhg: 220.0 - lung_mmhg - noise,
            valid: valid::CIRCULATION,
            ..CirculationInputs::default()
        }
    }

    fn run(
        pressures: &mut Pressures,
        periods: u32,
        change: impl Fn(&mut CirculationInputs),
    ) -> PressureReading {
        let mut reading = PressureReading::default();
        for period in 0..periods {
            let mut samples = samples(period, 45.0);
            change(&mut samples);
            reading = pressures.step(&samples, &PUMPS);
        }
        reading
    }

    #[test]
    fn a_sound_circuit_has_three_pressures_and_three_resistances() {
        let mut pressures = Pressures::new();
        let reading = run(&mut pressures, 13_000, |_| {});
        for (pressure, expected) in
            [(reading.drainage, -55.0), (reading.pre_membrane, 220.0), (reading.back, 175.0)]
        {
            assert!(pressure.is_valid() && (pressure.pressure_mmhg - expected).abs() < 0.6, "{pressure:?}");
        }
        let near = |resistance: Option<Resistance>, expected: f32| {
            let Resistance { value, ratio } = resistance.unwrap();
            assert!(
                (value - expected).abs() < 0.1 && (ratio.unwrap() - 1.0).abs() < 0.02,
                "{value}, {ratio:?}"
            );
        };
        near(reading.lung, 45.0 / 4.0);
        near(reading.drainage_cannula, 60.0 / 16.0);
        near(reading.return_cannula, 115.0 / 16.0);
    }

    #[test]
    fn each_site_is_marked_alone() {
        let mut pressures = Pressures::new();
        run(&mut pressures, 200, |_| {});
        let reading = run(&mut pressures, 30, |samples| samples.return_pressure_mmhg = f32::NAN);
        assert!(reading.drainage.is_valid() && reading.pre_membrane.is_valid());
        assert_eq!(reading.back.trouble, trouble::RANGE);
        assert!((reading.back.pressure_mmhg - 175.0).abs() < 1.0, "the last good value stands");
        let reading = run(&mut pressures, 200, |samples| samples.valid &= !valid::DRAINAGE_PRESSURE);
        assert_eq!((reading.drainage.trouble, reading.drainage_cannula), (trouble::MISSING, None));
        assert!(reading.lung.is_some() && reading.back.is_valid());
    }

    #[test]
    fn drift_and_exchange_reach_the_reading() {
        let mut pressures = Pressures::new();
        run(&mut pressures, 2000, |_| {});
        let reading = run(&mut pressures, 400, |samples| samples.drainage_pressure_mmhg += 50.0);
        assert_eq!(reading.drainage.trouble, trouble::DRIFT);
        assert!(reading.pre_membrane.is_valid() && reading.back.is_valid());
        let mut exchanged = Pressures::new();
        let reading = run(&mut exchanged, 200, |samples| {
            core::mem::swap(&mut samples.drainage_pressure_mmhg, &mut samples.return_pressure_mmhg);
        });
        assert_eq!([reading.drainage.trouble, reading.back.trouble], [trouble::SWAPPED; 2]);
        assert!(reading.pre_membrane.is_valid());
    }

    #[test]
    fn a_clot_raises_the_lung_alone_and_is_no_drift() {
        let mut pressures = Pressures::new();
        run(&mut pressures, 7000, |_| {});
        let reading = run(&mut pressures, 3000, |samples| samples.return_pressure_mmhg -= 45.0);
        assert!(reading.back.is_valid(), "{reading:?}");
        assert!((reading.lung.unwrap().ratio.unwrap() - 2.0).abs() < 0.05, "{reading:?}");
        pressures.exchange_lung();
        assert_eq!(run(&mut pressures, 50, |_| {}).lung, None);
    }

    #[test]
    fn a_zero_is_taken_at_its_site() {
        let mut pressures = Pressures::new();
        let open = |samples: &mut CirculationInputs| samples.drainage_pressure_mmhg += 55.0 + 7.0;
        run(&mut pressures, 20, open);
        pressures.zero(Site::Drainage);
        let mut zeroed = None;
        for period in 0..120 {
            let mut samples = samples(period, 45.0);
            open(&mut samples);
            zeroed = zeroed.or(pressures.step(&samples, &PumpState::default()).zeroed);
        }
        assert_eq!(zeroed, Some((Site::Drainage, Ok(()))));
        let reading = run(&mut pressures, 10, |samples| samples.drainage_pressure_mmhg += 7.0);
        assert!((reading.drainage.pressure_mmhg + 55.0).abs() < 0.7, "{reading:?}");
    }
}
