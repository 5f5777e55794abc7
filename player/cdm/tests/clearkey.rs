//! ClearKey against the examples of W3C EME §9.1 and what may go wrong.
use hearth_cdm::clearkey::{COMMON_SYSTEM, ClearKey, DASH_SYSTEM};
use hearth_cdm::{
    Cdm, CdmError, CdmSession, DecryptError, Event, InitDataType, KeyPair, KeyStatus, SessionKind, StaticKeys, key_ids_init_data,
    parse_key_id, to_base64url,
};
use hearth_isobmff::{ContentKey, KeyId, Pssh, SampleCrypto, Scheme, Subsample, SystemId, cenc, write_pssh};

/// Both of the examples in §9.1.3 and §9.1.4.
const KIDS: [&str; 2] = ["LwVHf8JLtPrv2GUXFW2v_A", "0DdtU9od-Bh5L3xbv0Xf_A"];
const LICENSE: &str =
    r#"{"keys":[{"kty":"oct","kid":"LwVHf8JLtPrv2GUXFW2v_A","k":"tQ0bJVWb6b0KPL6KtZIy_A"}],"type":"temporary"}"#;

fn session() -> Box<dyn CdmSession> {
    ClearKey.open(SessionKind::Temporary).expect("session")
}

fn kid(text: &str) -> KeyId {
    KeyId(hearth_cdm::from_base64url(text).expect("base64url"))
}

fn message(session: &mut dyn CdmSession) -> String {
    match session.poll() {
        Some(Event::Message { url: None, body, .. }) => String::from_utf8(body).expect("UTF-8"),
        other => panic!("{other:?}"),
    }
}

fn pssh(system_id: SystemId, key_ids: &[KeyId]) -> Vec<u8> {
    write_pssh(&Pssh { system_id, key_ids: key_ids.to_vec(), data: Vec::new() }).expect("pssh")
}

