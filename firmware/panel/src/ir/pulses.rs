//! Bits told by how long a mark or the space after it lasts.

use super::line::Reader;
use super::{GAP_US, LONG_GAP_US, ratio};

/// How the two bits look: a mark, and the distance from its start to the next one's, in microseconds. Index 0 and 1 are the bits.
#[derive(Clone, Copy)]
pub(crate) struct Coding {
    /// Mark of a zero and of a one.
    pub mark: [u32; 2],
    /// From mark to mark.
    pub period: [u32; 2],
    /// A mark ends the frame, so that the last bit's period is whole. Without it the last mark is the last bit.
    pub stop: bool,
    /// The protocol checks its bits itself; where it does not, less doubt is allowed here.
    pub checked: bool,
    /// Bits of the longest frame of this kind.
    pub longest: u32,
}

/// Where a frame's bits begin and what its leader told.
#[derive(Clone, Copy)]
pub(crate) struct Start {
    /// The first bit's mark.
    pub at: u32,
    /// Mark and space of the leader; the same total as nominal where there is none.
    pub total: u16,
    /// What they should be.
    pub nominal: u16,
    /// By how much the receiver lengthens a mark.
    pub stretch: i16,
}

impl Start {
    /// A start told by a leader of `mark` and `space`, nominally.
    pub(crate) fn led(at: u32, seen: super::line::Pair, mark: u32, space: u32) -> Self {
        let (total, nominal) = (seen.mark + seen.space, mark + space);
        let expected = ratio(mark, total, nominal);
        let stretch = (seen.mark as i32 - expected as i32).clamp(-200, 250);
        Self { at, total: total as u16, nominal: nominal as u16, stretch: stretch as i16 }
    }

    /// Microseconds by this remote's clock.
    pub(crate) fn scale(&self, us: u32) -> u32 {
        ratio(us, self.total.into(), self.nominal.into())
    }
}

/// Bits that were read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bits {
    /// The first is the lowest.
    pub value: u64,
    /// Begin of the stop mark, or where the next bit's mark would begin.
    pub next: u32,
    /// End of the last mark.
    pub end: u32,
    /// Microseconds that are not as they should be.
    pub cost: u32,
    /// There are more edges than bits: two glitches may have made a bit, and only a longer silence proves the end.
    pub glitchy: bool,
}

impl Bits {
    /// The silence that ends a frame of fixed length.
    pub(crate) fn silence_us(&self) -> u32 {
        if self.glitchy { LONG_GAP_US } else { GAP_US }
    }
}

/// [`read_as`], with the leader's word for the receiver's stretch, or, where a glitch has spoilt that, with what the marks themselves
/// say: all that end in a stop mark are alike.
pub(crate) fn read(line: &mut Reader<'_>, start: &Start, coding: &Coding, count: u32) -> Option<Bits> {
    let stop = u32::from(coding.stop);
    if !line.may_hold(start.at, count + stop, coding.longest + stop) {
        return None;
    }
    let told = read_as(line, start, coding, count);
    if told.is_some() || !coding.stop {
        return told;
    }
    let longest = start.scale(coding.period[0].max(coding.period[1])) * count + 2 * coding.mark[0];
    let mean = ratio(line.mark_us(start.at, start.at.wrapping_add(longest)), 1, count + 1);
    let stretch = (mean as i32 - start.scale(coding.mark[0]) as i32).clamp(-300, 300) as i16;
    if stretch.abs() > 250 || stretch.abs_diff(start.stretch) < 20 {
        return None;
    }
    read_as(line, &Start { stretch, ..*start }, coding, count)
}

/// Reads `count` bits, or says that these are not such bits. Each is the hypothesis that costs less, and clearly less: what is missing
/// of its mark and of the next one, and what is too much in the space between. The next mark is looked for at the edge that is really there.
fn read_as(line: &mut Reader<'_>, start: &Start, coding: &Coding, count: u32) -> Option<Bits> {
    let mark = coding.mark.map(|us| stretched(start.scale(us), start.stretch.into()));
    let period = coding.period.map(|us| start.scale(us));
    let short = start.scale(coding.mark[0].min(coding.mark[1]));
    let (guard, reach) = (short / 8, (short / 2).max(period[0].abs_diff(period[1]) / 4));
    let (doubt, clearly) = if coding.checked { (short * 3 / 4, short / 7) } else { (short / 2, short / 3) };
    let (mut value, mut cost, mut at) = (0u64, 0, start.at);
    for bit in 0..count {
        let last = !coding.stop && bit + 1 == count;
        let [zero, one] = [(mark[0], period[0]), (mark[1], period[1])].map(|(mark_v, period_v)| {
            let expected = at.wrapping_add(period_v);
            let next = line.nearest(expected, true, reach).filter(|_| !last).unwrap_or(expected);
            let own = missing(line, at, mark_v, guard);
            // After the last bit nothing is known but that it ends in a space.
            let space = if last { at.wrapping_add(mark_v + short * 3 / 4) } else { next };
            let extra = line.mark_us(at.wrapping_add(mark_v), space).saturating_sub(guard);
            let following = if last { 0 } else { missing(line, next, mark[0].min(mark[1]), guard) };
            (own + extra + following, next)
        });
        let is_one = one.0 < zero.0;
        let ((less, next), (more, _)) = if is_one { (one, zero) } else { (zero, one) };
        if less > doubt || more - less < clearly {
            return None;
        }
        cost += less;
        value |= u64::from(is_one) << bit;
        if last {
            let end = at.wrapping_add(if is_one { mark[1] } else { mark[0] });
            // With no check of its own and glitches about, there is less room for doubt.
            return finish(line, start.at, Bits { value, next, end, cost, glitchy: false }, count, count * doubt / 6 + 300)
                .filter(|bits| coding.checked || !bits.glitchy || bits.cost <= count * doubt / 15 + 120);
        }
        at = next;
    }
    cost += missing(line, at, mark[0], guard);
    let bits = Bits { value, next: at, end: at.wrapping_add(mark[0]), cost, glitchy: false };
    finish(line, start.at, bits, count + 1, count * short / 16 + 300)
}

/// Where the last mark really ends; and a frame full of small faults is no frame.
fn finish(line: &mut Reader<'_>, begin: u32, bits: Bits, marks: u32, budget: u32) -> Option<Bits> {
    let end = line.nearest(bits.end, false, 250).unwrap_or(bits.end);
    let glitchy = line.edges(begin, end) != 2 * marks;
    (bits.cost <= budget).then_some(Bits { end, glitchy, ..bits })
}

/// What lacks of a mark of `length` at `at`, but for `guard`.
fn missing(line: &mut Reader<'_>, at: u32, length: u32, guard: u32) -> u32 {
    length.saturating_sub(guard + line.mark_us(at, at.wrapping_add(length)))
}

/// A mark as the receiver makes it, never less than half.
pub(crate) fn stretched(us: u32, stretch: i32) -> u32 {
    us.saturating_add_signed(stretch).max(us / 2)
}
