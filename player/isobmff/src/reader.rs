//! The bounds-checked cursor and box iterator that every parser here stands on. Nothing recurses: callers descend by name, so
//! the depth of hostile nesting does not matter.
use crate::{Error, FourCc};

/// Reads big-endian fields; every read is checked against what is left.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
    what: &'static str,
}

impl<'a> Cursor<'a> {
    /// `what` names the box in errors.
    pub fn new(bytes: &'a [u8], what: &'static str) -> Self {
        Cursor { rest: bytes, what }
    }

    pub fn take(&mut self, n: usize) -> Result<&'a [u8], Error> {
        let (head, tail) = self.rest.split_at_checked(n).ok_or(Error::Truncated(self.what))?;
        self.rest = tail;
        Ok(head)
    }

    pub fn skip(&mut self, n: usize) -> Result<(), Error> {
        self.take(n).map(|_| ())
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (head, tail) = self.rest.split_first_chunk().ok_or(Error::Truncated(self.what))?;
        self.rest = tail;
        Ok(*head)
    }

    pub fn u8(&mut self) -> Result<u8, Error> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    pub fn u16(&mut self) -> Result<u16, Error> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    pub fn u32(&mut self) -> Result<u32, Error> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    pub fn u64(&mut self) -> Result<u64, Error> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    pub fn fourcc(&mut self) -> Result<FourCc, Error> {
        Ok(FourCc(self.array()?))
    }

    /// A 32-bit field, or a 64-bit one where the box's version says so.
    pub fn u32_or_u64(&mut self, wide: bool) -> Result<u64, Error> {
        if wide { self.u64() } else { self.u32().map(u64::from) }
    }

    /// `version` and `flags` of a full box.
    pub fn full_box(&mut self) -> Result<(u8, u32), Error> {
        let word = self.u32()?;
        Ok(((word >> 24) as u8, word & 0x00ff_ffff))
    }

    /// A table's `count`, refused unless `count` rows of `row` bytes are really there.
    pub fn rows(&mut self, count: u32, row: usize) -> Result<usize, Error> {
        let count = usize::try_from(count).map_err(|_| Error::Truncated(self.what))?;
        match count.checked_mul(row) {
            Some(bytes) if bytes <= self.rest.len() => Ok(count),
            _ => Err(Error::Truncated(self.what)),
        }
    }

    /// Bytes up to a zero byte or the end; the zero byte is consumed.
    pub fn c_string(&mut self) -> &'a [u8] {
        let end = self.rest.iter().position(|&b| b == 0).unwrap_or(self.rest.len());
        let text = &self.rest[..end];
        self.rest = self.rest.get(end + 1..).unwrap_or_default();
        text
    }

    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub fn invalid(&self, why: &'static str) -> Error {
        Error::Invalid(self.what, why)
    }
}

/// One box. `body` follows the header; `start` and `body_start` count from the buffer that was iterated.
#[derive(Clone, Copy)]
pub(crate) struct BoxRef<'a> {
    pub kind: FourCc,
    pub start: usize,
    pub body_start: usize,
    pub body: &'a [u8],
}

impl<'a> BoxRef<'a> {
    pub fn end(&self) -> usize {
        self.body_start + self.body.len()
    }

    pub fn is(&self, kind: &[u8; 4]) -> bool {
        self.kind.0 == *kind
    }

    pub fn cursor(&self, what: &'static str) -> Cursor<'a> {
        Cursor::new(self.body, what)
    }
}

/// Iterates over sibling boxes.
pub(crate) struct Boxes<'a> {
    buf: &'a [u8],
    pos: usize,
    /// At the top level of a file a media data box may be cut off (a ranged or running download): it ends the iteration.
    lenient: bool,
}

impl<'a> Boxes<'a> {
    /// Children of a box: each must be whole.
    pub fn children(buf: &'a [u8]) -> Self {
        Boxes { buf, pos: 0, lenient: false }
    }

    /// Boxes of a file or segment.
    pub fn top_level(buf: &'a [u8]) -> Self {
        Boxes { buf, pos: 0, lenient: true }
    }

    fn read(&self) -> Result<Option<BoxRef<'a>>, Error> {
        let rest = &self.buf[self.pos..];
        if rest.len() < 8 {
            // QuickTime ends some containers with four zero bytes.
            let padding = rest.iter().all(|&b| b == 0);
            return if padding || self.lenient { Ok(None) } else { Err(Error::Truncated("box")) };
        }
        let mut cursor = Cursor::new(rest, "box");
        let short = cursor.u32()?;
        let kind = cursor.fourcc()?;
        let (header, size) = match short {
            0 => (8, rest.len() as u64),
            1 => (16, cursor.u64()?),
            n => (8, u64::from(n)),
        };
        let size = match usize::try_from(size) {
            Ok(size) if size <= rest.len() => size,
            _ if self.lenient && !matches!(&kind.0, b"moov" | b"moof" | b"sidx") => return Ok(None),
            _ => return Err(Error::Truncated("box")),
        };
        let body = rest.get(header..size).ok_or(Error::Invalid("box", "size is smaller than its header"))?;
        Ok(Some(BoxRef { kind, start: self.pos, body_start: self.pos + header, body }))
    }
}

impl<'a> Iterator for Boxes<'a> {
    type Item = Result<BoxRef<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.pos >= self.buf.len() {
            return None;
        }
        let item = self.read().transpose();
        self.pos = match &item {
            Some(Ok(b)) => b.end(),
            _ => self.buf.len(),
        };
        item
    }
}

/// The first child of that kind.
pub(crate) fn find<'a>(buf: &'a [u8], kind: &[u8; 4]) -> Result<Option<BoxRef<'a>>, Error> {
    for child in Boxes::children(buf) {
        let child = child?;
        if child.is(kind) {
            return Ok(Some(child));
        }
    }
    Ok(None)
}
