//! U-Boot's share: the locked selector script, the device trees, and where in memory things go.
use super::tools;
use anyhow::{Context, Result, bail};
use hearth_boards::{Board, Qemu};
use std::path::Path;

/// The script with its comments; `selector.ub` says what it does and why.
const SELECTOR: &str = include_str!("selector.ub");

/// Offsets from the start of RAM. 2 MiB of it may belong to the firmware (RK3399's TF-A); a kernel unpacks to at most 64 MiB; U-Boot itself, the
/// initramfs it moves and its stack are at the other end. So a board has at least 256 MiB.
const KERNEL: u64 = 0x0400_0000;
const STATE: u64 = 0x0300_0000;
const FIT: u64 = 0x0800_0000;

/// Where in memory the boot loader puts things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// First byte of RAM.
    pub base: u64,
}

impl Memory {
    /// From the board's device tree; `otherwise` where that leaves memory to the boot loader.
    pub fn of(dtb: &Path, otherwise: u64) -> Result<Self> {
        let nodes = tools::run(tools::command("fdtget")?.arg("-l").arg(dtb).arg("/"))?;
        let Some(node) = nodes.lines().find(|n| *n == "memory" || n.starts_with("memory@")) else {
            return Ok(Self { base: otherwise });
        };
        let get = |node: &str, property: &str| {
            let printed = tools::run(tools::command("fdtget")?.args(["-t", "x"]).arg(dtb).args([node, property]))?;
            let cells: Result<Vec<u64>, _> = printed.split_whitespace().map(|cell| u64::from_str_radix(cell, 16)).collect();
            cells.with_context(|| format!("{property} of {node} in {}", dtb.display()))
        };
        let wide = get("/", "#address-cells")? == [2];
        let reg = get(&format!("/{node}"), "reg")?;
        let base = match reg[..] {
            [high, low, ..] if wide => high << 32 | low,
            [low, ..] if !wide => low,
            _ => bail!("{node} of {} has no address", dtb.display()),
        };
        Ok(Self { base })
    }

    /// Where the kernel is unpacked to.
    pub fn kernel(self) -> u64 {
        self.base + KERNEL
    }
}

/// The selector for a board, without comments.
pub fn selector(board: &Board, memory: Memory) -> Result<String> {
    let (kind, discs, scan) = match board.storage.media.first().map(String::as_str) {
        Some("virtio") => ("virtio", "0", "virtio scan"),
        Some("emmc" | "sd") => ("mmc", if board.storage.media.len() > 1 { "0 1" } else { "0" }, ""),
        Some("nvme") => ("nvme", "0", "nvme scan"),
        Some("usb") => ("usb", "0", "usb start"),
        other => {
            bail!("{}: storage.media starts with {}, which the selector cannot boot from", board.id, other.unwrap_or("nothing"))
        }
    };
    let args = command_line(board);
    if args.contains(['"', '$', ';', '\\', '&', '|']) {
        bail!("{}: kernel.cmdline has characters that mean something to U-Boot: {args}", board.id);
    }
    let hex = |offset: u64| format!("{:x}", memory.base + offset);
    let fill = [
        ("@SCAN@", scan.to_owned()),
        ("@DISCS@", discs.to_owned()),
        ("@TYPE@", kind.to_owned()),
        ("@STATE0@", hex(STATE)),
        ("@STATE1@", hex(STATE + 0x1000)),
        ("@FIT@", hex(FIT)),
        ("@ARGS@", args),
    ];
    let lines = SELECTOR.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let filled = lines.map(|line| fill.iter().fold(line.to_owned(), |line, (name, value)| line.replace(name, value)));
    Ok(filled.filter(|line| !line.is_empty()).fold(String::new(), |script, line| script + &line + "\n"))
}

/// The fixed part of the kernel's command line; the selector adds slot and generation. It is locked with the boot loader: what may change with an
/// update belongs into the initramfs.
fn command_line(board: &Board) -> String {
    let mut words = vec![format!("console={}", board.kernel.console), "quiet".to_owned(), "panic=5".to_owned()];
    words.push(format!("cma={}M", board.memory.cma_mib));
    words.extend(board.kernel.cmdline.iter().cloned());
    words.join(" ")
}

