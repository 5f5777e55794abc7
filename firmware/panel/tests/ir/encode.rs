//! Makes the signals that remote controls send, from each protocol's published timing (IRP notation; Flipper's own figures where its
//! files differ). Shares nothing with the decoder but the names.

use hearth_panel::ir::{Code, Protocol};

/// Durations in microseconds, mark first, and whether the line is marked at the end.
#[derive(Default)]
pub struct Signal {
    durations: Vec<f64>,
}

impl Signal {
    pub fn durations(&self) -> &[f64] {
        &self.durations
    }

    /// Adds a mark (`true`) or a space; one like the last lengthens it.
    fn put(&mut self, mark: bool, us: f64) {
        let last_is_mark = self.durations.len() % 2 == 1;
        match self.durations.last_mut() {
            Some(last) if last_is_mark == mark => *last += us,
            None if !mark => {} // silence before the first mark
            _ => self.durations.push(us),
        }
    }

    fn pair(&mut self, unit: f64, (mark, space): (f64, f64)) -> &mut Self {
        self.put(true, mark * unit);
        self.put(false, space * unit);
        self
    }

    fn pulses(&mut self, unit: f64, bits: u64, count: u32, zero: (f64, f64), one: (f64, f64)) -> &mut Self {
        for i in 0..count {
            self.pair(unit, if bits >> i & 1 == 1 { one } else { zero });
        }
        self
    }

    /// Highest bit first; `one_rises`: a one is a change to mark.
    fn biphase(&mut self, half: f64, bits: u32, count: u32, one_rises: bool) -> &mut Self {
        for i in (0..count).rev() {
            let first = (bits >> i & 1 == 1) != one_rises;
            self.put(first, half);
            self.put(!first, half);
        }
        self
    }

    fn silence(&mut self, us: f64) -> &mut Self {
        self.put(false, us);
        self
    }

    /// The pause that makes the whole `us` long.
    fn fill(&mut self, us: f64) -> &mut Self {
        let rest = us - self.durations.iter().sum::<f64>();
        self.silence(rest.max(10_000.0))
    }
}

const SHORT: (f64, f64) = (1.0, 1.0);
const LONG: (f64, f64) = (1.0, 3.0);

