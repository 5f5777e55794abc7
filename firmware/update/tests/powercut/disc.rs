//! A disc that loses power. Until a partition is flushed, its writes survive by sector of 512 bytes: in any subset, in any order, torn, or as noise.
use hearth_update::agent::disk::{Disk, Partition};
use std::collections::BTreeMap;
use std::io;

pub const SECTOR: usize = 512;

/// Numbers that depend on the seed alone (SplitMix64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

type Content = BTreeMap<Partition, Vec<u8>>;

/// The disc, and what programs see of it while there is power.
pub struct Disc {
    medium: Content,
    seen: Content,
    /// Written, not flushed: partition, offset, bytes of at most a sector.
    pending: Vec<(Partition, usize, Vec<u8>)>,
    /// Writes and flushes until the power goes.
    cut_in: Option<u64>,
    off: bool,
    /// Writes and flushes so far.
    pub steps: u64,
    /// Sectors that were half written or noise.
    pub torn: u64,
}

impl Disc {
    pub fn new(medium: Content) -> Self {
        Self { seen: medium.clone(), medium, pending: vec![], cut_in: None, off: false, steps: 0, torn: 0 }
    }

    /// What a partition holds whatever happens now.
    pub fn medium(&self, partition: Partition) -> &[u8] {
        &self.medium[&partition]
    }

    /// The power goes in the middle of the write or flush that comes after `steps` others.
    pub fn cut_after(&mut self, steps: u64) {
        self.cut_in = Some(steps);
    }

    pub fn is_off(&self) -> bool {
        self.off
    }

    /// Power comes back: what was not flushed is there, or not, or in part.
    pub fn power_cycle(&mut self, random: &mut Random) {
        let mut pending = std::mem::take(&mut self.pending);
        for i in (1..pending.len()).rev() {
            pending.swap(i, random.below(i as u64 + 1) as usize);
        }
        // In some lives nearly all survives, in others nearly nothing.
        let survive = random.below(5);
        for (partition, at, mut bytes) in pending {
            if random.below(4) >= survive {
                continue;
            }
            if random.one_in(12) {
                self.torn += 1;
                let keep = random.below(bytes.len() as u64) as usize;
                if random.one_in(3) {
                    bytes[keep..].iter_mut().for_each(|b| *b = random.next() as u8);
                } else {
                    bytes.truncate(keep);
                }
            }
            self.medium.get_mut(&partition).unwrap()[at..at + bytes.len()].copy_from_slice(&bytes);
        }
        for (partition, content) in &self.medium {
            self.seen.get_mut(partition).unwrap().copy_from_slice(content);
        }
        (self.off, self.cut_in) = (false, None);
    }

    /// Counts a step; `false`: the power goes in the middle of it.
    fn step(&mut self) -> io::Result<bool> {
        if self.off {
            return Err(io::Error::other("no power"));
        }
        self.steps += 1;
        self.off = self.cut_in == Some(0);
        self.cut_in = self.cut_in.and_then(|steps| steps.checked_sub(1));
        Ok(!self.off)
    }
}

impl Disk for Disc {
    fn size(&mut self, of: Partition) -> io::Result<u64> {
        Ok(self.medium[&of].len() as u64)
    }

    fn read_at(&mut self, from: Partition, at: u64, into: &mut [u8]) -> io::Result<()> {
        if self.off {
            return Err(io::Error::other("no power"));
        }
        let at = at as usize;
        into.copy_from_slice(self.seen[&from].get(at..at + into.len()).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn read_back(&mut self, from: Partition, at: u64, into: &mut [u8]) -> io::Result<()> {
        self.read_at(from, at, into)
    }

    fn write_at(&mut self, to: Partition, at: u64, bytes: &[u8]) -> io::Result<()> {
        let on = self.step()?;
        let at = at as usize;
        self.seen.get_mut(&to).unwrap().get_mut(at..at + bytes.len()).ok_or(io::ErrorKind::UnexpectedEof)?.copy_from_slice(bytes);
        assert_eq!(at % SECTOR, 0, "the agent writes whole blocks");
        self.pending.extend(bytes.chunks(SECTOR).enumerate().map(|(i, sector)| (to, at + i * SECTOR, sector.to_vec())));
        if on { Ok(()) } else { Err(io::Error::other("no power")) }
    }

    fn flush(&mut self, of: Partition) -> io::Result<()> {
        if !self.step()? {
            return Err(io::Error::other("no power"));
        }
        for (partition, at, bytes) in self.pending.extract_if(.., |(partition, ..)| *partition == of) {
            self.medium.get_mut(&partition).unwrap()[at..at + bytes.len()].copy_from_slice(&bytes);
        }
        Ok(())
    }
}
