// SPDX-License-Identifier: Apache-2.0
//! A frame of the CAN bus: identifier, format, bytes.

use core::fmt;

/// Most bytes of a frame.
pub const CAN_DATA_MAX: usize = 64;
/// Bytes by data length code; classic frames have the first nine.
pub const CAN_LENGTHS: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64];

/// A data or remote frame; [`CanFrame::classic`] and [`CanFrame::fd`] make the usual ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CanFrame {
    /// Identifier, 11 bits or 29.
    pub id: u32,
    /// The identifier has 29 bits.
    pub extended: bool,
    /// CAN FD format.
    pub fd: bool,
    /// The data phase of an FD frame runs at the data rate.
    pub brs: bool,
    /// Remote frame: asks for `len` bytes and has none.
    pub remote: bool,
    /// Bytes: 0 to 8, in FD format also 12, 16, 20, 24, 32, 48, 64.
    pub len: u8,
    /// The first `len` count.
    pub data: [u8; CAN_DATA_MAX],
}

/// Why a frame cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CanFrameError {
    /// The identifier has more bits than its format.
    Id {
        /// The identifier.
        id: u32,
        /// The format has 29 bits.
        extended: bool,
    },
    /// No frame of the format has so many bytes.
    Length {
        /// Bytes.
        len: usize,
        /// CAN FD format.
        fd: bool,
    },
    /// FD format has no remote frames; classic format has no switched rate.
    Format,
}

impl fmt::Display for CanFrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Id { id, extended } => {
                let (max, bits) = if extended { (0x1fff_ffff, 29) } else { (0x7ff, 11) };
                write!(f, "id {id:#x}: allowed is 0 to {max:#x}, {bits} bits")
            }
            Self::Length { len, fd: true } => {
                write!(f, "{len} bytes: allowed is 0 to 8, 12, 16, 20, 24, 32, 48, 64")
            }
            Self::Length { len, fd: false } => write!(f, "{len} bytes: allowed is 0 to 8, more in FD frames"),
            Self::Format => f.write_str("remote and FD at once, or a switched rate without FD"),
        }
    }
}

impl core::error::Error for CanFrameError {}

impl CanFrame {
    /// A classic frame with an identifier of 11 bits.
    ///
    /// # Errors
    /// More than 8 bytes, or an identifier of more than 11 bits.
    pub fn classic(id: u32, data: &[u8]) -> Result<Self, CanFrameError> {
        Self::new(id, false, data)
    }

    /// An FD frame with switched bit rate and an identifier of 11 bits.
    ///
    /// # Errors
    /// A length that FD frames do not have, or an identifier of more than 11 bits.
    pub fn fd(id: u32, data: &[u8]) -> Result<Self, CanFrameError> {
        Self::new(id, true, data)
    }

    fn new(id: u32, fd: bool, data: &[u8]) -> Result<Self, CanFrameError> {
        let too_long = CanFrameError::Length { len: data.len(), fd };
        let mut bytes = [0; CAN_DATA_MAX];
        bytes.get_mut(..data.len()).ok_or(too_long)?.copy_from_slice(data);
        let frame =
            Self { id, extended: false, fd, brs: fd, remote: false, len: data.len() as u8, data: bytes };
        frame.check().map(|()| frame)
    }

    /// The bytes that travel.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        let len = if self.remote { 0 } else { usize::from(self.len).min(CAN_DATA_MAX) };
        &self.data[..len]
    }

    /// Whether a controller could send it.
    ///
    /// # Errors
    /// The first member that no frame of its format has.
    pub fn check(&self) -> Result<(), CanFrameError> {
        let id_max = if self.extended { 0x1fff_ffff } else { 0x7ff };
        if self.id > id_max {
            return Err(CanFrameError::Id { id: self.id, extended: self.extended });
        }
        if self.code() > if self.fd { 15 } else { 8 } {
            return Err(CanFrameError::Length { len: usize::from(self.len), fd: self.fd });
        }
        if (self.fd && self.remote) || (self.brs && !self.fd) {
            return Err(CanFrameError::Format);
        }
        Ok(())
    }

    /// Data length code of `len`; 16 when no frame has that length.
    #[must_use]
    pub fn code(&self) -> u32 {
        CAN_LENGTHS.iter().position(|length| *length == self.len).unwrap_or(CAN_LENGTHS.len()) as u32
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn frames_that_no_controller_sends_are_refused_with_what_is_allowed() {
        let plain = CanFrame::classic(0x7ff, &[1; 8]).unwrap();
        let long = CanFrame::fd(0, &[1; 64]).unwrap();
        let cases = [
            (CanFrame { id: 0x800, ..plain }, "id 0x800: allowed is 0 to 0x7ff, 11 bits"),
            (
                CanFrame { id: 0x2000_0000, extended: true, ..plain },
                "id 0x20000000: allowed is 0 to 0x1fffffff, 29 bits",
            ),
            (CanFrame { len: 9, ..plain }, "9 bytes: allowed is 0 to 8, more in FD frames"),
            (CanFrame { len: 12, ..plain }, "12 bytes: allowed is 0 to 8, more in FD frames"),
            (CanFrame { len: 33, ..long }, "33 bytes: allowed is 0 to 8, 12, 16, 20, 24, 32, 48, 64"),
            (CanFrame { remote: true, ..long }, "remote and FD at once, or a switched rate without FD"),
            (CanFrame { brs: true, ..plain }, "remote and FD at once, or a switched rate without FD"),
        ];
        for (frame, text) in cases {
            assert_eq!(frame.check().unwrap_err().to_string(), text);
        }
        assert_eq!(CanFrame::fd(0, &[0; 65]), Err(CanFrameError::Length { len: 65, fd: true }));
        assert!(CanFrame { id: 0x1fff_ffff, extended: true, ..plain }.check().is_ok());
        assert!(CanFrame { remote: true, ..plain }.check().is_ok());
    }

    #[test]
    fn lengths_have_the_codes_of_the_standard() {
        let codes = (0..=64_u8).filter_map(|len| CanFrame::fd(1, &[0; 64][..usize::from(len)]).ok());
        let codes: std::vec::Vec<u32> = codes.map(|frame| frame.code()).collect();
        assert_eq!(codes, (0..16).collect::<std::vec::Vec<u32>>());
    }
}