#[test]
fn requests_are_the_specs_example() {
    let want = format!(r#"{{"kids":["{}","{}"],"type":"temporary"}}"#, KIDS[0], KIDS[1]);
    let ids = KIDS.map(kid);
    let other = pssh(SystemId([9; 16]), &[KeyId([1; 16])]);
    let cases: [(InitDataType, Vec<u8>); 5] = [
        (InitDataType::KeyIds, format!(r#"{{"kids":["{}","{}"]}}"#, KIDS[0], KIDS[1]).into_bytes()),
        (InitDataType::KeyIds, format!(r#"{{"kids":["{}==","{}"], "more": 1}}"#, KIDS[0], KIDS[1]).into_bytes()),
        (InitDataType::KeyIds, key_ids_init_data(&ids)),
        (InitDataType::Cenc, pssh(COMMON_SYSTEM, &ids)),
        // Other systems passed over, repeated IDs asked for once.
        (InitDataType::Cenc, [other, pssh(COMMON_SYSTEM, &ids[..1]), pssh(DASH_SYSTEM, &ids)].concat()),
    ];
    for (kind, init) in cases {
        let mut session = session();
        session.generate_request(kind, &init).expect("request");
        assert_eq!(message(session.as_mut()), want);
        assert_eq!(session.poll(), None);
    }
}

#[test]
fn the_common_pssh_of_the_spec_is_read() {
    // W3C "cenc" initialization data format §4, the example with two key IDs.
    let init = b"\0\0\0\x44pssh\x01\0\0\0\x10\x77\xef\xec\xc0\xb2\x4d\x02\xac\xe3\x3c\x1e\x52\xe2\xfb\x4b\
        \0\0\0\x020123456789012345ABCDEFGHIJKLMNOP\0\0\0\0";
    let mut session = session();
    session.generate_request(InitDataType::Cenc, init).expect("request");
    let want = [b"0123456789012345", b"ABCDEFGHIJKLMNOP"].map(|id| format!("\"{}\"", to_base64url(id))).join(",");
    assert_eq!(message(session.as_mut()), format!(r#"{{"kids":[{want}],"type":"temporary"}}"#));
}

#[test]
fn bad_init_data_is_refused() {
    let cases: [(InitDataType, &[u8]); 8] = [
        (InitDataType::Cenc, b""),
        (InitDataType::Cenc, b"not boxes at all, only text"),
        (InitDataType::Cenc, &pssh(SystemId([9; 16]), &[KeyId([1; 16])])),
        (InitDataType::Cenc, &pssh(COMMON_SYSTEM, &[])),
        (InitDataType::KeyIds, b"{}"),
        (InitDataType::KeyIds, br#"{"kids":[]}"#),
        (InitDataType::KeyIds, br#"{"kids":["AAAA"]}"#),
        (InitDataType::KeyIds, br#"{"kids":["LwVHf8JLtPrv2GUXFW2v/A"]}"#),
    ];
    for (kind, init) in cases {
        let mut session = session();
        let got = session.generate_request(kind, init);
        assert!(matches!(got, Err(CdmError::InitData(_))), "{kind:?} {}: {got:?}", init.escape_ascii());
        assert_eq!(session.poll(), None);
    }
    assert!(matches!(ClearKey.open(SessionKind::Persistent), Err(CdmError::Unsupported(_))));
}

#[test]
fn a_licence_makes_samples_readable() {
    let key = ContentKey(hearth_cdm::from_base64url("tQ0bJVWb6b0KPL6KtZIy_A").expect("key"));
    let clear: Vec<u8> = (0..200).collect();
    for scheme in [Scheme::Cenc, Scheme::Cbcs] {
        let subsamples = vec![Subsample { clear: 8, protected: 192 }];
        let crypto = SampleCrypto { scheme, key_id: kid(KIDS[0]), iv: [7; 16], pattern: None, subsamples };
        let mut data = clear.clone();
        cenc::encrypt(&key, &crypto, &mut data).expect("encrypts");
        let encrypted = data.clone();
        let mut session = session();
        assert_eq!(session.decrypt(&crypto, &mut data, 0), Err(DecryptError::NeedKey(kid(KIDS[0]))));
        assert_eq!(data, encrypted, "a refusal must leave the sample alone");
        session.update(LICENSE.as_bytes(), 0).expect("licence");
        assert_eq!(session.poll(), Some(Event::KeysChanged));
        assert_eq!(session.keys(0), [(kid(KIDS[0]), KeyStatus::Usable)]);
        session.decrypt(&crypto, &mut data, 0).expect("decrypts");
        assert_eq!(data, clear);
        let other = SampleCrypto { key_id: kid(KIDS[1]), ..crypto.clone() };
        assert_eq!(session.decrypt(&other, &mut data, 0), Err(DecryptError::NeedKey(kid(KIDS[1]))));
        let long = SampleCrypto { subsamples: vec![Subsample { clear: 100, protected: 101 }], ..crypto };
        assert!(matches!(session.decrypt(&long, &mut data, 0), Err(DecryptError::Sample(_))));
    }
}

#[test]
fn licences_are_read_as_the_spec_says() {
    // How many keys, or none for a refusal.
    let cases: [(&str, Option<usize>); 14] = [
        (LICENSE, Some(1)),
        (r#"{"keys":[{"kty":"oct","alg":"A128KW","kid":"LwVHf8JLtPrv2GUXFW2v_A","k":"tQ0bJVWb6b0KPL6KtZIy_A"}]}"#, Some(1)),
        (r#"{"keys":[{"kty":"oct","kid":"LwVHf8JLtPrv2GUXFW2v_A==","k":"tQ0bJVWb6b0KPL6KtZIy_A=="}]}"#, Some(1)),
        (
            r#"{"keys":[{"kty":"RSA","n":"x"},{"kty":"oct","kid":"LwVHf8JLtPrv2GUXFW2v_A","k":"tQ0bJVWb6b0KPL6KtZIy_A"},
                {"kty":"oct","kid":"0DdtU9od-Bh5L3xbv0Xf_A","k":"tQ0bJVWb6b0KPL6KtZIy_A"}]}"#,
            Some(2),
        ),
        ("", None),
        ("<html>502 Bad Gateway</html>", None),
        ("{}", None),
        (r#"{"keys":[]}"#, None),
        (r#"{"keys":"tQ0bJVWb6b0KPL6KtZIy_A"}"#, None),
        (r#"{"keys":[{"kty":"oct","k":"tQ0bJVWb6b0KPL6KtZIy_A"}]}"#, None),
        (r#"{"keys":[{"kty":"oct","kid":"LwVHf8JLtPrv2GUXFW2v_A"}]}"#, None),
        (r#"{"keys":[{"kty":"oct","kid":"LwVHf8JLtPrv2GUXFW2v_A","k":"tQ0bJVWb6b0KPL6KtZI"}]}"#, None),
        (r#"{"keys":[{"kty":"oct","kid":"LwVHf8JLtPrv2GUXFW2v_A","k":"tQ0bJVWb6b0KPL6KtZIy+A"}]}"#, None),
        (
            r#"{"keys":[{"kty":"oct","kid":"LwVHf8JLtPrv2GUXFW2v_A","k":"tQ0bJVWb6b0KPL6KtZIy_A"}],"type":"persistent-license"}"#,
            None,
        ),
    ];
    for (text, want) in cases {
        let mut session = session();
        let got = session.update(text.as_bytes(), 0);
        match want {
            Some(count) => assert_eq!((got, session.keys(0).len()), (Ok(()), count), "{text}"),
            None => {
                let error = got.expect_err(text).to_string();
                assert!(error.starts_with("licence: ") && !error.contains("tQ0bJVWb6b0KPL6KtZI"), "{text}: {error}");
                assert!(session.keys(0).is_empty() && session.poll().is_none(), "{text}");
            }
        }
    }
}

#[test]
fn keys_given_by_hand() {
    let good = "2f05477f-c24b-b4fa-efd8-6517156daffc:B50D1B25559BE9BD0A3CBE8AB59232FC";
    let pair: KeyPair = good.parse().expect("pair");
    assert_eq!((pair.id, to_base64url(&pair.key.0).as_str()), (kid(KIDS[0]), "tQ0bJVWb6b0KPL6KtZIy_A"));
    let id = "2f05477fc24bb4faefd86517156daffc";
    assert_eq!(parse_key_id(id), Ok(kid(KIDS[0])));
    for bad in ["", "2f05", id, &format!("{id}:"), &format!("{id}:zz0d1b25559be9bd0a3cbe8ab59232fc"), &format!("ü{id}:{id}")] {
        let error = bad.parse::<KeyPair>().err().expect(bad).to_string();
        assert!(error.contains("expected KIDHEX:KEYHEX") && !error.contains("25559be9bd"), "{bad}: {error}");
    }

    let mut session = StaticKeys::new([pair]).open(SessionKind::Temporary).expect("session");
    assert_eq!(session.keys(0), [(kid(KIDS[0]), KeyStatus::Usable)]);
    session.generate_request(InitDataType::Cenc, b"anything").expect("nothing to ask");
    assert_eq!(session.poll(), None);
    assert!(session.update(LICENSE.as_bytes(), 0).is_err());
    let crypto = SampleCrypto { scheme: Scheme::Cenc, key_id: kid(KIDS[1]), iv: [0; 16], pattern: None, subsamples: Vec::new() };
    assert_eq!(session.decrypt(&crypto, &mut [0; 4], 0), Err(DecryptError::NeedKey(kid(KIDS[1]))));
}
