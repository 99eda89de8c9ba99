// SPDX-License-Identifier: Apache-2.0
//! The link between the units: over CAN where the board has a controller for it, else through mailboxes.
//!
//! In an image that holds both units each unit's newest frames lie in a mailbox that the other one reads. An image with
//! one unit and without CAN sends into its mailbox and hears nothing.
//! Frames of the bus are heard in every image: a test may bring its own.

use core::sync::atomic::Ordering;

use levitas_core::link::{
    FastStatus, LINK_REFUSALS, LinkMail, LinkRefusal, PEER_THERAPY_WORDS, PeerReport, PeerTherapy, SlowStatus,
};
use levitas_core::mail::SupervisorMail;
use levitas_core::mailbox::{Reader, Words};
use levitas_core::power::told::PowerTold;
use levitas_core::schedule::TaskId;
use levitas_core::task::link::{LinkOutputs, LinkTask};

use levitas_wire::{FRAMES_PER_PERIOD_MAX, Receiver};

use super::can::CanLink;
use super::operator::look;
use super::shim;
use super::text;
use super::units::{self, FirmwareUnit};

levitas_core::snapshot! {
    /// A fast frame.
    pub struct FastMail [FAST_WORDS] {
        /// As in [`FastStatus`]: number below, echo above.
        pub numbers: u32,
        /// Bits of the report.
        pub report: u32,
        /// Rotor angle [rad].
        pub rotor_angle_rad: f32,
        /// Rotor speed [rad/s].
        pub rotor_speed_rad_per_s: f32,
        /// Coil currents x, y [A].
        pub coil_current_x_a: f32,
        /// See `coil_current_x_a`.
        pub coil_current_y_a: f32,
        /// Phase currents A, B [A].
        pub phase_current_a_a: f32,
        /// See `phase_current_a_a`.
        pub phase_current_b_a: f32,
        /// Displacement x, y [m].
        pub displacement_x_m: f32,
        /// See `displacement_x_m`.
        pub displacement_y_m: f32,
        /// Mains and battery, as words.
        pub power_source: u32,
        /// See `power_source`.
        pub battery_charge_pct: u32,
        /// See `power_source`.
        pub battery_remaining_min: u32,
    }
}

/// What the other unit reads of a slow frame.
#[derive(Clone, Copy)]
pub(crate) struct SlowMail {
    /// Counts slow frames.
    counter: u32,
    session: u32,
    time_ms: u32,
    audio_paused_s: u8,
    therapy: PeerTherapy,
}

/// Words of a [`SlowMail`].
pub(crate) const SLOW_WORDS: usize = 4 + PEER_THERAPY_WORDS;

impl Words<SLOW_WORDS> for SlowMail {
    fn to_words(&self) -> [u32; SLOW_WORDS] {
        let mut words = [0; SLOW_WORDS];
        let [counter, session, time_ms, audio_paused_s, therapy @ ..] = &mut words;
        (*counter, *session, *time_ms) = (self.counter, self.session, self.time_ms);
        *audio_paused_s = self.audio_paused_s.into();
        *therapy = self.therapy.to_words();
        words
    }

    fn from_words([counter, session, time_ms, audio_paused_s, therapy @ ..]: [u32; SLOW_WORDS]) -> Self {
        let therapy = PeerTherapy::from_words(therapy);
        Self { counter, session, time_ms, audio_paused_s: audio_paused_s as u8, therapy }
    }
}

/// What carries the frames of a unit.
#[allow(clippy::large_enum_variant, reason = "one for each unit, for good, and there is no allocator")]
pub(crate) enum Line {
    Can(CanLink),
    Mail(MailLink),
}

impl Line {
    /// Of this unit: CAN if there is any.
    pub(crate) fn new(unit: &FirmwareUnit) -> Self {
        CanLink::start(unit).map_or_else(|| Self::Mail(MailLink::new(unit)), Self::Can)
    }

    /// Gives the task what is new in mailboxes; what came over CAN is for [`hear_bus`].
    pub(crate) fn listen(&mut self, task: &mut LinkTask) {
        match self {
            Self::Can(_) => {}
            Self::Mail(link) => link.listen(task),
        }
    }

    /// Sends what the task says.
    pub(crate) fn speak(&mut self, unit: &FirmwareUnit, outputs: &LinkOutputs) {
        match self {
            Self::Can(link) => link.speak(outputs),
            Self::Mail(link) => link.speak(unit, outputs),
        }
    }
}

/// The other unit's frames in its mailboxes, and how far they have been read.
pub(crate) struct MailLink {
    other: Option<&'static FirmwareUnit>,
    fast: Reader<FastMail>,
    slow: Reader<SlowMail>,
    slow_counter: u32,
}

impl MailLink {
    fn new(unit: &FirmwareUnit) -> Self {
        let period_us = TaskId::Link.slot().period_us();
        Self {
            other: units::get(usize::from(unit.number == 0)),
            fast: Reader::new(period_us),
            slow: Reader::new(period_us),
            slow_counter: 0,
        }
    }

