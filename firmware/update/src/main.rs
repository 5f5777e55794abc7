//! `hearth-update`: the A/B update agent. The work is in the library; here is what a person or init may say to it.
use clap::{Parser, Subcommand};
use hearth_box::facts::BoxFacts;
use hearth_box::tokens::Tokens;
use hearth_update::agent::daemon::{Daemon, Times};
use hearth_update::agent::devices::Devices;
use hearth_update::agent::disk::{Disk, Partition};
use hearth_update::agent::here::{Here, Order};
use hearth_update::agent::http::{HttpSource, Timeouts, client};
use hearth_update::agent::memory::Memory;
use hearth_update::agent::offer::Asker;
use hearth_update::agent::recover::{Recovered, recover};
use hearth_update::agent::retry::Pause;
use hearth_update::agent::settings::{Folders, Word, running, tell_init};
use hearth_update::agent::source::{FileSource, Source};
use hearth_update::agent::{boot, settings};
use hearth_update::bootstate::BootState;
use hearth_update::slot::{Running, Slot};
use hearth_update::status::Status;
use hearth_update::{Error, Result};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Installs, watches over and recovers the two slots of a Hearth box.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Settings of the box.
    #[arg(long, default_value = "/etc/hearth", global = true)]
    etc: PathBuf,
    /// Status and lock.
    #[arg(long, default_value = "/run/hearth", global = true)]
    run: PathBuf,
    /// What is remembered over reboots.
    #[arg(long, default_value = "/data/hearth", global = true)]
    data: PathBuf,
    /// The image of a disc instead of this box's.
    #[arg(long, global = true)]
    disk: Option<PathBuf>,
    /// `a`, `b` or `recovery`, instead of what the kernel's command line says.
    #[arg(long, global = true)]
    running: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Installs a bundle into the slot that does not run.
    Install {
        /// File or URL.
        bundle: String,
        /// Also a build that was installed before and did not come up.
        #[arg(long)]
        again: bool,
        /// Reboot into it.
        #[arg(long)]
        reboot: bool,
    },
    /// Asks the server now and then, and installs what it offers.
    Run {
        /// Seconds between two questions.
        #[arg(long, default_value_t = 6 * 3600)]
        interval: u64,
        /// Seconds before the first question, at most.
        #[arg(long, default_value_t = 60)]
        first: u64,
        /// Ask once, at once, and end.
        #[arg(long)]
        once: bool,
        /// Reboot as soon as an update is ready.
        #[arg(long)]
        reboot: bool,
    },
    /// Says what boots next and what the agent does.
    Status {
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// The running slot came up: it stays.
    MarkGood,
    /// In the recovery system: fetches the newest version into slot A.
    Recover,
    /// Makes the viewer's data anew at the next boot.
    FactoryReset,
}

fn main() -> ExitCode {
    let options = Options::parse();
    match options.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("hearth-update: error {}: {e}", e.code());
            ExitCode::FAILURE
        }
    }
}

impl Options {
    fn run(&self) -> Result<()> {
        match &self.command {
            Command::Install { bundle, again, reboot } => self.install(bundle, *again, *reboot),
            Command::Run { interval, first, once, reboot } => {
                let times = Times { interval: Duration::from_secs(*interval), first: Duration::from_secs(*first) };
                self.daemon(times, *once, *reboot)
            }
            Command::Status { json } => self.status(*json),
            Command::MarkGood => {
                let state = boot::mark_good(&mut self.devices()?.allow_boot_state(), self.running()?, &self.folders().info()?)?;
                println!("{}", line(&state));
                Ok(())
            }
            Command::Recover => self.recover(),
            Command::FactoryReset => self.factory_reset(),
        }
    }

    fn install(&self, bundle: &str, again: bool, reboot: bool) -> Result<()> {
        let mut source: Box<dyn Source> = if bundle.starts_with("http://") || bundle.starts_with("https://") {
            Box::new(HttpSource::new(client(Timeouts::default()), bundle))
        } else {
            Box::new(FileSource::open(Path::new(bundle))?)
        };
        let folders = self.folders();
        let mut disk = self.devices()?.allow_install(self.running()?);
        let alone = folders.lock()?;
        let installed =
            self.here(&folders, &mut disk)?.install(&alone, &mut *source, Order { server: None, again }, &mut Parked)?;
        let progress = installed.progress;
        println!("slot {} boots next; {} of {} bytes were here already", installed.slot, progress.reused, progress.total);
        if reboot { self.reboot() } else { Ok(()) }
    }

    fn daemon(&self, times: Times, once: bool, reboot: bool) -> Result<()> {
        let folders = self.folders();
        let mut disk = self.devices()?.allow_install(self.running()?);
        let asker = self.asker(&folders, &mut disk)?;
        let mut daemon = Daemon { here: self.here(&folders, &mut disk)?, asker };
        if !once {
            return daemon.run(times, &mut Parked, &mut || if reboot { self.reboot() } else { Ok(()) });
        }
        match daemon.turn(&mut Parked)? {
            None => println!("nothing newer"),
            Some(installed) if !reboot => println!("slot {} boots next", installed.slot),
            Some(_) => self.reboot()?,
        }
        Ok(())
    }

