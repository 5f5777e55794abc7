//! Checks on the crate graph: lints, and who may depend on GStreamer and Slint.
use super::Tree;
use crate::shell::cargo;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// May depend on GStreamer: the engine and the transcoder.
const GSTREAMER: &[&str] = &["hearth-player", "hearth-server"];
/// May depend on Slint: whatever links with it comes under its licence.
const SLINT: &[&str] = &["hearth-launcher"];

/// What of `cargo metadata` matters here.
#[derive(Deserialize)]
pub struct Metadata {
    /// All packages of the graph.
    pub packages: Vec<Package>,
    workspace_members: Vec<String>,
    resolve: Resolve,
}

/// A package.
#[derive(Deserialize)]
pub struct Package {
    /// Opaque.
    pub id: String,
    /// As in its Cargo.toml.
    pub name: String,
    /// As in its Cargo.toml.
    pub version: String,
    /// SPDX, if it says.
    pub license: Option<String>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<NodeDep>,
}

#[derive(Deserialize)]
struct NodeDep {
    pkg: String,
    dep_kinds: Vec<DepKind>,
}

#[derive(Deserialize)]
struct DepKind {
    kind: Option<String>,
}

impl Metadata {
    /// Asks cargo, for the kind of machine that the boxes and servers are.
    pub fn read() -> Result<Self> {
        let out = cargo()
            .args(["metadata", "--format-version", "1", "--filter-platform", "x86_64-unknown-linux-gnu"])
            .output()
            .context("cannot start cargo metadata")?;
        if !out.status.success() {
            bail!("cargo metadata failed: {}", String::from_utf8_lossy(&out.stderr));
        }
        serde_json::from_slice(&out.stdout).context("cargo metadata's answer is not what was expected")
    }

    /// The workspace's own packages.
    pub fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|p| self.workspace_members.contains(&p.id))
    }

    /// All that a package is built from or with (`build`), itself included; development dependencies are left out.
    pub fn closure<'a>(&'a self, from: &[&'a str], build: bool) -> BTreeSet<&'a str> {
        let nodes: BTreeMap<&str, &Node> = self.resolve.nodes.iter().map(|n| (n.id.as_str(), n)).collect();
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut queue: Vec<&str> = from.to_vec();
        while let Some(id) = queue.pop() {
            if !seen.insert(id) {
                continue;
            }
            let Some(node) = nodes.get(id) else { continue };
            let wanted =
                |d: &&NodeDep| d.dep_kinds.iter().any(|k| k.kind.is_none() || (build && k.kind.as_deref() == Some("build")));
            queue.extend(node.deps.iter().filter(wanted).map(|d| d.pkg.as_str()));
        }
        seen
    }
}

/// `[lints] workspace = true` in each member.
pub fn lints(tree: &Tree) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for path in tree.paths().filter(|p| p.ends_with("/Cargo.toml")) {
        let text = tree.text(path).unwrap_or_default();
        let manifest: toml::Table = toml::from_str(&text).with_context(|| path.to_owned())?;
        let own_workspace = manifest.contains_key("workspace");
        let inherits = manifest.get("lints").and_then(|l| l.get("workspace")).and_then(toml::Value::as_bool) == Some(true);
        if manifest.contains_key("package") && !own_workspace && !inherits {
            faults.push(format!("{path}: add `[lints] workspace = true`"));
        }
    }
    Ok(faults)
}

/// Who depends on GStreamer and Slint, directly or through others.
pub fn dependencies(_tree: &Tree) -> Result<Vec<String>> {
    let metadata = Metadata::read()?;
    let names: BTreeMap<&str, &str> = metadata.packages.iter().map(|p| (p.id.as_str(), p.name.as_str())).collect();
    let mut faults = Vec::new();
    for member in metadata.members() {
        for d in member.dependencies.iter().filter(|d| d.kind.as_deref() != Some("dev")) {
            if is_gstreamer(&d.name) && !GSTREAMER.contains(&member.name.as_str()) {
                faults.push(format!("{} depends on {}: only {GSTREAMER:?} may", member.name, d.name));
            }
        }
        if SLINT.contains(&member.name.as_str()) {
            continue;
        }
        for id in metadata.closure(&[&member.id], true) {
            let name = names.get(id).copied().unwrap_or_default();
            if is_slint(name) {
                faults.push(format!("{} is built with {name}: only {SLINT:?} may (Slint's licence)", member.name));
            }
        }
    }
    Ok(faults)
}

fn is_gstreamer(name: &str) -> bool {
    name.starts_with("gstreamer") || name.starts_with("gst-")
}

/// Slint's own crates.
pub fn is_slint(name: &str) -> bool {
    name == "slint" || name.starts_with("slint-") || name.starts_with("i-slint-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closure_follows_normal_and_build_edges() {
        let metadata: Metadata = serde_json::from_str(
            r#"{"packages":[],"workspace_members":["a"],"resolve":{"nodes":[
              {"id":"a","deps":[{"pkg":"b","dep_kinds":[{"kind":null}]},{"pkg":"c","dep_kinds":[{"kind":"dev"}]},{"pkg":"d","dep_kinds":[{"kind":"build"}]}]},
              {"id":"b","deps":[{"pkg":"e","dep_kinds":[{"kind":null}]}]},
              {"id":"c","deps":[]},{"id":"d","deps":[]},{"id":"e","deps":[{"pkg":"a","dep_kinds":[{"kind":null}]}]}]}}"#,
        )
        .unwrap();
        assert_eq!(metadata.closure(&["a"], false), BTreeSet::from(["a", "b", "e"]));
        assert_eq!(metadata.closure(&["a"], true), BTreeSet::from(["a", "b", "d", "e"]));
    }
}
