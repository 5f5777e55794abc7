//! Kernel modules: what needs what (`modules.dep`), and the order to load them in.
use anyhow::{Context, Result, bail};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The modules of one kernel.
pub struct Modules {
    dir: PathBuf,
    /// Name with `_` -> file and files needed, relative to `dir`; the needed ones last to first, as depmod writes them.
    needs: BTreeMap<String, (String, Vec<String>)>,
    built_in: BTreeSet<String>,
}

impl Modules {
    /// Reads `modules.dep` and `modules.builtin` of `lib/modules/<release>`.
    pub fn read(dir: &Path) -> Result<Self> {
        let file = dir.join("modules.dep");
        let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let built_in = std::fs::read_to_string(dir.join("modules.builtin")).unwrap_or_default();
        Ok(Self::parse(dir, &text, &built_in))
    }

    fn parse(dir: &Path, dep: &str, built_in: &str) -> Self {
        let mut needs = BTreeMap::new();
        for line in dep.lines() {
            let Some((file, needed)) = line.split_once(':') else { continue };
            needs.insert(name_of(file), (file.to_owned(), needed.split_whitespace().map(str::to_owned).collect()));
        }
        Self { dir: dir.to_path_buf(), needs, built_in: built_in.lines().map(name_of).collect() }
    }

    /// The files of these modules and of all they need, each once, what is needed before what needs it.
    pub fn in_load_order<S: AsRef<str>>(&self, names: &[S]) -> Result<Vec<PathBuf>> {
        let mut order: Vec<&String> = Vec::new();
        for name in names {
            let name = name_of(name.as_ref());
            let Some((file, needed)) = self.needs.get(&name) else {
                if self.built_in.contains(&name) {
                    continue;
                }
                bail!("this kernel has no module {name}; its modules are in {}", self.dir.display());
            };
            for file in needed.iter().rev().chain([file]) {
                if !order.contains(&file) {
                    order.push(file);
                }
            }
        }
        Ok(order.into_iter().map(|file| self.dir.join(file)).collect())
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
        let modules = Modules::parse(Path::new("/m"), dep, "kernel/virtio-pci.ko\n");
        for (names, expected) in [
            (&["c"][..], Some("c")),
            (&["a"], Some("c b-2 a")),
            (&["d", "a.ko"], Some("c d b-2 a")),
            (&["b_2", "b-2"], Some("c b-2")),
            (&["virtio_pci", "c"], Some("c")),
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
