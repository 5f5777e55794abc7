//! RCA: leader 4 ms + 4 ms, 24 bits: address (4), command (8), the inverse of both. Flipper's files read them lowest first, and so do we.

use super::line::{Line, Pair, Reader};
use super::pulses::{Coding, Start, read};
use super::{Code, Frame, GAP_US, Protocol, Reads, Verdict, ended, fits};

const MARK: u32 = 4_000;
const SPACE: u32 = 4_000;
const BITS: Coding = Coding { mark: [500; 2], period: [1_500, 2_500], stop: true, checked: true };

pub(crate) struct Rca;

impl Reads for Rca {
    fn begins(&self, line: &Line, pair: Option<Pair>, at: u32) -> Option<Start> {
        pair.filter(|seen| fits(*seen, MARK, SPACE)).map(|seen| Start::led(line, at, seen, MARK, SPACE))
    }

    fn shortest_us(&self) -> u32 {
        24 * 1_400
    }

    fn read(&self, line: &mut Reader<'_>, start: &Start) -> Verdict {
        let Some(bits) = read(line, start, &BITS, 24) else { return Verdict::No };
        let bits_in = bits.value as u32;
        if (bits_in ^ bits_in >> 12) & 0xfff != 0xfff {
            return Verdict::No;
        }
        let code = Code { protocol: Protocol::Rca, address: bits_in & 0xf, command: bits_in >> 4 & 0xff };
        ended(line, &bits, GAP_US, Frame::Code(code, None))
    }
}
