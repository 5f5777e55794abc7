//! RC5: 14 bits of 1778 us, highest first: start, start, toggle, address (5), command (6); a second start bit of 0 is RC5X. With a
//! pause of two bits after the address, 12 bits follow instead of 6: RC5X20.

use super::biphase::Biphase;
use super::line::{Line, Pair, Reader};
use super::pulses::Start;
use super::{Code, Frame, GAP_US, Protocol, Reads, Verdict, silent};

const HALF: u32 = 889;
/// A frame has up to 40, the rest are glitches.
const MOST_EDGES: u32 = 60;
/// Before a frame; longer than the pause inside.
const PAUSE: u32 = 7_000;

pub(crate) struct Rc5;

impl Reads for Rc5 {
    fn begins(&self, line: &Line, _: Option<Pair>, at: u32) -> Option<Start> {
        line.quiet_before(PAUSE).then_some(Start::bare(line, at))
    }

    fn shortest_us(&self) -> u32 {
        21_000
    }

    fn read(&self, line: &mut Reader<'_>, start: &Start) -> Verdict {
        if line.edges_since(start.seen) > MOST_EDGES {
            return Verdict::No;
        }
        // The mark that begins is the second half of the first bit, alone or with the first half of the next.
        let first = line.mark_us(start.at, start.at.wrapping_add(3 * HALF));
        let alone = line.mark_us(start.at, start.at.wrapping_add(HALF));
        if alone < HALF / 2 {
            return Verdict::No; // a glitch
        }
        let stretch = [HALF, 2 * HALF].map(|us| first as i32 - us as i32).into_iter().find(|s| s.abs() <= 200).unwrap_or(0);
        let mut bits = Biphase::new(line, start.at.wrapping_add(HALF), HALF * 16, stretch, true);
        let Some(head) = bits.bits(7) else { return Verdict::No };
        let (at, half) = (bits.at, bits.half_q4 / 16);
        let (second_start, toggle, address) = (head >> 6 == 1, head >> 5 & 1 == 1, head & 0x1f);
        let paused = bits.reader().mark_us(at.wrapping_add(200), at.wrapping_add(4 * half - 100)) < half / 2;
        if paused {
            bits.at = at.wrapping_add(4 * half);
        }
        let Some(tail) = bits.bits(if paused { 12 } else { 6 }) else { return Verdict::No };
        if !bits.clean() {
            return Verdict::No;
        }
        let code = match paused {
            true => {
                let sub = tail >> 6 | u32::from(!second_start) << 6;
                Code { protocol: Protocol::Rc5x20, address: sub << 8 | address, command: tail & 0x3f }
            }
            false => Code { protocol: if second_start { Protocol::Rc5 } else { Protocol::Rc5x }, address, command: tail },
        };
        let (end, half) = (bits.at, bits.half_q4 / 16);
        let last_mark = if tail & 1 == 1 { end } else { end.wrapping_sub(half) };
        let from = end.wrapping_add(if tail & 1 == 1 { 80 + stretch.max(0) as u32 } else { 0 });
        silent(line, from, last_mark, GAP_US, Frame::Code(code, Some(toggle)))
    }
}
