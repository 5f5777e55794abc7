//! The partitions the agent knows, by name, and what it asks of them: the seam where tests put a disc that loses power.
use crate::bundle::Part;
use crate::slot::Slot;
use std::fmt;
use std::io::Result;

/// A partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Partition {
    /// Both copies of the boot state.
    BootState,
    /// The box's identity; never written here.
    Factory,
    /// Half of a slot.
    Slot(Part, Slot),
    /// The viewer's. Written by a factory reset alone.
    Data,
}

impl Partition {
    /// All that a box has and the agent knows.
    pub const ALL: [Self; 7] = [
        Self::BootState,
        Self::Factory,
        Self::Slot(Part::Boot, Slot::A),
        Self::Slot(Part::Boot, Slot::B),
        Self::Slot(Part::Root, Slot::A),
        Self::Slot(Part::Root, Slot::B),
        Self::Data,
    ];

    /// Its GPT name.
    pub fn name(self) -> &'static str {
        match self {
            Self::BootState => "bootstate",
            Self::Factory => "factory",
            Self::Slot(Part::Boot, Slot::A) => "boot-a",
            Self::Slot(Part::Boot, Slot::B) => "boot-b",
            Self::Slot(Part::Root, Slot::A) => "root-a",
            Self::Slot(Part::Root, Slot::B) => "root-b",
            Self::Data => "data",
        }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A box's disc.
pub trait Disk {
    /// Bytes of the partition.
    fn size(&mut self, of: Partition) -> Result<u64>;

    /// Fills `into`. May be answered from a cache.
    fn read_at(&mut self, from: Partition, at: u64, into: &mut [u8]) -> Result<()>;

    /// Fills `into` with what is on the medium, past any cache of the system's.
    fn read_back(&mut self, from: Partition, at: u64, into: &mut [u8]) -> Result<()>;

    /// Writes. Until [`Disk::flush`] returns, a loss of power leaves any part of it, in any order.
    fn write_at(&mut self, to: Partition, at: u64, bytes: &[u8]) -> Result<()>;

    /// What was written to this partition survives a loss of power from now on.
    fn flush(&mut self, of: Partition) -> Result<()>;

    /// Keeps other programs from changing the boot state while `held`: reading, changing and writing it is one step.
    fn hold_boot_state(&mut self, held: bool) -> Result<()> {
        let _ = held;
        Ok(())
    }
}
