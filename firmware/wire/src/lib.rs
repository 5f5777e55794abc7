//! Messages and framing between the front-panel microcontroller and the box. `no_std`, no I/O, no clock.
//!
//! A frame on the serial line is `COBS(version, sequence, postcard(message), CRC-32/ISO-HDLC little-endian)` and a zero byte. The zero
//! byte appears nowhere else, so a receiver is in step again after the next one, whatever came before. Messages are enums that grow only
//! at the end: an unknown one is [`FrameError::Unknown`] and the frame after it is read as ever.
//!
//! Start at [`encode`] and [`Deframer`].
#![no_std]
#![forbid(unsafe_code)]

mod cobs;
mod frame;
mod message;

pub use frame::{Deframer, Frame, FrameError, MAX_FRAME, MAX_MESSAGE, crc32, encode};
pub use message::*;

/// Version of the frame layout and of the meaning of the messages that exist.
pub const VERSION: u8 = 1;
