//! `cargo xtask tidy`: the rules of the house that a machine can check. Each check gets the tree and returns what is wrong with it.
mod crates;
mod files;
mod licences;
mod purity;

use crate::shell::{output, root};
use anyhow::{Context, Result, bail};
use std::path::PathBuf;

/// The files of the repository, as git sees them: tracked, or new and not ignored.
pub struct Tree {
    root: PathBuf,
    /// Relative to the root, with `/`.
    paths: Vec<String>,
}

impl Tree {
    fn open() -> Result<Self> {
        let root = root();
        let at = root.to_string_lossy().into_owned();
        let list = output("git", &["-C", &at, "ls-files", "--cached", "--others", "--exclude-standard"])
            .context("git ls-files failed: tidy needs a git clone")?;
        let paths = list.lines().filter(|p| root.join(p).is_file()).map(str::to_owned).collect();
        Ok(Self { root, paths })
    }

    /// All paths.
    fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(String::as_str)
    }

    /// The text of a file; `None` if it is none.
    fn text(&self, path: &str) -> Option<String> {
        String::from_utf8(std::fs::read(self.root.join(path)).ok()?).ok()
    }
}

type Check = fn(&Tree) -> Result<Vec<String>>;

const CHECKS: &[(&str, Check)] = &[
    ("every folder says what it is for", files::readmes),
    ("files are short", files::lengths),
    ("a module's first line says what it is for", files::first_lines),
    ("no package registry is named", files::registries),
    ("links in the READMEs lead somewhere", files::links),
    ("every crate follows the workspace's lints", crates::lints),
    ("GStreamer and Slint stay where they belong", crates::dependencies),
    ("GStreamer and Slint are named only where they belong", purity::names),
    ("the pure crates are pure", purity::pure),
    ("the pure crates forbid unsafe code", purity::forbid_unsafe),
    ("licences of all dependencies", licences::check),
];

/// Runs every check and reports each by name.
pub fn run(report: &mut dyn FnMut(&str, Result<()>)) {
    let tree = match Tree::open() {
        Ok(tree) => tree,
        Err(e) => return report("tidy", Err(e)),
    };
    for (name, check) in CHECKS {
        let result = check(&tree).and_then(|faults| verdict(&faults));
        println!("tidy: {name} ... {}", if result.is_ok() { "ok" } else { "FAILED" });
        report(name, result);
    }
}

/// `cargo xtask tidy`.
pub fn command() -> Result<()> {
    let mut failed = 0;
    run(&mut |name, result| {
        if let Err(e) = result {
            failed += 1;
            println!("{name}: {e:#}");
        }
    });
    if failed > 0 {
        bail!("{failed} of {} checks failed", CHECKS.len());
    }
    Ok(())
}

fn verdict(faults: &[String]) -> Result<()> {
    if faults.is_empty() {
        return Ok(());
    }
    bail!("\n    {}", faults.join("\n    "))
}
