//! `hearth-server devices`: which boxes signed in, and who may not any more.

use super::place::{Open, Place};
use super::print_json;
use clap::{Args, Subcommand};
use hearth_api::Device;
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
