//! The second half of `cargo xtask image`: from an assembled root to everything an OEM flashes and serves. The same inputs and keys give the same bytes.
use super::disk::{self, Content, Source};
use super::initramfs::Archive;
use super::inputs::{Inputs, sha256_file};
use super::keys::{FIT, Keys};
use super::sizes::{self, Budget, Sizes};
use super::{bundle, fit, recovery, sbom, squashfs, uboot, verity};
use crate::shell::step;
use anyhow::{Context, Result, bail};
use hearth_boards::VerifiedBoot;
use hearth_update::bootstate::{BootState, OFFSETS, next};
use hearth_update::bundle::Release;
use hearth_update::factory::Factory;
use hearth_update::slot::{SlotInfo, VerityRoot};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What leaves the house, in the order it is told.
const ARTEFACTS: &[&str] = &["disk.img", "update.bundle", "boot.fit", "root.img", "recovery.fit", "control.dtb", "u-boot.bin"];

/// What was made.
pub struct Report {
    /// Where the bytes are.
    pub sizes: Sizes,
    /// The build before, if its figures are there.
    pub before: Option<Sizes>,
    /// What whoever flashes this has to know.
    pub notes: Vec<String>,
}

/// Packs.
pub fn pack(inputs: &Inputs, keys: &Keys) -> Result<Report> {
    let out = &inputs.out;
    std::fs::create_dir_all(out).with_context(|| out.display().to_string())?;
    let work = tempfile::Builder::new().prefix(".pack").tempdir_in(out)?;
    let before = Sizes::read(&out.join("sizes.json"));

    step("Packing the root: squashfs and hash tree");
    trust(inputs, keys)?;
    let root = out.join("root.img");
    squashfs::make(&inputs.root, &root, inputs.epoch)?;
    let verity = verity::append(&root, &inputs.build_id)?;

    step("Signing kernel and initramfs");
    let loader = loader(inputs)?;
    let machine = machine_dtb(inputs, loader.as_deref(), work.path())?;
    let control = out.join("control.dtb");
    uboot::control(&machine, &control)?;
    let memory = uboot::Memory::of(&machine, inputs.board.memory.ram_base)?;
    let slot = ramdisk(inputs, Some(verity), &work.path().join("slot.cpio.zst"))?;
    let rescue = ramdisk(inputs, None, &work.path().join("recovery.cpio.zst"))?;
    let kernel = fit::compress(&inputs.kernel_image, &cache(out))?;
    let parts = |ramdisk, description| fit::Parts { kernel: &kernel, load: memory.kernel(), ramdisk, dtb: &machine, description };
    let (boot, rescue_fit) = (out.join("boot.fit"), out.join("recovery.fit"));
    let name = format!("Hearth {} {}", inputs.board.id, inputs.version);
    fit::make(&parts(&slot, &name), keys, Some(&control), inputs.epoch, &boot)?;
    fit::make(&parts(&rescue, &format!("{name} recovery")), keys, None, inputs.epoch, &rescue_fit)?;
    uboot::lock(&control, &uboot::selector(&inputs.board, memory)?)?;
    if let Some(loader) = &loader {
        std::fs::copy(loader, out.join("u-boot.bin")).with_context(|| loader.display().to_string())?;
    }

    step("Writing disc image and bundle");
    let release = Release::new(&inputs.board.id, &inputs.version, &inputs.build_id, inputs.rollback_index);
    bundle::make(&release, &boot, &root, keys, &out.join("update.bundle"))?;
    disc(inputs, keys, &boot, &root, &rescue_fit, loader.as_deref())?;

    let boot_parts = [("kernel", &kernel), ("initramfs", &slot), ("device tree", &machine), ("recovery's initramfs", &rescue)];
    let sizes = measure(inputs, &boot_parts)?;
    sizes::check(&budgets(inputs), &sizes, before.as_ref())?;
    json_file(&out.join("sbom.spdx.json"), &sbom::document(inputs)?)?;
    json_file(&out.join("manifest.json"), &manifest(inputs, keys, loader.as_deref(), &machine)?)?;
    json_file(&out.join("sizes.json"), &serde_json::to_value(&sizes)?)?;
    Ok(Report { sizes, before, notes: notes(inputs, keys, loader.is_some()) })
}

