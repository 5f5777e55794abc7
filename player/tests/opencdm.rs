//! A vendor's CDM behind OpenCDM's C interface, played by a library that is built here (`examples/fake_ocdm.rs`).

mod support;

use hearth_cdm::{Cdm, CdmError, CdmSession, DecryptError, Event, InitDataType, KeyStatus, SessionKind, WIDEVINE_SYSTEM};
use hearth_isobmff::{ContentKey, KeyId, Pattern, Pssh, SampleCrypto, Scheme, Subsample, cenc, write_pssh};
use hearth_manifest::{system, widevine_pssh};
use hearth_player::{Event as Played, LoadRequest, OpenCdm, PlayerConfig};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};
use support::server::Server;
use support::{
    AUDIO_KEY, AUDIO_KID, CBCS, CENC, Files, Film, Packaging, Protection, VIDEO_KEY, VIDEO_KID, encode, errors, example, finish,
    licence, load, player,
};

/// The library.
static LIBRARY: LazyLock<String> = LazyLock::new(|| example("fake_ocdm").to_str().expect("path").to_owned());

const RESTRICTED: KeyId = KeyId([0xee; 16]);

fn cdm() -> OpenCdm {
    OpenCdm::load(&LIBRARY, "com.widevine.alpha").expect("the fake library")
}

/// Widevine's `pssh` for these keys.
fn init_data(ids: &[KeyId]) -> Vec<u8> {
    let data = ids.iter().flat_map(|id| [&[0x12, 16][..], &id.0].concat()).collect();
    write_pssh(&Pssh { system_id: WIDEVINE_SYSTEM, key_ids: Vec::new(), data }).expect("pssh")
}

/// The next event, which comes from another thread.
fn next(session: &mut dyn CdmSession) -> Event {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        match session.poll() {
            Some(event) => return event,
            None => assert!(session.is_busy() && Instant::now() < until, "nothing comes"),
        }
        std::thread::yield_now();
    }
}

/// A session with these keys.
fn open(cdm: &OpenCdm, keys: &[(KeyId, [u8; 16])]) -> Box<dyn CdmSession> {
    let ids: Vec<KeyId> = keys.iter().map(|(id, _)| *id).collect();
    let mut session = cdm.open(SessionKind::Temporary).expect("session");
    session.generate_request(InitDataType::Cenc, &init_data(&ids)).expect("request");
    let Event::Message { body, url: None, .. } = next(session.as_mut()) else { panic!("no challenge") };
    assert!(String::from_utf8_lossy(&body).contains(&hearth_cdm::to_base64url(&ids[0].0)));
    session.update(&licence(keys, None), 0).expect("update");
    assert_eq!(next(session.as_mut()), Event::KeysChanged);
    assert!(!session.is_busy());
    session
}

#[test]
fn decrypts_what_the_interface_can_hardly_say() {
    let cdm = cdm();
    let session = open(&cdm, &[(VIDEO_KID, VIDEO_KEY), (RESTRICTED, AUDIO_KEY)]);
    assert_eq!(session.keys(0), [(VIDEO_KID, KeyStatus::Usable), (RESTRICTED, KeyStatus::OutputRestricted)]);
    let sub = |clear, protected| Subsample { clear, protected };
    let shapes: [Vec<Subsample>; 4] = [
        Vec::new(),
        vec![sub(10, 160), sub(0, 32), sub(7, 0)],
        // More clear bytes than 16 bits hold.
        vec![sub(200_000, 320)],
        // More subsamples than 8 bits count.
        (0..300).map(|n| sub(5 + n % 3, 32 + 16 * (n % 4))).collect(),
    ];
    for scheme in [Scheme::Cenc, Scheme::Cbc1, Scheme::Cens, Scheme::Cbcs] {
        for (shape, subsamples) in shapes.iter().enumerate() {
            let size = subsamples.iter().map(|s| s.clear + s.protected).sum::<u32>().max(if shape == 0 { 480 } else { 0 });
            let pattern = matches!(scheme, Scheme::Cens | Scheme::Cbcs).then_some(Pattern { crypt: 1, skip: 2 });
            let crypto = SampleCrypto { scheme, key_id: VIDEO_KID, iv: [9; 16], pattern, subsamples: subsamples.clone() };
            let clear: Vec<u8> = (0..size).map(|n| (n * 7 % 251) as u8).collect();
            let mut data = clear.clone();
            cenc::encrypt(&ContentKey(VIDEO_KEY), &crypto, &mut data).expect("encrypts");
            let encrypted = data.clone();
            assert_ne!(encrypted, clear);
            let result = session.decrypt(&crypto, &mut data, 0);
            if scheme == Scheme::Cens && shape == 3 {
                assert!(matches!(result, Err(DecryptError::Sample(_))) && data == encrypted, "{scheme:?}: {result:?}");
                continue;
            }
            assert!(result == Ok(()) && data == clear, "{scheme:?} {shape}: {result:?}");
        }
    }
    let crypto = |key_id| SampleCrypto { scheme: Scheme::Cenc, key_id, iv: [0; 16], pattern: None, subsamples: vec![sub(8, 8)] };
    assert_eq!(session.decrypt(&crypto(RESTRICTED), &mut [0; 16], 0), Err(DecryptError::OutputRestricted(RESTRICTED)));
    assert_eq!(session.decrypt(&crypto(AUDIO_KID), &mut [0; 16], 0), Err(DecryptError::NeedKey(AUDIO_KID)));
    assert!(matches!(session.decrypt(&crypto(VIDEO_KID), &mut [0; 15], 0), Err(DecryptError::Sample(_))));
}

