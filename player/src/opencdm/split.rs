//! A sample in the pieces that OpenCDM can take: at most 255 subsamples a call, at most 65535 clear bytes a subsample.

use super::abi::SubSample;
use hearth_cdm::DecryptError;
use hearth_isobmff::{SampleCrypto, Scheme, Subsample};

/// `uint8_t subSampleCount`.
const MOST: usize = u8::MAX as usize;

/// One call: subsamples of the bytes that go with it; none where all of them are encrypted.
pub(super) struct Part {
    pub(super) subsamples: Vec<SubSample>,
}

/// `EncryptionScheme`.
pub(super) fn scheme_number(scheme: Scheme) -> u32 {
    match scheme {
        Scheme::Cenc => 1,
        Scheme::Cbc1 => 2,
        Scheme::Cens => 3,
        Scheme::Cbcs => 4,
    }
}

/// As OpenCDM writes it: what is too long in the clear comes in several.
fn entries(subsample: &Subsample) -> Vec<SubSample> {
    let mut clear = subsample.clear;
    let mut out = Vec::new();
    while clear > u32::from(u16::MAX) {
        out.push(SubSample { clear_bytes: u16::MAX, encrypted_bytes: 0 });
        clear -= u32::from(u16::MAX);
    }
    out.push(SubSample { clear_bytes: clear as u16, encrypted_bytes: subsample.protected });
    out
}

/// Has `decrypt` work through `data`, part by part.
pub(super) fn each(
    crypto: &SampleCrypto,
    data: &mut [u8],
    mut decrypt: impl FnMut(&Part, &mut [u8]) -> Result<(), DecryptError>,
) -> Result<(), DecryptError> {
    let size = |s: &Subsample| s.clear as usize + s.protected as usize;
    if !crypto.subsamples.is_empty() && crypto.subsamples.iter().map(size).sum::<usize>() != data.len() {
        return Err(DecryptError::Sample("its subsamples are not as long as it is".into()));
    }
    let all: Vec<SubSample> = crypto.subsamples.iter().flat_map(entries).collect();
    if all.len() <= MOST {
        return decrypt(&Part { subsamples: all }, data);
    }
    match crypto.scheme {
        // One key stream, or one chain, runs on through all encrypted bytes: they may as well lie side by side.
        Scheme::Cenc | Scheme::Cbc1 => {
            gathered(&crypto.subsamples, data, |bytes| decrypt(&Part { subsamples: Vec::new() }, bytes))
        }
        // Each subsample begins anew with the IV.
        Scheme::Cbcs => {
            let mut at = 0;
            for s in &crypto.subsamples {
                let start = at + s.clear as usize;
                at = start + s.protected as usize;
                if let Some(bytes) = data.get_mut(start..at).filter(|b| !b.is_empty()) {
                    decrypt(&Part { subsamples: vec![SubSample { clear_bytes: 0, encrypted_bytes: s.protected }] }, bytes)?;
                }
            }
            Ok(())
        }
        Scheme::Cens => Err(DecryptError::Sample("more than 255 subsamples under cens, which OpenCDM cannot say".into())),
    }
}

/// Takes the encrypted bytes together, and puts them back.
fn gathered(
    subsamples: &[Subsample],
    data: &mut [u8],
    work: impl FnOnce(&mut [u8]) -> Result<(), DecryptError>,
) -> Result<(), DecryptError> {
    let mut ranges = Vec::new();
    let mut at = 0;
    for s in subsamples {
        let start = at + s.clear as usize;
        at = start + s.protected as usize;
        ranges.push(start..at);
    }
    let mut bytes: Vec<u8> = ranges.iter().flat_map(|r| data.get(r.clone()).unwrap_or_default()).copied().collect();
    work(&mut bytes)?;
    let mut from = &bytes[..];
    for range in ranges {
        let (part, rest) = from.split_at_checked(range.len()).unwrap_or((from, &[]));
        if let Some(place) = data.get_mut(range).filter(|p| p.len() == part.len()) {
            place.copy_from_slice(part);
        }
        from = rest;
    }
    Ok(())
}
