//! The selector in the U-Boot of this machine under QEMU, against its model. The "kernel" says K and resets, so that a run is many boots.
use super::disk::{self, Content, Partition, SECTOR, Source};
use super::keys::Keys;
use super::{fit, tools, uboot};
use hearth_boards::{Board, Storage};
use hearth_update::bootstate::{BootState, Chances, OFFSETS, SIZE, next, select};
use hearth_update::slot::{Running, Slot};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// The U-Boot that images get, where one was made here; else this machine's; or another build that is to be tried.
fn loader() -> Option<PathBuf> {
    if let Some(given) = std::env::var_os("HEARTH_TEST_U_BOOT") {
        return Some(given.into());
    }
    let file = "usr/lib/u-boot/qemu_arm64/u-boot.bin";
    let mut unpacked: Vec<PathBuf> =
        std::fs::read_dir(crate::cross::cache()).into_iter().flatten().flatten().map(|e| e.path()).collect();
    unpacked.sort();
    let places = unpacked.into_iter().map(|cache| cache.join("tree")).chain([PathBuf::from("/")]);
    places.map(|place| place.join(file)).find(|file| file.is_file())
}

/// Lines after which a run that should have ended long before is given up.
const PATIENCE: usize = 4000;

/// A signed FIT, one whose signature was taken off, the control tree that demands it, and a disc with the good FIT everywhere.
struct Rig {
    dir: tempfile::TempDir,
    board: Board,
    loader: PathBuf,
    layout: Vec<Partition>,
    good: Vec<u8>,
    unsigned: Vec<u8>,
}

/// `None`, and why, where a tool is missing.
fn rig() -> Option<Rig> {
    let needed = ["qemu-system-aarch64", "dtc", "fdtput", "fdtget", "mkimage", "openssl", "gzip", "sgdisk"];
    if let Some(missing) = needed.iter().find(|t| !tools::has(t)) {
        println!("skipped: {missing} is not installed");
        return None;
    }
    let Some(loader) = loader() else {
        println!("skipped: there is no U-Boot for QEMU: install u-boot-qemu, or make an image");
        return None;
    };
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let mut board = hearth_boards::load(&crate::shell::root().join("boards"), "qemu-virt").unwrap();
    board.storage = Storage { slot_mib: 33, data_min_mib: 1, ..board.storage };
    let keys = Keys::get(None, &at("keys")).unwrap();
    uboot::machine_dtb(board.qemu.as_ref().unwrap(), board.memory.ram_mib, &loader, &at("machine.dtb")).unwrap();
    uboot::control(&at("machine.dtb"), &at("control.dtb")).unwrap();
    std::fs::write(at("kernel"), kernel()).unwrap();
    let compressed = fit::compress(&at("kernel"), dir.path()).unwrap();
    let memory = uboot::Memory::of(&at("machine.dtb"), 0).unwrap();
    let (machine, ramdisk) = (at("machine.dtb"), at("ramdisk"));
    std::fs::write(&ramdisk, vec![1; 5000]).unwrap();
    let parts = fit::Parts { kernel: &compressed, load: memory.kernel(), ramdisk: &ramdisk, dtb: &machine, description: "test" };
    fit::make(&parts, &keys, Some(&at("control.dtb")), 1, &at("good.fit")).unwrap();
    std::fs::copy(at("control.dtb"), at("unlocked.dtb")).unwrap();
    uboot::lock(&at("control.dtb"), &uboot::selector(&board, memory).unwrap()).unwrap();
    std::fs::copy(at("good.fit"), at("unsigned.fit")).unwrap();
    let mut strip = tools::command("fdtput").unwrap();
    tools::run(strip.arg("-r").arg(at("unsigned.fit")).arg("/configurations/conf/signature")).unwrap();
    let read = |name: &str| std::fs::read(at(name)).unwrap();
    let (good, unsigned) = (read("good.fit"), read("unsigned.fit"));
    Some(Rig { layout: disk::layout(&board.storage), good, unsigned, board, loader, dir })
}

/// An arm64 `Image` that writes `K` to the PL011 and asks PSCI for a reset.
fn kernel() -> Vec<u8> {
    let mut words = vec![0u32; 16];
    words[0] = 0x1400_0010; // b to after the header
    words[4] = 0x1000; // image size
    words[14] = u32::from_le_bytes(*b"ARM\x64");
    words.extend([0xd2a1_2001, 0x5280_0962, 0xb900_0022, 0x5280_0142, 0xb900_0022]); // "K\n" to 0x0900_0000
    words.extend([0x5280_0120, 0x72b0_8000, 0xd400_0002, 0x1400_0000]); // SYSTEM_RESET by hvc; wait
    words.iter().flat_map(|w| w.to_le_bytes()).collect()
}

