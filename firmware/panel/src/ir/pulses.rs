//! Bits told by how long a mark or the space after it lasts.

use super::line::{Line, Pair, Reader};
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
}

/// Where a frame's bits begin and what its leader told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    /// The first bit's mark.
    pub at: u32,
    /// Edges that had come by then.
    pub seen: u32,
    /// Mark and space of the leader; the same total as nominal where there is none.
    pub total: u16,
    /// What they should be.
    pub nominal: u16,
    /// By how much the receiver lengthens a mark.
    pub stretch: i16,
}

impl Start {
    /// A start told by a leader of `mark` and `space`, nominally.
    pub(crate) fn led(line: &Line, at: u32, pair: Pair, mark: u32, space: u32) -> Self {
        let (total, nominal) = (pair.mark + pair.space, mark + space);
        let expected = ratio(mark, total, nominal);
        let stretch = (pair.mark as i32 - expected as i32).clamp(-200, 250);
        Self { at, seen: line.seen(), total: total as u16, nominal: nominal as u16, stretch: stretch as i16 }
    }

    /// A start without leader.
    pub(crate) const fn bare(line: &Line, at: u32) -> Self {
        Self { at, seen: line.seen(), total: 1, nominal: 1, stretch: 0 }
    }

    /// There was no leader.
    pub(crate) const fn is_bare(&self) -> bool {
        self.total == 1
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
    /// Not touched by any glitch. Where it was, two glitches may have made a bit, and only a longer silence proves the end.
    pub clean: bool,
}

impl Bits {
    /// The silence that ends a frame of fixed length.
    pub(crate) fn silence_us(&self) -> u32 {
        if self.clean { GAP_US } else { LONG_GAP_US }
    }
}

/// Reads `count` bits of a frame that ends with the newest edge and has not one too many: all is told by the distances between edges.
fn clean(line: &Reader<'_>, start: &Start, coding: &Coding, count: u32) -> Option<Bits> {
    let stop = u32::from(coding.stop);
    let marks = count + stop;
    let edge = |i: u32| line.at(2 * marks - 1 - i);
    let mark = |i: u32| Some(edge(2 * i + 1)?.wrapping_sub(edge(2 * i)?));
    let nominal = coding.mark.map(|us| start.scale(us) as i32);
    let period = coding.period.map(|us| start.scale(us));
    // All marks that end in a stop mark are alike: together they tell the receiver's stretch better than a leader.
    let stretch = match coding.stop {
        true => ratio((0..marks).filter_map(mark).sum(), 1, marks) as i32 - nominal[0],
        false => start.stretch.into(),
    };
    if stretch.abs() > 250 {
        return None;
    }
    let [zero, one] = nominal.map(|us| us + stretch);
    let (mut value, mut begin) = (0, start.at);
    for i in 0..marks {
        let length = edge(2 * i + 1)?.wrapping_sub(begin) as i32;
        let is_one = if i + 1 < marks {
            let next = edge(2 * i + 2)?;
            let distance = next.wrapping_sub(begin);
            begin = next;
            let is_one = distance > (period[0] + period[1]) / 2;
            if distance.abs_diff(period[usize::from(is_one)]) > (period[1] - period[0]) / 8 + 80 {
                return None;
            }
            is_one
        } else {
            !coding.stop && length > (zero + one) / 2
        };
        if length.abs_diff(if is_one { one } else { zero }) > nominal[0] as u32 / 4 + 80 {
            return None;
        }
        value |= u64::from(is_one) << i;
    }
    Some(Bits { value, next: begin, end: line.at(0)?, cost: 0, clean: true })
}

/// [`clean`], or, once the line is silent, [`noisy`].
pub(crate) fn read(line: &mut Reader<'_>, start: &Start, coding: &Coding, count: u32) -> Option<Bits> {
    let stop = u32::from(coding.stop);
    let edges = line.edges_since(start.seen);
    let more = edges.checked_sub(2 * (count + stop))?;
    if more == 0
        && let Some(bits) = clean(line, start, coding, count)
    {
        return Some(bits);
    }
    // Only glitches add edges. This costs next to nothing where reading costs milliseconds of a small processor.
    if line.early || more > 2 * line.glitches(edges) {
        return None;
    }
    let stretch = match coding.stop {
        true => ratio(line.mark_us(start.at, line.now), 1, count + 1) as i32 - start.scale(coding.mark[0]) as i32,
        false => start.stretch.into(),
    };
    if stretch.abs() > 250 {
        return None;
    }
    noisy(line, &Start { stretch: stretch as i16, ..*start }, coding, count)
}

/// [`read_as`], and where that is no frame because of a bit that might as well be the other, with that other one.
fn noisy(line: &mut Reader<'_>, start: &Start, coding: &Coding, count: u32) -> Option<Bits> {
    let unclear = match read_as(line, start, coding, count, count) {
        Ok(bits) => return Some(bits),
        Err(unclear) => unclear,
    };
    let mut others = (0..count).filter(|bit| unclear >> bit & 1 == 1);
    others.find_map(|bit| read_as(line, start, coding, count, bit).ok())
}

/// Reads `count` bits, or says that these are not such bits, and which of them were not clear. Each, but for the `other`, is the
/// hypothesis that costs less: what is missing of its mark and of the next one (twice, since that counts for the next bit too), and what
/// is too much in the space between. The next mark is looked for at the edge that is really there.
fn read_as(line: &mut Reader<'_>, start: &Start, coding: &Coding, count: u32, other: u32) -> Result<Bits, u64> {
    let mark = coding.mark.map(|us| stretched(start.scale(us), start.stretch.into()));
    let period = coding.period.map(|us| start.scale(us));
    let short = start.scale(coding.mark[0].min(coding.mark[1]));
    let (guard, reach) = (short / 8, (short / 2).max(period[0].abs_diff(period[1]) / 4));
    let (doubt, clearly) = if coding.checked { (short * 3 / 4, short / 2) } else { (short / 2, short / 3) };
    let (mut value, mut cost, mut at, mut end, mut unclear) = (0u64, 0, start.at, start.at, 0u64);
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
            (own + extra, following, next)
        });
        let weigh = |(cost, following, _): (u32, u32, u32)| cost + 2 * following;
        if weigh(zero).abs_diff(weigh(one)) < clearly {
            unclear |= 1 << bit;
        }
        let is_one = (weigh(one) < weigh(zero)) != (bit == other);
        let (own, following, next) = if is_one { one } else { zero };
        if own + following > doubt || !coding.checked && unclear != 0 {
            return Err(unclear);
        }
        cost += own + following;
        value |= u64::from(is_one) << bit;
        end = at.wrapping_add(if is_one { mark[1] } else { mark[0] });
        at = next;
    }
    if coding.stop {
        cost += missing(line, at, mark[0], guard);
        end = at.wrapping_add(mark[0]);
    }
    // A frame full of small faults is none; with no check of its own there is less room for doubt. And nothing may follow.
    let budget = if coding.checked { count * short / 16 + 300 } else { count * doubt / 15 + 120 };
    let end = line.nearest(end, false, 250).unwrap_or(end);
    let over = line.mark_us(end.wrapping_add(80), line.now) > short * 4 / 5;
    if cost > budget || over {
        return Err(unclear);
    }
    Ok(Bits { value, next: at, end, cost, clean: false })
}

/// What lacks of a mark of `length` at `at`, but for `guard`.
fn missing(line: &mut Reader<'_>, at: u32, length: u32, guard: u32) -> u32 {
    length.saturating_sub(guard + line.mark_us(at, at.wrapping_add(length)))
}

/// A mark as the receiver makes it, never less than half.
pub(crate) fn stretched(us: u32, stretch: i32) -> u32 {
    us.saturating_add_signed(stretch).max(us / 2)
}
