//! What named programs and plugins really need: ELF's `NEEDED`, followed to the end through the unpacked packages.
use crate::cross::tree::Tree;
use anyhow::{Context, Result, bail};
use object::Endianness;
use object::elf::{DT_NEEDED, DT_RPATH, DT_RUNPATH, FileHeader64};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What an ELF file asks for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wants {
    libraries: Vec<String>,
    /// Folders it looks in first.
    paths: Vec<String>,
    /// The dynamic loader's path.
    interpreter: Option<String>,
}

/// Files by their path on the box, growing until nothing is missing.
pub struct Closure<'a> {
    tree: &'a Tree,
    /// Below `/usr/lib`: `aarch64-linux-gnu`.
    gnu: String,
    files: BTreeMap<String, PathBuf>,
    found: BTreeSet<String>,
}

impl<'a> Closure<'a> {
    /// An empty one over these packages.
    pub fn new(tree: &'a Tree, gnu: &str) -> Self {
        Self { tree, gnu: gnu.to_owned(), files: BTreeMap::new(), found: BTreeSet::new() }
    }

    /// A program or plugin of the packages, and what it needs.
    pub fn add(&mut self, path: &str) -> Result<()> {
        let from = self.tree.dir.join(path);
        if !from.is_file() {
            bail!("none of the packages has {path}: see boards/image.toml and the board's [image]");
        }
        self.add_file(path, &from)
    }

    /// A program from elsewhere, and what it needs.
    pub fn add_file(&mut self, path: &str, from: &Path) -> Result<()> {
        let from = from.canonicalize().with_context(|| from.display().to_string())?;
        if self.files.insert(path.to_owned(), from.clone()).is_some() {
            return Ok(());
        }
        let data = std::fs::read(&from).with_context(|| from.display().to_string())?;
        let wants = read(&data).with_context(|| format!("{} is not a 64-bit ELF file", from.display()))?;
        for library in &wants.libraries {
            self.library(library, &wants.paths, path)?;
        }
        if let Some(interpreter) = wants.interpreter {
            self.interpreter(&interpreter, path)?;
        }
        Ok(())
    }

    /// A library by its soname, wanted by the file at `by`.
    pub fn library(&mut self, soname: &str, paths: &[String], by: &str) -> Result<()> {
        if self.found.contains(soname) {
            return Ok(());
        }
        let origin = by.rsplit_once('/').map_or("", |(dir, _)| dir);
        let own = paths.iter().map(|p| p.replace("$ORIGIN", &format!("/{origin}")).trim_start_matches('/').to_owned());
        let usual = [format!("usr/lib/{}", self.gnu), "usr/lib".to_owned()];
        let path = own.chain(usual).map(|dir| format!("{dir}/{soname}")).find(|p| self.tree.dir.join(p).is_file());
        let Some(path) = path else { return Err(self.missing(soname, by)) };
        self.found.insert(soname.to_owned());
        let from = self.tree.dir.join(&path);
        self.add_file(&path, &from)
    }

    /// The loader is found by its path, not by its name, and usually is a link.
    fn interpreter(&mut self, path: &str, by: &str) -> Result<()> {
        let below_usr = path.strip_prefix("/lib/").map(|rest| format!("usr/lib/{rest}"));
        let path = below_usr.unwrap_or_else(|| path.trim_start_matches('/').to_owned());
        let from = self.tree.dir.join(&path);
        if !from.is_file() {
            bail!("the loader /{path}, which {by} wants, is in none of the packages: libc6 has it");
        }
        self.add_file(&path, &from)
    }

    fn missing(&self, soname: &str, by: &str) -> anyhow::Error {
        let owner = self.tree.owner(by);
        let who = owner.map_or_else(|| by.to_owned(), |p| format!("{by} of {}", p.name));
        let depends = owner.map(|p| p.depends.clone()).unwrap_or_default();
        let hint = match likely(soname, &depends) {
            Some(package) => format!("probably {package} has it"),
            None if depends.is_empty() => "find its package with apt-file".to_owned(),
            None => format!("that package depends on {}", depends.join(", ")),
        };
        anyhow::anyhow!(
            "{who} needs {soname}, which is in none of the packages listed; {hint}. Add it to packages in boards/image.toml, or in the board's [image]"
        )
    }

    /// Path on the box -> where it is here.
    pub fn files(&self) -> &BTreeMap<String, PathBuf> {
        &self.files
    }
}

/// By Debian's rule: `libfoo.so.1` is in `libfoo1`, `libfoo2.so.1` in `libfoo2-1`.
fn likely<'d>(soname: &str, depends: &'d [String]) -> Option<&'d String> {
    let (name, version) = soname.split_once(".so.").unwrap_or((soname, ""));
    let name = name.to_lowercase().replace('_', "-");
    let dash = if name.ends_with(|c: char| c.is_ascii_digit()) { "-" } else { "" };
    let package = format!("{name}{dash}{version}");
    depends.iter().find(|d| **d == package || **d == format!("{package}t64"))
}

fn read(data: &[u8]) -> Option<Wants> {
    let header = FileHeader64::<Endianness>::parse(data).ok()?;
    let endian = header.endian().ok()?;
    let mut wants = Wants::default();
    for segment in header.program_headers(endian, data).ok()? {
        if let Some(path) = segment.interpreter(endian, data).ok()? {
            wants.interpreter = Some(String::from_utf8_lossy(path).into_owned());
        }
    }
    let sections = header.sections(endian, data).ok()?;
    let Some((entries, link)) = sections.dynamic(endian, data).ok()? else { return Some(wants) };
    let strings = sections.strings(endian, data, link).ok()?;
    for entry in entries {
        let text = || Some(String::from_utf8_lossy(entry.string(endian, strings).ok()?).into_owned());
        match entry.tag(endian) {
            DT_NEEDED => wants.libraries.push(text()?),
            DT_RPATH | DT_RUNPATH => wants.paths.extend(text()?.split(':').map(str::to_owned)),
            _ => {}
        }
    }
    Some(wants)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_the_package_of_a_library() {
        let depends: Vec<String> =
            ["libc6", "libglib2.0-0t64", "libfaad2", "libopenh264-8", "libudev1"].iter().map(|s| (*s).to_owned()).collect();
        for (soname, expected) in [
            ("libglib-2.0.so.0", None),
            ("libfaad.so.2", Some("libfaad2")),
            ("libudev.so.1", Some("libudev1")),
            ("libopenh264.so.8", Some("libopenh264-8")),
            ("libc.so.6", Some("libc6")),
        ] {
            assert_eq!(likely(soname, &depends).map(String::as_str), expected, "{soname}");
        }
    }

    #[test]
    fn reads_this_very_program() {
        let wants = read(&std::fs::read(std::env::current_exe().unwrap()).unwrap()).unwrap();
        assert!(wants.libraries.iter().any(|l| l.starts_with("libc.so")), "{wants:?}");
        assert!(wants.interpreter.is_some_and(|i| i.contains("ld-")));
        assert_eq!(read(b"#!/bin/sh\n"), None);
    }
}
