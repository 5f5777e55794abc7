//! One line's law: greet, say one message after another until each is acknowledged, tell everything again when the panel has restarted.

use hearth_wire::{Deframer, MAX_FRAME, PanelKey, RemoteKey, ResetCause, ToBox, ToPanel, VERSION, WakeReason, encode};
use std::collections::VecDeque;
use std::time::Duration;

/// A message that is not acknowledged within this is sent again.
const AGAIN: Duration = Duration::from_millis(300);
/// So often.
const TRIES: u32 = 5;
/// A panel that does not answer is greeted so often.
const GREET: Duration = Duration::from_secs(1);
/// Messages that wait; what is older is of no use to anybody.
const WAITING: usize = 32;

/// What the panel has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// It answers.
    Connected,
    /// It does not answer any more.
    Lost,
    /// It has restarted, and why.
    Restarted(ResetCause),
    /// A key on the front.
    Key {
        /// Which.
        key: PanelKey,
        /// Down or up.
        pressed: bool,
    },
    /// A remote control.
    Remote {
        /// Which key of which remote.
        key: RemoteKey,
        /// Held since before.
        repeat: bool,
    },
    /// Why the box was woken, and by which key of a remote control.
    Woke(WakeReason, Option<RemoteKey>),
}

struct Flight {
    sequence: u8,
    message: ToPanel,
    sent: Duration,
    tries: u32,
}

/// The state of one line.
pub struct Session {
    deframer: Deframer,
    sequence: u8,
    flight: Option<Flight>,
    waiting: VecDeque<ToPanel>,
    connected: bool,
    /// The last of each kind that holds until another is said, in the order in which they were first said.
    holds: Vec<ToPanel>,
    out: Vec<u8>,
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

impl Session {
    /// Nobody has answered yet.
    pub fn new() -> Self {
        Self {
            deframer: Deframer::new(),
            sequence: 0,
            flight: None,
            waiting: VecDeque::new(),
            connected: false,
            holds: Vec::new(),
            out: Vec::new(),
        }
    }

    /// Says it, now or when the panel answers. A newer one of the same kind takes the place of one that waits.
    pub fn say(&mut self, message: ToPanel) {
        if holds(&message) {
            put(&mut self.holds, message.clone());
        } else if !self.connected {
            return; // a kick or a sleep that nobody heard does not count later
        }
        if self.connected {
            self.queue(message);
        }
    }

    /// Bytes have arrived; what they say.
    pub fn received(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        for byte in bytes {
            match self.deframer.push::<ToBox>(*byte) {
                Some(Ok(frame)) => self.heard(frame.sequence, frame.message, &mut events),
                // A newer panel's word: it has arrived, and there is no more to say about it.
                Some(Err(hearth_wire::FrameError::Unknown(sequence))) => self.send(&ToPanel::Ack { sequence }),
                Some(Err(_)) | None => {}
            }
        }
        events
    }

    /// Time has passed; `Lost` if that was it.
    pub fn tick(&mut self, now: Duration) -> Option<Event> {
        let mut lost = None;
        if let Some(flight) = &mut self.flight {
            let wait = if self.connected { AGAIN } else { GREET };
            if now.saturating_sub(flight.sent) < wait {
                return None;
            }
            if self.connected && flight.tries >= TRIES {
                self.connected = false;
                self.flight = None;
                self.waiting.clear();
                lost = Some(Event::Lost);
            } else {
                (flight.sent, flight.tries) = (now, flight.tries + 1);
                let (sequence, message) = (flight.sequence, flight.message.clone());
                self.write(sequence, &message);
                return None;
            }
        }
        let next = if self.connected { self.waiting.pop_front() } else { Some(ToPanel::Hello { version: VERSION }) };
        if let Some(message) = next {
            self.sequence = self.sequence.wrapping_add(1);
            self.write(self.sequence, &message);
            self.flight = Some(Flight { sequence: self.sequence, message, sent: now, tries: 1 });
        }
        lost
    }

    /// When [`Session::tick`] is due next; none: when there is something to say.
    pub fn deadline(&self) -> Option<Duration> {
        let wait = if self.connected { AGAIN } else { GREET };
        match &self.flight {
            Some(flight) => Some(flight.sent + wait),
            None if self.connected && self.waiting.is_empty() => None,
            None => Some(Duration::ZERO),
        }
    }

    /// All that was said has arrived.
    pub fn idle(&self) -> bool {
        self.connected && self.flight.is_none() && self.waiting.is_empty()
    }

    /// The port was closed and opened again.
    pub fn reopened(&mut self) {
        let holds = std::mem::take(&mut self.holds);
        *self = Self { holds, sequence: self.sequence, ..Self::new() };
    }

    /// What is to be written to the port.
    pub fn output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    fn heard(&mut self, sequence: u8, message: ToBox, events: &mut Vec<Event>) {
        if !matches!(message, ToBox::Ack { .. }) {
            self.send(&ToPanel::Ack { sequence });
        }
        match message {
            ToBox::Ack { sequence } => {
                if self.flight.take_if(|flight| flight.sequence == sequence).is_some() && !self.connected {
                    self.connect(events);
                }
            }
            ToBox::Hello { reset, .. } => {
                events.push(Event::Restarted(reset));
                self.flight = None;
                self.connected = false;
                self.connect(events);
            }
            ToBox::Key { key, pressed } => events.push(Event::Key { key, pressed }),
            ToBox::Ir { protocol, address, command, repeat } => {
                events.push(Event::Remote { key: RemoteKey { protocol, address, command }, repeat });
            }
            ToBox::Woke { reason } => events.push(Event::Woke(reason, None)),
            ToBox::LastWake { reason, key } => events.push(Event::Woke(reason, key)),
        }
    }

    fn connect(&mut self, events: &mut Vec<Event>) {
        self.connected = true;
        self.waiting = self.holds.iter().cloned().collect();
        self.waiting.push_back(ToPanel::AskWake);
        events.push(Event::Connected);
    }

    fn queue(&mut self, message: ToPanel) {
        if let Some(waiting) = self.waiting.iter_mut().find(|waiting| same_kind(waiting, &message)) {
            *waiting = message;
        } else if self.waiting.len() < WAITING {
            self.waiting.push_back(message);
        }
    }

    /// Without waiting for an answer.
    fn send(&mut self, message: &ToPanel) {
        self.sequence = self.sequence.wrapping_add(1);
        self.write(self.sequence, message);
    }

    fn write(&mut self, sequence: u8, message: &ToPanel) {
        let mut frame = [0; MAX_FRAME];
        if let Some(length) = encode(sequence, message, &mut frame) {
            self.out.extend_from_slice(&frame[..length]);
        }
    }
}

/// Holds until another of its kind is said, so that a panel that restarts has to hear it again.
fn holds(message: &ToPanel) -> bool {
    matches!(message, ToPanel::Time { .. } | ToPanel::Show(_) | ToPanel::WakeKey { .. } | ToPanel::Brightness(_))
}

fn same_kind(a: &ToPanel, b: &ToPanel) -> bool {
    match (a, b) {
        (ToPanel::WakeKey { slot: a, .. }, ToPanel::WakeKey { slot: b, .. }) => a == b,
        _ => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}

fn put(all: &mut Vec<ToPanel>, message: ToPanel) {
    match all.iter_mut().find(|held| same_kind(held, &message)) {
        Some(held) => *held = message,
        None => all.push(message),
    }
}
