// SPDX-License-Identifier: Apache-2.0
//! Frames of both units without a simulation: a host that pumps at 3000 rpm, a drive that is ready.
//!
//! Encoded with `levitas-wire` and sent in the cycle of docs/can.md: 2 kHz and 100 Hz, or the classic service frames at 100 and
//! 10 Hz alone. The values are smooth and plausible, no more; `echo` is what really arrived on the bus.

use std::f64::consts::TAU;

use levitas_core::circulation::therapy::{Mode, TherapySettings};
use levitas_core::link::{FastStatus, PeerReport, PeerTherapy, SlowStatus, UnitCode};
use levitas_core::power::told::{PowerSource, PowerTold};
use levitas_wire::{
    Frame, Id, Received, Service, StandardId, Unit, decode, encode_fast, encode_service, encode_slow,
};
use levitas_world::{CanBus, CanNode};

use crate::canhub::source::Feeder;
use crate::link_bus::on_bus;

/// Period of the fast frames [s].
const PERIOD_S: f64 = 0.5e-3;
/// The drive sends so long after the host [s].
const PHASE_S: f64 = 0.25e-3;
/// Fast periods per slow frame; and per slow set of service frames.
const SLOW_PERIODS: u64 = 20;
const SERVICE_PERIODS: u64 = 200;
const SPEED_RAD_PER_S: f64 = TAU * 3000.0 / 60.0;

/// The counters of the E2E headers wrap here.
const SERVICE_COUNTER_MAX: u64 = 15;

/// Both units.
#[derive(Debug)]
pub(crate) struct Pattern {
    classic: bool,
    /// Period that comes next, for each unit.
    next: [u64; 2],
    /// Number of the newest fast frame that each has from the other.
    heard: [u16; 2],
}

impl Pattern {
    pub(crate) const fn new(classic: bool) -> Self {
        Self { classic, next: [0; 2], heard: [0; 2] }
    }

    /// What a unit sends in a period.
    fn frames(&self, unit: Unit, period: u64) -> Vec<Frame> {
        let fast = self.fast(unit, period);
        let slow = slow(unit, period);
        if !self.classic {
            let first = encode_fast(&fast, unit);
            let second = period
                .is_multiple_of(SLOW_PERIODS)
                .then(|| encode_slow(&slow, unit, (period / SLOW_PERIODS) as u8));
            return std::iter::once(first).chain(second).collect();
        }
        let counter = |cycle| (period / cycle % SERVICE_COUNTER_MAX) as u8;
        let at_100_hz = Service::of_fast(&fast).into_iter().filter(|_| period.is_multiple_of(SLOW_PERIODS));
        let at_10_hz = Service::of_slow(&slow).into_iter().filter(|_| period.is_multiple_of(SERVICE_PERIODS));
        let encode = |cycle| move |content: Service| encode_service(&content, unit, counter(cycle));
        at_100_hz.map(encode(SLOW_PERIODS)).chain(at_10_hz.map(encode(SERVICE_PERIODS))).collect()
    }

    fn fast(&self, unit: Unit, period: u64) -> FastStatus {
        let angle_rad = (SPEED_RAD_PER_S * PERIOD_S * period as f64) % TAU;
        let turning = |amplitude: f64, lag_rad: f64| (amplitude * (angle_rad - lag_rad).cos()) as f32;
        let drives = unit == Unit::Host;
        let driving = |value: f32| if drives { value } else { 0.0 };
        FastStatus {
            number: period as u16,
            echo: self.heard[unit as usize],
            report: PeerReport {
                state: if drives { UnitCode::Active } else { UnitCode::Ready },
                drives,
                current_flows: drives,
                therapy: true,
                challenge: false,
                innovation_ok: true,
                hand_back: false,
            },
            rotor_angle_rad: Some(angle_rad as f32),
            rotor_speed_rad_per_s: Some(SPEED_RAD_PER_S as f32),
            coil_current_a: [driving(0.16 + turning(0.02, 0.0)), driving(turning(0.02, TAU / 4.0))].map(Some),
            phase_current_a: [driving(turning(1.5, 0.0)), driving(turning(1.5, TAU / 3.0))].map(Some),
            displacement_m: [turning(8e-6, 0.0), turning(8e-6, TAU / 4.0)].map(Some),
            power: PowerTold {
                power_source: PowerSource::Mains,
                battery_alarm: false,
                battery_charge_pct: Some(100.0),
                battery_remaining_min: Some(480.0),
            },
        }
    }

