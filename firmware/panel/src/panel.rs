//! `step(event) -> actions`: the one way in and the one way out.

use embedded_graphics::pixelcolor::Gray4;
use embedded_graphics::prelude::DrawTarget;
use hearth_wire::{PanelKey, ResetCause, Show, ToBox, ToPanel, VERSION, WakeReason};

use crate::keys::Keys;
use crate::power::{Change, HARD_OFF_US, Power};
use crate::view;

/// What happens to the panel.
#[derive(Clone, Debug)]
pub enum Event {
    /// The microcontroller has started.
    Start(ResetCause),
    /// A message from the box, and its sequence number.
    Message(u8, ToPanel),
    /// A key's contact closed or opened.
    KeyLevel(PanelKey, bool),
    /// Nothing but time; at least every 20 ms.
    Tick,
}

/// What the board is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send to the box.
    Send(ToBox),
    /// Switch the box's power.
    Power(bool),
    /// Take power away for a second and give it back.
    Restart,
    /// Call [`Panel::draw`].
    Draw,
}

/// Actions of one step, in order. Eight are enough for any: two for a message, one for each key.
pub type Actions = heapless::Vec<Action, 8>;

/// The whole state.
pub struct Panel {
    power: Power,
    keys: Keys,
    power_key_us: Option<u64>,
    show: Show,
    /// Wall clock at `now_us`, and local time minus UTC in minutes.
    clock: Option<(u64, u64, i16)>,
    drawn_minute: Option<u64>,
}

impl Default for Panel {
    fn default() -> Self {
        Self::new()
    }
}

impl Panel {
    /// Power on, clock not set, nothing pressed.
    pub const fn new() -> Self {
        Self {
            power: Power::On { kicked_us: None },
            keys: Keys::new(),
            power_key_us: None,
            show: Show::Clock,
            clock: None,
            drawn_minute: None,
        }
    }

    /// The box's power.
    pub const fn power(&self) -> Power {
        self.power
    }

    /// Takes one event at `now_us` microseconds (never going back) and says what to do.
    pub fn step(&mut self, now_us: u64, event: Event) -> Actions {
        let mut out = Actions::new();
        match event {
            Event::Start(reset) => {
                push(&mut out, Action::Send(ToBox::Hello { version: VERSION, reset }));
                push(&mut out, Action::Draw);
            }
            Event::Message(sequence, message) => self.message(now_us, sequence, message, &mut out),
            Event::KeyLevel(key, down) => self.keys.level(key, down, now_us),
            Event::Tick => {}
        }
        self.keys_settled(now_us, &mut out);
        let change = self.power.tick(now_us, self.unix_s(now_us));
        self.change(change, &mut out);
        self.minute(now_us, &mut out);
        out
    }

    /// Draws the whole display: 128x64, 16 greys.
    pub fn draw<D: DrawTarget<Color = Gray4>>(&self, now_us: u64, target: &mut D) -> Result<(), D::Error> {
        let minute = self.local_s(now_us).map(|s| s / 60);
        match self.power {
            Power::Standby { .. } => view::draw(&Show::Clock, minute, true, target),
            _ => view::draw(&self.show, minute, false, target),
        }
    }

    fn message(&mut self, now_us: u64, sequence: u8, message: ToPanel, out: &mut Actions) {
        match message {
            ToPanel::Hello { .. } => {}
            ToPanel::Time { unix_s, offset_min } => {
                self.clock = Some((now_us, unix_s, offset_min));
            }
            ToPanel::Show(show) => {
                self.show = show;
                push(out, Action::Draw);
            }
            ToPanel::Standby { wake_at_s } => self.power.stop(now_us, wake_at_s),
            ToPanel::SafeToCut => {
                let change = self.power.safe();
                self.change(change, out);
            }
            ToPanel::Kick => self.power.kick(now_us),
            ToPanel::Ack { .. } => return, // an acknowledgement is not acknowledged
        }
        push(out, Action::Send(ToBox::Ack { sequence }));
    }

    fn keys_settled(&mut self, now_us: u64, out: &mut Actions) {
        for (key, pressed) in self.keys.settled(now_us) {
            if key == PanelKey::Power {
                self.power_key_us = pressed.then_some(now_us);
            }
            let change = if pressed { self.power.wake(WakeReason::FrontPanel) } else { None };
            match change {
                Some(_) => wake(WakeReason::FrontPanel, out), // the key that wakes is not a command too
                None if !matches!(self.power, Power::Standby { .. }) => push(out, Action::Send(ToBox::Key { key, pressed })),
                None => {}
            }
        }
        if self.power_key_us.is_some_and(|since| now_us.saturating_sub(since) >= HARD_OFF_US) {
            self.power_key_us = None;
            let change = self.power.hard_off();
            self.change(change, out);
        }
    }

    fn change(&mut self, change: Option<Change>, out: &mut Actions) {
        match change {
            None => return,
            Some(Change::Cut) => {
                self.show = Show::Clock;
                push(out, Action::Power(false));
            }
            Some(Change::Wake(reason)) => return wake(reason, out),
            Some(Change::Restart) => {
                push(out, Action::Restart);
                push(out, Action::Send(ToBox::Woke { reason: WakeReason::Watchdog }));
            }
        }
        push(out, Action::Draw);
    }

    /// The clock shows minutes: draw when one has passed.
    fn minute(&mut self, now_us: u64, out: &mut Actions) {
        let minute = self.local_s(now_us).map(|s| s / 60);
        if minute != self.drawn_minute {
            self.drawn_minute = minute;
            if !out.contains(&Action::Draw) {
                push(out, Action::Draw);
            }
        }
    }

    fn unix_s(&self, now_us: u64) -> Option<u64> {
        self.clock.map(|(set_us, unix_s, _)| unix_s.saturating_add(now_us.saturating_sub(set_us) / 1_000_000))
    }

    fn local_s(&self, now_us: u64) -> Option<u64> {
        let (.., offset_min) = self.clock?;
        Some(self.unix_s(now_us)?.saturating_add_signed(i64::from(offset_min) * 60))
    }
}

fn wake(reason: WakeReason, out: &mut Actions) {
    push(out, Action::Power(true));
    push(out, Action::Send(ToBox::Woke { reason }));
    push(out, Action::Draw);
}

/// A ninth action cannot come up; if a change here makes one, the tests that count find it, and a box in the field goes on.
fn push(out: &mut Actions, action: Action) {
    debug_assert!(!out.is_full());
    let _ = out.push(action);
}
