//! `cargo xtask flash`: an image onto a card or a disc, and never onto the wrong one.
mod target;
mod write;

use crate::image::{disk, inputs, tools};
use crate::shell::step;
use anyhow::{Context, Result, bail, ensure};
use hearth_boards::Board;
use std::io::{BufRead, IsTerminal, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use target::{Device, Target, Wish};

#[derive(clap::Args)]
pub struct Options {
    /// The board whose image it is.
    #[arg(long)]
    board: String,
    /// The device, as a whole: /dev/sdb, /dev/mmcblk0.
    device: PathBuf,
    /// Where the image is, if not in target/image/BOARD.
    #[arg(long, value_name = "DIR")]
    image: Option<PathBuf>,
    /// The target is a file, made if it is not there.
    #[arg(long)]
    file: bool,
    /// A disc that is built into this computer will do.
    #[arg(long)]
    force_internal: bool,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

/// Looks, asks, writes, reads back.
pub fn run(options: &Options) -> Result<()> {
    flash(options, &hearth_boards::load(&crate::shell::root().join("boards"), &options.board)?)
}

fn flash(options: &Options, board: &Board) -> Result<()> {
    let folder = options.image.clone().unwrap_or_else(|| crate::shell::target().join("image").join(&board.id));
    let image = folder.join("disk.img");
    let manifest = folder.join("manifest.json");
    let text = std::fs::read(&manifest)
        .with_context(|| format!("{}: make the image first: cargo xtask image --board {}", manifest.display(), board.id))?;
    let manifest: serde_json::Value = serde_json::from_slice(&text).context("manifest.json")?;
    let said = |name: &str| manifest[name].as_str().unwrap_or_default();
    ensure!(said("board") == board.id, "the image in {} is for {}, not {}", folder.display(), said("board"), board.id);
    let size = std::fs::metadata(&image).with_context(|| image.display().to_string())?.len();

    let path = std::fs::canonicalize(&options.device).unwrap_or_else(|_| options.device.clone());
    if options.file && !path.exists() {
        std::fs::File::create_new(&path).with_context(|| path.display().to_string())?;
    }
    let target = look(&path)?;
    let wish = Wish { image: size, file: options.file, internal: options.force_internal };
    let why = target::refusals(&target, &wish);
    if !why.is_empty() {
        let why: Vec<String> = why.iter().map(|w| format!("  {w}")).collect();
        bail!("{} will not be written:\n{}", path.display(), why.join("\n"));
    }
    if let Target::Device(device) = &target {
        confirm(device, options.yes)?;
    }

    step(format_args!("Writing Hearth {} for {} to {}", said("version"), board.name, path.display()));
    let hash = write::write(&image, &path, matches!(target, Target::Device(_)))?;
    let wanted = manifest["outputs"]["disk.img"]["sha256"].as_str().unwrap_or_default();
    ensure!(inputs::hex(&hash) == wanted, "{} is not the image that manifest.json speaks of: make it again", image.display());
    write::verify(&path, size, &hash)?;
    let has = match &target {
        Target::Device(device) => device.size,
        Target::File(bytes) => *bytes,
        Target::Other(_) => 0,
    };
    if has > size {
        write::grow(&path, &disk::layout(&board.storage), said("build-id"))?;
    }
    println!("Written and read back: {} MB, SHA-256 {wanted}.", size / 1_000_000);
    Ok(())
}

fn look(path: &Path) -> Result<Target> {
    let data = std::fs::metadata(path).with_context(|| path.display().to_string())?;
    let kind = data.file_type();
    if kind.is_file() {
        return Ok(Target::File(data.len()));
    }
    if !kind.is_block_device() {
        return Ok(Target::Other(if kind.is_dir() { "a folder" } else { "no place for an image" }));
    }
    let mut command = tools::command("lsblk")?;
    let json = tools::run(command.args(["--json", "--bytes", "--tree", "--output", target::COLUMNS]).arg(path))?;
    Ok(Target::Device(Box::new(target::parse(&json)?)))
}

fn confirm(device: &Device, yes: bool) -> Result<()> {
    print!("Everything on this will be lost:\n\n{}\n", target::show(device));
    if yes {
        return Ok(());
    }
    let stdin = std::io::stdin();
    ensure!(stdin.is_terminal(), "nobody is there to ask: say --yes if {} is the right one", device.path);
    print!("Type {} to go on: ", device.name);
    std::io::stdout().flush()?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer)?;
    ensure!(answer.trim() == device.name, "nothing was written");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// An image of a board with a small disc, its manifest, and what to flash it with.
    fn image(dir: &Path) -> (Options, Board) {
        let mut board = hearth_boards::load(&crate::shell::root().join("boards"), "qemu-virt").unwrap();
        (board.storage.slot_mib, board.storage.data_min_mib) = (33, 1);
        let layout = disk::layout(&board.storage);
        let disc = dir.join("disk.img");
        let content = disk::Content { partition: "factory", offset: 0, from: disk::Source::Bytes(b"who I am") };
        disk::write(&disc, &layout, "b", &[content], None).unwrap();
        let outputs = json!({"disk.img": {"sha256": inputs::sha256_file(&disc).unwrap()}});
        let manifest = json!({"board": "qemu-virt", "version": "1", "build-id": "b", "outputs": outputs});
        std::fs::write(dir.join("manifest.json"), manifest.to_string()).unwrap();
        let device = dir.join("card.img");
        let image = Some(dir.to_path_buf());
        (Options { board: "qemu-virt".into(), device, image, file: true, force_internal: false, yes: false }, board)
    }

    #[test]
    fn onto_a_file() {
        if !tools::has("sgdisk") {
            println!("skipped: gdisk is not installed");
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let (options, board) = image(dir.path());
        flash(&options, &board).unwrap();
        let same = inputs::sha256_file(&options.device).unwrap() == inputs::sha256_file(&dir.path().join("disk.img")).unwrap();
        assert!(same, "the new file is not the image");

        // A larger one: data takes the rest, the others stay.
        std::fs::OpenOptions::new().write(true).open(&options.device).unwrap().set_len(200 << 20).unwrap();
        flash(&options, &board).unwrap();
        let tell = |number: &str| {
            tools::run(tools::command("sgdisk").unwrap().arg(format!("-i={number}")).arg(&options.device)).unwrap()
        };
        tools::run(tools::command("sgdisk").unwrap().arg("--verify").arg(&options.device)).unwrap();
        let data = tell("8");
        assert!(data.contains("'data'") && data.to_lowercase().contains(&disk::guid("b", "data")), "{data}");
        let end = data
            .lines()
            .find_map(|l| l.strip_prefix("Last sector: "))
            .and_then(|l| l.split(' ').next())
            .unwrap()
            .parse::<u64>()
            .unwrap();
        assert!(end > (200 << 20) / disk::SECTOR - 2048, "data ends at {end}");
        assert!(tell("7").contains("'recovery'"));

        let refused = |board: &Board, change: &dyn Fn(&mut Options), why: &str| {
            let mut options = image(dir.path()).0;
            change(&mut options);
            let error = format!("{:#}", flash(&options, board).unwrap_err());
            assert!(error.contains(why), "{error}");
        };
        refused(&board, &|o| o.file = false, "it is a file, not a block device");
        refused(&board, &|o| o.device = dir.path().to_path_buf(), "it is a folder");
        refused(&board, &|o| o.device = "/dev/null".into(), "no place for an image");
        refused(&Board { id: "other".into(), ..board.clone() }, &|_| {}, "is for qemu-virt, not other");
        refused(
            &board,
            &|o| std::fs::write(o.image.as_ref().unwrap().join("disk.img"), b"x").unwrap(),
            "is not the image that manifest.json speaks of",
        );
    }

    #[test]
    fn a_medium_that_forgets_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        std::fs::write(&from, vec![5; 10_000_000]).unwrap();
        std::fs::File::create(&to).unwrap();
        let hash = write::write(&from, &to, false).unwrap();
        write::verify(&to, 10_000_000, &hash).unwrap();
        let mut bytes = std::fs::read(&to).unwrap();
        bytes[9_999_999] = 4;
        std::fs::write(&to, &bytes).unwrap();
        assert!(write::verify(&to, 10_000_000, &hash).unwrap_err().to_string().contains("does not hold what was written"));
        bytes.truncate(9_000_000);
        std::fs::write(&to, &bytes).unwrap();
        assert!(write::verify(&to, 10_000_000, &hash).is_err());
    }
}
