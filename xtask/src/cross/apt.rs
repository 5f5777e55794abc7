//! A private view of Debian: apt with lists and cache of its own, for any suite and architecture; the machine's own dpkg is not touched.
use super::{cache, mirror};
use crate::image::inputs::{quietly, sha256_file};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One suite for one architecture.
pub struct View {
    dir: PathBuf,
}

/// What the lists say of one package.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    pub name: String,
    pub version: String,
    /// The source package's name.
    pub source: String,
    pub sha256: String,
    pub size: u64,
    /// Last part of its path in the archive.
    pub file: String,
    pub depends: Vec<String>,
}

impl View {
    /// Opens the view, fetching the lists if it has none.
    pub fn open(suite: &str, arch: &str, section: &str) -> Result<Self> {
        let name = [suite, arch].into_iter().chain(section.split(' ').skip(1)).collect::<Vec<_>>().join("-");
        let view = Self { dir: cache().join("apt").join(name) };
        let sources = mirror::sources(suite, section)?;
        let marker = view.dir.join("updated");
        if marker.is_file() && fs::read_to_string(view.dir.join("sources.list")).is_ok_and(|had| had == sources) {
            return Ok(view);
        }
        for dir in ["lists/partial", "cache/archives/partial", "debs"] {
            fs::create_dir_all(view.dir.join(dir))?;
        }
        fs::write(view.dir.join("sources.list"), sources)?;
        fs::write(view.dir.join("apt.conf"), configuration(&view.dir, arch))?;
        quietly(view.apt("apt-get").arg("update")).context("the lists of Debian's packages")?;
        fs::write(marker, "")?;
        Ok(view)
    }

    /// Forgets the lists, so that the next [`View::open`] asks the mirror what is new.
    pub fn forget() -> Result<()> {
        let dir = cache().join("apt");
        for view in fs::read_dir(dir).into_iter().flatten().flatten() {
            let marker = view.path().join("updated");
            if marker.is_file() {
                fs::remove_file(marker)?;
            }
        }
        Ok(())
    }

    fn apt(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.arg("-c").arg(self.dir.join("apt.conf")).env("LC_ALL", "C");
        command
    }

    /// What would be installed of each of these names.
    pub fn find<S: AsRef<str>>(&self, names: &[S]) -> Result<Vec<Package>> {
        let found = self.known(names)?;
        let one = |name: &S| {
            let package = found.iter().find(|p| p.name == name.as_ref()).cloned();
            package.with_context(|| format!("Debian has no package {} in {}", name.as_ref(), self.dir.display()))
        };
        names.iter().map(one).collect()
    }

    /// The same of those names that there are: a virtual package has no stanza of its own.
    pub fn known<S: AsRef<str>>(&self, names: &[S]) -> Result<Vec<Package>> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let mut command = self.apt("apt-cache");
        command.args(["--no-all-versions", "show"]).args(names.iter().map(AsRef::as_ref));
        // It fails when it does not know one of them.
        let out = command.output().context("cannot start apt-cache")?;
        Ok(parse(&String::from_utf8_lossy(&out.stdout)))
    }

    /// The `.deb` of each, fetched if it is not there; what is there is checked as well.
    pub fn fetch(&self, packages: &[Package]) -> Result<Vec<PathBuf>> {
        let debs = self.dir.join("debs");
        let lacking: Vec<&Package> = packages.iter().filter(|p| !is_whole(&debs.join(&p.file), p)).collect();
        if !lacking.is_empty() {
            let mut command = self.apt("apt-get");
            command.current_dir(&debs).args(["download", "-qq"]);
            command.args(lacking.iter().map(|p| format!("{}={}", p.name, p.version)));
            quietly(&mut command)?;
        }
        // apt writes the epoch's colon as %3a; the archive's own name has no epoch.
        packages.iter().map(|p| place(&debs, p)).collect()
    }
}

