//! Playback and its overlay.

use hearth_nav::{Id, Osd, Phase, Playing, TrackKind, zone};

use crate::{
    Store,
    format::{clock, ratio},
};

/// Playback: the picture is under the interface, which is transparent but for this.
#[derive(Clone, Debug, PartialEq)]
pub struct PlayingView {
    /// Of the title.
    pub id: Id,
    /// For the viewer.
    pub title: String,
    /// No picture yet: show the backdrop and a sign of life.
    pub loading: bool,
    /// The picture stands still against the viewer's wish.
    pub waiting: bool,
    /// Full URL, for the time of loading.
    pub backdrop: Option<String>,
    /// None while it is hidden.
    pub osd: Option<OsdView>,
}

/// The overlay.
#[derive(Clone, Debug, PartialEq)]
pub struct OsdView {
    /// `2008`-like facts are not for here: the name alone.
    pub title: String,
    /// `1:02:03`; of a jump its target.
    pub position: String,
    /// `1:42:00`; empty while unknown.
    pub duration: String,
    /// `-39:57`; empty while unknown.
    pub remaining: String,
    /// 0 to 1; of a jump its target.
    pub progress: f32,
    /// 0 to 1: media is there up to here.
    pub buffered: f32,
    /// Where the picture is while a jump is chosen, 0 to 1: mark it on the bar.
    pub origin: Option<f32>,
    /// `+0:30`, `-1:10` while a jump is chosen.
    pub seek: Option<String>,
    /// Held by the viewer.
    pub paused: bool,
    /// The bar has the focus.
    pub on_bar: bool,
    /// Audio tracks.
    pub tracks: Vec<TrackView>,
    /// What keys do now.
    pub hint: String,
}

/// An audio track.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackView {
    /// Of the player.
    pub id: Id,
    /// What it is, for the viewer: `Audio`, `Subtitles`.
    pub kind: &'static str,
    /// For the viewer.
    pub label: String,
    /// In use.
    pub active: bool,
    /// It has the focus.
    pub focused: bool,
}

pub(crate) fn playing_view(store: &Store, playing: &Playing) -> PlayingView {
    let card = store.card(&playing.title);
    let title = card.map(|c| c.name.clone()).unwrap_or_default();
    PlayingView {
        id: playing.title.clone(),
        loading: playing.phase != Phase::Running,
        waiting: playing.waiting(),
        backdrop: card.and_then(|c| c.backdrop.as_deref().or(c.poster.as_deref())).map(|b| store.url(b)),
        osd: (playing.osd == Osd::Shown).then(|| osd_view(playing, title.clone())),
        title,
    }
}

fn osd_view(playing: &Playing, title: String) -> OsdView {
    let (shown, whole) = (playing.shown_ms(), playing.duration_ms);
    let choosing = playing.seek.filter(|s| s.committed_ms.is_none());
    let on_bar = playing.focus.at().is_some_and(|(z, _)| *z == *zone::BAR);
    let at = playing.focus.at().map(|(_, item)| item);
    let track = |t: &hearth_nav::Track| TrackView {
        id: t.id.clone(),
        kind: kind(t),
        label: label(t),
        active: t.active,
        focused: !on_bar && at == Some(&t.id),
    };
    let captions = playing.tracks.iter().any(|t| t.kind == TrackKind::Captions);
    let hint = match (on_bar, choosing.is_some(), playing.paused, playing.tracks.is_empty()) {
        (false, ..) => "OK to choose · Up for the timeline",
        (true, true, ..) => "OK to jump here",
        (true, false, true, _) => "OK to play · Left and Right to skip",
        (true, false, false, true) => "OK to pause · Left and Right to skip",
        (true, false, false, false) if captions => "OK to pause · Left and Right to skip · Down for audio and subtitles",
        (true, false, false, false) => "OK to pause · Left and Right to skip · Down for audio",
    };
    OsdView {
        title,
        position: clock(shown),
        duration: if whole == 0 { String::new() } else { clock(whole) },
        remaining: if whole == 0 { String::new() } else { format!("-{}", clock(whole.saturating_sub(shown))) },
        progress: ratio(shown, whole),
        buffered: ratio(playing.position_ms.saturating_add(playing.buffer_ms), whole),
        origin: choosing.map(|_| ratio(playing.position_ms, whole)),
        seek: choosing.map(|_| offset(playing.position_ms, shown)),
        paused: playing.paused,
        on_bar,
        tracks: playing.tracks.iter().map(track).collect(),
        hint: hint.to_owned(),
    }
}

fn offset(from: u64, to: u64) -> String {
    format!("{}{}", if to < from { '-' } else { '+' }, clock(to.abs_diff(from)))
}

fn kind(track: &hearth_nav::Track) -> &'static str {
    match track.kind {
        TrackKind::Audio => "Audio",
        TrackKind::Captions => "Subtitles",
    }
}

fn label(track: &hearth_nav::Track) -> String {
    match (&track.label, &track.language) {
        (label, _) if !label.trim().is_empty() => label.clone(),
        (_, Some(language)) => language.clone(),
        _ => kind(track).to_owned(),
    }
}
