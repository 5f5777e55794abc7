//! The box's disc as a file: partitions by name, the boot state, the factory record, and a hand to spoil them with.
use crate::shell::run;
use anyhow::{Context, Result, bail};
use hearth_update::bootstate::{self, BootState};
use hearth_update::factory::Factory;
use hearth_update::signed::SigningKey;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

const SECTOR: u64 = 512;

/// A disc image that no machine is running on.
pub struct Disk {
    /// Where it is.
    pub path: PathBuf,
    file: File,
}

/// A partition of it, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Where it starts.
    pub start: u64,
    /// How long it is.
    pub length: u64,
}

impl Disk {
    /// Copies `from`, holes and all.
    pub fn copy(from: &Path, to: &Path) -> Result<Self> {
        run(Command::new("cp").args(["--sparse=always", "--reflink=auto"]).arg(from).arg(to))?;
        Self::open(to)
    }

    /// Opens one to read and write.
    pub fn open(path: &Path) -> Result<Self> {
        let file =
            OpenOptions::new().read(true).write(true).open(path).with_context(|| format!("cannot open {}", path.display()))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// The partition with that name in the GPT.
    pub fn partition(&self, name: &str) -> Result<Partition> {
        let mut header = [0; 92];
        self.file.read_exact_at(&mut header, SECTOR)?;
        if !header.starts_with(b"EFI PART") {
            bail!("{} has no GPT", self.path.display());
        }
        let long = |at: usize, bytes: &[u8]| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap_or_default());
        let word = |at: usize, bytes: &[u8]| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap_or_default());
        let (table, count, size) = (long(72, &header), word(80, &header).min(128), word(84, &header));
        let wanted: Vec<u8> = name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
        for number in 0..u64::from(count) {
            let mut entry = [0; 128];
            self.file.read_exact_at(&mut entry, table * SECTOR + number * u64::from(size))?;
            if entry[56..].starts_with(&wanted) {
                let (first, last) = (long(32, &entry), long(40, &entry));
                return Ok(Partition { start: first * SECTOR, length: (last + 1).saturating_sub(first) * SECTOR });
            }
        }
        bail!("{} has no partition {name}", self.path.display())
    }

    /// Bytes of a partition.
    pub fn read(&self, name: &str, at: u64, length: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, self.partition(name)?.start + at)?;
        Ok(bytes)
    }

    /// Overwrites bytes of a partition.
    pub fn write(&self, name: &str, at: u64, bytes: &[u8]) -> Result<()> {
        let partition = self.partition(name)?;
        if at + bytes.len() as u64 > partition.length {
            bail!("{name} ends before that");
        }
        self.file.write_all_at(bytes, partition.start + at).context("writing to the disc image")
    }

    /// Turns one bit over.
    pub fn flip(&self, name: &str, at: u64) -> Result<()> {
        let byte = self.read(name, at, 1)?[0];
        self.write(name, at, &[byte ^ 0x10])
    }

    fn copies(&self) -> Result<[Vec<u8>; 2]> {
        let [zero, one] = bootstate::OFFSETS.map(|at| self.read("bootstate", at, bootstate::SIZE));
        Ok([zero?, one?])
    }

    /// What rules the next boot.
    pub fn boot_state(&self) -> Result<BootState> {
        let [zero, one] = self.copies()?;
        Ok(bootstate::current([&zero, &one]))
    }

    /// Changes what rules the next boot, as the box does: the older copy is written.
    pub fn set_boot_state(&self, change: impl FnOnce(&mut BootState)) -> Result<()> {
        let [zero, one] = self.copies()?;
        let mut state = bootstate::current([&zero, &one]);
        change(&mut state);
        let (index, bytes) = bootstate::next([&zero, &one], state);
        self.write("bootstate", bootstate::OFFSETS[index], &bytes)
    }

    /// Points the box at `servers`: what a factory does, with the development factory's key.
    pub fn set_servers(&self, key: &SigningKey, servers: Vec<String>) -> Result<()> {
        let old = self.read("factory", 0, 8192)?;
        let mut record = Factory::open(&old, &key.keyring()).unwrap_or_else(|_| Factory {
            schema: 1,
            serial: "QEMU-0001".into(),
            device: "0b5e55ed-0000-4000-8000-000000000001".into(),
            servers: None,
            country: None,
        });
        record.servers = Some(servers);
        self.write("factory", 0, &record.seal(key).context("sealing the factory record")?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hearth_update::slot::Slot;

    /// A disc with three partitions and nothing else a GPT has.
    fn disc(dir: &Path) -> Disk {
        let path = dir.join("disc.img");
        let file = File::create(&path).unwrap();
        file.set_len(4 << 20).unwrap();
        let mut header = [0_u8; 92];
        header[..8].copy_from_slice(b"EFI PART");
        header[72..80].copy_from_slice(&2_u64.to_le_bytes());
        header[80..84].copy_from_slice(&4_u32.to_le_bytes());
        header[84..88].copy_from_slice(&128_u32.to_le_bytes());
        file.write_all_at(&header, SECTOR).unwrap();
        for (number, (name, first, last)) in
            [("bootstate", 2048_u64, 4095_u64), ("factory", 4096, 6143), ("b", 6144, 6151)].into_iter().enumerate()
        {
            let mut entry = [0_u8; 128];
            entry[32..40].copy_from_slice(&first.to_le_bytes());
            entry[40..48].copy_from_slice(&last.to_le_bytes());
            for (i, unit) in name.encode_utf16().enumerate() {
                entry[56 + i * 2..58 + i * 2].copy_from_slice(&unit.to_le_bytes());
            }
            file.write_all_at(&entry, 2 * SECTOR + number as u64 * 128).unwrap();
        }
        Disk::open(&path).unwrap()
    }

    #[test]
    fn partitions_are_found_by_name_alone() {
        let dir = tempfile::tempdir().unwrap();
        let disc = disc(dir.path());
        assert_eq!(disc.partition("b").unwrap(), Partition { start: 6144 * 512, length: 4096 });
        assert!(disc.partition("boot").is_err());
        disc.write("b", 4095, &[3]).unwrap();
        disc.flip("b", 4095).unwrap();
        assert_eq!(disc.read("b", 4095, 1).unwrap(), [0x13]);
        assert!(disc.write("b", 4095, &[1, 2]).is_err());
    }

    #[test]
    fn boot_state_and_factory_record_are_the_boxs_own() {
        let dir = tempfile::tempdir().unwrap();
        let disc = disc(dir.path());
        for round in 1..4 {
            disc.set_boot_state(|state| (state.first, state.floor) = (Slot::B, round)).unwrap();
            assert_eq!((disc.boot_state().unwrap().floor, disc.boot_state().unwrap().generation), (round, round));
        }
        let key = SigningKey::from_seed([1; 32]);
        disc.set_servers(&key, vec!["http://10.0.2.2:1".into()]).unwrap();
        disc.set_servers(&key, vec!["http://10.0.2.2:2".into()]).unwrap();
        let record = Factory::open(&disc.read("factory", 0, 8192).unwrap(), &key.keyring()).unwrap();
        assert_eq!(record.servers.unwrap(), ["http://10.0.2.2:2"]);
    }
}
