//! `step(event) -> actions`: the one way in and the one way out.

use core::marker::PhantomData;

use embedded_graphics::prelude::DrawTarget;
use hearth_wire::{Brightness, Depth, PanelKey, RemoteKey, ResetCause, Show, ToBox, ToPanel, VERSION, WakeReason};

use crate::divide::divide;
use crate::ir::{Code, Decoder, Ir};
use crate::keys::Keys;
use crate::power::{Change, HARD_OFF_US, Power};
use crate::settings::Settings;
use crate::view::{Large, Scene, Screen, moves_at, scrolled};

/// What happens to the panel.
#[derive(Clone, Debug)]
pub enum Event {
    /// The microcontroller has started.
    Start(ResetCause),
    /// A message from the box, and its sequence number.
    Message(u8, ToPanel),
    /// A key's contact closed or opened.
    KeyLevel(PanelKey, bool),
    /// The infrared receiver's output changed: light or none.
    Light(bool),
    /// Nothing but time; at least every 20 ms, and at [`Panel::deadline`].
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
    /// Pull the wake line of a box that sleeps with its power on.
    WakeLine,
    /// Light the lamp so.
    Led(Led),
    /// Set the display's brightness, 0 to 15.
    Brightness(u8),
    /// Save [`Panel::settings`].
    Save,
    /// Call [`Panel::draw`].
    Draw,
}

/// The lamp on the front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Led {
    /// The box is on.
    On,
    /// It is about to lose power: blink.
    Stopping,
    /// It sleeps.
    Asleep,
}

/// Actions of one step, in order. Sixteen are enough for any: six keys, four for a wake, a few for what changes with it.
pub type Actions = heapless::Vec<Action, 16>;

/// What the display was drawn with: when it differs, it is time to draw again.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Drawn {
    minute: Option<u64>,
    scrolled: i32,
    volume: bool,
}

/// The volume is shown for so long.
const VOLUME_US: u64 = 2_000_000;

/// The whole state.
pub struct Panel<S: Screen = Large> {
    power: Power,
    keys: Keys,
    power_key_us: Option<u64>,
    show: Show,
    /// Width of its title and room for it: asked too often to be measured each time.
    title: Option<(i32, i32)>,
    /// Wall clock at `now_us`, and local time minus UTC in minutes.
    clock: Option<(u64, u64, i16)>,
    /// Since when `show` has its title.
    shown_us: u64,
    /// Since when, percent, muted.
    volume: Option<(u64, u8, bool)>,
    drawn: Option<Drawn>,
    drawn_us: u64,
    decoder: Decoder,
    settings: Settings,
    /// As last told to the board.
    led: Option<Led>,
    brightness: Option<u8>,
    screen: PhantomData<S>,
}

impl<S: Screen> Default for Panel<S> {
    fn default() -> Self {
        Self::new(Settings::new())
    }
}

impl<S: Screen> Panel<S> {
    /// Power on, clock not set, nothing pressed.
    pub const fn new(settings: Settings) -> Self {
        Self {
            power: Power::On { kicked_us: None },
            keys: Keys::new(),
            power_key_us: None,
            show: Show::Clock,
            title: None,
            clock: None,
            shown_us: 0,
            volume: None,
            drawn: None,
            drawn_us: 0,
            decoder: Decoder::new(),
            settings,
            led: None,
            brightness: None,
            screen: PhantomData,
        }
    }

    /// The box's power.
    pub const fn power(&self) -> Power {
        self.power
    }