    fn recover(&self) -> Result<()> {
        if self.running()? != Running::Recovery {
            return Err(Error::NotRecovery);
        }
        let folders = self.folders();
        let mut disk = self.devices()?.allow_install(Running::Recovery);
        let asker = self.asker(&folders, &mut disk)?.running_nothing();
        let recovered = recover(&mut Daemon { here: self.here(&folders, &mut disk)?, asker }, &mut Parked)?;
        match recovered {
            Recovered::Installed => println!("slot a holds the newest version; reboot"),
            Recovered::AnotherChance => println!("no new version to be had; a slot that once was good is tried again; reboot"),
        }
        Ok(())
    }

    fn status(&self, json: bool) -> Result<()> {
        let state = boot::read(&mut self.devices()?);
        let running = self.running().ok();
        let text = std::fs::read_to_string(self.folders().status()).unwrap_or_default();
        let update: Status = serde_json::from_str(&text).unwrap_or_default();
        if !json {
            println!("running {}", running.map_or("?".to_owned(), |r| r.to_string()));
            println!("{}", line(&state));
            println!("update {:?} {} {}/{}", update.state, update.version.unwrap_or_default(), update.done, update.total);
            return Ok(());
        }
        let slot = |slot| serde_json::json!({"left": state.chances(slot).left, "good": state.chances(slot).good});
        let boot = serde_json::json!({"generation": state.generation, "order": state.order().map(Slot::letter).iter().collect::<String>(),
            "a": slot(Slot::A), "b": slot(Slot::B), "floor": state.floor, "want-recovery": state.want_recovery});
        println!("{}", serde_json::json!({"running": running.map(|r| r.to_string()), "boot": boot, "update": update}));
        Ok(())
    }

    fn factory_reset(&self) -> Result<()> {
        if self.disk.is_none() {
            return if tell_init("REBOOT=factory-reset")? { Ok(()) } else { Err(Error::NoInit) };
        }
        let mut disk = self.devices()?.allow_data();
        let failed = || Error::io("data cannot be wiped");
        disk.write_at(Partition::Data, 0, &[0; 65536]).and_then(|()| disk.flush(Partition::Data)).map_err(failed())
    }

    fn reboot(&self) -> Result<()> {
        if tell_init("REBOOT=update")? { Ok(()) } else { Err(Error::NoInit) }
    }

    fn folders(&self) -> Folders {
        Folders { etc: self.etc.clone(), run: self.run.clone(), data: self.data.clone() }
    }

    fn running(&self) -> Result<Running> {
        match &self.running {
            Some(name) => Running::of_command_line(&format!("hearth.slot={name}")).ok_or(Error::NotASlot),
            None => running(),
        }
    }

    fn devices(&self) -> Result<Devices> {
        self.disk.as_deref().map_or_else(Devices::of_this_box, Devices::of_image)
    }

    fn here<'a>(&self, folders: &'a Folders, disk: &'a mut dyn Disk) -> Result<Here<'a>> {
        let (word, memory) = (Word::new(folders.status()), Memory::open(&folders.data));
        Ok(Here { disk, keys: folders.keys()?, running: self.running()?, info: folders.info()?, word, memory, folders })
    }

    /// The factory's word goes before the product's; a box without identity still gets its updates.
    fn asker(&self, folders: &settings::Folders, disk: &mut dyn Disk) -> Result<Asker> {
        let (info, product) = (folders.info()?, folders.product()?);
        let factory = folders.factory(disk);
        if let Err(e) = &factory {
            eprintln!("hearth-update: error {}: {e}", e.code());
        }
        let (device, servers) = factory.map_or((String::new(), None), |f| (f.device, f.servers));
        let servers = servers.unwrap_or(product.servers);
        // Without the secret, which init tells, it goes on as one that did not sign in.
        let facts = BoxFacts::read(&folders.run.join("box.json")).unwrap_or_default();
        let tokens = Tokens::open(&facts, &folders.data.join("update-tokens.json"));
        Ok(Asker { tokens, ..Asker::new(client(Timeouts::default()), servers, &info, device, product.channel) })
    }
}

fn line(state: &BootState) -> String {
    let slot = |slot| {
        let chances = state.chances(slot);
        format!("{slot}: {} left{}", chances.left, if chances.good { ", good" } else { "" })
    };
    let [first, second] = state.order().map(slot);
    format!("boot {first}; {second}; floor {}; generation {}", state.floor, state.generation)
}

/// Waits until the time is over. The agent is ended by a signal, at any time: that is what its order of writes is for.
struct Parked;

impl Pause for Parked {
    fn wait(&mut self, time: Duration) -> bool {
        let start = Instant::now();
        while let Some(left) = time.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) {
            std::thread::park_timeout(left);
        }
        true
    }

    fn random(&mut self) -> u32 {
        // Without randomness the boxes ask together, no more.
        getrandom::u32().unwrap_or_else(|_| std::process::id().wrapping_mul(0x9e37_79b9))
    }
}
