//! Licences that end, that hold only some keys, and that ask for a better screen: each with the control that shows what would happen without.

mod support;

use hearth_cdm::limits::{Device, HdcpLevel, SecurityLevel};
use hearth_cdm::to_base64url;
use hearth_isobmff::KeyId;
use hearth_manifest::{Hdcp, Rendition, Robustness, system};
use hearth_player::{Clock, Command, Event, LoadRequest, PlayerConfig, Summary};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use support::server::Server;
use support::{
    AUDIO_KEY, AUDIO_KID, CBCS, CENC, Film, Packaging, VIDEO_KEY, VIDEO_KID, encode, errors, finish, licence, load, player, wait,
};

/// Six seconds, two renditions.
static FILM: LazyLock<Film> = LazyLock::new(|| Film {
    video: vec![encode::video("v1", 160, 90, 0, 25, 6), encode::video("v2", 320, 180, 0, 25, 6)],
    audio: encode::audio("a", 6),
});
const FRAMES: u64 = 150;
const TOP: u32 = 180;

/// The highest rendition's own key.
const TOP_KEY: [u8; 16] = *b"key of the top 1";
const TOP_KID: KeyId = KeyId([0x22; 16]);

fn by_height(id: &str) -> ([u8; 16], KeyId) {
    if id == "v2" { (TOP_KEY, TOP_KID) } else { (VIDEO_KEY, VIDEO_KID) }
}

fn plain(_: &mut Rendition) {}

fn packaged(edit: fn(&mut Rendition)) -> support::Files {
    FILM.package_as(&Packaging { protection: Some(CBCS), license: None, key: by_height, edit })
}

/// Little is held, so that segments are fetched as they are played.
fn config() -> PlayerConfig {
    PlayerConfig { buffer_ms: 600, resume_ms: 300, retries: 1, retry_ms: 20, patience_ms: 600, ..PlayerConfig::default() }
}

/// A title was above `height` at some time.
fn reached(seen: &[Event], height: u32) -> bool {
    seen.iter().any(|e| match e {
        Event::Switch { height: h, .. } | Event::Started { height: h, .. } => *h >= height,
        _ => false,
    })
}

#[test]
fn licences_are_renewed() {
    // What the server says to renewals; how it ends.
    for (answer, expected) in [(200, None), (403, Some(6002)), (500, Some(6007))] {
        let server = Server::start(FILM.package(Some(CENC), None));
        server.license_with(move |_, n| match (n, answer) {
            (1, _) | (_, 200) => (200, licence(&[(VIDEO_KID, VIDEO_KEY), (AUDIO_KID, AUDIO_KEY)], Some(3600))),
            (_, other) => (other, b"no".to_vec()),
        });
        let now = Arc::new(AtomicU64::new(0));
        let own = now.clone();
        let clock = Clock::new(move || Duration::from_secs(own.load(Ordering::SeqCst)));
        let (player, events) = player(PlayerConfig { clock, ..config() });
        player.load(LoadRequest { license_url: Some(server.url("license")), ..load(server.url("main.mpd")) });
        let mut seen = Vec::new();
        wait(&events, &mut seen, 20, |e| matches!(e, Event::Started { .. }).then_some(()));
        assert_eq!(server.asked(), 1);
        // Most of the hour has gone.
        now.store(3_200, Ordering::SeqCst);
        wait(&events, &mut seen, 20, |_| (server.asked() >= 2).then_some(()));
        // A new licence is in use before the first one ends: the next report comes after the answer.
        wait(&events, &mut seen, 20, |e| matches!(e, Event::Position { .. }).then_some(()));
        now.store(3_700, Ordering::SeqCst);
        let summary = finish(&events, &mut seen, 30);
        assert_eq!(errors(&seen), Vec::from_iter(expected), "{answer}: {seen:#?}");
        let shown = summary.frames_presented + summary.frames_dropped;
        assert_eq!(seen.contains(&Event::Ended), expected.is_none(), "{answer}: {summary:?}");
        assert!(shown >= 25, "what was decrypted is shown: {summary:?}");
    }
}

/// Plays `path` of `files` with these keys in the licence, on this device.
fn play(files: support::Files, path: &str, keys: &KeyList, device: Device) -> (Vec<Event>, Summary) {
    let server = Server::start(files);
    let all = licence(keys, None);
    server.license_with(move |_, _| (200, all.clone()));
    let (player, events) = player(PlayerConfig { device, ..config() });
    player.load(LoadRequest { license_url: Some(server.url("license")), ..load(server.url(path)) });
    let mut seen = Vec::new();
    let summary = finish(&events, &mut seen, 30);
    (seen, summary)
}

