// SPDX-License-Identifier: Apache-2.0
//! The blood circuit: what flows, what the operator may ask of it, how the pump speed follows, and what is done when it does not flow as it
//! should.
//!
//! | part | question it answers |
//! |---|---|
//! | [`flow_meter`] | how much flows, of what, with how much air |
//! | [`pressures`] | which pressures are to be believed, and how narrow the lines have become |
//! | [`sensing`] | what the sensors say, into the mail of the task; orders to them, and their alarms |
//! | [`estimate`] | how much flows by speed and torque, when the meter does not say |
//! | [`exposure`] | what shear and heat in the head may do to the blood: indices |
//! | [`ecg`] | when the heart beats, and when a pulse is due |
//! | [`therapy`] | what does the operator want, and what may he want |
//! | [`reach`] | what may he want now |
//! | [`line`](mod@line) | how much a line carries within a pressure limit |
//! | [`conditions`] | what is wrong with the circulation: one bit and one sentence each |
//! | [`modes`] | which speed gives that, within every limit at once |
//! | [`interventions`] | suction, air, occlusion: what is done in stages, and how it ends |
//! | [`pilot`] | all of these in one period |
//!
//! The task that runs them is [`crate::task::circulation`].

pub mod conditions;
pub mod ecg;
pub mod estimate;
pub mod exposure;
pub mod flow_meter;
pub mod interventions;
pub mod line;
pub mod modes;
pub mod pilot;
pub mod pressures;
pub mod reach;
pub mod sensing;
pub mod settings_record;
pub mod therapy;
