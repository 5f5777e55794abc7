//! `hearth-server devices`: which boxes signed in, and who may not any more.

use super::place::{Open, Place};
use super::print_json;
use clap::{Args, Subcommand};
use hearth_api::{Crash, Device};
use hearth_server::{Error, db, devices};

/// Options of `devices`.
#[derive(Debug, Args)]
pub struct Devices {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Boxes that signed in, last seen first.
    List {
        #[command(flatten)]
        place: Place,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Refuse a box from now on: its token and its sign-ins.
    Revoke {
        /// Its ID, as `list` shows it.
        device: String,
        #[command(flatten)]
        place: Place,
    },
    /// What crashed on boxes whose viewers let them tell, newest first.
    Crashes {
        #[command(flatten)]
        place: Place,
        /// One JSON object a line, with the last lines of each.
        #[arg(long)]
        json: bool,
    },
    /// Forget a box: one that was revoked, or has lost its secret, may then sign in anew.
    Forget {
        /// Its ID, as `list` shows it.
        device: String,
        #[command(flatten)]
        place: Place,
    },
}

impl Devices {
    /// Runs the command.
    pub fn run(self) -> Result<(), Error> {
        match self.command {
            Command::List { place, json } => list(&place, json),
            Command::Revoke { device, place } => {
                match place.open()? {
                    Open::Server(client) => client.post::<Device>(&format!("/v1/devices/{device}/revoke"), &())?,
                    Open::Data(state, runtime) => runtime.block_on(devices::revoke(&state, &device))?,
                };
                println!("Revoked: {device}");
                Ok(())
            }
            Command::Crashes { place, json } => crashes(&place, json),
            Command::Forget { device, place } => {
                match place.open()? {
                    Open::Server(client) => client.delete(&format!("/v1/devices/{device}"))?,
                    Open::Data(state, runtime) => runtime.block_on(devices::forget(&state, &device))?,
                }
                println!("Forgotten: {device}");
                Ok(())
            }
        }
    }
}

fn crashes(place: &Place, json: bool) -> Result<(), Error> {
    let crashes: Vec<Crash> = match place.open()? {
        Open::Server(client) => client.get("/v1/crashes")?,
        Open::Data(state, runtime) => runtime.block_on(async { db::crashes::all(&mut *state.db.acquire().await?).await })?,
    };
    let now_ms = db::now_ms().unsigned_abs();
    for crash in &crashes {
        if json {
            print_json(crash);
            continue;
        }
        let (record, ago) = (&crash.record, super::ago(now_ms.saturating_sub(crash.received_at_ms)));
        // What a box says is printed on a terminal.
        let last = record.lines.last().map_or("", String::as_str);
        let last: String = last.chars().filter(|c| !c.is_control()).take(100).collect();
        println!("{}  {} {}  {}  told {ago} ago  {last}", crash.device, record.service, record.exit, record.version);
    }
    if crashes.is_empty() && !json {
        println!("No box has reported a crash.");
    }
    Ok(())
}

fn list(place: &Place, json: bool) -> Result<(), Error> {
    let devices: Vec<Device> = match place.open()? {
        Open::Server(client) => client.get("/v1/devices")?,
        Open::Data(state, runtime) => runtime.block_on(async {
            let rows = db::devices::all(&mut *state.db.acquire().await?).await?;
            Ok::<_, Error>(rows.iter().map(db::devices::DeviceRow::to_api).collect())
        })?,
    };
    let now_ms = db::now_ms().unsigned_abs();
    for d in &devices {
        if json {
            print_json(d);
            continue;
        }
        let seen = super::ago(now_ms.saturating_sub(d.last_seen_at_ms));
        let revoked = if d.revoked { "  REVOKED" } else { "" };
        println!("{}  {}  {} {}  seen {seen} ago{revoked}", d.device, d.serial, d.board, d.version);
    }
    if devices.is_empty() && !json {
        println!("No box has signed in.");
    }
    Ok(())
}
