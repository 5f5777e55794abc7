//! GStreamer's registry, made ahead: the box's own `gst-inspect-1.0` looks at the plugins once, under QEMU's user mode, so that the box need not at
//! its first start (seconds there).
use super::inputs::{quietly, tool};
use crate::cross::tree::Tree;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where it is on the box; `GST_REGISTRY` says so there.
pub const PATH: &str = "usr/share/gst/registry.bin";

/// Makes it for the plugins in `root`, whose times must already be what they will be on the box: the registry remembers them.
///
/// It also remembers the order in which the folder listed them, which differs from disc to disc. So they come into the folder one by one.
pub fn make(root: &Path, packages: &Tree, gnu: &str, plugins: &[String]) -> Result<()> {
    let out = root.join(PATH);
    let dir = out.parent().context("the registry's folder")?;
    fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
    let folder = format!("usr/lib/{gnu}/gstreamer-1.0");
    let (there, aside) = (root.join(&folder), root.join(format!("{folder}.aside")));
    fs::rename(&there, &aside).with_context(|| there.display().to_string())?;
    fs::create_dir(&there)?;
    for plugin in plugins {
        let name = format!("libgst{plugin}.so");
        fs::rename(aside.join(&name), there.join(&name)).with_context(|| name.clone())?;
        look(root, packages, gnu, &folder, &out).with_context(|| format!("GStreamer's look at {name}"))?;
    }
    fs::remove_dir(&aside).context("a plugin was put into the root that nobody listed")?;
    let made = fs::read(&out).with_context(|| out.display().to_string())?;
    for plugin in plugins {
        let path = format!("/{folder}/libgst{plugin}.so");
        if !made.windows(path.len()).any(|w| w == path.as_bytes()) {
            bail!("GStreamer did not register {path}");
        }
    }
    Ok(())
}

/// Adds to the registry what is new in the folder.
fn look(root: &Path, packages: &Tree, gnu: &str, folder: &str, out: &Path) -> Result<()> {
    let mut command = Command::new(emulator(gnu)?);
    // With -L the root's files answer for absolute paths, so the paths remembered are the box's.
    command.arg("-L").arg(root).arg(packages.dir.join("usr/bin/gst-inspect-1.0"));
    command.env_clear().env("LC_ALL", "C").env("HOME", "/nonexistent").env("GST_REGISTRY_FORK", "no");
    command.env("GST_REGISTRY", out).env("GST_PLUGIN_SYSTEM_PATH_1_0", format!("/{folder}"));
    let said = quietly(&mut command)?;
    if String::from_utf8_lossy(&said).contains("blacklist") {
        bail!("it refuses the plugin; with GST_DEBUG=3 it says why:\n    {}", crate::shell::show(&command));
    }
    Ok(())
}

/// QEMU's user mode for the box's processor.
fn emulator(gnu: &str) -> Result<PathBuf> {
    let cpu = gnu.split('-').next().unwrap_or(gnu);
    let names = [format!("qemu-{cpu}-static"), format!("qemu-{cpu}")];
    let found = names.iter().map(|n| tool(n)).find(|p| p.is_absolute());
    found.with_context(|| format!("{} is not installed: `cargo xtask setup`, or the Debian package qemu-user-static", names[0]))
}
