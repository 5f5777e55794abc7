//! Which slot boots next: a record in two copies, written by the boot loader's script, by the agent and by nobody else.
//!
//! A copy is a U-Boot environment block of [`SIZE`] bytes: CRC-32 (little endian) of the rest, then `name=value\0…\0` and zeroes, so that
//! `env import -c` and `env export -c` are its reader and writer in U-Boot. Numbers are hexadecimal without prefix. An empty value and a missing
//! one are the same, for U-Boot cannot tell them apart. Unknown names are skipped when read and gone after the next write.
//!
//! The larger valid `gen` rules. A writer flushes what the one before it may have left, overwrites the other copy with `gen` + 1, and flushes:
//! whatever a loss of power does to the copy that is being written, the one that ruled before is still whole. [`next`] is that law.
mod select;

pub use select::{Selected, select};

use crate::slot::Slot;
use crate::{Error, Result};
use crc::{CRC_32_ISO_HDLC, Crc, Table};
use std::fmt::Write;

/// Bytes of a copy.
pub const SIZE: usize = 4096;
/// Where the copies are in the `bootstate` partition.
pub const OFFSETS: [u64; 2] = [0, 65536];
/// Tries a new slot gets, and one marked good.
pub const TRIES: u8 = 3;
/// No generation is larger: 4 more than fit in U-Boot's signed comparison of 32 bits.
const MAX_GEN: u32 = 0x7fff_fff0;
static CRC: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);

/// A slot's chances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chances {
    /// Boots left before the slot is given up; 0: it is not booted.
    pub left: u8,
    /// It came up once and was found in order.
    pub good: bool,
}

impl Chances {
    /// A slot whose content is being written, or that nobody may boot.
    pub const NONE: Self = Self { left: 0, good: false };
    /// A slot on trial.
    pub const TRIAL: Self = Self { left: TRIES, good: false };
    /// A slot that proved itself.
    pub const GOOD: Self = Self { left: TRIES, good: true };
}

/// The record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BootState {
    /// Counts writes.
    pub generation: u32,
    /// The slot that is tried first; `order` is it and the other one.
    pub first: Slot,
    /// Slot A.
    pub a: Chances,
    /// Slot B.
    pub b: Chances,
    /// No image with a smaller rollback index is installed.
    pub floor: u32,
    /// Boot recovery once.
    pub want_recovery: bool,
}

impl Default for BootState {
    /// What holds when no copy is valid: A, then B, three tries each.
    fn default() -> Self {
        Self { generation: 0, first: Slot::A, a: Chances::TRIAL, b: Chances::TRIAL, floor: 0, want_recovery: false }
    }
}

impl BootState {
    /// The slot's chances.
    pub fn chances(&self, slot: Slot) -> Chances {
        match slot {
            Slot::A => self.a,
            Slot::B => self.b,
        }
    }

    /// The slot's chances, to change them.
    pub fn chances_mut(&mut self, slot: Slot) -> &mut Chances {
        match slot {
            Slot::A => &mut self.a,
            Slot::B => &mut self.b,
        }
    }

    /// The slots in the order they are tried.
    pub fn order(&self) -> [Slot; 2] {
        [self.first, self.first.other()]
    }

    /// One copy's bytes.
    pub fn encode(&self) -> [u8; SIZE] {
        let mut text = String::new();
        let mut put = |name: &str, value: u32| write!(text, "{name}={value:x}\0").expect("text grows");
        // By name, as U-Boot exports them.
        put("a_good", self.a.good.into());
        put("a_left", self.a.left.into());
        put("b_good", self.b.good.into());
        put("b_left", self.b.left.into());
        put("floor", self.floor);
        put("gen", self.generation);
        text.push_str(if self.first == Slot::A { "order=ab\0" } else { "order=ba\0" });
        if self.want_recovery {
            text.push_str("want=recovery\0");
        }
        let mut copy = [0; SIZE];
        copy[4..4 + text.len()].copy_from_slice(text.as_bytes());
        let crc = CRC.checksum(&copy[4..]);
        copy[..4].copy_from_slice(&crc.to_le_bytes());
        copy
    }

