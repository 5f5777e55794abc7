//! A tiny root packed twice: the same bytes, and each piece what the box expects.
use super::inputs::{Deb, Inputs, LinkedCrate, sha256_file};
use super::keys::Keys;
use super::{disk, pack, tools};
use hearth_update::bootstate::{BootState, choose};
use hearth_update::bundle::{Bundle, Part};
use hearth_update::factory::Factory;
use hearth_update::signed::Keyring;
use hearth_update::slot::SlotInfo;
use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

fn put(path: PathBuf, bytes: &[u8]) -> PathBuf {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

/// Bytes that do not compress.
fn noise(len: usize) -> Vec<u8> {
    let numbers = std::iter::successors(Some(1u32), |x| Some(x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223)));
    numbers.take(len).map(|x| (x >> 24) as u8).collect()
}

/// Everything below `dir`, which is made anew, as another day and another umask would have it.
fn inputs(dir: &Path) -> Inputs {
    let mut board = hearth_boards::load(&crate::shell::root().join("boards"), "qemu-virt").unwrap();
    board.storage.slot_mib = 40;
    board.storage.data_min_mib = 1;
    board.kernel.initramfs_modules = vec!["virtio_blk".into()];
    board.kernel.modules = vec!["evdev".into()];
    let (root, modules) = (dir.join("root"), dir.join("lib/modules/6.12"));
    put(root.join("usr/bin/hearth-launcher"), &noise(300_000));
    put(root.join("etc/hearth/product.json"), b"{}");
    put(root.join("etc/hearth/board.json"), b"{}");
    put(modules.join("kernel/virtio_blk.ko"), b"blk");
    put(modules.join("kernel/evdev.ko"), b"evdev");
    put(modules.join("modules.dep"), b"kernel/virtio_blk.ko:\nkernel/evdev.ko:\n");
    // Where the unpacked packages would have it.
    put(dir.join("usr/lib/u-boot/qemu_arm64/u-boot.bin"), b"loader");
    let name = |name: &str| name.to_owned();
    Inputs {
        board,
        version: name("0.1.0"),
        build_id: "5a".repeat(32),
        rollback_index: 1,
        epoch: 1_700_000_000,
        development: false,
        root,
        kernel_image: put(dir.join("boot/vmlinuz"), &vec![3; 100_000]),
        modules_dir: modules,
        kernel_release: name("6.12"),
        loader_dir: None,
        blobs: None,
        init_static: put(dir.join("init"), b"init"),
        update_static: put(dir.join("update"), b"update"),
        debs: vec![Deb {
            name: name("libc6"),
            version: name("2.41"),
            sha256: "00".repeat(32),
            source: name("glibc"),
            copyright: None,
        }],
        crates: vec![LinkedCrate { name: name("serde"), version: name("1.0.0"), licence: name("MIT OR Apache-2.0") }],
        out: dir.join("out"),
    }
}

fn ready() -> bool {
    let needed = tools::NEEDED.iter().map(|(name, _)| *name).chain(["qemu-system-aarch64", "dumpimage", "cpio"]);
    let missing = needed.into_iter().find(|name| !tools::has(name));
    if let Some(missing) = missing {
        println!("skipped: {missing} is not installed");
    }
    missing.is_none()
}

