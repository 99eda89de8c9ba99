// SPDX-License-Identifier: Apache-2.0
//! What the world tells a unit of a period.

use heapless::Vec;
use levitas_core::mail::CommandMail;
use levitas_core::ports::{CirculationInputs, FlowShot, LevitationInputs};

use crate::cursor::{Reader, Writer};
use crate::{FRAMES_MAX, Frames};

/// State of the unit's CAN controller; codes of the messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum BusState {
    /// Takes part, and destroys what it finds wrong.
    #[default]
    ErrorActive = 0,
    /// Takes part and disturbs nobody.
    ErrorPassive = 1,
    /// Neither sends nor receives.
    BusOff = 2,
}

/// What the unit's CAN controller has seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bus {
    /// Its state.
    pub state: BusState,
    /// Transmit error counter.
    pub tec: u16,
    /// Receive error counter.
    pub rec: u16,
    /// Identifiers of the frames that were sent since the last step, in the order of the bus.
    pub sent: Vec<u32, FRAMES_MAX>,
    /// Frames received.
    pub frames: Frames,
}

/// A period begins: what the unit finds at its trigger.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// Counts periods from the beginning of the run.
    pub tick: u64,
    /// False: the trigger of the levitation task fails.
    pub trigger: bool,
    /// Samples at the trigger.
    pub samples: LevitationInputs,
    /// New samples of the circulation, in the periods that have some.
    pub circulation: Option<CirculationInputs>,
    /// The operator's last command, as long as there is no newer one.
    pub command: Option<CommandMail>,
    /// The CAN controller.
    pub bus: Bus,
}

impl Step {
    pub(crate) fn write(&self, writer: &mut Writer<'_>) {
        writer.u64(self.tick);
        writer.u8(u8::from(self.trigger));
        let samples = &self.samples;
        writer.f32s(&samples.displacement_hall_v);
        writer.f32s(&samples.angle_hall_v);
        writer.f32s(&samples.coil_current_a);
        writer.f32s(&samples.phase_current_a);
        writer.f32s(&[samples.bus_voltage_v]);
        for word in [samples.sample_count, samples.valid, samples.pair] {
            writer.u32(word);
        }
        writer.u8(u8::from(self.circulation.is_some()));
        if let Some(circulation) = &self.circulation {
            write_circulation(circulation, writer);
        }
        writer.u8(u8::from(self.command.is_some()));
        if let Some(command) = &self.command {
            writer.words(command);
        }
        writer.u8(self.bus.state as u8);
        writer.u16(self.bus.tec);
        writer.u16(self.bus.rec);
        writer.u8(self.bus.sent.len() as u8);
        for id in &self.bus.sent {
            writer.u32(*id);
        }
        writer.frames(&self.bus.frames);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            tick: reader.u64()?,
            trigger: reader.flag()?,
            samples: LevitationInputs {
                displacement_hall_v: reader.f32s()?,
                angle_hall_v: reader.f32s()?,
                coil_current_a: reader.f32s()?,
                phase_current_a: reader.f32s()?,
                bus_voltage_v: reader.f32()?,
                sample_count: reader.u32()?,
                valid: reader.u32()?,
                pair: reader.u32()?,
            },
            circulation: if reader.flag()? { Some(read_circulation(reader)?) } else { None },
            command: if reader.flag()? { Some(reader.words()?) } else { None },
            bus: Bus::read(reader)?,
        })
    }
}

impl Bus {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let state = match reader.u8()? {
            0 => BusState::ErrorActive,
            1 => BusState::ErrorPassive,
            2 => BusState::BusOff,
            _ => return None,
        };
        let (tec, rec, count) = (reader.u16()?, reader.u16()?, reader.u8()?);
        let mut sent = Vec::new();
        for _ in 0..count {
            sent.push(reader.u32()?).ok()?;
        }
        Some(Self { state, tec, rec, sent, frames: reader.frames()? })
    }
}

fn write_circulation(samples: &CirculationInputs, writer: &mut Writer<'_>) {
    for shot in &samples.shots {
        writer.f32s(&[shot.transit_up_s, shot.transit_down_s, shot.amplitude]);
    }
    writer.f32s(&samples.ecg_mv);
    writer.f32s(&[
        samples.drainage_pressure_mmhg,
        samples.pre_membrane_pressure_mmhg,
        samples.return_pressure_mmhg,
    ]);
    writer.u32(samples.shot_count);
    writer.u32(samples.valid);
}

fn read_circulation(reader: &mut Reader<'_>) -> Option<CirculationInputs> {
    let mut samples = CirculationInputs::default();
    for shot in &mut samples.shots {
        let [transit_up_s, transit_down_s, amplitude] = reader.f32s()?;
        *shot = FlowShot { transit_up_s, transit_down_s, amplitude };
    }
    samples.ecg_mv = reader.f32s()?;
    samples.drainage_pressure_mmhg = reader.f32()?;
    samples.pre_membrane_pressure_mmhg = reader.f32()?;
    samples.return_pressure_mmhg = reader.f32()?;
    samples.shot_count = reader.u32()?;
    samples.valid = reader.u32()?;
    Some(samples)
}
