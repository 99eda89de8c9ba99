// SPDX-License-Identifier: Apache-2.0
//! One heart beat in an ECG: waves about the R wave, and the spikes of a pacemaker before it. Equation and source: [`super`].

/// One Gaussian: height [mV], place after the R wave and width [s].
#[derive(Clone, Copy, Debug)]
pub(super) struct Wave {
    pub(super) height_mv: f64,
    pub(super) place_s: f64,
    pub(super) width_s: f64,
}

pub(super) const fn wave(height_mv: f64, place_s: f64, width_s: f64) -> Wave {
    Wave { height_mv, place_s, width_s }
}

/// P, Q, R, S, T.
pub(super) type Morphology = [Wave; 5];

pub(super) const NORMAL: Morphology = [
    wave(0.12, -0.16, 0.022),
    wave(-0.10, -0.027, 0.009),
    wave(1.10, 0.0, 0.011),
    wave(-0.20, 0.029, 0.010),
    wave(0.28, 0.27, 0.055),
];
pub(super) const VENTRICULAR: Morphology = [
    wave(0.0, 0.0, 1.0),
    wave(-0.15, -0.09, 0.022),
    wave(1.60, 0.0, 0.030),
    wave(-0.60, 0.090, 0.030),
    wave(-0.50, 0.32, 0.065),
];
pub(super) const PACED: Morphology = [
    wave(0.0, 0.0, 1.0),
    wave(0.10, -0.075, 0.015),
    wave(-1.20, 0.0, 0.026),
    wave(0.15, 0.080, 0.025),
    wave(0.45, 0.33, 0.065),
];

/// From the spike of a ventricular pacemaker to the peak of the beat [s].
pub(super) const CAPTURE_S: f64 = 0.060;
/// From the spike in the atrium to the one in the ventricle [s].
pub(super) const ATRIAL_S: f64 = 0.150;
/// Length and height of a spike.
const SPIKE_S: f64 = 2e-3;
const SPIKE_MV: f64 = 3.0;
/// What is left of a spike in the electrodes: part of it and time constant.
const AFTER_SPIKE: (f64, f64) = (0.03, 8e-3);

#[derive(Clone, Copy, Debug)]
pub(super) struct Beat {
    pub(super) at_s: f64,
    /// Factor of the place of the T wave.
    pub(super) stretch: f64,
    pub(super) morphology: &'static Morphology,
    pub(super) has_p_wave: bool,
    /// Spikes before it; none is far in the past.
    pub(super) spikes_s: [f64; 2],
    /// There is a QRS.
    pub(super) is_captured: bool,
    pub(super) is_told: bool,
}

impl Beat {
    /// It comes at another time, with its spikes.
    pub(super) fn move_to(&mut self, at_s: f64) {
        let by_s = at_s - self.at_s;
        self.at_s = at_s;
        for spike_s in &mut self.spikes_s {
            *spike_s += by_s;
        }
    }

    pub(super) fn value_mv(&self, t_s: f64) -> f64 {
        let mut sum_mv = 0.0;
        if self.is_captured {
            for (index, wave) in self.morphology.iter().enumerate() {
                let stretch = if index == 4 { self.stretch } else { 1.0 };
                let distance = (t_s - self.at_s - stretch * wave.place_s) / wave.width_s;
                if distance.abs() < 6.0 && (index > 0 || self.has_p_wave) {
                    sum_mv += wave.height_mv * libm::exp(-0.5 * distance * distance);
                }
            }
        }
        for at_s in self.spikes_s {
            let since_s = t_s - at_s;
            if (0.0..SPIKE_S).contains(&since_s) {
                sum_mv += SPIKE_MV;
            } else if (SPIKE_S..0.1).contains(&since_s) {
                let (part, time_s) = AFTER_SPIKE;
                sum_mv -= part * SPIKE_MV * libm::exp(-(since_s - SPIKE_S) / time_s);
            }
        }
        sum_mv
    }
}
