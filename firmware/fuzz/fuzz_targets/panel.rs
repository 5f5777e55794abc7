//! Any events in any order at any time: light, keys, messages of the box, time. Nothing panics, power alternates, both displays can be
//! drawn, and what is remembered survives flash.
#![no_main]
use hearth_panel::rows::{Layout, Rows};
use hearth_panel::settings::{COPY_BYTES, Flash, Settings};
use hearth_panel::{Action, Event, Large, Panel, Power, Small};
use hearth_wire::{Depth, PanelKey, ResetCause, ToPanel};
use libfuzzer_sys::fuzz_target;

/// The bytes still to come; zeros after them.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn next(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// Up to a second most times, and once in a while up to a year.
    fn pause_us(&mut self) -> u64 {
        let (scale, low, high) = (self.next(), self.next(), self.next());
        u64::from(u16::from_le_bytes([low, high])) << if scale < 250 { scale % 5 } else { scale % 30 }
    }
}

struct Pages([[u8; COPY_BYTES]; 2]);

impl Flash for Pages {
    fn read(&self, copy: usize) -> [u8; COPY_BYTES] {
        self.0[copy]
    }

    fn erase(&mut self, copy: usize) {
        self.0[copy].fill(0xff);
    }

    fn write(&mut self, copy: usize, offset: usize, word: [u8; 4]) {
        self.0[copy][offset..offset + 4].copy_from_slice(&word);
    }
}

const KEYS: [PanelKey; 6] = [PanelKey::Power, PanelKey::Up, PanelKey::Down, PanelKey::Left, PanelKey::Right, PanelKey::Ok];

fn event(bytes: &mut Bytes<'_>, light: &mut bool) -> Option<Event> {
    Some(match bytes.next() {
        0..=159 => {
            *light = !*light;
            Event::Light(*light)
        }
        160..=164 => Event::Light(*light), // an edge was lost
        165..=199 => Event::KeyLevel(KEYS[usize::from(bytes.next()) % KEYS.len()], bytes.next() & 1 == 1),
        200..=239 => {
            let length = usize::from(bytes.next()).min(bytes.0.len());
            let (inside, rest) = bytes.0.split_at(length);
            bytes.0 = rest;
            Event::Message(bytes.next(), message(inside)?)
        }
        240 => Event::Start(ResetCause::Watchdog),
        _ => Event::Tick,
    })
}

/// What a frame with that inside says.
fn message(inside: &[u8]) -> Option<ToPanel> {
    postcard::take_from_bytes(inside).ok().map(|(message, _)| message)
}

fn run<S: Layout>(data: &[u8]) {
    let mut bytes = Bytes(data);
    let (mut panel, mut rows, mut flash) = (Panel::<S>::default(), Rows::<S>::new(), Pages([[0xff; COPY_BYTES]; 2]));
    let (mut now, mut light, mut on, mut drawn) = (0u64, false, true, 0);
    while !bytes.0.is_empty() {
        now += bytes.pause_us();
        let Some(event) = event(&mut bytes, &mut light) else { continue };
        for action in panel.step(now, event) {
            match action {
                Action::Power(to) => {
                    assert_ne!(on, to, "power goes off only from on");
                    on = to;
                }
                Action::Save => {
                    panel.settings().save(&mut flash);
                    assert_eq!(Settings::load(&flash), *panel.settings());
                }
                Action::Draw if drawn < 8 => {
                    rows.restart();
                    while rows.pending() {
                        rows.next(|band| panel.draw(now, band), |_, row| assert_eq!(row.len(), S::ROW));
                    }
                    drawn += 1;
                }
                _ => {}
            }
        }
        assert_eq!(on, !matches!(panel.power(), Power::Asleep { depth: Depth::Deep, .. }));
        let _ = panel.deadline();
    }
}

fuzz_target!(|data: &[u8]| {
    match data.split_first() {
        Some((first, rest)) if first & 1 == 1 => run::<Small>(rest),
        Some((_, rest)) => run::<Large>(rest),
        None => {}
    }
});
