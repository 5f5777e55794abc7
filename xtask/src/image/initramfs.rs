//! Initial RAM file systems: a newc archive that depends on its entries alone, and the modules that go into one.
use super::tools;
use anyhow::{Context, Result, bail};
use std::path::Path;

/// What an entry is.
enum Body {
    Folder,
    File(Vec<u8>),
    Link(String),
    /// Character device.
    Device(u32, u32),
}

/// An archive in the making.
#[derive(Default)]
pub struct Archive {
    entries: std::collections::BTreeMap<String, (u32, Body)>,
}

impl Archive {
    /// With the folders that every `/init` mounts on, and the console the kernel opens before it.
    pub fn new() -> Self {
        let mut archive = Self::default();
        for folder in ["dev", "proc", "sys", "run", "tmp", "root", "data"] {
            archive.folder(folder);
        }
        archive.put("dev/console", 0o600, Body::Device(5, 1));
        archive
    }

    /// A folder, and those above it.
    pub fn folder(&mut self, path: &str) {
        if !self.entries.contains_key(path) {
            self.put(path, 0o755, Body::Folder);
        }
    }

    /// A file.
    pub fn file(&mut self, path: &str, mode: u32, bytes: Vec<u8>) {
        self.put(path, mode, Body::File(bytes));
    }

    /// A file from this machine.
    pub fn copy(&mut self, path: &str, mode: u32, from: &Path) -> Result<()> {
        self.file(path, mode, std::fs::read(from).with_context(|| from.display().to_string())?);
        Ok(())
    }

    /// A symbolic link.
    pub fn link(&mut self, path: &str, to: &str) {
        self.put(path, 0o777, Body::Link(to.to_owned()));
    }

    fn put(&mut self, path: &str, mode: u32, body: Body) {
        if let Some((folder, _)) = path.rsplit_once('/') {
            self.folder(folder);
        }
        self.entries.insert(path.to_owned(), (mode, body));
    }

    /// The archive: entries by path (a folder comes before what is in it), all of root's, all of the time `epoch`.
    pub fn to_newc(&self, epoch: u64) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        for (number, (path, (mode, body))) in self.entries.iter().enumerate() {
            let (kind, links, data, device) = match body {
                Body::Folder => (0o040_000, 2, &[][..], (0, 0)),
                Body::File(bytes) => (0o100_000, 1, &bytes[..], (0, 0)),
                Body::Link(to) => (0o120_000, 1, to.as_bytes(), (0, 0)),
                Body::Device(major, minor) => (0o020_000, 1, &[][..], (*major, *minor)),
            };
            let header = Header { number: number as u32 + 1, mode: kind | mode, links, epoch, device };
            header.write(&mut out, path, data)?;
        }
        Header { number: 0, mode: 0, links: 1, epoch: 0, device: (0, 0) }.write(&mut out, "TRAILER!!!", &[])?;
        Ok(out)
    }

    /// Writes it to `out`, compressed.
    pub fn write(&self, out: &Path, epoch: u64) -> Result<()> {
        let plain = out.with_extension("cpio");
        std::fs::write(&plain, self.to_newc(epoch)?).with_context(|| plain.display().to_string())?;
        tools::run_into(tools::command("zstd")?.args(["-q", "-19", "--single-thread", "-c"]).arg(&plain), out)?;
        std::fs::remove_file(&plain).with_context(|| plain.display().to_string())
    }
}

struct Header {
    number: u32,
    mode: u32,
    links: u32,
    epoch: u64,
    device: (u32, u32),
}

impl Header {
    fn write(&self, out: &mut Vec<u8>, path: &str, data: &[u8]) -> Result<()> {
        let Ok(size) = u32::try_from(data.len()) else { bail!("{path} is too large for an initramfs") };
        let time = u32::try_from(self.epoch).context("the time does not fit in 32 bits")?;
        let name = path.len() as u32 + 1;
        let (major, minor) = self.device;
        out.extend_from_slice(b"070701");
        for field in [self.number, self.mode, 0, 0, self.links, time, size, 0, 0, major, minor, name, 0] {
            out.extend_from_slice(format!("{field:08X}").as_bytes());
        }
        out.extend_from_slice(path.as_bytes());
        out.push(0);
        out.resize(out.len().next_multiple_of(4), 0);
        out.extend_from_slice(data);
        out.resize(out.len().next_multiple_of(4), 0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    fn archive() -> Archive {
        let mut archive = Archive::new();
        archive.file("init", 0o755, b"#!/bin/true\n".to_vec());
        archive.file("etc/hearth/slot.json", 0o644, b"{}".to_vec());
        archive.link("bin/sh", "../init");
        archive
    }

    #[test]
    fn entries_do_not_depend_on_the_order_they_were_put_in() {
        let mut other = Archive::default();
        other.link("bin/sh", "../init");
        other.file("etc/hearth/slot.json", 0o644, b"{}".to_vec());
        other.file("init", 0o755, b"#!/bin/true\n".to_vec());
        let base = Archive::new();
        other.entries.extend(base.entries);
        assert_eq!(other.to_newc(5).unwrap(), archive().to_newc(5).unwrap());
        assert!(archive().to_newc(u64::MAX).is_err());
    }

    #[test]
    fn cpio_reads_it() {
        if !tools::has("cpio") {
            println!("skipped: cpio is not installed");
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.cpio");
        std::fs::write(&file, archive().to_newc(86400).unwrap()).unwrap();
        let out = Command::new("cpio")
            .args(["-tv", "--quiet"])
            .env("TZ", "UTC")
            .env("LC_ALL", "C")
            .stdin(Stdio::from(std::fs::File::open(&file).unwrap()))
            .output()
            .unwrap();
        let text = String::from_utf8(out.stdout).unwrap();
        assert!(out.status.success() && out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
        let seen: Vec<String> = text.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        let wanted = [
            "drwxr-xr-x 2 root root 0 Jan 2 1970 bin",
            "lrwxrwxrwx 1 root root 7 Jan 2 1970 bin/sh -> ../init",
            "crw------- 1 root root 5, 1 Jan 2 1970 dev/console",
            "-rw-r--r-- 1 root root 2 Jan 2 1970 etc/hearth/slot.json",
            "-rwxr-xr-x 1 root root 12 Jan 2 1970 init",
        ];
        for line in wanted {
            assert!(seen.iter().any(|s| s == line), "{line} is not in\n{text}");
        }
    }
}
