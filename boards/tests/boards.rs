//! Every board in the tree is whole, and what is wrong with a board is found.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hearth_boards::{Board, Severity, Support, check, check_packages, expand, facts, list, load, table};

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).into()
}

fn all() -> Vec<Board> {
    list(&here()).unwrap().iter().map(|id| load(&here(), id).unwrap_or_else(|e| panic!("{e}"))).collect()
}

#[test]
fn every_board_parses_and_has_no_errors() {
    let ids: Vec<String> = all().into_iter().map(|b| b.id).collect();
    assert_eq!(ids, ["khadas-vim3", "odroid-n2", "orangepi-3", "qemu-virt", "rock-5b", "rockpro64", "rpi-4", "rpi-5"]);
    for board in all() {
        let errors: Vec<_> = check(&board).into_iter().filter(|f| f.severity == Severity::Error).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", board.id);
        assert!(board.support == Support::Tier0 || board.evidence.contains("not yet run on hardware"), "{}", board.id);
    }
}

#[test]
fn a_board_survives_the_way_to_the_box() {
    for board in all() {
        let json = serde_json::to_string(&board).unwrap();
        assert_eq!(serde_json::from_str::<Board>(&json).unwrap(), board);
    }
}

#[test]
fn a_board_takes_what_its_soc_gives_and_keeps_its_own() {
    let board = load(&here(), "rockpro64").unwrap();
    assert_eq!(board.support, Support::Tier1);
    assert_eq!(board.kernel.console, "ttyS2,1500000");
    assert_eq!(board.kernel.dtb.as_deref(), Some("rockchip/rk3399-rockpro64.dtb"));
    assert_eq!(board.video.decoder[0].element, "v4l2slh264dec");
    assert!(!expand(&here(), "rockpro64").unwrap().contains_key("inherit"));
    let vim3 = load(&here(), "khadas-vim3").unwrap();
    assert!(vim3.firmware().any(|f| f.files.iter().any(|n| n == "meson/vdec/g12a_h264.bin")));
}

#[test]
fn board_files_are_short() {
    for folder in [here(), here().join("soc")] {
        for file in
            std::fs::read_dir(folder).unwrap().flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "toml"))
        {
            let lines = std::fs::read_to_string(&file).unwrap().lines().count();
            assert!(lines <= 120 || file.ends_with("image.toml"), "{} has {lines} lines; at most 120", file.display());
        }
    }
}

/// Every single value with its path.
fn leaves(at: &str, value: &toml::Value, out: &mut BTreeMap<String, String>) {
    match value {
        toml::Value::Table(table) => table.iter().for_each(|(key, v)| leaves(&format!("{at}.{key}"), v, out)),
        toml::Value::Array(list) => list.iter().enumerate().for_each(|(i, v)| leaves(&format!("{at}[{i}]"), v, out)),
        other => {
            out.insert(at.to_owned(), other.to_string());
        }
    }
}

#[test]
fn boards_of_one_soc_share_four_fifths() {
    let mut by_soc: BTreeMap<String, Vec<BTreeMap<String, String>>> = BTreeMap::new();
    for id in list(&here()).unwrap() {
        let text = std::fs::read_to_string(here().join(format!("{id}.toml"))).unwrap();
        let Some(soc) = text.parse::<toml::Table>().unwrap().get("inherit").map(ToString::to_string) else { continue };
        let mut values = BTreeMap::new();
        leaves("", &expand(&here(), &id).unwrap().into(), &mut values);
        by_soc.entry(soc).or_default().push(values);
    }
    let pairs = by_soc.values().filter(|boards| boards.len() > 1).flat_map(|b| b.windows(2)).count();
    assert!(pairs > 0, "no SoC has two boards");
    for (soc, boards) in by_soc {
        for pair in boards.windows(2) {
            let same = pair[0].iter().filter(|(key, value)| pair[1].get(*key) == Some(value)).count();
            let more = pair[0].len().max(pair[1].len());
            assert!(same * 5 >= more * 4, "{soc}: {same} of {more} values are the same");
        }
    }
}

#[test]
fn the_readme_has_the_table() {
    let readme = std::fs::read_to_string(here().join("README.md")).unwrap();
    let fresh = table::insert(&readme, &table::table(&all())).expect("boards/README.md has the table's markers");
    assert!(fresh == readme, "boards/README.md is stale: cargo xtask board table --write");
    for board in all() {
        assert!(readme.contains(&format!("| `{}` |", board.id)));
    }
}

/// A copy of the tree's boards with `from` replaced by `to` in `id`.
fn altered(id: &str, from: &str, to: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("soc")).unwrap();
    for file in ["qemu-virt.toml", "rockpro64.toml", "soc/rk3399.toml"] {
        let mut text = std::fs::read_to_string(here().join(file)).unwrap();
        if file == format!("{id}.toml") {
            assert!(text.contains(from), "{from} is not in {file}");
            text = text.replacen(from, to, 1);
        }
        std::fs::write(dir.path().join(file), text).unwrap();
    }
    let path = dir.path().into();
    (dir, path)
}

