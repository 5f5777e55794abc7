//! RC6: leader 2666 us + 889 us, then bits of 889 us, highest first, a change *from* mark for a one: start, mode (3), a trailer twice
//! as wide. Mode 0: the trailer toggles; address (8), command (8). Mode 6A: 20, 24, 28 or 32 bits, the last 8 the command; in those
//! with a customer of 16 bits (Media Center) bit 15 toggles.

use super::biphase::Biphase;
use super::line::{Line, Pair, Reader, after};
use super::pulses::Start;
use super::{Code, Frame, GAP_US, Protocol, Reads, Verdict, fits, silent};

const MARK: u32 = 2_666;
/// Before a leader; bits and glitches may come to something like one.
const PAUSE: u32 = 2_000;
const SPACE: u32 = 889;
/// So much later than it should an edge may come.
const LATER_US: i32 = 400;

pub(crate) struct Rc6;

impl Reads for Rc6 {
    fn begins(&self, line: &Line, pair: Option<Pair>, at: u32) -> Option<Start> {
        pair.filter(|seen| seen.before > PAUSE && fits(*seen, MARK, SPACE)).map(|seen| Start::led(line, at, seen, MARK, SPACE))
    }

    fn shortest_us(&self) -> u32 {
        18_000
    }

    fn read(&self, line: &mut Reader<'_>, start: &Start) -> Verdict {
        // A glitch at the edge of the leader spoils what it says of the stretch: then none is assumed.
        match read(line, start, start.stretch) {
            Verdict::No if start.stretch.abs() > 60 && !line.early => read(line, start, 0),
            verdict => verdict,
        }
    }
}

fn read(line: &mut Reader<'_>, start: &Start, stretch: i16) -> Verdict {
    let half_q4 = u32::from(start.total) * 2; // an eighth of the leader, in sixteenths
    let mut bits = Biphase::new(line, start.at, half_q4, stretch.into(), false);
    let (Some(head), Some(trailer)) = (bits.bits(4), bits.bit(2)) else { return Verdict::No };
    match !head & 0xf {
        0b1000 => mode_0(bits, !trailer),
        0b1110 => mode_6a(bits),
        _ => Verdict::No,
    }
}

fn mode_0(mut bits: Biphase<'_, '_>, toggle: bool) -> Verdict {
    let Some(value) = bits.bits(16).filter(|_| bits.clean()).map(|v| !v & 0xffff) else { return Verdict::No };
    let code = Code { protocol: Protocol::Rc6, address: value >> 8, command: value & 0xff };
    ended(&mut bits, value, GAP_US, Frame::Code(code, Some(toggle)))
}

fn mode_6a(mut bits: Biphase<'_, '_>) -> Verdict {
    let mut value = 0;
    // If there were more bits, there would be an edge two halves after the last one.
    let us = (2 * bits.half_q4 / 16).saturating_add_signed(LATER_US - bits.stretch).max(GAP_US);
    for count in [20, 24, 28, 32] {
        let wanted = if count == 20 { 20 } else { 4 };
        let Some(more) = bits.bits(wanted).filter(|_| bits.clean()) else { return Verdict::No };
        value = value << wanted | !more & ((1 << wanted) - 1);
        match ended(&mut bits, value, us, code_6a(value, count)) {
            Verdict::No => {}
            verdict => return verdict,
        }
    }
    Verdict::No
}

fn code_6a(value: u32, count: u32) -> Frame {
    let long_customer = count == 32 && value >> 31 == 1;
    let (value, toggle) = if long_customer { (value & !0x8000, Some(value & 0x8000 != 0)) } else { (value, None) };
    Frame::Code(Code { protocol: Protocol::Rc6a, address: value >> 8, command: value & 0xff }, toggle)
}

/// After the last bit; the second half of a zero is a mark.
fn ended(bits: &mut Biphase<'_, '_>, value: u32, us: u32, frame: Frame) -> Verdict {
    let (end, half) = (bits.at, bits.half_q4 / 16);
    let last_mark = if value & 1 == 0 { end } else { end.wrapping_sub(half) };
    let from = last_mark.wrapping_add_signed(80 + bits.stretch.max(0));
    // What came since may be what glitches have left of a mark: the silence is to last from there.
    let since = bits.reader().at(0).map_or(0, |newest| after(newest, last_mark).max(0)) as u32;
    silent(bits.reader(), from, last_mark, us + since, frame)
}
