// SPDX-License-Identifier: Apache-2.0
//! Gains of the loops over the circuit, each with its reason.
//!
//! Adult circuit of the plant ecmo-50 with 25/21 Fr: 3 to 5 L/min at 2800 to 3900 rpm.

/// One loop, as the controller uses it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loop {
    /// Lag that the slope cancels [s].
    pub(super) lead_s: f32,
    /// 1 / (G t_c) [rpm/s per unit of the quantity].
    pub(super) rpm_per_s: f32,
}

const fn of(gain_per_rpm: f32, lead_s: f32, time_constant_s: f32) -> Loop {
    Loop { lead_s, rpm_per_s: 1.0 / (gain_per_rpm * time_constant_s) }
}

/// Flow: 1.9 mL/min per rpm at 4 L/min, up to 2.5 at 1 L/min; the circuit lags by its inertance over its slope, 0.1 to 0.2 s, its
/// compliance, meter and filter by 0.05 s more.
pub(super) const FLOW: Loop = of(2.2e-3, 0.20, 0.45);
/// Flow near zero must not get there: faster than the flow loop, as far as the compliance of the lung lets it.
pub(super) const FLOOR: Loop = of(2.2e-3, 0.30, 0.50);
/// Return pressure: 0.08 mmHg per rpm while blood flows, 0.19 against a closed clamp; in between. The lead stops a clamp that closes in
/// 0.3 s.
pub(super) const RETURN: Loop = of(0.12, 0.20, 0.12);
/// Drainage pressure: -0.035 mmHg per rpm at 4 L/min, steeper in a vein that narrows.
pub(super) const DRAINAGE: Loop = of(-0.05, 0.10, 0.20);
/// What a new set-point of the flow moves the speed by at once [rpm per L/min]: two thirds of what it will take, so that the loop has the rest to do
/// and a circuit that is narrower or wider is not overrun.
pub(super) const FORWARD_RPM_PER_LPM: f32 = 330.0;
/// What filling arteries will take on top of it [rpm per L/min], over which time [s], from which flow on [L/min]: with 25/21 Fr they push back by
/// 25 mmHg/s, 170 rpm/s, and the loop alone lags behind that by 0.17 L/min. Both together, 410, are less than a circuit takes that does not fill: 530 at
/// 4 L/min. Only at 1 L/min, where it takes 400, 10 rpm are too much for each L/min asked for, 25 mL/min. 60 to 100 rpm over 0.3 to 0.7 s settle in
/// 2.31 to 2.49 s from standstill, at most 1.9 % above the set-point. A higher gain instead makes the blood swing between pump and compliance: at
/// 2 L/min 1.8 times the gain does so for five seconds.
pub(super) const FILLING_RPM_PER_LPM: f32 = 80.0;
pub(super) const FILLING_S: f32 = 0.4;
pub(super) const FILLING_LPM: f32 = 1.0;