#[test]
fn bad_files_are_refused_with_the_reason() {
    let refused = |id: &str, from: &str, to: &str, expected: &str| {
        let (_keep, dir) = altered(id, from, to);
        let message = load(&dir, id).expect_err(to).to_string();
        assert!(message.contains(expected), "{message}");
    };
    refused("qemu-virt", "ram-mib = 1024", "ram-mb = 1024", "unknown field `ram-mb`");
    refused("qemu-virt", "ram-mib = 1024", "", "missing field `ram-mib`");
    refused("qemu-virt", "id = \"qemu-virt\"", "id = \"other\"", "must be the file's name");
    refused("qemu-virt", "output = \"software\"", "output = \"plane\"", "unknown variant");
    refused("qemu-virt", "schema = 1", "schema = 2", "this build reads 1");
    refused("qemu-virt", "schema = 1", "schema = [", "TOML");
    refused("qemu-virt", "evidence = \"tested\"", "evidence = \"trust me\"", "unknown variant");
    refused("rockpro64", "soc/rk3399.toml", "../rk3399.toml", "must be soc/<name>.toml");
    refused("rockpro64", "soc/rk3399.toml", "soc/../soc/rk3399.toml", "must be soc/<name>.toml");
    refused("rockpro64", "soc/rk3399.toml", "soc/none.toml", "No such file");
}

#[test]
fn doubtful_facts_are_found() {
    let found = |id: &str, from: &str, to: &str, field: &str, severity: Severity| {
        let (_keep, dir) = altered(id, from, to);
        let findings = check(&load(&dir, if id.starts_with("soc/") { "rockpro64" } else { id }).unwrap());
        let one = findings.iter().find(|f| f.field == field && f.severity == severity);
        assert!(one.is_some_and(|f| !f.how.is_empty()), "{to}: {findings:?}");
    };
    found("qemu-virt", "player-mib = 128", "player-mib = 1280", "memory", Severity::Error);
    found("qemu-virt", "640x360@30", "lots", "video.decoder.max", Severity::Error);
    found("qemu-virt", "use = \"both\"", "use = \"cursor\"", "display.plane", Severity::Error);
    found("qemu-virt", "output = \"software\"", "output = \"kms-plane\"", "display.plane", Severity::Error);
    found("soc/rk3399", "\"AR24\", \"XR24\"", "\"XR24\"", "display.plane", Severity::Error);
    found(
        "soc/rk3399",
        "\"NV12\"]\n\n[[display.plane]]",
        "\"nv-12\"]\n\n[[display.plane]]",
        "display.plane.formats",
        Severity::Error,
    );
    found("qemu-virt", "verified-boot = \"fit\"", "verified-boot = \"none\"", "bootloader.verified-boot", Severity::Warning);
    found("qemu-virt", "\"dm-verity\", ", "", "kernel.initramfs-modules", Severity::Error);
    found("qemu-virt", "root-mib = 40", "root-mib = 100", "image.root-mib", Severity::Error);
    found("qemu-virt", "card = \"Intel\"", "", "audio.card", Severity::Warning);
    found("qemu-virt", "cec = \"QEMU", "nonsense = \"QEMU", "absent", Severity::Error);
    found("qemu-virt", "cec = \"QEMU", "watchdog = \"QEMU", "watchdog", Severity::Error);
    found("qemu-virt", "cec = \"QEMU", "\"memory.cma-mib\" = \"QEMU", "cec", Severity::Warning);
    found("rockpro64", "panel.device\" = ", "panel.colour\" = ", "doubts", Severity::Error);
    found("rockpro64", "offset-kib = 32\n", "offset-kib = 16384\n", "storage.first-lba", Severity::Error);
    found("rockpro64", "verified-boot = \"fit\"", "verified-boot = \"fit\"\nblobs = [\"ddr.bin\"]", "support", Severity::Error);
    found("rockpro64", "dtb = \"rockchip/rk3399-rockpro64.dtb\"", "", "kernel.dtb", Severity::Error);
}

#[test]
fn packages_are_held_against_the_board() {
    let dir = tempfile::tempdir().unwrap();
    let put = |path: &str, bytes: &[u8]| {
        let file = dir.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    };
    let board = load(&here(), "qemu-virt").unwrap();
    let fields = |board: &Board| -> Vec<String> { check_packages(board, dir.path()).into_iter().map(|f| f.field).collect() };
    assert!(fields(&board).contains(&"kernel.modules".to_owned()));
    for module in board.kernel.modules.iter().chain(&board.kernel.initramfs_modules).chain(&board.image.modules) {
        put(&format!("usr/lib/modules/6/kernel/{}.ko.xz", module.replace('_', "-")), b"");
    }
    put("usr/lib/u-boot/qemu_arm64/u-boot.bin", b"");
    assert_eq!(fields(&board), [""; 0]);
    let rockpro = load(&here(), "rockpro64").unwrap();
    put("usr/lib/linux-image-6/rockchip/rk3399-rockpro64.dtb", b"no tree");
    assert!(fields(&rockpro).contains(&"kernel.dtb".to_owned()));
    assert_eq!(facts(b"no tree", None), None);
}
