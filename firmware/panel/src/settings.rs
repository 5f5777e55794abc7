//! What the panel remembers without power: wake keys, brightness, why the box was woken last.
//!
//! Two copies, each numbered and with its CRC, each in a piece of flash that is erased as a whole. A writer takes the older one, so
//! whatever moment power goes, one copy is whole: the old settings or the new.

use hearth_wire::{Brightness, RemoteKey, WakeReason, crc32};

/// Wake keys.
pub const WAKE_SLOTS: usize = 8;
/// Of one copy: number, wake keys of ten bytes, brightness, last wake, CRC; a multiple of four.
pub const COPY_BYTES: usize = 4 + WAKE_SLOTS * KEY_BYTES + 4 + 1 + KEY_BYTES + 1 + 4;
const KEY_BYTES: usize = 10;

/// Two pieces of flash.
pub trait Flash {
    /// Reads all of copy 0 or 1.
    fn read(&self, copy: usize) -> [u8; COPY_BYTES];
    /// Erases copy 0 or 1: all bytes become 0xff. May be cut short by a loss of power.
    fn erase(&mut self, copy: usize);
    /// Writes four bytes of an erased copy. May be cut short by a loss of power.
    fn write(&mut self, copy: usize, offset: usize, word: [u8; 4]);
}

/// All of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Keys of remote controls that wake the box.
    pub wake_keys: [Option<RemoteKey>; WAKE_SLOTS],
    /// Of the display.
    pub brightness: Brightness,
    /// Why the box was woken last.
    pub last_wake: WakeReason,
    /// By which key, if it was one of a remote control.
    pub last_key: Option<RemoteKey>,
}

impl Settings {
    /// Of a new panel.
    pub const fn new() -> Self {
        Self {
            wake_keys: [None; WAKE_SLOTS],
            brightness: Brightness { day: 15, night: 6, day_from: 7, night_from: 22 },
            last_wake: WakeReason::ColdBoot,
            last_key: None,
        }
    }

    /// The newest whole copy; those of a new panel if there is none.
    pub fn load(flash: &impl Flash) -> Self {
        newest(flash).map_or(Self::new(), |(copy, _)| decode(&flash.read(copy)))
    }

    /// Writes these over the older copy, unless they are the newest already.
    pub fn save(&self, flash: &mut impl Flash) {
        let newest = newest(flash);
        let (copy, number) = newest.map_or((0, 0), |(copy, number)| (1 - copy, number.wrapping_add(1)));
        if newest.is_some_and(|(saved, number)| flash.read(saved) == self.encode(number)) {
            return;
        }
        flash.erase(copy);
        for (i, word) in self.encode(number).as_chunks::<4>().0.iter().enumerate() {
            flash.write(copy, i * 4, *word);
        }
    }

    fn encode(&self, number: u32) -> [u8; COPY_BYTES] {
        let mut out = Writer { bytes: [0; COPY_BYTES], at: 0 };
        out.put(&number.to_le_bytes());
        self.wake_keys.iter().for_each(|key| out.key(*key));
        let Brightness { day, night, day_from, night_from } = self.brightness;
        out.put(&[day, night, day_from, night_from, self.last_wake as u8]);
        out.key(self.last_key);
        if let Some((body, crc)) = out.bytes.split_last_chunk_mut::<4>() {
            *crc = crc32(body).to_le_bytes();
        }
        out.bytes
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::new()
    }
}

/// Which copy is the newest whole one, and its number.
fn newest(flash: &impl Flash) -> Option<(usize, u32)> {
    let [a, b] = [0, 1].map(|copy| Some((copy, number(&flash.read(copy))?)));
    match (a, b) {
        (Some(a), Some(b)) => Some(if (b.1.wrapping_sub(a.1) as i32) > 0 { b } else { a }),
        (a, b) => a.or(b),
    }
}

/// The number of a whole copy.
fn number(bytes: &[u8; COPY_BYTES]) -> Option<u32> {
    let (body, crc) = bytes.split_last_chunk::<4>()?;
    (crc32(body) == u32::from_le_bytes(*crc)).then(|| body.first_chunk().map(|number| u32::from_le_bytes(*number)))?
}

/// What a whole copy says.
fn decode(bytes: &[u8; COPY_BYTES]) -> Settings {
    let mut settings = Settings::new();
    let mut rest = bytes.as_slice();
    let mut take = |count: usize| {
        let (part, after) = rest.split_at_checked(count).unwrap_or_default();
        rest = after;
        part
    };
    take(4);
    for slot in &mut settings.wake_keys {
        *slot = key(take(KEY_BYTES));
    }
    if let &[day, night, day_from, night_from, wake] = take(5) {
        settings.brightness = Brightness { day, night, day_from, night_from };
        settings.last_wake = REASONS.into_iter().find(|r| *r as u8 == wake).unwrap_or(WakeReason::Unknown);
    }
    settings.last_key = key(take(KEY_BYTES));
    settings
}

/// Those that a panel can give.
const REASONS: [WakeReason; 7] = [
    WakeReason::ColdBoot,
    WakeReason::Ir,
    WakeReason::FrontPanel,
    WakeReason::Timer,
    WakeReason::Cec,
    WakeReason::Watchdog,
    WakeReason::Gpio,
];

fn key(bytes: &[u8]) -> Option<RemoteKey> {
    let [1, protocol, a, b, c, d, e, f, g, h] = *bytes else { return None };
    Some(RemoteKey { protocol, address: u32::from_le_bytes([a, b, c, d]), command: u32::from_le_bytes([e, f, g, h]) })
}

struct Writer {
    bytes: [u8; COPY_BYTES],
    at: usize,
}

impl Writer {
    fn put(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if let Some(slot) = self.bytes.get_mut(self.at) {
                *slot = *byte;
            }
            self.at += 1;
        }
    }

    fn key(&mut self, key: Option<RemoteKey>) {
        let Some(RemoteKey { protocol, address, command }) = key else { return self.put(&[0; KEY_BYTES]) };
        self.put(&[1, protocol]);
        self.put(&address.to_le_bytes());
        self.put(&command.to_le_bytes());
    }
}
