//! The page of settings.

use super::Round;
use super::home::focused;
use super::sample::{Sample, Size};
use crate::ui::{Fact, NetworkLineData, SettingChoice, SettingRow, SettingsAdapter, Space, TvWindow};
use crate::words;
use hearth_nav::{App, Setting, TextColour};
use hearth_view::{ChoiceView, SettingView, SettingsView};
use slint::{Color, ComponentHandle, Image, Model, ModelRc, SharedString, VecModel};
use std::rc::Rc;

/// See `adapters/settings.slint`.
pub(super) struct Settings {
    rows: Rc<VecModel<SettingRow>>,
    facts: Rc<VecModel<Fact>>,
    shown: Vec<SettingView>,
    sample: Option<Sample>,
}

impl Settings {
    pub fn connect(window: &TvWindow) -> Self {
        let (rows, facts) = (Rc::new(VecModel::default()), Rc::new(VecModel::default()));
        let adapter = window.global::<SettingsAdapter<'_>>();
        adapter.set_rows(ModelRc::from(rows.clone()));
        adapter.set_facts(ModelRc::from(facts.clone()));
        Self { rows, facts, shown: Vec::new(), sample: None }
    }

    pub fn show(&mut self, view: &SettingsView, app: &App, round: &Round<'_>) {
        let adapter = round.window.global::<SettingsAdapter<'_>>();
        let tabs: Vec<SharedString> = view.groups.iter().map(|g| g.label.as_str().into()).collect();
        if !tabs.iter().cloned().eq(adapter.get_groups().iter()) {
            adapter.set_groups(ModelRc::new(VecModel::from(tabs)));
        }
        let group = view.groups.iter().position(|g| *g.id == *view.group.name());
        adapter.set_group(group.map_or(-1, |n| n as i32));
        adapter.set_group_focus(focused(&view.groups));
        adapter.set_text(view.text.join("\n\n").into());
        adapter.set_notice(view.notice.as_str().into());
        let fact = |(name, value): &(String, String)| Fact { name: name.as_str().into(), value: value.as_str().into() };
        let facts: Vec<Fact> = view.facts.iter().map(fact).collect();
        if !facts.iter().cloned().eq(self.facts.iter()) {
            self.facts.set_vec(facts);
        }
        adapter.set_network(view.network.as_ref().map_or_else(NetworkLineData::default, |line| NetworkLineData {
            value: line.value.as_str().into(),
            strength: line.strength.map_or(-1, i32::from),
            button: line.button,
            focused: line.focused,
        }));
        self.show_rows(&view.settings);
        adapter.set_sample_shown(view.sample);
        if view.sample {
            let sample = self.sample.get_or_insert_with(|| Sample::new(size(round)));
            if let Some(image) = sample.image(words::viewer(app.preferences().style)) {
                adapter.set_sample(image);
            }
        }
    }

    /// Rewrites the rows that changed; a row keeps its choices while only the focus moves, so that it can be animated.
    fn show_rows(&mut self, settings: &[SettingView]) {
        let same = settings.len() == self.shown.len() && settings.iter().zip(&self.shown).all(|(a, b)| a.setting == b.setting);
        if !same {
            self.rows.set_vec(settings.iter().map(|s| row(s, choices(s))).collect::<Vec<_>>());
        } else {
            for (n, (new, old)) in settings.iter().zip(&self.shown).enumerate().filter(|(_, (new, old))| new != old) {
                let chosen = |s: &SettingView| s.choices.iter().position(|c| c.chosen);
                let kept = self.rows.row_data(n).map(|r| r.choices).filter(|_| chosen(new) == chosen(old));
                self.rows.set_row_data(n, row(new, kept.unwrap_or_else(|| choices(new))));
            }
        }
        self.shown = settings.to_vec();
    }

    /// The page is gone, and what it needed.
    pub fn leave(&mut self, round: &Round<'_>) {
        if self.sample.take().is_some() {
            round.window.global::<SettingsAdapter<'_>>().set_sample(Image::default());
        }
    }
}

fn size(round: &Round<'_>) -> Size {
    let space = round.window.global::<Space<'_>>();
    let scale = round.sizes.screen.1 as f32 / space.get_screen_height();
    let px = |v: f32| (v * scale).round() as u32;
    Size {
        screen: round.sizes.screen,
        width: px(space.get_screen_width() - 2.0 * space.get_side()).min(round.sizes.screen.0),
        height: px(space.get_sample_height()).min(round.sizes.screen.1),
        radius: space.get_sample_radius() * scale,
    }
}

fn row(setting: &SettingView, choices: ModelRc<SettingChoice>) -> SettingRow {
    SettingRow {
        label: setting.label.as_str().into(),
        note: setting.note.as_str().into(),
        choices,
        focus: setting.choices.iter().position(|c| c.focused).map_or(-1, |n| n as i32),
        available: setting.available,
    }
}

fn choices(setting: &SettingView) -> ModelRc<SettingChoice> {
    let choice = |c: &ChoiceView| {
        let colour = TextColour::named(&c.id).filter(|_| setting.setting == Setting::Colour).and_then(words::colour);
        let [r, g, b, _] = colour.unwrap_or_default();
        SettingChoice {
            label: c.label.as_str().into(),
            chosen: c.chosen,
            coloured: colour.is_some(),
            swatch: Color::from_rgb_u8(r, g, b),
        }
    };
    ModelRc::new(VecModel::from(setting.choices.iter().map(choice).collect::<Vec<_>>()))
}