#[test]
fn two_runs_give_the_same_bytes() {
    if !ready() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let keys = Keys::get(None, &dir.path().join("keys")).unwrap();
    let (one, two) = (inputs(&dir.path().join("one")), inputs(&dir.path().join("a/second/place")));
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(5);
    fs::File::open(two.root.join("etc/hearth/board.json")).unwrap().set_modified(old).unwrap();
    pack::pack(&one, &keys).unwrap();
    pack::pack(&two, &keys).unwrap();
    let names = |dir: &Path| {
        let mut names: Vec<_> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let made = names(&one.out);
    let wanted =
        "boot.fit control.dtb disk.img manifest.json recovery.fit root.img sbom.spdx.json sizes.json u-boot.bin update.bundle";
    assert_eq!(made.join(" "), wanted);
    assert_eq!(made, names(&two.out));
    for name in made {
        let sum = |inputs: &Inputs| sha256_file(&inputs.out.join(&name)).unwrap();
        assert_eq!(sum(&one), sum(&two), "{name} differs");
    }
    what_the_box_finds(&one, &keys);
}

fn what_the_box_finds(inputs: &Inputs, keys: &Keys) {
    let layout = disk::layout(&inputs.board.storage);
    let mut disc = fs::File::open(inputs.out.join("disk.img")).unwrap();
    let mut partition = |name: &str, len: usize| {
        let start = layout.iter().find(|p| p.name == name).unwrap().start * disk::SECTOR;
        let mut bytes = vec![0; len];
        disc.seek(SeekFrom::Start(start)).unwrap();
        disc.read_exact(&mut bytes).unwrap();
        bytes
    };
    let states = partition("bootstate", 65536 + 4096);
    assert_eq!(choose([&states[..4096], &states[65536..]]), Some((0, BootState { generation: 1, ..BootState::default() })));
    let trusted = fs::read_to_string(inputs.root.join("etc/hearth/factory.pub")).unwrap();
    let record = Factory::open(&partition("factory", 4096), &Keyring::parse(&trusted).unwrap()).unwrap();
    assert!(record.serial.starts_with("DEV-"), "{record:?}");
    let root = fs::read(inputs.out.join("root.img")).unwrap();
    let boot = fs::read(inputs.out.join("boot.fit")).unwrap();
    for slot in ["a", "b"] {
        assert!(partition(&format!("root-{slot}"), root.len()) == root && partition(&format!("boot-{slot}"), boot.len()) == boot);
    }

    let update = fs::read(inputs.out.join("update.bundle")).unwrap();
    let bundle = Bundle::read(&mut &update[..], &keys.update.keyring()).unwrap();
    for (part, file) in [(Part::Boot, &boot), (Part::Root, &root)] {
        let range = bundle.range(bundle.manifest.payload(part).unwrap());
        assert!(&update[range.start as usize..range.end as usize] == file, "{part:?}");
    }

    let own = SlotInfo::parse(&fs::read(inputs.root.join("etc/hearth/slot.json")).unwrap()).unwrap();
    let slot = ramdisk(&inputs.out.join("boot.fit"));
    let signed = SlotInfo::parse(&fs::read(slot.path().join("etc/hearth/slot.json")).unwrap()).unwrap();
    let verity = signed.root.clone().unwrap();
    assert_eq!((verity.data_blocks, signed.modules.join(" ").as_str()), (verity.hash_start, "virtio_blk.ko"));
    assert!(root.len() as u64 > verity.hash_start * 4096);
    assert_eq!(SlotInfo { root: None, modules: Vec::new(), ..signed }, own);
    assert!(slot.path().join("lib/modules/6.12/virtio_blk.ko").is_file() && !slot.path().join("usr").exists());

    let recovery = ramdisk(&inputs.out.join("recovery.fit"));
    let signed = SlotInfo::parse(&fs::read(recovery.path().join("etc/hearth/slot.json")).unwrap()).unwrap();
    assert_eq!((signed.root, signed.modules.join(" ").as_str()), (None, "virtio_blk.ko evdev.ko"));
    for file in ["init", "usr/bin/hearth-update", "etc/hearth/update.pub", "etc/hearth/product.json"] {
        assert!(recovery.path().join(file).is_file(), "recovery has no {file}");
    }
}

/// The files in a FIT's initramfs.
fn ramdisk(fit: &Path) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let (packed, plain) = (dir.path().join("packed"), dir.path().join("plain"));
    tools::run(tools::command("dumpimage").unwrap().args(["-T", "flat_dt", "-p", "1", "-o"]).arg(&packed).arg(fit)).unwrap();
    tools::run_into(tools::command("zstd").unwrap().arg("-dc").arg(&packed), &plain).unwrap();
    let mut cpio = tools::command("cpio").unwrap();
    tools::run(
        cpio.args(["-i", "-d", "--quiet", "--no-absolute-filenames", "-F"]).arg(&plain).arg("[!d]*").current_dir(dir.path()),
    )
    .unwrap();
    dir
}

#[test]
fn a_full_partition_and_a_missing_tool_are_said() {
    if !ready() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let keys = Keys::get(None, &dir.path().join("keys")).unwrap();
    let mut small = inputs(dir.path());
    pack::pack(&small, &keys).unwrap();
    small.board.image.bundle_mib = 0;
    put(small.root.join("usr/share/fonts/more.ttf"), &[9; 70_000]);
    let error = format!("{:#}", pack::pack(&small, &keys).err().unwrap());
    assert!(error.contains("the board's image.bundle-mib allows 0 MiB"), "{error}");
    assert!(error.contains("+70000 bytes  root: data fonts"), "{error}");
    small.board.kernel.initramfs_modules = vec!["nothing".into()];
    assert!(format!("{:#}", pack::pack(&small, &keys).err().unwrap()).contains("no module nothing"));
}