#[test]
fn says_what_is_missing() {
    let why = |library: &str, system: &str| match OpenCdm::load(library, system) {
        Err(CdmError::Unsupported(text)) => text,
        other => panic!("{library} {system}: {:?}", other.err()),
    };
    assert!(why("/nowhere/libocdm.so", "com.widevine.alpha").contains("/nowhere/libocdm.so cannot be loaded"));
    let text = why("libm.so.6", "com.widevine.alpha");
    assert!(text.contains("lacks opencdm_is_type_supported, opencdm_create_system"), "{text}");
    assert!(why(&LIBRARY, "com.microsoft.playready").contains("has no com.microsoft.playready"));
    assert!(why(&LIBRARY, "com.example.drm").contains("not known"));

    let cdm = cdm();
    let open = || cdm.open(SessionKind::Temporary).expect("session");
    assert!(matches!(open().generate_request(InitDataType::Cenc, b"nothing"), Err(CdmError::InitData(_))));
    assert!(matches!(open().generate_request(InitDataType::Cenc, &[0; 70_000]), Err(CdmError::InitData(_))));
    assert!(matches!(open().update(b"{}", 0), Err(CdmError::License(_))));
    let mut session = open();
    session.generate_request(InitDataType::Cenc, &init_data(&[VIDEO_KID])).expect("request");
    assert!(matches!(next(session.as_mut()), Event::Message { .. }));
    assert!(matches!(session.update(&[0; 70_000], 0), Err(CdmError::License(_))));
    session.update(b"<html>", 0).expect("taken");
    assert_eq!(next(session.as_mut()), Event::Failed(CdmError::Failed("the licence cannot be read".into())));
    // A session that goes while its library is still at work.
    let mut session = open();
    session.generate_request(InitDataType::Cenc, &init_data(&[VIDEO_KID])).expect("request");
}

/// Three seconds under Widevine, as the manifest has it.
fn film(protection: Protection) -> Files {
    static FILM: LazyLock<Film> =
        LazyLock::new(|| Film { video: vec![encode::video("v1", 160, 90, 0, 25, 3)], audio: encode::audio("a", 3) });
    let edit = |r: &mut hearth_manifest::Rendition| {
        for p in &mut r.protection {
            p.system = system::WIDEVINE.into();
            p.pssh = p.key_id.as_deref().and_then(|id| widevine_pssh(id, "cenc"));
        }
    };
    FILM.package_as(&Packaging { protection: Some(protection), license: None, key: |_| (VIDEO_KEY, VIDEO_KID), edit })
}

#[test]
fn plays_under_it() {
    let all = [(VIDEO_KID, VIDEO_KEY), (AUDIO_KID, AUDIO_KEY)];
    let wrong = [(VIDEO_KID, *b"not the real key"), (AUDIO_KID, AUDIO_KEY)];
    let there: Vec<Arc<dyn Cdm>> = vec![Arc::new(cdm())];
    for (protection, cdms, keys, expected) in [
        (CENC, &there, all, None),
        (CBCS, &there, all, None),
        (CENC, &there, wrong, Some(6006)),
        (CENC, &Vec::new(), all, Some(6000)),
    ] {
        let server = Server::start(film(protection));
        server.license_with(move |_, _| (200, licence(&keys, None)));
        let (player, events) = player(PlayerConfig { cdms: cdms.clone(), ..PlayerConfig::default() });
        player.load(LoadRequest { license_url: Some(server.url("license")), ..load(server.url("main.mpd")) });
        let mut seen = Vec::new();
        let summary = finish(&events, &mut seen, 30);
        assert_eq!(errors(&seen), Vec::from_iter(expected), "{seen:#?}");
        let frames = if expected.is_none() { 75 } else { 0 };
        assert_eq!(summary.frames_presented + summary.frames_dropped, frames, "{summary:?}");
        assert_eq!((seen.contains(&Played::Ended), summary.decode_errors), (expected.is_none(), 0), "{summary:?}");
    }
}

/// As a person would try a vendor's library.
#[test]
fn the_command_plays_with_a_library() {
    let server = Server::start(film(CENC));
    server.license_with(|_, _| (200, licence(&[(VIDEO_KID, VIDEO_KEY), (AUDIO_KID, AUDIO_KEY)], None)));
    let run = |cdm: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_hearth-player"));
        command.args(["play", "--headless", "--json", "--license", &server.url("license"), "--cdm", cdm]);
        let out = command.arg(server.url("main.mpd")).output().expect("hearth-player");
        (out.status.success(), String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr))
    };
    let (played, said) = run(&format!("com.widevine.alpha={}", *LIBRARY));
    assert!(played && said.contains("\"event\":\"ended\""), "{said}");
    let (played, said) = run("com.widevine.alpha=/nowhere/libocdm.so");
    assert!(!played && said.contains("/nowhere/libocdm.so"), "{said}");
    let (played, said) = run("com.widevine.alpha");
    assert!(!played && said.contains("SYSTEM=LIBRARY"), "{said}");
}