    /// Reads one copy.
    pub fn decode(copy: &[u8]) -> Result<Self> {
        let Some((crc, data)) = copy.split_first_chunk::<4>().filter(|_| copy.len() == SIZE) else {
            return wrong("a copy has 4096 bytes");
        };
        if CRC.checksum(data) != u32::from_le_bytes(*crc) {
            return wrong("checksum");
        }
        let fields = Fields::of(data)?;
        let state = Self {
            generation: fields.number("gen")?,
            first: match fields.value("order")? {
                Some(b"ab") => Slot::A,
                Some(b"ba") => Slot::B,
                _ => return wrong("order is neither ab nor ba"),
            },
            a: Chances { left: fields.left("a_left")?, good: fields.good("a_good")? },
            b: Chances { left: fields.left("b_left")?, good: fields.good("b_good")? },
            floor: fields.number("floor")?,
            want_recovery: match fields.value("want")? {
                None => false,
                Some(b"recovery") => true,
                _ => return wrong("want is not recovery"),
            },
        };
        if state.generation > MAX_GEN { wrong("generation is out of range") } else { Ok(state) }
    }
}

fn wrong<T>(why: &'static str) -> Result<T> {
    Err(Error::BootState(why))
}

/// The `name=value` texts of a copy.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn of(data: &'a [u8]) -> Result<Self> {
        let end = data.windows(2).position(|pair| pair == [0, 0]);
        Ok(Self(data.get(..end.ok_or(Error::BootState("the list has no end"))?).unwrap_or_default()))
    }

    /// The value by that name; `None` when it is missing or empty.
    fn value(&self, name: &str) -> Result<Option<&'a [u8]>> {
        let named = |entry: &'a [u8]| entry.strip_prefix(name.as_bytes())?.strip_prefix(b"=");
        let mut found = self.0.split(|b| *b == 0).filter_map(named);
        let value = found.next().filter(|value| !value.is_empty());
        if found.next().is_some() { Err(Error::BootState("a name is there twice")) } else { Ok(value) }
    }

    fn left(&self, name: &str) -> Result<u8> {
        match self.number(name)? {
            left @ 0..=3 => Ok(left as u8),
            _ => wrong("more than three tries"),
        }
    }

    fn good(&self, name: &str) -> Result<bool> {
        match self.number(name)? {
            good @ 0..=1 => Ok(good == 1),
            _ => wrong("good is neither 0 nor 1"),
        }
    }

    fn number(&self, name: &str) -> Result<u32> {
        let digits = self.value(name)?.filter(|d| d.len() <= 8 && d.iter().all(u8::is_ascii_hexdigit));
        let text = digits.and_then(|d| std::str::from_utf8(d).ok()).ok_or(Error::BootState("a number is missing or is none"))?;
        u32::from_str_radix(text, 16).map_err(|_| Error::BootState("a number is missing or is none"))
    }
}

/// The copy that rules: its index and what it says. `None` when neither is valid.
pub fn choose(copies: [&[u8]; 2]) -> Option<(usize, BootState)> {
    match copies.map(|copy| BootState::decode(copy).ok()) {
        [Some(zero), Some(one)] if one.generation > zero.generation => Some((1, one)),
        [Some(zero), _] => Some((0, zero)),
        [None, Some(one)] => Some((1, one)),
        [None, None] => None,
    }
}

/// What rules, or what holds when nothing does.
pub fn current(copies: [&[u8]; 2]) -> BootState {
    choose(copies).map_or_else(BootState::default, |(_, state)| state)
}

/// The law of writing: which copy to overwrite (index into [`OFFSETS`]) so that `state` rules, and its bytes. Its generation is set here.
pub fn next(copies: [&[u8]; 2], state: BootState) -> (usize, [u8; SIZE]) {
    let (index, generation) = match choose(copies) {
        Some((ruling, state)) => (1 - ruling, state.generation.saturating_add(1)),
        None => (0, 1),
    };
    (index, BootState { generation, ..state }.encode())
}

#[cfg(test)]
mod tests;
