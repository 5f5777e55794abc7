//! What this box is: version, board, product, factory record; and `/run/hearth/box.json`, where programs read it.

use crate::cmdline::CommandLine;
use crate::sys::block;
use crate::{Error, Result};
use hearth_boards::Board;
use hearth_box::facts::{BoxFacts, DataState};
use hearth_update::bootstate::{self, BootState};
use hearth_update::factory::Factory;
use hearth_update::product::Product;
use hearth_update::signed::Keyring;
use hearth_update::slot::{Running, SlotInfo};
use rustix::fs::{FlockOperation, flock};
use std::fs::File;
use std::net::Ipv4Addr;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

const BOX_JSON: &str = "/run/hearth/box.json";
const OFFLINE_GRACE_S: u32 = 120;

/// What this box is.
#[derive(Debug)]
pub struct Identity {
    /// The command line.
    pub line: CommandLine,
    /// The image.
    pub slot: SlotInfo,
    /// The board; none if its file is bad.
    pub board: Option<Board>,
    /// The product; none if its file is bad.
    pub product: Option<Product>,
    /// The factory's record, and what the box signs in with; none if there is no good one.
    pub factory: Option<(Factory, String)>,
    /// The boot state as it was at boot.
    pub boot: Option<BootState>,
}

impl Identity {
    /// Reads everything; what is bad is reported and done without.
    pub fn read() -> (Result<Self>, Vec<Error>) {
        let mut bad = Vec::new();
        let line = read("/proc/cmdline").and_then(|text| CommandLine::parse(&String::from_utf8_lossy(&text)));
        let slot = read("/etc/hearth/slot.json").and_then(|json| Ok(SlotInfo::parse(&json)?));
        let identity = line.and_then(|line| {
            Ok(Self {
                line,
                slot: slot?,
                board: or_report(read("/etc/hearth/board.json").and_then(|json| parse_board(&json)), &mut bad),
                product: or_report(read("/etc/hearth/product.json").and_then(|json| Ok(Product::parse(&json)?)), &mut bad),
                factory: or_report(read_factory(), &mut bad),
                boot: or_report(read_boot_state(), &mut bad),
            })
        });
        (identity, bad)
    }

    /// The slot was never marked good.
    pub fn on_trial(&self) -> bool {
        match (self.line.running, &self.boot) {
            (Running::Slot(slot), Some(boot)) => !boot.chances(slot).good,
            _ => false,
        }
    }

    /// The slot that should have been booted, if it was another one.
    fn recovered_from(&self) -> Option<String> {
        match (self.line.running, &self.boot) {
            (Running::Slot(slot), Some(boot)) if boot.first != slot => Some(boot.first.to_string()),
            _ => None,
        }
    }

    /// Without a server, how long until the slot counts as good.
    pub fn offline_grace(&self) -> Duration {
        Duration::from_secs(self.product.as_ref().map_or(OFFLINE_GRACE_S, |product| product.offline_grace_s).into())
    }

    /// Name in the network.
    pub fn hostname(&self) -> String {
        let serial = self.factory.as_ref().map_or("", |(factory, _)| factory.serial.as_str());
        let plain: String = serial.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
        if plain.is_empty() { "hearth".to_owned() } else { format!("hearth-{}", plain.to_ascii_lowercase()) }
    }

    /// Writes `/run/hearth/box.json` anew, whole or not at all.
    pub fn write_box(&self, address: Option<Ipv4Addr>, data: DataState) -> Result<()> {
        let (factory, secret) = self.factory.as_ref().map(|(factory, secret)| (factory, secret.clone())).unzip();
        let product = || self.product.as_ref().map(|p| p.servers.clone());
        let facts = BoxFacts {
            slot: self.line.running.to_string(),
            version: self.slot.version.clone(),
            development: self.slot.development,
            board: self.slot.board.clone(),
            address,
            serial: factory.map(|f| f.serial.clone()),
            device: factory.map(|f| f.device.clone()),
            secret,
            servers: factory.and_then(|f| f.servers.clone()).or_else(product).unwrap_or_default(),
            recovered_from: self.recovered_from(),
            boot_generation: self.boot.as_ref().map(|boot| boot.generation),
            data,
        };
        facts.write(Path::new(BOX_JSON)).map_err(Error::path("replace", BOX_JSON))
    }
}

