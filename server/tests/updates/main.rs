//! Updates and signed-in boxes through the real program: published, staged, reported, halted, refused.

mod sign_in;
#[path = "../support/mod.rs"]
mod support;

use hearth_api::{Release, ReleaseState, UpdateOffer};
use hearth_update::bundle::{self, Release as Build};
use hearth_update::signed::SigningKey;
use sha2::{Digest, Sha256};
use std::io::Cursor;
use std::path::{Path, PathBuf};
use support::program::{Server, command, poll};
use support::{Got, get, http};

fn key() -> SigningKey {
    SigningKey::from_seed([7; 32])
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    hearth_update::hex::encode(bytes.as_ref())
}

/// A bundle whose build hangs on its version and content.
fn bundle(dir: &Path, version: &str, content: u8, index: u32) -> PathBuf {
    let path = dir.join(format!("{version}-{content}-{index}.bundle"));
    let build = Build::new("qemu-virt", version, &hex(Sha256::digest(format!("{version} {content}"))), index);
    let (mut boot, mut root) = (Cursor::new(vec![content; 5000]), Cursor::new(vec![content; 150_000]));
    bundle::write(&mut std::fs::File::create(&path).unwrap(), &build, &mut boot, &mut root, &key()).unwrap();
    path
}

/// Exit code, last line of output as a release, errors.
struct Outcome {
    exit: i32,
    releases: Vec<Release>,
    errors: String,
}

fn updates(args: &[&str]) -> Outcome {
    let out = command(&["updates"]).args(args).arg("--json").output().unwrap();
    let releases = String::from_utf8_lossy(&out.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    Outcome { exit: out.status.code().unwrap_or(-1), releases, errors: String::from_utf8_lossy(&out.stderr).into_owned() }
}

fn publish(place: [&str; 2], bundle: &Path, more: &[&str]) -> Outcome {
    updates(&[&["publish", bundle.to_str().unwrap()], &place[..], more].concat())
}

fn one(outcome: Outcome) -> Release {
    assert_eq!(outcome.exit, 0, "{}", outcome.errors);
    assert_eq!(outcome.releases.len(), 1);
    outcome.releases.into_iter().next().unwrap()
}

/// What a box is told.
fn ask(url: &str, device: &str, version: &str, channel: &str) -> Option<UpdateOffer> {
    let got = get(&format!("{url}/v1/updates?board=qemu-virt&version={version}&build=x&device={device}&channel={channel}"));
    assert_eq!(got.header("cache-control"), "no-store");
    match got.status {
        200 => Some(serde_json::from_slice(&got.body).unwrap()),
        204 => None,
        other => panic!("{other}: {}", got.text()),
    }
}

fn report(url: &str, device: &str, version: &str, outcome: &str, error: &str) -> Got {
    let body = serde_json::json!({"device": device, "version": version, "outcome": outcome, "error": error});
    http("POST", &format!("{url}/v1/updates/report"), &[], body.to_string().as_bytes())
}

#[test]
fn published_offered_fetched_and_reported_across_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let path = bundle(dir.path(), "0.2.0", 1, 1);
    let bytes = std::fs::read(&path).unwrap();
    let server = Server::start(&data);
    assert_eq!(ask(&server.url, "box-1", "0.1.0", "stable"), None, "nothing published");
    let release = one(publish(["--server", &server.url], &path, &[]));
    assert_eq!((release.version.as_str(), release.channel.as_str(), release.state), ("0.2.0", "stable", ReleaseState::Live));
    server.kill();

    let server = Server::start(&data);
    let offer = ask(&server.url, "box-1", "0.1.0", "stable").expect("an offer");
    assert_eq!((offer.version.as_str(), &offer.build_id, offer.size), ("0.2.0", &release.build_id, bytes.len() as u64));
    assert_eq!(offer.sha256, hex(Sha256::digest(&bytes)));
    for (device, version, channel) in [("box-1", "0.2.0", "stable"), ("box-1", "0.10.0", "stable"), ("box-1", "0.1.0", "beta")] {
        assert_eq!(ask(&server.url, device, version, channel), None, "{device} {version} {channel}");
    }
    let url = format!("{}{}", server.url, offer.url);
    fetched_as_http_says(&url, &bytes, &offer.sha256);

    assert_eq!(report(&server.url, "box-1", "0.2.0", "installed", "").status, 204);
    assert_eq!(report(&server.url, "box-9", "0.2.0", "installed", "").code(), "not-offered");
    server.kill();
    let place = ["--data", data.to_str().unwrap()];
    let list = one(updates(&[&["list"], &place[..]].concat()));
    assert_eq!((list.offered, list.installed, list.failed), (1, 1, 0));
    let again = one(publish(place, &path, &["--percent", "5"]));
    assert_eq!((again.id, again.percent), (release.id, 100.0), "the same again is the one there is");

    // A bundle that a crash left behind is swept; the one that is needed stays; withdrawn, it goes.
    let store = data.join("store/updates");
    std::fs::write(store.join(format!("{}.bundle", "0".repeat(64))), "left behind").unwrap();
    let server = Server::start(&data);
    assert_eq!(std::fs::read_dir(&store).unwrap().count(), 1);
    assert_eq!(get(&url.replace(url.split("/updates").next().unwrap(), &server.url)).body, bytes);
    let withdrawn = one(updates(&["withdraw", "0.2.0", "--server", &server.url]));
    assert_eq!(withdrawn.state, ReleaseState::Withdrawn);
    assert_eq!(ask(&server.url, "box-2", "0.1.0", "stable"), None);
    assert!(!std::fs::exists(url_path(&store, &offer)).unwrap(), "its bundle is gone");
    let back = updates(&["rollout", "0.2.0", "--percent", "100", "--server", &server.url]);
    assert!(back.exit == 1 && back.errors.contains("withdrawn"), "{}", back.errors);
}