impl Rig {
    /// A disc with these copies of the boot state and these FITs in boot-a, boot-b and recovery.
    fn disc(&self, copies: [&[u8]; 2], fits: [&[u8]; 3]) -> PathBuf {
        let out = self.dir.path().join("disk.img");
        let at = |partition, offset, bytes| Content { partition, offset, from: Source::Bytes(bytes) };
        let [zero, one] = copies;
        let mut contents = vec![at("bootstate", OFFSETS[0], zero), at("bootstate", OFFSETS[1], one)];
        contents.extend(["boot-a", "boot-b", "recovery"].into_iter().zip(fits).map(|(name, fit)| at(name, 0, fit)));
        disk::write(&out, &self.layout, "test", &contents, None).unwrap();
        out
    }

    /// Both copies as they are on the disc.
    fn copies(&self) -> [Vec<u8>; 2] {
        let mut disc = File::open(self.dir.path().join("disk.img")).unwrap();
        OFFSETS.map(|offset| {
            let mut copy = vec![0; SIZE];
            disc.seek(SeekFrom::Start(self.layout[0].start * SECTOR + offset)).unwrap();
            disc.read_exact(&mut copy).unwrap();
            copy
        })
    }

    /// Starts QEMU and hands over each line until `done` says it has seen enough; all lines.
    fn run(&self, control: &str, more: &[&str], typed: Option<u8>, mut done: impl FnMut(&str) -> bool) -> Vec<String> {
        let qemu = self.board.qemu.as_ref().unwrap();
        let disc = format!("if=none,id=disc,format=raw,file={}", self.dir.path().join("disk.img").display());
        let mut command = Command::new("qemu-system-aarch64");
        command.args(["-M", &qemu.machine, "-cpu", &qemu.cpu, "-smp", &qemu.cpus.to_string()]);
        command.args(["-m", &self.board.memory.ram_mib.to_string(), "-display", "none", "-monitor", "none", "-serial", "stdio"]);
        command.args(["-nic", "none", "-bios"]).arg(&self.loader).arg("-dtb").arg(self.dir.path().join(control));
        command.args(["-drive", &disc, "-device", &format!("{},drive=disc", qemu.disk)]).args(more);
        let mut child = Qemu(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap());
        let (mut keyboard, mut console) = (child.0.stdin.take().unwrap(), child.0.stdout.take().unwrap());
        let (mut lines, mut line) = (Vec::new(), Vec::new());
        let mut buffer = [0; 256];
        while lines.len() < PATIENCE {
            let got = console.read(&mut buffer).unwrap();
            assert!(got > 0, "QEMU ended by itself:\n{}", lines.join("\n"));
            if let Some(key) = typed {
                // Full or gone: what matters is that some of it arrives.
                let _ = keyboard.write_all(&[key]).and_then(|()| keyboard.flush());
            }
            for byte in &buffer[..got] {
                line.push(*byte);
                if line.ends_with(b"=> ") || *byte == b'\n' {
                    let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                    line.clear();
                    let enough = done(&text);
                    lines.push(text);
                    if enough {
                        return lines;
                    }
                }
            }
        }
        panic!("not seen in {PATIENCE} lines:\n{}", lines.join("\n"));
    }

    /// Boots `times` times from that disc: each choice and each state left behind is the model's. Returns the choices and the lines.
    fn follow(&self, times: usize) -> (String, Vec<String>) {
        let [zero, one] = self.copies();
        let mut model = [zero, one];
        let (mut chosen, mut count) = (String::new(), 0);
        let lines = self.run("control.dtb", &[], None, |line| {
            assert_ne!(line, "=>", "a prompt");
            let Some(said) = line.strip_prefix("hearth: selector slot=") else { return false };
            let selected = select([&model[0], &model[1]]);
            if let Some((copy, bytes)) = selected.write {
                model[copy] = bytes.to_vec();
            }
            assert_eq!(said, format!("{} boot={:x}", selected.boot, selected.state.generation), "after {chosen}");
            chosen.push(match selected.boot {
                Running::Slot(slot) => slot.letter(),
                Running::Recovery => 'r',
            });
            count += 1;
            count == times
        });
        assert!(self.copies() == model, "the disc is not as the model leaves it after {chosen}");
        (chosen, lines)
    }
}

/// Ended, whatever becomes of the test.
struct Qemu(Child);