fn read(path: &str) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(Error::path("read", path))
}

fn or_report<T>(result: Result<T>, bad: &mut Vec<Error>) -> Option<T> {
    result.map_err(|error| bad.push(error)).ok()
}

fn parse_board(json: &[u8]) -> Result<Board> {
    serde_json::from_slice(json).map_err(|error| Error::Image { path: "/etc/hearth/board.json", why: error.to_string() })
}

fn read_factory() -> Result<(Factory, String)> {
    let keys = Keyring::parse(&String::from_utf8_lossy(&read("/etc/hearth/factory.pub")?))?;
    let record = read_partition("factory", 0, 65536)?;
    Ok((Factory::open(&record, &keys)?, Factory::secret(&record)?))
}

fn read_boot_state() -> Result<BootState> {
    let [first, second] = boot_state_copies()?;
    Ok(bootstate::current([&first, &second]))
}

fn boot_state_copies() -> Result<[Vec<u8>; 2]> {
    let copy = |at| read_partition("bootstate", at, bootstate::SIZE);
    Ok([copy(bootstate::OFFSETS[0])?, copy(bootstate::OFFSETS[1])?])
}

fn read_partition(name: &str, at: u64, len: usize) -> Result<Vec<u8>> {
    let device = block::find(name).ok_or_else(|| Error::NoPartition { name: name.to_owned(), seconds: 0 })?;
    let mut bytes = vec![0; len];
    let file = File::open(&device).map_err(Error::path("open", &device))?;
    file.read_exact_at(&mut bytes, at).map_err(Error::path("read", &device))?;
    Ok(bytes)
}

/// The next boot goes into the recovery system, once.
pub fn ask_for_recovery() -> Result<()> {
    let device = block::find("bootstate").ok_or_else(|| Error::NoPartition { name: "bootstate".to_owned(), seconds: 0 })?;
    let file = File::options().read(true).write(true).open(&device).map_err(Error::path("open", &device))?;
    want_recovery(&file).map_err(Error::path("write the boot state to", &device))
}

/// By the law of [`bootstate`]: alone, flushed before the older copy is written and after it.
fn want_recovery(file: &File) -> std::io::Result<()> {
    // Who holds it for longer than this takes is a program that does not end; PID 1 does not wait for it.
    flock(file, FlockOperation::NonBlockingLockExclusive)?;
    let mut copies = [[0; bootstate::SIZE]; 2];
    for (copy, at) in copies.iter_mut().zip(bootstate::OFFSETS) {
        file.read_exact_at(copy, at)?;
    }
    let copies = copies.each_ref().map(|copy| &copy[..]);
    let wanted = BootState { want_recovery: true, ..bootstate::current(copies) };
    let (which, bytes) = bootstate::next(copies, wanted);
    file.sync_all()?;
    file.write_all_at(&bytes, bootstate::OFFSETS[which])?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hearth_update::slot::Slot;

    #[test]
    fn recovery_is_asked_for_in_the_older_copy() {
        let file = tempfile::tempfile().unwrap();
        let state = BootState { generation: 8, first: Slot::B, floor: 3, ..BootState::default() };
        file.write_all_at(&state.encode(), bootstate::OFFSETS[0]).unwrap();
        file.write_all_at(&BootState { generation: 7, ..state }.encode(), bootstate::OFFSETS[1]).unwrap();
        want_recovery(&file).unwrap();
        let read = |at| {
            let mut copy = [0; bootstate::SIZE];
            file.read_exact_at(&mut copy, at).unwrap();
            BootState::decode(&copy).unwrap()
        };
        assert_eq!(bootstate::OFFSETS.map(read), [state, BootState { generation: 9, want_recovery: true, ..state }]);
    }
}
