//! Bounds on what a small hostile manifest may make us build: both formats can say "a million segments" in a line.
use crate::Error;

/// Most segments of one manifest: a day of 2 s segments in 20 renditions is 864 000.
pub const MAX_SEGMENTS: usize = 1_000_000;
/// Most bytes of URLs and key material that one manifest may expand to.
pub const MAX_EXPANDED: usize = 192 << 20;

/// What is left to spend on one manifest.
#[derive(Debug)]
pub(crate) struct Budget {
    segments: usize,
    bytes: usize,
}

impl Budget {
    pub(crate) fn new() -> Self {
        Budget { segments: MAX_SEGMENTS, bytes: MAX_EXPANDED }
    }

    /// Pays for one segment.
    pub(crate) fn segment(&mut self) -> Result<(), Error> {
        self.segments =
            self.segments.checked_sub(1).ok_or_else(|| Error::Unsupported(format!("more than {MAX_SEGMENTS} segments")))?;
        Ok(())
    }

    /// Pays for a string that the text does not hold itself.
    pub(crate) fn bytes(&mut self, len: usize) -> Result<(), Error> {
        self.bytes = self
            .bytes
            .checked_sub(len)
            .ok_or_else(|| Error::Unsupported(format!("a manifest that expands to more than {MAX_EXPANDED} bytes")))?;
        Ok(())
    }
}
