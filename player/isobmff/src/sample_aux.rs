//! How each sample of a track fragment is encrypted: `senc`, or `saiz` and `saio`; `sbgp` and `sgpd` of `seig` (ISO 23001-7 §6, §7).
use crate::protection::parse_sgpd;
use crate::reader::{BoxRef, Cursor};
use crate::{Error, Protection, SampleCrypto, Subsample, Track};

/// The boxes of one `traf` that bear on encryption.
#[derive(Default)]
pub(crate) struct CryptoBoxes<'a> {
    senc: Option<&'a [u8]>,
    saiz: Option<&'a [u8]>,
    saio: Option<&'a [u8]>,
    sgpd: Vec<&'a [u8]>,
    sbgp: Option<&'a [u8]>,
}

impl<'a> CryptoBoxes<'a> {
    /// Keeps the box if it is one of ours.
    pub fn offer(&mut self, child: &BoxRef<'a>) {
        match &child.kind.0 {
            b"senc" => self.senc = Some(child.body),
            b"saiz" if is_cenc_aux(child.body) => self.saiz = Some(child.body),
            b"saio" if is_cenc_aux(child.body) => self.saio = Some(child.body),
            b"sgpd" => self.sgpd.push(child.body),
            b"sbgp" if child.body.get(4..8) == Some(b"seig") => self.sbgp = Some(child.body),
            _ => {}
        }
    }

    /// One answer for each of the fragment's samples. `description` is its sample description index, `segment` and `base` are
    /// what `saio` counts from.
    pub fn resolve(
        &self,
        track: &Track,
        description: u32,
        count: usize,
        segment: &[u8],
        base: usize,
    ) -> Result<Vec<Option<SampleCrypto>>, Error> {
        let index = description.max(1) as usize - 1;
        let default = match track.entries.get(index) {
            Some(entry) => entry.as_ref(),
            None if track.entries.is_empty() => track.protection.as_ref(),
            None => return Err(Error::Invalid("traf", "no such sample description")),
        };
        // A clear sample entry: nothing below applies.
        let Some(default) = default else { return Ok(vec![None; count]) };
        let mut local = Vec::new();
        for body in &self.sgpd {
            local.extend(parse_sgpd(body, default.scheme)?);
        }
        let mut groups = Groups::new(self.sbgp, track, &local)?;
        let mut aux = self.aux_source(count, segment, base)?;
        let mut out = Vec::with_capacity(count);
        for n in 0..count {
            let protection = groups.next()?.unwrap_or(default);
            out.push(aux.sample(n, protection)?);
        }
        Ok(out)
    }

    fn aux_source(&self, count: usize, segment: &'a [u8], base: usize) -> Result<AuxSource<'a>, Error> {
        let sizes = self.saiz.map(|body| Sizes::parse(body, count)).transpose()?;
        if let Some(body) = self.senc {
            let mut cursor = Cursor::new(body, "senc");
            let (_, flags) = cursor.full_box()?;
            let listed = cursor.u32()?;
            if listed as usize != count {
                return Err(cursor.invalid("sample count differs from trun's"));
            }
            // `saiz` delimits entries best, but only one that agrees with `senc` is to be believed.
            let sizes = sizes.filter(|s| s.total() == cursor.rest().len());
            return Ok(AuxSource { data: Some(cursor), sizes, subsamples: flags & 2 != 0 });
        }
        if let (Some(saio), Some(sizes)) = (self.saio, sizes) {
            let offset = first_saio_offset(saio)?;
            let start = usize::try_from(offset).ok().and_then(|o| base.checked_add(o));
            let data = start.and_then(|s| segment.get(s..)).ok_or(Error::Truncated("saio"))?;
            return Ok(AuxSource { data: Some(Cursor::new(data, "saio")), sizes: Some(sizes), subsamples: true });
        }
        Ok(AuxSource { data: None, sizes: None, subsamples: false })
    }
}

/// Common Encryption's own auxiliary information: no type given, or a scheme's.
fn is_cenc_aux(body: &[u8]) -> bool {
    match body.get(3) {
        Some(flags) if flags & 1 == 1 => matches!(body.get(4..8), Some(b"cenc" | b"cbc1" | b"cens" | b"cbcs")),
        _ => true,
    }
}

fn first_saio_offset(body: &[u8]) -> Result<u64, Error> {
    let mut cursor = Cursor::new(body, "saio");
    let (version, flags) = cursor.full_box()?;
    if flags & 1 == 1 {
        cursor.skip(8)?;
    }
    if cursor.u32()? != 1 {
        return Err(Error::Unsupported("saio with an offset per run"));
    }
    cursor.u32_or_u64(version != 0)
}

/// `saiz`: bytes of auxiliary information of each sample.
enum Sizes<'a> {
    Same(u8, usize),
    Each(&'a [u8]),
}

impl<'a> Sizes<'a> {
    fn parse(body: &'a [u8], count: usize) -> Result<Self, Error> {
        let mut cursor = Cursor::new(body, "saiz");
        let (_, flags) = cursor.full_box()?;
        if flags & 1 == 1 {
            cursor.skip(8)?;
        }
        let default = cursor.u8()?;
        let listed = cursor.u32()? as usize;
        if listed > count {
            return Err(cursor.invalid("more samples than trun's"));
        }
        Ok(if default == 0 { Sizes::Each(cursor.take(listed)?) } else { Sizes::Same(default, listed) })
    }

