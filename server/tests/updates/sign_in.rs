//! Boxes that sign in, and a server that asks for it.

use super::support::program::{Server, command};
use super::support::{Got, get, http};
use hearth_api::{Device, SignedIn};
use hearth_box::facts::BoxFacts;
use hearth_box::tokens::Tokens;
use hearth_view::{Catalog, CatalogError, HttpCatalog};
use std::path::Path;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn sign_in(url: &str, device: &str, version: &str, secret: &str) -> Got {
    let body = serde_json::json!({"device": device, "serial": "S1", "board": "qemu-virt", "version": version, "secret": secret});
    http("POST", &format!("{url}/v1/devices"), &[], body.to_string().as_bytes())
}

fn token(got: &Got) -> String {
    serde_json::from_slice::<SignedIn>(&got.body).unwrap_or_else(|e| panic!("{e}: {got:?}")).token
}

fn with(method: &str, url: &str, token: &str) -> Got {
    http(method, url, &[("authorization", &format!("Bearer {token}"))], b"{}")
}

fn devices(args: &[&str], token: Option<&str>) -> (i32, Vec<Device>, String) {
    let mut command = command(&["devices"]);
    command.args(args);
    if let Some(token) = token {
        command.env("HEARTH_TOKEN", token);
    }
    let out = command.output().unwrap();
    let lines = String::from_utf8_lossy(&out.stdout).into_owned();
    let devices = lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    (out.status.code().unwrap_or(-1), devices, String::from_utf8_lossy(&out.stderr).into_owned())
}

fn guarded(data: &Path) -> Server {
    Server::spawn(command(&["serve", "--require-sign-in", "--listen", "127.0.0.1:0", "--data"]).arg(data))
}

#[test]
fn the_same_box_gets_the_same_token_until_it_is_revoked() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let first = sign_in(&server.url, "box-1", "0.1.0", SECRET);
    assert_eq!((first.status, first.header("cache-control")), (201, "no-store"));
    server.kill();
    let server = Server::start(dir.path());
    let again = sign_in(&server.url, "box-1", "0.2.0", SECRET);
    assert_eq!((again.status, token(&again)), (200, token(&first)));
    let stranger = sign_in(&server.url, "box-1", "0.2.0", "another secret of the right length");
    assert_eq!((stranger.status, stranger.code().as_str()), (400, "bad-request"), "blanks are no secret");
    let stranger = sign_in(&server.url, "box-1", "0.2.0", &SECRET.replace('0', "1"));
    assert_eq!((stranger.status, stranger.code().as_str()), (403, "wrong-secret"));
    assert_ne!(token(&sign_in(&server.url, "box-2", "0.1.0", SECRET)), token(&first));
    for (device, secret) in [("../x", SECRET), ("", SECRET), ("box-3", "short"), ("box-3", &"x".repeat(129))] {
        assert_eq!(sign_in(&server.url, device, "0.1.0", secret).code(), "bad-request", "{device} {secret}");
    }
    // The database has neither the secret nor the token.
    for file in std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_file()) {
        let bytes = std::fs::read(&file).unwrap();
        for text in [SECRET, &token(&first)] {
            assert!(!bytes.windows(text.len()).any(|w| w == text.as_bytes()), "{}", file.display());
        }
    }
    let place = ["--server", server.url.as_str()];
    let (exit, list, _) = devices(&[&["list", "--json"], &place[..]].concat(), None);
    assert_eq!((exit, list.len()), (0, 2));
    let one = list.iter().find(|d| d.device == "box-1").unwrap();
    assert_eq!((one.serial.as_str(), one.version.as_str(), one.revoked), ("S1", "0.2.0", false));
    // A box that is known by its token says what it runs with the question for updates, and asks for itself only.
    let ask =
        |device: &str| with("GET", &format!("{}/v1/updates?board=b&version=0.7.0&device={device}", server.url), &token(&first));
    assert_eq!(ask("box-1").status, 204);
    assert_eq!(ask("box-2").code(), "other-device");
    let list = devices(&[&["list", "--json"], &place[..]].concat(), None).1;
    assert_eq!(list.iter().find(|d| d.device == "box-1").unwrap().version, "0.7.0");

    assert_eq!(devices(&[&["revoke", "box-1"], &place[..]].concat(), None).0, 0);
    let home = || with("GET", &format!("{}/v1/home", server.url), &token(&first));
    assert_eq!(home().code(), "device-revoked", "even where sign-in is not required");
    assert_eq!(ask("box-1").status, 204, "what mends a box it still gets");
    assert_eq!(sign_in(&server.url, "box-1", "0.2.0", SECRET).code(), "device-revoked");
    assert_eq!(get(&format!("{}/v1/home", server.url)).status, 200);
    server.kill();
    let place = ["--data", dir.path().to_str().unwrap()];
    assert!(devices(&[&["list", "--json"], &place[..]].concat(), None).1.iter().any(|d| d.device == "box-1" && d.revoked));
    assert_eq!(devices(&[&["forget", "box-1"], &place[..]].concat(), None).0, 0);
    assert_eq!(devices(&[&["forget", "box-1"], &place[..]].concat(), None).0, 1);
    let server = Server::start(dir.path());
    let anew = sign_in(&server.url, "box-1", "0.2.0", &SECRET.replace('0', "1"));
    assert_eq!(anew.status, 201);
    assert_ne!(token(&anew), token(&first), "the old token stays worthless");
    assert_eq!(with("GET", &format!("{}/v1/home", server.url), &token(&first)).status, 200, "as good as none");
}

