//! The board schema, version 1. Unknown fields are refused, so that a typing error is found at once.

use serde::{Deserialize, Serialize};

/// The schema version this crate reads.
pub const SCHEMA: u32 = 1;

/// How far a board is supported, and on what evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Support {
    /// Booted and played on in every test run.
    Tier0,
    /// Open boot chain and decoders from Debian alone.
    Tier1,
    /// Needs blobs or a kernel that the OEM brings.
    Tier2,
    /// Best effort.
    Tier3,
}

/// A whole board, expanded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Board {
    /// Always [`SCHEMA`].
    pub schema: u32,
    /// File name without `.toml`; kebab-case.
    pub id: String,
    /// For a person.
    pub name: String,
    /// See [`Support`].
    pub support: Support,
    /// What the support tier rests on: a test, a DTB, a package; one sentence.
    pub evidence: String,
    /// The device tree root's `compatible`, most specific first.
    pub compatible: Vec<String>,
    /// What programs are built for.
    pub target: Target,
    /// The kernel and its modules.
    pub kernel: Kernel,
    /// How the board comes up.
    pub bootloader: Bootloader,
    /// Where the image lives.
    pub storage: Storage,
    /// RAM and budgets.
    pub memory: Memory,
    /// Decoders and output.
    pub video: Video,
    /// Screen and planes.
    pub display: Display,
    /// Sound.
    pub audio: Audio,
    /// HDMI-CEC, if wired.
    pub cec: Option<Cec>,
    /// Remote controls.
    #[serde(default)]
    pub input: Input,
    /// The front-panel microcontroller, if there is one.
    pub panel: Option<Panel>,
    /// Standby and wake.
    #[serde(default)]
    pub power: Power,
    /// Hardware watchdog.
    pub watchdog: Option<Watchdog>,
    /// Content protection.
    pub drm: Drm,
}

/// What programs are built for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Target {
    /// Rust target triple.
    pub triple: String,
    /// `-C target-cpu`.
    pub cpu: String,
    /// Debian architecture name.
    pub debian_arch: String,
}

/// The kernel and its modules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Kernel {
    /// Debian suite.
    pub suite: String,
    /// Debian package.
    pub package: String,
    /// Device tree in the package; none where the machine brings its own.
    pub dtb: Option<String>,
    /// Added to the command line.
    #[serde(default)]
    pub cmdline: Vec<String>,
    /// `device,baud` or `device`.
    pub console: String,
    /// Modules to load, in order.
    pub modules: Vec<String>,
}

/// Which boot loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BootloaderKind {
    /// Das U-Boot.
    UBoot,
    /// The Raspberry Pi firmware.
    Raspi,
}

/// What refuses an unsigned kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VerifiedBoot {
    /// A FIT whose signature the boot loader requires.
    Fit,
    /// Nothing does.
    None,
}

/// How the board comes up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Bootloader {
    /// Which.
    pub kind: BootloaderKind,
    /// Debian package, if Debian has it for this board.
    pub package: Option<String>,
    /// File in the package.
    pub file: Option<String>,
    /// Where it goes on the disc, in KiB.
    pub offset_kib: Option<u32>,
    /// See [`VerifiedBoot`].
    pub verified_boot: VerifiedBoot,
    /// Proprietary files the OEM must bring; the image build asks for `--accept-blobs`.
    #[serde(default)]
    pub blobs: Vec<String>,
}

/// Where the image lives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Storage {
    /// `emmc`, `sd`, `virtio`, …
    pub media: Vec<String>,
    /// First sector (512 bytes) that partitions may use.
    pub first_lba: u64,
    /// One of the two system slots.
    pub slot_mib: u32,
    /// The least that `/data` must have.
    pub data_min_mib: u32,
}

/// RAM and budgets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Memory {
    /// Fitted.
    pub ram_mib: u32,
    /// Contiguous memory set aside for decoders and planes.
    pub cma_mib: u32,
    /// The launcher's limit.
    pub launcher_mib: u32,
    /// The player's limit.
    pub player_mib: u32,
}

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
    /// Bits a sample.
    #[serde(default = "eight")]
    pub depth: Vec<u8>,
    /// Known misbehaviour: `recreate-on-seek`, `recreate-on-resolution-change`, `lock-resolution`.
    #[serde(default)]
    pub quirks: Vec<String>,
}

fn eight() -> Vec<u8> {
    vec![8]
}

/// Screen and planes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Display {
    /// KMS driver.
    pub driver: String,
    /// `WIDTHxHEIGHT@HZ`.
    pub max_mode: String,
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
}

/// Sound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Audio {
    /// GStreamer sink element.
    pub sink: String,
    /// Codecs the output takes undecoded (IEC 61937).
    #[serde(default)]
    pub passthrough: Vec<String>,
}

/// HDMI-CEC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Cec {
    /// Kernel adapter.
    pub adapter: String,
}

/// Remote controls.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Input {
    /// Infrared receiver of the SoC.
    pub ir_driver: Option<String>,
    /// rc-core keymap.
    pub ir_keymap: Option<String>,
}

/// The front-panel microcontroller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Panel {
    /// Serial device without `/dev/`.
    pub device: String,
    /// Bits a second.
    pub baud: u32,
}

/// Standby and wake, named as RDK's power HAL does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Power {
    /// `ir`, `cec`, `timer`, `front-panel`, `lan`, …
    #[serde(default)]
    pub wake: Vec<String>,
}

/// Hardware watchdog.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Watchdog {
    /// Kernel driver.
    pub driver: String,
    /// Seconds until it bites.
    pub timeout_s: u32,
}

/// Content protection, `security-level` named as RDK's HAL does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Drm {
    /// See [`SecurityLevel`].
    pub security_level: SecurityLevel,
    /// Key systems the image has a CDM for.
    pub systems: Vec<String>,
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