    /// A sample past the end of the table has none.
    fn get(&self, n: usize) -> usize {
        match *self {
            Sizes::Same(size, listed) => usize::from(size) * usize::from(n < listed),
            Sizes::Each(sizes) => sizes.get(n).map_or(0, |&s| s.into()),
        }
    }

    fn total(&self) -> usize {
        match *self {
            Sizes::Same(size, listed) => usize::from(size).saturating_mul(listed),
            Sizes::Each(sizes) => sizes.iter().map(|&s| usize::from(s)).sum(),
        }
    }
}

/// Hands out the auxiliary information sample by sample.
struct AuxSource<'a> {
    data: Option<Cursor<'a>>,
    sizes: Option<Sizes<'a>>,
    subsamples: bool,
}

impl AuxSource<'_> {
    fn sample(&mut self, n: usize, protection: &Protection) -> Result<Option<SampleCrypto>, Error> {
        let mut iv = [0; 16];
        let mut subsamples = Vec::new();
        let mut has_iv = false;
        if let Some(data) = &mut self.data {
            let size = self.sizes.as_ref().map(|s| s.get(n));
            let iv_size = if protection.is_protected { usize::from(protection.iv_size) } else { 0 };
            match size {
                Some(0) => {}
                Some(size) => {
                    let mut entry = Cursor::new(data.take(size)?, "auxiliary information");
                    if protection.is_protected {
                        iv[..iv_size].copy_from_slice(entry.take(iv_size)?);
                        has_iv = iv_size != 0;
                        if !entry.is_empty() {
                            subsamples = parse_subsamples(&mut entry)?;
                        }
                    }
                }
                None => {
                    iv[..iv_size].copy_from_slice(data.take(iv_size)?);
                    has_iv = iv_size != 0;
                    if self.subsamples {
                        subsamples = parse_subsamples(data)?;
                    }
                }
            }
        }
        if !protection.is_protected {
            return Ok(None);
        }
        if let Some(constant) = &protection.constant_iv {
            let n = constant.len().min(16);
            iv[..n].copy_from_slice(&constant[..n]);
        } else if !has_iv {
            return Err(Error::Missing("senc"));
        }
        Ok(Some(SampleCrypto {
            scheme: protection.scheme,
            key_id: protection.key_id,
            iv,
            pattern: protection.pattern,
            subsamples,
        }))
    }
}

fn parse_subsamples(cursor: &mut Cursor<'_>) -> Result<Vec<Subsample>, Error> {
    let count = cursor.u16()?;
    let count = cursor.rows(count.into(), 6)?;
    let mut out = Vec::with_capacity(count);
    for _ in 0..count {
        out.push(Subsample { clear: cursor.u16()?.into(), protected: cursor.u32()? });
    }
    Ok(out)
}

/// Walks `sbgp`'s runs.
struct Groups<'a> {
    table: Option<Cursor<'a>>,
    rows: usize,
    left: u32,
    current: Option<&'a Protection>,
    track: &'a [Protection],
    local: &'a [Protection],
}

impl<'a> Groups<'a> {
    fn new(sbgp: Option<&'a [u8]>, track: &'a Track, local: &'a [Protection]) -> Result<Self, Error> {
        let mut groups = Groups { table: None, rows: 0, left: 0, current: None, track: &track.key_groups, local };
        if let Some(body) = sbgp {
            let mut cursor = Cursor::new(body, "sbgp");
            let (version, _) = cursor.full_box()?;
            cursor.skip(if version == 1 { 8 } else { 4 })?;
            let count = cursor.u32()?;
            groups.rows = cursor.rows(count, 8)?;
            groups.table = Some(cursor);
        }
        Ok(groups)
    }

    /// The group of the next sample; none means the track's defaults hold.
    fn next(&mut self) -> Result<Option<&'a Protection>, Error> {
        let Some(table) = &mut self.table else { return Ok(None) };
        while self.left == 0 {
            if self.rows == 0 {
                return Ok(None);
            }
            self.rows -= 1;
            self.left = table.u32()?;
            let index = table.u32()?;
            self.current = match index {
                0 => None,
                // Above 0x10000 the fragment's own table is meant (ISO 14496-12 §8.9.4).
                n if n > 0x10000 => Some(self.local.get(n as usize - 0x10001)),
                n => Some(self.track.get(n as usize - 1)),
            }
            .map(|found| found.ok_or(Error::Invalid("sbgp", "no such group")))
            .transpose()?;
        }
        self.left -= 1;
        Ok(self.current)
    }
}
