//! The player's words in the state machine's, and back.

use hearth_nav::{
    CaptionStyle, Failure, FailureKind, PlayerCommand, Preferences, TextBackground, TextColour, TextEdge, TextSize, Track,
    TrackKind,
};
use hearth_player::{Command, PlayerError, TextPreference};
use hearth_typeset::{Edge, Viewer};

/// The captions that the viewer chose last.
pub fn captions(preferences: &Preferences) -> TextPreference {
    match preferences.captions.clone() {
        None => TextPreference::Auto,
        Some(None) => TextPreference::Off,
        Some(Some(language)) => TextPreference::Language { language },
    }
}

/// What the viewer set of captions, as what draws them has it.
pub fn viewer(style: CaptionStyle) -> Viewer {
    let size = match style.size {
        TextSize::Small => 0.75,
        TextSize::Normal => 1.0,
        TextSize::Large => 1.35,
        TextSize::VeryLarge => 1.7,
    };
    let shade = |opacity| Some([0, 0, 0, opacity]);
    let background = match style.background {
        TextBackground::Original => None,
        TextBackground::None => shade(0),
        TextBackground::Faint => shade(110),
        TextBackground::Dark => shade(190),
        TextBackground::Black => shade(255),
    };
    let edge = match style.edge {
        TextEdge::Shadow => Edge::Shadow,
        TextEdge::Outline => Edge::Outline,
        TextEdge::None => Edge::None,
    };
    Viewer { size, color: colour(style.colour), background, edge, ..Viewer::default() }
}

/// The letters' colour; none: the film's own.
pub fn colour(colour: TextColour) -> Option<[u8; 4]> {
    match colour {
        TextColour::Original => None,
        TextColour::White => Some([255, 255, 255, 255]),
        TextColour::Yellow => Some([255, 226, 64, 255]),
        TextColour::Cyan => Some([96, 228, 255, 255]),
        TextColour::Green => Some([120, 240, 130, 255]),
    }
}

/// What the viewer wants of the player.
pub fn command(command: PlayerCommand) -> Command {
    match command {
        PlayerCommand::Play => Command::Play,
        PlayerCommand::Pause => Command::Pause,
        PlayerCommand::Seek { position_ms } => Command::Seek { position_us: position_ms.saturating_mul(1000), exact: false },
        PlayerCommand::SelectAudio(id) => Command::SelectAudio { id: id.to_string() },
        PlayerCommand::SelectText(id) => Command::SelectText { id: id.map(|id| id.to_string()) },
        PlayerCommand::Stop => Command::Stop,
    }
}

/// What the viewer can choose of.
pub fn track(t: hearth_player::TrackInfo) -> Option<Track> {
    let kind = match &*t.kind {
        "audio" => TrackKind::Audio,
        "text" => TrackKind::Captions,
        _ => return None,
    };
    // Tracks of one language are told apart by whom they are for.
    let role = match () {
        () if t.roles.iter().any(|r| r == "description") => " (audio description)",
        () if t.roles.iter().any(|r| r == "caption") => " (SDH)",
        () => "",
    };
    let label = if t.label.contains(['(', '[']) { t.label } else { t.label + role };
    Some(Track { id: t.id.into(), kind, label, language: t.language, active: t.active })
}

/// What the viewer is told of an error.
pub fn failure(error: PlayerError) -> Failure {
    let PlayerError { code, message, action, retryable } = error;
    Failure { kind: FailureKind::Player, code: code.to_string(), message, action, retryable }
}

/// `720p  ·  cbcs` at the edge of the overlay.
pub fn picture((height, protection): &(u32, String)) -> String {
    let height = (*height > 0).then(|| format!("{height}p"));
    let protection = Some(protection).filter(|p| !p.is_empty() && *p != "none").map(|p| format!("protected ({p})"));
    [height, protection].into_iter().flatten().collect::<Vec<_>>().join("  ·  ")
}
