//! Pioneer: NEC's frame with both inverses on a faster clock and a 40 kHz carrier, which a receiver does not tell.

use super::line::{Line, Pair, Reader};
use super::nec::{FASTEST_Q3, unit_q3};
use super::pulses::{Coding, Start, read};
use super::{Code, Frame, GAP_US, Protocol, Reads, Verdict, ended, fits};

const MARK: u32 = 8_500;
const SPACE: u32 = 4_225;
const BITS: Coding = Coding { mark: [510; 2], period: [1_020, 2_040], stop: true, checked: true };

pub(crate) struct Pioneer;

impl Reads for Pioneer {
    fn begins(&self, line: &Line, pair: Option<Pair>, at: u32) -> Option<Start> {
        pair.filter(|seen| fits(*seen, MARK, SPACE)).map(|seen| Start::led(line, at, seen, MARK, SPACE))
    }

    fn shortest_us(&self) -> u32 {
        32 * 1_000
    }

    fn read(&self, line: &mut Reader<'_>, start: &Start) -> Verdict {
        let Some(bits) = read(line, start, &BITS, 32) else { return Verdict::No };
        let [address, address_not, command, command_not] = (bits.value as u32).to_le_bytes();
        if address != !address_not || command != !command_not || unit_q3(start, &bits, 32) >= FASTEST_Q3 {
            return Verdict::No;
        }
        let code = Code { protocol: Protocol::Pioneer, address: address.into(), command: command.into() };
        ended(line, &bits, GAP_US, Frame::Code(code, None))
    }
}
