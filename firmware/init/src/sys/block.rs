//! Block devices by GPT name.

use super::{clock, uevents::Uevents};
use crate::{Error, Result, partition};
use std::path::PathBuf;
use std::time::Duration;

/// The device of the partition with that GPT name, if it is there.
pub fn find(name: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir("/sys/class/block").ok()?;
    entries.flatten().find_map(|entry| {
        let uevent = std::fs::read_to_string(entry.path().join("uevent")).ok()?;
        partition::device_of(&uevent, name).map(|device| PathBuf::from("/dev").join(device))
    })
}

/// The same, waiting for the disc's driver. `uevents` was opened before the driver was loaded, so that no news is missed.
pub fn wait_for(name: &str, uevents: &Uevents, most: Duration) -> Result<PathBuf> {
    let deadline = clock::uptime() + most;
    loop {
        if let Some(device) = find(name) {
            return Ok(device);
        }
        let left = deadline.saturating_sub(clock::uptime());
        if left.is_zero() {
            return Err(Error::NoPartition { name: name.to_owned(), seconds: most.as_secs() });
        }
        // Woken by the kernel's news; a look each quarter of a second in case some were lost.
        uevents.wait(left.min(Duration::from_millis(250)));
    }
}
