//! Infrared: edges with their times in, codes out.
//!
//! [`Decoder`] keeps the last edges ([`line`]). Each mark that begins may begin a frame of some protocols. Each that ends may end one: a
//! frame without a glitch is read at once and counts when the silence after it has lasted; once the line has fallen silent, those that
//! glitches may have touched are read, with much more care. [`pulses`] and [`biphase`] know the two ways of telling bits, one file a
//! protocol knows its leader, its bits, its checks and what its numbers mean. What then is a press, a repeat or a key let go is told by
//! [`press`].
//!
//! Nothing here allocates, waits or knows the time; a decoder is 1.4 KB.

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
use pulses::{Bits, Start};

pub use press::{HOLD_US, Ir};

/// A line that is silent for so long after a mark has ended a frame of fixed length.
const GAP_US: u32 = 750;
/// And so long, where the frame may be part of a longer one: no space inside a frame lasts as long.
const LONG_GAP_US: u32 = 2_600;
/// When silence is looked at: a little later, since the end of a frame is known to some tens of microseconds only.
const LOOK_US: u32 = 800;
/// A frame that was not read by then is over; a board may tick only every 20 ms.
const STALE_US: i32 = 30_000;
/// Spaces inside a frame are shorter, marks are too but for leaders.
const HEARS_US: u64 = 5_000;
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
    /// This frame, if the line stays silent until then.
    Wait(u32, Frame),
    /// This frame.
    Frame(Frame),
}

/// One way of talking.
pub(crate) trait Reads: Sync {
    /// Where a frame's bits may begin, now that a mark has begun after `pair`.
    fn begins(&self, line: &Line, pair: Option<Pair>, at: u32) -> Option<Start>;
    /// The shortest frame from there on, in microseconds: sooner, it need not be asked.
    fn shortest_us(&self) -> u32;
    /// Reads a frame that begins at `start`.
    fn read(&self, line: &mut Reader<'_>, start: &Start) -> Verdict;
}

/// Beginnings kept of a protocol: glitches before one may look like it.
const STARTS: usize = 3;
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
    starts: [[Option<Start>; STARTS]; COUNT],
    /// Edge times are 32 bits wide; this is the newest in full.
    last_us: u64,
    /// When the line will have been silent for long enough to be looked at.
    quiet: Option<u32>,
    /// A frame that is whole if nothing comes until then.
    whole: Option<(u32, Frame)>,
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
        Self { line: Line::new(), starts: [[None; STARTS]; COUNT], last_us: 0, quiet: None, whole: None, presses: Presses::new() }
    }

    /// The receiver's output has changed: `mark` is light. Call [`Decoder::poll`] first if its deadline has passed.
    pub fn edge(&mut self, now_us: u64, mark: bool) {
        if now_us.saturating_sub(self.last_us) > 1 << 30 {
            self.line.clear(); // the clock of the edges is about to wrap
            self.starts = [[None; STARTS]; COUNT];
        }
        self.last_us = now_us;
        let now = now_us as u32;
        self.line.push(now, mark);
        self.quiet = None;
        self.whole = None;
        if !mark {
            // What is read here has only silence to wait for; what glitches have touched is read in that silence.
            match self.read(now, true) {
                Verdict::Wait(until, frame) => self.whole = Some((until, frame)),
                _ => self.quiet = Some(now.wrapping_add(LOOK_US)),
            }
            return;
        }
        let pair = self.line.pair();
        for (starts, protocol) in self.starts.iter_mut().zip(PROTOCOLS) {
            if let Some(begun) = protocol.begins(&self.line, pair, now) {
                let [last, before, _] = *starts;
                *starts = if begun.is_bare() { [Some(begun), last, before] } else { [Some(begun), None, None] };
            }
        }
    }

    /// When to call [`Decoder::poll`] if no edge comes before.
    pub fn deadline(&self) -> Option<u64> {
        let full = |at| self.last_us.saturating_add_signed(i64::from(after(at, self.last_us as u32)));
        [self.quiet.map(full), self.whole.map(|(until, _)| full(until)), self.presses.deadline()].into_iter().flatten().min()
    }

    /// A frame may be under way, going by when the last edge came.
    pub const fn hears(&self, now_us: u64) -> bool {
        now_us.saturating_sub(self.last_us) < HEARS_US
    }

    /// Time has passed: what was pressed or let go. Call again until it is `None`.
    pub fn poll(&mut self, now_us: u64) -> Option<Ir> {
        let now = now_us as u32;
        let mut frame = self.whole.take_if(|(until, _)| after(now, *until) >= 0).map(|(_, frame)| frame);
        if self.quiet.take_if(|at| after(now, *at) >= 0).is_some() {
            match self.read(now, false) {
                Verdict::No => {}
                Verdict::Wait(until, frame) => self.whole = Some((until, frame)),
                Verdict::Frame(whole) => frame = Some(whole),
            }
        }
        if let Some(frame) = frame {
            if !matches!(frame, Frame::Half(..)) {
                self.starts = [[None; STARTS]; COUNT];
            }
            if let Some(press) = self.presses.frame(now_us, frame) {
                return Some(press);
            }
        }
        self.presses.poll(now_us)
    }

    /// A frame that is whole, or else the one that will be first.
    fn read(&mut self, now: u32, early: bool) -> Verdict {
        let mut first = Verdict::No;
        for (starts, protocol) in self.starts.iter_mut().zip(PROTOCOLS) {
            for start in starts.iter_mut() {
                start.take_if(|s| after(now, s.at) > LONGEST_US);
                let Some(start) = start else { continue };
                match (read(protocol, &self.line, *start, now, early), &first) {
                    (Verdict::No, _) => {}
                    (Verdict::Wait(until, _), Verdict::Wait(sooner, _)) if after(until, *sooner) >= 0 => {}
                    (verdict @ Verdict::Frame(_), _) => return verdict,
                    (verdict, _) => first = verdict,
                }
            }
        }
        first
    }
}

/// Reads a frame from `start`, or from another edge so near to it that one of the two is a glitch.
fn read(protocol: &dyn Reads, line: &Line, start: Start, now: u32, early: bool) -> Verdict {
    if after(now, start.at) < protocol.shortest_us() as i32 {
        return Verdict::No;
    }
    let read = |start| protocol.read(&mut Reader::new(line, now, early), &start);
    let verdict = read(start);
    if early || !matches!(verdict, Verdict::No) {
        return verdict;
    }
    let mut others = line.others(start.at).map(|(at, seen)| read(Start { at, seen, ..start }));
    others.find(|verdict| !matches!(verdict, Verdict::No)).unwrap_or(Verdict::No)
}

/// `frame`, if the line is silent from `from`, for `us` after `end` at least, where the last mark ended.
pub(crate) fn silent(line: &mut Reader<'_>, from: u32, end: u32, us: u32, frame: Frame) -> Verdict {
    let until = end.wrapping_add(us);
    let left = after(until, line.now);
    if left < -STALE_US || line.mark_us(from, line.now) > 150 + us / 64 {
        Verdict::No
    } else if left > 0 {
        Verdict::Wait(until, frame)
    } else {
        Verdict::Frame(frame)
    }
}

/// [`silent`] after the last mark of `bits`.
pub(crate) fn ended(line: &mut Reader<'_>, bits: &Bits, us: u32, frame: Frame) -> Verdict {
    silent(line, bits.end.wrapping_add(80), bits.end, us, frame)
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
