//! What the two sides say. Postcard numbers variants by position: append only, never reorder.

use heapless::String;
use serde::{Deserialize, Serialize};

/// Longest text on the line, in bytes of UTF-8.
pub const MAX_TEXT: usize = 64;
/// Longest name of a channel, in bytes of UTF-8.
pub const MAX_NAME: usize = 24;

/// From the box to the panel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToPanel {
    /// First message of a connection.
    Hello {
        /// [`crate::VERSION`] of the sender.
        version: u8,
    },
    /// The wall clock.
    Time {
        /// Seconds since 1970, UTC.
        unix_s: u64,
        /// Local time minus UTC.
        offset_min: i16,
    },
    /// What to show.
    Show(Show),
    /// Stand by: cut the box's power after [`ToPanel::SafeToCut`] or a timeout, and wake it again at the given time.
    Standby {
        /// Seconds since 1970; none: only by a key.
        wake_at_s: Option<u64>,
    },
    /// Discs are synced; power may go.
    SafeToCut,
    /// The box is alive. The first one arms the watchdog.
    Kick,
    /// The message with this sequence number has arrived.
    Ack {
        /// Of the message.
        sequence: u8,
    },
    /// Sleep. Where power is cut: only after [`ToPanel::SafeToCut`] or a timeout.
    Sleep {
        /// How deep.
        depth: Depth,
        /// Seconds since 1970; none: only by a key.
        wake_at_s: Option<u64>,
    },
    /// A key of a remote control that wakes the box; kept over a loss of power.
    WakeKey {
        /// 0 to 7.
        slot: u8,
        /// None empties the slot.
        key: Option<RemoteKey>,
    },
    /// How bright the display is, and when; kept over a loss of power.
    Brightness(Brightness),
    /// Why was the box woken last? Answered by [`ToBox::LastWake`].
    AskWake,
    /// The volume was changed: shown for a moment.
    Volume {
        /// 0 to 100.
        percent: u8,
        /// Silenced.
        muted: bool,
    },
    /// The box restarts by itself: the watchdog sleeps until the next [`ToPanel::Kick`].
    Disarm,
}

/// How deep the box sleeps, after RDK's power modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Depth {
    /// Picture off, everything runs: power stays.
    Light,
    /// The box keeps its memory and its network: power stays, the panel pulls the wake line.
    DeepNetwork,
    /// Power is cut.
    Deep,
}

/// How remote controls talk, by the protocol's number; the names are those that Flipper's files have, where they have one. Append only.
pub const IR_PROTOCOLS: [&str; 17] = [
    "NEC",
    "NECext",
    "NEC42",
    "Samsung32",
    "RC5",
    "RC5X",
    "RC5X20",
    "RC6",
    "RC6A",
    "SIRC",
    "SIRC15",
    "SIRC20",
    "Kaseikyo",
    "RCA",
    "JVC",
    "Denon",
    "Pioneer",
];

/// A key of a remote control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteKey {
    /// Protocol number of the panel's decoder.
    pub protocol: u8,
    /// Device address.
    pub address: u32,
    /// Command.
    pub command: u32,
}

/// Brightness by the hour, local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brightness {
    /// From `day_from` to `night_from`: 0 to 15.
    pub day: u8,
    /// Else: 0 to 15.
    pub night: u8,
    /// Hour, 0 to 23.
    pub day_from: u8,
    /// Hour, 0 to 23.
    pub night_from: u8,
}

/// What the panel shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Show {
    /// The clock.
    Clock,
    /// A message, until the next `Show`.
    Message(String<MAX_TEXT>),
    /// What plays.
    Playing {
        /// Of the film.
        title: String<MAX_TEXT>,
        /// Seconds from the start.
        position_s: u32,
        /// Seconds; zero if unknown.
        duration_s: u32,
        /// Held by the viewer.
        paused: bool,
    },
    /// Nothing.
    Dark,
    /// A channel.
    Channel {
        /// As the viewer dials it.
        number: u16,
        /// Of the channel.
        name: String<MAX_NAME>,
        /// Of what is on.
        title: String<MAX_TEXT>,
    },
}

/// From the panel to the box.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToBox {
    /// First message of a connection.
    Hello {
        /// [`crate::VERSION`] of the sender.
        version: u8,
        /// Why the panel last restarted.
        reset: ResetCause,
    },
    /// A key of the panel.
    Key {
        /// Which.
        key: PanelKey,
        /// Down or up.
        pressed: bool,
    },
    /// A code from a remote control.
    Ir {
        /// Protocol number of the panel's decoder.
        protocol: u8,
        /// Device address.
        address: u32,
        /// Command.
        command: u32,
        /// The key is held.
        repeat: bool,
    },
    /// The box was woken.
    Woke {
        /// Why.
        reason: WakeReason,
    },
    /// The message with this sequence number has arrived.
    Ack {
        /// Of the message.
        sequence: u8,
    },
    /// Answers [`ToPanel::AskWake`].
    LastWake {
        /// Why.
        reason: WakeReason,
        /// The key that did it, where it was one of a remote control.
        key: Option<RemoteKey>,
    },
}

/// Why the microcontroller started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResetCause {
    /// Mains.
    PowerOn,
    /// Its own watchdog.
    Watchdog,
    /// It was told to.
    Software,
}

/// Keys on the front.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PanelKey {
    /// Standby.
    Power,
    /// Focus up.
    Up,
    /// Focus down.
    Down,
    /// Focus left.
    Left,
    /// Focus right.
    Right,
    /// Select.
    Ok,
}

/// Why the box was woken, named as RDK's deep-sleep HAL does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WakeReason {
    /// Mains came back.
    ColdBoot,
    /// A wake key of a remote control.
    Ir,
    /// A key on the front.
    FrontPanel,
    /// The wake timer.
    Timer,
    /// HDMI-CEC.
    Cec,
    /// The box stopped kicking and was restarted.
    Watchdog,
    /// A line from elsewhere on the board.
    Gpio,
    /// Wired network.
    Lan,
    /// Wireless network.
    Wlan,
    /// A Bluetooth remote control.
    RcuBt,
    /// An RF4CE remote control.
    RcuRf4ce,
    /// The box asked for a restart.
    SoftwareReset,
    /// It was too hot.
    ThermalReset,
    /// Restarted without losing power.
    WarmReset,
    /// Its memory was not as it left it.
    StrAuthFailure,
    /// Somebody came.
    Presence,
    /// Somebody spoke.
    Voice,
    /// Nobody knows.
    Unknown,
}