/// One press as one frame (Denon: the two that belong together), with its pause after it.
pub fn frame(code: Code, toggle: bool) -> Signal {
    let mut s = Signal::default();
    let (a, c) = (code.address, code.command);
    let inverses = |a: u32, c: u32| u64::from(a | (!a & 0xff) << 8 | c << 16 | (!c & 0xff) << 24);
    match code.protocol {
        Protocol::Nec => {
            s.pair(564.0, (16.0, 8.0)).pulses(564.0, inverses(a, c), 32, SHORT, LONG).pair(564.0, SHORT).fill(108_000.0)
        }
        Protocol::NecExt => {
            let bits = u64::from(a | c << 16);
            s.pair(564.0, (16.0, 8.0)).pulses(564.0, bits, 32, SHORT, LONG).pair(564.0, SHORT).fill(108_000.0)
        }
        Protocol::Nec42 => {
            let bits = u64::from(a | (!a & 0x1fff) << 13) | u64::from(c | (!c & 0xff) << 8) << 26;
            s.pair(564.0, (16.0, 8.0)).pulses(564.0, bits, 42, SHORT, LONG).pair(564.0, SHORT).fill(108_000.0)
        }
        Protocol::Samsung32 => {
            let bits = u64::from(a | a << 8 | c << 16 | (!c & 0xff) << 24);
            s.pair(564.0, (8.0, 8.0)).pulses(564.0, bits, 32, SHORT, LONG).pair(564.0, SHORT).fill(108_000.0)
        }
        Protocol::Pioneer => {
            s.pair(1.0, (8_500.0, 4_225.0)).pulses(500.0, inverses(a, c), 32, SHORT, LONG).pair(500.0, SHORT).silence(26_000.0)
        }
        Protocol::Jvc => {
            let bits = u64::from(a | c << 8);
            s.pair(525.0, (16.0, 8.0)).pulses(525.0, bits, 16, SHORT, LONG).pair(525.0, SHORT).silence(45.0 * 525.0)
        }
        Protocol::Rca => {
            let bits = u64::from(a | c << 4 | (!a & 0xf) << 12 | (!c & 0xff) << 16);
            s.pair(1.0, (4_000.0, 4_000.0)).pulses(500.0, bits, 24, (1.0, 2.0), (1.0, 4.0)).pair(500.0, SHORT).silence(8_000.0)
        }
        Protocol::Kaseikyo => {
            s.pair(432.0, (8.0, 4.0)).pulses(432.0, kaseikyo(a, c), 48, SHORT, LONG).pair(432.0, SHORT).silence(173.0 * 432.0)
        }
        Protocol::Sirc | Protocol::Sirc15 | Protocol::Sirc20 => {
            let count = match code.protocol {
                Protocol::Sirc => 12,
                Protocol::Sirc15 => 15,
                _ => 20,
            };
            s.pair(600.0, (4.0, 1.0)).pulses(600.0, u64::from(c | a << 7), count, (1.0, 1.0), (2.0, 1.0)).fill(45_000.0)
        }
        Protocol::Denon => {
            for bits in [a | c << 5, a | (!c & 0x3ff) << 5] {
                s.pulses(264.0, bits.into(), 15, LONG, (1.0, 7.0)).pair(264.0, (1.0, 165.0));
            }
            &mut s
        }
        Protocol::Rc5 | Protocol::Rc5x => {
            let second_start = u32::from(code.protocol == Protocol::Rc5);
            let bits = 1 << 13 | second_start << 12 | u32::from(toggle) << 11 | a << 6 | c;
            s.biphase(889.0, bits, 14, true).fill(114_000.0)
        }
        Protocol::Rc5x20 => {
            let sub = a >> 8;
            let head = 1 << 7 | (!sub >> 6 & 1) << 6 | u32::from(toggle) << 5 | a & 0x1f;
            s.biphase(889.0, head, 8, true).silence(4.0 * 889.0);
            s.biphase(889.0, (sub & 0x3f) << 6 | c, 12, true).fill(114_000.0)
        }
        Protocol::Rc6 => {
            s.pair(444.0, (6.0, 2.0)).biphase(444.0, 0b1000, 4, false).biphase(888.0, toggle.into(), 1, false);
            s.biphase(444.0, a << 8 | c, 16, false).fill(107_000.0)
        }
        Protocol::Rc6a => {
            let value = a << 8 | c;
            let (count, toggled) = if value >> 31 == 1 { (32, u32::from(toggle) << 15) } else { (24, 0) };
            s.pair(444.0, (6.0, 2.0)).biphase(444.0, 0b1110, 4, false).biphase(888.0, 0, 1, false);
            s.biphase(444.0, value | toggled, count, false).fill(107_000.0)
        }
    };
    s
}

/// The vendor's two bytes, their parity, and the rest with its own.
fn kaseikyo(address: u32, command: u32) -> u64 {
    let [genres, low, high, id] = address.to_le_bytes();
    let folded = low ^ high;
    let parity = (folded ^ folded >> 4) & 0xf;
    let bytes = [parity | genres & 0xf0, genres & 0xf | (command as u8 & 0xf) << 4, (command >> 4) as u8 & 0x3f | id << 6];
    let panasonic = bytes[0] ^ bytes[1] ^ bytes[2];
    // Sharp's: id's upper bits are an extension, and the last digit makes all digits but the vendor's parity come to nothing.
    let extension = id >> 2;
    let digits = bytes[0] >> 4 ^ bytes[1] >> 4 ^ bytes[1] ^ bytes[2] >> 4 ^ bytes[2] ^ extension;
    let check = if extension == 0 { panasonic } else { extension | digits << 4 };
    u64::from_le_bytes([low, high, bytes[0], bytes[1], bytes[2], check, 0, 0])
}
