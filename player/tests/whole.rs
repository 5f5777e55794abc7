//! HLS whose segments are encrypted as a whole (RFC 8216 §4.3.2.4), fMP4 with its init segments; the tools read it too.

mod support;

use hearth_isobmff::{ContentKey, KeyId, SampleCrypto, Scheme, cenc};
use hearth_player::{Event, LoadRequest, PlayerConfig, tools};
use std::sync::LazyLock;
use support::server::Server;
use support::{Files, Film, encode, errors, finish, load, player};

static FILM: LazyLock<Film> =
    LazyLock::new(|| Film { video: vec![encode::video("v1", 160, 90, 0, 25, 3)], audio: encode::audio("a", 3) });
const KEY: [u8; 16] = *b"key of a segment";
const IV: u128 = 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10;

fn seal(bytes: &[u8], iv: u128) -> Vec<u8> {
    let padding = 16 - bytes.len() % 16;
    let mut data = [bytes, &vec![padding as u8; padding]].concat();
    let crypto = SampleCrypto {
        scheme: Scheme::Cbc1,
        key_id: KeyId([0; 16]),
        iv: iv.to_be_bytes(),
        pattern: None,
        subsamples: Vec::new(),
    };
    cenc::encrypt(&ContentKey(KEY), &crypto, &mut data).expect("encrypts");
    data
}

/// The film with this key tag, its segments sealed; `explicit`: under the tag's IV, init segments too.
fn sealed(tag: &str, explicit: bool, key: &[u8]) -> Files {
    let mut files = FILM.package(None, None);
    for (path, bytes) in &mut files {
        let number = path.strip_suffix(".m4s").and_then(|p| p.rsplit('/').next()?.parse::<u128>().ok());
        match number {
            Some(number) => *bytes = seal(bytes, if explicit { IV } else { number }),
            None if path.ends_with("init.mp4") && explicit => *bytes = seal(bytes, IV),
            None if path.ends_with(".m3u8") && path != "main.m3u8" => {
                let text = String::from_utf8(bytes.clone()).expect("text");
                // Without an IV of its own the key comes after the init segment, which it could not be for.
                let place = if explicit { "#EXT-X-MAP" } else { "#EXTINF" };
                assert!(text.contains("#EXT-X-MEDIA-SEQUENCE:1\n"), "{text}");
                *bytes = text.replacen(place, &format!("{tag}\n{place}"), 1).into_bytes();
            }
            None => (),
        }
    }
    files.insert("film.key".into(), key.to_vec());
    files
}

#[test]
fn plays_and_says_what_is_wrong() {
    let tag = "#EXT-X-KEY:METHOD=AES-128,URI=\"film.key\"";
    let with_iv = format!("{tag},IV=0x{IV:032x}");
    let other = tag.replace("AES-128", "AES-256");
    let vendor = format!("{tag},KEYFORMAT=\"com.example\"");
    let table: [(&str, bool, &[u8], Option<u16>); 7] = [
        (tag, false, &KEY, None),
        (&with_iv, true, &KEY, None),
        (tag, false, b"not the real key", Some(6006)),
        (tag, false, b"15 bytes of key", Some(6004)),
        (&other, false, &KEY, Some(6000)),
        (&vendor, false, &KEY, Some(6000)),
        (&tag.replace("film.key", "gone.key"), false, &KEY, Some(6004)),
    ];
    for (tag, explicit, key, expected) in table {
        let server = Server::start(sealed(tag, explicit, key));
        let (player, events) = player(PlayerConfig { retries: 1, ..PlayerConfig::default() });
        player.load(LoadRequest { license_token: Some("secret".into()), ..load(server.url("main.m3u8")) });
        let mut seen = Vec::new();
        let summary = finish(&events, &mut seen, 30);
        assert_eq!(errors(&seen), Vec::from_iter(expected), "{tag}: {seen:#?}");
        let shown = summary.frames_presented + summary.frames_dropped;
        assert_eq!((shown, seen.contains(&Event::Ended)), if expected.is_none() { (75, true) } else { (0, false) }, "{tag}");
        let requests = server.requests();
        let (keys, rest): (Vec<_>, Vec<_>) = requests.iter().partition(|r| r.contains(".key"));
        assert!(keys.iter().all(|r| r.contains("Bearer secret")) && !rest.iter().any(|r| r.contains("secret")), "{requests:?}");
        assert!(expected.is_some() || keys.len() == 1, "one key, asked for once: {keys:?}");
    }
}

#[test]
fn is_taken_apart_like_the_clear_film() {
    let dir = tempfile::tempdir().expect("dir");
    let read = |name: &str, files: Files| {
        for (path, bytes) in files {
            let path = dir.path().join(name).join(path);
            std::fs::create_dir_all(path.parent().expect("parent")).expect("dir");
            std::fs::write(path, bytes).expect("write");
        }
        let path = dir.path().join(name).join("main.m3u8");
        let mut out = Vec::new();
        tools::samples(&tools::Source::new(path.to_str().expect("path")), 0, &mut out).expect("samples");
        String::from_utf8(out).expect("text")
    };
    let expected = read("clear", FILM.package(None, None));
    assert_eq!(expected.lines().count(), 75);
    let tag = format!("#EXT-X-KEY:METHOD=AES-128,URI=\"film.key\",IV=0x{IV:032X}");
    assert_eq!(read("sealed", sealed(&tag, true, &KEY)), expected);
}
