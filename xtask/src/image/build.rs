//! Our programs for the box: built twice, once for its root and once, without shared libraries, for its initramfs; and the crates linked into them.
use super::inputs::{LinkedCrate, quietly};
use super::root::Ours;
use crate::cross::cargo::{Cross, Linkage};
use crate::shell::{root, step};
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::time::Instant;

/// Name of each package and program, its features, its place on the box.
const PROGRAMS: &[(&str, Option<&str>, &str)] = &[
    ("hearth-init", None, "usr/sbin/init"),
    ("hearth-update", Some("hearth-update/agent"), "usr/bin/hearth-update"),
    ("hearth-launcher", Some("hearth-launcher/kms"), "usr/bin/hearth-launcher"),
];

/// What was built.
pub struct Built {
    /// For the root.
    pub ours: Ours,
    /// For the initramfs.
    pub init_static: PathBuf,
    /// For recovery.
    pub update_static: PathBuf,
}

/// Builds everything.
pub fn build(cross: &Cross) -> Result<Built> {
    let programs = PROGRAMS;
    let packages: Vec<&str> = programs.iter().map(|(package, ..)| *package).collect();
    let features: Vec<&str> = programs.iter().filter_map(|(_, feature, _)| *feature).collect();
    let start = Instant::now();
    step(format_args!("Building {} ({})", packages.join(", "), cross.rust_version()));
    let paths = cross.build(&packages, &features, Linkage::Dynamic)?;
    step(format_args!("Built, {:.0} s; the same without shared libraries for the initramfs", start.elapsed().as_secs_f64()));
    let start = Instant::now();
    let still = cross.build(&["hearth-init", "hearth-update"], &["hearth-update/agent"], Linkage::Static)?;
    step(format_args!("Built, {:.0} s", start.elapsed().as_secs_f64()));
    let [init_static, update_static] = &still[..] else { anyhow::bail!("two programs were asked for") };
    let places = programs.iter().map(|(_, _, place)| *place);
    let ours = Ours { programs: places.zip(paths).collect(), crates: linked(cross, &packages, &features)? };
    Ok(Built { ours, init_static: init_static.clone(), update_static: update_static.clone() })
}

/// The crates in those programs, as cargo resolves them for the box.
fn linked(cross: &Cross, packages: &[&str], features: &[&str]) -> Result<Vec<LinkedCrate>> {
    let mut command = crate::shell::cargo();
    command.args([
        "tree",
        "--locked",
        "--prefix",
        "none",
        "--format",
        "{p}|{l}",
        "-e",
        "normal,no-proc-macro",
        "--no-default-features",
    ]);
    command.args(["--target", &cross.triple]);
    command.args(packages.iter().flat_map(|p| ["-p", p])).args(features.iter().flat_map(|f| ["--features", f]));
    let listed = quietly(&mut command).context("the crates of the box's programs")?;
    Ok(read_tree(&String::from_utf8_lossy(&listed), &root().to_string_lossy()))
}

/// `serde v1.0.1|MIT OR Apache-2.0`, the house's own with their folder behind the version; repeated ones end in ` (*)`.
fn read_tree(text: &str, house: &str) -> Vec<LinkedCrate> {
    let read = |line: &str| {
        let (package, licence) = line.split_once('|')?;
        let mut words = package.split_whitespace();
        let (name, version) = (words.next()?, words.next()?.trim_start_matches('v'));
        let licence = licence.trim_end_matches(" (*)").trim();
        let licence = if licence.is_empty() && package.contains(house) { "MIT OR Apache-2.0" } else { licence };
        Some(LinkedCrate { name: name.to_owned(), version: version.to_owned(), licence: licence.to_owned() })
    };
    let mut out: Vec<_> = text.lines().filter_map(read).collect();
    out.sort();
    out.dedup();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_cargo_s_tree() {
        let text = "hearth-init v0.1.0 (/r/firmware/init)|MIT OR Apache-2.0\nserde v1.0.2|MIT OR Apache-2.0\n\nserde v1.0.2|MIT OR Apache-2.0 (*)\nring v0.17.14|Apache-2.0 AND ISC\n";
        let all: Vec<String> = read_tree(text, "/r").iter().map(|c| format!("{} {} {}", c.name, c.version, c.licence)).collect();
        assert_eq!(
            all,
            ["hearth-init 0.1.0 MIT OR Apache-2.0", "ring 0.17.14 Apache-2.0 AND ISC", "serde 1.0.2 MIT OR Apache-2.0"]
        );
    }
}
