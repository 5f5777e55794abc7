//! JVC: leader 8.4 ms + 4.2 ms, 16 bits, lowest first: address, command, no check. A held key repeats the bits without the leader.

use super::line::{Line, Pair, Reader};
use super::nec::unit_q3;
use super::pulses::{Coding, Start, read};
use super::{Code, Frame, LONG_GAP_US, Protocol, Reads, Verdict, ended, fits};

const MARK: u32 = 8_400;
const SPACE: u32 = 4_200;
const BITS: Coding = Coding { mark: [525; 2], period: [1_050, 2_100], stop: true, checked: false };
/// Before a frame without leader.
const PAUSE: u32 = 15_000;
/// JVC's unit is 525 us. From this, in eighths, it may be half a frame of NEC's (562.5), from the other it surely is.
const SLOW_Q3: u32 = 542 * 8;
const TOO_SLOW_Q3: u32 = 556 * 8;

pub(crate) struct Jvc;

impl Reads for Jvc {
    fn begins(&self, line: &Line, pair: Option<Pair>, at: u32) -> Option<Start> {
        if let Some(seen) = pair.filter(|seen| fits(*seen, MARK, SPACE)) {
            return Some(Start::led(line, at, seen, MARK, SPACE));
        }
        line.quiet_before(PAUSE).then_some(Start::bare(line, at))
    }

    fn shortest_us(&self) -> u32 {
        16 * 980
    }

    fn read(&self, line: &mut Reader<'_>, start: &Start) -> Verdict {
        let Some(bits) = read(line, start, &BITS, 16) else { return Verdict::No };
        let [address, command, ..] = bits.value.to_le_bytes();
        let code = Code { protocol: Protocol::Jvc, address: address.into(), command: command.into() };
        let bare = start.is_bare();
        let unit = unit_q3(start, &bits, 16);
        if !bare && unit > TOO_SLOW_Q3 {
            return Verdict::No;
        }
        // Half a frame of a longer protocol of this family ends in a space of up to 1.7 ms.
        let doubtful = !bare && (unit > SLOW_Q3 || address == !command);
        let frame = if bare { Frame::Again(code) } else { Frame::Code(code, None) };
        ended(line, &bits, if doubtful { LONG_GAP_US } else { bits.silence_us() }, frame)
    }
}
