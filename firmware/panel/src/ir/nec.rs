//! NEC: leader 9 ms + 4.5 ms, 32 bits, lowest first: address, its inverse, command, its inverse. NECext gives up the first inverse
//! and sometimes the second. NEC42 has 13 + 13 + 8 + 8 bits. A held key sends 9 ms + 2.25 ms and one mark.

use super::line::{Line, Pair, Reader};
use super::pulses::{Bits, Coding, Start, read};
use super::{Code, Frame, GAP_US, LONG_GAP_US, Protocol, Reads, Verdict, ended, fits, ratio};

const MARK: u32 = 9_000;
const SPACE: u32 = 4_500;
const HELD: u32 = 2_250;
const BITS: Coding = Coding { mark: [560; 2], period: [1_125, 2_250], stop: true, checked: true };

pub(crate) struct Nec;

impl Reads for Nec {
    fn begins(&self, line: &Line, pair: Option<Pair>, at: u32) -> Option<Start> {
        let seen = pair?;
        let space = [SPACE, HELD].into_iter().find(|space| fits(seen, MARK, *space))?;
        Some(Start::led(line, at, seen, MARK, space))
    }

    fn shortest_us(&self) -> u32 {
        500
    }

    fn read(&self, line: &mut Reader<'_>, start: &Start) -> Verdict {
        if u32::from(start.nominal) == MARK + HELD {
            // Two glitches in the space of a leader are no mark.
            let Some(bits) = read(line, start, &BITS, 0).filter(|bits| bits.cost < 200) else { return Verdict::No };
            return ended(line, &bits, bits.silence_us(), Frame::Held(&[Protocol::Nec, Protocol::NecExt, Protocol::Nec42]));
        }
        if line.now.wrapping_sub(start.at) < 32 * 1_000 {
            return Verdict::No;
        }
        // What looks like 13 bits and their inverse may go on to 42; then, what silence follows the 32nd is the proof.
        let nec42 = nec42(line, start);
        if !matches!(nec42, Verdict::No) {
            return nec42;
        }
        let Some(bits) = read(line, start, &BITS, 32) else { return Verdict::No };
        let Some(code) = code(bits.value as u32, unit_q3(start, &bits, 32)) else { return Verdict::No };
        if code.protocol == Protocol::NecExt && !bits.clean && !plausible(bits.value as u32, bits.cost) {
            return Verdict::No;
        }
        let longer = bits.value as u32 & 0x1fff ^ bits.value as u32 >> 13 & 0x1fff == 0x1fff;
        let silence_us = match (longer, code.protocol) {
            (true, _) => LONG_GAP_US,
            (_, Protocol::Nec) => GAP_US,
            _ => bits.silence_us(),
        };
        ended(line, &bits, silence_us, Frame::Code(code, None))
    }
}

/// Could these bits, touched by glitches, be NECext's? What has lost one inverse to a glitch was NEC's; what has none is to be nearly whole.
fn plausible(bits: u32, cost: u32) -> bool {
    let [address, address_not, command, command_not] = bits.to_le_bytes();
    address != !address_not && cost < if command == !command_not { 600 } else { 300 }
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

fn nec42(line: &mut Reader<'_>, start: &Start) -> Verdict {
    let Some(bits) = read(line, start, &BITS, 42) else { return Verdict::No };
    let (address, not) = (bits.value as u32 & 0x1fff, (bits.value >> 13) as u32 & 0x1fff);
    let (command, inverse) = ((bits.value >> 26) as u8, (bits.value >> 34) as u8);
    if address ^ not != 0x1fff || command != !inverse {
        return Verdict::No;
    }
    let code = Code { protocol: Protocol::Nec42, address, command: command.into() };
    ended(line, &bits, GAP_US, Frame::Code(code, None))
}

/// NEC's unit is 562.5 us, Pioneer's 500 to 530: the border, in eighths.
pub(crate) const FASTEST_Q3: u32 = 538 * 8;

/// The remote's unit, in eighths of a microsecond, measured over the whole frame from leader to stop mark: neither the receiver's
/// stretch nor a glitch moves it much. All of this family have a leader of 24 units, 2 a zero and 4 a one.
pub(crate) fn unit_q3(start: &Start, bits: &Bits, count: u32) -> u32 {
    let units = 24 + 2 * count + 2 * bits.value.count_ones();
    ratio(bits.next.wrapping_sub(start.at) + u32::from(start.total), 8, units)
}
