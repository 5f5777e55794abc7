//! Packages unpacked into one folder, without a chroot, without their scripts and without root's rights; cached by what was asked for.
use super::apt::{Package, View};
use super::cache;
use crate::image::inputs::{Deb, hex, quietly};
use crate::shell::step;
use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// Raised when a tree is laid out differently, so that older ones are made anew.
const LAYOUT: u32 = 1;

/// Unpacked packages.
pub struct Tree {
    /// The merged tree.
    pub dir: PathBuf,
    packages: Vec<Package>,
    /// Path below `dir` -> name of its package.
    owners: BTreeMap<String, String>,
}

/// What to unpack.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    pub suite: &'a str,
    pub arch: &'a str,
    /// Of the archive: `main`.
    pub section: &'a str,
    /// Exactly these, not what they depend on…
    pub names: &'a [String],
    /// …but for dependencies whose names begin like one of these.
    pub follow: &'a [&'a str],
}

impl Tree {
    /// These packages, in `target/box/<name>-<hash>`; `finish` completes a tree that was just unpacked.
    pub fn ensure(name: &str, ask: &Ask<'_>, finish: &dyn Fn(&Path) -> Result<()>) -> Result<Self> {
        let mut names = ask.names.to_vec();
        names.sort_unstable();
        names.dedup();
        let key = format!("{LAYOUT} {} {} {} {} {}", ask.suite, ask.arch, ask.section, ask.follow.join(" "), names.join(" "));
        let base = cache().join(format!("{name}-{}", &hex(&Sha256::digest(key))[..12]));
        let marker = base.join("packages.json");
        if !marker.is_file() {
            let ask = Ask { names: &names, ..*ask };
            make(&base, &ask, finish).with_context(|| format!("the packages of {name}"))?;
        }
        let packages = serde_json::from_slice(&fs::read(&marker)?).with_context(|| marker.display().to_string())?;
        let owners = read_owners(&fs::read_to_string(base.join("owners"))?);
        Ok(Self { dir: base.join("tree"), packages, owners })
    }

    /// Which package a file came from.
    pub fn owner(&self, path: &str) -> Option<&Package> {
        let name = self.owners.get(path)?;
        self.packages.iter().find(|p| p.name == *name)
    }

    /// All packages.
    pub fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// All files and links, sorted, below `dir`.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.owners.keys().map(String::as_str)
    }

    /// A package for the list of what is in the image.
    pub fn deb(&self, package: &Package) -> Deb {
        let copyright = self.dir.join("usr/share/doc").join(&package.name).join("copyright");
        Deb {
            name: package.name.clone(),
            version: package.version.clone(),
            sha256: package.sha256.clone(),
            source: package.source.clone(),
            copyright: copyright.is_file().then_some(copyright),
        }
    }
}

/// Deletes what older lists of packages left behind, and the lists, so that the mirror is asked again.
pub fn forget() -> Result<()> {
    View::forget()?;
    for entry in fs::read_dir(cache()).into_iter().flatten().flatten() {
        let marker = entry.path().join("packages.json");
        if marker.is_file() {
            fs::remove_file(marker)?;
        }
    }
    Ok(())
}

fn make(base: &Path, ask: &Ask<'_>, finish: &dyn Fn(&Path) -> Result<()>) -> Result<()> {
    let start = Instant::now();
    let view = View::open(ask.suite, ask.arch, ask.section)?;
    let mut packages = view.find(ask.names)?;
    let mut next = 0;
    while let Some(package) = packages.get(next).filter(|_| !ask.follow.is_empty()) {
        let new = |name: &&String| ask.follow.iter().any(|f| name.starts_with(f)) && !packages.iter().any(|p| p.name == **name);
        let new: Vec<String> = package.depends.iter().filter(new).cloned().collect();
        packages.extend(view.find(&new)?);
        next += 1;
    }
    let debs = view.fetch(&packages)?;
    let tree = base.join("tree");
    if base.exists() {
        fs::remove_dir_all(base).with_context(|| base.display().to_string())?;
    }
    prepare(&tree)?;
    let mut owners = String::new();
    for (package, deb) in packages.iter().zip(&debs) {
        for path in unpack(deb, &tree)? {
            owners += &format!("{path}\t{}\n", package.name);
        }
    }
    // A package that still ships /lib as a folder would have replaced the link.
    for link in ["bin", "sbin", "lib"] {
        if !tree.join(link).is_symlink() {
            bail!("a package has its own /{link}: the box has one /usr");
        }
    }
    finish(&tree)?;
    fs::write(base.join("owners"), owners)?;
    fs::write(base.join("packages.json"), serde_json::to_vec_pretty(&packages)?)?;
    step(format_args!("{} packages of {} unpacked, {:.0} s", packages.len(), ask.suite, start.elapsed().as_secs_f64()));
    Ok(())
}

/// Unpacks one package; all its files and links, below `dir`.
pub fn unpack(deb: &Path, dir: &Path) -> Result<Vec<String>> {
    let listed = quietly(Command::new("dpkg-deb").arg("--vextract").arg(deb).arg(dir))?;
    let listed = String::from_utf8_lossy(&listed);
    Ok(listed
        .lines()
        .map(|l| l.trim_start_matches("./"))
        .filter(|l| !l.is_empty() && !l.ends_with('/'))
        .map(str::to_owned)
        .collect())
}

/// The links of a merged /usr, which a package that is not unpacked here would bring.
fn prepare(tree: &Path) -> Result<()> {
    for dir in ["bin", "sbin", "lib"] {
        fs::create_dir_all(tree.join("usr").join(dir))?;
        std::os::unix::fs::symlink(format!("usr/{dir}"), tree.join(dir))?;
    }
    Ok(())
}

fn read_owners(text: &str) -> BTreeMap<String, String> {
    text.lines().filter_map(|l| l.split_once('\t')).map(|(path, name)| (path.to_owned(), name.to_owned())).collect()
}
