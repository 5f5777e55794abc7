//! The box's real disc: block devices found by GPT name, or an image file for tests.
use super::disk::{Disk, Partition};
use crate::bundle::Part;
use crate::slot::{Running, Slot};
use crate::{Error, Result};
use rustix::fs::{Advice, FlockOperation, OFlags, fadvise, flock};
use std::collections::{BTreeMap, HashMap};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Reads past the cache start, end and land in memory at multiples of this.
const DIRECT: u64 = 4096;
const SYS: &str = "/sys/class/block";

/// Where a partition is.
struct Place {
    path: PathBuf,
    start: u64,
    /// To the end of the device when `None`.
    len: Option<u64>,
}

/// Partitions as block devices or windows of one file. What is not allowed is opened for reading alone.
pub struct Devices {
    places: HashMap<Partition, Place>,
    writable: Vec<Partition>,
    open: HashMap<Partition, Open>,
    buffer: Vec<u8>,
}

struct Open {
    file: File,
    /// Past the cache; a file system without this gives none.
    direct: Option<File>,
    start: u64,
    len: u64,
}

impl Devices {
    /// The partitions of the disc this box runs from, by the kernel's list of block devices.
    pub fn of_this_box() -> Result<Self> {
        let found = find(Path::new(SYS)).map_err(Error::io(SYS))?;
        let disc = the_disc(found, &below_device_mapper(Path::new(SYS)))?;
        let place = |(partition, name): (Partition, String)| {
            (partition, Place { path: Path::new("/dev").join(name), start: 0, len: None })
        };
        Ok(Self::new(disc.into_iter().map(place).collect()))
    }

    /// The partitions in the image of a disc.
    pub fn of_image(path: &Path) -> Result<Self> {
        let broken = |e: &dyn std::fmt::Display| Error::Disc(format!("{} has no partition table: {e}", path.display()));
        let disc = gpt::GptConfig::new().writable(false).open(path).map_err(|e| broken(&e))?;
        let mut places = HashMap::new();
        for entry in disc.partitions().values() {
            let Some(partition) = Partition::ALL.into_iter().find(|p| p.name() == entry.name) else { continue };
            let start = entry.bytes_start(*disc.logical_block_size()).map_err(|e| broken(&e))?;
            let len = entry.bytes_len(*disc.logical_block_size()).map_err(|e| broken(&e))?;
            places.insert(partition, Place { path: path.to_owned(), start, len: Some(len) });
        }
        match Partition::ALL.into_iter().find(|p| !places.contains_key(p)) {
            Some(missing) => Err(Error::Disc(format!("{} has no partition {missing}", path.display()))),
            None => Ok(Self::new(places)),
        }
    }

    fn new(places: HashMap<Partition, Place>) -> Self {
        Self { places, writable: vec![], open: HashMap::new(), buffer: vec![] }
    }

    /// Allows the boot state to be written.
    pub fn allow_boot_state(mut self) -> Self {
        self.writable.push(Partition::BootState);
        self
    }

    /// Allows the boot state and the slot that does not run to be written.
    pub fn allow_install(mut self, running: Running) -> Self {
        let idle = if running == Running::Slot(Slot::A) { Slot::B } else { Slot::A };
        self.writable.extend(Part::ALL.map(|part| Partition::Slot(part, idle)));
        self.allow_boot_state()
    }

    /// Allows the viewer's data to be written: a factory reset.
    pub fn allow_data(mut self) -> Self {
        self.writable.push(Partition::Data);
        self
    }

    fn open(&mut self, partition: Partition) -> io::Result<&mut Open> {
        if !self.open.contains_key(&partition) {
            let place = self.places.get(&partition).ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, partition.name()))?;
            let open = Open::new(place, self.writable.contains(&partition))?;
            self.open.insert(partition, open);
        }
        self.open.get_mut(&partition).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Open {
    fn new(place: &Place, write: bool) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(write).open(&place.path)?;
        let direct = OpenOptions::new().read(true).custom_flags(OFlags::DIRECT.bits() as i32).open(&place.path).ok();
        let len = match place.len {
            Some(len) => len,
            None => io::Seek::seek(&mut &file, io::SeekFrom::End(0))?,
        };
        Ok(Self { file, direct, start: place.start, len })
    }

    /// Where on the device; refuses what is not all inside the partition.
    fn place(&self, at: u64, len: usize) -> io::Result<u64> {
        match at.checked_add(len as u64) {
            Some(end) if end <= self.len => Ok(self.start + at),
            _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "outside the partition")),
        }
    }

    /// Reads through `buffer`, which is as aligned as direct reading asks for.
    fn read_direct(&self, direct: &File, at: u64, into: &mut [u8], buffer: &mut Vec<u8>) -> io::Result<()> {
        let first = at - at % DIRECT;
        let last = (at + into.len() as u64).next_multiple_of(DIRECT);
        let len = (last - first) as usize;
        buffer.resize(buffer.len().max(len + DIRECT as usize), 0);
        let skip = buffer.as_ptr().align_offset(DIRECT as usize);
        let aligned = buffer.get_mut(skip..skip + len).ok_or(io::ErrorKind::InvalidInput)?;
        direct.read_exact_at(aligned, first)?;
        let inside = (at - first) as usize;
        into.copy_from_slice(aligned.get(inside..inside + into.len()).ok_or(io::ErrorKind::InvalidInput)?);
        Ok(())
    }
}

