//! Pioneer: NEC's frame with both inverses on a faster clock and a 40 kHz carrier, which a receiver does not tell.

use super::line::{Line, Pair, Reader};
use super::nec::{FASTEST_Q3, unit_q3};
use super::pulses::{Coding, Start, read};
use super::{Code, Frame, Gap, Protocol, Reads, Verdict, fits, gap};

const MARK: u32 = 8_500;
const SPACE: u32 = 4_225;
const BITS: Coding = Coding { mark: [510; 2], period: [1_020, 2_040], stop: true, checked: true, longest: 32 };

pub(crate) struct Pioneer;

impl Reads for Pioneer {
    fn begins(&self, _: &Line, pair: Option<Pair>, at: u32) -> Option<Start> {
        pair.filter(|seen| fits(*seen, MARK, SPACE)).map(|seen| Start::led(at, seen, MARK, SPACE))
    }

    fn shortest_us(&self) -> u32 {
        32 * 1_000
    }

    fn read(&self, line: &Line, start: &Start, now: u32) -> Verdict {
        let mut line = Reader::new(line, true);
        let Some(bits) = read(&mut line, start, &BITS, 32) else { return Verdict::No };
        let [address, address_not, command, command_not] = (bits.value as u32).to_le_bytes();
        if address != !address_not || command != !command_not || unit_q3(start, &bits, 32) >= FASTEST_Q3 {
            return Verdict::No;
        }
        let code = Code { protocol: Protocol::Pioneer, address: address.into(), command: command.into() };
        match gap(&mut line, bits.end.wrapping_add(80), bits.end, bits.silence_us(), now) {
            Gap::Silent => Verdict::Frame(Frame::Code(code, None)),
            Gap::Wait(until) => Verdict::Wait(until),
            Gap::Broken => Verdict::No,
        }
    }
}
