//! Infrared: edges with their times in, codes out.
//!
//! [`Decoder`] keeps the last edges ([`line`]). Each mark that begins may begin a frame of some protocols; once the line falls silent
//! those that may be whole are read: [`pulses`] and [`biphase`] know the two ways of telling bits, one file a protocol knows its
//! leader, its bits, its checks and what its numbers mean. What then is a press, a repeat or a key let go is told by [`press`].
//!
//! Nothing here allocates, waits or knows the time; a decoder is 1.2 KB.

mod biphase;
mod denon;
mod jvc;
mod kaseikyo;
mod line;
mod nec;
mod pioneer;
mod press;
mod pulses;
mod rc5;
mod rc6;
mod rca;
mod samsung;
mod sirc;

use line::{Line, Pair, Reader, after};
use press::Presses;
use pulses::Start;

pub use press::{HOLD_US, Ir};

/// A line that is silent for so long after a mark has ended a frame of fixed length.
const GAP_US: u32 = 900;
/// And so long, where the frame may be part of a longer one: no space inside a frame lasts as long.
const LONG_GAP_US: u32 = 2_600;
/// When silence is looked at: a little later, since the end of a frame is known to some tens of microseconds only.
const LOOK_US: u32 = 950;
/// A frame that was not read by then is over; a board may tick only every 20 ms.
const STALE_US: i32 = 30_000;
/// Longer than any frame: an older beginning is forgotten.
const LONGEST_US: i32 = 150_000;

/// How a remote control talks. The numbers go over the wire: append only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it; the README has the meaning of their numbers")]
pub enum Protocol {
    Nec,
    NecExt,
    Nec42,
    Samsung32,
    Rc5,
    Rc5x,
    Rc5x20,
    Rc6,
    Rc6a,
    Sirc,
    Sirc15,
    Sirc20,
    Kaseikyo,
    Rca,
    Jvc,
    Denon,
    Pioneer,
}

/// A key of a remote control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// How it was said.
    pub protocol: Protocol,
    /// Of the device.
    pub address: u32,
    /// Of the key.
    pub command: u32,
}

/// A whole frame, its own checks passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// A code; where the protocol has a toggle bit, what it was.
    Code(Code, Option<bool>),
    /// The key of the last code of these protocols is still held; this frame does not say which.
    Held(&'static [Protocol]),
    /// A code that counts only as a repeat of itself.
    Again(Code),
    /// One of two frames that check each other: address, and ten bits to be inverted in the other.
    Half(u32, u32),
}

/// What a protocol thinks of the line.
pub(crate) enum Verdict {
    /// Nothing of its own, or not yet whole.
    No,
    /// Perhaps: ask again at that time.
    Wait(u32),
    /// Yes.
    Frame(Frame),
}

/// One way of talking.
pub(crate) trait Reads: Sync {
    /// Where a frame's bits may begin, now that a mark has begun after `pair`.
    fn begins(&self, line: &Line, pair: Option<Pair>, at: u32) -> Option<Start>;
    /// The shortest frame from there on, in microseconds: sooner, it need not be asked.
    fn shortest_us(&self) -> u32;
    /// Reads a frame that begins at `start`.
    fn read(&self, line: &Line, start: &Start, now: u32) -> Verdict;
}

const COUNT: usize = 10;
static PROTOCOLS: [&dyn Reads; COUNT] = [
    &nec::Nec,
    &samsung::Samsung,
    &rc5::Rc5,
    &rc6::Rc6,
    &sirc::Sirc,
    &kaseikyo::Kaseikyo,
    &rca::Rca,
    &jvc::Jvc,
    &denon::Denon,
    &pioneer::Pioneer,
];

/// Decodes all protocols at once.
pub struct Decoder {
    line: Line,
    /// For each protocol, where its last frame began; and, without a leader, where
    /// else, if what came before that was no glitch after all.
    starts: [[Option<Start>; 2]; COUNT],
    /// Edge times are 32 bits wide; this is the newest in full.
    last_us: u64,
    /// When the line will have been silent for long enough to be looked at.
    quiet: Option<u32>,
    /// When a protocol wants it to be looked at again.
    again: Option<u32>,
    presses: Presses,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A silent line.
    pub const fn new() -> Self {
        Self { line: Line::new(), starts: [[None; 2]; COUNT], last_us: 0, quiet: None, again: None, presses: Presses::new() }
    }

