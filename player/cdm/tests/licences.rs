//! Init data of the DRM systems, licences that end, and limits.
use hearth_cdm::clearkey::ClearKey;
use hearth_cdm::limits::{Demand, Denied, Device, HdcpLevel, SecurityLevel, judge, playable};
use hearth_cdm::{
    Cdm, CdmError, DecryptError, Due, Event, InitData, InitDataType, KeyStatus, MessageKind, PLAYREADY_SYSTEM, Renewal,
    SessionKind, WIDEVINE_SYSTEM, key_ids_init_data, parse_init_data, to_base64url,
};
use hearth_isobmff::{KeyId, Pssh, SampleCrypto, Scheme, SystemId};
use proptest::prelude::*;

const VIDEO: KeyId = KeyId(0x6958697bf274bee8024db5fe0f7ea001_u128.to_be_bytes());
const AUDIO: KeyId = KeyId(0xcde0c11e743e129906b274443d51ce3b_u128.to_be_bytes());

fn pssh(system_id: SystemId, data: &[u8]) -> Pssh {
    Pssh { system_id, key_ids: Vec::new(), data: data.to_vec() }
}

fn object(xml: &str) -> Vec<u8> {
    let text: Vec<u8> = xml.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let length = (text.len() as u32 + 10).to_le_bytes();
    [&length[..], &[1, 0, 1, 0], &(text.len() as u16).to_le_bytes(), &text].concat()
}

#[test]
fn widevine_headers() {
    // What Shaka Packager writes for two keys of one title.
    let data = [&[0x12, 16][..], &AUDIO.0, &[0x12, 16], &VIDEO.0, &[0x48, 0xf3, 0xc6, 0x89, 0x9b, 0x06]].concat();
    let want = InitData { key_ids: vec![AUDIO, VIDEO], scheme: Some(*b"cbcs"), ..InitData::default() };
    assert_eq!(parse_init_data(&pssh(WIDEVINE_SYSTEM, &data)), Ok(want));
    let more = [&[0x08, 1, 0x12, 16][..], &VIDEO.0, b"\x1a\x04test\x22\x02id\x38\x07\x6d\0\0\0\0\x12\x01x"].concat();
    let got = parse_init_data(&pssh(WIDEVINE_SYSTEM, &more)).unwrap();
    assert_eq!((got.key_ids, got.provider.as_deref(), got.crypto_period), (vec![VIDEO], Some("test"), Some(7)));
    assert_eq!(got.content_id.as_deref(), Some(&b"id"[..]));
    for broken in [&[0x12][..], &[0x12, 16, 1], &[0x0b], &[0xff; 12], &[0x09, 1]] {
        assert!(matches!(parse_init_data(&pssh(WIDEVINE_SYSTEM, broken)), Err(CdmError::InitData(_))), "{broken:?}");
    }
}

#[test]
fn playready_objects() {
    // The GUID of VIDEO with its first three fields turned round.
    let guid = "e2lYaXTy6L4CTbX+D36gAQ==";
    let v40 = format!(
        "<WRMHEADER xmlns=\"http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader\" version=\"4.0.0.0\"><DATA><PROTECTINFO><KEYLEN>16</KEYLEN>\
         <ALGID>AESCTR</ALGID></PROTECTINFO><KID>{guid}</KID><LA_URL>https://l.example/?a=1&amp;b=2</LA_URL></DATA></WRMHEADER>"
    );
    let v43 = format!(
        "<WRMHEADER version=\"4.3.0.0\"><DATA><PROTECTINFO><KIDS><KID ALGID=\"AESCBC\" VALUE=\"{guid}\"></KID><KID ALGID=\"AESCBC\" VALUE=\"{guid}\"/></KIDS></PROTECTINFO></DATA></WRMHEADER>"
    );
    let a = parse_init_data(&pssh(PLAYREADY_SYSTEM, &object(&v40))).unwrap();
    assert_eq!(
        (a.key_ids, a.scheme, a.license_url.as_deref()),
        (vec![VIDEO], Some(*b"cenc"), Some("https://l.example/?a=1&b=2"))
    );
    let b = parse_init_data(&pssh(PLAYREADY_SYSTEM, &object(&v43))).unwrap();
    assert_eq!((b.key_ids, b.scheme), (vec![VIDEO], Some(*b"cbcs")));
    for broken in [vec![], vec![9, 0, 0, 0, 1], object("<KID>x</KID>"), object("<KID"), vec![255; 40]] {
        assert!(parse_init_data(&pssh(PLAYREADY_SYSTEM, &broken)).is_err(), "{broken:?}");
    }
}

