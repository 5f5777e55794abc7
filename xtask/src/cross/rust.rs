//! A Rust compiler that has the box's standard library: rustup's where it has or gets the target, else Debian's, unpacked privately.
use super::apt::{Package, View};
use super::{cache, tree};
use crate::shell::{has, output, step};
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The Debian release whose security updates keep a Rust new enough for browsers. Its programs run on all that came later.
const SUITE: &str = "bookworm";
/// What every machine that links programs has; taking another one's C library would break it.
const OF_THE_MACHINE: &[&str] = &["libc6", "libgcc-s1", "libstdc++6", "gcc", "libc-dev", "libc6-dev", "binutils", "gcc-12-base"];

/// A compiler for the box.
pub struct Rust {
    /// For `RUSTC`; none: the ordinary one.
    pub rustc: Option<PathBuf>,
    /// `rustc --version`.
    pub version: String,
    /// `rustc --print sysroot`.
    pub sysroot: PathBuf,
}

impl Rust {
    /// Finds or prepares one. `HEARTH_RUST=debian` leaves rustup's out.
    pub fn find(triple: &str, arch: &str) -> Result<Self> {
        if let Some(rust) = of_rustup(triple) {
            return Ok(rust);
        }
        let wrapper = cache().join("rust-deb/rustc");
        if let Some(rust) = with_library(&wrapper, triple, true) {
            return Ok(rust);
        }
        let wanted = |view: &View| view.find(&["libstd-rust-web-dev"]);
        prepare(&wrapper, arch, &wanted).with_context(|| {
            format!(
                "no Rust standard library for {triple}: `rustup target add {triple}` is the usual way; Debian's was tried as well and failed"
            )
        })?;
        with_library(&wrapper, triple, true)
            .with_context(|| format!("{} has no standard library for {triple}", wrapper.display()))
    }

    /// The same for a processor without an operating system. Debian has no library for those, but its source: `core` is then built along.
    pub fn find_bare(triple: &str) -> Result<Self> {
        if let Some(rust) = of_rustup(triple) {
            return Ok(rust);
        }
        let machine = output("dpkg", &["--print-architecture"]).context("dpkg does not say what machine this is")?;
        let wrapper = cache().join("rust-deb-source/rustc");
        let source = |rust: &Self| rust.sysroot.join("lib/rustlib/src/rust/library/core/Cargo.toml").is_file();
        if let Some(rust) = private(&wrapper).filter(source) {
            return Ok(rust);
        }
        prepare(&wrapper, &machine, &|view| view.find(&["libstd-rust-web-dev", "rust-web-src"])).with_context(|| {
            format!("no Rust library for {triple}: `rustup target add {triple}` is the usual way; Debian's source was tried as well and failed")
        })?;
        private(&wrapper).filter(source).with_context(|| format!("{} has no source of its library", wrapper.display()))
    }
}

/// rustup's compiler, with the target added where it can be; none where `HEARTH_RUST=debian`.
fn of_rustup(triple: &str) -> Option<Rust> {
    if std::env::var("HEARTH_RUST").is_ok_and(|v| v == "debian") {
        return None;
    }
    let here = || with_library("rustc".as_ref(), triple, false);
    here().or_else(|| {
        if !has("rustup") {
            return None;
        }
        step(format_args!("rustup target add {triple}"));
        let added = output("rustup", &["target", "add", triple]).and_then(|_| here());
        if added.is_none() {
            println!("    rustup could not add it; taking Debian's compiler");
        }
        added
    })
}

/// This compiler, if it has the target's library.
fn with_library(rustc: &Path, triple: &str, private: bool) -> Option<Rust> {
    let program = rustc.to_string_lossy();
    let libraries = PathBuf::from(output(&program, &["--print", "target-libdir", "--target", triple])?);
    let has_core = fs::read_dir(&libraries).ok()?.flatten().any(|e| {
        let name = e.file_name();
        let name = name.to_string_lossy();
        name.starts_with("libcore-") && name.ends_with(".rlib")
    });
    has_core.then_some(())?;
    Some(Rust {
        rustc: private.then(|| rustc.to_path_buf()),
        version: output(&program, &["--version"])?,
        sysroot: PathBuf::from(output(&program, &["--print", "sysroot"])?),
    })
}

