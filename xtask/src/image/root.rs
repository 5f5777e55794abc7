//! The box's root: what the closure reached, the kernel's modules, and the small files that say what box this is.
use super::closure::Closure;
use super::inputs::{Deb, LinkedCrate};
use super::modules::Modules;
use super::packages::Packages;
use super::product::{Part, Product};
use super::registry;
use super::tree::Root;
use crate::cross::tree::Tree;
use anyhow::{Context, Result, bail};
use hearth_boards::{Board, IrKeymap};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What goes in besides Debian's packages.
pub struct Ours {
    /// Path on the box -> program.
    pub programs: Vec<(&'static str, PathBuf)>,
    /// What is linked into them.
    pub crates: Vec<LinkedCrate>,
}

/// Everything that decides what the root holds.
pub struct Plan<'a> {
    pub board: &'a Board,
    pub product: &'a Product,
    pub packages: &'a Packages,
    pub ours: &'a Ours,
    pub settings: &'a hearth_update::product::Product,
    pub gnu: &'a str,
    pub epoch: u64,
    pub development: bool,
    /// What the OEM brings.
    pub blobs: Option<&'a Path>,
}

impl<'a> Plan<'a> {
    /// What is added to the product's own lists.
    fn parts(&self) -> impl Iterator<Item = &'a Part> + use<'a> {
        self.product.parts(self.board, self.development)
    }
}

/// Assembles it; the packages that gave at least one file.
pub fn assemble(plan: &Plan<'_>, dir: &Path) -> Result<(Root, Vec<Deb>)> {
    let root = Root::new(dir)?;
    let mut taken = Taken { tree: &plan.packages.runtime, names: BTreeSet::new() };
    for (path, from) in closure(plan)?.files() {
        root.copy(path, from)?;
        taken.note(path);
    }
    for path in plan.product.files.iter().chain(plan.parts().flat_map(|part| &part.files)) {
        taken.copy(&root, path)?;
    }
    for firmware in plan.board.firmware() {
        for file in &firmware.files {
            match &firmware.package {
                Some(_) => taken.copy(&root, &format!("usr/lib/firmware/{file}"))?,
                None => brought(&root, plan.blobs, file)?,
            }
        }
    }
    certificates(&root, &mut taken)?;
    if let Some(name) = &plan.board.input.ir_keymap {
        infrared(&root, &mut taken, name).with_context(|| format!("input.ir-keymap = \"{name}\""))?;
    }
    modules(&root, plan)?;
    small_files(&root, plan)?;
    // Last: what the OEM brings replaces what we would put there, certificates, a sound, a setting.
    if let Some(own) = plan.blobs.map(|dir| dir.join("root")).filter(|dir| dir.is_dir()) {
        root.overlay(&own).with_context(|| own.display().to_string())?;
    }
    root.settle(plan.epoch)?;
    registry::make(root.dir(), &plan.packages.runtime, plan.gnu, &plan.product.plugins(plan.board)?)?;
    // The registry is a file as any other.
    root.settle(plan.epoch)?;
    Ok((root, taken.debs()))
}

fn closure<'a>(plan: &Plan<'a>) -> Result<Closure<'a>> {
    let mut closure = Closure::new(&plan.packages.runtime, plan.gnu);
    for (path, from) in &plan.ours.programs {
        closure.add_file(path, from)?;
    }
    for program in plan.product.programs.iter().chain(plan.parts().flat_map(|part| &part.programs)) {
        closure.add(program)?;
    }
    for plugin in plan.product.plugins(plan.board)? {
        closure.add(&format!("usr/lib/{}/gstreamer-1.0/libgst{plugin}.so", plan.gnu))?;
    }
    for library in &plan.product.dlopened {
        closure.library(library, &[], "boards/image.toml")?;
    }
    Ok(closure)
}

/// Which packages gave something.
struct Taken<'a> {
    tree: &'a Tree,
    names: BTreeSet<String>,
}

impl Taken<'_> {
    /// A library is known by its soname, often a link to the file that has the version in its name; both are of one package.
    fn note(&mut self, path: &str) {
        if let Some(package) = self.tree.owner(path) {
            self.names.insert(package.name.clone());
        }
    }

    /// A file, or all of a folder.
    fn copy(&mut self, root: &Root, path: &str) -> Result<()> {
        let below = format!("{path}/");
        let wanted: Vec<String> =
            self.tree.files().filter(|file| *file == path || file.starts_with(&below)).map(str::to_owned).collect();
        if wanted.is_empty() {
            bail!("none of the packages has {path}: see boards/image.toml and the board's [image]");
        }
        for file in wanted {
            let from = self.tree.dir.join(&file);
            match fs::read_link(&from) {
                Ok(to) => root.link(&file, &to.to_string_lossy())?,
                Err(_) => root.copy(&file, &from)?,
            }
            self.note(&file);
        }
        Ok(())
    }

    fn debs(&self) -> Vec<Deb> {
        let packages = self.tree.packages().iter().filter(|p| self.names.contains(&p.name));
        let mut debs: Vec<Deb> = packages.map(|p| self.tree.deb(p)).collect();
        debs.sort();
        debs
    }
}

