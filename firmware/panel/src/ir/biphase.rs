//! Bits told by the direction of the change in their middle (RC5, RC6).

use super::line::{Reader, after};

/// Reads one bit after another; keeps in step with the changes that are really there.
pub(crate) struct Biphase<'a, 'b> {
    line: &'b mut Reader<'a>,
    /// Begin of the next bit.
    pub at: u32,
    /// Half a bit, in sixteenths of a microsecond.
    pub half_q4: u32,
    pub stretch: i32,
    /// The clock is learnt while reading: there was no leader to learn it from.
    learn: bool,
    /// Measured and not as it should be, in microseconds.
    cost: u32,
    measured: u32,
}

impl<'a, 'b> Biphase<'a, 'b> {
    pub(crate) fn new(line: &'b mut Reader<'a>, at: u32, half_q4: u32, stretch: i32, learn: bool) -> Self {
        Self { line, at, half_q4, stretch, learn, cost: 0, measured: 0 }
    }

    /// The next bit: `true` for a change from space to mark. `width`: 1, or 2 for RC6's trailer.
    pub(crate) fn bit(&mut self, width: u32) -> Option<bool> {
        let half = self.half_q4 * width / 16;
        // Around a change, what the receiver's stretch and jitter blur is left out.
        let blur = 30 + half / 32;
        let late = self.stretch.max(0) as u32 + blur;
        let early = self.stretch.min(0).unsigned_abs() + blur;
        let window = half.checked_sub(late + early)?.max(half / 4);
        let middle = self.at.wrapping_add(half);
        let mut area = |begin: u32| {
            let from = begin.wrapping_add(late);
            self.line.mark_us(from, from.wrapping_add(window)) as i32
        };
        let difference = area(middle) - area(self.at);
        if difference.unsigned_abs() < window / 5 {
            return None;
        }
        let rises = difference > 0;
        self.cost += window - difference.unsigned_abs().min(window);
        self.measured += window;
        let expected = if rises { middle } else { middle.wrapping_add_signed(self.stretch) };
        self.at = middle.wrapping_add(half);
        if let Some(edge) = self.line.nearest(expected, rises, half / 2) {
            let off = after(edge, expected);
            self.at = self.at.wrapping_add_signed(off * 3 / 4);
            self.stretch += if rises { -off / 8 } else { off / 8 }; // a leader alone tells it to 40 us only
            if self.learn {
                self.half_q4 = self.half_q4.saturating_add_signed(off);
            }
        }
        Some(rises)
    }

    /// `count` bits, the first one highest, one for a change to mark.
    pub(crate) fn bits(&mut self, count: u32) -> Option<u32> {
        (0..count).try_fold(0, |value, _| Some(value << 1 | u32::from(self.bit(1)?)))
    }

    /// What it reads from.
    pub(crate) fn reader(&mut self) -> &mut Reader<'a> {
        self.line
    }

    /// Little enough was wrong in all that was read.
    pub(crate) fn clean(&self) -> bool {
        self.cost <= self.measured / 10 + 150
    }
}