impl Drop for Qemu {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn booted(lines: &[String]) -> usize {
    lines.iter().filter(|l| *l == "K").count()
}

#[test]
fn chooses_as_the_model_does() {
    let Some(rig) = rig() else { return };
    let good: &[u8] = &rig.good;
    let state = |generation, first, a, b, want_recovery| BootState { generation, first, a, b, floor: 7, want_recovery }.encode();
    let tries = |left| Chances { left, good: left == 3 };
    let torn = [0x55u8; SIZE];

    rig.disc([&torn, &[]], [good; 3]);
    let (chosen, lines) = rig.follow(8);
    assert_eq!(chosen, "aaabbbrr", "nothing valid");
    assert_eq!(booted(&lines), 7, "{}", lines.join("\n"));

    let check = |copies: [&[u8]; 2], expected: &str| {
        rig.disc(copies, [good; 3]);
        assert_eq!(rig.follow(expected.len()).0, expected);
    };
    // Beyond one digit, so that decimal and hexadecimal differ; the newer copy second, then first, then the only one.
    let older = state(0x9f, Slot::A, tries(3), tries(3), false);
    let newer = state(0xa0, Slot::B, tries(2), tries(1), false);
    check([&older, &newer], "baar");
    check([&newer, &older], "b");
    check([&torn, &newer], "b");
    check([&state(0x7fff_0000, Slot::A, tries(0), tries(3), true), &torn], "rbb");
}

#[test]
fn boots_only_what_is_signed() {
    let Some(rig) = rig() else { return };
    let mut flipped = rig.good.clone();
    let middle = flipped.windows(4).position(|w| w == [1, 1, 1, 1]).unwrap() + 2500;
    flipped[middle] ^= 4;
    let mut cut = rig.good.clone();
    cut.truncate(cut.len() / 2);
    let mut endless = rig.good.clone();
    endless[4..8].copy_from_slice(&u32::MAX.to_be_bytes());
    let check = |what: &str, bad: &[u8], complaint: &str| {
        let state = next([&[], &[]], BootState { a: Chances { left: 2, good: true }, ..BootState::default() }).1;
        rig.disc([&state, &[]], [bad, &rig.good, &rig.good]);
        let (chosen, lines) = rig.follow(4);
        assert_eq!(chosen, "aabb", "{what}");
        assert_eq!(booted(&lines), 1, "{what}: two refusals of a, one boot of b:\n{}", lines.join("\n"));
        assert!(lines.iter().any(|l| l.contains(complaint)), "{what}: no {complaint:?} in\n{}", lines.join("\n"));
    };
    check("a flipped bit", &flipped, "Bad Data Hash");
    check("no signature", &rig.unsigned, "Failed to verify required signature");
    check("cut short", &cut, "selector boot-a does not boot");
    check("larger than its partition", &endless, "selector boot-a does not boot");
    check("nothing", &[], "selector boot-a does not boot");
}

/// U-Boot's environment in the second flash bank.
fn poison(rig: &Rig) -> String {
    let mut environment = vec![0; 0x40000];
    let text =
        b"bootcmd=echo POISON\0preboot=echo POISON\0bootdelay=1\0bootargs=init=/bin/sh\0a_left=0\0slot=b\0want=recovery\0\0";
    environment[4..4 + text.len()].copy_from_slice(text);
    let crc = crc32(&environment[4..]);
    environment[..4].copy_from_slice(&crc.to_le_bytes());
    environment.resize(64 << 20, 0);
    let flash = rig.dir.path().join("flash.img");
    std::fs::write(&flash, environment).unwrap();
    format!("if=pflash,unit=1,format=raw,file={}", flash.display())
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes
        .iter()
        .fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| crc >> 1 ^ 0xedb8_8320 & (crc & 1).wrapping_neg()))
}

#[test]
fn nobody_talks_it_out_of_it() {
    let Some(rig) = rig() else { return };
    let good: &[u8] = &rig.good;
    rig.disc([&[], &[]], [good; 3]);
    let flash = poison(&rig);
    // The poison works where nothing is locked, else the rest of this test means nothing.
    rig.run("unlocked.dtb", &["-drive", &flash], None, |line| line.contains("POISON"));
    let mut seen = 0;
    let lines = rig.run("control.dtb", &["-drive", &flash], None, |line| {
        seen += usize::from(line == "K");
        seen == 2
    });
    assert!(!lines.iter().any(|l| l.contains("POISON") || l.contains("slot=b") || l.contains("slot=r")), "{}", lines.join("\n"));

    // Control-C at every output, through good boots and refused ones.
    rig.disc([&[], &[]], [good, &rig.unsigned, &rig.unsigned]);
    let mut resets = 0;
    rig.run("control.dtb", &[], Some(3), |line| {
        assert_ne!(line, "=>", "a prompt");
        resets += usize::from(line.starts_with("U-Boot 20"));
        resets == 9
    });

    // A boot state that tries to reach the kernel's command line.
    let mut block = vec![0; SIZE];
    let text = b"a_good=1\0a_left=3\0b_good=0\0b_left=0;echo POISON\0floor=0\0gen=5 init=/bin/sh;echo POISON\0order=ab;echo POISON\0bootargs=x\0want=$(echo)\0\0";
    block[4..4 + text.len()].copy_from_slice(text);
    let crc = crc32(&block[4..]);
    block[..4].copy_from_slice(&crc.to_le_bytes());
    rig.disc([&block, &[]], [good; 3]);
    let lines = rig.run("control.dtb", &[], None, |line| line == "K");
    assert!(lines.iter().any(|l| l == "hearth: selector slot=a boot=6"), "{}", lines.join("\n"));
    assert!(!lines.iter().any(|l| l.contains("POISON") && !l.contains("setenv")), "{}", lines.join("\n"));
}
