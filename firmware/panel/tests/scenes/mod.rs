//! What the golden pictures show; the tests on the microcontroller go through the same list.

use hearth_wire::{Show, ToPanel};

/// What plays.
pub fn playing(title: &str, paused: bool) -> ToPanel {
    ToPanel::Show(Show::Playing { title: title.try_into().unwrap(), position_s: 2_730, duration_s: 5_430, paused })
}

fn channel() -> ToPanel {
    ToPanel::Show(Show::Channel {
        number: 12,
        name: "ČT :D".try_into().unwrap(),
        title: "Krtek a paraplíčko".try_into().unwrap(),
    })
}

fn message(text: &str) -> ToPanel {
    ToPanel::Show(Show::Message(text.try_into().unwrap()))
}

/// Longer than any display.
pub const LONG: &str = "Le Fabuleux Destin d'Amélie Poulain";

/// Every picture: name, what was said, and how long after it was.
pub fn scenes() -> Vec<(&'static str, Vec<ToPanel>, u64)> {
    let standby = vec![playing("Big Buck Bunny", false), ToPanel::Standby { wake_at_s: None }, ToPanel::SafeToCut];
    vec![
        ("clock", vec![], 0),
        ("playing", vec![playing("Big Buck Bunny", false)], 1),
        ("paused", vec![playing(LONG, true)], 1),
        ("scrolled", vec![playing(LONG, false)], 2_000_000 + 170 * 40_000),
        ("latin-2", vec![playing("Żółć, Őrült, Příšerně", false)], 1),
        ("channel", vec![channel()], 1),
        ("volume", vec![playing("Big Buck Bunny", false), ToPanel::Volume { percent: 40, muted: false }], 1_999_999),
        ("muted", vec![ToPanel::Volume { percent: 40, muted: true }], 0),
        ("volume-over", vec![playing("Big Buck Bunny", false), ToPanel::Volume { percent: 40, muted: false }], 2_000_000),
        ("message", vec![message("Update 3 of 4: do not unplug")], 1),
        ("standby", standby, 50_000_000), // the last one: it sleeps
    ]
}
