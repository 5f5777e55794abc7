//! Writes CMAF media segments (`styp`, `moof`, `mdat`), clear or encrypted (ISO 23000-19 §7.3.2.3, 23001-7 §7).
use crate::cenc;
use crate::nal::SubsampleMaker;
use crate::out::Out;
use crate::{ContentKey, Error, KeyId, Pattern, SampleCrypto, Scheme, Track, TrackKind};

/// One sample's facts, as a sample index keeps them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SampleInfo {
    /// In bytes.
    pub size: u32,
    /// In ticks.
    pub duration: u32,
    /// Composition time minus decoding time, in ticks; may be negative (`trun` version 1).
    pub cts_offset: i32,
    /// A sync sample.
    pub sync: bool,
}

/// One media segment to write: `styp`, `moof`, `mdat`.
pub struct SegmentSpec<'a> {
    /// `mfhd.sequence_number`, from 1.
    pub sequence: u32,
    /// `tfdt.baseMediaDecodeTime` in ticks.
    pub base_decode_time: u64,
    /// How many samples of the track come before this segment. Per-sample IVs are derived from it: give the true number, the
    /// same on every request.
    pub first_sample: u64,
    /// In decoding order.
    pub samples: &'a [SampleInfo],
    /// Their bytes, one after the other, clear.
    pub data: &'a [u8],
}

/// How to encrypt a track's segments. Where the NAL boundaries lie comes from the track's codec and config.
#[derive(Clone)]
pub struct Encryption {
    /// Which scheme.
    pub scheme: Scheme,
    /// The content key.
    pub key: ContentKey,
    /// Its ID.
    pub key_id: KeyId,
    /// `cbcs`: the constant IV. `cenc` and `cens`: its first 8 bytes plus the sample's number in the track are the sample's IV;
    /// `cbc1`: all 16 bytes plus that number. **Two tracks under one key must not share it** (CTR would repeat its keystream):
    /// take it from [`Encryption::derive_iv`].
    pub iv: [u8; 16],
    /// Video pattern of `cens`, `cbcs` (1:9 as a rule); audio is always encrypted whole.
    pub pattern: Option<Pattern>,
}

impl Encryption {
    /// An IV for one track, the same on every call: `label` names the track and must differ between all tracks and renditions
    /// that share `key`.
    pub fn derive_iv(key: &ContentKey, label: &[u8]) -> [u8; 16] {
        cenc::prf(key, label)
    }

    /// `default_Per_Sample_IV_Size`.
    pub(crate) fn iv_size(&self) -> u8 {
        match self.scheme {
            Scheme::Cenc | Scheme::Cens => 8,
            Scheme::Cbc1 => 16,
            Scheme::Cbcs => 0,
        }
    }

    /// Patterns are for pictures under `cens` and `cbcs` alone.
    pub(crate) fn pattern_for(&self, track: &Track) -> Option<Pattern> {
        let has = matches!(self.scheme, Scheme::Cens | Scheme::Cbcs) && track.kind == TrackKind::Video;
        self.pattern.filter(|p| has && p.skip != 0)
    }

    fn check(&self, track: &Track) -> Result<(), Error> {
        match (track.kind, self.pattern) {
            (TrackKind::Video | TrackKind::Audio, Some(p)) if p.crypt == 0 || p.crypt > 15 || p.skip > 15 => {
                Err(Error::Invalid("pattern", "blocks are not within 1..15 and 0..15"))
            }
            (TrackKind::Video | TrackKind::Audio, _) => Ok(()),
            _ => Err(Error::Unsupported("encryption of text")),
        }
    }

    /// The IV of sample `n` of the track.
    fn iv_of(&self, n: u64) -> [u8; 16] {
        match self.scheme {
            Scheme::Cbcs => self.iv,
            Scheme::Cbc1 => u128::from_be_bytes(self.iv).wrapping_add(n.into()).to_be_bytes(),
            Scheme::Cenc | Scheme::Cens => {
                // The counter's own 64 bits start at zero in every sample, so samples never meet.
                let high = (u128::from_be_bytes(self.iv) >> 64) as u64;
                (u128::from(high.wrapping_add(n)) << 64).to_be_bytes()
            }
        }
    }
}

/// Writes one media segment; with `encryption`, its `senc`, `saiz`, `saio` too, and the samples encrypted.
pub fn write_segment(track: &Track, spec: &SegmentSpec<'_>, encryption: Option<&Encryption>) -> Result<Vec<u8>, Error> {
    let total: u64 = spec.samples.iter().map(|s| u64::from(s.size)).sum();
    if total != spec.data.len() as u64 {
        return Err(Error::Invalid("segment", "sample sizes do not add up to its data"));
    }
    let crypto = encryption.map(|e| plan(track, spec, e)).transpose()?;
    let mut out = Out { bytes: Vec::with_capacity(spec.data.len() + spec.samples.len() * 24 + 256) };
    out.boxed(b"styp", |o| {
        o.put(b"cmfs\0\0\0\0cmfsiso6msdh");
        Ok(())
    })?;
    let moof = out.bytes.len();
    let mut data_offset = 0;
    out.boxed(b"moof", |o| {
        o.full(b"mfhd", 0, 0, |o| {
            o.u32(spec.sequence);
            Ok(())
        })?;
        o.boxed(b"traf", |o| {
            tfhd(o, track, spec)?;
            o.full(b"tfdt", 1, 0, |o| {
                o.u64(spec.base_decode_time);
                Ok(())
            })?;
            data_offset = trun(o, spec)?;
            match (&crypto, encryption) {
                (Some(crypto), Some(e)) => sample_boxes(o, crypto, e.iv_size().into(), moof),
                _ => Ok(()),
            }
        })
    })?;
    let payload = out.bytes.len() - moof + 8;
    out.patch(data_offset, u32::try_from(payload).map_err(|_| Error::Invalid("moof", "too long"))?);
    let start = out.bytes.len() + 8;
    out.boxed(b"mdat", |o| {
        o.put(spec.data);
        Ok(())
    })?;
    if let (Some(crypto), Some(e)) = (&crypto, encryption) {
        let mut rest = out.bytes.get_mut(start..).unwrap_or_default();
        for (sample, crypto) in spec.samples.iter().zip(crypto) {
            let (bytes, tail) = rest.split_at_mut(sample.size as usize);
            cenc::encrypt(&e.key, crypto, bytes)?;
            rest = tail;
        }
    }
    Ok(out.bytes)
}

