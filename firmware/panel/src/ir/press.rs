//! Frames become presses: repeats and toggles told apart, a held key let go when its frames stop.

use super::{Code, Frame, Ir::*, Protocol};

/// A key is let go when nothing was heard of it for so long: the slowest remotes repeat every 130 ms.
pub const HOLD_US: u64 = 200_000;

/// Two halves belong together when they end no further apart.
const HALVES_US: u64 = 110_000;

/// What a remote control did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ir {
    /// A key went down, or (`repeat`) is still down.
    Press {
        /// Which.
        code: Code,
        /// It was down before.
        repeat: bool,
    },
    /// The key went up.
    Release(Code),
}

#[derive(Clone, Copy)]
struct Down {
    code: Code,
    toggle: Option<bool>,
    heard_us: u64,
}

/// The key that is down, if any.
pub(crate) struct Presses {
    down: Option<Down>,
    /// The last ones: address, bits, when.
    halves: [(u32, u32, u64); 2],
}

impl Presses {
    pub(crate) const fn new() -> Self {
        Self { down: None, halves: [(0, 0, 0); 2] }
    }

    /// When [`Presses::poll`] has something to say.
    pub(crate) fn deadline(&self) -> Option<u64> {
        self.down.map(|d| d.heard_us + HOLD_US)
    }

    /// Lets the key go once its time is over.
    pub(crate) fn poll(&mut self, now_us: u64) -> Option<Ir> {
        let over = self.down.filter(|d| now_us >= d.heard_us + HOLD_US)?;
        self.down = None;
        Some(Release(over.code))
    }

    /// Takes a frame.
    pub(crate) fn frame(&mut self, now_us: u64, frame: Frame) -> Option<Ir> {
        match frame {
            Frame::Code(code, toggle) => Some(self.code(now_us, code, toggle)),
            Frame::Held(protocols) => {
                let code = self.down.filter(|d| protocols.contains(&d.code.protocol))?.code;
                Some(self.code(now_us, code, None))
            }
            Frame::Again(code) => {
                self.down.filter(|d| d.code == code)?;
                Some(self.code(now_us, code, None))
            }
            Frame::Half(address, bits) => {
                // Two glitches may make a half that nobody sent beside the one that was.
                let halves = self.halves;
                self.halves = [(address, bits, now_us), halves[0]];
                let fits = |(a, b, at): &(u32, u32, u64)| *a == address && b ^ bits == 0x3ff && now_us - at < HALVES_US;
                let (_, other, _) = halves.into_iter().find(fits)?;
                // The plain one of the two has the bits 00 (Denon) or 01 (Sharp) at the end; they are inverted in the other.
                let plain = if bits >> 9 == 0 { bits } else { other };
                Some(self.code(now_us, Code { protocol: Protocol::Denon, address, command: plain }, None))
            }
        }
    }

    fn code(&mut self, now_us: u64, code: Code, toggle: Option<bool>) -> Ir {
        let repeat = self.down.is_some_and(|d| {
            let toggled = toggle.is_some() && d.toggle != toggle;
            d.code == code && !toggled && now_us < d.heard_us + HOLD_US
        });
        self.down = Some(Down { code, toggle, heard_us: now_us });
        Press { code, repeat }
    }
}

impl Protocol {
    /// The name, as Flipper's files have it where they have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nec => "NEC",
            Self::NecExt => "NECext",
            Self::Nec42 => "NEC42",
            Self::Samsung32 => "Samsung32",
            Self::Rc5 => "RC5",
            Self::Rc5x => "RC5X",
            Self::Rc5x20 => "RC5X20",
            Self::Rc6 => "RC6",
            Self::Rc6a => "RC6A",
            Self::Sirc => "SIRC",
            Self::Sirc15 => "SIRC15",
            Self::Sirc20 => "SIRC20",
            Self::Kaseikyo => "Kaseikyo",
            Self::Rca => "RCA",
            Self::Jvc => "JVC",
            Self::Denon => "Denon",
            Self::Pioneer => "Pioneer",
        }
    }
}
