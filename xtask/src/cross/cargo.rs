//! cargo for the box: its linker, its C compiler, its libraries, and no path of this machine in what comes out.
use super::cache;
use super::rust::Rust;
use super::tree::{Ask, Tree};
use crate::image::product::Product;
use crate::image::tools::has;
use crate::shell::{cargo, root, run};
use anyhow::{Context, Result, bail};
use hearth_boards::Board;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How a program finds its libraries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linkage {
    /// From the box's root.
    Dynamic,
    /// It needs none: for the initramfs.
    Static,
}

/// Everything that building for one board takes.
pub struct Cross {
    rust: Rust,
    sysroot: PathBuf,
    /// `aarch64-unknown-linux-gnu`.
    pub triple: String,
    cpu: String,
    /// `box-dev` or `box`.
    pub profile: &'static str,
}

impl Cross {
    /// Prepares compiler and sysroot.
    pub fn prepare(board: &Board, product: &Product, release: bool) -> Result<Self> {
        let triple = board.target.triple.clone();
        let arch = &board.target.debian_arch;
        let ask = Ask { suite: &product.suite, arch, section: "main", names: &product.sysroot.packages, follow: &[] };
        let cross = Self {
            rust: Rust::find(&triple, arch)?,
            sysroot: at_its_place(&Tree::ensure("sysroot", &ask, &|_| Ok(()))?)?,
            cpu: board.target.cpu.clone(),
            profile: if release { "box" } else { "box-dev" },
            triple,
        };
        let compiler = cross.tool("gcc")?;
        if !has(&compiler) {
            bail!(
                "{compiler} is not there; it is in the Debian package gcc-{}: `cargo xtask setup`",
                cross.gnu()?.replace('_', "-")
            );
        }
        Ok(cross)
    }

    /// Which compiler, for the manifest.
    pub fn rust_version(&self) -> &str {
        &self.rust.version
    }

    /// Builds these packages and says where each program is.
    pub fn build(&self, packages: &[&str], features: &[&str], linkage: Linkage) -> Result<Vec<PathBuf>> {
        let target = self.target_dir(linkage);
        let mut command = self.command(linkage)?;
        command.args(["build", "--locked", "--quiet", "--profile", self.profile, "--no-default-features"]);
        command.args(["--target", &self.triple]).arg("--target-dir").arg(&target);
        command.args(packages.iter().flat_map(|p| ["-p", p]));
        command.args(features.iter().flat_map(|f| ["--features", f]));
        run(&mut command)?;
        let dir = target.join(&self.triple).join(self.profile);
        let program = |name: &&str| {
            let path = dir.join(name);
            path.is_file().then_some(path.clone()).with_context(|| format!("cargo left no {}", path.display()))
        };
        packages.iter().map(program).collect()
    }

    fn target_dir(&self, linkage: Linkage) -> PathBuf {
        let compiler = if self.rust.rustc.is_some() { "-deb" } else { "" };
        let linkage = if linkage == Linkage::Static { "-static" } else { "" };
        // One a processor: in a shared one each board's build would throw the other's away.
        cache().join(format!("cargo{compiler}{linkage}-{}", self.cpu))
    }

    /// cargo with the box's environment.
    fn command(&self, linkage: Linkage) -> Result<Command> {
        let sysroot = self.sysroot.display();
        let triple = self.triple.replace('-', "_");
        let libraries = format!("usr/lib/{}/pkgconfig", self.gnu()?);
        let mut command = cargo();
        if let Some(rustc) = &self.rust.rustc {
            command.env("RUSTC", rustc);
        }
        command.env_remove("RUSTFLAGS");
        command.env("CARGO_ENCODED_RUSTFLAGS", self.rust_flags(linkage).join("\x1f"));
        command.env(format!("CARGO_TARGET_{}_LINKER", triple.to_uppercase()), self.tool("gcc")?);
        command.env("PKG_CONFIG_ALLOW_CROSS", "1");
        command.env(format!("PKG_CONFIG_SYSROOT_DIR_{triple}"), &self.sysroot);
        command.env(format!("PKG_CONFIG_LIBDIR_{triple}"), format!("{sysroot}/{libraries}:{sysroot}/usr/share/pkgconfig"));
        let mut flags = vec![format!("--sysroot={sysroot}"), format!("-ffile-prefix-map={sysroot}=/sysroot")];
        flags.extend(self.prefixes().iter().map(|(from, to)| format!("-ffile-prefix-map={}={to}", from.display())));
        for (compiler, words) in [("CC", "CFLAGS"), ("CXX", "CXXFLAGS")] {
            command.env(format!("{compiler}_{triple}"), self.tool(if compiler == "CC" { "gcc" } else { "g++" })?);
            command.env(format!("{words}_{triple}"), flags.join(" "));
        }
        Ok(command)
    }

    fn rust_flags(&self, linkage: Linkage) -> Vec<String> {
        let mut flags = vec![format!("-Clink-arg=--sysroot={}", self.sysroot.display()), format!("-Ctarget-cpu={}", self.cpu)];
        if linkage == Linkage::Static {
            flags.push("-Ctarget-feature=+crt-static".to_owned());
        }
        flags.extend(self.prefixes().iter().map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display())));
        flags
    }

    /// Folders of this machine and what stands for them in panics and debug information; of two that fit, the later one wins.
    fn prefixes(&self) -> Vec<(PathBuf, &'static str)> {
        let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
        let home = home.or_else(|| std::env::var_os("HOME").map(|h| Path::new(&h).join(".cargo")));
        let mut out = vec![(root(), "/hearth"), (crate::shell::target(), "/target"), (self.rust.sysroot.clone(), "/rust")];
        out.extend(home.map(|h| (h, "/cargo")));
        out
    }

    /// `aarch64-linux-gnu`.
    pub fn gnu(&self) -> Result<String> {
        match self.triple.split('-').collect::<Vec<_>>()[..] {
            [cpu, "unknown", "linux", "gnu"] => Ok(format!("{cpu}-linux-gnu")),
            _ => bail!("{}: images are made for *-unknown-linux-gnu", self.triple),
        }
    }

    fn tool(&self, name: &str) -> Result<String> {
        Ok(format!("{}-{name}", self.gnu()?))
    }
}

/// The same path for every list of packages: cargo builds everything anew when it changes.
fn at_its_place(sysroot: &Tree) -> Result<PathBuf> {
    let link = cache().join("sysroot");
    if std::fs::read_link(&link).ok().as_ref() != Some(&sysroot.dir) {
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(&sysroot.dir, &link).with_context(|| link.display().to_string())?;
    }
    Ok(link)
}
