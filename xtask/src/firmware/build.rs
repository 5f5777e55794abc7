//! Builds the board's crate for its processor and holds the image to its budgets.
use crate::cross::rust::Rust;
use crate::setup;
use crate::shell::{cargo, root, run, step, target};
use anyhow::{Context, Result, bail};
use object::{Object, ObjectSection, ObjectSymbol, SectionFlags};
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

/// The processor of the board that is built.
const TRIPLE: &str = "thumbv7m-none-eabi";
/// Its crate, below `firmware/`.
const BOARD: &str = "board-lm3s6965";
/// Bytes of flash that the release image may take.
const FLASH: u64 = 32 * 1024;
/// Bytes of RAM, with the deepest stack that the suite has seen.
pub const RAM: u64 = 8 * 1024;
/// Where RAM begins on this processor.
const RAM_AT: u64 = 0x2000_0000;

/// Which image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What is flashed.
    Release,
    /// The same, and commands by the second serial line.
    Bench,
}

/// An image.
pub struct Image {
    pub elf: PathBuf,
    /// Bytes in flash.
    pub flash: u64,
    /// Bytes of RAM that are taken before the stack.
    pub ram: u64,
}

/// Builds it and, for what is flashed, checks flash and the way to panic, which must not be there.
pub fn build(kind: Kind) -> Result<Image> {
    let begun = Instant::now();
    let rust = Rust::find_bare(TRIPLE)?;
    if rust.rustc.is_some() {
        setup::ensure(setup::FOR_FIRMWARE)?; // its linker
    }
    let folder = root().join("firmware").join(BOARD);
    let out = target().join("firmware").join(if kind == Kind::Bench { "bench" } else { "release" });
    let mut command = cargo();
    command.current_dir(&folder).args(["build", "--release", "--locked", "--quiet", "--target", TRIPLE]);
    command.args((kind == Kind::Bench).then_some("--features=bench")).arg("--target-dir").arg(&out);
    bare_environment(&mut command, &rust);
    run(&mut command)?;
    let elf = out.join(TRIPLE).join("release").join(format!("hearth-{BOARD}"));
    let image = measure(elf)?;
    if kind == Kind::Release {
        step(format_args!(
            "firmware: flash {} of {FLASH} bytes, {} bytes of RAM before the stack, {:.0} s",
            image.flash,
            image.ram,
            begun.elapsed().as_secs_f64()
        ));
        check(&image)?;
    }
    Ok(image)
}

/// What a build for a bare processor takes; of our own variables nothing reaches it, and nothing of it reaches other builds.
fn bare_environment(command: &mut Command, rust: &Rust) {
    command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("CARGO_TARGET_DIR");
    let Some(rustc) = &rust.rustc else { return };
    // Debian has no library for this processor: it is built along, which its stable compiler does only when told.
    command.env("RUSTC", rustc).env("RUSTC_BOOTSTRAP", "1").arg("-Zbuild-std=core");
    let variable = format!("CARGO_TARGET_{}_LINKER", TRIPLE.to_uppercase().replace('-', "_"));
    command.env(variable, "arm-none-eabi-ld");
}

fn measure(elf: PathBuf) -> Result<Image> {
    let bytes = std::fs::read(&elf).with_context(|| elf.display().to_string())?;
    let file = object::File::parse(&*bytes).with_context(|| elf.display().to_string())?;
    let (mut flash, mut ram) = (0, 0);
    for section in file.sections() {
        let SectionFlags::Elf { sh_flags, .. } = section.flags() else { continue };
        if sh_flags.0 & object::elf::SHF_ALLOC.0 == 0 {
            continue;
        }
        let in_ram = section.address() >= RAM_AT;
        ram += if in_ram { section.size() } else { 0 };
        // What is in RAM and not zero at the start lies in flash as well.
        flash += if !in_ram || section.file_range().is_some() { section.size() } else { 0 };
    }
    Ok(Image { elf, flash, ram })
}

fn check(image: &Image) -> Result<()> {
    if image.flash > FLASH {
        bail!("the image takes {} bytes of flash; its budget is {FLASH}", image.flash);
    }
    let panics = panics(&std::fs::read(&image.elf)?)?;
    if !panics.is_empty() {
        bail!("the image can panic: {}", panics.join(", "));
    }
    Ok(())
}

/// Symbols of a way to panic.
fn panics(elf: &[u8]) -> Result<Vec<String>> {
    let file = object::File::parse(elf)?;
    let names = file.symbols().filter_map(|symbol| symbol.name().ok().map(str::to_owned));
    Ok(names
        .filter(|name| ["panicking", "rust_begin_unwind", "unwrap_failed", "expect_failed"].iter().any(|p| name.contains(p)))
        .collect())
}