/// What a slot says of itself; `root` in the initramfs only.
pub fn slot_info(inputs: &Inputs, modules: Vec<String>, root: Option<VerityRoot>) -> SlotInfo {
    SlotInfo {
        schema: 1,
        version: inputs.version.clone(),
        build_id: inputs.build_id.clone(),
        rollback_index: inputs.rollback_index,
        board: inputs.board.id.clone(),
        development: inputs.development,
        built_at: inputs.epoch,
        modules,
        root,
    }
}

/// Puts into the root whom it trusts and what it is.
fn trust(inputs: &Inputs, keys: &Keys) -> Result<()> {
    let folder = inputs.root.join("etc/hearth");
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let files = [
        ("update.pub", keys.update_public().into_bytes()),
        ("factory.pub", keys.factory_public.clone().into_bytes()),
        ("slot.json", slot_info(inputs, Vec::new(), None).to_json()),
    ];
    for (name, bytes) in files {
        let file = folder.join(name);
        std::fs::write(&file, bytes).with_context(|| file.display().to_string())?;
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    }
    Ok(())
}

/// The initramfs of a slot, or recovery's when there is no root to open.
fn ramdisk(inputs: &Inputs, root: Option<VerityRoot>, out: &Path) -> Result<PathBuf> {
    let kernel = &inputs.board.kernel;
    let mut archive = Archive::new();
    archive.copy("init", 0o755, &inputs.init_static)?;
    let mut wanted = kernel.initramfs_modules.clone();
    if root.is_none() {
        wanted.extend(kernel.modules.iter().cloned());
        recovery::add(&mut archive, inputs)?;
    }
    let mut names = Vec::new();
    for file in inputs.modules(&wanted)? {
        let name =
            file.file_name().and_then(|n| n.to_str()).with_context(|| format!("{} is no module's name", file.display()))?;
        archive.copy(&format!("lib/modules/{}/{name}", inputs.kernel_release), 0o644, &file)?;
        names.push(name.to_owned());
    }
    archive.file("etc/hearth/slot.json", 0o644, slot_info(inputs, names, root).to_json());
    archive.write(out, inputs.epoch)?;
    Ok(out.to_path_buf())
}

/// The boot loader's binary, from the unpacked packages or from this machine; none where the OEM brings it.
fn loader(inputs: &Inputs) -> Result<Option<PathBuf>> {
    if let Some(own) = inputs.blobs.as_ref().map(|dir| dir.join("u-boot.bin")).filter(|file| file.is_file()) {
        return Ok(Some(own));
    }
    let Some(file) = &inputs.board.bootloader.file else { return Ok(None) };
    match unpacked(inputs, &format!("usr/lib/u-boot/{file}")) {
        Some(path) => Ok(Some(path)),
        None => bail!(
            "the boot loader usr/lib/u-boot/{file} is neither among the unpacked packages nor on this machine: install {}",
            inputs.board.bootloader.package.as_deref().unwrap_or("the package that has it")
        ),
    }
}

/// A file of the Debian packages: beside the kernel where those are unpacked, else this machine's own.
fn unpacked(inputs: &Inputs, file: &str) -> Option<PathBuf> {
    let beside = [&inputs.kernel_image, &inputs.modules_dir].into_iter().flat_map(|path| path.ancestors());
    let loader = inputs.loader_dir.as_deref();
    loader
        .into_iter()
        .chain(beside)
        .chain([Path::new("/")])
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(file))
        .find(|file| file.is_file())
}