/// Says how each sample is to be encrypted.
fn plan(track: &Track, spec: &SegmentSpec<'_>, e: &Encryption) -> Result<Vec<SampleCrypto>, Error> {
    e.check(track)?;
    let mut maker = SubsampleMaker::new(track, e.scheme)?;
    let mut rest = spec.data;
    let mut plan = Vec::with_capacity(spec.samples.len());
    for (n, sample) in (spec.first_sample..).zip(spec.samples) {
        let (bytes, tail) = rest.split_at(sample.size as usize);
        rest = tail;
        plan.push(SampleCrypto {
            scheme: e.scheme,
            key_id: e.key_id,
            iv: e.iv_of(n),
            pattern: e.pattern_for(track),
            subsamples: maker.subsamples(bytes)?,
        });
    }
    Ok(plan)
}

/// Flags of sync samples ("depends on no other") and of the others.
const SYNC_FLAGS: u32 = 0x0200_0000;
const NON_SYNC_FLAGS: u32 = 0x0101_0000;

fn sample_flags(sync: bool) -> u32 {
    if sync { SYNC_FLAGS } else { NON_SYNC_FLAGS }
}

fn tfhd(o: &mut Out, track: &Track, spec: &SegmentSpec<'_>) -> Result<(), Error> {
    // default-base-is-moof, default duration, default flags.
    o.full(b"tfhd", 0, 0x02_0028, |o| {
        o.u32(track.id);
        o.u32(spec.samples.first().map_or(0, |s| s.duration));
        o.u32(sample_flags(false));
        Ok(())
    })
}

/// Returns where its data offset is to be filled in.
fn trun(o: &mut Out, spec: &SegmentSpec<'_>) -> Result<usize, Error> {
    let samples = spec.samples;
    let durations = samples.windows(2).any(|w| w[0].duration != w[1].duration);
    let flags = samples.iter().any(|s| s.sync);
    let offsets = samples.iter().any(|s| s.cts_offset != 0);
    let bits = 0x1 | 0x200 | if durations { 0x100 } else { 0 } | if flags { 0x400 } else { 0 } | if offsets { 0x800 } else { 0 };
    let mut at = 0;
    o.full(b"trun", 1, bits, |o| {
        o.u32(u32::try_from(samples.len()).map_err(|_| Error::Invalid("trun", "too many samples"))?);
        at = o.bytes.len();
        o.u32(0);
        for s in samples {
            if durations {
                o.u32(s.duration);
            }
            o.u32(s.size);
            if flags {
                o.u32(sample_flags(s.sync));
            }
            if offsets {
                o.u32(s.cts_offset as u32);
            }
        }
        Ok(())
    })?;
    Ok(at)
}

/// `saiz`, `saio`, `senc`. Nothing at all where samples have neither IVs nor subsamples (`cbcs` sound).
fn sample_boxes(o: &mut Out, crypto: &[SampleCrypto], iv_size: usize, moof: usize) -> Result<(), Error> {
    let subsamples = crypto.iter().any(|c| !c.subsamples.is_empty());
    if iv_size == 0 && !subsamples {
        return Ok(());
    }
    let size = |c: &SampleCrypto| iv_size + if subsamples { 2 + c.subsamples.len() * 6 } else { 0 };
    let count = u32::try_from(crypto.len()).map_err(|_| Error::Invalid("senc", "too many samples"))?;
    // A size is one byte: samples of more subsamples than fit are described by `senc` alone.
    let sizes: Option<Vec<u8>> = crypto.iter().map(|c| u8::try_from(size(c)).ok()).collect();
    let mut saio = None;
    if let Some(sizes) = sizes {
        let same = sizes.first().copied().filter(|f| sizes.iter().all(|s| s == f));
        o.full(b"saiz", 0, 0, |o| {
            o.u8(same.unwrap_or(0));
            o.u32(count);
            if same.is_none() {
                o.put(&sizes);
            }
            Ok(())
        })?;
        o.full(b"saio", 0, 0, |o| {
            o.u32(1);
            saio = Some(o.bytes.len());
            o.u32(0);
            Ok(())
        })?;
    }
    o.full(b"senc", 0, if subsamples { 2 } else { 0 }, |o| {
        o.u32(count);
        if let Some(at) = saio {
            let offset = o.bytes.len() - moof;
            o.patch(at, u32::try_from(offset).map_err(|_| Error::Invalid("saio", "too far"))?);
        }
        for c in crypto {
            o.put(&c.iv[..iv_size]);
            if subsamples {
                o.u16(u16::try_from(c.subsamples.len()).map_err(|_| Error::Invalid("senc", "too many subsamples"))?);
                for s in &c.subsamples {
                    o.u16(u16::try_from(s.clear).map_err(|_| Error::Invalid("senc", "clear range too long"))?);
                    o.u32(s.protected);
                }
            }
        }
        Ok(())
    })
}
