//! What the viewer can set, and the page on which they do: groups along the top, below them one row of choices a setting. Left and Right
//! go along the choices, OK takes one, and it holds at once: there is nothing to confirm and nothing to lose by leaving.

use crate::{App, Effect, Id, Moved, Page, Say, Screen, Zone, button, zone};

/// Something of which one is chosen, by names that files and the focus know it by.
macro_rules! choice {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $item:ident = $word:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub enum $name { $($(#[$doc])* $item),+ }

        impl $name {
            /// All, in the order in which they are shown.
            pub const ALL: &[Self] = &[$(Self::$item),+];

            /// Stable.
            pub fn name(self) -> &'static str {
                match self { $(Self::$item => $word),+ }
            }

            /// The one of this name.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }

            /// Their names, in the same order.
            pub fn names() -> Vec<&'static str> {
                Self::ALL.iter().map(|one| one.name()).collect()
            }
        }
    };
}

choice! {
    /// A group of settings.
    Group {
        /// What subtitles look like.
        #[default]
        Subtitles = "subtitles",
        /// What the box reaches its server by.
        Network = "network",
        /// What leaves the box.
        Privacy = "privacy",
        /// What the box is. Nothing to set.
        About = "about",
    }
}

choice! {
    /// A setting.
    Setting {
        /// See [`TextSize`].
        #[default]
        Size = "size",
        /// See [`TextColour`].
        Colour = "colour",
        /// See [`TextBackground`].
        Background = "background",
        /// See [`TextEdge`].
        Edge = "edge",
        /// `off` or `on`.
        CrashReports = "crash-reports",
    }
}

choice! {
    /// How large subtitles are, against what the film asks for.
    TextSize {
        /// Smaller.
        Small = "small",
        /// As the film asks.
        #[default]
        Normal = "normal",
        /// Larger.
        Large = "large",
        /// As large as can still be read as sentences.
        VeryLarge = "very-large",
    }
}

choice! {
    /// The colour of subtitles.
    TextColour {
        /// The film's: it may tell speakers apart by it.
        #[default]
        Original = "original",
        /// White.
        White = "white",
        /// Yellow.
        Yellow = "yellow",
        /// Cyan.
        Cyan = "cyan",
        /// Green.
        Green = "green",
    }
}

choice! {
    /// What is behind subtitles.
    TextBackground {
        /// What the film has there.
        #[default]
        Original = "original",
        /// Nothing.
        None = "none",
        /// A shade that much of the picture is seen through.
        Faint = "faint",
        /// A shade that little is seen through.
        Dark = "dark",
        /// Black.
        Black = "black",
    }
}

choice! {
    /// What sets letters off from the picture where nothing is behind them.
    TextEdge {
        /// A soft shadow.
        #[default]
        Shadow = "shadow",
        /// A dark line around them.
        Outline = "outline",
        /// Nothing.
        None = "none",
    }
}

/// What subtitles look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // the types say it
pub struct CaptionStyle {
    pub size: TextSize,
    pub colour: TextColour,
    pub background: TextBackground,
    pub edge: TextEdge,
}

impl Group {
    /// Its settings from top to bottom.
    pub fn settings(self) -> &'static [Setting] {
        match self {
            Self::Subtitles => &[Setting::Size, Setting::Colour, Setting::Background, Setting::Edge],
            Self::Privacy => &[Setting::CrashReports],
            Self::Network | Self::About => &[],
        }
    }
}

impl Setting {
    /// Names of what can be chosen, left to right.
    pub fn choices(self) -> Vec<&'static str> {
        match self {
            Self::Size => TextSize::names(),
            Self::Colour => TextColour::names(),
            Self::Background => TextBackground::names(),
            Self::Edge => TextEdge::names(),
            Self::CrashReports => vec!["off", "on"],
        }
    }

    fn zone(self) -> Id {
        format!("{}{}", zone::SETTING, self.name()).into()
    }
}

impl App {
    /// Crash reports are sent; none: this is no box, none ever are.
    pub fn crash_reports(&self) -> Option<bool> {
        self.crash_reports
    }

    /// The groups that there are: networks only where the box says what it has.
    pub fn groups(&self) -> impl Iterator<Item = Group> {
        let network = self.links().is_some();
        Group::ALL.iter().copied().filter(move |g| *g != Group::Network || network)
    }

