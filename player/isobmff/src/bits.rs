//! A bit reader for parameter sets and slice headers.

/// Reads most significant bit first. Past the end every read is `None`.
#[derive(Clone)]
pub(crate) struct Bits<'a> {
    bytes: &'a [u8],
    pos: usize,
    /// Leave out emulation prevention bytes (the 3 of 00 00 03).
    nal: bool,
    zeros: u8,
}

impl<'a> Bits<'a> {
    /// Plain bits.
    pub fn new(bytes: &'a [u8]) -> Self {
        Bits { bytes, pos: 0, nal: false, zeros: 0 }
    }

    /// The bits of a NAL unit, emulation prevention taken out.
    pub fn nal(bytes: &'a [u8]) -> Self {
        Bits { bytes, pos: 0, nal: true, zeros: 0 }
    }

    /// Bytes of the input touched so far, emulation prevention counted.
    pub fn bytes_used(&self) -> usize {
        self.pos.div_ceil(8)
    }

    /// At the start of a byte.
    pub fn is_aligned(&self) -> bool {
        self.pos.is_multiple_of(8)
    }

    pub fn bit(&mut self) -> Option<bool> {
        if self.pos.is_multiple_of(8) {
            let mut byte = *self.bytes.get(self.pos / 8)?;
            if self.nal && self.zeros >= 2 && byte == 3 {
                self.pos += 8;
                self.zeros = 0;
                byte = *self.bytes.get(self.pos / 8)?;
            }
            self.zeros = if byte == 0 { self.zeros.saturating_add(1) } else { 0 };
        }
        let byte = self.bytes.get(self.pos / 8)?;
        let bit = byte >> (7 - self.pos % 8) & 1 == 1;
        self.pos += 1;
        Some(bit)
    }

    /// Up to 32 bits.
    pub fn u(&mut self, n: u32) -> Option<u32> {
        (0..n).try_fold(0u32, |value, _| Some(value << 1 | u32::from(self.bit()?)))
    }

    pub fn skip(&mut self, n: u32) -> Option<()> {
        (0..n).try_for_each(|_| self.bit().map(|_| ()))
    }

    /// Exp-Golomb, unsigned.
    pub fn ue(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.bit()? {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        (1u32 << zeros).checked_add(self.u(zeros)?)?.checked_sub(1)
    }

    /// Exp-Golomb, signed.
    pub fn se(&mut self) -> Option<i32> {
        let code = i64::from(self.ue()?);
        i32::try_from(if code % 2 == 1 { (code + 1) / 2 } else { -(code / 2) }).ok()
    }
}

/// Bits that number `n` things.
pub(crate) fn ceil_log2(n: u64) -> u32 {
    n.max(1).checked_next_power_of_two().map_or(64, u64::trailing_zeros)
}
