//! The page of settings.

use hearth_nav::{App, Group, Id, Screen, Setting, TextBackground, button, zone};

use crate::{
    ButtonView, NetworkLine, Store,
    format::storage,
    networks::{network_line, network_text},
};

/// What the box says of itself. What is not known is left out.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)] // the page says it
pub struct About {
    pub version: String,
    pub development: bool,
    pub slot: String,
    pub board: String,
    pub serial: Option<String>,
    pub device: Option<String>,
    pub address: Option<String>,
    /// Of the disc's part that is the viewer's.
    pub free_bytes: Option<u64>,
    /// The server that answers.
    pub server: Option<String>,
}

/// What programs are in this one, and on which terms.
const LICENCES: &str = "Hearth: MIT or Apache-2.0. Interface drawn with Slint: GPL-3.0, or its commercial licence. \
    Films played with GStreamer: LGPL-2.1. Typeface Inter: SIL Open Font Licence 1.1.";

/// One of what can be chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct ChoiceView {
    /// Stable.
    pub id: Id,
    /// For the viewer.
    pub label: String,
    /// It holds.
    pub chosen: bool,
    /// It has the focus.
    pub focused: bool,
}

/// A setting.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingView {
    /// Which.
    pub setting: Setting,
    /// For the viewer.
    pub label: String,
    /// Left to right.
    pub choices: Vec<ChoiceView>,
    /// Can be chosen now.
    pub available: bool,
    /// Beside it; empty: nothing.
    pub note: String,
}

/// The page of settings.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingsView {
    /// Groups, left to right.
    pub groups: Vec<ButtonView>,
    /// The one that is shown.
    pub group: Group,
    /// What the box reaches its server by, in the group about that.
    pub network: Option<NetworkLine>,
    /// Its settings.
    pub settings: Vec<SettingView>,
    /// Paragraphs about it; empty: none.
    pub text: Vec<String>,
    /// Name and value.
    pub facts: Vec<(String, String)>,
    /// Small, at the end; may be empty.
    pub notice: String,
    /// Show what subtitles look like.
    pub sample: bool,
}

pub(crate) fn settings_view(app: &App, store: &Store, screen: &Screen, active: bool) -> SettingsView {
    let group = app.settings_group();
    let at = |zone: &str, item: &str| active && screen.focus.is(zone, item);
    let tab =
        |g: Group| ButtonView { id: g.name().into(), label: group_label(g).to_owned(), focused: at(zone::GROUPS, g.name()) };
    let setting =
        |setting: &Setting| setting_view(app, *setting, &|item| at(&format!("{}{}", zone::SETTING, setting.name()), item));
    // A setting of which nothing is chosen has no meaning here.
    let settings = group.settings().iter().filter(|s| app.chosen(**s).is_some()).map(setting).collect();
    SettingsView {
        groups: app.groups().map(tab).collect(),
        group,
        network: network_line(app, at(zone::NETWORK, button::NETWORKS)).filter(|_| group == Group::Network),
        settings,
        text: match group {
            Group::Network => network_text(app),
            Group::Privacy => privacy(app.crash_reports().is_some()),
            Group::Subtitles | Group::About => Vec::new(),
        },
        facts: if group == Group::About { facts(store.about()) } else { Vec::new() },
        notice: if group == Group::About { LICENCES.to_owned() } else { String::new() },
        sample: group == Group::Subtitles,
    }
}

fn setting_view(app: &App, setting: Setting, focused: &dyn Fn(&str) -> bool) -> SettingView {
    let chosen = app.chosen(setting);
    let available = app.available(setting);
    let choice = |name: &str| ChoiceView {
        id: name.into(),
        label: choice_label(name).to_owned(),
        chosen: chosen == Some(name),
        focused: focused(name),
    };
    let note = match (setting, app.preferences().style.background) {
        (Setting::Edge, TextBackground::Original) => "Where the film has no background",
        (Setting::Edge, _) if !available => "Only without a background",
        _ => "",
    };
    let choices = setting.choices().into_iter().map(choice).collect();
    SettingView { setting, label: setting_label(setting).to_owned(), choices, available, note: note.to_owned() }
}

fn group_label(group: Group) -> &'static str {
    match group {
        Group::Subtitles => "Subtitles",
        Group::Network => "Network",
        Group::Privacy => "Privacy",
        Group::About => "About",
    }
}

fn setting_label(setting: Setting) -> &'static str {
    match setting {
        Setting::Size => "Size",
        Setting::Colour => "Colour",
        Setting::Background => "Background",
        Setting::Edge => "Edge",
        Setting::CrashReports => "Send crash reports",
    }
}

fn choice_label(name: &str) -> &'static str {
    match name {
        "small" => "Small",
        "normal" => "Normal",
        "large" => "Large",
        "very-large" => "Very large",
        "original" => "Original",
        "white" => "White",
        "yellow" => "Yellow",
        "cyan" => "Cyan",
        "green" => "Green",
        "faint" => "Faint",
        "dark" => "Dark",
        "black" => "Black",
        "shadow" => "Shadow",
        "outline" => "Outline",
        "none" => "None",
        "off" => "Off",
        "on" => "On",
        _ => "",
    }
}

fn privacy(on_box: bool) -> Vec<String> {
    let text: &[&str] = if on_box {
        &[
            "When a program on this box fails, a report goes to the server that your films come from: which program, how it ended, \
             when, this box's version and ID, and the last lines that the program wrote. Those can name films and servers.",
            "While this is off, nothing is sent. The box keeps its last 20 reports, and sends them once it is on.",
        ]
    } else {
        &["Crash reports have no effect here.", "This is not a Hearth box: no reports are made, and nothing is sent."]
    };
    text.iter().map(|t| (*t).to_owned()).collect()
}

fn facts(about: &About) -> Vec<(String, String)> {
    let development = if about.development { "  ·  development image" } else { "" };
    let known = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
    let facts = [
        ("Version", known(&about.version).map(|v| v + development)),
        ("Slot", known(&about.slot).map(|s| s.to_uppercase())),
        ("Board", known(&about.board)),
        ("Serial number", about.serial.clone()),
        ("Box ID", about.device.clone()),
        ("Address", about.address.clone()),
        ("Server", about.server.clone()),
        ("Free storage", about.free_bytes.map(storage)),
    ];
    facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
