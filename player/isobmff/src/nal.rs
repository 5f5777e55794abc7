//! Splits samples into clear and protected parts (ISO 23001-7 §9.5, §10): NAL headers, slice headers and non-VCL NAL units stay
//! clear; sound is encrypted whole.
use crate::{Codec, Error, Scheme, Subsample, Track, TrackKind};
use crate::{avc, hevc};

/// Left clear at the start of a slice whose header cannot be read (parameter sets missing, screen content): longer than headers
/// are in practice, with HEVC's entry points for each of the 34 rows of a 4K picture.
const FALLBACK: usize = 208;

/// `BytesOfClearData` is 16 bits.
const MAX_CLEAR: usize = 0xffff;

/// Makes the subsamples of one track's samples, in decoding order.
pub(crate) enum SubsampleMaker {
    /// No subsamples: the whole sample.
    Whole,
    /// NAL units behind a length of so many bytes.
    Avc { length_size: usize, aligned: bool, slices: avc::SliceParser },
    /// See `Avc`.
    Hevc { length_size: usize, aligned: bool, slices: hevc::SliceParser },
}

impl SubsampleMaker {
    pub fn new(track: &Track, scheme: Scheme) -> Result<Self, Error> {
        // All but cbcs want protected ranges in multiples of 16 bytes (§9.5.2, §10.2).
        let aligned = scheme != Scheme::Cbcs;
        let length_size = |at: usize, what| {
            let byte = track.config.get(at).ok_or(Error::Truncated(what))?;
            Ok(usize::from(byte & 3) + 1)
        };
        match (track.kind, track.codec) {
            (TrackKind::Audio, _) => Ok(SubsampleMaker::Whole),
            (_, Codec::Avc) => Ok(SubsampleMaker::Avc {
                length_size: length_size(4, "avcC")?,
                aligned,
                slices: avc::SliceParser::from_config(&track.config),
            }),
            (_, Codec::Hevc) => Ok(SubsampleMaker::Hevc {
                length_size: length_size(21, "hvcC")?,
                aligned,
                slices: hevc::SliceParser::from_config(&track.config),
            }),
            // Headers of AV1 and VP9 must stay clear and are not parsed here.
            _ => Err(Error::Unsupported("encryption of this codec")),
        }
    }

    /// Empty means the whole sample.
    pub fn subsamples(&mut self, sample: &[u8]) -> Result<Vec<Subsample>, Error> {
        let (length_size, aligned) = match self {
            SubsampleMaker::Whole => return Ok(Vec::new()),
            SubsampleMaker::Avc { length_size, aligned, .. } | SubsampleMaker::Hevc { length_size, aligned, .. } => {
                (*length_size, *aligned)
            }
        };
        let mut list = List::default();
        let mut rest = sample;
        while !rest.is_empty() {
            let (length, after) = rest.split_at_checked(length_size).ok_or(Error::Truncated("NAL unit"))?;
            let length = length.iter().fold(0usize, |n, &b| n << 8 | usize::from(b));
            let (nal, after) = after.split_at_checked(length).ok_or(Error::Truncated("NAL unit"))?;
            rest = after;
            let mut clear = self.clear_bytes(nal).min(nal.len());
            let mut protected = nal.len() - clear;
            if aligned {
                clear += protected % 16;
                protected -= protected % 16;
            }
            // A range without a whole block would stay as it is: say so.
            if protected < 16 {
                clear += protected;
                protected = 0;
            }
            list.add(length_size + clear, protected)?;
        }
        Ok(list.finish())
    }

    /// How many bytes at the start of a NAL unit stay clear.
    fn clear_bytes(&mut self, nal: &[u8]) -> usize {
        let Some(&first) = nal.first() else { return 0 };
        match self {
            SubsampleMaker::Whole => 0,
            SubsampleMaker::Avc { slices, .. } => match first & 31 {
                1 | 5 => slices.header_bytes(nal).unwrap_or(FALLBACK),
                // Data partitions, which no streamed profile has.
                2..=4 => FALLBACK,
                7 | 8 => {
                    slices.parameter_set(nal);
                    nal.len()
                }
                _ => nal.len(),
            },
            SubsampleMaker::Hevc { slices, .. } => match first >> 1 & 63 {
                0..=31 => slices.header_bytes(nal).unwrap_or(FALLBACK),
                33 | 34 => {
                    slices.parameter_set(nal);
                    nal.len()
                }
                _ => nal.len(),
            },
        }
    }
}

/// Collects ranges; clear ones that follow each other become one.
#[derive(Default)]
struct List {
    done: Vec<Subsample>,
    clear: usize,
}

impl List {
    fn add(&mut self, clear: usize, protected: usize) -> Result<(), Error> {
        self.clear += clear;
        if protected > 0 {
            let protected = u32::try_from(protected).map_err(|_| Error::Invalid("NAL unit", "too long"))?;
            self.flush(protected);
        }
        Ok(())
    }

    fn flush(&mut self, protected: u32) {
        while self.clear > MAX_CLEAR {
            self.done.push(Subsample { clear: MAX_CLEAR as u32, protected: 0 });
            self.clear -= MAX_CLEAR;
        }
        self.done.push(Subsample { clear: self.clear as u32, protected });
        self.clear = 0;
    }

    fn finish(mut self) -> Vec<Subsample> {
        if self.clear > 0 {
            self.flush(0);
        }
        self.done
    }
}