fn url_path(store: &Path, offer: &UpdateOffer) -> PathBuf {
    store.join(format!("{}.bundle", offer.sha256))
}

fn fetched_as_http_says(url: &str, bytes: &[u8], sha256: &str) {
    let whole = get(url);
    assert_eq!((whole.status, &whole.body[..]), (200, bytes));
    assert_eq!(whole.header("cache-control"), "public, max-age=31536000, immutable");
    let etag = format!("\"{sha256}\"");
    assert_eq!((whole.header("etag"), whole.header("accept-ranges")), (etag.as_str(), "bytes"));
    let head = http("HEAD", url, &[], &[]);
    assert_eq!((head.status, head.header("content-length")), (200, bytes.len().to_string().as_str()));
    let part = http("GET", url, &[("range", "bytes=4096-8191"), ("if-range", &etag)], &[]);
    assert_eq!((part.status, &part.body[..]), (206, &bytes[4096..8192]));
    assert_eq!(part.header("content-range"), format!("bytes 4096-8191/{}", bytes.len()));
    let tail = http("GET", url, &[("range", "bytes=100000-")], &[]);
    assert_eq!((tail.status, &tail.body[..]), (206, &bytes[100_000..]));
    assert_eq!(http("GET", url, &[("range", "bytes=4096-"), ("if-range", "\"other\"")], &[]).body, bytes);
    assert_eq!(http("GET", url, &[("range", "bytes=99999999-")], &[]).status, 416);
    assert_eq!(http("GET", url, &[("if-none-match", &etag)], &[]).status, 304);
    assert_eq!(http("POST", url, &[], b"x").status, 405);
    for wrong in [url.replace(".bundle", ""), url.replace(sha256, &"0".repeat(64)), url.replace(sha256, "..%2f..%2fhearth.db")] {
        assert_eq!(get(&wrong).status, 404, "{wrong}");
    }
}