    fn listen(&mut self, task: &mut LinkTask) {
        let Some(other) = self.other else { return };
        if self.fast.poll(&other.fast_frame)
            && let Some(mail) = self.fast.latest()
        {
            task.receive_fast(&mail.status());
        }
        if self.slow.poll(&other.slow_frame)
            && let Some(mail) = self.slow.latest()
        {
            task.receive_slow(mail.counter as u8, &mail.status());
        }
    }

    fn speak(&mut self, unit: &FirmwareUnit, outputs: &LinkOutputs) {
        if let Some(fast) = &outputs.fast {
            unit.fast_frame.write(&FastMail::of(fast));
        }
        if let Some(slow) = &outputs.slow {
            self.slow_counter = self.slow_counter.wrapping_add(1);
            unit.slow_frame.write(&SlowMail {
                counter: self.slow_counter,
                session: slow.session,
                time_ms: slow.time_ms,
                audio_paused_s: slow.audio_paused_s,
                therapy: slow.therapy,
            });
        }
    }
}

impl FastMail {
    fn of(status: &FastStatus) -> Self {
        let told = |value: Option<f32>| value.unwrap_or(f32::NAN);
        let [coil_current_x_a, coil_current_y_a] = status.coil_current_a.map(told);
        let [phase_current_a_a, phase_current_b_a] = status.phase_current_a.map(told);
        let [displacement_x_m, displacement_y_m] = status.displacement_m.map(told);
        let [power_source, battery_charge_pct, battery_remaining_min] = status.power.to_words();
        Self {
            numbers: u32::from(status.number) | u32::from(status.echo) << 16,
            report: status.report.to_bits(),
            rotor_angle_rad: told(status.rotor_angle_rad),
            rotor_speed_rad_per_s: told(status.rotor_speed_rad_per_s),
            coil_current_x_a,
            coil_current_y_a,
            phase_current_a_a,
            phase_current_b_a,
            displacement_x_m,
            displacement_y_m,
            power_source,
            battery_charge_pct,
            battery_remaining_min,
        }
    }

    fn status(&self) -> FastStatus {
        let number = |value: f32| value.is_finite().then_some(value);
        FastStatus {
            number: self.numbers as u16,
            echo: (self.numbers >> 16) as u16,
            report: PeerReport::from_bits(self.report),
            rotor_angle_rad: number(self.rotor_angle_rad),
            rotor_speed_rad_per_s: number(self.rotor_speed_rad_per_s),
            coil_current_a: [number(self.coil_current_x_a), number(self.coil_current_y_a)],
            phase_current_a: [number(self.phase_current_a_a), number(self.phase_current_b_a)],
            displacement_m: [number(self.displacement_x_m), number(self.displacement_y_m)],
            power: PowerTold::from_words([
                self.power_source,
                self.battery_charge_pct,
                self.battery_remaining_min,
            ]),
        }
    }
}

impl SlowMail {
    fn status(&self) -> SlowStatus {
        let Self { session, time_ms, audio_paused_s, therapy, .. } = *self;
        SlowStatus { session, time_ms, audio_paused_s, therapy, ..SlowStatus::default() }
    }
}

/// What has come from the bus since the last period, as many frames as the bus can carry in one.
pub(crate) fn hear_bus(unit: &FirmwareUnit, receiver: &mut Receiver, task: &mut LinkTask) {
    if unit.key_revoked.load(Ordering::Relaxed) {
        receiver.set_key(None);
    }
    for _ in 0..FRAMES_PER_PERIOD_MAX {
        let Some(frame) = shim::receive_can(unit.number) else { return };
        if let (Some(id), Some(data)) = (frame.id(), frame.data()) {
            receiver.receive(id, frame.is_fd(), data, task);
        }
    }
}

/// Mirrors `struct levitas_link`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LinkView {
    pub(crate) time_ms: u32,
    pub(crate) alarms: u32,
    pub(crate) commands_admitted: u32,
    pub(crate) refused: [u32; LINK_REFUSALS],
    pub(crate) remote_number: u32,
    pub(crate) remote_result: u32,
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_link_read(unit: u32, result: Option<&mut LinkView>) {
    let unit = usize::try_from(unit).ok().and_then(units::get);
    let (Some(unit), Some(result)) = (unit, result) else { return };
    *result = LinkView::default();
    if let Some(mail) = look(|| unit.mail.link.read::<LinkMail>()) {
        result.time_ms = mail.time_ms;
        result.alarms = mail.alarms;
        result.commands_admitted = mail.commands_admitted;
        result.refused = mail.refused;
    }
    if let Some(mail) = look(|| unit.mail.supervisor.read::<SupervisorMail>()) {
        result.remote_number = mail.remote_number;
        result.remote_result = mail.remote_result;
    }
}

/// See `shim.h`.
///
/// # Safety
/// `name` is null or points to `size` bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_link_refusal_name(kind: u32, name: *mut u8, size: usize) -> bool {
    // SAFETY: the caller's promise.
    let name = unsafe { text::buffer(name, size) };
    let refusal = usize::try_from(kind).ok().and_then(|kind| LinkRefusal::ALL.get(kind));
    if let Some(refusal) = refusal {
        text::fill(name, format_args!("{}", refusal.name()));
    }
    refusal.is_some()
}
