//! The board schema, version 1. Unknown fields are refused, so that a typing error is found at once.
mod machine;
mod media;
mod outside;

pub use machine::*;
pub use media::*;
pub use outside::*;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// Facts that stand here unproven: field to what is doubtful about it. `board check` repeats each with the place to look.
    #[serde(default)]
    pub doubts: BTreeMap<String, String>,
    /// Optional facts that this board really has not: field to the reason.
    #[serde(default)]
    pub absent: BTreeMap<String, String>,
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
    /// What the image has beyond the base, and how large it may be.
    pub image: Image,
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
    /// The wired network.
    #[serde(default)]
    pub network: Network,
    /// Wi-Fi and Bluetooth.
    #[serde(default)]
    pub radio: Radio,
    /// Standby and wake.
    #[serde(default)]
    pub power: Power,
    /// Hardware watchdog.
    pub watchdog: Option<Watchdog>,
    /// Temperatures.
    pub thermal: Option<Thermal>,
    /// Content protection.
    pub drm: Drm,
    /// Who the box is.
    #[serde(default)]
    pub identity: Identity,
    /// How QEMU is started, where QEMU is the board.
    pub qemu: Option<Qemu>,
}

impl Board {
    /// All firmware files that the image carries.
    pub fn firmware(&self) -> impl Iterator<Item = &Firmware> {
        self.image.firmware.iter().chain(&self.radio.firmware)
    }
}
