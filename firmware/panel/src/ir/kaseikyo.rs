//! Kaseikyo (Panasonic and others): leader 3456 us + 1728 us, 48 bits, lowest first: vendor (16), its parity (4), genre (4 + 4),
//! command (10), id (2), parity over the last three bytes (8).

use super::line::{Line, Pair, Reader};
use super::pulses::{Coding, Start, read};
use super::{Code, Frame, Gap, Protocol, Reads, Verdict, fits, gap};

const MARK: u32 = 3_456;
const SPACE: u32 = 1_728;
const BITS: Coding = Coding { mark: [432; 2], period: [864, 1_728], stop: true, checked: true, longest: 48 };

pub(crate) struct Kaseikyo;

impl Reads for Kaseikyo {
    fn begins(&self, _: &Line, pair: Option<Pair>, at: u32) -> Option<Start> {
        pair.filter(|seen| fits(*seen, MARK, SPACE)).map(|seen| Start::led(at, seen, MARK, SPACE))
    }

    fn shortest_us(&self) -> u32 {
        48 * 800
    }

    fn read(&self, line: &Line, start: &Start, now: u32) -> Verdict {
        let mut line = Reader::new(line, true);
        let Some(bits) = read(&mut line, start, &BITS, 48) else { return Verdict::No };
        let Some(code) = code(bits.value) else { return Verdict::No };
        match gap(&mut line, bits.end.wrapping_add(80), bits.end, bits.silence_us(), now) {
            Gap::Silent => Verdict::Frame(Frame::Code(code, None)),
            Gap::Wait(until) => Verdict::Wait(until),
            Gap::Broken => Verdict::No,
        }
    }
}

fn code(bits: u64) -> Option<Code> {
    let [vendor_low, vendor_high, genre, middle, end, parity, ..] = bits.to_le_bytes();
    let vendor = vendor_low ^ vendor_high;
    if (vendor ^ vendor >> 4) & 0xf != genre & 0xf || genre ^ middle ^ end != parity {
        return None;
    }
    let address = u32::from(end >> 6) << 24
        | u32::from(vendor_high) << 16
        | u32::from(vendor_low) << 8
        | u32::from(genre >> 4) << 4
        | u32::from(middle & 0xf);
    let command = u32::from(end & 0x3f) << 4 | u32::from(middle >> 4);
    Some(Code { protocol: Protocol::Kaseikyo, address, command })
}