impl Disk for Devices {
    fn size(&mut self, of: Partition) -> io::Result<u64> {
        Ok(self.open(of)?.len)
    }

    fn read_at(&mut self, from: Partition, at: u64, into: &mut [u8]) -> io::Result<()> {
        let open = self.open(from)?;
        open.file.read_exact_at(into, open.place(at, into.len())?)
    }

    fn read_back(&mut self, from: Partition, at: u64, into: &mut [u8]) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let open = self.open(from)?;
        let place = open.place(at, into.len())?;
        let direct = open.direct.as_ref().is_some_and(|direct| open.read_direct(direct, place, into, &mut buffer).is_ok());
        let read = if direct {
            Ok(())
        } else {
            // The next best: have the cache forget what it holds, so that it asks the medium again.
            let len = std::num::NonZeroU64::new(into.len() as u64);
            fadvise(&open.file, place, len, Advice::DontNeed)?;
            open.file.read_exact_at(into, place)
        };
        self.buffer = buffer;
        read
    }

    fn write_at(&mut self, to: Partition, at: u64, bytes: &[u8]) -> io::Result<()> {
        let open = self.open(to)?;
        open.file.write_all_at(bytes, open.place(at, bytes.len())?)
    }

    fn flush(&mut self, of: Partition) -> io::Result<()> {
        self.open(of)?.file.sync_data()
    }

    fn hold_boot_state(&mut self, held: bool) -> io::Result<()> {
        let operation = if held { FlockOperation::LockExclusive } else { FlockOperation::Unlock };
        Ok(flock(&self.open(Partition::BootState)?.file, operation)?)
    }
}

/// Our partitions by disc: `vda` -> `boot-a` -> `vda3`.
type Discs = BTreeMap<String, HashMap<Partition, String>>;

fn find(sys: &Path) -> io::Result<Discs> {
    let mut discs = Discs::new();
    for entry in std::fs::read_dir(sys)? {
        let entry = entry?;
        let Ok(uevent) = std::fs::read_to_string(entry.path().join("uevent")) else { continue };
        let named = uevent.lines().find_map(|line| line.strip_prefix("PARTNAME="));
        let Some(partition) = Partition::ALL.into_iter().find(|p| Some(p.name()) == named) else { continue };
        // …/block/vda/vda3: a partition's directory is inside its disc's.
        let real = std::fs::canonicalize(entry.path())?;
        let Some(disc) = real.parent().and_then(Path::file_name) else { continue };
        let device = entry.file_name().to_string_lossy().into_owned();
        discs.entry(disc.to_string_lossy().into_owned()).or_default().insert(partition, device);
    }
    Ok(discs)
}

/// What device mapper stands on: the partition of the running root.
fn below_device_mapper(sys: &Path) -> Vec<String> {
    let names = |dir: PathBuf| {
        std::fs::read_dir(dir).into_iter().flatten().flatten().map(|e| e.file_name().to_string_lossy().into_owned())
    };
    names(sys.to_owned()).filter(|name| name.starts_with("dm-")).flat_map(|dm| names(sys.join(dm).join("slaves"))).collect()
}

/// The disc that has all of our partitions; of several (a stick with an image on it) the one the root runs from.
fn the_disc(discs: Discs, below: &[String]) -> Result<HashMap<Partition, String>> {
    let whole = |names: &HashMap<Partition, String>| Partition::ALL.into_iter().all(|p| names.contains_key(&p));
    let mut whole: Vec<_> = discs.into_values().filter(whole).collect();
    if whole.len() > 1 {
        whole.retain(|names| names.values().any(|device| below.contains(device)));
    }
    match (whole.pop(), whole.is_empty()) {
        (Some(disc), true) => Ok(disc),
        (None, _) => Err(Error::Disc("none has all partitions of a Hearth box; flash it with `cargo xtask flash`".to_owned())),
        (Some(_), false) => Err(Error::Disc("several have the partitions of a Hearth box; unplug all but one".to_owned())),
    }
}

#[cfg(test)]
mod tests;
