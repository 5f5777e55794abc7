//! Device-mapper's control device. The messages are made by [`crate::verity`].
#![allow(unsafe_code)] // three ioctls on a buffer of our own

use crate::verity::{HEADER, MESSAGE};
use crate::{Error, Result, verity};
use hearth_update::slot::VerityRoot;
use rustix::ioctl::{self, Opcode, Updater, opcode};
use std::fs::File;
use std::path::{Path, PathBuf};

const GROUP: u8 = 0xfd;
const CREATE: Opcode = opcode::read_write::<[u8; HEADER]>(GROUP, 3);
const SUSPEND: Opcode = opcode::read_write::<[u8; HEADER]>(GROUP, 6);
const LOAD: Opcode = opcode::read_write::<[u8; HEADER]>(GROUP, 9);
const NAME: &str = "root";

/// Opens the verified device over a partition: every block read through it is checked against the root hash.
pub fn open_verity(partition: &Path, root: &VerityRoot) -> Result<PathBuf> {
    let path = "/dev/mapper/control";
    let control = File::options().read(true).write(true).open(path).map_err(Error::path("open", path))?;
    let mut create = verity::by_name(NAME);
    call::<CREATE>(&control, &mut create, "create the verified device")?;
    let device = PathBuf::from(format!("/dev/dm-{}", verity::minor(&create)));
    let parameters = verity::parameters(&partition.to_string_lossy(), root);
    call::<LOAD>(&control, &mut *verity::load(NAME, verity::sectors(root)?, "verity", &parameters)?, "load the dm-verity table")?;
    call::<SUSPEND>(&control, &mut verity::by_name(NAME), "start the verified device")?;
    Ok(device)
}

fn call<const OPCODE: Opcode>(control: &File, message: &mut [u8; MESSAGE], what: &'static str) -> Result<()> {
    // SAFETY: the opcodes are device-mapper's and take a `struct dm_ioctl` at the start of a buffer; the kernel reads and writes at most
    // `data_size` bytes of it, which the message sets to MESSAGE.
    unsafe { ioctl::ioctl(control, Updater::<OPCODE, [u8; MESSAGE]>::new(message)) }.map_err(Error::kernel(what))
}
