//! AudioSpecificConfig (ISO 14496-3 §1.6.2.1): what a codec string and audio caps need of it.
use crate::bits::Bits;

const RATES: [u32; 13] = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];

/// The leading fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct AudioSpecificConfig {
    /// 2 AAC-LC, 5 SBR (HE-AAC), 29 PS (HE-AAC v2), 42 xHE-AAC; the outermost one signalled.
    pub object_type: u32,
    /// Samples a second of the output where it is signalled.
    pub sample_rate: u32,
    /// Zero where a program config element says.
    pub channels: u32,
}

impl AudioSpecificConfig {
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut bits = Bits::new(bytes);
        let object_type = object_type(&mut bits)?;
        let mut sample_rate = rate(&mut bits)?;
        let channels = match bits.u(4)? {
            7 => 8,
            11 => 7,
            12 | 14 => 8,
            n @ 0..=6 => n,
            _ => return None,
        };
        if matches!(object_type, 5 | 29) {
            sample_rate = rate(&mut bits)?;
        }
        Some(AudioSpecificConfig { object_type, sample_rate, channels })
    }
}

fn object_type(bits: &mut Bits<'_>) -> Option<u32> {
    Some(match bits.u(5)? {
        31 => 32 + bits.u(6)?,
        n => n,
    })
}

fn rate(bits: &mut Bits<'_>) -> Option<u32> {
    match bits.u(4)? {
        15 => bits.u(24),
        n => RATES.get(n as usize).copied(),
    }
}
