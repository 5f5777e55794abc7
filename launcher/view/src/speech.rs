//! What a screen reader says, made from what is on the screen.

use hearth_nav::Say;

use crate::{ButtonView, HomeView, NetworkRow, NetworksView, OsdView, RowFocus, ScreenView, SettingsView, TileView, View};

/// The words for it; none where there is nothing to say.
pub fn spoken(view: &View, say: Say) -> Option<String> {
    let words = match say {
        Say::Modal => {
            let modal = view.modal.as_ref()?;
            sentence(&[&modal.title, &modal.message, &modal.action, &focused_button(&modal.buttons)?])
        }
        Say::Toast => view.toast.as_ref()?.text.clone(),
        Say::Focus => focus(view)?,
        Say::Page => match &view.screen {
            ScreenView::Boot(boot) => boot.message.clone(),
            ScreenView::Home(_) => sentence(&["Home", &focus(view)?]),
            ScreenView::Detail(d) => sentence(&[&d.name, &d.meta, &d.synopsis, &focus(view)?]),
            ScreenView::Settings(settings) => settings_page(settings, &focus(view)?),
            ScreenView::Networks(networks) => networks_page(networks, &focus(view)?),
            ScreenView::Passphrase(p) => {
                sentence(&[&format!("Passphrase for {}", p.name), &p.note, &focus(view).unwrap_or_default()])
            }
            ScreenView::Playing(p) => p.title.clone(),
        },
        Say::Joining => match &view.screen {
            ScreenView::Passphrase(p) => p.note.clone(),
            _ => focus(view)?,
        },
        Say::Paused => format!("Paused at {}", osd(view)?.position),
        Say::Playing => "Playing".to_owned(),
        Say::Seek => match osd(view)? {
            OsdView { position, duration, .. } if !duration.is_empty() => format!("{position} of {duration}"),
            OsdView { position, .. } => position.clone(),
        },
    };
    (!words.is_empty()).then_some(words)
}

fn osd(view: &View) -> Option<&OsdView> {
    if let ScreenView::Playing(playing) = &view.screen { playing.osd.as_ref() } else { None }
}

fn focus(view: &View) -> Option<String> {
    if let Some(modal) = &view.modal {
        return focused_button(&modal.buttons);
    }
    match &view.screen {
        ScreenView::Boot(_) => None,
        ScreenView::Home(home) => home_focus(home),
        ScreenView::Detail(d) => focused_button(&d.buttons).or_else(|| tile(&d.similar, d.similar_len, "More like this")),
        ScreenView::Settings(settings) => settings_focus(settings),
        ScreenView::Networks(networks) => networks.rows.iter().find_map(network),
        ScreenView::Passphrase(passphrase) => passphrase.keyboard.spoken(),
        ScreenView::Playing(playing) => {
            let osd = playing.osd.as_ref()?;
            let track = osd.tracks.iter().position(|t| t.focused);
            Some(match track.and_then(|n| osd.tracks.get(n).map(|t| (n, t))) {
                Some((n, t)) => {
                    let state = if t.active { ", in use" } else { "" };
                    format!("Audio, {}, {} of {}{state}", t.label, n + 1, osd.tracks.len())
                }
                None => sentence(&[&osd.title, &format!("{} of {}", osd.position, osd.duration)]),
            })
        }
    }
}

fn home_focus(home: &HomeView) -> Option<String> {
    if home.on_settings {
        return Some("Settings, button".to_owned());
    }
    let empty = home.empty.as_ref().and_then(|e| Some(sentence(&[&e.message, &focused_button(&e.buttons)?])));
    let hero = || home.hero.as_ref().and_then(|h| Some(sentence(&[&h.name, &focused_button(&h.buttons)?])));
    let shelf = || home.shelves.iter().flatten().find(|s| s.focused).and_then(|s| tile(&s.tiles, s.len, &s.title));
    empty.or_else(hero).or_else(shelf)
}

/// The group in full: there is nothing in its words that the focus could be put on.
fn settings_page(settings: &SettingsView, focus: &str) -> String {
    let facts: Vec<String> = settings.facts.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let words = settings.text.iter().chain(&facts).chain([&settings.notice]).map(String::as_str);
    sentence(&["Settings", focus].into_iter().chain(words).collect::<Vec<_>>())
}

fn networks_page(networks: &NetworksView, focus: &str) -> String {
    let count = match networks.count {
        0 => "No networks".to_owned(),
        1 => "1 network".to_owned(),
        n => format!("{n} networks"),
    };
    sentence(&["Wi-Fi", &count, focus])
}

/// `Home, secured, strength 3 of 4, Connected`.
fn network(row: &NetworkRow) -> Option<String> {
    let button = if row.focus? == RowFocus::Forget { "Forget, button. " } else { "" };
    let secured = if row.locked { ", secured" } else { "" };
    let strength = row.strength.map_or_else(|| ", button".to_owned(), |s| format!(", strength {s} of 4"));
    Some(sentence(&[&format!("{button}{}{secured}{strength}", row.name), &row.state]))
}

/// `Size, Large, 3 of 4, chosen`, and what is to be known before one chooses.
fn settings_focus(settings: &SettingsView) -> Option<String> {
    if let Some(n) = settings.groups.iter().position(|g| g.focused) {
        return Some(format!("{}, group {} of {}", settings.groups[n].label, n + 1, settings.groups.len()));
    }
    if let Some(network) = settings.network.as_ref().filter(|n| n.focused) {
        let text = settings.text.first().map(String::as_str).unwrap_or_default();
        return Some(sentence(&[&format!("Network, {}, button", network.value), text]));
    }
    let focused = |s: &crate::SettingView| s.choices.iter().position(|c| c.focused);
    let (setting, n) = settings.settings.iter().find_map(|s| Some((s, focused(s)?)))?;
    let (choice, of) = (&setting.choices[n], setting.choices.len());
    let chosen = if choice.chosen { ", chosen" } else { "" };
    let words = format!("{}, {}, {} of {of}{chosen}", setting.label, choice.label, n + 1);
    let about = settings.text.first().map(String::as_str).unwrap_or_default();
    Some(sentence(&[&words, &setting.note, about]))
}

fn focused_button(buttons: &[ButtonView]) -> Option<String> {
    let n = buttons.iter().position(|b| b.focused)?;
    let label = &buttons[n].label;
    Some(if buttons.len() == 1 { format!("{label}, button") } else { format!("{label}, button {} of {}", n + 1, buttons.len()) })
}

fn tile(tiles: &[Option<TileView>], len: usize, row: &str) -> Option<String> {
    let tile = tiles.iter().flatten().find(|t| t.focused)?;
    let watched = tile.progress.map(|p| format!(", {} percent watched", (p * 100.0).round() as u32)).unwrap_or_default();
    Some(format!("{}, {} of {len} in {row}{watched}", tile.name, tile.index + 1))
}

/// Joins what is not empty, each ended by a full stop.
fn sentence(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts.iter().map(|p| p.trim().trim_end_matches('.')).filter(|p| !p.is_empty()).collect();
    parts.join(". ")
}