fn is_whole(path: &Path, package: &Package) -> bool {
    path.metadata().is_ok_and(|m| m.len() == package.size) && sha256_file(path).is_ok_and(|sum| sum == package.sha256)
}

fn place(debs: &Path, package: &Package) -> Result<PathBuf> {
    let path = debs.join(&package.file);
    let stem = format!("{}_{}_", package.name, package.version.replace(':', "%3a"));
    for entry in fs::read_dir(debs)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(&stem) && entry.path() != path {
            fs::rename(entry.path(), &path)?;
        }
    }
    if !is_whole(&path, package) {
        bail!("{} is not what Debian's lists promise; delete it and try again", path.display());
    }
    Ok(path)
}

fn configuration(dir: &Path, arch: &str) -> String {
    let dir = dir.display();
    // The hooks that a machine has for its own lists are not meant for these; without a sandbox user an ordinary folder will do.
    format!(
        "#clear APT::Update::Post-Invoke;\n#clear APT::Update::Post-Invoke-Success;\n#clear APT::Default-Release;\n\
         #clear Acquire::IndexTargets;\n\
         Acquire::IndexTargets::deb::Packages {{\n  MetaKey \"$(COMPONENT)/binary-$(ARCHITECTURE)/Packages\";\n  \
         flatMetaKey \"Packages\";\n  ShortDescription \"Packages\";\n  Description \"$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Packages\";\n  \
         Optional \"false\";\n}};\n\
         APT::Architecture \"{arch}\";\nAPT::Architectures {{ \"{arch}\"; }};\n\
         Dir::State \"{dir}\";\nDir::State::lists \"{dir}/lists\";\nDir::State::status \"/dev/null\";\nDir::Cache \"{dir}/cache\";\n\
         Dir::Etc::sourcelist \"{dir}/sources.list\";\nDir::Etc::sourceparts \"/dev/null\";\n\
         Dir::Etc::preferences \"/dev/null\";\nDir::Etc::preferencesparts \"/dev/null\";\n\
         Acquire::Languages \"none\";\nAcquire::Retries \"3\";\nAPT::Sandbox::User \"\";\n"
    )
}

/// The stanzas of `apt-cache show`.
fn parse(text: &str) -> Vec<Package> {
    let read = |stanza: &str| {
        let field = |name: &str| stanza.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(": "));
        let name = field("Package")?.to_owned();
        // `Source: glibc (2.41-12)` where the versions differ.
        let source = field("Source").and_then(|s| s.split_whitespace().next()).unwrap_or(&name).to_owned();
        let depends = field("Depends").into_iter().chain(field("Pre-Depends")).flat_map(|d| d.split([',', '|']));
        Some(Package {
            version: field("Version")?.to_owned(),
            sha256: field("SHA256")?.to_owned(),
            size: field("Size")?.parse().ok()?,
            file: field("Filename")?.rsplit('/').next()?.to_owned(),
            depends: depends.filter_map(|d| d.split_whitespace().next()).map(str::to_owned).collect(),
            name,
            source,
        })
    };
    text.split("\n\n").filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_stanzas() {
        let text = "Package: libc6\nSource: glibc (2.41-12)\nVersion: 2.41-12+b1\nDepends: libgcc-s1 (>= 1) | x, y:any\nSHA256: ab\nSize: 12\n\
                    Filename: pool/main/g/glibc/libc6_2.41-12+b1_arm64.deb\nDescription: C\n more\n\nPackage: broken\n";
        let [p] = &parse(text)[..] else { panic!("one package") };
        assert_eq!((p.name.as_str(), p.source.as_str(), p.version.as_str()), ("libc6", "glibc", "2.41-12+b1"));
        assert_eq!((p.size, p.file.as_str()), (12, "libc6_2.41-12+b1_arm64.deb"));
        assert_eq!(p.depends, ["libgcc-s1", "x", "y:any"]);
    }
}