    /// The group that the page of settings shows.
    pub fn settings_group(&self) -> Group {
        let tab = self.screens().find(|s| s.page == Page::Settings).and_then(|s| s.focus.find(zone::GROUPS)?.item());
        tab.and_then(|id| Group::named(id)).unwrap_or_default()
    }

    /// The name of what is chosen; none: there is nothing to choose here.
    pub fn chosen(&self, setting: Setting) -> Option<&'static str> {
        let style = self.preferences.style;
        match setting {
            Setting::Size => Some(style.size.name()),
            Setting::Colour => Some(style.colour.name()),
            Setting::Background => Some(style.background.name()),
            Setting::Edge => Some(style.edge.name()),
            Setting::CrashReports => self.crash_reports.map(|on| if on { "on" } else { "off" }),
        }
    }

    /// To choose would change something: what has a background of its own shows no edge. The focus passes over others.
    pub fn available(&self, setting: Setting) -> bool {
        match setting {
            Setting::Edge => matches!(self.preferences.style.background, TextBackground::Original | TextBackground::None),
            setting => self.chosen(setting).is_some(),
        }
    }

    fn choose(&mut self, setting: Setting, name: &str) {
        let style = &mut self.preferences.style;
        match setting {
            Setting::Size => style.size = TextSize::named(name).unwrap_or_default(),
            Setting::Colour => style.colour = TextColour::named(name).unwrap_or_default(),
            Setting::Background => style.background = TextBackground::named(name).unwrap_or_default(),
            Setting::Edge => style.edge = TextEdge::named(name).unwrap_or_default(),
            Setting::CrashReports => self.crash_reports = Some(name == "on"),
        }
    }

    fn settings_zones(&self, group: Group) -> Vec<Zone> {
        let row = |id: Id, names: Vec<&str>| Zone::row(id, names.len(), names.into_iter().map(Id::from).collect());
        let settings = group.settings().iter().filter(|setting| self.available(**setting));
        let rows = settings.map(|setting| row(setting.zone(), setting.choices()));
        let groups = row(zone::GROUPS.into(), self.groups().map(Group::name).collect());
        let network = (group == Group::Network && self.has_wifi()).then(|| row(zone::NETWORK.into(), vec![button::NETWORKS]));
        std::iter::once(groups).chain(network).chain(rows).collect()
    }

    pub(crate) fn open_settings(&mut self, out: &mut Vec<Effect>) {
        let zones = self.settings_zones(Group::default());
        self.pages.push(Screen::settings(zones, self.config.rtl));
        self.focus_moved();
        out.push(Effect::Speak(Say::Page));
    }

    /// What can be chosen is not what it was.
    pub(crate) fn settings_changed(&mut self) {
        let zones = self.settings_zones(self.settings_group());
        for screen in self.pages.iter_mut().filter(|s| s.page == Page::Settings) {
            screen.focus.set_zones(zones.clone());
        }
    }

    /// An arrow moved the focus. A group is shown as soon as it has the focus, a row is entered at what is chosen in it.
    pub(crate) fn settings_moved(&mut self, moved: Moved) {
        if self.screen().page != Page::Settings {
            return;
        }
        self.settings_changed();
        if moved == Moved::Zone
            && let Some(setting) = self.focused_setting()
            && let Some(chosen) = self.chosen(setting)
        {
            self.screen_mut().focus.go(&setting.zone(), chosen);
        }
    }

    fn focused_setting(&self) -> Option<Setting> {
        Setting::named(self.screen().focus.at()?.0.strip_prefix(zone::SETTING)?)
    }

    /// OK: takes a choice; on a group goes into it, or reads it out where there is nothing to go into.
    pub(crate) fn settings_ok(&mut self, out: &mut Vec<Effect>) {
        let item = self.screen().focus.at().map(|(_, item)| item.clone());
        match (self.focused_setting(), item) {
            (Some(setting), Some(item)) => {
                self.choose(setting, &item);
                self.settings_changed();
                out.push(Effect::Speak(Say::Focus));
            }
            _ if self.screen().focus.is(zone::NETWORK, button::NETWORKS) => self.open_networks(out),
            _ if self.screen().focus.zones().len() > 1 => self.browse_arrow(crate::Direction::Down, out),
            _ => out.push(Effect::Speak(Say::Page)),
        }
    }

    /// The box says whether crash reports are sent.
    pub(crate) fn crash_reports_are(&mut self, agreed: Option<bool>) {
        self.crash_reports = agreed;
        self.settings_changed();
    }
}
