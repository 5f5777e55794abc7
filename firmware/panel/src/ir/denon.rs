//! Denon, and Sharp, its twin: no leader; 15 bits of 264 us mark, lowest first: address (5) and command (10), whose upper two bits are
//! 0 with Denon and 1 with Sharp. The next frame inverts the ten; the two together count.

use super::line::{Line, Pair, Reader};
use super::pulses::{Coding, Start, read};
use super::{Frame, GAP_US, Reads, Verdict, ended};

const BITS: Coding = Coding { mark: [264; 2], period: [1_056, 2_112], stop: true, checked: true };
/// Before a frame.
const PAUSE: u32 = 6_600;

pub(crate) struct Denon;

impl Reads for Denon {
    fn begins(&self, line: &Line, _: Option<Pair>, at: u32) -> Option<Start> {
        line.quiet_before(PAUSE).then_some(Start::bare(line, at))
    }

    fn shortest_us(&self) -> u32 {
        15 * 1_000
    }

    fn read(&self, line: &mut Reader<'_>, start: &Start) -> Verdict {
        let Some(bits) = read(line, start, &BITS, 15) else { return Verdict::No };
        ended(line, &bits, GAP_US, Frame::Half(bits.value as u32 & 0x1f, bits.value as u32 >> 5))
    }
}