/// The board's device tree: from the kernel's package, or made by QEMU where QEMU is the board.
fn machine_dtb(inputs: &Inputs, loader: Option<&Path>, work: &Path) -> Result<PathBuf> {
    let board = &inputs.board;
    let out = work.join("machine.dtb");
    match (&board.kernel.dtb, &board.qemu) {
        (Some(dtb), _) => {
            // Later kernels have theirs beside the modules.
            let beside = Some(inputs.modules_dir.join("dtb").join(dtb)).filter(|file| file.is_file());
            let file = format!("usr/lib/linux-image-{}/{dtb}", inputs.kernel_release);
            let from = beside.or_else(|| unpacked(inputs, &file));
            let from = from.with_context(|| format!("{file} is not among the unpacked packages"))?;
            std::fs::copy(&from, &out).with_context(|| from.display().to_string())?;
        }
        (None, Some(qemu)) => {
            let loader = loader.context("a QEMU board needs bootloader.file")?;
            uboot::machine_dtb(qemu, board.memory.ram_mib, loader, &out)?;
        }
        (None, None) => bail!("{}: neither kernel.dtb nor [qemu] says where the device tree comes from", board.id),
    }
    Ok(out)
}

/// Compressed kernels are kept beside the results of all boards.
fn cache(out: &Path) -> PathBuf {
    out.parent().unwrap_or(out).join(".cache")
}

fn disc(inputs: &Inputs, keys: &Keys, boot: &Path, root: &Path, rescue: &Path, loader: Option<&Path>) -> Result<()> {
    let (copy, state) = next([&[], &[]], BootState::default());
    let mut contents = vec![Content { partition: "bootstate", offset: OFFSETS[copy], from: Source::Bytes(&state) }];
    // Both slots are filled: a box whose first update fails halfway has something to fall back to.
    for (partition, file) in [("boot-a", boot), ("root-a", root), ("boot-b", boot), ("root-b", root), ("recovery", rescue)] {
        contents.push(Content { partition, offset: 0, from: Source::File(file) });
    }
    let identity = identity(keys)?;
    if let Some(identity) = &identity {
        contents.push(Content { partition: "factory", offset: 0, from: Source::Bytes(identity) });
    }
    let board = &inputs.board;
    let loader = loader.zip(board.bootloader.offset_kib.map(u64::from));
    disk::write(&inputs.out.join("disk.img"), &disk::layout(&board.storage), &inputs.build_id, &contents, loader)
}

/// A development box's factory record. An OEM's factory writes its own, box by box, so with OEM keys the partition stays empty.
fn identity(keys: &Keys) -> Result<Option<Vec<u8>>> {
    let Some(key) = keys.factory.as_ref().filter(|_| keys.development) else { return Ok(None) };
    let device = disk::guid(&keys.factory_public, "development device");
    let record = Factory { schema: 1, serial: format!("DEV-{}", &device[..8]), device, servers: None, country: None };
    Ok(Some(record.seal(key)?))
}

fn measure(inputs: &Inputs, boot: &[(&str, &PathBuf)]) -> Result<Sizes> {
    let len = |path: &Path| std::fs::metadata(path).map(|m| m.len());
    let mut artefacts = BTreeMap::new();
    for name in ARTEFACTS.iter().filter(|name| **name != "disk.img") {
        if let Ok(bytes) = len(&inputs.out.join(name)) {
            artefacts.insert((*name).to_owned(), bytes);
        }
    }
    let parts = boot.iter().map(|(name, path)| Ok(((*name).to_owned(), len(path)?)));
    let parts = parts.collect::<Result<BTreeMap<_, _>>>()?;
    Ok(Sizes { schema: 1, version: inputs.version.clone(), artefacts, boot: parts, root: sizes::of_root(&inputs.root)? })
}

fn budgets(inputs: &Inputs) -> Vec<Budget> {
    let board = &inputs.board;
    let slot = u64::from(board.storage.slot_mib).saturating_sub(disk::BOOT_MIB);
    vec![
        Budget { name: "update.bundle", mib: board.image.bundle_mib.into(), from: "the board's image.bundle-mib" },
        Budget { name: "root.img", mib: board.image.root_mib.into(), from: "the board's image.root-mib" },
        Budget { name: "root.img", mib: slot, from: "the root's partition (storage.slot-mib less 32)" },
        Budget { name: "boot.fit", mib: disk::BOOT_MIB, from: "the boot partition" },
        Budget { name: "recovery.fit", mib: disk::RECOVERY_MIB, from: "the recovery partition" },
    ]
}