/// Real boxes, where they are at hand.
#[test]
fn every_system_of_a_title_names_the_same_keys() {
    let above = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().skip(2);
    let Some(dir) = above.map(|a| a.join("shared/data/drm/shaka-croatia360")).find(|d| d.is_dir()) else { return };
    for (file, id) in [("cbcs_multidrm/v_init.mp4", VIDEO), ("cenc_multidrm/a_init.mp4", AUDIO)] {
        let bytes = std::fs::read(dir.join(file)).unwrap();
        let boxes = hearth_isobmff::parse_init(&bytes).unwrap().pssh;
        assert!(boxes.len() >= 3);
        let read =
            boxes.iter().filter(|b| b.system_id == WIDEVINE_SYSTEM || b.system_id == PLAYREADY_SYSTEM || !b.key_ids.is_empty());
        for b in read {
            assert!(parse_init_data(b).unwrap().key_ids.contains(&id), "{b:?}");
        }
    }
}

#[test]
fn a_licence_ends_and_is_renewed() {
    let licence = |seconds: u64| {
        let (kid, key) = (to_base64url(&VIDEO.0), to_base64url(&[5; 16]));
        format!(
            "{{\"keys\":[{{\"kty\":\"oct\",\"kid\":\"{kid}\",\"k\":\"{key}\"}}],\"type\":\"temporary\",\"expires_in\":{seconds}}}"
        )
    };
    let mut session = ClearKey.open(SessionKind::Temporary).unwrap();
    assert!(session.renew().is_err());
    session.generate_request(InitDataType::KeyIds, &key_ids_init_data(&[VIDEO])).unwrap();
    let Some(Event::Message { kind: MessageKind::Request, body: first, .. }) = session.poll() else { panic!() };
    session.update(licence(60).as_bytes(), 1_000).unwrap();
    assert_eq!(session.poll(), Some(Event::KeysChanged));
    assert_eq!(session.expires_ms(), Some(61_000));
    let crypto = SampleCrypto { scheme: Scheme::Cenc, key_id: VIDEO, iv: [0; 16], pattern: None, subsamples: Vec::new() };
    assert_eq!(session.decrypt(&crypto, &mut [0; 32], 60_999), Ok(()));
    assert_eq!(session.decrypt(&crypto, &mut [0; 32], 61_000), Err(DecryptError::Expired(VIDEO)));
    assert_eq!(session.keys(61_000), [(VIDEO, KeyStatus::Expired)]);
    session.renew().unwrap();
    let Some(Event::Message { kind: MessageKind::Renewal, body, .. }) = session.poll() else { panic!() };
    assert_eq!(body, first);
    session.update(licence(60).as_bytes(), 50_000).unwrap();
    assert_eq!(session.decrypt(&crypto, &mut [0; 32], 61_000), Ok(()));
    // A broken answer changes nothing.
    assert!(session.update(b"{\"keys\":[]}", 70_000).is_err());
    assert_eq!(session.keys(100_000), [(VIDEO, KeyStatus::Usable)]);
}

