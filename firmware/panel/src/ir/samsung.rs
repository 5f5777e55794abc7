//! Samsung32: leader 4.5 ms + 4.5 ms, 32 bits, lowest first: address twice, command, its inverse. Some remotes say that a key is held
//! with the leader and a single one.

use super::line::{Line, Pair, Reader};
use super::pulses::{Coding, Start, read};
use super::{Code, Frame, GAP_US, LONG_GAP_US, Protocol, Reads, Verdict, ended, fits};

const MARK: u32 = 4_500;
const SPACE: u32 = 4_500;
const BITS: Coding = Coding { mark: [560; 2], period: [1_120, 2_230], stop: true, checked: true };

pub(crate) struct Samsung;

impl Reads for Samsung {
    fn begins(&self, line: &Line, pair: Option<Pair>, at: u32) -> Option<Start> {
        pair.filter(|seen| fits(*seen, MARK, SPACE)).map(|seen| Start::led(line, at, seen, MARK, SPACE))
    }

    fn shortest_us(&self) -> u32 {
        2_600
    }

    fn read(&self, line: &mut Reader<'_>, start: &Start) -> Verdict {
        let long = line.now.wrapping_sub(start.at) > 10_000;
        let Some(bits) = read(line, start, &BITS, if long { 32 } else { 1 }) else { return Verdict::No };
        let [address, again, command, inverse] = (bits.value as u32).to_le_bytes();
        let frame = match bits.value {
            1 if !long => Frame::Held(&[Protocol::Samsung32]),
            _ if !long || address != again || command != !inverse => return Verdict::No,
            _ => Frame::Code(Code { protocol: Protocol::Samsung32, address: address.into(), command: command.into() }, None),
        };
        ended(line, &bits, if long { GAP_US } else { LONG_GAP_US }, frame)
    }
}
