//! The hardware watchdog.
#![allow(unsafe_code)] // one ioctl on an integer of our own

use crate::{Error, Result};
use rustix::ioctl::{self, Updater, opcode};
use std::fs::File;
use std::io::Write;

const SET_TIMEOUT: ioctl::Opcode = opcode::read_write::<i32>(b'W', 6);

/// Bites when it is not kicked in time.
#[derive(Debug)]
pub struct Watchdog(File);

impl Watchdog {
    /// Opens it, which starts it. Returns the timeout the hardware took.
    pub fn open(timeout_s: u32) -> Result<(Self, u32)> {
        let path = "/dev/watchdog";
        let file = File::options().write(true).open(path).map_err(Error::path("open", path))?;
        let mut seconds = i32::try_from(timeout_s).unwrap_or(i32::MAX);
        // SAFETY: WDIOC_SETTIMEOUT reads and writes one int.
        unsafe { ioctl::ioctl(&file, Updater::<SET_TIMEOUT, i32>::new(&mut seconds)) }
            .map_err(Error::kernel("set the watchdog's timeout"))?;
        Ok((Self(file), u32::try_from(seconds).unwrap_or(timeout_s)))
    }

    /// All is well.
    pub fn kick(&mut self) {
        let _ = self.0.write_all(b"k"); // if it cannot be kicked, it bites: that is its business
    }
}
