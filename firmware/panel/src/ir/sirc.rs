//! SIRC (Sony): leader 2400 us + 600 us; a bit is a mark of 600 or 1200 us and a space of 600; 7 bits of command, then 5, 8 or 13 of
//! address, lowest first. How many there are is told by the silence after them alone.

use super::line::{Line, Pair, Reader};
use super::pulses::{Coding, Start, read};
use super::{Code, Frame, Protocol, Reads, Verdict, ended, fits};

const MARK: u32 = 2_400;
/// Before a leader; bits and glitches may come to something like one.
const PAUSE: u32 = 2_000;
const SPACE: u32 = 600;
const BITS: Coding = Coding { mark: [600, 1_200], period: [1_200, 1_800], stop: false, checked: false };
/// The shortest silence after the longest frame is 6 ms.
const SILENCE_US: u32 = 5_000;

pub(crate) struct Sirc;

impl Reads for Sirc {
    fn begins(&self, line: &Line, pair: Option<Pair>, at: u32) -> Option<Start> {
        pair.filter(|seen| seen.before > PAUSE && fits(*seen, MARK, SPACE)).map(|seen| Start::led(line, at, seen, MARK, SPACE))
    }

    fn shortest_us(&self) -> u32 {
        12 * 1_000
    }

    fn read(&self, line: &mut Reader<'_>, start: &Start) -> Verdict {
        for (count, protocol) in [(12, Protocol::Sirc), (15, Protocol::Sirc15), (20, Protocol::Sirc20)] {
            let Some(bits) = read(line, start, &BITS, count) else { continue };
            let code = Code { protocol, address: bits.value as u32 >> 7, command: bits.value as u32 & 0x7f };
            match ended(line, &bits, SILENCE_US, Frame::Code(code, None)) {
                Verdict::No => {}
                verdict => return verdict,
            }
        }
        Verdict::No
    }
}
