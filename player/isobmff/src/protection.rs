//! Protection boxes: `sinf`, `tenc`, `seig` groups and `pssh` (ISO 23001-7 §6, §8).
use crate::reader::{Boxes, Cursor, find};
use crate::{Error, FourCc, KeyId, Pattern, Protection, Pssh, Scheme, SystemId};

impl Scheme {
    /// `schm.scheme_type`.
    pub fn fourcc(self) -> FourCc {
        FourCc(match self {
            Scheme::Cenc => *b"cenc",
            Scheme::Cbc1 => *b"cbc1",
            Scheme::Cens => *b"cens",
            Scheme::Cbcs => *b"cbcs",
        })
    }

    /// The scheme of a `scheme_type`, if it is one of Common Encryption's.
    pub fn from_fourcc(code: FourCc) -> Option<Self> {
        [Scheme::Cenc, Scheme::Cbc1, Scheme::Cens, Scheme::Cbcs].into_iter().find(|s| s.fourcc() == code)
    }
}

/// Reads the body of a `sinf`: the original format and the protection.
pub(crate) fn parse_sinf(body: &[u8]) -> Result<(FourCc, Protection), Error> {
    let frma = find(body, b"frma")?.ok_or(Error::Missing("frma"))?;
    let format = frma.cursor("frma").fourcc()?;
    let schm = find(body, b"schm")?.ok_or(Error::Missing("schm"))?;
    let mut cursor = schm.cursor("schm");
    cursor.full_box()?;
    let scheme = Scheme::from_fourcc(cursor.fourcc()?).ok_or(Error::Unsupported("protection scheme"))?;
    let schi = find(body, b"schi")?.ok_or(Error::Missing("schi"))?;
    let tenc = find(schi.body, b"tenc")?.ok_or(Error::Missing("tenc"))?;
    let mut cursor = tenc.cursor("tenc");
    let (version, _) = cursor.full_box()?;
    cursor.skip(1)?;
    Ok((format, parse_defaults(&mut cursor, scheme, version > 0)?))
}

/// The fields that `tenc` and a `seig` entry share, from the pattern byte on.
fn parse_defaults(cursor: &mut Cursor<'_>, scheme: Scheme, has_pattern: bool) -> Result<Protection, Error> {
    let blocks = cursor.u8()?;
    let pattern = if has_pattern { parse_pattern(cursor, blocks)? } else { None };
    let is_protected = match cursor.u8()? {
        0 => false,
        1 => true,
        _ => return Err(cursor.invalid("isProtected is neither 0 nor 1")),
    };
    let iv_size = cursor.u8()?;
    if !matches!(iv_size, 0 | 8 | 16) {
        return Err(cursor.invalid("IV size is not 0, 8 or 16"));
    }
    let key_id = KeyId(cursor.array()?);
    let mut constant_iv = None;
    if is_protected && iv_size == 0 {
        let size = cursor.u8()?;
        if !matches!(size, 8 | 16) {
            return Err(cursor.invalid("constant IV size is not 8 or 16"));
        }
        constant_iv = Some(cursor.take(size.into())?.to_vec());
    }
    Ok(Protection { scheme, is_protected, key_id, iv_size, constant_iv, pattern })
}

fn parse_pattern(cursor: &Cursor<'_>, blocks: u8) -> Result<Option<Pattern>, Error> {
    match (blocks >> 4, blocks & 15) {
        // Nothing skipped: every block, as without a pattern.
        (_, 0) => Ok(None),
        (0, _) => Err(cursor.invalid("pattern encrypts nothing")),
        (crypt, skip) => Ok(Some(Pattern { crypt, skip })),
    }
}

/// Reads the body of a `sgpd`; empty unless it groups by `seig`.
pub(crate) fn parse_sgpd(body: &[u8], scheme: Scheme) -> Result<Vec<Protection>, Error> {
    let mut cursor = Cursor::new(body, "sgpd");
    let (version, _) = cursor.full_box()?;
    if cursor.fourcc()?.0 != *b"seig" {
        return Ok(Vec::new());
    }
    let default_length = if version >= 1 { cursor.u32()? } else { 0 };
    if version >= 2 {
        cursor.skip(4)?;
    }
    let count = cursor.u32()?;
    let count = cursor.rows(count, 20)?;
    let mut groups = Vec::with_capacity(count);
    for _ in 0..count {
        let length = if version >= 1 && default_length == 0 { cursor.u32()? } else { default_length };
        if version == 0 {
            cursor.skip(1)?;
            groups.push(parse_defaults(&mut cursor, scheme, true)?);
        } else {
            let mut entry = Cursor::new(cursor.take(length as usize)?, "seig");
            entry.skip(1)?;
            groups.push(parse_defaults(&mut entry, scheme, true)?);
        }
    }
    Ok(groups)
}

/// Reads the body of a `pssh` (its header already taken off).
pub(crate) fn parse_pssh_body(body: &[u8]) -> Result<Pssh, Error> {
    let mut cursor = Cursor::new(body, "pssh");
    let (version, _) = cursor.full_box()?;
    let system_id = SystemId(cursor.array()?);
    let mut key_ids = Vec::new();
    if version > 0 {
        let count = cursor.u32()?;
        for _ in 0..cursor.rows(count, 16)? {
            key_ids.push(KeyId(cursor.array()?));
        }
    }
    let size = cursor.u32()?;
    Ok(Pssh { system_id, key_ids, data: cursor.take(size as usize)?.to_vec() })
}

/// Reads `pssh` boxes one after the other, as in W3C EME's `cenc` initialization data and `cenc:pssh` of a manifest. Other boxes
/// are passed over.
pub fn parse_pssh(bytes: &[u8]) -> Result<Vec<Pssh>, Error> {
    let mut found = Vec::new();
    for child in Boxes::children(bytes) {
        let child = child?;
        if child.is(b"pssh") {
            found.push(parse_pssh_body(child.body)?);
        }
    }
    Ok(found)
}
