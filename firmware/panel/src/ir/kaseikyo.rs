//! Kaseikyo (Panasonic and others): leader 3456 us + 1728 us, 48 bits, lowest first: vendor (16), its parity (4), genre (4 + 4),
//! command (10), id (2), parity over the last three bytes (8). Sharp's own end in an extension (4) and a parity over all digits (4).

use super::line::{Line, Pair, Reader};
use super::pulses::{Coding, Start, read};
use super::{Code, Frame, GAP_US, Protocol, Reads, Verdict, ended, fits};

const MARK: u32 = 3_456;
const SPACE: u32 = 1_728;
const BITS: Coding = Coding { mark: [432; 2], period: [864, 1_728], stop: true, checked: true };

/// Sharp's number as a vendor.
const SHARP: (u8, u8) = (0xaa, 0x5a);
/// Its extension's place in the address.
const EXTENSION: u32 = 26;

pub(crate) struct Kaseikyo;

impl Reads for Kaseikyo {
    fn begins(&self, line: &Line, pair: Option<Pair>, at: u32) -> Option<Start> {
        pair.filter(|seen| fits(*seen, MARK, SPACE)).map(|seen| Start::led(line, at, seen, MARK, SPACE))
    }

    fn shortest_us(&self) -> u32 {
        48 * 800
    }

    fn read(&self, line: &mut Reader<'_>, start: &Start) -> Verdict {
        let Some(bits) = read(line, start, &BITS, 48) else { return Verdict::No };
        let Some(code) = code(bits.value) else { return Verdict::No };
        // Sharp's check is short.
        let silence_us = if code.address >> EXTENSION == 0 { GAP_US } else { bits.silence_us() };
        ended(line, &bits, silence_us, Frame::Code(code, None))
    }
}

fn code(bits: u64) -> Option<Code> {
    let [vendor_low, vendor_high, genre, middle, end, parity, ..] = bits.to_le_bytes();
    let vendor = vendor_low ^ vendor_high;
    let panasonic = genre ^ middle ^ end == parity;
    let digits = genre & 0xf0 ^ middle ^ end ^ parity;
    let sharp = (vendor_low, vendor_high) == SHARP && (digits ^ digits >> 4) & 0xf == 0;
    if (vendor ^ vendor >> 4) & 0xf != genre & 0xf || !panasonic && !sharp {
        return None;
    }
    let extension = if panasonic { 0 } else { parity & 0xf };
    let address = u32::from(extension) << EXTENSION
        | u32::from(end >> 6) << 24
        | u32::from(vendor_high) << 16
        | u32::from(vendor_low) << 8
        | u32::from(genre >> 4) << 4
        | u32::from(middle & 0xf);
    let command = u32::from(end & 0x3f) << 4 | u32::from(middle >> 4);
    Some(Code { protocol: Protocol::Kaseikyo, address, command })
}
