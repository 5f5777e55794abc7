//! Denon, and Sharp, its twin: no leader; 15 bits of 264 us mark, lowest first: address (5) and command (10), whose upper two bits are
//! 0 with Denon and 1 with Sharp. The next frame inverts the ten; the two together count.

use super::line::{Line, Pair, Reader};
use super::pulses::{Coding, Start, read};
use super::{Frame, Gap, Reads, Verdict, gap};

const BITS: Coding = Coding { mark: [264; 2], period: [1_056, 2_112], stop: true, checked: true, longest: 15 };
/// Before a frame.
const PAUSE: u32 = 8_000;

pub(crate) struct Denon;

impl Reads for Denon {
    fn begins(&self, line: &Line, _: Option<Pair>, at: u32) -> Option<Start> {
        line.quiet_before(PAUSE).then_some(Start { at, total: 1, nominal: 1, stretch: 0 })
    }

    fn shortest_us(&self) -> u32 {
        15 * 1_000
    }

    fn read(&self, line: &Line, start: &Start, now: u32) -> Verdict {
        let mut line = Reader::new(line, true);
        // There is no leader: what the sixteen marks last together tells the receiver's stretch.
        let mean = line.mark_us(start.at, now) / 16;
        if !(130..=440).contains(&mean) {
            return Verdict::No;
        }
        let start = Start { stretch: mean as i16 - 264, ..*start };
        let Some(bits) = read(&mut line, &start, &BITS, 15) else { return Verdict::No };
        match gap(&mut line, bits.end.wrapping_add(80), bits.end, bits.silence_us(), now) {
            Gap::Silent => Verdict::Frame(Frame::Half(bits.value as u32 & 0x1f, bits.value as u32 >> 5)),
            Gap::Wait(until) => Verdict::Wait(until),
            Gap::Broken => Verdict::No,
        }
    }
}
