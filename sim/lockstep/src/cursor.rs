// SPDX-License-Identifier: Apache-2.0
//! Little-endian numbers, words and frames in a message.

use levitas_core::mailbox::Words;
use levitas_world::{CAN_DATA_MAX, CanFrame};

use crate::{Frames, SIZE_MAX};

/// Bits of a frame's format.
const EXTENDED: u8 = 1;
const FD: u8 = 2;
const BRS: u8 = 4;
const REMOTE: u8 = 8;
const FORMATS: u8 = EXTENDED | FD | BRS | REMOTE;

/// Writes from the beginning on. What does not fit is left out, so that the reader refuses the message; the largest fits.
pub(crate) struct Writer<'a> {
    bytes: &'a mut [u8; SIZE_MAX],
    length: usize,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(bytes: &'a mut [u8; SIZE_MAX]) -> Self {
        Self { bytes, length: 0 }
    }

    pub(crate) fn length(&self) -> usize {
        self.length
    }

    pub(crate) fn bytes(&mut self, from: &[u8]) {
        let end = self.length.saturating_add(from.len());
        if let Some(place) = self.bytes.get_mut(self.length..end) {
            place.copy_from_slice(from);
            self.length = end;
        }
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.bytes(&[value]);
    }

    pub(crate) fn u16(&mut self, value: u16) {
        self.bytes(&value.to_le_bytes());
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.bytes(&value.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.bytes(&value.to_le_bytes());
    }

    pub(crate) fn f32s(&mut self, values: &[f32]) {
        for value in values {
            self.u32(value.to_bits());
        }
    }

    pub(crate) fn words<const N: usize>(&mut self, value: &impl Words<N>) {
        for word in value.to_words() {
            self.u32(word);
        }
    }

    pub(crate) fn frames(&mut self, frames: &Frames) {
        self.u8(frames.len() as u8);
        for frame in frames {
            let bits = [(frame.extended, EXTENDED), (frame.fd, FD), (frame.brs, BRS), (frame.remote, REMOTE)];
            self.u32(frame.id);
            self.u8(bits.iter().filter(|(is_set, _)| *is_set).fold(0, |sum, (_, bit)| sum | bit));
            self.u8(frame.len);
            self.bytes(frame.data());
        }
    }
}

/// Reads from the beginning on; `None` where the bytes end.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn f32(&mut self) -> Option<f32> {
        self.u32().map(f32::from_bits)
    }

    pub(crate) fn f32s<const N: usize>(&mut self) -> Option<[f32; N]> {
        let mut values = [0.0; N];
        for value in &mut values {
            *value = self.f32()?;
        }
        Some(values)
    }

    /// A value of 0 or 1.
    pub(crate) fn flag(&mut self) -> Option<bool> {
        match self.u8()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    pub(crate) fn words<const N: usize, T: Words<N>>(&mut self) -> Option<T> {
        let mut words = [0; N];
        for word in &mut words {
            *word = self.u32()?;
        }
        Some(T::from_words(words))
    }

    pub(crate) fn frames(&mut self) -> Option<Frames> {
        let count = self.u8()?;
        let mut frames = Frames::new();
        for _ in 0..count {
            frames.push(self.frame()?).ok()?;
        }
        Some(frames)
    }

    fn frame(&mut self) -> Option<CanFrame> {
        let id = self.u32()?;
        let format = self.u8().filter(|format| format & !FORMATS == 0)?;
        let len = self.u8().filter(|len| usize::from(*len) <= CAN_DATA_MAX)?;
        let remote = format & REMOTE != 0;
        let mut frame = CanFrame {
            id,
            extended: format & EXTENDED != 0,
            fd: format & FD != 0,
            brs: format & BRS != 0,
            remote,
            len,
            data: [0; CAN_DATA_MAX],
        };
        let count = if remote { 0 } else { usize::from(len) };
        frame.data.get_mut(..count)?.copy_from_slice(self.take(count)?);
        frame.check().ok().map(|()| frame)
    }
}
