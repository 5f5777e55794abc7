//! `--reproducible`: the same image from another copy of the sources, built from nothing in another folder, must be the same bytes.
use super::Options;
use super::inputs::{Inputs, quietly};
use crate::cross::cache;
use crate::shell::{root, run, show, step};
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds once more and compares with what `inputs` says was built.
pub fn build(options: &Options, inputs: &Inputs) -> Result<()> {
    let dir = cache().join("again");
    if dir.exists() {
        fs::remove_dir_all(&dir).with_context(|| dir.display().to_string())?;
    }
    let (sources, target, out) = (dir.join("a-copy-of-hearth"), dir.join("target"), dir.join("out"));
    copy_sources(&sources)?;
    // Lists, packages and development keys are what goes in; everything else is made again.
    let ours = target.join("box");
    fs::create_dir_all(&ours)?;
    for name in ["apt", "keys"] {
        std::os::unix::fs::symlink(cache().join(name), ours.join(name))?;
    }
    let mut command = Command::new(crate::shell::ourselves());
    command.env("HEARTH_ROOT", &sources).env("CARGO_TARGET_DIR", &target).env("SOURCE_DATE_EPOCH", inputs.epoch.to_string());
    command.arg("image").args(["--board", &options.board, "--version", &inputs.version]).arg("--out").arg(&out);
    if let Some(keys) = &options.keys {
        command.arg("--keys").arg(keys.canonicalize().with_context(|| keys.display().to_string())?);
    }
    for (flag, given) in [("--development", options.development), ("--release", options.release)] {
        command.args(given.then_some(flag));
    }
    command.args(options.server.iter().flat_map(|s| ["--server", s]));
    step(format_args!("Once more, from nothing: {}", show(&command)));
    run(&mut command)?;
    let files = compare(&inputs.out, &out)?;
    fs::remove_dir_all(&dir).with_context(|| dir.display().to_string())?;
    step(format_args!("The same bytes twice, in {files} files"));
    Ok(())
}

/// What git knows or would take: not what is ignored.
fn copy_sources(to: &Path) -> Result<()> {
    let from = root();
    let listed =
        quietly(Command::new("git").arg("-C").arg(&from).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]))?;
    for name in String::from_utf8_lossy(&listed).split('\0').filter(|n| !n.is_empty()) {
        let (old, new) = (from.join(name), to.join(name));
        // Deleted and not yet committed.
        if !old.is_file() {
            continue;
        }
        if let Some(dir) = new.parent() {
            fs::create_dir_all(dir)?;
        }
        fs::copy(&old, &new).with_context(|| old.display().to_string())?;
    }
    Ok(())
}

/// How many files are the same; an error names the first that is not.
fn compare(one: &Path, other: &Path) -> Result<usize> {
    let (names, others) = (files(one)?, files(other)?);
    if let Some(lonely) = names.symmetric_difference(&others).next() {
        bail!("not reproducible: {lonely} is in one of {} and {} only", one.display(), other.display());
    }
    for name in &names {
        if let Some(byte) = first_difference(&one.join(name), &other.join(name))? {
            bail!(
                "not reproducible: {name} differs from byte {byte} on; compare {} with {}",
                one.join(name).display(),
                other.join(name).display()
            );
        }
    }
    Ok(names.len())
}

fn files(dir: &Path) -> Result<BTreeSet<String>> {
    let entries = fs::read_dir(dir).with_context(|| dir.display().to_string())?.flatten();
    Ok(entries.filter(|e| e.path().is_file()).map(|e| e.file_name().to_string_lossy().into_owned()).collect())
}

fn first_difference(one: &Path, other: &Path) -> Result<Option<u64>> {
    let open = |path: &PathBuf| fs::File::open(path).with_context(|| path.display().to_string());
    let (mut one, mut other) = (open(&one.to_path_buf())?, open(&other.to_path_buf())?);
    let (mut a, mut b) = (Vec::new(), Vec::new());
    let mut at = 0;
    loop {
        a.clear();
        b.clear();
        (&mut one).take(1 << 20).read_to_end(&mut a)?;
        (&mut other).take(1 << 20).read_to_end(&mut b)?;
        if a != b {
            let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
            return Ok(Some(at + same as u64));
        }
        if a.is_empty() {
            return Ok(None);
        }
        at += a.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_different_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let check = |files: [&[(&str, &str)]; 2], expected: Result<usize, &str>| {
            let folders = [dir.path().join("one"), dir.path().join("other")];
            for (folder, files) in folders.iter().zip(files) {
                let _ = fs::remove_dir_all(folder);
                fs::create_dir(folder).unwrap();
                for (name, text) in files {
                    fs::write(folder.join(name), text).unwrap();
                }
            }
            match (compare(&folders[0], &folders[1]), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(e), Err(expected)) => assert!(e.to_string().contains(expected), "{e}"),
                (found, expected) => panic!("{found:?} instead of {expected:?}"),
            }
        };
        check([&[("a", "x"), ("b", "y")], &[("a", "x"), ("b", "y")]], Ok(2));
        check([&[("a", "x"), ("b", "yyy")], &[("a", "x"), ("b", "yyz")]], Err("b differs from byte 2"));
        check([&[("a", "x")], &[("a", "xx")]], Err("a differs from byte 1"));
        check([&[("a", "x")], &[]], Err("a is in one of"));
    }
}
