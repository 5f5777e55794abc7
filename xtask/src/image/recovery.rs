//! Recovery's initramfs: it must come up when both roots are gone, so everything it needs is in it.
use super::initramfs::Archive;
use super::inputs::Inputs;
use anyhow::{Context, Result, bail};
use object::read::elf::{Dyn, FileHeader};
use object::{Endianness, elf, elf::FileHeader64};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Programs from the root that recovery runs: it makes a data partition anew.
const PROGRAMS: &[&str] = &["usr/sbin/mke2fs"];

/// Adds updater, records and programs to what every initramfs has.
pub fn add(archive: &mut Archive, inputs: &Inputs) -> Result<()> {
    archive.copy("usr/bin/hearth-update", 0o755, &inputs.update_static)?;
    for file in ["etc/hearth/update.pub", "etc/hearth/factory.pub", "etc/hearth/product.json", "etc/hearth/board.json"] {
        archive.copy(file, 0o644, &inputs.root.join(file))?;
    }
    for program in PROGRAMS {
        for (path, from) in closure(&inputs.root, program)? {
            archive.copy(&path, 0o755, &from)?;
        }
    }
    Ok(())
}

/// A program of the root, its interpreter and the libraries it needs: path in the archive, and file.
fn closure(root: &Path, program: &str) -> Result<BTreeMap<String, PathBuf>> {
    let mut found = BTreeMap::new();
    let mut queue = vec![program.to_owned()];
    while let Some(path) = queue.pop() {
        if found.contains_key(&path) {
            continue;
        }
        let file = inside(root, &path)?;
        let needs = needs(&std::fs::read(&file)?).with_context(|| file.display().to_string())?;
        found.insert(path, file);
        for need in needs {
            let folders = ["usr/lib/aarch64-linux-gnu", "usr/lib", "lib/aarch64-linux-gnu", "lib"];
            let place = match need.strip_prefix('/') {
                Some(interpreter) => Some(interpreter.to_owned()),
                None => folders
                    .iter()
                    .map(|folder| format!("{folder}/{need}"))
                    .find(|path| root.join(path).symlink_metadata().is_ok()),
            };
            queue.push(place.with_context(|| format!("{program} needs {need}, which is not in the root"))?);
        }
    }
    Ok(found)
}

/// The file that a path in the root leads to, without leaving the root by an absolute link.
fn inside(root: &Path, path: &str) -> Result<PathBuf> {
    let mut here = PathBuf::new();
    let mut rest: Vec<String> = path.rsplit('/').map(str::to_owned).collect();
    for _ in 0..256 {
        let Some(part) = rest.pop() else { return Ok(root.join(here)) };
        match part.as_str() {
            "" | "." => {}
            ".." => drop(here.pop()),
            name => {
                here.push(name);
                if let Ok(link) = std::fs::read_link(root.join(&here)) {
                    let link = link.to_string_lossy().into_owned();
                    if link.starts_with('/') {
                        here = PathBuf::new();
                    } else {
                        here.pop();
                    }
                    rest.extend(link.rsplit('/').map(str::to_owned));
                }
            }
        }
    }
    bail!("{path} in {} is a ring of links", root.display())
}

/// Libraries and interpreter (that one with a leading `/`).
fn needs(bytes: &[u8]) -> Result<Vec<String>> {
    use object::read::elf::ProgramHeader;
    let header = FileHeader64::<Endianness>::parse(bytes)?;
    let endian = header.endian()?;
    let mut needs = Vec::new();
    for segment in header.program_headers(endian, bytes)? {
        if let Some(path) = segment.interpreter(endian, bytes)? {
            needs.push(String::from_utf8_lossy(path).into_owned());
        }
    }
    let sections = header.sections(endian, bytes)?;
    if let Some((entries, strings)) = sections.dynamic(endian, bytes)? {
        let strings = sections.strings(endian, bytes, strings)?;
        for entry in entries.iter().filter(|e| e.d_tag(endian) == elf::DT_NEEDED) {
            needs.push(String::from_utf8_lossy(entry.string(endian, strings)?).into_owned());
        }
    }
    Ok(needs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_stay_inside_the_root() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        std::fs::create_dir_all(root.join("usr/lib/x")).unwrap();
        std::fs::write(root.join("usr/lib/x/real.so"), b"").unwrap();
        symlink("usr/lib", root.join("lib")).unwrap();
        symlink("x/real.so", root.join("usr/lib/a.so")).unwrap();
        symlink("/lib/a.so", root.join("usr/lib/b.so")).unwrap();
        symlink("../../../../../usr/lib/a.so", root.join("usr/lib/x/c.so")).unwrap();
        symlink("ring", root.join("ring")).unwrap();
        let check = |path: &str| assert_eq!(inside(root, path).unwrap(), root.join("usr/lib/x/real.so"), "{path}");
        ["usr/lib/x/real.so", "lib/a.so", "lib/b.so", "usr/lib/b.so", "lib/x/c.so"].into_iter().for_each(check);
        assert!(inside(root, "ring").is_err());
    }

    #[test]
    fn what_this_program_needs() {
        let needs = needs(&std::fs::read(std::env::current_exe().unwrap()).unwrap()).unwrap();
        assert!(needs.iter().any(|n| n.starts_with("libc.so")) && needs.iter().any(|n| n.starts_with('/')), "{needs:?}");
        assert!(super::needs(b"no ELF").is_err());
    }
}
