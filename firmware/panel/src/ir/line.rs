//! The receiver's line: the last edges with their times, and how long the line was marked between two moments.
//!
//! Everything below measures areas instead of trusting single edges: a glitch then costs its own length and nothing else.

/// Anything shorter is a glitch; the shortest mark that means something is Denon's, 264 us.
pub(crate) const GLITCH_US: u32 = 170;

/// Lengths beyond this are all the same; products of two then fit 32 bits.
const LONG_US: u32 = 40_000;

/// Edges kept: a 48-bit frame has 100, the rest is room for glitches. A power of two, so that an index needs no check.
const EDGES: usize = 128;

/// Signed distance between two moments; the clock wraps after 71 minutes, a frame lasts 0.1 s.
pub(crate) fn after(later: u32, earlier: u32) -> i32 {
    later.wrapping_sub(earlier) as i32
}

/// Ring of edges, alternating. Edge 0 is the newest.
pub(crate) struct Line {
    times: [u32; EDGES],
    newest: usize,
    count: usize,
    mark: bool,
    /// All that ever came; wraps.
    seen: u32,
}

/// A mark and the spaces after and before it, glitches merged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    /// Microseconds.
    pub mark: u32,
    /// Microseconds.
    pub space: u32,
    /// Microseconds.
    pub before: u32,
}

impl Line {
    pub(crate) const fn new() -> Self {
        Self { times: [0; EDGES], newest: 0, count: 0, mark: false, seen: 0 }
    }

    /// Takes an edge. Two of the same direction mean that one was lost: what came before is forgotten.
    pub(crate) fn push(&mut self, at: u32, mark: bool) {
        if mark == self.mark {
            self.count = 0;
        }
        self.mark = mark;
        self.seen = self.seen.wrapping_add(1);
        self.newest = (self.newest + 1) % EDGES;
        self.times[self.newest % EDGES] = at;
        self.count = (self.count + 1).min(EDGES);
    }

    /// How many edges have ever come.
    pub(crate) const fn seen(&self) -> u32 {
        self.seen
    }

    /// Forgets everything: after a silence too long for the clock.
    pub(crate) fn clear(&mut self) {
        self.count = 0;
    }

    /// Time of the edge that is `age` edges old.
    pub(crate) fn at(&self, age: usize) -> Option<u32> {
        (age < self.count).then(|| self.times[(self.newest + EDGES - age) % EDGES])
    }

    /// The edge that is `age` old begins a mark.
    fn rises(&self, age: usize) -> bool {
        self.mark == age.is_multiple_of(2)
    }

    /// How long the line was as it became at edge `age`, until the next edge.
    fn length(&self, age: usize) -> Option<u32> {
        let (from, to) = (self.at(age)?, self.at(age.checked_sub(1)?)?);
        Some(to.wrapping_sub(from).min(LONG_US))
    }

    /// The mark and the space before the newest edge, which begins a mark. Short marks inside the space and short spaces inside the
    /// mark are merged into them. `None` if the line has not been watched for so long.
    pub(crate) fn pair(&self) -> Option<Pair> {
        let mut age = 1;
        let space = self.merged(&mut age)?;
        let mark = self.merged(&mut age)?;
        let before = self.merged(&mut age).unwrap_or(LONG_US);
        Some(Pair { mark, space, before })
    }

    /// The level that began at edge `age`, with what glitches cut from it further back; `age` moves on to what came before.
    fn merged(&self, age: &mut usize) -> Option<u32> {
        let mut length = self.length(*age)?;
        while let (Some(glitch), Some(more)) = (self.length(*age + 1), self.length(*age + 2))
            && glitch < GLITCH_US
            && length < 30_000
        {
            length += glitch + more;
            *age += 2;
        }
        *age += 1;
        Some(length)
    }