#[test]
fn a_server_that_requires_sign_in() {
    let dir = tempfile::tempdir().unwrap();
    let server = guarded(dir.path());
    let at = |path: &str| format!("{}{path}", server.url);
    let token = token(&sign_in(&server.url, "box-1", "0.1.0", SECRET));
    let operator = std::fs::read_to_string(dir.path().join("operator.token")).unwrap();
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(dir.path().join("operator.token")).unwrap().permissions().mode() & 0o777, 0o600);
    for (method, path, anyone, device, operators) in [
        ("GET", "/v1/health", 200, 200, 200),
        ("GET", "/v1/home", 401, 200, 200),
        ("GET", "/v1/titles/none", 401, 404, 404),
        ("GET", "/v1/updates?board=b&version=1&device=box-1", 204, 204, 204),
        ("POST", "/v1/updates/report", 401, 400, 400),
        ("GET", "/v1/updates/releases", 401, 401, 200),
        ("GET", "/v1/jobs", 401, 401, 200),
        ("GET", "/v1/devices", 401, 401, 200),
        ("POST", "/v1/devices/box-9/revoke", 401, 401, 404),
        ("GET", "/v1/uploads/none", 401, 401, 404),
        ("GET", "/titles/none/hls/master.m3u8", 404, 404, 404),
    ] {
        let got = [http(method, &at(path), &[], b"{}"), with(method, &at(path), &token), with(method, &at(path), &operator)];
        assert_eq!(got.each_ref().map(|g| g.status), [anyone, device, operators], "{method} {path}");
    }
    let refused = get(&at("/v1/home"));
    assert_eq!((refused.code().as_str(), refused.header("www-authenticate")), ("sign-in-required", "Bearer"));
    assert!(refused.text().contains("POST /v1/devices"), "says what to do: {}", refused.text());
    for wrong in ["", "x", &token[..token.len() - 1], &operator[..operator.len() - 1]] {
        assert_eq!(with("GET", &at("/v1/home"), wrong).status, 401, "{wrong}");
    }
    // A playback token is nothing to the gate.
    assert_eq!(with("POST", &at("/v1/license"), "v1.x.y").code(), "token-invalid");

    let place = ["--server", server.url.as_str()];
    let (exit, _, errors) = devices(&[&["list"], &place[..]].concat(), None);
    assert!(exit == 1 && errors.contains("HEARTH_TOKEN") && errors.contains("operator.token"), "{errors}");
    assert_eq!(devices(&[&["list", "--json"], &place[..]].concat(), Some(&operator)).1.len(), 1);
    // A refusal is heard before a file is sent.
    let bundle = super::bundle(dir.path(), "0.2.0", 1, 1);
    let out = super::publish(place, &bundle, &[]);
    assert!(out.exit == 1 && out.errors.contains("HEARTH_TOKEN"), "{} {}", out.exit, out.errors);
}

