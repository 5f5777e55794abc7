//! The blocks of a bundle on the idle slot: which are missing, copied from the other slot, fetched, verified.
use super::disk::{Disk, Partition};
use super::retry::{Pause, stand_by};
use super::source::Source;
use crate::bundle::{BlockHash, Bundle, Part, Payload, block_hash};
use crate::slot::Slot;
use crate::{Error, Result};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::Read;
use std::ops::Range;

/// Neighbouring blocks are asked for together, up to this much at a time.
const LONGEST_RANGE: u64 = 1 << 20;

/// How far it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that are where they belong.
    pub done: u64,
    /// Bytes in all.
    pub total: u64,
    /// Of `done`, bytes that did not come from the source.
    pub reused: u64,
    /// All is there and is being read back.
    pub verifying: bool,
}

/// One block of one payload.
#[derive(Debug, Clone, Copy)]
pub(super) struct Want {
    part: Part,
    index: usize,
    hash: BlockHash,
    /// In the partition.
    start: u64,
    len: u64,
    /// In the bundle.
    from: u64,
}

/// The idle slot while it is filled.
pub(super) struct Filling<'a> {
    pub disk: &'a mut dyn Disk,
    pub bundle: &'a Bundle,
    pub slot: Slot,
    pub report: &'a mut dyn FnMut(Progress),
    pub progress: Progress,
}

impl Filling<'_> {
    /// The blocks that the slot does not hold. A block that cannot be read is one of them.
    pub fn missing(&mut self) -> Vec<Want> {
        let mut missing = Vec::new();
        let mut block = Vec::new();
        for want in wants(self.bundle) {
            if self.read(want, &mut block).is_ok() && block_hash(&block) == want.hash {
                self.progress.reused += want.len;
                self.done(want);
            } else {
                missing.push(want);
            }
        }
        missing
    }

    /// Takes what it can from `other`, at any place in either partition; what is left stays in `missing`.
    pub fn copy_from(&mut self, other: Slot, missing: &mut Vec<Want>) -> Result<()> {
        let mut wanted: HashMap<BlockHash, Vec<Want>> = HashMap::new();
        for want in missing.iter() {
            wanted.entry(want.hash).or_default().push(*want);
        }
        for payload in &self.bundle.manifest.payloads {
            let from = Partition::Slot(payload.name, other);
            let size = self.disk.size(from).unwrap_or(0);
            let mut block = vec![0; payload.block_size as usize];
            // Much of a partition never was written.
            let blank = block_hash(&block);
            let mut at = 0;
            while at + block.len() as u64 <= size && !wanted.is_empty() {
                // What cannot be read is fetched.
                let found = match self.disk.read_back(from, at, &mut block) {
                    Ok(()) => {
                        let hash = if block.iter().all(|b| *b == 0) { blank } else { block_hash(&block) };
                        wanted.remove(&hash).unwrap_or_default()
                    }
                    Err(_) => Vec::new(),
                };
                for want in found {
                    self.write(want, &block)?;
                    self.progress.reused += want.len;
                    self.done(want);
                }
                at += block.len() as u64;
            }
        }
        missing.retain(|want| wanted.contains_key(&want.hash));
        Ok(())
    }

    /// Fetches `wants`, which are in the bundle's order, for as long as blocks arrive or the back-off lasts.
    pub fn fetch(&mut self, source: &mut dyn Source, wants: &[Want], pause: &mut dyn Pause) -> Result<()> {
        let (mut left, mut failures) = (wants, 0);
        while !left.is_empty() {
            let before = left.len();
            let Err(e) = self.fetch_run(source, &mut left) else {
                failures = 0;
                continue;
            };
            if !e.is_passing() {
                return Err(e);
            }
            failures = if left.len() < before { 1 } else { failures + 1 };
            stand_by(pause, failures, e)?;
        }
        Ok(())
    }

    /// One request, for the neighbours at the start of `left`; what arrived whole and right is written and off the list.
    fn fetch_run(&mut self, source: &mut dyn Source, left: &mut &[Want]) -> Result<()> {
        let Some(range) = first_run(left) else { return Ok(()) };
        let mut body = source.open(range.clone())?;
        let mut block = Vec::new();
        while let Some((want, rest)) = left.split_first().filter(|(want, _)| want.from < range.end) {
            block.resize(want.len as usize, 0);
            body.read_exact(&mut block).map_err(|e| Error::Network(e.to_string()))?;
            if block_hash(&block) != want.hash {
                return Err(Error::Content { part: want.part.name(), block: want.index });
            }
            self.write(*want, &block)?;
            self.done(*want);
            *left = rest;
        }
        Ok(())
    }

    /// All that was written is on the medium.
    pub fn flush(&mut self) -> Result<()> {
        for part in Part::ALL {
            let partition = Partition::Slot(part, self.slot);
            self.disk.flush(partition).map_err(Error::io(format!("{partition} cannot be flushed")))?;
        }
        Ok(())
    }

    /// Reads every byte back from the medium: the blocks that are not as signed. None, and the whole is as signed.
    pub fn wrong(&mut self) -> Result<Vec<Want>> {
        self.progress.verifying = true;
        (self.report)(self.progress);
        let mut wrong = Vec::new();
        let mut sums = HashMap::from(Part::ALL.map(|part| (part, Sha256::new())));
        let mut block = Vec::new();
        for want in wants(self.bundle) {
            match self.read(want, &mut block) {
                Ok(()) if block_hash(&block) == want.hash => sums.entry(want.part).or_default().update(&block),
                _ => wrong.push(want),
            }
        }
        let right = |payload: &Payload| sums.get(&payload.name).is_some_and(|sum| sum.clone().finalize()[..] == payload.sha256);
        if wrong.is_empty() && !self.bundle.manifest.payloads.iter().all(right) {
            return Err(Error::Bundle("the hashes of its blocks and of its payloads do not agree".to_owned()));
        }
        Ok(wrong)
    }

    fn read(&mut self, want: Want, block: &mut Vec<u8>) -> std::io::Result<()> {
        block.resize(want.len as usize, 0);
        self.disk.read_back(Partition::Slot(want.part, self.slot), want.start, block)
    }

    fn write(&mut self, want: Want, block: &[u8]) -> Result<()> {
        let partition = Partition::Slot(want.part, self.slot);
        self.disk.write_at(partition, want.start, block).map_err(Error::io(format!("{partition} cannot be written")))
    }

    fn done(&mut self, want: Want) {
        self.progress.done = self.progress.total.min(self.progress.done + want.len);
        (self.report)(self.progress);
    }
}

/// Every block, in the bundle's order.
fn wants(bundle: &Bundle) -> impl Iterator<Item = Want> {
    bundle.manifest.payloads.iter().flat_map(|payload| {
        let start = bundle.range(payload).start;
        payload.blocks.iter().enumerate().filter_map(move |(index, hash)| {
            let block = payload.block(index)?;
            let len = block.end - block.start;
            Some(Want { part: payload.name, index, hash: *hash, start: block.start, len, from: start + block.start })
        })
    })
}

/// The range of the bundle that the neighbours at the start of `wants` take.
fn first_run(wants: &[Want]) -> Option<Range<u64>> {
    let start = wants.first()?.from;
    let mut end = start;
    for want in wants {
        if want.from != end || want.from + want.len - start > LONGEST_RANGE {
            break;
        }
        end += want.len;
    }
    Some(start..end)
}