/// Firmware that Debian has not: from the OEM's folder, or left out, which the notes say.
fn brought(root: &Root, blobs: Option<&Path>, file: &str) -> Result<()> {
    match blobs.map(|dir| dir.join("firmware").join(file)) {
        Some(from) if from.is_file() => root.copy(&format!("usr/lib/firmware/{file}"), &from),
        _ => Ok(()),
    }
}

/// All certificate authorities in one file, as the package's own script would make it.
fn certificates(root: &Root, taken: &mut Taken<'_>) -> Result<()> {
    let files: Vec<String> = taken
        .tree
        .files()
        .filter(|f| f.starts_with("usr/share/ca-certificates/") && f.ends_with(".crt"))
        .map(str::to_owned)
        .collect();
    let mut bundle = Vec::new();
    for file in &files {
        let mut text = fs::read(taken.tree.dir.join(file)).with_context(|| file.clone())?;
        if !text.ends_with(b"\n") {
            text.push(b'\n');
        }
        bundle.extend(text);
        taken.note(file);
    }
    if bundle.is_empty() {
        bail!("no certificate authorities: the package ca-certificates is not listed");
    }
    root.write("etc/ssl/certs/ca-certificates.crt", &bundle)
}

/// Flat, with the order to load them in; what the initramfs has loaded by then is left out.
fn modules(root: &Root, plan: &Plan<'_>) -> Result<()> {
    let all = Modules::read(&plan.packages.modules_dir())?;
    let kernel = &plan.board.kernel;
    let early = all.in_load_order(&kernel.initramfs_modules)?;
    let late = |names: &[String]| -> Result<Vec<PathBuf>> {
        Ok(all.in_load_order(names)?.into_iter().filter(|file| !early.contains(file)).collect())
    };
    let added = plan.parts().flat_map(|part| &part.modules);
    let load = late(&kernel.modules.iter().chain(added).cloned().collect::<Vec<_>>())?;
    let carried = late(&plan.board.image.modules)?;
    let mut names = Vec::new();
    for file in load.iter().chain(carried.iter().filter(|file| !load.contains(file))) {
        let name = file.file_name().context("a module's name")?.to_string_lossy().into_owned();
        root.copy(&format!("usr/lib/modules/{}/{name}", plan.packages.release), file)?;
        names.push(name);
    }
    names.truncate(load.len());
    json(root, "etc/hearth/modules.json", &serde_json::json!({ "load": names }))
}

/// The remote's codes, which the launcher gives to the kernel: device trees often name no keymap, and no udev is there to bring one.
fn infrared(root: &Root, taken: &mut Taken<'_>, name: &str) -> Result<()> {
    let path = IrKeymap::path(name);
    let text = fs::read_to_string(taken.tree.dir.join(&path)).with_context(|| format!("ir-keytable has no {path}"))?;
    taken.note(&path);
    json(root, "etc/hearth/ir-keymap.json", &serde_json::to_value(IrKeymap::parse(&text)?)?)
}

fn small_files(root: &Root, plan: &Plan<'_>) -> Result<()> {
    for dir in ["proc", "sys", "dev", "run", "tmp", "data", "root"] {
        root.folder(dir)?;
    }
    for (path, text) in plan.product.texts.iter().chain(plan.parts().flat_map(|part| &part.texts)) {
        root.write(path, text.as_bytes())?;
    }
    for (path, to) in plan.product.links.iter().chain(plan.parts().flat_map(|part| &part.links)) {
        root.link(path, to)?;
    }
    json(root, "etc/hearth/board.json", &serde_json::to_value(plan.board)?)?;
    root.write("etc/hearth/product.json", &plan.settings.to_json())?;
    let source = crate::shell::root();
    let services = source.join("firmware/init");
    root.copy("etc/hearth/services.toml", &services.join("services.toml"))?;
    if plan.board.radio.wifi.is_some() {
        root.copy("etc/hearth/services-wifi.toml", &services.join("services-wifi.toml"))?;
    }
    if plan.development {
        root.copy("etc/hearth/services-development.toml", &services.join("services-development.toml"))?;
    }
    root.copy("usr/share/hearth/selfcheck.mp4", &source.join("launcher/selfcheck/selfcheck.mp4"))
}

fn json(root: &Root, path: &str, value: &serde_json::Value) -> Result<()> {
    root.write(path, (serde_json::to_string_pretty(value)? + "\n").as_bytes())
}