const ALL: [(KeyId, [u8; 16]); 3] = [(VIDEO_KID, VIDEO_KEY), (TOP_KID, TOP_KEY), (AUDIO_KID, AUDIO_KEY)];
const LOW: [(KeyId, [u8; 16]); 2] = [(VIDEO_KID, VIDEO_KEY), (AUDIO_KID, AUDIO_KEY)];
const WRONG: [(KeyId, [u8; 16]); 3] = [(VIDEO_KID, VIDEO_KEY), (TOP_KID, *b"not the real key"), (AUDIO_KID, AUDIO_KEY)];

type Edit = fn(&mut Rendition);
type KeyList = [(KeyId, [u8; 16])];

#[test]
fn a_licence_without_the_best_key_plays_the_rest() {
    // The init segments name the keys, and the manifest does not.
    let silent = |r: &mut Rendition| r.protection.iter_mut().for_each(|p| p.key_id = None);
    let table: [(Edit, &KeyList, &[u16], bool); 6] = [
        (plain, &ALL, &[], true),
        (plain, &LOW, &[], false),
        (plain, &WRONG, &[6006], false),
        (plain, &ALL[1..], &[], true),
        (silent, &LOW, &[], false),
        (silent, &ALL[2..], &[6005], false),
    ];
    for (row, (edit, keys, expected, top)) in table.into_iter().enumerate() {
        let (seen, summary) = play(packaged(edit), "main.mpd", keys, Device::default());
        assert_eq!(errors(&seen), expected, "row {row}: {seen:#?}");
        if expected.is_empty() {
            assert_eq!(
                (summary.frames_presented + summary.frames_dropped, reached(&seen, TOP)),
                (FRAMES, top),
                "row {row}: {seen:#?}"
            );
            assert_eq!(summary.decode_errors, 0);
        }
    }
}

#[test]
fn a_poor_connection_takes_renditions_away() {
    let top = |r: &mut Rendition| r.hdcp = (r.id == "v2").then_some(Hdcp::Type1);
    let both = |r: &mut Rendition| r.hdcp = Some(Hdcp::Type0);
    let table: [(Edit, HdcpLevel, &[u16], bool); 4] = [
        (top, HdcpLevel::V2_2, &[], true),
        (top, HdcpLevel::V1, &[], false),
        (both, HdcpLevel::V1, &[], true),
        (both, HdcpLevel::None, &[6008], false),
    ];
    for (row, (edit, level, expected, reaches)) in table.into_iter().enumerate() {
        let (seen, summary) = play(packaged(edit), "main.m3u8", &ALL, Device { hdcp: level, ..Device::default() });
        assert_eq!((errors(&seen), reached(&seen, TOP)), (expected.to_vec(), reaches), "row {row}: {seen:#?}");
        let shown = summary.frames_presented + summary.frames_dropped;
        assert_eq!(shown, if expected.is_empty() { FRAMES } else { 0 }, "row {row}: {summary:?}");
    }
}

/// The rendition asks for one of these levels. Another system's levels are none of ours.
fn ask(r: &mut Rendition, levels: &[&str]) {
    let of = |system: &str, levels: &[&str]| {
        let levels = levels.iter().map(|l| (*l).into()).collect();
        Robustness { system: system.into(), levels }
    };
    r.robustness = vec![of(system::PLAYREADY, &["SL3000"]), of(system::CLEAR_KEY, levels), of(system::HLS_CLEAR_KEY, levels)];
}

