//! `hearth-server updates`: publishes versions for boxes, stages their rollout, and shows what boxes make of them.

use super::place::{Open, Place};
use super::print_json;
use clap::{Args, Subcommand};
use hearth_api::{NewRelease, Release, ReleaseChange, ReleaseState};
use hearth_server::{Error, updates};
use hearth_update::signed::Keyring;
use http::StatusCode;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Options of `updates`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Updates {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  hearth-server updates publish update.bundle --server http://127.0.0.1:8080 --key update.pub --channel stable --percent 10
  hearth-server updates rollout 0.2.0 --percent 100 --server http://127.0.0.1:8080

A box is offered the newest live version of its board and channel that is newer than its own and that it is in the rollout of. Raising
the percentage only adds boxes. A version halts by itself once 5 boxes or more have reported and more than one in five says that it failed.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Publish a bundle made by `cargo xtask image`.
    Publish(Publish),
    /// What is published, and how many boxes run it.
    List {
        #[command(flatten)]
        place: Place,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Offer a version to this share of the boxes; also goes on with one that was paused or halted.
    Rollout {
        #[command(flatten)]
        which: Which,
        /// Of the boxes, 0 to 100, in steps of 0.01.
        #[arg(long, value_name = "N")]
        percent: f64,
    },
    /// Offer a version to no more boxes until `rollout`.
    Pause(Which),
    /// Take a version back for good: its bundle is removed. Boxes that run it keep it until there is a newer one.
    Withdraw(Which),
}

#[derive(Debug, Args)]
struct Publish {
    /// The bundle, as `cargo xtask image` leaves it in target/image/BOARD/update.bundle.
    bundle: PathBuf,
    #[command(flatten)]
    place: Place,
    /// Which boxes it is for.
    #[arg(long, value_name = "NAME", default_value = "stable")]
    channel: String,
    /// Share of the boxes, 0 to 100, in steps of 0.01.
    #[arg(long, value_name = "N", default_value_t = 100.0)]
    percent: f64,
    /// Refuse a bundle that is not signed by one of the public keys in this file (64 hex digits a line), as boxes will.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The release as one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Which {
    /// The version, or a release's ID.
    version: String,
    #[command(flatten)]
    place: Place,
    /// Where several boards have this version.
    #[arg(long)]
    board: Option<String>,
    /// Where several channels have this version.
    #[arg(long)]
    channel: Option<String>,
    /// The release as one JSON object.
    #[arg(long)]
    json: bool,
}

impl Updates {
    /// Runs the command.
    pub fn run(self) -> Result<(), Error> {
        match self.command {
            Command::Publish(publish) => publish.run(),
            Command::List { place, json } => {
                let all = all(&place.open()?)?;
                all.iter().for_each(|release| tell(release, json));
                if all.is_empty() && !json {
                    println!(
                        "Nothing is published. Make a bundle with `cargo xtask image`, then `hearth-server updates publish`."
                    );
                }
                Ok(())
            }
            Command::Rollout { which, percent } => which.change(ReleaseChange::Rollout(percent)),
            Command::Pause(which) => which.change(ReleaseChange::Pause),
            Command::Withdraw(which) => which.change(ReleaseChange::Withdraw),
        }
    }
}

impl Publish {
    fn run(self) -> Result<(), Error> {
        let keys = self.key.as_deref().map(read_keys).transpose()?;
        // Looked through here as well: the key is the publisher's, and what is refused need not be sent.
        updates::check(&self.bundle, keys.as_ref())?;
        let (size, sha256) = measure(&self.bundle)?;
        let new = NewRelease { channel: self.channel, percent: self.percent, sha256, size };
        let (release, known) = match self.place.open()? {
            Open::Server(client) => {
                let query = [
                    ("channel", new.channel.clone()),
                    ("percent", new.percent.to_string()),
                    ("sha256", new.sha256.clone()),
                    ("size", new.size.to_string()),
                ];
                let file = File::open(&self.bundle).map_err(Error::io(&self.bundle))?;
                let (status, release) = client.send_file("/v1/updates/releases", &query, file)?;
                (release, status == StatusCode::OK)
            }
            Open::Data(state, runtime) => runtime.block_on(async {
                let file = tokio::fs::File::open(&self.bundle).await.map_err(Error::io(&self.bundle))?;
                updates::publish(&state, &new, tokio_util::io::ReaderStream::with_capacity(file, 1 << 20), keys).await
            })?,
        };
        if known && !self.json {
            println!("Published before; `updates rollout` changes its share:");
        }
        tell(&release, self.json);
        Ok(())
    }
}

fn read_keys(path: &Path) -> Result<Keyring, Error> {
    let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
    Keyring::parse(&text)
        .map_err(|e| Error::refused(StatusCode::UNPROCESSABLE_ENTITY, "bad-key", format!("{}: {e}", path.display())))
}

fn measure(path: &Path) -> Result<(u64, String), Error> {
    let mut file = File::open(path).map_err(Error::io(path))?;
    let (mut digest, mut buffer, mut size) = (Sha256::new(), vec![0; 1 << 20], 0);
    loop {
        match file.read(&mut buffer).map_err(Error::io(path))? {
            0 => return Ok((size, hearth_update::hex::encode(&digest.finalize()))),
            n => {
                digest.update(&buffer[..n]);
                size += n as u64;
            }
        }
    }
}

impl Which {
    fn change(&self, change: ReleaseChange) -> Result<(), Error> {
        let place = self.place.open()?;
        let id = self.find(all(&place)?)?.id;
        let release: Release = match place {
            Open::Server(client) => client.patch_json(&format!("/v1/updates/releases/{id}"), &change)?,
            Open::Data(state, runtime) => runtime.block_on(updates::change(&state, &id, change))?,
        };
        tell(&release, self.json);
        Ok(())
    }

    /// The one release that is meant.
    fn find(&self, all: Vec<Release>) -> Result<Release, Error> {
        let is = |asked: &Option<String>, value: &String| asked.as_ref().is_none_or(|asked| asked == value);
        let named = |r: &Release| r.version == self.version || r.id == self.version;
        let mut found = all.into_iter().filter(|r| named(r) && is(&self.board, &r.board) && is(&self.channel, &r.channel));
        let refuse = |why: String| Err(Error::refused(StatusCode::CONFLICT, "which-release", why));
        match (found.next(), found.next()) {
            (Some(release), None) => Ok(release),
            (None, _) => refuse(format!("there is no {} here: `hearth-server updates list` shows what is", self.version)),
            (Some(a), Some(b)) => refuse(format!(
                "{} is published for {} in {} and for {} in {}: say which with --board and --channel",
                self.version, a.board, a.channel, b.board, b.channel
            )),
        }
    }
}

fn all(place: &Open) -> Result<Vec<Release>, Error> {
    match place {
        Open::Server(client) => client.get("/v1/updates/releases"),
        Open::Data(state, runtime) => runtime.block_on(updates::releases(state)),
    }
}

fn tell(r: &Release, json: bool) {
    if json {
        return print_json(r);
    }
    let state = match r.state {
        ReleaseState::Live => format!("live, {} %", r.percent),
        ReleaseState::Paused => format!("paused at {} %", r.percent),
        ReleaseState::Halted => format!("HALTED at {} %", r.percent),
        ReleaseState::Withdrawn => "withdrawn".to_owned(),
    };
    println!(
        "{} {} {}  {state}  offered {}, installed {}, failed {}  (build {:.12}, rollback index {})",
        r.board, r.channel, r.version, r.offered, r.installed, r.failed, r.build_id, r.rollback_index
    );
    if let Some(error) = &r.last_error {
        println!("    last failure: {error}");
    }
}
