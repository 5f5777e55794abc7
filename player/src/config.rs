//! What an owner of a [`crate::Player`] can set once, before anything plays.

use crate::fetch::cmcd::CmcdMode;
use hearth_cdm::{Cdm, KeyPair, clearkey::ClearKey, limits::Device};
use hearth_isobmff::Codec;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Where sound goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AudioOutput {
    /// The system's default output.
    #[default]
    Auto,
    /// A board's GStreamer sink, and its `device` if it is to be told one; a sink without a device where it does not open.
    Element {
        /// `alsasink`.
        name: String,
        /// `hw:CARD=HDMI`.
        device: Option<String>,
    },
    /// Nowhere, at the right speed: a sink without a device keeps the clock's time.
    None,
}

/// GStreamer decoder elements per codec, best first. The first that is installed is used; where it fails, the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoders {
    /// H.264.
    pub avc: Vec<String>,
    /// H.265.
    pub hevc: Vec<String>,
    /// AV1.
    pub av1: Vec<String>,
    /// VP9.
    pub vp9: Vec<String>,
    /// AAC.
    pub aac: Vec<String>,
    /// AC-3.
    pub ac3: Vec<String>,
    /// E-AC-3.
    pub eac3: Vec<String>,
    /// Opus.
    pub opus: Vec<String>,
    /// What a decoder keeps up with, where that is known.
    pub limits: Vec<Limit>,
}

/// The largest pictures a decoder keeps up with. Renditions that are larger are left alone, unless there is no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// GStreamer element.
    pub element: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Pictures a second.
    pub fps: u32,
}

impl Default for Decoders {
    fn default() -> Self {
        let list = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
        Self {
            avc: list(&["avdec_h264", "openh264dec"]),
            hevc: list(&["avdec_h265", "libde265dec"]),
            av1: list(&["dav1ddec", "av1dec"]),
            vp9: list(&["avdec_vp9", "vp9dec"]),
            aac: list(&["avdec_aac", "faad"]),
            ac3: list(&["avdec_ac3", "a52dec"]),
            eac3: list(&["avdec_eac3"]),
            opus: list(&["opusdec", "avdec_opus"]),
            limits: Vec::new(),
        }
    }
}

impl Decoders {
    /// The list for `codec`; empty where there is none.
    pub fn for_codec(&self, codec: Codec) -> &[String] {
        match codec {
            Codec::Avc => &self.avc,
            Codec::Hevc => &self.hevc,
            Codec::Av1 => &self.av1,
            Codec::Vp9 => &self.vp9,
            Codec::Aac => &self.aac,
            Codec::Ac3 => &self.ac3,
            Codec::Eac3 => &self.eac3,
            Codec::Opus => &self.opus,
            Codec::Wvtt | Codec::Stpp | Codec::Other(_) => &[],
        }
    }

    /// The limit of the decoder that will be used: the first of the list that is installed.
    pub fn limit(&self, codec: Codec, installed: impl Fn(&str) -> bool) -> Option<&Limit> {
        let element = self.for_codec(codec).iter().find(|name| installed(name))?;
        self.limits.iter().find(|l| l.element == *element)
    }
}

/// The clock that licences end by: it never runs back, and counts from any moment.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Duration + Send + Sync>);

impl Clock {
    /// Of a test, or of a CDM that trusts only its own.
    pub fn new(now: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// Milliseconds.
    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from((self.0)().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Default for Clock {
    fn default() -> Self {
        let since = Instant::now();
        Self::new(move || since.elapsed())
    }
}

/// Settings of a [`crate::Player`]. `Default` suits a desktop; a board's file overrides it.
#[derive(Clone)]
pub struct PlayerConfig {
    /// How much media to keep ahead of the picture, in ms.
    pub buffer_ms: u64,
    /// Most bytes of media to keep, over all tracks.
    pub memory_bytes: usize,
    /// Media to have before the first picture moves and after a stall, in ms.
    pub resume_ms: u64,
    /// Decoder elements per codec.
    pub decoders: Decoders,
    /// Where sound goes.
    pub audio: AudioOutput,
    /// `User-Agent` of every request.
    pub user_agent: String,
    /// How CMCD (CTA-5004) goes with every request.
    pub cmcd: CmcdMode,
    /// Where events are reported in the same vocabulary (CTA-5004-B, event mode), by POST; nowhere where it says nothing.
    pub reports: Option<String>,
    /// Authorities that servers' certificates must lead to, in DER, instead of the public ones; none: the public ones.
    pub roots: Vec<Vec<u8>>,
    /// Longest wait for a connection, an answer, or the next bytes of one, in ms.
    pub timeout_ms: u64,
    /// How often a request that failed for a passing reason is tried again before there is a picture.
    pub retries: u32,
    /// Wait before the first such try, in ms; twice as long before each next one, up to five times this. A server's `Retry-After` is heeded.
    pub retry_ms: u64,
    /// How long a passing failure (the network gone, a server down) is put up with once there was a picture, in ms.
    pub patience_ms: u64,
    /// Longest wait for a picture once media is there, before the next decoder of the list is tried, in ms.
    pub picture_ms: u64,
    /// Keys given by hand, for development; no licence is asked for them.
    pub keys: Vec<KeyPair>,
    /// DRM systems of this device, the preferred one first.
    pub cdms: Vec<Arc<dyn Cdm>>,
    /// How well keys and pictures are protected here. [`crate::Command::SetHdcp`] tells of another connection.
    pub device: Device,
    /// What licences end by.
    pub clock: Clock,
}

impl Default for PlayerConfig {
    fn default() -> Self {
        Self {
            buffer_ms: 30_000,
            memory_bytes: 64 << 20,
            resume_ms: 1_000,
            decoders: Decoders::default(),
            audio: AudioOutput::Auto,
            user_agent: concat!("hearth-player/", env!("CARGO_PKG_VERSION")).into(),
            cmcd: CmcdMode::default(),
            reports: None,
            roots: Vec::new(),
            timeout_ms: 8_000,
            retries: 3,
            retry_ms: 200,
            patience_ms: 60_000,
            picture_ms: 8_000,
            keys: Vec::new(),
            cdms: vec![Arc::new(ClearKey)],
            device: Device::default(),
            clock: Clock::default(),
        }
    }
}
