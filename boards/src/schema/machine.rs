//! The machine: processor, kernel, boot loader, disc, memory, image, QEMU.
use serde::{Deserialize, Serialize};

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
    /// Overlays applied to it at image time, from the same package.
    #[serde(default)]
    pub overlays: Vec<String>,
    /// Added to the command line.
    #[serde(default)]
    pub cmdline: Vec<String>,
    /// `device,baud` or `device`.
    pub console: String,
    /// What finding and opening the root takes: disc, dm-verity, squashfs. Without the modules these depend on, which the image adds.
    pub initramfs_modules: Vec<String>,
    /// What is loaded once the root is mounted, in order; as above.
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
    /// The archive's section with that package, if it is not `main`.
    pub section: Option<String>,
    /// File in the package.
    pub file: Option<String>,
    /// Where it goes on the disc, in KiB.
    pub offset_kib: Option<u32>,
    /// See [`VerifiedBoot`].
    pub verified_boot: VerifiedBoot,
    /// What the OEM must bring: proprietary files, own builds, keys burnt in. What is a file goes into the folder of `image --blobs`.
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
    /// Compressed swap in RAM, in percent of RAM.
    #[serde(default)]
    pub zram_percent: u32,
    /// First byte of RAM, where that is not zero and the device tree leaves it to the boot loader.
    #[serde(default)]
    pub ram_base: u64,
}

/// What the image has beyond the base that all boards share, and how large it may be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Image {
    /// The signed update bundle: more fails the build.
    pub bundle_mib: u32,
    /// The root, compressed, with its hash tree: more fails the build.
    pub root_mib: u32,
    /// All of user space while a film plays: more fails the boot test.
    pub memory_mib: u32,
    /// Debian packages that files are taken from.
    #[serde(default)]
    pub packages: Vec<String>,
    /// GStreamer plugins, as in `libgst<name>.so`.
    #[serde(default)]
    pub plugins: Vec<String>,
    /// Kernel modules that are carried and not loaded at start.
    #[serde(default)]
    pub modules: Vec<String>,
    /// Files below `/usr/lib/firmware`.
    #[serde(default)]
    pub firmware: Vec<Firmware>,
}

/// Firmware files of one package, or of the OEM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Firmware {
    /// Debian package; none: Debian has none of these, the OEM brings them.
    pub package: Option<String>,
    /// Paths below `/usr/lib/firmware`.
    pub files: Vec<String>,
}

/// How QEMU is started, where QEMU is the board. Discs, network, serial lines and QMP are added by `cargo xtask qemu`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Qemu {
    /// `-M`.
    pub machine: String,
    /// `-cpu`.
    pub cpu: String,
    /// `-smp`.
    pub cpus: u32,
    /// One `-device` each.
    pub devices: Vec<String>,
    /// The network card, as `-device` takes it, without `netdev`.
    pub network: String,
    /// The disc, as `-device` takes it, without `drive`.
    pub disk: String,
    /// The second serial line, for the panel, as `-device` takes it, without `chardev`.
    pub panel: Option<String>,
}