/// The tree that QEMU makes of the machine that `cargo xtask qemu` starts. With a boot loader: without one QEMU describes a GPIO controller that is
/// then not there, and the kernel dies of it.
pub fn machine_dtb(qemu: &Qemu, ram_mib: u32, loader: &Path, out: &Path) -> Result<()> {
    let dump = out.with_extension("dump");
    let mut command = tools::command("qemu-system-aarch64")?;
    command.arg("-M").arg(format!("{},dtb-randomness=off,dumpdtb={}", qemu.machine, dump.display()));
    command.args([
        "-cpu",
        &qemu.cpu,
        "-smp",
        &qemu.cpus.to_string(),
        "-m",
        &ram_mib.to_string(),
        "-nic",
        "none",
        "-display",
        "none",
    ]);
    tools::run(command.arg("-bios").arg(loader))?;
    // QEMU leaves 1 MiB, nearly all of it empty.
    repack(&dump, out, 0)?;
    std::fs::remove_file(&dump).with_context(|| dump.display().to_string())
}

/// The tree U-Boot is controlled by: the machine's, with room for key and script.
pub fn control(machine: &Path, out: &Path) -> Result<()> {
    repack(machine, out, 16384)
}

/// Locks it: the selector instead of any boot command, no prompt, no saved environment.
pub fn lock(control: &Path, script: &str) -> Result<()> {
    let put = |kind: &str, name: &str, value: &str| {
        let mut command = tools::command("fdtput")?;
        tools::run(command.args(["-p", "-t", kind]).arg(control).args(["/config", name, value]))
    };
    put("s", "bootcmd", script)?;
    put("x", "bootdelay", "fffffffe")?;
    put("x", "load-environment", "0")?;
    Ok(())
}

fn repack(from: &Path, to: &Path, room: u32) -> Result<()> {
    let mut command = tools::command("dtc")?;
    command.args(["-q", "-I", "dtb", "-O", "dtb", "-p", &room.to_string(), "-o"]).arg(to).arg(from);
    tools::run(&mut command)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(id: &str) -> Board {
        hearth_boards::load(&crate::shell::root().join("boards"), id).unwrap()
    }

    #[test]
    fn every_board_with_u_boot_has_a_selector() {
        let memory = Memory { base: 0x4000_0000 };
        for id in hearth_boards::list(&crate::shell::root().join("boards")).unwrap() {
            let script = selector(&board(&id), memory).unwrap();
            assert!(!script.contains('@') && !script.contains('#') || script.contains("#conf"), "{id}");
            assert!(script.lines().all(|l| !l.is_empty() && !l.starts_with('#')), "{id}");
            for pair in [("if ", "fi"), ("for ", "done")] {
                let count = |word: &str| script.split([' ', '\n', ';']).filter(|w| *w == word.trim()).count();
                assert_eq!(count(pair.0), count(pair.1), "{id}: {pair:?}");
            }
            assert!(script.ends_with("\nreset\n"), "{id}: must not end in a prompt");
            assert!(script.split_whitespace().filter(|w| w.starts_with("booti") || *w == "bootm").eq(["bootm"]), "{id}");
        }
        assert!(
            selector(&board("qemu-virt"), memory).unwrap().contains("virtio read 48000000 0x$at 0x$size && bootm 48000000#conf")
        );
        let mut odd = board("qemu-virt");
        odd.kernel.cmdline = vec!["a;b".into()];
        assert!(selector(&odd, memory).is_err());
    }

    #[test]
    fn where_ram_starts() {
        if !tools::has("dtc") || !tools::has("fdtget") {
            println!("skipped: device-tree-compiler is not installed");
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let check = |text: &str, base: u64| {
            let (source, dtb) = (dir.path().join("x.dts"), dir.path().join("x.dtb"));
            std::fs::write(&source, format!("/dts-v1/; / {{ {text} }};")).unwrap();
            tools::run(tools::command("dtc").unwrap().args(["-q", "-o"]).arg(&dtb).arg(&source)).unwrap();
            assert_eq!(Memory::of(&dtb, 5).unwrap(), Memory { base }, "{text}");
        };
        check("#address-cells = <2>; #size-cells = <2>; memory@1 { reg = <0x1 0x40000000 0 1>; };", 0x1_4000_0000);
        check("#address-cells = <1>; #size-cells = <1>; memory { reg = <0x40000000 1>; };", 0x4000_0000);
        check("#address-cells = <1>; #size-cells = <1>; memory-controller { };", 5);
    }
}