    /// The receiver's output has changed: `mark` is light. Call [`Decoder::poll`] first if its deadline has passed.
    pub fn edge(&mut self, now_us: u64, mark: bool) {
        if now_us.saturating_sub(self.last_us) > 1 << 30 {
            self.line.clear(); // the clock of the edges is about to wrap
            self.starts = [[None; 2]; COUNT];
        }
        self.last_us = now_us;
        let now = now_us as u32;
        self.line.push(now, mark);
        self.quiet = (!mark).then_some(now.wrapping_add(LOOK_US));
        if !mark {
            return;
        }
        let pair = self.line.pair();
        for ([start, earlier], protocol) in self.starts.iter_mut().zip(PROTOCOLS) {
            if let Some(begun) = protocol.begins(&self.line, pair, now) {
                *earlier = start.replace(begun).filter(|_| begun.total == begun.nominal);
            }
        }
    }

    /// When to call [`Decoder::poll`] if no edge comes before.
    pub fn deadline(&self) -> Option<u64> {
        let full = |at| self.last_us.saturating_add_signed(i64::from(after(at, self.last_us as u32)));
        [self.quiet.map(full), self.again.map(full), self.presses.deadline()].into_iter().flatten().min()
    }

    /// Time has passed: what was pressed or let go. Call again until it is `None`.
    pub fn poll(&mut self, now_us: u64) -> Option<Ir> {
        let now = now_us as u32;
        let due = |at: &mut Option<u32>| at.take_if(|at| after(now, *at) >= 0).is_some();
        // Both are to be taken, hence no short cut.
        if due(&mut self.quiet) | due(&mut self.again)
            && let Some(frame) = self.read(now)
            && let Some(press) = self.presses.frame(now_us, frame)
        {
            return Some(press);
        }
        self.presses.poll(now_us)
    }

    fn read(&mut self, now: u32) -> Option<Frame> {
        for (starts, protocol) in self.starts.iter_mut().zip(PROTOCOLS) {
            for start in starts.iter_mut() {
                match start.take_if(|s| after(now, s.at) > LONGEST_US) {
                    Some(_) => {}
                    None => match start.map_or(Verdict::No, |s| read(protocol, &self.line, s, now)) {
                        Verdict::No => {}
                        Verdict::Wait(until) => {
                            self.again = Some(self.again.filter(|old| after(*old, until) < 0).unwrap_or(until));
                        }
                        Verdict::Frame(frame) => {
                            self.starts = [[None; 2]; COUNT];
                            return Some(frame);
                        }
                    },
                }
            }
        }
        None
    }
}

/// Reads a frame from `start`, or from another edge so near to it that one of the two is a glitch.
fn read(protocol: &dyn Reads, line: &Line, start: Start, now: u32) -> Verdict {
    if after(now, start.at) < protocol.shortest_us() as i32 {
        return Verdict::No;
    }
    let others = line.others(start.at).map(|at| Start { at, ..start });
    let mut read = core::iter::once(start).chain(others).map(|start| protocol.read(line, &start, now));
    read.find(|verdict| !matches!(verdict, Verdict::No)).unwrap_or(Verdict::No)
}

/// What follows a frame.
pub(crate) enum Gap {
    /// Silence.
    Silent,
    /// Silence as far as is known; ask again then.
    Wait(u32),
    /// Something: this was not the end.
    Broken,
}

/// Is the line silent from `from` until `us` after `end`, where the last mark ended?
pub(crate) fn gap(line: &mut Reader<'_>, from: u32, end: u32, us: u32, now: u32) -> Gap {
    let until = end.wrapping_add(us);
    if after(now, until) > STALE_US {
        return Gap::Broken;
    }
    let seen = if after(now, until) < 0 { now } else { until };
    if line.mark_us(from, seen) > 150 + us / 32 {
        Gap::Broken
    } else if after(now, until) < 0 {
        Gap::Wait(until)
    } else {
        Gap::Silent
    }
}

/// `us * by / of`; nothing of nothing, since a microcontroller must not panic.
pub(crate) fn ratio(us: u32, by: u32, of: u32) -> u32 {
    us.wrapping_mul(by).checked_div(of).unwrap_or(0)
}

/// `seen` is `mark` and `space` as a remote's clock and a receiver may turn them out.
pub(crate) fn fits(seen: Pair, mark: u32, space: u32) -> bool {
    let (total, nominal) = (seen.mark + seen.space, mark + space);
    let marks = ratio(mark, total, nominal);
    total.abs_diff(nominal) <= nominal / 12 + 60 && seen.mark.abs_diff(marks) <= marks / 16 + 240
}
