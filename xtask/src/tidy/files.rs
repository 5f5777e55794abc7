//! Checks on files alone: READMEs, lengths, first lines, names that must not appear, links.
use super::Tree;
use anyhow::Result;
use std::collections::BTreeSet;

/// Lines a source file may have. The house's rule is "about 400": this is where about ends.
const LONGEST: usize = 450;

/// Folders inside a crate that need no README: their crate's says it.
const PLAIN: &[&str] = &["src", "tests", "examples", "benches", "fonts", "pictures", "fixtures", "data", "migrations"];

/// A README in each top-level folder, each crate, and each folder right under one that is not plain source.
pub fn readmes(tree: &Tree) -> Result<Vec<String>> {
    let mut folders = BTreeSet::new();
    for path in tree.paths() {
        let parts: Vec<&str> = path.split('/').collect();
        if parts[0].starts_with('.') {
            continue;
        }
        if parts.len() >= 2 {
            folders.insert(parts[0].to_owned());
        }
        if parts.len() >= 3 && !PLAIN.contains(&parts[1]) {
            folders.insert(parts[..2].join("/"));
        }
        if parts.last() == Some(&"Cargo.toml") && parts.len() > 1 {
            folders.insert(parts[..parts.len() - 1].join("/"));
        }
    }
    let has: BTreeSet<&str> = tree.paths().collect();
    Ok(folders
        .iter()
        .map(|f| format!("{f}/README.md"))
        .filter(|r| !has.contains(r.as_str()))
        .map(|r| format!("{r} is missing"))
        .collect())
}

/// Sources of at most [`LONGEST`] lines.
pub fn lengths(tree: &Tree) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for path in tree.paths().filter(|p| [".rs", ".slint", ".sql"].iter().any(|e| p.ends_with(e))) {
        let lines = tree.text(path).unwrap_or_default().lines().count();
        if lines > LONGEST {
            faults.push(format!("{path} has {lines} lines; at most {LONGEST}, better 400"));
        }
    }
    Ok(faults)
}

/// `//!` with words in a Rust file, a comment in a Slint or SQL file.
pub fn first_lines(tree: &Tree) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for path in tree.paths() {
        let Some((_, extension)) = path.rsplit_once('.') else { continue };
        let opening = match extension {
            "rs" => "//! ",
            "slint" => "// ",
            "sql" => "-- ",
            _ => continue,
        };
        let text = tree.text(path).unwrap_or_default();
        let first = text.lines().find(|l| !l.trim().is_empty() && !l.contains("SPDX-License-Identifier")).unwrap_or_default();
        let says = first.strip_prefix(opening).unwrap_or_default().trim();
        if says.is_empty() || says == "Skeleton." {
            faults.push(format!("{path} does not open with a `{opening}` line that says what it is for"));
        }
    }
    Ok(faults)
}

/// Host names of package registries; which one a machine uses is that machine's business. Put together here so that this file
/// does not name them either.
pub fn registries(tree: &Tree) -> Result<Vec<String>> {
    let hosts: Vec<String> = [
        ("crates", "io"),
        ("registry.npmjs", "org"),
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("deb.debian", "org"),
        ("archive.ubuntu", "com"),
        ("proxy.golang", "org"),
    ]
    .iter()
    .map(|(name, end)| format!("{name}.{end}"))
    .collect();
    let mut faults = Vec::new();
    // cargo itself writes the index's name into its lock files.
    for path in tree.paths().filter(|p| !p.ends_with("Cargo.lock")) {
        let Some(text) = tree.text(path) else { continue };
        for (number, line) in text.lines().enumerate() {
            faults
                .extend(hosts.iter().filter(|h| line.contains(h.as_str())).map(|h| format!("{path}:{}: names {h}", number + 1)));
        }
    }
    Ok(faults)
}

/// Relative links and pictures in Markdown.
pub fn links(tree: &Tree) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for path in tree.paths().filter(|p| p.ends_with(".md")) {
        let text = tree.text(path).unwrap_or_default();
        let folder = tree.root.join(path).parent().map(std::path::Path::to_path_buf).unwrap_or_default();
        for target in link_targets(&text) {
            let file = target.split('#').next().unwrap_or_default();
            if !file.is_empty() && !file.contains("://") && !file.starts_with("mailto:") && !folder.join(file).exists() {
                faults.push(format!("{path} links to {target}, which is not there"));
            }
        }
    }
    Ok(faults)
}

/// What stands in `](…)` and in `src="…"`.
fn link_targets(text: &str) -> Vec<&str> {
    let between = |open: &'static str, close: char| {
        text.split(open).skip(1).filter_map(move |rest| rest.split_once(close)).map(|(target, _)| target)
    };
    let plain = |t: &&str| !t.is_empty() && !t.contains(char::is_whitespace);
    between("](", ')').chain(between("src=\"", '"')).filter(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, Tree) {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let file = dir.path().join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        let paths = files.iter().map(|(p, _)| (*p).to_owned()).collect();
        let tree = Tree { root: dir.path().to_path_buf(), paths };
        (dir, tree)
    }

    #[test]
    fn a_folder_without_readme_is_found() {
        let (_dir, t) =
            tree(&[("a/README.md", ""), ("a/src/x.rs", ""), ("a/b/Cargo.toml", ""), ("c/x.toml", ""), (".cargo/c.toml", "")]);
        assert_eq!(readmes(&t).unwrap(), ["a/b/README.md is missing", "c/README.md is missing"]);
    }

    #[test]
    fn long_files_and_silent_ones_are_found() {
        let long = "//! Says it.\n".repeat(LONGEST + 1);
        let (_dir, t) =
            tree(&[("a.rs", &long), ("b.rs", "//! Says it.\n"), ("c.rs", "fn main() {}\n"), ("d.rs", "//! Skeleton.\n")]);
        assert_eq!(lengths(&t).unwrap().len(), 1);
        assert_eq!(first_lines(&t).unwrap().len(), 2);
    }

    #[test]
    fn a_registry_is_found() {
        let text = format!("see https://pypi.{}/simple", "org");
        let (_dir, t) = tree(&[("a.md", &text), ("b.md", "nothing")]);
        assert_eq!(registries(&t).unwrap().len(), 1);
    }

    #[test]
    fn dead_links_are_found() {
        let (_dir, t) =
            tree(&[("README.md", "[a](a.md) [b](b/#x) [c](https://example.com) <img src=\"p.png\"> `f](x y)`"), ("a.md", "")]);
        assert_eq!(
            links(&t).unwrap(),
            ["README.md links to b/#x, which is not there", "README.md links to p.png, which is not there"]
        );
    }
}
