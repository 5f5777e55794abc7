//! What the first half of the image build hands to the second: an assembled root, a kernel, two static programs, and the list of what is in them.
use anyhow::{Context, Result};
use hearth_boards::Board;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Everything that [`pack`](super) needs; nothing in it changes after this is made.
pub struct Inputs {
    /// The expanded board.
    pub board: Board,
    /// Of the product, `0.1.0`.
    pub version: String,
    /// SHA-256 over all inputs, hex.
    pub build_id: String,
    /// A box that ran this refuses bundles with a lower one.
    pub rollback_index: u32,
    /// `SOURCE_DATE_EPOCH`: every time stamp in the image.
    pub epoch: u64,
    /// With a shell, and saying so.
    pub development: bool,
    /// The assembled tree.
    pub root: PathBuf,
    /// Uncompressed `Image`.
    pub kernel_image: PathBuf,
    /// All modules of the kernel package, decompressed, with `modules.dep`: `lib/modules/<release>`.
    pub modules_dir: PathBuf,
    /// `6.12.107+deb13-arm64`.
    pub kernel_release: String,
    /// `hearth-init` without any shared library, for the initramfs.
    pub init_static: PathBuf,
    /// `hearth-update` without any shared library, for recovery.
    pub update_static: PathBuf,
    /// The Debian packages that gave at least one file.
    pub debs: Vec<Deb>,
    /// The crates linked into the box's programs.
    pub crates: Vec<LinkedCrate>,
    /// The boot loader's package unpacked, where Debian has it.
    pub loader_dir: Option<PathBuf>,
    /// What the OEM brings: `u-boot.bin`, `firmware/…`, `root/…`.
    pub blobs: Option<PathBuf>,
    /// Where the results go: `target/image/<board>`.
    pub out: PathBuf,
}

/// A Debian package in the image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deb {
    /// `libc6`.
    pub name: String,
    /// `2.41-12`.
    pub version: String,
    /// Of the `.deb`, hex.
    pub sha256: String,
    /// Name of the source package.
    pub source: String,
    /// Its copyright file, unpacked.
    pub copyright: Option<PathBuf>,
}

/// A crate in the image's programs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinkedCrate {
    /// `serde`.
    pub name: String,
    /// `1.0.0`.
    pub version: String,
    /// SPDX expression.
    pub licence: String,
}

impl Inputs {
    /// The files of these modules and of all they need, in load order. Names with `-` or `_`, with or without `.ko`; what is built into the
    /// kernel is left out. An error names a module that this kernel has not.
    pub fn modules<S: AsRef<str>>(&self, names: &[S]) -> Result<Vec<PathBuf>> {
        super::modules::Modules::read(&self.modules_dir)?.in_load_order(names)
    }
}

/// A program of the system, also where an ordinary user's `PATH` does not look (`depmod`, `mke2fs`, `veritysetup`, `sgdisk`).
pub fn tool(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usual = std::env::split_paths(&path).collect::<Vec<_>>();
    let system = ["/usr/sbin", "/sbin", "/usr/local/sbin"].map(PathBuf::from);
    usual.into_iter().chain(system).map(|dir| dir.join(name)).find(|p| p.is_file()).unwrap_or_else(|| PathBuf::from(name))
}

/// Runs a quiet program; its words only if it fails.
pub fn quietly(command: &mut Command) -> Result<Vec<u8>> {
    let shown = crate::shell::show(command);
    let out = command.stdin(std::process::Stdio::null()).output().with_context(|| format!("cannot start {shown}"))?;
    if !out.status.success() {
        let said = [out.stdout, out.stderr].concat();
        anyhow::bail!("{shown} failed ({}):\n{}", out.status, String::from_utf8_lossy(&said).trim_end());
    }
    Ok(out.stdout)
}

/// SHA-256 of a file, hex.
pub fn sha256_file(path: &Path) -> Result<String> {
    use sha2::Digest;
    let mut file = std::fs::File::open(path).with_context(|| path.display().to_string())?;
    let mut hash = sha2::Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let n = std::io::Read::read(&mut file, &mut buffer).with_context(|| path.display().to_string())?;
        if n == 0 {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(&buffer[..n]);
    }
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
