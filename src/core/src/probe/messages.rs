// SPDX-License-Identifier: Apache-2.0
//! What is asked of the probe, and what it answers: mail.

use crate::mailbox::{Word, Words};

/// Where the probe acts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Target {
    /// Nowhere: it only measures. Also withdraws what was asked before.
    #[default]
    Listen = 0,
    /// Added to the displacement at the summing point: pickup taken off, before notch and observer [m]. Levitated only.
    Displacement = 1,
    /// Set-point of the bearing [m]. Levitated with the speed set-point at zero and a rotor at rest.
    SetPoint = 2,
    /// References of the coil currents, the rotor at the wall [A]. Service state only.
    CoilCurrent = 3,
    /// Motor current vector in the stator frame, x on the axis of phase A [A]. Service state, or levitated with the
    /// speed set-point at zero.
    MotorCurrent = 4,
}

snapshot! {
    /// Excitation and measurement that are asked for. Of both axes:
    /// offset + cosine part cos(phi) + sine part sin(phi), phi = 2 pi f t.
    ///
    /// A new number starts a measurement. Written again with the same number at least every
    /// [`super::STALE_US_MAX`], or the excitation fades out.
    pub struct ProbeRequest [PROBE_REQUEST_WORDS] {
        /// Counts requests, from 1.
        pub number: u32,
        /// A [`Target`].
        pub target: u32,
        /// Constant part along x, in the unit of the target.
        pub offset_x: f32,
        /// Constant part along y.
        pub offset_y: f32,
        /// Cosine part along x.
        pub cosine_x: f32,
        /// Cosine part along y.
        pub cosine_y: f32,
        /// Sine part along x.
        pub sine_x: f32,
        /// Sine part along y.
        pub sine_y: f32,
        /// Frequency; 0 for a constant [Hz].
        pub frequency_hz: f32,
        /// Time before the measurement begins [s].
        pub settle_s: f32,
        /// Least time of the measurement; rounded up to two cycles [s].
        pub measure_s: f32,
    }
}

impl ProbeRequest {
    /// A request that only listens.
    #[must_use]
    pub fn listening(number: u32) -> Self {
        Self { number, ..Words::from_words([0; PROBE_REQUEST_WORDS]) }
    }
}

macro_rules! statuses {
    ($($code:literal $variant:ident $text:literal;)+) => {
        /// What has become of a request.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u32)]
        pub enum ProbeStatus {
            $( #[doc = $text] $variant = $code, )+
        }

        impl ProbeStatus {
            /// The status of a code; `None` for a code that does not exist.
            #[must_use]
            pub fn from_code(code: u32) -> Option<Self> {
                $( if code == $code { return Some(Self::$variant); } )+
                None
            }

            /// One line for the operator.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $( Self::$variant => $text, )+ }
            }
        }
    };
}
statuses! {
    0 Idle "nothing was asked yet";
    1 Settling "excited, not yet measured";
    2 Measuring "measuring";
    3 Done "measured";
    16 NoSuchTarget "refused: target: no such target";
    17 Amplitude "refused: amplitude: not a number, or more than the target allows";
    18 Frequency "refused: frequency_hz: allowed is 0, or 0.5 to 8000";
    19 Settle "refused: settle_s: allowed is 0 to 10";
    20 Measure "refused: measure_s: allowed is 0.001 to 10";
    21 WrongState "refused: state: the bearing is not in the state that the target needs";
    22 Turning "refused: state: the speed set-point is not zero, or the rotor turns";
    32 Stopped "stopped: the bearing has left the state that the target needs, or a speed is wanted";
    33 Stale "stopped: the request was not renewed";
}

impl ProbeStatus {
    /// Nothing more will come of this request.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Idle | Self::Settling | Self::Measuring)
    }
}

impl Default for ProbeRequest {
    fn default() -> Self {
        Self::listening(0)
    }
}

/// A signal that the probe measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Output of the displacement Hall on the positive x side [V].
    HallXPlus = 0,
    /// The one on the negative x side [V].
    HallXMinus = 1,
    /// The one on the positive y side [V].
    HallYPlus = 2,
    /// The one on the negative y side [V].
    HallYMinus = 3,
    /// Measured coil current x [A].
    CoilCurrentX = 4,
    /// Measured coil current y [A].
    CoilCurrentY = 5,
    /// Voltage at coil x from this sample to the next, duty times bus [V].
    CoilVoltageX = 6,
    /// Likewise y [V].
    CoilVoltageY = 7,
    /// Displacement x after the summing point: pickup taken off, excitation added, before the notch [m].
    DisplacementX = 8,
    /// Likewise y [m].
    DisplacementY = 9,
    /// Angle Hall, cosine channel [V].
    AngleCosine = 10,
    /// Angle Hall, sine channel [V].
    AngleSine = 11,
}

