//! A board against the Debian packages it names, unpacked side by side in one folder: device tree, modules, boot loader, firmware.
use crate::{Board, BootloaderKind, Finding, Severity, fdt};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What the packages in `dir` (`dpkg-deb -x` of each) belie or lack.
pub fn check_packages(board: &Board, dir: &Path) -> Vec<Finding> {
    let mut out = Vec::new();
    let mut say = |field: &str, what: String, how: &str| {
        out.push(Finding { severity: Severity::Error, field: field.into(), what, how: how.into() });
    };
    if let Some(dtb) = &board.kernel.dtb {
        match find_dtb(dir, dtb).and_then(|path| fs::read(path).ok()).as_deref().and_then(fdt::parse) {
            None => say(
                "kernel.dtb",
                format!("{dtb} is not in the kernel's package, or is no device tree"),
                "`cargo xtask board check` says where it is",
            ),
            Some(nodes) => {
                let said = nodes.first().map(|n| n.strings("compatible")).unwrap_or_default();
                if said != board.compatible {
                    say("compatible", format!("the device tree says {said:?}"), "take what the device tree says");
                }
            }
        }
    }
    let there = modules(dir);
    let named = [
        ("kernel.initramfs-modules", &board.kernel.initramfs_modules),
        ("kernel.modules", &board.kernel.modules),
        ("image.modules", &board.image.modules),
    ];
    for (field, list) in named {
        for module in list.iter().filter(|m| !there.contains(&plain(m))) {
            say(
                field,
                format!("{module} is not a module of this kernel"),
                "built in (then leave it out), misspelt, or in another suite's kernel",
            );
        }
    }
    if let (BootloaderKind::UBoot | BootloaderKind::Raspi, Some(file)) = (board.bootloader.kind, &board.bootloader.file)
        && !dir.join("usr/lib/u-boot").join(file).is_file()
    {
        say("bootloader.file", format!("usr/lib/u-boot/{file} is not there"), "list the package");
    }
    for file in board.firmware().filter(|f| f.package.is_some()).flat_map(|f| &f.files) {
        if !dir.join("usr/lib/firmware").join(file).is_file() {
            say("firmware", format!("usr/lib/firmware/{file} is not there"), "list the package");
        }
    }
    out
}

/// What a device tree says that a board file wants to know, and the modules of the kernel in `packages` that its devices ask for.
pub fn facts(dtb: &[u8], packages: Option<&Path>) -> Option<Vec<String>> {
    let nodes = fdt::parse(dtb)?;
    let find = |path: &str| nodes.iter().find(|n| n.path == path);
    let mut out = vec![format!("compatible = {:?}", nodes.first()?.strings("compatible"))];
    out.extend(
        find("/chosen").and_then(|n| n.strings("stdout-path").pop()).map(|p| format!("console: /chosen stdout-path is {p}")),
    );
    for (alias, path) in find("/aliases").iter().flat_map(|n| &n.properties).filter(|(name, _)| name.starts_with("serial")) {
        let path = String::from_utf8_lossy(path).trim_end_matches('\0').to_owned();
        let state = find(&path).map_or("not there", |n| if n.disabled { "disabled" } else { "okay" });
        out.push(format!("{alias}: {path} is {state}"));
    }
    for node in &nodes {
        let wanted = [
            "watchdog@",
            "ir@",
            "ir-receiver",
            "cec@",
            "video-codec",
            "video-decoder@",
            "ethernet@",
            "wifi@",
            "bluetooth",
            "hdmi@",
            "hdmi-tx@",
        ];
        if !node.disabled && wanted.iter().any(|w| node.name().starts_with(w)) {
            let keymap = node.strings("linux,rc-map-name").pop().map_or(String::new(), |k| format!(", keymap {k}"));
            out.push(format!("{}: {}{keymap}", node.name(), node.strings("compatible").join(", ")));
        }
        if let (true, Some(heat)) = (node.path.starts_with("/thermal-zones/"), node.cell("temperature")) {
            out.push(format!("{}: {} degrees", node.path.trim_start_matches("/thermal-zones/"), heat / 1000));
        }
    }
    if let Some(packages) = packages {
        let asked: BTreeSet<String> = nodes.iter().filter(|n| !n.disabled).flat_map(|n| n.strings("compatible")).collect();
        let aliases = aliases(packages);
        let modules: BTreeSet<&String> = asked.iter().filter_map(|c| aliases.get(c)).collect();
        out.push(format!("modules its devices ask for: {modules:?}"));
    }
    Some(out)
}

/// `compatible` to module, from `modules.alias` (run `depmod -b DIR RELEASE` first where the packages do not bring it).
fn aliases(dir: &Path) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for release in releases(dir) {
        for line in fs::read_to_string(release.join("modules.alias")).unwrap_or_default().lines() {
            let mut words = line.split_whitespace();
            if let (Some("alias"), Some(alias), Some(module)) = (words.next(), words.next(), words.next())
                && let Some(compatible) = alias.strip_prefix("of:N*T*C")
            {
                all.insert(compatible.trim_end_matches("C*").to_owned(), module.to_owned());
            }
        }
    }
    all
}

fn plain(module: &str) -> String {
    module.replace('-', "_")
}

fn releases(dir: &Path) -> Vec<PathBuf> {
    let folders = fs::read_dir(dir.join("usr/lib/modules")).into_iter().flatten().flatten();
    folders.map(|e| e.path()).collect()
}

fn find_dtb(dir: &Path, dtb: &str) -> Option<PathBuf> {
    let kernels = fs::read_dir(dir.join("usr/lib")).ok()?.flatten().map(|e| e.path());
    let named = kernels.filter(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("linux-image-")));
    // Later kernels have their device trees beside the modules.
    let beside = releases(dir).into_iter().map(|release| release.join("dtb"));
    named.chain(beside).map(|p| p.join(dtb)).find(|p| p.is_file())
}

fn modules(dir: &Path) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut folders = releases(dir);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type().is_ok_and(|t| t.is_dir()) {
                folders.push(entry.path());
            } else if let Some((stem, _)) = name.split_once(".ko") {
                all.insert(plain(stem));
            }
        }
    }
    all
}