/// Debian's compiler in its wrapper, if it is there.
fn private(wrapper: &Path) -> Option<Rust> {
    let program = wrapper.to_string_lossy();
    Some(Rust {
        rustc: Some(wrapper.to_path_buf()),
        version: output(&program, &["--version"])?,
        sysroot: PathBuf::from(output(&program, &["--print", "sysroot"])?),
    })
}

/// Debian's compiler for this machine and what it needs for the other one, in one folder, behind a wrapper.
fn prepare(wrapper: &Path, arch: &str, wanted: &dyn Fn(&View) -> Result<Vec<Package>>) -> Result<()> {
    let machine = output("dpkg", &["--print-architecture"]).context("dpkg does not say what machine this is")?;
    step(format_args!("Debian's Rust for {machine} with the standard library for {arch}"));
    let here = View::open(SUITE, &machine, "main")?;
    let there = View::open(SUITE, arch, "main")?;
    let compiler = with_dependencies(&here, "rustc-web")?;
    let std = wanted(&there)?;
    let version = |packages: &[Package]| packages.iter().find(|p| p.name == "libstd-rust-web-dev").map(|p| p.version.clone());
    if version(&compiler) != version(&std) {
        bail!(
            "Debian has Rust {} for {machine} and {} for {arch}; both must be the same. Try again later, or use rustup",
            version(&compiler).unwrap_or_else(|| "none".to_owned()),
            version(&std).unwrap_or_else(|| "none".to_owned())
        );
    }
    let dir = wrapper.parent().context("the compiler's folder")?;
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    let unpacked = dir.join("tree");
    fs::create_dir_all(&unpacked)?;
    for (view, packages) in [(&here, &compiler), (&there, &std)] {
        for deb in view.fetch(packages)? {
            tree::unpack(&deb, &unpacked)?;
        }
    }
    let libraries = private_libraries(&unpacked)?;
    // librustc_driver has no run path: without this the machine's own one would be taken in silence.
    let script = format!(
        "#!/bin/sh\nLD_LIBRARY_PATH='{}' exec '{}' \"$@\"\n",
        libraries.display(),
        unpacked.join("usr/bin/rustc").display()
    );
    fs::write(wrapper, script)?;
    fs::set_permissions(wrapper, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

fn private_libraries(unpacked: &Path) -> Result<PathBuf> {
    let lib = unpacked.join("usr/lib");
    let driver = |dir: &PathBuf| {
        let mut entries = fs::read_dir(dir).into_iter().flatten().flatten();
        entries.any(|e| e.file_name().to_string_lossy().starts_with("librustc_driver-"))
    };
    let folders = fs::read_dir(&lib)?.flatten().map(|e| e.path());
    folders.filter(|p| p.is_dir()).find(driver).with_context(|| format!("no librustc_driver below {}", lib.display()))
}

/// A package and all it depends on, but for what every machine has.
fn with_dependencies(view: &View, name: &str) -> Result<Vec<Package>> {
    let mut found = view.find(&[name])?;
    let mut asked = BTreeSet::from([name.to_owned()]);
    let mut fresh = found.clone();
    while !fresh.is_empty() {
        let needed = fresh.iter().flat_map(|p| &p.depends).map(|d| d.split(':').next().unwrap_or_default().to_owned());
        let new: BTreeSet<String> = needed.filter(|n| !OF_THE_MACHINE.contains(&n.as_str()) && !asked.contains(n)).collect();
        fresh = view.known(&new.iter().collect::<Vec<_>>())?;
        asked.extend(new);
        found.extend(fresh.iter().cloned());
    }
    Ok(found)
}