    /// The line was silent but for two glitches for `us` before the newest edge, or nothing is known of the time before.
    pub(crate) fn quiet_before(&self, us: u32) -> bool {
        let (mut silent, mut glitches) = (0, 0);
        for age in 1..self.count {
            let Some(length) = self.length(age) else { break };
            if self.rises(age) {
                glitches += 1;
                if glitches > 2 || length >= GLITCH_US {
                    return false;
                }
            }
            silent += length.min(us);
            if silent >= us {
                break;
            }
        }
        true
    }

    /// Other edges to mark close to `at`: a glitch there may have been taken for the beginning, or the beginning for a glitch.
    /// Says when, and how many edges had come by then.
    pub(crate) fn others(&self, at: u32) -> impl Iterator<Item = (u32, u32)> {
        let near = move |(t, _): &(u32, u32)| *t != at && after(*t, at).abs() < 320;
        let young = (0..self.count).take_while(move |age| self.at(*age).is_some_and(|t| after(t, at) > -320));
        let seen = |age| Some((self.at(age)?, self.seen.wrapping_sub(age as u32)));
        young.filter(|age| self.rises(*age)).filter_map(seen).filter(near)
    }
}

/// Reads a [`Line`] forward: cheap as long as questions go roughly from early to late.
pub(crate) struct Reader<'a> {
    line: &'a Line,
    /// The newest edge that is not after the last question's start.
    age: usize,
    /// The time.
    pub now: u32,
    /// Silence has not come yet: only what has not one edge too many is worth a look.
    pub early: bool,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(line: &'a Line, now: u32, early: bool) -> Self {
        Self { line, age: line.count, now, early }
    }

    /// How many edges have come since the one at which so many had come, that one included.
    pub(crate) const fn edges_since(&self, seen: u32) -> u32 {
        self.line.seen.wrapping_sub(seen).wrapping_add(1)
    }

    /// How many marks and spaces between the newest edges are as short as glitches.
    pub(crate) fn glitches(&self, edges: u32) -> u32 {
        (1..edges).filter(|age| self.line.length(*age as usize).is_some_and(|us| us < GLITCH_US)).count() as u32
    }

    /// Time of the edge that is `age` edges old.
    pub(crate) fn at(&self, age: u32) -> Option<u32> {
        self.line.at(age as usize)
    }

    fn seek(&mut self, at: u32) {
        while self.line.at(self.age).is_some_and(|t| after(t, at) > 0) {
            self.age += 1;
        }
        while let Some(newer) = self.age.checked_sub(1)
            && self.line.at(newer).is_some_and(|t| after(t, at) <= 0)
        {
            self.age = newer;
        }
    }

    /// Microseconds of mark from `from` to `to`.
    pub(crate) fn mark_us(&mut self, from: u32, to: u32) -> u32 {
        self.seek(from);
        let (mut age, mut begin, mut marked) = (self.age, from, 0);
        while after(to, begin) > 0 {
            let next = age.checked_sub(1).and_then(|newer| self.line.at(newer));
            let end = next.filter(|n| after(*n, to) < 0).unwrap_or(to);
            // Before the first edge known there was silence.
            if self.line.at(age).is_some() && self.line.rises(age) {
                marked += end.wrapping_sub(begin);
            }
            let Some(newer) = age.checked_sub(1) else { break };
            (age, begin) = (newer, end);
        }
        marked
    }

    /// The edge of the given direction nearest to `at`, not more than `within` away.
    pub(crate) fn nearest(&mut self, at: u32, rising: bool, within: u32) -> Option<u32> {
        self.seek(at.wrapping_sub(within));
        let mut best: Option<u32> = None;
        let mut age = self.age;
        loop {
            if let Some(t) = self.line.at(age) {
                let away = after(t, at);
                if away > within as i32 {
                    break;
                }
                let better = best.is_none_or(|b| away.unsigned_abs() < after(b, at).unsigned_abs());
                if self.line.rises(age) == rising && away.unsigned_abs() <= within && better {
                    best = Some(t);
                }
            }
            let Some(newer) = age.checked_sub(1) else { break };
            age = newer;
        }
        best
    }
}