    /// What is to be remembered without power.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What was remembered.
    pub fn restore(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// When the next [`Event::Tick`] is due, if nothing else happens before and it is sooner than 20 ms.
    pub fn deadline(&self) -> Option<u64> {
        let moves = self.title.and_then(|(width, room)| {
            let (since, shown) = (self.shown_us, self.drawn_us.saturating_sub(self.shown_us));
            moves_at(width, room, shown).map(|after| since + after)
        });
        [self.decoder.deadline(), moves].into_iter().flatten().min()
    }

    /// Infrared is coming in: what takes milliseconds and can wait should.
    pub const fn hears(&self, now_us: u64) -> bool {
        self.decoder.hears(now_us)
    }

    /// Takes one event at `now_us` microseconds (never going back) and says what to do.
    pub fn step(&mut self, now_us: u64, event: Event) -> Actions {
        let mut out = Actions::new();
        self.infrared(now_us, &mut out);
        match event {
            Event::Start(reset) => {
                push(&mut out, Action::Send(ToBox::Hello { version: VERSION, reset }));
            }
            Event::Message(sequence, message) => self.message(now_us, sequence, message, &mut out),
            Event::KeyLevel(key, down) => self.keys.level(key, down, now_us),
            Event::Light(mark) => {
                self.decoder.edge(now_us, mark);
                return out; // a thousand come a second: the rest can wait for the next tick
            }
            Event::Tick => {}
        }
        self.keys_settled(now_us, &mut out);
        let change = self.power.tick(now_us, self.unix_s(now_us));
        self.change(change, &mut out);
        self.picture(now_us, &mut out);
        self.lights(now_us, &mut out);
        out
    }

    /// Draws the whole display.
    pub fn draw<D: DrawTarget<Color = S::Color>>(&self, now_us: u64, target: &mut D) -> Result<(), D::Error> {
        let scene = Scene {
            show: &self.show,
            minute: self.local_s(now_us).map(|s| divide(s, 60).0),
            standby: self.power.is_asleep(),
            volume: self.volume.filter(|(since, ..)| now_us < since + VOLUME_US).map(|(_, percent, muted)| (percent, muted)),
            shown_us: now_us.saturating_sub(self.shown_us),
        };
        S::draw(&scene, target)
    }

    fn message(&mut self, now_us: u64, sequence: u8, message: ToPanel, out: &mut Actions) {
        match message {
            ToPanel::Hello { .. } => {}
            ToPanel::Time { unix_s, offset_min } => {
                self.clock = Some((now_us, unix_s, offset_min));
            }
            ToPanel::Show(show) => {
                // A title that goes on playing goes on moving.
                if title(&show) != title(&self.show) {
                    self.shown_us = now_us;
                }
                self.shows(show);
                self.drawn = None;
            }
            ToPanel::Volume { percent, muted } => {
                self.volume = Some((now_us, percent, muted));
                self.drawn = None;
            }
            ToPanel::Standby { wake_at_s } => self.sleep(now_us, Depth::Deep, wake_at_s, out),
            ToPanel::Sleep { depth, wake_at_s } => self.sleep(now_us, depth, wake_at_s, out),
            ToPanel::WakeKey { slot, key } => {
                if let Some(kept) = self.settings.wake_keys.get_mut(usize::from(slot))
                    && *kept != key
                {
                    *kept = key;
                    push(out, Action::Save);
                }
            }
            ToPanel::Brightness(brightness) => {
                if self.settings.brightness != brightness {
                    self.settings.brightness = brightness;
                    push(out, Action::Save);
                }
            }
            ToPanel::AskWake => {
                let Settings { last_wake: reason, last_key: key, .. } = self.settings;
                push(out, Action::Send(ToBox::LastWake { reason, key }));
            }
            ToPanel::SafeToCut => {
                let change = self.power.safe();
                self.change(change, out);
            }
            ToPanel::Kick => self.power.kick(now_us),
            ToPanel::Disarm => self.power.disarm(),
            ToPanel::Ack { .. } => return, // an acknowledgement is not acknowledged
        }
        push(out, Action::Send(ToBox::Ack { sequence }));
    }

    fn shows(&mut self, show: Show) {
        self.title = S::title(&show);
        self.show = show;
    }

    fn keys_settled(&mut self, now_us: u64, out: &mut Actions) {
        while let Some((key, pressed)) = self.keys.settled(now_us) {
            if key == PanelKey::Power {
                self.power_key_us = pressed.then_some(now_us);
            }
            let change = if pressed { self.power.wake(WakeReason::FrontPanel) } else { None };
            match change {
                Some(_) => self.change(change, out), // the key that wakes is not a command too
                None if !self.power.is_asleep() => push(out, Action::Send(ToBox::Key { key, pressed })),
                None => {}
            }
        }
        if self.power_key_us.is_some_and(|since| now_us.saturating_sub(since) >= HARD_OFF_US) {
            self.power_key_us = None;
            let change = self.power.hard_off();
            self.change(change, out);
        }
    }

    /// Codes that are whole by now: to the box, or, where they wake it, to that.
    fn infrared(&mut self, now_us: u64, out: &mut Actions) {
        while let Some(ir) = self.decoder.poll(now_us) {
            let Ir::Press { code: Code { protocol, address, command }, repeat } = ir else { continue };
            let key = RemoteKey { protocol: protocol as u8, address, command };
            if !self.power.is_asleep() {
                let RemoteKey { protocol, address, command } = key;
                push(out, Action::Send(ToBox::Ir { protocol, address, command, repeat }));
            } else if !repeat && self.settings.wake_keys.contains(&Some(key)) {
                self.settings.last_key = Some(key);
                let change = self.power.wake(WakeReason::Ir);
                self.change(change, out);
            }
        }
    }

    fn sleep(&mut self, now_us: u64, depth: Depth, wake_at_s: Option<u64>, out: &mut Actions) {
        let change = self.power.sleep(now_us, depth, wake_at_s);
        self.change(change, out);
    }

    fn change(&mut self, change: Option<Change>, out: &mut Actions) {
        match change {
            None => return,
            Some(Change::Sleep) => self.shows(Show::Clock),
            Some(Change::Cut) => {
                self.shows(Show::Clock);
                push(out, Action::Power(false));
            }
            Some(Change::PowerOn(reason)) => {
                push(out, Action::Power(true));
                self.woke(reason, out);
            }
            Some(Change::Pull(reason)) => {
                push(out, Action::WakeLine);
                self.woke(reason, out);
            }
            Some(Change::Restart) => {
                push(out, Action::Restart);
                self.woke(WakeReason::Watchdog, out);
            }
        }
        self.drawn = None;
    }

    fn woke(&mut self, reason: WakeReason, out: &mut Actions) {
        if reason != WakeReason::Ir {
            self.settings.last_key = None;
        }
        self.settings.last_wake = reason;
        push(out, Action::Send(ToBox::Woke { reason }));
        push(out, Action::Save); // a box that starts from nothing asks later
    }

    /// Lamp and brightness follow from everything else; the board is told when they change.
    fn lights(&mut self, now_us: u64, out: &mut Actions) {
        let led = match self.power {
            Power::On { .. } => Led::On,
            Power::Stopping { .. } => Led::Stopping,
            Power::Asleep { .. } => Led::Asleep,
        };
        if self.led.replace(led) != Some(led) {
            push(out, Action::Led(led));
        }
        let Brightness { day, night, day_from, night_from } = self.settings.brightness;
        let hour = self.local_s(now_us).map(|s| (divide(divide(s, 3600).0, 24).1) as u8);
        let is_day = hour.is_none_or(|hour| match day_from <= night_from {
            true => (day_from..night_from).contains(&hour),
            false => !(night_from..day_from).contains(&hour),
        });
        let brightness = if is_day { day } else { night }.min(15);
        if self.brightness.replace(brightness) != Some(brightness) {
            push(out, Action::Brightness(brightness));
        }
    }

    /// Draws when a minute has passed, a title has moved, the volume has been shown for long enough, or something else has changed.
    fn picture(&mut self, now_us: u64, out: &mut Actions) {
        let shown_us = now_us.saturating_sub(self.shown_us);
        let drawn = Drawn {
            minute: self.local_s(now_us).map(|s| divide(s, 60).0),
            scrolled: self.title.map_or(0, |(width, room)| scrolled(width, room, shown_us)),
            volume: self.volume.is_some_and(|(since, ..)| now_us < since + VOLUME_US),
        };
        self.drawn_us = now_us;
        if self.drawn.replace(drawn) != Some(drawn) {
            push(out, Action::Draw);
        }
    }

    fn unix_s(&self, now_us: u64) -> Option<u64> {
        self.clock.map(|(set_us, unix_s, _)| unix_s.saturating_add(divide(now_us.saturating_sub(set_us) >> 6, 15_625).0))
    }

    fn local_s(&self, now_us: u64) -> Option<u64> {
        let (.., offset_min) = self.clock?;
        Some(self.unix_s(now_us)?.saturating_add_signed(i64::from(offset_min) * 60))
    }
}

/// What does not change while a film or a channel plays.
fn title(show: &Show) -> Option<&str> {
    match show {
        Show::Playing { title, .. } | Show::Channel { title, .. } | Show::Message(title) => Some(title),
        Show::Clock | Show::Dark => None,
    }
}

/// A seventeenth action cannot come up; if a change here makes one, the tests that count find it, and a box in the field goes on.
fn push(out: &mut Actions, action: Action) {
    debug_assert!(!out.is_full());
    let _ = out.push(action);
}