/// Number of [`Signal`]s.
pub const SIGNALS: usize = 12;

/// One signal at the frequency of the excitation: mean + cosine cos(phi) + sine sin(phi).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tone {
    /// Mean.
    pub mean: f32,
    /// Part in phase with the cosine of the excitation.
    pub cosine: f32,
    /// Part in phase with its sine.
    pub sine: f32,
}

/// Answer of the probe.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ProbeResult {
    /// Number of the request.
    pub number: u32,
    /// A [`ProbeStatus`]; the rest is valid when it is `Done`.
    pub status: u32,
    /// The frequency as it was: a whole number of cycles in the measurement [Hz].
    pub frequency_hz: f32,
    /// Periods measured.
    pub periods: u32,
    /// Bits of `LevitationMail::limits` that were set during the measurement.
    pub limits: u32,
    /// Bits of `LevitationMail::faults` that were set during the measurement.
    pub faults: u32,
    /// Rotor speed at the end [rad/s].
    pub rotor_speed_rad_per_s: f32,
    /// Coefficients of the notch at the end: x cos, sin, cos 2, sin 2, then y [m].
    pub notch_m: [f32; NOTCH_COEFFICIENTS],
    /// The signals, in the order of [`Signal`].
    pub tones: [Tone; SIGNALS],
}

/// Coefficients of the notch: two axes, two harmonics, cosine and sine.
pub const NOTCH_COEFFICIENTS: usize = 8;

/// Words of a [`ProbeResult`].
pub const PROBE_RESULT_WORDS: usize = 7 + NOTCH_COEFFICIENTS + 3 * SIGNALS;

impl ProbeResult {
    /// What was measured of a signal.
    #[must_use]
    pub fn tone(&self, signal: Signal) -> Tone {
        self.tones.get(signal as usize).copied().unwrap_or_default()
    }
}

impl Words<PROBE_RESULT_WORDS> for ProbeResult {
    fn to_words(&self) -> [u32; PROBE_RESULT_WORDS] {
        let head = [
            self.number,
            self.status,
            self.frequency_hz.to_bits(),
            self.periods,
            self.limits,
            self.faults,
            self.rotor_speed_rad_per_s.to_bits(),
        ];
        let tones = self.tones.iter().flat_map(|tone| [tone.mean, tone.cosine, tone.sine]).map(Word::to_bits);
        let mut words = [0; PROBE_RESULT_WORDS];
        let notch = self.notch_m.into_iter().map(Word::to_bits);
        for (word, value) in words.iter_mut().zip(head.into_iter().chain(notch).chain(tones)) {
            *word = value;
        }
        words
    }

    fn from_words(words: [u32; PROBE_RESULT_WORDS]) -> Self {
        let [number, status, frequency, periods, limits, faults, speed, rest @ ..] = words;
        let [n_0, n_1, n_2, n_3, n_4, n_5, n_6, n_7, tones @ ..] = rest;
        let mut result = Self {
            number,
            status,
            frequency_hz: f32::from_bits(frequency),
            periods,
            limits,
            faults,
            rotor_speed_rad_per_s: f32::from_bits(speed),
            notch_m: [n_0, n_1, n_2, n_3, n_4, n_5, n_6, n_7].map(f32::from_bits),
            tones: [Tone::default(); SIGNALS],
        };
        let (triples, _) = tones.as_chunks::<3>();
        for (tone, triple) in result.tones.iter_mut().zip(triples) {
            let [mean, cosine, sine] = triple.map(f32::from_bits);
            *tone = Tone { mean, cosine, sine };
        }
        result
    }
}

impl Target {
    /// The target of a code; `None` for a code that does not exist.
    #[must_use]
    pub fn from_code(code: u32) -> Option<Self> {
        [Self::Listen, Self::Displacement, Self::SetPoint, Self::CoilCurrent, Self::MotorCurrent]
            .into_iter()
            .find(|target| *target as u32 == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_travels_whole() {
        let notch_m = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        let head = ProbeResult { number: 3, status: 2, frequency_hz: 10.5, ..ProbeResult::default() };
        let mut result = ProbeResult { notch_m, ..head };
        for (index, tone) in result.tones.iter_mut().enumerate() {
            *tone = Tone { mean: index as f32, cosine: 0.1 * index as f32, sine: -0.2 };
        }
        assert_eq!(ProbeResult::from_words(result.to_words()), result);
        assert_eq!(result.tone(Signal::AngleSine).mean, 11.0);
    }

    #[test]
    fn codes_are_their_variants() {
        for status in (0..40).filter_map(ProbeStatus::from_code) {
            assert_eq!(ProbeStatus::from_code(status as u32), Some(status));
            assert_eq!(status.is_final(), status as u32 >= 3);
        }
        assert_eq!(Target::from_code(4), Some(Target::MotorCurrent));
        assert_eq!(Target::from_code(5), None);
    }
}
