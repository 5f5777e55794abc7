//! Pictures and sound: decoders, planes, sinks, content protection.
use serde::{Deserialize, Serialize};

/// Decoders and the way of pictures to the screen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Video {
    /// How pictures reach the screen.
    pub output: VideoOutput,
    /// In order of preference within a codec.
    pub decoder: Vec<Decoder>,
}

/// How pictures reach the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VideoOutput {
    /// A hardware plane under the UI.
    KmsPlane,
    /// A Wayland subsurface under the UI.
    Wayland,
    /// Imported as a GL texture.
    Gl,
    /// Converted and composed by the CPU.
    Software,
}

/// One decoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Decoder {
    /// `h264`, `h265`, `av1`, `vp9`, …
    pub codec: String,
    /// GStreamer element.
    pub element: String,
    /// Kernel driver behind it; none in software.
    pub driver: Option<String>,
    /// `WIDTHxHEIGHT@FPS`: measured, not what the driver advertises.
    pub max: String,
    /// What `max` rests on.
    pub evidence: Evidence,
    /// `baseline`, `main`, `high`, `main-10`, …; empty: what the codec usually means.
    #[serde(default)]
    pub profiles: Vec<String>,
    /// Bits a sample.
    #[serde(default = "eight")]
    pub depth: Vec<u8>,
    /// Pixel formats that come out, as GStreamer names them.
    #[serde(default)]
    pub formats: Vec<String>,
    /// Known misbehaviour: `recreate-on-seek`, `recreate-on-resolution-change`, `lock-resolution`.
    #[serde(default)]
    pub quirks: Vec<String>,
}

fn eight() -> Vec<u8> {
    vec![8]
}

/// What a decoder's limit rests on, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// Every test run plays at this size.
    Tested,
    /// Measured on the board.
    Measured,
    /// The SoC's manual says so.
    Manual,
    /// The driver says so; drivers advertise more than they can.
    Driver,
    /// Reckoned from like processors.
    Estimate,
}

/// Screen and planes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Display {
    /// KMS driver.
    pub driver: String,
    /// `WIDTHxHEIGHT@HZ`.
    pub max_mode: String,
    /// Bits a colour on the cable.
    #[serde(default = "eight")]
    pub depth: Vec<u8>,
    /// `hdr10`, `hlg`; only what the driver can signal.
    #[serde(default)]
    pub hdr: Vec<String>,
    /// Planes in stacking order, lowest first.
    pub plane: Vec<Plane>,
}

/// One plane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Plane {
    /// `video`, `ui` or `both`.
    #[serde(rename = "use")]
    pub role: String,
    /// DRM FourCCs: `NV12`, `XR24`, `AR24`, …
    pub formats: Vec<String>,
    /// `WIDTHxHEIGHT`, where the plane is smaller than the mode.
    pub max: Option<String>,
}

/// Sound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Audio {
    /// GStreamer sink element.
    pub sink: String,
    /// ALSA card, as `/proc/asound/cards` has it in brackets; the first one if none is named.
    pub card: Option<String>,
    /// AAC and other sound decoders, in order of preference: GStreamer elements.
    #[serde(default)]
    pub decoders: Vec<String>,
    /// Codecs the output takes undecoded (IEC 61937).
    #[serde(default)]
    pub passthrough: Vec<String>,
}

/// Content protection, `security-level` named as RDK's HAL does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Drm {
    /// See [`SecurityLevel`].
    pub security_level: SecurityLevel,
    /// Key systems the image has a CDM for.
    pub systems: Vec<String>,
    /// Highest HDCP version of the output; none where the driver has none.
    pub hdcp_max: Option<String>,
    /// Sessions that can be open at once.
    #[serde(default = "four")]
    pub max_sessions: u32,
}

fn four() -> u32 {
    4
}

/// How well keys and pictures are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SecurityLevel {
    /// Decryption in ordinary software.
    SwSecureCrypto,
    /// Decryption and decoding in ordinary software, hardened.
    SwSecureDecode,
    /// Keys in the secure world.
    HwSecureCrypto,
    /// Keys and decoding in the secure world.
    HwSecureDecode,
    /// Keys, decoding and output in the secure world.
    HwSecureAll,
}