#[test]
fn what_is_not_published() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"));
    let place = ["--server", server.url.as_str()];
    let (public, other) = (dir.path().join("update.pub"), dir.path().join("other.pub"));
    std::fs::write(&public, key().public()).unwrap();
    std::fs::write(&other, SigningKey::from_seed([8; 32]).public()).unwrap();
    let good = bundle(dir.path(), "0.2.0", 1, 5);
    let bytes = std::fs::read(&good).unwrap();
    let wrong = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let mut flipped = bytes.clone();
    *flipped.last_mut().unwrap() ^= 1;
    one(publish(place, &good, &["--key", public.to_str().unwrap()]));
    let key = other.to_str().unwrap();
    for (bundle, more, exit, said) in [
        (wrong("text", b"It was a dark and stormy night."), &[][..], 3, "HEARTHSG"),
        (wrong("empty", b""), &[], 3, "too short"),
        (wrong("cut", &bytes[..bytes.len() - 1]), &[], 3, "cut short"),
        (wrong("longer", &[&bytes[..], b"x"].concat()), &[], 3, "added to"),
        (wrong("flipped", &flipped), &[], 3, "block 2 of root"),
        (bundle(dir.path(), "0.3.0", 1, 5), &["--key", key], 3, "signature"),
        (bundle(dir.path(), "0.3.0", 1, 4), &[], 3, "rollback index is 4"),
        (bundle(dir.path(), "0.2.0", 2, 5), &[], 3, "published already"),
        (bundle(dir.path(), "0.3.0", 1, 5), &["--percent", "101"], 1, "percent is 0 to 100"),
        (bundle(dir.path(), "0.3.0", 1, 5), &["--channel", "a/b"], 1, "a channel is"),
        (dir.path().join("missing"), &[], 1, "missing"),
    ] {
        let got = publish(place, &bundle, more);
        assert!(got.exit == exit && got.errors.contains(said), "{}: {} {}", bundle.display(), got.exit, got.errors);
    }
    // The server believes no client: it looks for itself.
    let send = |bytes: &[u8], announced: &[u8], size: usize| {
        let sha256 = hex(Sha256::digest(announced));
        let url = format!("{}/v1/updates/releases?channel=stable&percent=100&sha256={sha256}&size={size}", server.url);
        http("POST", &url, &[], bytes).code()
    };
    assert_eq!(send(&flipped, &flipped, flipped.len()), "bad-bundle");
    assert_eq!(send(&flipped, &bytes, flipped.len()), "checksum-mismatch");
    assert_eq!(send(&bytes, &bytes, bytes.len() + 1), "checksum-mismatch");
    assert_eq!(send(&bytes, &bytes, bytes.len() - 1), "too-long");
    assert_eq!(one(updates(&[&["list"], &place[..]].concat())).version, "0.2.0");
    assert_eq!(std::fs::read_dir(dir.path().join("data/store/updates")).unwrap().count(), 1);
    assert_eq!(std::fs::read_dir(dir.path().join("data/uploads")).unwrap().count(), 0, "nothing is left behind");
    for query in ["", "board=b", "board=a/b&version=1", "board=b&version=1+2", "board=b&version=1&device=../x"] {
        assert_eq!(get(&format!("{}/v1/updates?{query}", server.url)).code(), "bad-request", "{query}");
    }
}

