//! SIRC (Sony): leader 2400 us + 600 us; a bit is a mark of 600 or 1200 us and a space of 600; 7 bits of command, then 5, 8 or 13 of
//! address, lowest first. How many there are is told by the silence after them alone.

use super::line::{Line, Pair, Reader};
use super::pulses::{Coding, Start, read};
use super::{Code, Frame, Gap, Protocol, Reads, Verdict, fits, gap};

const MARK: u32 = 2_400;
const SPACE: u32 = 600;
const BITS: Coding = Coding { mark: [600, 1_200], period: [1_200, 1_800], stop: false, checked: false, longest: 20 };
/// The shortest silence after the longest frame is 6 ms.
const SILENCE_US: u32 = 5_000;

pub(crate) struct Sirc;

impl Reads for Sirc {
    fn begins(&self, _: &Line, pair: Option<Pair>, at: u32) -> Option<Start> {
        pair.filter(|seen| fits(*seen, MARK, SPACE)).map(|seen| Start::led(at, seen, MARK, SPACE))
    }

    fn shortest_us(&self) -> u32 {
        12 * 1_100
    }

    fn read(&self, line: &Line, start: &Start, now: u32) -> Verdict {
        let mut line = Reader::new(line, true);
        for (count, protocol) in [(12, Protocol::Sirc), (15, Protocol::Sirc15), (20, Protocol::Sirc20)] {
            let Some(bits) = read(&mut line, start, &BITS, count) else { return Verdict::No };
            let code = Code { protocol, address: bits.value as u32 >> 7, command: bits.value as u32 & 0x7f };
            match gap(&mut line, bits.end.wrapping_add(80), bits.end, SILENCE_US, now) {
                Gap::Silent => return Verdict::Frame(Frame::Code(code, None)),
                Gap::Wait(until) => return Verdict::Wait(until),
                Gap::Broken => {}
            }
        }
        Verdict::No
    }
}
