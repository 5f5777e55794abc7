//! Kernel modules: what needs what (`modules.dep`), and the order to load them in.
use anyhow::{Context, Result, bail};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The modules of one kernel.
pub struct Modules {
    dir: PathBuf,
    /// Name with `_` -> file and files needed, relative to `dir`; the needed ones last to first, as depmod writes them.
    needs: BTreeMap<String, (String, Vec<String>)>,
    /// Name -> what it asks the kernel for by name once it runs (`softdep … pre:`). There is no modprobe on the box to answer.
    asks: BTreeMap<String, Vec<String>>,
    /// Other names of modules.
    aliases: BTreeMap<String, String>,
    built_in: BTreeSet<String>,
}

impl Modules {
    /// Reads what depmod left in `lib/modules/<release>`.
    pub fn read(dir: &Path) -> Result<Self> {
        let text = |name: &str| std::fs::read_to_string(dir.join(name)).with_context(|| dir.join(name).display().to_string());
        let optional = |name: &str| text(name).unwrap_or_default();
        let (soft, aliases) = (optional("modules.softdep"), optional("modules.alias"));
        Ok(Self::parse(dir, &text("modules.dep")?, &soft, &aliases, &optional("modules.builtin")))
    }

    fn parse(dir: &Path, dep: &str, soft: &str, aliases: &str, built_in: &str) -> Self {
        let mut needs = BTreeMap::new();
        for line in dep.lines() {
            let Some((file, needed)) = line.split_once(':') else { continue };
            needs.insert(name_of(file), (file.to_owned(), needed.split_whitespace().map(str::to_owned).collect()));
        }
        let mut asks: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in soft.lines().filter_map(|l| l.strip_prefix("softdep ")) {
            let Some((module, rest)) = line.split_once(" pre: ") else { continue };
            let before = rest.split(" post: ").next().unwrap_or_default();
            asks.entry(name_of(module)).or_default().extend(before.split_whitespace().map(name_of));
        }
        let alias = |line: &str| {
            let (alias, module) = line.strip_prefix("alias ")?.split_once(' ')?;
            Some((name_of(alias), name_of(module)))
        };
        let aliases = aliases.lines().filter(|l| !l.contains([':', '*'])).filter_map(alias).collect();
        Self { dir: dir.to_path_buf(), needs, asks, aliases, built_in: built_in.lines().map(name_of).collect() }
    }

    /// The files of these modules and of all they need, each once, what is needed before what needs it.
    pub fn in_load_order<S: AsRef<str>>(&self, names: &[S]) -> Result<Vec<PathBuf>> {
        let mut order = Vec::new();
        for name in names {
            let name = name_of(name.as_ref());
            if !self.add(&name, &mut order, &mut BTreeSet::new()) && !self.built_in.contains(&name) {
                bail!("this kernel has no module {name}; its modules are in {}", self.dir.display());
            }
        }
        Ok(order.into_iter().map(|file| self.dir.join(file)).collect())
    }

    /// Whether there is such a module. `under` are those being added, in case two ask for each other.
    fn add<'a>(&'a self, name: &str, order: &mut Vec<&'a String>, under: &mut BTreeSet<String>) -> bool {
        let name = self.aliases.get(name).filter(|_| !self.needs.contains_key(name)).map_or(name, String::as_str);
        let Some((file, needed)) = self.needs.get(name) else { return false };
        if under.insert(name.to_owned()) {
            for file in needed.iter().rev().chain([file]) {
                // What is only asked for may be built in or absent.
                for asked in self.asks.get(&name_of(file)).into_iter().flatten() {
                    self.add(asked, order, under);
                }
                if !order.contains(&file) {
                    order.push(file);
                }
            }
        }
        true
    }
}

/// `kernel/drivers/virtio-x.ko.xz` -> `virtio_x`.
fn name_of(file: &str) -> String {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.split(".ko").next().unwrap_or(name).replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolves_in_load_order() {
        let dep = "kernel/a.ko: kernel/b-2.ko kernel/c.ko\nkernel/b-2.ko: kernel/c.ko\nkernel/c.ko:\nkernel/d.ko: kernel/c.ko\n";
        let dep =
            format!("{dep}kernel/fs/e4.ko: kernel/jbd.ko\nkernel/jbd.ko:\nkernel/crc_generic.ko:\nkernel/x.ko:\nkernel/y.ko:\n");
        let soft =
            "# …\nsoftdep jbd pre: crypto-crc\nsoftdep e4 pre: crypto-crc nothing post: a\nsoftdep x pre: y\nsoftdep y pre: x\n";
        let aliases = "alias crypto-crc crc_generic\nalias pci:v*d* a\n";
        let modules = Modules::parse(Path::new("/m"), &dep, soft, aliases, "kernel/virtio-pci.ko\n");
        for (names, expected) in [
            (&["c"][..], Some("c")),
            (&["a"], Some("c b-2 a")),
            (&["d", "a.ko"], Some("c d b-2 a")),
            (&["b_2", "b-2"], Some("c b-2")),
            (&["virtio_pci", "c"], Some("c")),
            (&["jbd"], Some("crc_generic jbd")),
            (&["e4"], Some("crc_generic jbd e4")),
            (&["crypto-crc"], Some("crc_generic")),
            (&["x"], Some("y x")),
            (&["nothing"], None),
        ] {
            let found = modules.in_load_order(names).ok().map(|files| {
                let stems: Vec<_> =
                    files.iter().filter_map(|f| f.file_stem()).map(|s| s.to_string_lossy().into_owned()).collect();
                stems.join(" ")
            });
            assert_eq!(found.as_deref(), expected, "{names:?}");
        }
    }
}
