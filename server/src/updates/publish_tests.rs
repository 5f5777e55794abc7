//! Which bundles may be published beside which.

use super::*;

fn row(channel: &str, version: &str, build: char, index: i64, state: &str) -> ReleaseRow {
    ReleaseRow {
        id: format!("{channel}-{version}"),
        board: "qemu-virt".into(),
        channel: channel.into(),
        version: version.into(),
        build_id: build.to_string().repeat(64),
        rollback_index: index,
        size: 1,
        sha256: build.to_string().repeat(64),
        state: state.into(),
        share: 10_000,
        judged_from_ms: 0,
        published_ms: 1,
    }
}

#[test]
fn beside_what_is_published() {
    let known = [
        row("stable", "0.1.0", 'a', 1, "live"),
        row("stable", "0.2.0", 'b', 3, "withdrawn"),
        row("beta", "0.3.0", 'c', 5, "paused"),
    ];
    for (channel, version, build, index, want) in [
        ("stable", "0.4.0", 'd', 3, Ok(None)),
        ("stable", "0.4.0", 'd', 4, Ok(None)),
        ("stable", "0.4.0", 'd', 2, Err("rollback-index")),
        ("stable", "0.0.9", 'd', 3, Ok(None)),
        ("beta", "0.4.0", 'd', 4, Err("rollback-index")),
        ("new", "0.4.0", 'd', 0, Ok(None)),
        ("stable", "0.1.0", 'a', 1, Ok(Some("stable-0.1.0"))),
        ("stable", "0.1.0", 'd', 3, Err("version-taken")),
        ("stable", "0.01.0", 'a', 3, Err("version-taken")),
        ("beta", "0.1.0", 'd', 9, Err("version-taken")),
        ("stable", "0.3.0", 'c', 5, Ok(None)),
        ("stable", "0.2.0", 'b', 3, Err("withdrawn")),
    ] {
        let build_id = build.to_string().repeat(64);
        let (board, version) = ("qemu-virt".to_owned(), version.to_owned());
        let bundle = Manifest { schema: 1, board, version, build_id: build_id.clone(), rollback_index: index, payloads: vec![] };
        let new = NewRelease { channel: channel.into(), percent: 100.0, sha256: build_id, size: 1 };
        let got = judge(&known, &bundle, &new).map(|r| r.map(|r| r.id.as_str())).map_err(|e| e.code());
        assert_eq!(got, want, "{channel} {} {build} {index}", bundle.version);
    }
    let resigned = NewRelease { channel: "stable".into(), percent: 100.0, sha256: "e".repeat(64), size: 1 };
    let board = "qemu-virt".to_owned();
    let bundle =
        Manifest { schema: 1, board, version: "0.1.0".into(), build_id: "a".repeat(64), rollback_index: 1, payloads: vec![] };
    assert_eq!(judge(&known, &bundle, &resigned).unwrap_err().code(), "version-taken");
}
