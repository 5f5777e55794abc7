//! The agent as it is, and agents with one fault each, which the harness must find.
use super::disc::Disc;
use super::image::{BLOCK, Network};
use super::life::AtOnce;
use hearth_update::Result;
use hearth_update::agent::boot;
use hearth_update::agent::disk::{Disk, Partition};
use hearth_update::agent::install::{Installed, Job};
use hearth_update::bootstate::{BootState, Chances, OFFSETS};
use hearth_update::slot::Slot;
use std::collections::HashMap;
use std::io;

/// Who does the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agent {
    /// As shipped.
    Right,
    /// Turns the boot state while the payload still is in the cache.
    PayloadNotFlushed,
    /// Does not wait for the boot state to be on the medium.
    BootStateNotFlushed,
    /// Overwrites a copy while the other one, the boot loader's, may still be on its way.
    RulingCopyNotFlushed,
    /// Fills a slot that may still be booted.
    SlotNotForbidden,
    /// Turns the boot state, then fills the slot.
    TurnedFirst,
    /// Keeps one copy of the boot state and overwrites it.
    OneCopy,
    /// Overwrites the copy that rules.
    RulingCopyOverwritten,
    /// Leaves the last block out and does not look.
    NotVerified,
}

impl Agent {
    /// Each with the promise it breaks.
    pub const WRONG: [(Self, &'static str); 8] = [
        (Self::PayloadNotFlushed, "may be booted and is not whole"),
        (Self::BootStateNotFlushed, "it ended with"),
        (Self::RulingCopyNotFlushed, "no copy of the boot state is valid"),
        (Self::SlotNotForbidden, "may be booted and is not whole"),
        (Self::TurnedFirst, "may be booted and is not whole"),
        (Self::OneCopy, "no copy of the boot state is valid"),
        (Self::RulingCopyOverwritten, "no copy of the boot state is valid"),
        (Self::NotVerified, "may be booted and is not whole"),
    ];

    /// The disc as this agent handles it.
    pub fn disk(self, disc: &mut Disc) -> Handled<'_> {
        Handled { disc, agent: self, pretended: HashMap::new(), wrote_state: false }
    }

    pub fn install(self, job: &Job<'_>, disc: &mut Disc, source: &mut Network<'_>) -> Result<Installed> {
        let mut disk = self.disk(disc);
        if self == Self::TurnedFirst {
            boot::put_on_trial(&mut disk, job.target())?;
        }
        job.run(&mut disk, source, &mut AtOnce, &mut |_| (), &mut |_| ())
    }
}

/// A disc between a wrong agent and the world.
pub struct Handled<'a> {
    disc: &'a mut Disc,
    agent: Agent,
    /// Bytes that read back though they were not written.
    pretended: HashMap<(Partition, u64), Vec<u8>>,
    /// It wrote the boot state since the last flush.
    wrote_state: bool,
}

impl Handled<'_> {
    /// Where a copy of the boot state really goes.
    fn place(&self, partition: Partition, at: u64) -> u64 {
        let other = OFFSETS[usize::from(at == OFFSETS[0])];
        match self.agent {
            Agent::OneCopy if partition == Partition::BootState => OFFSETS[0],
            // Flushed by itself, the write that hits the ruling copy is the fault.
            Agent::RulingCopyOverwritten if partition == Partition::BootState => other,
            _ => at,
        }
    }

    fn is_left_out(&mut self, to: Partition, at: u64, bytes: &[u8]) -> bool {
        match self.agent {
            Agent::SlotNotForbidden | Agent::TurnedFirst if to == Partition::BootState => {
                let (before, new) = (boot::read(self.disc), BootState::decode(bytes));
                let forbids = |slot| {
                    new.as_ref().is_ok_and(|new| new.chances(slot) == Chances::NONE && before.chances(slot) != Chances::NONE)
                };
                [Slot::A, Slot::B].into_iter().any(forbids)
            }
            Agent::NotVerified => matches!(to, Partition::Slot(..)) && at == 2 * BLOCK as u64,
            _ => false,
        }
    }
}

impl Disk for Handled<'_> {
    fn size(&mut self, of: Partition) -> io::Result<u64> {
        self.disc.size(of)
    }

    fn read_at(&mut self, from: Partition, at: u64, into: &mut [u8]) -> io::Result<()> {
        if self.agent == Agent::OneCopy && from == Partition::BootState && at != OFFSETS[0] {
            into.fill(0);
            return Ok(());
        }
        self.disc.read_at(from, at, into)
    }

    fn read_back(&mut self, from: Partition, at: u64, into: &mut [u8]) -> io::Result<()> {
        match self.pretended.get(&(from, at)) {
            Some(bytes) if bytes.len() == into.len() => {
                into.copy_from_slice(bytes);
                Ok(())
            }
            _ => self.disc.read_back(from, self.place(from, at), into),
        }
    }

    fn write_at(&mut self, to: Partition, at: u64, bytes: &[u8]) -> io::Result<()> {
        if self.is_left_out(to, at, bytes) {
            self.pretended.insert((to, at), bytes.to_vec());
            return Ok(());
        }
        self.pretended.remove(&(to, at));
        self.wrote_state |= to == Partition::BootState;
        self.disc.write_at(to, self.place(to, at), bytes)
    }

    fn flush(&mut self, of: Partition) -> io::Result<()> {
        let skipped = match self.agent {
            Agent::PayloadNotFlushed => matches!(of, Partition::Slot(..)),
            Agent::BootStateNotFlushed => of == Partition::BootState,
            Agent::RulingCopyNotFlushed => of == Partition::BootState && !std::mem::take(&mut self.wrote_state),
            _ => false,
        };
        if skipped { Ok(()) } else { self.disc.flush(of) }
    }
}