/// The box's own end: the launcher's catalog with the tokens that launcher and agent share.
#[test]
fn a_box_signs_in_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let server = guarded(&dir.path().join("data"));
    let (device, secret) = (Some("box-1".to_owned()), Some(SECRET.to_owned()));
    let facts = BoxFacts { device, secret, board: "qemu-virt".into(), version: "0.1.0".into(), ..BoxFacts::default() };
    let kept = dir.path().join("box/tokens.json");
    let start = |facts: &BoxFacts| {
        let tokens = Tokens::open(facts, &kept);
        (HttpCatalog::new(&server.url, "p").unwrap().with_tokens(tokens.clone()), tokens)
    };
    let status = |result: Result<hearth_api::Home, CatalogError>| match result {
        Ok(_) => 200,
        Err(CatalogError::Refused { status, .. }) => status,
        Err(e) => panic!("{e}"),
    };
    let known = || {
        let operator = std::fs::read_to_string(dir.path().join("data/operator.token")).unwrap();
        devices(&["list", "--json", "--server", &server.url], Some(&operator)).1
    };
    let (nobody, tokens) = start(&BoxFacts::default());
    assert_eq!((status(nobody.home()), tokens.signed_in()), (401, None), "a box without a factory record is asked in vain");
    assert!(known().is_empty() && !kept.exists());

    let (launcher, tokens) = start(&facts);
    assert_eq!(tokens.signed_in(), None);
    assert_eq!((status(launcher.home()), tokens.signed_in().as_deref()), (200, Some("box-1")));
    assert_eq!(known()[0].board, "qemu-virt");
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&kept).unwrap();
    assert!(text.contains("hearth-box-") && !text.contains(SECRET));
    // After a start, without its secret: the token alone does.
    let (launcher, _) = start(&BoxFacts { secret: Some("x".repeat(32)), ..facts.clone() });
    assert_eq!(status(launcher.home()), 200);

    // Forgotten by its operator, the token is worth nothing, and the box gets another one on its way.
    let operator = std::fs::read_to_string(dir.path().join("data/operator.token")).unwrap();
    assert_eq!(devices(&["forget", "box-1", "--server", &server.url], Some(&operator)).0, 0);
    let (launcher, _) = start(&facts);
    assert_eq!(status(launcher.home()), 200);
    assert_ne!(std::fs::read_to_string(&kept).unwrap(), text);
    // Revoked, it is told so, and stays where it is.
    assert_eq!(devices(&["revoke", "box-1", "--server", &server.url], Some(&operator)).0, 0);
    assert_eq!(status(launcher.home()), 403);
    assert_eq!(status(start(&facts).0.home()), 403);
}

#[test]
fn crashes_are_taken_from_the_box_itself_and_kept_within_bounds() {
    let dir = tempfile::tempdir().unwrap();
    let server = guarded(dir.path());
    let token = token(&sign_in(&server.url, "box-1", "0.1.0", SECRET));
    let record = |time: u64, line: &str| {
        serde_json::json!({"schema": 1, "service": "launcher", "exit": "signal=11", "version": "0.1.0", "slot": "a", "time": time,
            "uptime": 7, "lines": ["before", line]})
    };
    let send = |device: &str, token: &str, body: &serde_json::Value| {
        let bearer = format!("Bearer {token}");
        let url = format!("{}/v1/crashes?device={device}", server.url);
        http("POST", &url, &[("authorization", &bearer)], body.to_string().as_bytes())
    };
    assert_eq!(send("box-1", "", &record(1, "x")).code(), "sign-in-required");
    assert_eq!(send("box-2", &token, &record(1, "x")).code(), "other-device");
    assert_eq!(send("box-1", &token, &record(1, &"x".repeat(200_000))).code(), "bad-request");
    assert_eq!(send("box-1", &token, &serde_json::json!({"service": "x"})).code(), "bad-request");
    for time in 0..25 {
        assert_eq!(send("box-1", &token, &record(time, "why")).status, 204);
        assert_eq!(send("box-1", &token, &record(time, "why")).status, 204, "it had not heard that it was heard");
    }
    let list = |place: &[&str]| {
        let operator = std::fs::read_to_string(dir.path().join("operator.token")).unwrap();
        let out = command(&["devices", "crashes", "--json"]).args(place).env("HEARTH_TOKEN", operator).output().unwrap();
        let text = String::from_utf8(out.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<hearth_api::Crash>>()
    };
    let crashes = list(&["--server", &server.url]);
    let times: Vec<u64> = crashes.iter().map(|crash| crash.record.time).collect();
    assert_eq!(times, (5..25).rev().collect::<Vec<_>>(), "the last twenty");
    assert_eq!(
        (crashes[0].device.as_str(), crashes[0].record.lines.as_slice()),
        ("box-1", &["before".to_owned(), "why".into()][..])
    );
    assert_eq!(with("GET", &format!("{}/v1/crashes", server.url), &token).code(), "operator-required");
    server.kill();
    assert_eq!(list(&["--data", dir.path().to_str().unwrap()]), crashes);
}
