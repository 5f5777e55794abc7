//! What the two sides say. Postcard numbers variants by position: append only, never reorder.

use heapless::String;
use serde::{Deserialize, Serialize};

/// Longest text on the line, in bytes of UTF-8.
pub const MAX_TEXT: usize = 64;

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
}