    /// What arrived: the number of the newest fast frame is the next echo.
    fn listen(&mut self, bus: &mut CanBus) {
        for (unit, node) in [CanNode::Host, CanNode::Drive].into_iter().enumerate() {
            while let Some((_, frame)) = bus.receive(node) {
                let id = StandardId::new(frame.id as u16).filter(|_| !frame.extended).map(Id::Standard);
                let received = id.and_then(|id| decode(id, frame.fd, frame.data(), None).ok());
                if let Some(Received::Fast { from, status }) = received
                    && from as usize != unit
                {
                    self.heard[unit] = status.number;
                }
            }
        }
    }
}

fn slow(unit: Unit, period: u64) -> SlowStatus {
    let settings =
        TherapySettings { speed_setpoint_rpm: 3000.0, flow_setpoint_lpm: 4.0, ..TherapySettings::ADULT };
    SlowStatus {
        session: 1 + unit as u32,
        time_ms: (period as f64 * PERIOD_S * 1e3) as u32,
        therapy: PeerTherapy { mode: Mode::Flow, asked_mode: Mode::Flow, settings, ..PeerTherapy::IDLE },
        synchronous_current_a: 0.02,
        ..SlowStatus::default()
    }
}

impl Feeder for Pattern {
    fn feed(&mut self, bus: &mut CanBus, until_s: f64) {
        loop {
            let times_s = [0, 1].map(|unit| self.next[unit] as f64 * PERIOD_S + unit as f64 * PHASE_S);
            let unit = usize::from(times_s[1] < times_s[0]);
            if times_s[unit] > until_s {
                return;
            }
            let (node, name) = [(CanNode::Host, Unit::Host), (CanNode::Drive, Unit::Drive)][unit];
            bus.advance(times_s[unit]);
            self.listen(bus);
            for frame in self.frames(name, self.next[unit]).iter().filter_map(on_bus) {
                // Full or bus-off: a unit drops the frame, too, and asks to come back.
                if bus.send(node, frame, times_s[unit]).is_err() {
                    bus.recover(node);
                }
            }
            self.next[unit] += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use levitas_world::CanFrame;

    fn heard(classic: bool, seconds: f64) -> Vec<CanFrame> {
        let (mut pattern, mut bus) = (Pattern::new(classic), CanBus::new(1));
        bus.tap();
        let mut frames = Vec::new();
        let mut now_s = 0.0;
        while now_s < seconds {
            now_s += 1e-3;
            pattern.feed(&mut bus, now_s);
            bus.advance(now_s);
            frames.extend(std::iter::from_fn(|| bus.tapped()).map(|(_, _, frame)| frame));
        }
        assert_eq!(bus.tap_missed(), 0);
        frames
    }

    #[test]
    fn both_units_send_in_their_cycle() {
        let frames = heard(false, 1.0);
        let count = |id| frames.iter().filter(|frame| frame.id == id).count();
        for (id, expected) in [(0x010, 2000), (0x011, 2000), (0x030, 100), (0x031, 100)] {
            assert!(count(id).abs_diff(expected) <= 1, "{id:#x}: {}", count(id));
        }
        let echo = frames.iter().rev().filter(|frame| frame.id == 0x010).find_map(|frame| {
            match decode(Id::Standard(StandardId::new(0x010)?), true, frame.data(), None) {
                Ok(Received::Fast { status, .. }) => Some(status.number.wrapping_sub(status.echo)),
                _ => None,
            }
        });
        assert_eq!(echo, Some(1), "the drive's newest number is that of the period before");
    }

    #[test]
    fn classic_service_frames_come_alone() {
        let frames = heard(true, 1.0);
        assert!(frames.iter().all(|frame| !frame.fd));
        let count = |id| frames.iter().filter(|frame| frame.id == id).count();
        assert_eq!([0x100, 0x111, 0x120].map(count), [100; 3]);
        assert_eq!([0x130, 0x141, 0x151].map(count), [10; 3]);
    }
}