#[test]
fn renewal_is_asked_for_in_time() {
    assert_eq!(Renewal::new(0, None, 7).due(u64::MAX), Due::Nothing(None));
    let check = |dice: u32, ask: u64| {
        let mut plan = Renewal::new(100, Some(100_100), dice);
        assert_eq!(plan.due(100), Due::Nothing(Some(ask)), "{dice}");
        assert_eq!((plan.due(ask - 1), plan.due(ask), plan.due(100_100)), (Due::Nothing(Some(ask)), Due::Renew, Due::Expired));
        assert_eq!((plan.may_ask(ask - 1), plan.may_ask(ask), plan.may_ask(200_000)), (false, true, true));
        for wait in [1_000, 2_000, 4_000] {
            plan.failed(ask);
            assert_eq!((plan.due(ask + wait - 1), plan.due(ask + wait)), (Due::Nothing(Some(ask + wait)), Due::Renew));
        }
        (0..40).for_each(|_| plan.failed(ask));
        assert_eq!(plan.due(ask), Due::Nothing(Some(ask + 60_000)));
    };
    check(0, 75_100);
    check(u32::MAX, 85_100);
    assert_eq!(Renewal::new(50, Some(50), 0).due(50), Due::Expired);
}

#[test]
fn limits_take_renditions_away() {
    let demand = |key: KeyId, hdcp, security| Demand { key_id: Some(key), hdcp, security };
    let (sd, hd, uhd) = (KeyId([1; 16]), KeyId([2; 16]), KeyId([3; 16]));
    let ladder = [
        demand(sd, HdcpLevel::None, SecurityLevel::SoftwareCrypto),
        demand(hd, HdcpLevel::V1, SecurityLevel::SoftwareCrypto),
        demand(uhd, HdcpLevel::V2_2, SecurityLevel::HardwareAll),
    ];
    let all = [(sd, KeyStatus::Usable), (hd, KeyStatus::Usable), (uhd, KeyStatus::Usable)];
    let device = |hdcp, security| Device { hdcp, security };
    let strong = device(HdcpLevel::V2_3, SecurityLevel::HardwareAll);
    assert_eq!(playable(&ladder, Some(&all), strong), Ok(vec![0, 1, 2]));
    assert_eq!(playable(&ladder, Some(&all), device(HdcpLevel::V2_2, SecurityLevel::SoftwareCrypto)), Ok(vec![0, 1]));
    assert_eq!(playable(&ladder, Some(&all), Device::default()), Ok(vec![0]));
    // A licence without UHD, whose HD key wants a better connection than the CDM sees.
    let some = [(sd, KeyStatus::Usable), (hd, KeyStatus::OutputRestricted)];
    assert_eq!(judge(&ladder, Some(&some), strong), [Ok(()), Err(Denied::Output), Err(Denied::NoKey)]);
    // Two sessions: what one of them can is enough.
    let twice = [(sd, KeyStatus::Expired), (sd, KeyStatus::Usable)];
    assert_eq!(playable(&ladder[..1], Some(&twice), strong), Ok(vec![0]));
    assert_eq!(playable(&ladder[..1], Some(&[(sd, KeyStatus::Expired)]), strong), Err(Denied::Expired));
    assert_eq!(playable(&ladder[1..], Some(&[]), Device::default()), Err(Denied::Output));
    assert_eq!(playable(&ladder, None, strong), Ok(vec![0, 1, 2]));
    assert_eq!(playable(&[], None, strong), Ok(vec![]));
}

proptest! {
    #[test]
    fn init_data_never_panics(data in proptest::collection::vec(any::<u8>(), 0..200), xml in "[<>/A-Za-z=\"&; ]{0,80}") {
        let _ = parse_init_data(&pssh(WIDEVINE_SYSTEM, &data));
        let _ = parse_init_data(&pssh(PLAYREADY_SYSTEM, &data));
        let _ = parse_init_data(&pssh(PLAYREADY_SYSTEM, &object(&xml)));
        let _ = parse_init_data(&pssh(PLAYREADY_SYSTEM, &object(&format!("<WRMHEADER><KID>{xml}</KID>"))));
    }
}
