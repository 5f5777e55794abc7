//! `cargo xtask image`: from sources and Debian packages to what an OEM flashes.

pub mod again;
pub mod build;
pub mod bundle;
pub mod closure;
pub mod disk;
pub mod fit;
pub mod initramfs;
pub mod inputs;
pub mod keys;
pub mod modules;
pub mod pack;
pub mod packages;
pub mod product;
pub mod recovery;
pub mod registry;
pub mod root;
pub mod sbom;
pub mod sizes;
pub mod squashfs;
pub mod tools;
pub mod tree;
pub mod uboot;
pub mod verity;

#[cfg(test)]
mod pack_tests;
#[cfg(test)]
mod selector_tests;

use crate::cross::{cache, cargo::Cross};
use crate::shell::{output, step, target};
use anyhow::{Context, Result, bail};
use hearth_boards::Board;
use inputs::{Inputs, hex};
use packages::Packages;
use product::Product;
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::time::Instant;

/// Options of the command.
#[derive(clap::Args, Clone)]
pub struct Options {
    /// The board's id; `cargo xtask board list` has them.
    #[arg(long)]
    pub board: String,
    /// With a shell on the console and by telnet, and saying so on the screen.
    #[arg(long)]
    pub development: bool,
    /// Of the product; the workspace's own if it is not given.
    #[arg(long, value_name = "V")]
    pub version: Option<String>,
    /// A folder with your own signing keys; else development keys are used.
    #[arg(long, value_name = "DIR")]
    pub keys: Option<PathBuf>,
    /// A folder with what you bring: u-boot.bin, firmware/... as `board check` lists it, root/... to be laid over the box's root.
    #[arg(long, value_name = "DIR")]
    pub blobs: Option<PathBuf>,
    /// Where the results go; else target/image/BOARD.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Show where the bytes are, beside the last build's.
    #[arg(long)]
    pub sizes: bool,
    /// With link-time optimisation, as it ships; takes minutes longer.
    #[arg(long)]
    pub release: bool,
    /// The server the box looks for, instead of the one in boards/image.toml; may be repeated.
    #[arg(long, value_name = "URL")]
    pub server: Vec<String>,
    /// Build it once more from a copy of the sources in another folder, and compare every byte.
    #[arg(long)]
    pub reproducible: bool,
    /// Ask Debian's mirror for newer packages first.
    #[arg(long)]
    pub refresh: bool,
}

/// Makes the image.
pub fn command(options: &Options) -> Result<()> {
    let start = Instant::now();
    crate::setup::ensure(crate::setup::FOR_BOX)?;
    let inputs = prepare(options)?;
    let keys = keys::Keys::get(options.keys.as_deref(), &cache().join("keys"))?;
    let report = pack::pack(&inputs, &keys)?;
    if options.sizes {
        print!("{}", report.sizes.show(report.before.as_ref()));
    }
    for note in &report.notes {
        println!("note: {note}");
    }
    if options.reproducible {
        again::build(options, &inputs)?;
    }
    step(format_args!("{} in {:.0} s", inputs.out.display(), start.elapsed().as_secs_f64()));
    Ok(())
}

/// The first half: everything that is packed.
fn prepare(options: &Options) -> Result<Inputs> {
    let board = board(&options.board)?;
    let product = Product::load()?;
    if let Some(dir) = options.blobs.as_ref().filter(|dir| !dir.is_dir()) {
        bail!("--blobs {}: no such folder", dir.display());
    }
    if options.refresh {
        crate::cross::tree::forget()?;
    }
    let settings = settings(&product, options)?;
    let packages = Packages::ensure(&board, &product, options.development)?;
    let cross = Cross::prepare(&board, &product, options.release)?;
    let built = build::build(&cross)?;
    let start = Instant::now();
    let epoch = epoch()?;
    let gnu = cross.gnu()?;
    let plan = root::Plan {
        board: &board,
        product: &product,
        packages: &packages,
        ours: &built.ours,
        settings: &settings,
        gnu: &gnu,
        epoch,
        development: options.development,
        blobs: options.blobs.as_deref(),
    };
    let (root, mut debs) = root::assemble(&plan, &cache().join("root").join(&board.id))?;
    debs.extend(packages.kernel_debs());
    step(format_args!("Root assembled from {} packages, {:.0} s", debs.len(), start.elapsed().as_secs_f64()));

    let version = options.version.clone().unwrap_or_else(|| env!("CARGO_PKG_VERSION").to_owned());
    let mut hash = Sha256::new();
    let rollback_index = product.settings.rollback_index;
    hash.update(format!("{version}\0{}\0{}\0{rollback_index}\0", options.development, packages.release));
    root.digest(&mut hash)?;
    for file in [&packages.kernel_image(), &built.init_static, &built.update_static] {
        hash.update(inputs::sha256_file(file)?);
    }
    Ok(Inputs {
        version,
        build_id: hex(&hash.finalize()),
        rollback_index,
        epoch,
        development: options.development,
        root: root.dir().to_path_buf(),
        kernel_image: packages.kernel_image(),
        modules_dir: packages.modules_dir(),
        kernel_release: packages.release.clone(),
        loader_dir: packages.loader.as_ref().map(|tree| tree.dir.clone()),
        blobs: options.blobs.clone(),
        init_static: built.init_static,
        update_static: built.update_static,
        debs,
        crates: built.ours.crates,
        // Tools run in other folders: a path of the user's is made whole first.
        out: std::path::absolute(options.out.clone().unwrap_or_else(|| target().join("image").join(&board.id)))?,
        board,
    })
}

fn board(id: &str) -> Result<Board> {
    let dir = crate::shell::root().join("boards");
    let known = hearth_boards::list(&dir)?;
    if !known.iter().any(|known| known == id) {
        bail!("no board is named {id}; there are: {}", known.join(", "));
    }
    Ok(hearth_boards::load(&dir, id)?)
}

fn settings(product: &Product, options: &Options) -> Result<hearth_update::product::Product> {
    let given = &product.settings;
    let settings = hearth_update::product::Product {
        schema: 1,
        servers: if options.server.is_empty() { given.servers.clone() } else { options.server.clone() },
        channel: given.channel.clone(),
        ntp: given.ntp.clone(),
        development: options.development,
        offline_grace_s: given.offline_grace_s,
    };
    // Read back with the box's own eyes: what it would refuse must not be built.
    hearth_update::product::Product::parse(&settings.to_json()).context("[settings] of boards/image.toml")?;
    Ok(settings)
}

/// `SOURCE_DATE_EPOCH`, or when the sources were last committed.
fn epoch() -> Result<u64> {
    if let Ok(given) = std::env::var("SOURCE_DATE_EPOCH") {
        return given.parse().with_context(|| format!("SOURCE_DATE_EPOCH={given} is not a number of seconds"));
    }
    let here = crate::shell::root();
    let said = output("git", &["-C", &here.to_string_lossy(), "log", "-1", "--format=%ct"]);
    said.and_then(|s| s.parse().ok()).context("git does not say when the sources were last committed: set SOURCE_DATE_EPOCH")
}
