//! `cargo xtask qemu`: boots the box's very image in QEMU, with a server beside it.
mod disk;
mod film;
mod keys;
pub mod machine;
pub mod panel;
pub mod pixels;
pub mod qmp;
pub mod scenarios;
mod serial;
mod service;

use crate::demo::children;
use crate::firmware;
use crate::setup;
use crate::shell::{run, step, target};
use anyhow::{Context, Result, bail};
use clap::Args;
use disk::Disk;
use hearth_boards::Board;
use hearth_update::signed::SigningKey;
use machine::{Machine, Setup};
use service::{Service, folder};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Options of `qemu`.
#[derive(Args)]
pub struct Options {
    /// A board whose file has a `[qemu]` table.
    #[arg(long, default_value = "qemu-virt")]
    board: String,
    /// No window, even where there is a display.
    #[arg(long)]
    headless: bool,
    /// Remote keys and waits, as `wait:home right ok wait:playing shot:film`, with the panel also `power wait:off power wait:woke`;
    /// ends when they are done.
    #[arg(long)]
    keys: Option<String>,
    /// Keep a picture of the first home screen, or of the end of --keys, and end.
    #[arg(long)]
    screenshot: Option<PathBuf>,
    /// Where hearth-server listens on this machine; 0 is any free port.
    #[arg(long, default_value_t = 0)]
    server_port: u16,
    /// The development image: a console, and it says so on the screen.
    #[arg(long)]
    development: bool,
    /// Instead of the board's.
    #[arg(long)]
    memory: Option<u32>,
    /// This disc instead of target/qemu/BOARD/disk.img; made from the image if it is not there.
    #[arg(long)]
    disk: Option<PathBuf>,
    /// Begin with a fresh disc: what was installed, watched and set is gone.
    #[arg(long)]
    fresh: bool,
    /// Boot the image that is there, without building it anew.
    #[arg(long)]
    no_build: bool,
    /// No server: the box is alone.
    #[arg(long)]
    offline: bool,
    /// A Unix socket of the front panel's serial line.
    #[arg(long)]
    panel: Option<PathBuf>,
    /// The front panel's microcontroller as well, in a QEMU of its own: its keys, display, infrared and standby.
    #[arg(long, conflicts_with = "panel")]
    with_panel: bool,
}

/// `cargo xtask qemu`.
pub fn command(options: &Options) -> Result<()> {
    setup::ensure(setup::FOR_DEMO)?;
    let seen = !options.headless && setup::display().is_some();
    setup::ensure(if seen { setup::FOR_BOX_WINDOW } else { setup::FOR_BOX })?;
    children::watch_for_interrupts()?;
    let board = board(&options.board)?;
    let image = image(&board, options.development, options.no_build)?;
    let work = folder().join(&board.id);
    std::fs::create_dir_all(&work).with_context(|| format!("cannot make {}", work.display()))?;
    let disk = options.disk.clone().unwrap_or_else(|| work.join("disk.img"));
    let disk = own_disk(&image, &disk, options.fresh)?;
    let service = if options.offline { None } else { Some(Service::start(&folder(), options.server_port)?) };
    if let Some(service) = &service {
        disk.set_servers(&factory_key()?, vec![service.url.clone()])?;
    }
    let scripted = options.keys.is_some() || options.screenshot.is_some();
    let window = if seen { machine::window() } else { None };
    if window.is_none() && !options.headless {
        step("no display ($DISPLAY), or no window in this QEMU: going on without");
    }
    let mut panel = if options.with_panel { Some(firmware::start_bench(window)?) } else { None };
    let socket = panel.as_ref().map(|vm| vm.link.clone()).or(options.panel.clone());
    let setup = Setup {
        board: &board,
        image: &image,
        disk: &disk.path,
        work: &work,
        memory_mib: options.memory,
        window,
        echo: !scripted,
        flash: None,
        panel: socket.as_deref(),
        telnet: if options.development { Some(free_port()?) } else { None },
    };
    if let Some(port) = setup.telnet {
        step(format_args!("a shell of the box: telnet 127.0.0.1 {port}"));
    }
    step(format_args!("booting {}; console: {}", disk.path.display(), work.join("console.log").display()));
    let machine = Machine::start(&setup)?;
    if let (Some(panel), false) = (&mut panel, scripted) {
        return panel::until_closed(machine, panel, &setup);
    }
    if !scripted {
        return until_closed(machine);
    }
    let script = keys::parse(options.keys.as_deref().unwrap_or("wait:home wait:settled"))?;
    let mut powered = panel::Powered::new(machine, panel.as_mut(), &setup);
    let outcome = keys::play(&mut powered, &script, &work);
    if let Some(file) = &options.screenshot {
        powered.machine()?.screen()?.save(file)?;
        step(format_args!("{}", file.display()));
    }
    outcome
}

/// Until the window is closed, the box switches itself off, or somebody presses Ctrl-C.
fn until_closed(machine: Machine) -> Result<()> {
    let ended = machine.wait_off(Duration::from_secs(7 * 24 * 3600));
    if children::check_interrupt().is_err() { Ok(()) } else { ended }
}

/// A port of ours that nobody listens on.
fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn board(id: &str) -> Result<Board> {
    let board = hearth_boards::load(&crate::shell::root().join("boards"), id)?;
    if board.qemu.is_none() {
        bail!("boards/{id}.toml has no [qemu]: this board is no virtual one");
    }
    Ok(board)
}

/// The board's image, built anew unless told not to; `image` itself does nothing when nothing has changed.
fn image(board: &Board, development: bool, as_it_is: bool) -> Result<PathBuf> {
    let dir = image_folder(board, if development { "-development" } else { "" });
    if !as_it_is {
        run(build(board).args(development.then_some("--development")).arg("--out").arg(&dir))?;
    }
    for file in ["disk.img", "u-boot.bin", "control.dtb"] {
        if !dir.join(file).is_file() {
            bail!("{} is missing: cargo xtask image --board {}", dir.join(file).display(), board.id);
        }
    }
    Ok(dir)
}

/// Where an image of a board is; the plain one where `cargo xtask image` puts it.
fn image_folder(board: &Board, kind: &str) -> PathBuf {
    target().join("image").join(format!("{}{kind}", board.id))
}

/// `cargo xtask image` for a board, to be given more arguments.
fn build(board: &Board) -> Command {
    let mut command = Command::new(crate::shell::ourselves());
    command.args(["image", "--board", &board.id]);
    command
}

/// A disc of one's own, so that what the box writes does not change the image. Made anew when the image is newer.
fn own_disk(image: &Path, disk: &Path, fresh: bool) -> Result<Disk> {
    let pristine = image.join("disk.img");
    let age = |path: &Path| path.metadata().and_then(|m| m.modified()).ok();
    let mark = disk.with_extension("from");
    let stamp = format!("{:?}", age(&pristine));
    let same = disk.is_file() && std::fs::read_to_string(&mark).is_ok_and(|made| made == stamp);
    if same && !fresh {
        return Disk::open(disk);
    }
    let copy = Disk::copy(&pristine, disk)?;
    std::fs::write(mark, stamp)?;
    Ok(copy)
}

/// The development factory's key, as the image build made it.
fn factory_key() -> Result<SigningKey> {
    let file = target().join("box/keys/factory.key");
    let text = std::fs::read_to_string(&file).with_context(|| format!("{} is missing: build the image first", file.display()))?;
    SigningKey::parse(text.trim()).with_context(|| file.display().to_string())
}
