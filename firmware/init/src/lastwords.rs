//! The kernel's log of a boot that failed before `/data`, kept for the next boot. Pure but for the two functions at the end.
//!
//! Its place is the partition `bootstate` from byte 524288 on, far from the boot state's two copies. Layout: `"HEARTHLW"`, length (u32, little
//! endian), CRC-32 (u32, little endian) of the text, text.

use crate::Result;
use crate::sys::{block, kmsg};
use std::fs::File;
use std::os::unix::fs::FileExt;

const PLACE: u64 = 512 << 10;
const MAGIC: &[u8; 8] = b"HEARTHLW";
const HEADER: usize = 16;
/// Longest text kept.
const MOST: usize = 60 << 10;

/// The record.
pub fn encode(text: &[u8]) -> Vec<u8> {
    let text = &text[text.len().saturating_sub(MOST)..];
    let mut record = MAGIC.to_vec();
    record.extend(u32::try_from(text.len()).unwrap_or(0).to_le_bytes());
    record.extend(checksum(text).to_le_bytes());
    record.extend(text);
    record
}

/// The text, if there is a whole one.
pub fn decode(bytes: &[u8]) -> Option<&[u8]> {
    let (header, rest) = bytes.split_at_checked(HEADER)?;
    let len = usize::try_from(u32::from_le_bytes(header.get(8..12)?.try_into().ok()?)).ok()?;
    let crc = u32::from_le_bytes(header.get(12..16)?.try_into().ok()?);
    let text = rest.get(..len)?;
    (header.starts_with(MAGIC) && len <= MOST && checksum(text) == crc).then_some(text)
}

fn checksum(text: &[u8]) -> u32 {
    crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(text)
}

/// Keeps the kernel's log and init's own last line, if the disc is there.
pub fn keep(line: &str) {
    let Some(device) = block::find("bootstate") else { return };
    let mut text = kmsg::tail(MOST - 1024);
    text.extend_from_slice(line.as_bytes());
    let written = File::options().write(true).open(device).and_then(|file| {
        file.write_all_at(&encode(&text), PLACE)?;
        file.sync_all()
    });
    let _ = written; // nothing more can be done: the box is about to reboot
}

/// Takes what the last boot kept, and forgets it on the disc.
pub fn take() -> Result<Option<Vec<u8>>> {
    let Some(device) = block::find("bootstate") else { return Ok(None) };
    let io = |error: std::io::Error| crate::Error::path("read the last boot's log on", &device)(error);
    let file = File::options().read(true).write(true).open(&device).map_err(io)?;
    let mut bytes = vec![0; HEADER + MOST];
    file.read_exact_at(&mut bytes[..HEADER], PLACE).map_err(io)?;
    if !bytes.starts_with(MAGIC) {
        return Ok(None); // the usual case: one small read
    }
    file.read_exact_at(&mut bytes, PLACE).map_err(io)?;
    let text = decode(&bytes).map(<[u8]>::to_vec);
    file.write_all_at(&[0; 512], PLACE).and_then(|()| file.sync_all()).map_err(io)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_kept_is_read(text in proptest::collection::vec(any::<u8>(), 0..300), damage in 0usize..400, rest in 0usize..64) {
            let mut record = encode(&text);
            record.resize(record.len() + rest, 0xff);
            prop_assert_eq!(decode(&record), Some(&text[..]));
            if damage < HEADER + text.len() {
                record[damage] ^= 0x10;
                prop_assert_eq!(decode(&record), None);
            }
        }

        #[test]
        fn anything_may_stand_there(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }
    }

    #[test]
    fn only_the_end_of_a_long_text() {
        let text: Vec<u8> = (0..MOST + 100).map(|i| (i % 251) as u8).collect();
        assert_eq!(decode(&encode(&text)), Some(&text[100..]));
    }
}
