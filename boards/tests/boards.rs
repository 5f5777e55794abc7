//! Every board in the tree is whole, and what is wrong with a board is found.

use std::path::{Path, PathBuf};

use hearth_boards::{Severity, Support, check, expand, list, load};

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).into()
}

#[test]
fn every_board_parses_and_has_no_errors() {
    let ids = list(&here()).unwrap();
    assert_eq!(ids, ["qemu-virt", "rockpro64"]);
    for id in ids {
        let board = load(&here(), &id).unwrap_or_else(|e| panic!("{e}"));
        let errors: Vec<_> = check(&board).into_iter().filter(|f| f.severity == Severity::Error).collect();
        assert!(errors.is_empty(), "{id}: {errors:?}");
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
    refused("qemu-virt", "schema = 1", "schema = 2", "this build reads 1");
    refused("qemu-virt", "schema = 1", "schema = [", "TOML");
    refused("rockpro64", "soc/rk3399.toml", "../rk3399.toml", "must be soc/<name>.toml");
    refused("rockpro64", "soc/rk3399.toml", "soc/../soc/rk3399.toml", "must be soc/<name>.toml");
    refused("rockpro64", "soc/rk3399.toml", "soc/none.toml", "No such file");
}

#[test]
fn doubtful_facts_are_found() {
    let found = |id: &str, from: &str, to: &str, field: &str, severity: Severity| {
        let (_keep, dir) = altered(id, from, to);
        let findings = check(&load(&dir, id).unwrap());
        assert!(findings.iter().any(|f| f.field == field && f.severity == severity), "{to}: {findings:?}");
    };
    found("qemu-virt", "player-mib = 128", "player-mib = 1280", "memory", Severity::Error);
    found("qemu-virt", "640x360@30", "lots", "video.decoder.max", Severity::Error);
    found("qemu-virt", "use = \"both\"", "use = \"cursor\"", "display.plane", Severity::Error);
    found("qemu-virt", "verified-boot = \"fit\"", "verified-boot = \"none\"", "bootloader.verified-boot", Severity::Warning);
    found("rockpro64", "verified-boot = \"fit\"", "verified-boot = \"fit\"\nblobs = [\"ddr.bin\"]", "support", Severity::Error);
    found("rockpro64", "dtb = \"rockchip/rk3399-rockpro64.dtb\"", "", "kernel.dtb", Severity::Error);
}
