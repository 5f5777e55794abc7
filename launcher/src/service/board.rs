//! A board's facts as settings of the player and the screen.

use hearth_boards::Board;
use hearth_player::{AudioOutput, Decoders, Limit, PlayerConfig};
use std::path::Path;

/// The board in `/etc/hearth/board.json`; none off a box.
pub fn read(path: &Path) -> Option<Board> {
    let text = std::fs::read(path).ok()?;
    serde_json::from_slice(&text)
        .inspect_err(|e| tracing::error!("{}: {e}; going on without the board's facts", path.display()))
        .ok()
}

/// Decoders, limits and sound as the board has them. What the board does not list it does not play.
pub fn player(board: &Board, base: PlayerConfig) -> PlayerConfig {
    PlayerConfig { decoders: decoders(board, &base.decoders), audio: audio(board), ..base }
}

fn decoders(board: &Board, base: &Decoders) -> Decoders {
    let of = |names: &[&str]| {
        let listed = board.video.decoder.iter().filter(|d| names.contains(&d.codec.to_ascii_lowercase().as_str()));
        listed.map(|d| d.element.clone()).collect::<Vec<_>>()
    };
    let limits = board.video.decoder.iter().filter_map(|d| {
        let (width, height, fps) = size(&d.max)?;
        Some(Limit { element: d.element.clone(), width, height, fps })
    });
    Decoders {
        avc: of(&["h264", "avc"]),
        hevc: of(&["h265", "hevc"]),
        av1: of(&["av1"]),
        vp9: of(&["vp9"]),
        aac: if board.audio.decoders.is_empty() { base.aac.clone() } else { board.audio.decoders.clone() },
        limits: limits.collect(),
        ..base.clone()
    }
}

fn audio(board: &Board) -> AudioOutput {
    // `plughw` converts what the device does not take.
    let device = board.audio.card.as_ref().filter(|_| board.audio.sink == "alsasink").map(|card| format!("plughw:CARD={card}"));
    AudioOutput::Element { name: board.audio.sink.clone(), device }
}

/// `1280x720@60`
fn size(text: &str) -> Option<(u32, u32, u32)> {
    let (size, rate) = text.split_once('@')?;
    let (width, height) = size.split_once('x')?;
    Some((width.parse().ok()?, height.parse().ok()?, rate.parse().ok()?))
}

/// The display that the board has.
#[cfg(feature = "display")]
pub fn display(board: &Board) -> crate::platform::kms::Wanted {
    let max = board.display.max_mode.parse().inspect_err(|e| tracing::warn!("the board's file: {e}")).ok();
    crate::platform::kms::Wanted { driver: Some(board.display.driver.clone()), max }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(id: &str) -> Board {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../boards");
        hearth_boards::load(&folder, id).expect("a board")
    }

    #[test]
    fn the_boards_decoders_are_the_players() {
        let config = player(&board("qemu-virt"), PlayerConfig::default());
        assert!(config.decoders.avc.contains(&"openh264dec".to_owned()));
        assert!(config.decoders.hevc.is_empty(), "it lists none");
        let limit = config.decoders.limits.iter().find(|l| l.element == "openh264dec").expect("a limit");
        assert_eq!((limit.width, limit.height, limit.fps), (640, 360, 30));
        assert!(!config.decoders.aac.is_empty());
        assert!(matches!(config.audio, AudioOutput::Element { ref name, .. } if name == "alsasink"), "{:?}", config.audio);
    }

    #[test]
    fn every_boards_file_can_be_read() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../boards");
        for id in hearth_boards::list(&folder).expect("boards") {
            let board = board(&id);
            assert!(board.video.decoder.iter().all(|d| size(&d.max).is_some()), "{id}");
            #[cfg(feature = "display")]
            assert!(display(&board).max.is_some(), "{id}");
            let text = serde_json::to_vec(&board).expect("JSON");
            assert_eq!(serde_json::from_slice::<Board>(&text).expect("a board"), board);
        }
    }
}