#[test]
fn a_rollout_grows_and_lasts() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let server = Server::start(&data);
    one(publish(["--server", &server.url], &bundle(dir.path(), "0.2.0", 1, 1), &[]));
    one(publish(["--server", &server.url], &bundle(dir.path(), "0.3.0", 1, 1), &["--percent", "20"]));
    one(publish(["--server", &server.url], &bundle(dir.path(), "0.4.0", 1, 1), &["--channel", "beta"]));
    let boxes: Vec<String> = (0..60).map(|n| format!("box-{n}")).collect();
    let have = |url: &str| -> Vec<String> {
        boxes.iter().map(|b| ask(url, b, "0.1.0", "stable").map_or_else(|| "-".to_owned(), |o| o.version)).collect()
    };
    let first = have(&server.url);
    let within = first.iter().filter(|v| *v == "0.3.0").count();
    assert!((1..30).contains(&within) && first.iter().all(|v| v == "0.3.0" || v == "0.2.0"), "{first:?}");
    server.kill();
    let server = Server::start(&data);
    assert_eq!(have(&server.url), first, "the same boxes after a restart");

    let roll = |percent: &str| one(updates(&["rollout", "0.3.0", "--percent", percent, "--server", &server.url]));
    assert_eq!(roll("60").percent, 60.0);
    let more = have(&server.url);
    assert!(first.iter().zip(&more).all(|(a, b)| a <= b) && more != first, "more boxes and none fewer: {first:?} {more:?}");
    one(updates(&["pause", "0.3.0", "--server", &server.url]));
    assert!(have(&server.url).iter().all(|v| v == "0.2.0"), "paused");
    roll("100");
    assert!(have(&server.url).iter().all(|v| v == "0.3.0"));
    let nameless = get(&format!("{}/v1/updates?board=qemu-virt&version=0.1.0", server.url));
    assert_eq!(nameless.json()["version"], "0.3.0", "a box without a name, once all are in");
    let lists = updates(&["list", "--server", &server.url]).releases;
    let offered: Vec<_> = lists.iter().map(|r| (r.version.as_str(), r.offered)).collect();
    assert_eq!(offered, [("0.4.0", 0), ("0.3.0", 60), ("0.2.0", 60)]);
    let which = updates(&["pause", "0.5.0", "--server", &server.url]);
    assert!(which.exit == 1 && which.errors.contains("updates list"), "{}", which.errors);
}

#[test]
fn a_rollout_that_fails_halts_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let log = dir.path().join("log");
    let mut serve = command(&["serve", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()]);
    let server = Server::spawn(serve.stderr(std::fs::File::create(&log).unwrap()));
    one(publish(["--server", &server.url], &bundle(dir.path(), "0.2.0", 1, 1), &[]));
    let list = || one(updates(&["list", "--server", &server.url]));
    let say = |n: u32, outcome: &str| {
        let device = format!("box-{n}");
        ask(&server.url, &device, "0.1.0", "stable").expect("still offered");
        assert_eq!(report(&server.url, &device, "0.2.0", outcome, "root: block 3 does not verify").status, 204);
    };
    // One box that fails again and again is one failure.
    (0..8).for_each(|_| say(0, "failed"));
    (1..4).for_each(|n| say(n, "installed"));
    assert_eq!((list().state, list().failed, list().installed), (ReleaseState::Live, 1, 3));
    say(4, "failed");
    let halted = list();
    assert_eq!((halted.state, halted.failed, halted.installed), (ReleaseState::Halted, 2, 3));
    assert_eq!(halted.last_error.as_deref(), Some("root: block 3 does not verify"));
    assert_eq!(ask(&server.url, "box-5", "0.1.0", "stable"), None);
    let line = poll("the log says so", || {
        let text = std::fs::read_to_string(&log).unwrap();
        text.lines().find(|l| l.contains("HALTED")).map(str::to_owned)
    });
    assert!(line.contains("ERROR") && line.contains("0.2.0") && line.contains("updates withdraw"), "{line}");

    // Taken up again it is judged afresh, and what boxes said before is still told.
    let again = one(updates(&["rollout", "0.2.0", "--percent", "50", "--server", &server.url]));
    assert_eq!((again.state, again.failed, again.percent), (ReleaseState::Live, 2, 50.0));
    assert_eq!(report(&server.url, "box-1", "0.2.0", "failed", "").status, 204);
    assert_eq!(list().state, ReleaseState::Live);
    assert_eq!(report(&server.url, "box-0", "0.2.0", "installed", "").status, 204);
    assert_eq!((list().failed, list().installed), (2, 3), "the last word counts");
    for bad in ["{}", "", r#"{"device":"box-1","version":"0.2.0","outcome":"perhaps"}"#] {
        assert_eq!(
            http("POST", &format!("{}/v1/updates/report", server.url), &[], bad.as_bytes()).code(),
            "bad-request",
            "{bad}"
        );
    }
}

