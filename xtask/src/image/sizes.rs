//! Where the bytes are, what grew since the last build, and what the board's budget says to that.
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// `sizes.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Sizes {
    /// Always 1.
    pub schema: u32,
    /// Of the image.
    pub version: String,
    /// What leaves the house.
    pub artefacts: BTreeMap<String, u64>,
    /// What a boot FIT is made of, compressed as it is there.
    pub boot: BTreeMap<String, u64>,
    /// What the root is made of, before compression.
    pub root: BTreeMap<String, u64>,
}

impl Sizes {
    /// From an earlier build, if there was one.
    pub fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(path).ok()?).ok()
    }

    /// Every line of all three lists.
    fn lines(&self) -> impl Iterator<Item = (String, u64)> {
        let list = |of: &'static str, list: &BTreeMap<String, u64>| {
            list.iter().map(|(name, bytes)| (format!("{of}{name}"), *bytes)).collect::<Vec<_>>()
        };
        [list("", &self.artefacts), list("boot: ", &self.boot), list("root: ", &self.root)].into_iter().flatten()
    }

    /// What changed, most grown first: name, bytes then, bytes now.
    pub fn since(&self, before: &Self) -> Vec<(String, u64, u64)> {
        let then: BTreeMap<String, u64> = before.lines().collect();
        let now: BTreeMap<String, u64> = self.lines().collect();
        let names: std::collections::BTreeSet<&String> = then.keys().chain(now.keys()).collect();
        let of = |list: &BTreeMap<String, u64>, name: &String| list.get(name).copied().unwrap_or_default();
        let mut changes: Vec<_> =
            names.into_iter().map(|n| (n.clone(), of(&then, n), of(&now, n))).filter(|c| c.1 != c.2).collect();
        changes.sort_by_key(|(_, then, now)| std::cmp::Reverse(*now as i64 - *then as i64));
        changes
    }

    /// For a person: the largest of each list, then what changed.
    pub fn show(&self, before: Option<&Self>) -> String {
        let mut text = String::new();
        for (title, list, most) in
            [("artefacts", &self.artefacts, 99), ("boot FIT", &self.boot, 99), ("root, uncompressed", &self.root, 30)]
        {
            text += &format!("{title}: {}\n", mib(list.values().sum()));
            let mut lines: Vec<_> = list.iter().collect();
            lines.sort_by_key(|(_, bytes)| std::cmp::Reverse(**bytes));
            for (name, bytes) in lines.iter().take(most) {
                text += &format!("  {:>10}  {name}\n", mib(**bytes));
            }
            if lines.len() > most {
                text += &format!("  {:>10}  {} more\n", mib(lines[most..].iter().map(|l| l.1).sum()), lines.len() - most);
            }
        }
        if let Some(before) = before {
            text += &format!("since the last build ({}):\n{}", before.version, changes(&self.since(before), 20));
        }
        text
    }
}

fn changes(changes: &[(String, u64, u64)], most: usize) -> String {
    if changes.is_empty() {
        return "  nothing changed\n".to_owned();
    }
    let line = |(name, then, now): &(String, u64, u64)| {
        format!("  {:>+11} bytes  {name} ({} to {})\n", *now as i64 - *then as i64, mib(*then), mib(*now))
    };
    changes.iter().take(most).map(line).collect()
}

/// Sizes of files in the root, by who brings them.
pub fn of_root(root: &Path) -> Result<BTreeMap<String, u64>> {
    let mut sizes = BTreeMap::new();
    walk(root, String::new(), &mut sizes)?;
    Ok(sizes)
}

fn walk(folder: &Path, below: String, sizes: &mut BTreeMap<String, u64>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let path = format!("{below}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(&entry.path(), format!("{path}/"), sizes)?;
        } else if kind.is_file() {
            *sizes.entry(owner(&path)).or_default() += entry.metadata()?.len();
        }
    }
    Ok(())
}

/// Who brings a file: a program, a plugin, the kernel, a library, a kind of data.
fn owner(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split(".so").next().unwrap_or(name);
    if path.contains("lib/modules/") {
        "kernel modules".to_owned()
    } else if path.contains("/gstreamer-1.0/") && name.ends_with(".so") {
        format!("plugin {}", stem.trim_start_matches("libgst"))
    } else if name.contains(".so") {
        format!("library {stem}")
    } else if let Some(rest) = path.strip_prefix("usr/share/") {
        format!("data {}", rest.split('/').next().unwrap_or(rest))
    } else if path.contains("bin/") {
        format!("program {name}")
    } else {
        format!("other {}", path.split('/').take(2).collect::<Vec<_>>().join("/"))
    }
}

/// One limit.
pub struct Budget {
    /// The artefact.
    pub name: &'static str,
    /// What it may have.
    pub mib: u64,
    /// Where that is said.
    pub from: &'static str,
}

/// An error that says what is too large and what made it grow.
pub fn check(budgets: &[Budget], sizes: &Sizes, before: Option<&Sizes>) -> Result<()> {
    let over: Vec<String> = budgets
        .iter()
        .filter_map(|budget| {
            let bytes = sizes.artefacts.get(budget.name).copied().unwrap_or_default();
            let text = || format!("{} has {}, {} allows {} MiB", budget.name, mib(bytes), budget.from, budget.mib);
            (bytes > budget.mib << 20).then(text)
        })
        .collect();
    if over.is_empty() {
        return Ok(());
    }
    let grew = match before {
        Some(before) => format!("since the last build:\n{}", changes(&sizes.since(before), 10)),
        None => sizes.show(None),
    };
    bail!("{}\n{grew}", over.join("\n"))
}

/// `12.34 MiB`.
pub fn mib(bytes: u64) -> String {
    format!("{:.2} MiB", bytes as f64 / f64::from(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners() {
        let check = |path: &str, expected: &str| assert_eq!(owner(path), expected, "{path}");
        check("usr/bin/hearth-launcher", "program hearth-launcher");
        check("usr/lib/aarch64-linux-gnu/gstreamer-1.0/libgstkms.so", "plugin kms");
        check("usr/lib/aarch64-linux-gnu/libc.so.6", "library libc");
        check("usr/lib/modules/6.12/dm-mod.ko", "kernel modules");
        check("usr/share/fonts/x.ttf", "data fonts");
        check("etc/ssl/certs/ca-certificates.crt", "other etc/ssl");
    }

    fn sizes(bundle: u64, launcher: u64) -> Sizes {
        let list = |name: &str, bytes| BTreeMap::from([(name.to_owned(), bytes)]);
        Sizes {
            schema: 1,
            version: "1".into(),
            artefacts: list("update.bundle", bundle),
            boot: BTreeMap::new(),
            root: list("launcher", launcher),
        }
    }

    #[test]
    fn a_budget_says_what_grew() {
        let budgets = [Budget { name: "update.bundle", mib: 1, from: "image.bundle-mib" }];
        let (small, large) = (sizes(1 << 20, 5), sizes((1 << 20) + 1, 500));
        check(&budgets, &small, None).unwrap();
        let error = check(&budgets, &large, Some(&small)).unwrap_err().to_string();
        assert!(error.contains("update.bundle has 1.00 MiB, image.bundle-mib allows 1 MiB"), "{error}");
        assert!(error.contains("+495 bytes  root: launcher"), "{error}");
        assert_eq!(large.since(&small)[0].0, "root: launcher");
        assert_eq!(small.since(&small), []);
        assert!(large.show(Some(&small)).contains("since the last build (1)"));
    }
}
