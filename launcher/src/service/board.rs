//! A board's facts as settings of the player and the screen.

#[cfg(feature = "display")]
use crate::platform::kms::{Infrared, MaxMode, Wanted};
#[cfg(feature = "display")]
use hearth_boards::VideoOutput;
use hearth_boards::{Board, SecurityLevel};
use hearth_player::cdm::limits::{Device, SecurityLevel as Security};
use hearth_player::cdm::{Cdm, clearkey::ClearKey};
use hearth_player::{AudioOutput, Decoders, Limit, OpenCdm, PlayerConfig};
use std::path::Path;
use std::sync::Arc;

/// The board in `/etc/hearth/board.json`; none off a box.
pub fn read(path: &Path) -> Option<Board> {
    let text = std::fs::read(path).ok()?;
    serde_json::from_slice(&text)
        .inspect_err(|e| tracing::error!("{}: {e}; going on without the board's facts", path.display()))
        .ok()
}

/// What RDK's images call the library of their vendors' CDMs.
const OPEN_CDM: &str = "libocdm.so";

/// Decoders, limits, sound and DRM systems as the board has them. What the board does not list it does not play.
pub fn player(board: &Board, base: PlayerConfig) -> PlayerConfig {
    let device = Device { security: security(board.drm.security_level), ..base.device };
    let cdms = cdms(&board.drm.systems, OPEN_CDM);
    PlayerConfig { decoders: decoders(board, &base.decoders), audio: audio(board), device, cdms, ..base }
}

/// The board's key systems in its order: ClearKey is ours, others come with the vendor's library.
fn cdms(systems: &[String], library: &str) -> Vec<Arc<dyn Cdm>> {
    let one = |system: &String| -> Option<Arc<dyn Cdm>> {
        if system == "org.w3.clearkey" {
            return Some(Arc::new(ClearKey));
        }
        let cdm = OpenCdm::load(library, system);
        let cdm = cdm
            .inspect_err(|e| tracing::error!("{system}: {e}; give the image the vendor's {library} (--blobs DIR, in DIR/root)"));
        Some(Arc::new(cdm.ok()?))
    };
    systems.iter().filter_map(one).collect()
}

/// The board's word for it as licences and manifests ask for it.
fn security(level: SecurityLevel) -> Security {
    match level {
        SecurityLevel::SwSecureCrypto => Security::SoftwareCrypto,
        SecurityLevel::SwSecureDecode => Security::SoftwareDecode,
        SecurityLevel::HwSecureCrypto => Security::HardwareCrypto,
        SecurityLevel::HwSecureDecode => Security::HardwareDecode,
        SecurityLevel::HwSecureAll => Security::HardwareAll,
    }
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

/// The display that the board has. What the plane for the interface cannot show ([`hearth_boards::Plane::max`], its formats) is not to be
/// chosen, though the display would take it. Where `video.output` says so, films have a plane of their own, in the formats of that.
#[cfg(feature = "display")]
pub fn display(board: &Board) -> Wanted {
    let plane = board.display.plane.iter().find(|p| matches!(p.role.as_str(), "ui" | "both"));
    let films = board.display.plane.iter().filter(|p| p.role == "video").flat_map(|p| p.formats.iter().cloned());
    let film = (board.video.output == VideoOutput::KmsPlane).then(|| films.collect());
    let most = plane.and_then(|p| p.max.as_deref()?.split_once('x')).and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    let mut max = board.display.max_mode.parse::<MaxMode>().inspect_err(|e| tracing::warn!("the board's file: {e}")).ok();
    if let (Some(max), Some((width, height))) = (&mut max, most) {
        (max.width, max.height) = (max.width.min(width), max.height.min(height));
    }
    let formats = plane.map_or_else(Vec::new, |p| p.formats.clone());
    Wanted { driver: Some(board.display.driver.clone()), max, formats, film }
}

/// The board's infrared receiver, with the keymap that the image has at `path`.
#[cfg(feature = "display")]
pub fn infrared(board: &Board, path: &Path) -> Option<Infrared> {
    let driver = board.input.ir_driver.clone()?;
    let keymap =
        std::fs::read(path).map_err(|e| e.to_string()).and_then(|t| serde_json::from_slice(&t).map_err(|e| e.to_string()));
    let keymap =
        keymap.inspect_err(|e| tracing::error!("{}: {e}; the receiver keeps the kernel's keymap", path.display())).ok()?;
    Some(Infrared { driver, keymap })
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
    fn the_boards_drm_is_the_players() {
        let config = player(&board("qemu-virt"), PlayerConfig::default());
        assert_eq!((config.cdms.len(), config.device.security), (1, Security::SoftwareCrypto));
        assert_eq!(config.cdms[0].info().key_system, "org.w3.clearkey");
        let systems = ["com.widevine.alpha".to_owned(), "org.w3.clearkey".to_owned()];
        assert_eq!(cdms(&systems, "/nowhere/libocdm.so").len(), 1, "a vendor's library that is missing costs its system only");
        assert!(cdms(&[], OPEN_CDM).is_empty());
        assert_eq!(security(SecurityLevel::HwSecureDecode), Security::HardwareDecode);
        assert!(security(SecurityLevel::SwSecureDecode) < security(SecurityLevel::HwSecureAll));
    }

    #[cfg(feature = "display")]
    #[test]
    fn the_plane_limits_the_display() {
        let check = |id: &str, mode: &str, formats: &[&str], film: Option<&[&str]>| {
            let wanted = display(&board(id));
            let words = |list: &[&str]| -> Vec<String> { list.iter().map(|f| (*f).to_owned()).collect() };
            let expected = (mode.parse().ok(), words(formats), film.map(words));
            assert_eq!((wanted.max, wanted.formats, wanted.film), expected, "{id}");
        };
        check("qemu-virt", "1280x720@60", &["XR24"], None);
        // The cable carries more than the plane for the interface.
        check("rockpro64", "1920x1080@60", &["AR24", "XR24"], Some(&["NV12"]));
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