/// A box whose slots are both gone is helped, whatever the rollout says, save by what has failed elsewhere.
#[test]
fn a_box_in_recovery_is_offered_what_there_is() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"));
    let place = ["--server", server.url.as_str()];
    let recovery = || {
        let got = get(&format!("{}/v1/updates?board=qemu-virt&version=0&build=&device=box-1&channel=stable", server.url));
        (got.status == 200).then(|| got.json()["version"].as_str().unwrap().to_owned())
    };
    assert_eq!(recovery(), None);
    one(publish(place, &bundle(dir.path(), "0.2.0", 1, 1), &["--percent", "0"]));
    assert_eq!((recovery().as_deref(), ask(&server.url, "box-1", "0.1.0", "stable")), (Some("0.2.0"), None));
    one(publish(place, &bundle(dir.path(), "0.3.0", 1, 1), &[]));
    one(updates(&[&["pause", "0.3.0"], &place[..]].concat()));
    assert_eq!(recovery().as_deref(), Some("0.2.0"), "live before paused");
    one(updates(&[&["withdraw", "0.2.0"], &place[..]].concat()));
    assert_eq!(recovery().as_deref(), Some("0.3.0"));
    assert_eq!(ask(&server.url, "box-1", "0.1.0", "stable"), None, "nobody else");
    one(updates(&[&["rollout", "0.3.0", "--percent", "100"], &place[..]].concat()));
    for n in 0..5 {
        let device = format!("box-{n}");
        ask(&server.url, &device, "0.1.0", "stable").expect("an offer");
        assert_eq!(report(&server.url, &device, "0.3.0", "failed", "").status, 204);
    }
    assert_eq!(recovery(), None, "halted");
}

/// A box that reported success and then went back says so with its last word, and that counts towards a halt.
#[test]
fn boxes_that_fall_back_later_halt_a_rollout() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"));
    one(publish(["--server", &server.url], &bundle(dir.path(), "0.2.0", 1, 1), &[]));
    let list = || one(updates(&["list", "--server", &server.url]));
    for n in 0..5 {
        let device = format!("box-{n}");
        ask(&server.url, &device, "0.1.0", "stable").expect("an offer");
        assert_eq!(report(&server.url, &device, "0.2.0", "installed", "").status, 204);
    }
    let fell_back = "107: version 0.2.0 did not come up in slot b; the box went back to what it ran before";
    for (n, state) in [(0, ReleaseState::Live), (1, ReleaseState::Halted)] {
        assert_eq!(report(&server.url, &format!("box-{n}"), "0.2.0", "failed", fell_back).status, 204);
        assert_eq!(list().state, state, "after {} of 5", n + 1);
    }
    assert_eq!((list().installed, list().failed, list().last_error.as_deref()), (3, 2, Some(fell_back)));
    assert_eq!(ask(&server.url, "box-9", "0.1.0", "stable"), None);
}

#[test]
fn a_large_bundle_is_never_whole_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("large.bundle");
    let build = Build::new("qemu-virt", "0.2.0", &hex([1; 32]), 1);
    let mut root = tempfile::tempfile().unwrap();
    root.set_len(192 << 20).unwrap();
    bundle::write(&mut std::fs::File::create(&path).unwrap(), &build, &mut Cursor::new(vec![1; 4096]), &mut root, &key())
        .unwrap();
    let server = Server::start(&dir.path().join("data"));
    let offer = one(publish(["--server", &server.url], &path, &[]));
    let whole = get(&format!("{}/updates/{}.bundle", server.url, offer.sha256));
    assert_eq!(hex(Sha256::digest(&whole.body)), offer.sha256);
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let peak: u64 = status.lines().find_map(|l| l.strip_prefix("VmHWM:")?.trim().split(' ').next()?.parse().ok()).unwrap();
    assert!(peak < 128 << 10, "{peak} KiB at the most, of a bundle of 192 MiB");
}
