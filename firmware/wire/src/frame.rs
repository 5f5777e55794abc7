//! Frames: COBS, version, sequence number, CRC.

use crc::{CRC_32_ISO_HDLC, Crc, Table};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{VERSION, cobs};

// 32 bits, because a flipped COBS code byte spreads a short burst over the whole frame, where 16 bits let one in 65,536 through.
// Without a table: it would be 1 KiB of flash, and a frame is short.
const CRC: Crc<u32, Table<0>> = Crc::<u32, Table<0>>::new(&CRC_32_ISO_HDLC);

/// The checksum of frames, for whatever else must survive.
pub fn crc32(bytes: &[u8]) -> u32 {
    CRC.checksum(bytes)
}

/// Longest message after postcard, in bytes.
pub const MAX_MESSAGE: usize = 96;
const MAX_RAW: usize = 2 + MAX_MESSAGE + 4;
/// Longest frame on the line with its zero byte: COBS adds one byte to anything under 254.
pub const MAX_FRAME: usize = MAX_RAW + 2;

/// Why a frame was dropped. The next one is read all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// Longer than [`MAX_FRAME`]; noise or a lost zero byte.
    TooLong,
    /// Not COBS, too short, or the CRC is wrong.
    Corrupt,
    /// Another version of the frame layout.
    Version(u8),
    /// A whole frame with a message this side does not know. Its sequence number, so that it can be acknowledged.
    Unknown(u8),
}

/// A message that has arrived whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame<M> {
    /// Counts up by one a message and wraps; a gap is a lost message.
    pub sequence: u8,
    /// What was said.
    pub message: M,
}

/// Writes one frame into `out`, its zero byte included, and returns its length. `None` if the message is over [`MAX_MESSAGE`].
pub fn encode<M: Serialize>(sequence: u8, message: &M, out: &mut [u8; MAX_FRAME]) -> Option<usize> {
    let mut raw = [0; MAX_RAW];
    let (head, rest) = raw.split_first_chunk_mut::<2>()?;
    *head = [VERSION, sequence];
    let used = postcard::to_slice(message, rest.get_mut(..MAX_MESSAGE)?).ok()?.len();
    let (body, rest) = raw.split_at_mut_checked(2 + used)?;
    *rest.first_chunk_mut::<4>()? = CRC.checksum(body).to_le_bytes();
    let coded = cobs::encode(raw.get(..2 + used + 4)?, out)?;
    *out.get_mut(coded)? = 0;
    Some(coded + 1)
}

/// Finds frames in a stream of bytes.
pub struct Deframer {
    buffer: [u8; MAX_FRAME],
    length: usize,
    overflow: bool,
}

impl Default for Deframer {
    fn default() -> Self {
        Self::new()
    }
}

impl Deframer {
    /// Waits for the first frame. Bytes before the first zero may belong to a frame that began earlier; they fail the CRC.
    pub const fn new() -> Self {
        Self { buffer: [0; MAX_FRAME], length: 0, overflow: false }
    }

    /// Takes one byte; at the end of a frame returns it, or why it was dropped.
    pub fn push<M: DeserializeOwned>(&mut self, byte: u8) -> Option<Result<Frame<M>, FrameError>> {
        if byte != 0 {
            match self.buffer.get_mut(self.length) {
                Some(slot) => {
                    *slot = byte;
                    self.length += 1;
                }
                None => self.overflow = true,
            }
            return None;
        }
        let (length, overflow) = (self.length, self.overflow);
        (self.length, self.overflow) = (0, false);
        match (overflow, length) {
            (true, _) => Some(Err(FrameError::TooLong)),
            (false, 0) => None, // two zeros in a row: an idle line
            (false, _) => self.buffer.get_mut(..length).map(open),
        }
    }
}

fn open<M: DeserializeOwned>(coded: &mut [u8]) -> Result<Frame<M>, FrameError> {
    let raw = cobs::decode(coded).ok_or(FrameError::Corrupt)?;
    let (body, crc) = raw.split_last_chunk::<4>().ok_or(FrameError::Corrupt)?;
    if CRC.checksum(body) != u32::from_le_bytes(*crc) {
        return Err(FrameError::Corrupt);
    }
    let [version, sequence, message @ ..] = body else { return Err(FrameError::Corrupt) };
    if *version != VERSION {
        return Err(FrameError::Version(*version));
    }
    // Trailing bytes are fields that a newer sender has added to the end of a message.
    let message = postcard::take_from_bytes(message).map_err(|_| FrameError::Unknown(*sequence))?.0;
    Ok(Frame { sequence: *sequence, message })
}