/// Everything that went in and came out, by name and SHA-256.
fn manifest(inputs: &Inputs, keys: &Keys, loader: Option<&Path>, machine: &Path) -> Result<Value> {
    let mut sources = Vec::new();
    sources.extend(inputs.debs.iter().map(|d| json!({"kind": "deb", "name": d.name, "version": d.version, "sha256": d.sha256})));
    sources.extend(inputs.crates.iter().map(|c| json!({"kind": "crate", "name": c.name, "version": c.version})));
    let release = inputs.kernel_release.as_str();
    let files = [
        ("kernel", release, Some(inputs.kernel_image.as_path())),
        ("hearth-init", &inputs.version, Some(&inputs.init_static)),
        ("hearth-update", &inputs.version, Some(&inputs.update_static)),
        ("device tree", release, Some(machine)),
        ("u-boot", "", loader),
    ];
    for (name, version, path) in files {
        if let Some(path) = path {
            sources.push(json!({"kind": "file", "name": name, "version": version, "sha256": sha256_file(path)?}));
        }
    }
    let mut outputs = serde_json::Map::new();
    for name in ARTEFACTS.iter().copied().chain(["sbom.spdx.json"]) {
        let path = inputs.out.join(name);
        if path.is_file() {
            outputs.insert(name.to_owned(), json!({"size": path.metadata()?.len(), "sha256": sha256_file(&path)?}));
        }
    }
    Ok(json!({
        "schema": 1, "board": inputs.board.id, "version": inputs.version, "build-id": inputs.build_id, "built-at": inputs.epoch,
        "rollback-index": inputs.rollback_index, "development": inputs.development,
        "keys": {"development": keys.development, "fit-certificate-sha256": sha256_file(&keys.dir.join(format!("{FIT}.crt")))?,
            "update": keys.update.public(), "factory": keys.factory_public.lines().collect::<Vec<_>>()},
        "inputs": sources, "outputs": outputs,
    }))
}

fn json_file(path: &Path, value: &Value) -> Result<()> {
    std::fs::write(path, serde_json::to_string_pretty(value)? + "\n").with_context(|| path.display().to_string())
}

fn notes(inputs: &Inputs, keys: &Keys, loader: bool) -> Vec<String> {
    let board = &inputs.board;
    let mut notes = Vec::new();
    if keys.development {
        notes.push("signed with development keys: not for sale".to_owned());
    } else {
        notes.push("the factory partition is empty: the factory writes each box's signed record".to_owned());
    }
    let own = inputs.blobs.as_ref().is_some_and(|dir| dir.join("u-boot.bin").is_file());
    if board.qemu.is_none() && loader && !own {
        notes.push(
            "the boot loader in this image is as its maker built it and has neither your key nor the slot selector: build U-Boot with /config and /signature of control.dtb".to_owned(),
        );
    }
    if board.bootloader.verified_boot == VerifiedBoot::None {
        notes.push("this board's boot loader verifies nothing: whoever can write the disc can run anything".to_owned());
    }
    if !loader {
        notes.push(format!("{} has no boot loader in Debian: disk.img starts without one", board.name));
    }
    notes.extend(board.bootloader.blobs.iter().map(|blob| format!("you bring: {blob}")));
    let brought = board.firmware().filter(|f| f.package.is_none()).flat_map(|f| &f.files);
    let missing = brought.filter(|file| !inputs.root.join("usr/lib/firmware").join(file).is_file());
    notes.extend(
        missing
            .map(|file| format!("not in this image: firmware/{file}, which Debian has not: bring it in the folder of --blobs")),
    );
    if !board.doubts.is_empty() {
        notes.push(format!("{} facts of this board are doubtful: cargo xtask board check {}", board.doubts.len(), board.id));
    }
    notes
}