#[test]
fn a_device_that_is_not_secure_enough_goes_without() {
    use SecurityLevel::{HardwareCrypto, HardwareDecode, SoftwareCrypto, SoftwareDecode};
    let decode: Edit = |r| {
        if r.id == "v2" {
            ask(r, &["HW_SECURE_DECODE"])
        }
    };
    let either: Edit = |r| {
        if r.id == "v2" {
            ask(r, &["HW-SECURE-ALL", "HW-SECURE-CRYPTO"])
        }
    };
    let unheard: Edit = |r| {
        if r.id == "v2" {
            ask(r, &["SOMETHING-NEW"])
        }
    };
    let weak: Edit = |r| {
        if r.id == "v2" {
            ask(r, &["SL2000"])
        }
    };
    let every: Edit = |r| ask(r, &["SW-SECURE-DECODE"]);
    let table: [(&str, Edit, SecurityLevel, bool, &[u16]); 7] = [
        ("main.mpd", decode, HardwareDecode, true, &[]),
        ("main.mpd", decode, HardwareCrypto, false, &[]),
        ("main.m3u8", either, HardwareCrypto, true, &[]),
        ("main.m3u8", either, SoftwareDecode, false, &[]),
        ("main.m3u8", unheard, HardwareDecode, false, &[]),
        ("main.m3u8", weak, SoftwareCrypto, true, &[]),
        ("main.m3u8", every, SoftwareCrypto, false, &[6000]),
    ];
    for (row, (path, edit, security, reaches, expected)) in table.into_iter().enumerate() {
        let (seen, summary) = play(packaged(edit), path, &ALL, Device { security, ..Device::default() });
        assert_eq!((errors(&seen), reached(&seen, TOP)), (expected.to_vec(), reaches), "row {row}: {seen:#?}");
        let shown = summary.frames_presented + summary.frames_dropped;
        assert_eq!(shown, if expected.is_empty() { FRAMES } else { 0 }, "row {row}: {summary:?}");
    }
}

#[test]
fn a_screen_that_is_plugged_in_without_protection() {
    let server = Server::start(packaged(|r| r.hdcp = (r.id == "v2").then_some(Hdcp::Type1)));
    server.license_with(|_, _| (200, licence(&ALL, None)));
    let device = Device { hdcp: HdcpLevel::V2_2, ..Device::default() };
    let (player, events) = player(PlayerConfig { device, ..config() });
    player.load(LoadRequest { license_url: Some(server.url("license")), ..load(server.url("main.m3u8")) });
    let mut seen = Vec::new();
    wait(&events, &mut seen, 20, |e| match e {
        Event::Switch { height, .. } | Event::Started { height, .. } => (*height == TOP).then_some(()),
        _ => None,
    });
    player.send(Command::SetHdcp { level: HdcpLevel::None });
    let mut after = Vec::new();
    wait(&events, &mut after, 20, |e| matches!(e, Event::Switch { height, .. } if *height < TOP).then_some(()));
    after.clear();
    finish(&events, &mut after, 30);
    assert!(errors(&after).is_empty() && after.contains(&Event::Ended) && !reached(&after, TOP), "{after:#?}");
}

/// Keys that rotate, as a packager not ours writes them, where such a title is at hand.
#[test]
fn keys_rotate() {
    let above = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().skip(1);
    let Some(root) = above.map(|a| a.join("shared/data/drm/shaka-croatia360")).find(|d| d.is_dir()) else { return };
    let known: HashMap<String, String> =
        serde_json::from_slice(&std::fs::read(root.join("kid_to_key.json")).expect("keys")).expect("JSON");
    let hex = |text: &str| u128::from_str_radix(text, 16).expect("hex").to_be_bytes();
    let keys: Vec<(KeyId, [u8; 16])> = known.iter().map(|(id, key)| (KeyId(hex(id)), hex(key))).collect();
    for (name, asked, protection) in [("cenc_keyrotation2s", 3, "cenc"), ("cbcs_keyrotation4s", 2, "cbcs")] {
        for spoilt in [false, true] {
            let dir = std::fs::read_dir(root.join(name)).expect("folder").map(|e| e.expect("entry").path());
            let files =
                dir.map(|p| (p.file_name().expect("name").to_string_lossy().into_owned(), std::fs::read(&p).expect("file")));
            let server = Server::start(files.collect());
            let keys = keys.clone();
            server.license_with(move |body, n| {
                let mut own: Vec<_> = keys.iter().copied().filter(|(id, _)| body.contains(&to_base64url(&id.0))).collect();
                own.iter_mut().filter(|_| spoilt && n > 2).for_each(|(_, key)| key[3] ^= 1);
                (200, licence(&own, None))
            });
            let (player, events) = player(PlayerConfig::default());
            player.load(LoadRequest { license_url: Some(server.url("license")), ..load(server.url("manifest.mpd")) });
            let mut seen = Vec::new();
            let summary = finish(&events, &mut seen, 40);
            if spoilt {
                assert_eq!(errors(&seen), [6006], "{name}: {summary:?}");
                continue;
            }
            assert!(errors(&seen).is_empty() && seen.contains(&Event::Ended), "{name}: {seen:#?}");
            assert_eq!(
                (summary.frames_presented + summary.frames_dropped, summary.decode_errors),
                (200, 0),
                "{name}: {summary:?}"
            );
            assert_eq!(&*summary.protection, protection);
            assert!(server.asked() >= asked, "{name}: {}", server.asked());
        }
    }
}
