//! NEC: leader 9 ms + 4.5 ms, 32 bits, lowest first: address, its inverse, command, its inverse. NECext gives up the first inverse
//! and sometimes the second. NEC42 has 13 + 13 + 8 + 8 bits. A held key sends 9 ms + 2.25 ms and one mark.

use super::line::{Line, Pair, Reader};
use super::pulses::{Bits, Coding, Start, read};
use super::{Code, Frame, Gap, LONG_GAP_US, Protocol, Reads, Verdict, fits, gap, ratio};

const MARK: u32 = 9_000;
const SPACE: u32 = 4_500;
const HELD: u32 = 2_250;
const BITS: Coding = Coding { mark: [560; 2], period: [1_125, 2_250], stop: true, checked: true, longest: 42 };

pub(crate) struct Nec;

impl Reads for Nec {
    fn begins(&self, _: &Line, pair: Option<Pair>, at: u32) -> Option<Start> {
        let seen = pair?;
        let space = [SPACE, HELD].into_iter().find(|space| fits(seen, MARK, *space))?;
        Some(Start::led(at, seen, MARK, space))
    }

    fn shortest_us(&self) -> u32 {
        1_400
    }

    fn read(&self, line: &Line, start: &Start, now: u32) -> Verdict {
        let mut line = Reader::new(line, true);
        if u32::from(start.nominal) == MARK + HELD {
            return held(&mut line, start, now);
        }
        if now.wrapping_sub(start.at) < 32 * 1_000 {
            return Verdict::No;
        }
        let Some(bits) = read(&mut line, start, &BITS, 32) else { return Verdict::No };
        let code = code(bits.value as u32, unit_q3(start, &bits, 32));
        // What looks like 13 bits and their inverse may go on to 42.
        let longer = bits.value as u32 & 0x1fff ^ bits.value as u32 >> 13 & 0x1fff == 0x1fff;
        let wait = if longer { LONG_GAP_US } else { bits.silence_us() };
        match gap(&mut line, bits.end.wrapping_add(80), bits.end, wait, now) {
            Gap::Silent => code.map_or(Verdict::No, |code| Verdict::Frame(Frame::Code(code, None))),
            Gap::Wait(until) => Verdict::Wait(until),
            Gap::Broken if longer => nec42(&mut line, start, now),
            Gap::Broken => Verdict::No,
        }
    }
}

fn held(line: &mut Reader<'_>, start: &Start, now: u32) -> Verdict {
    let Some(bits) = read(line, start, &BITS, 0) else { return Verdict::No };
    match gap(line, bits.end.wrapping_add(80), bits.end, bits.silence_us(), now) {
        Gap::Silent => Verdict::Frame(Frame::Held(&[Protocol::Nec, Protocol::NecExt, Protocol::Nec42])),
        Gap::Wait(until) => Verdict::Wait(until),
        Gap::Broken => Verdict::No,
    }
}

fn code(bits: u32, unit_q3: u32) -> Option<Code> {
    let [address, address_not, command, command_not] = bits.to_le_bytes();
    if address == !address_not && command == !command_not {
        // The same bits on Pioneer's faster clock are Pioneer's.
        let nec = unit_q3 >= FASTEST_Q3;
        return nec.then_some(Code { protocol: Protocol::Nec, address: address.into(), command: command.into() });
    }
    Some(Code { protocol: Protocol::NecExt, address: bits & 0xffff, command: bits >> 16 })
}

fn nec42(line: &mut Reader<'_>, start: &Start, now: u32) -> Verdict {
    let Some(bits) = read(line, start, &BITS, 42) else { return Verdict::No };
    let (command, inverse) = ((bits.value >> 26) as u8, (bits.value >> 34) as u8);
    if command != !inverse {
        return Verdict::No;
    }
    let code = Code { protocol: Protocol::Nec42, address: bits.value as u32 & 0x1fff, command: command.into() };
    match gap(line, bits.end.wrapping_add(80), bits.end, bits.silence_us(), now) {
        Gap::Silent => Verdict::Frame(Frame::Code(code, None)),
        Gap::Wait(until) => Verdict::Wait(until),
        Gap::Broken => Verdict::No,
    }
}

/// NEC's unit is 562.5 us, Pioneer's 500 to 530: the border, in eighths.
pub(crate) const FASTEST_Q3: u32 = 538 * 8;

/// The remote's unit, in eighths of a microsecond, measured over the whole frame from leader to stop mark: neither the receiver's
/// stretch nor a glitch moves it much. All of this family have a leader of 24 units, 2 a zero and 4 a one.
pub(crate) fn unit_q3(start: &Start, bits: &Bits, count: u32) -> u32 {
    let units = 24 + 2 * count + 2 * bits.value.count_ones();
    ratio(bits.next.wrapping_sub(start.at) + u32::from(start.total), 8, units)
}
