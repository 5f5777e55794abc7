//! The Debian packages of one image: user space, kernel, boot loader; unpacked and made ready.
use super::inputs::{Deb, quietly, tool};
use super::product::Product;
use crate::cross::tree::{Ask, Tree};
use crate::shell::step;
use anyhow::{Context, Result, bail};
use hearth_boards::Board;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Everything from Debian.
pub struct Packages {
    /// User space.
    pub runtime: Tree,
    /// Kernel, modules and device trees.
    pub kernel: Tree,
    /// Boot loader, where Debian has it.
    pub loader: Option<Tree>,
    /// `6.12.107+deb13-arm64`.
    pub release: String,
}

impl Packages {
    /// Fetches and unpacks what is not there yet.
    pub fn ensure(board: &Board, product: &Product, development: bool) -> Result<Self> {
        let arch = &board.target.debian_arch;
        let mut names = product.packages.clone();
        names.extend(board.image.packages.iter().cloned());
        names.extend(product.parts(board, development).flat_map(|part| part.packages.iter().cloned()));
        let firmware: Vec<String> = board.firmware().filter_map(|f| f.package.clone()).collect();
        // The kernel's own suite may be a later one; firmware that is not free has a section of its own.
        let section = if firmware.is_empty() { "main" } else { "main non-free-firmware" };
        names.extend(firmware);
        let ask = Ask { suite: &product.suite, arch, section, names: &names, follow: &[] };
        let runtime = Tree::ensure("packages", &ask, &|_| Ok(()))?;

        let names = [board.kernel.package.clone()];
        // linux-image-arm64 has nothing but the name of the kernel of the day, and later kernels come in four parts.
        let follow = &["linux-image-", "linux-modules-", "linux-binary-", "linux-base-"];
        let ask = Ask { suite: &board.kernel.suite, arch, section: "main", names: &names, follow };
        let kernel = Tree::ensure("kernel", &ask, &prepare_kernel)?;
        let release = release(&kernel.dir)?;
        let loader = board.bootloader.package.as_ref().map(|name| {
            let section = board.bootloader.section.as_deref().unwrap_or("main");
            Tree::ensure(
                "loader",
                &Ask { suite: &product.suite, arch, section, names: std::slice::from_ref(name), follow: &[] },
                &|_| Ok(()),
            )
        });
        Ok(Self { runtime, kernel, loader: loader.transpose()?, release })
    }

    /// All modules, decompressed, with `modules.dep`.
    pub fn modules_dir(&self) -> PathBuf {
        self.kernel.dir.join("usr/lib/modules").join(&self.release)
    }

    /// Uncompressed.
    pub fn kernel_image(&self) -> PathBuf {
        image(&self.kernel.dir, &self.release)
    }

    /// The packages that the kernel and the boot loader came from.
    pub fn kernel_debs(&self) -> Vec<Deb> {
        let trees = std::iter::once(&self.kernel).chain(&self.loader);
        trees.flat_map(|tree| tree.packages().iter().map(|p| tree.deb(p))).collect()
    }
}

/// In `/boot`, or, of later kernels, beside their modules.
fn image(tree: &Path, release: &str) -> PathBuf {
    let beside = tree.join("usr/lib/modules").join(release).join("vmlinuz");
    if beside.is_file() { beside } else { tree.join("boot").join(format!("vmlinuz-{release}")) }
}

fn release(tree: &Path) -> Result<String> {
    let dir = tree.join("usr/lib/modules");
    let mut found = fs::read_dir(&dir).with_context(|| dir.display().to_string())?.flatten();
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only.file_name().to_string_lossy().into_owned()),
        _ => bail!("{} should hold the modules of one kernel", dir.display()),
    }
}

/// Decompresses kernel and modules, and works out what needs what; the package's own script, which would do it, is not run.
fn prepare_kernel(tree: &Path) -> Result<()> {
    let release = release(tree)?;
    step(format_args!("Kernel {release}"));
    let modules = tree.join("usr/lib/modules").join(&release);
    let compressed = find(&modules, "ko.xz")?;
    // Two at a time: many small files.
    let (one, other) = compressed.split_at(compressed.len() / 2);
    let unpack = |files: &[PathBuf]| -> Result<()> {
        for files in files.chunks(400) {
            quietly(Command::new("xz").args(["-d", "-f"]).args(files))?;
        }
        Ok(())
    };
    std::thread::scope(|threads| {
        let second = threads.spawn(|| unpack(other));
        unpack(one)?;
        second.join().map_err(|_| anyhow::anyhow!("decompressing modules"))?
    })?;
    quietly(Command::new(tool("depmod")).arg("-b").arg(tree).arg(&release))?;
    let image = image(tree, &release);
    decompress_image(&image).with_context(|| image.display().to_string())
}

/// arm64's boot protocol has its magic at byte 56 of the uncompressed image.
fn decompress_image(image: &Path) -> Result<()> {
    let is_raw = |bytes: &[u8]| bytes.get(56..60) == Some(b"ARM\x64");
    let mut bytes = fs::read(image)?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        bytes = quietly(Command::new("gzip").arg("-dc").arg(image))?;
        fs::write(image, &bytes)?;
        fs::set_permissions(image, fs::Permissions::from_mode(0o644))?;
    }
    if !is_raw(&bytes) {
        bail!("this is no arm64 kernel image");
    }
    Ok(())
}

fn find(dir: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let mut out = Vec::new();
    for entry in fs::read_dir(dir).with_context(|| dir.display().to_string())?.flatten() {
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            out.extend(find(&path, ending)?);
        } else if path.to_string_lossy().ends_with(ending) {
            out.push(path);
        }
    }
    out.sort();
    Ok(out)
}
