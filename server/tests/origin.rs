//! The origin end to end: published titles over HTTP, judged by ffmpeg, ffprobe and GStreamer.

mod support;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hearth_api::{PlaybackGrant, TitleMeta};
use hearth_server::{Running, ServeOptions, start};
use sha2::{Digest, Sha256};
use std::time::Duration;
use support::{Got, encode, frames, get, have, http, publish, run};

/// A server with one title of each protection, `clear`, `cbcs` and `cenc`, of the same encodes.
struct House {
    dir: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
    running: Option<Running>,
    url: String,
}

impl House {
    fn new(change: impl FnOnce(&mut ServeOptions)) -> Option<Self> {
        if !have("ffmpeg") {
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        let files = encode(dir.path(), 6);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let mut options = ServeOptions::new(dir.path().join("data"));
        options.workers = 0;
        change(&mut options);
        let running = runtime.block_on(async {
            let running = start(options).await.unwrap();
            for (id, protection) in [("clear", "none"), ("cbcs", "cbcs"), ("cenc", "cenc")] {
                let meta = TitleMeta { name: format!("Film {id}"), genres: vec!["Short".into()], ..Default::default() };
                publish(&running.state, id, protection, &files, &meta).await;
            }
            running
        });
        let url = running.url();
        Some(Self { dir, runtime, running: Some(running), url })
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Publishes another title while the server runs.
    fn publish_another(&self, id: &str) {
        let files = encode(self.dir.path(), 1);
        let meta = TitleMeta { name: format!("Film {id}"), ..Default::default() };
        let state = &self.running.as_ref().unwrap().state;
        self.runtime.block_on(publish(state, id, "none", &files, &meta));
    }

    /// IDs of the newly added, sorted.
    fn on_home(&self) -> Vec<String> {
        let home = get(&self.at("/v1/home")).json();
        let new = home["shelves"].as_array().unwrap().iter().find(|s| s["id"] == "new").unwrap();
        let mut ids: Vec<String> =
            new["items"].as_array().unwrap().iter().map(|t| t["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    }

    /// Path of a rendition's media, from its playlist.
    fn media(&self, title: &str, rendition: &str) -> String {
        let playlist = get(&self.at(&format!("/titles/{title}/hls/{rendition}.m3u8")));
        let line = playlist.text().lines().find(|l| l.ends_with("/1.m4s")).unwrap().to_owned();
        format!("/titles/{title}/{}", line.trim_start_matches("../").trim_end_matches("/1.m4s"))
    }

    fn segments(&self, title: &str, rendition: &str) -> usize {
        get(&self.at(&format!("/titles/{title}/hls/{rendition}.m3u8"))).text().matches(".m4s").count()
    }

    /// Init and all segments in one file.
    fn whole(&self, title: &str, rendition: &str) -> Vec<u8> {
        let base = self.media(title, rendition);
        let mut all = get(&self.at(&format!("{base}/init.mp4"))).body;
        for n in 1..=self.segments(title, rendition) {
            let got = get(&self.at(&format!("{base}/{n}.m4s")));
            assert_eq!(got.status, 200, "{base}/{n}.m4s");
            all.extend(got.body);
        }
        all
    }

    fn grant(&self, title: &str) -> PlaybackGrant {
        let got = http("POST", &self.at(&format!("/v1/titles/{title}/playback")), &[], br#"{"profile":"kim"}"#);
        assert_eq!(got.status, 200, "{got:?}");
        serde_json::from_slice(&got.body).unwrap()
    }

    /// Key ID as in the MPD, in base64url.
    fn kid(&self, title: &str) -> String {
        let mpd = get(&self.at(&format!("/titles/{title}/dash/manifest.mpd")));
        let text = mpd.text().split("default_KID=\"").nth(1).expect("a key ID in the MPD");
        let kid = hearth_server::keys::parse_hex16(&text[..36]).unwrap();
        URL_SAFE_NO_PAD.encode(kid)
    }

    fn license(&self, kid: &str, token: Option<&str>) -> Got {
        let body = format!(r#"{{"kids":["{kid}"],"type":"temporary"}}"#);
        let bearer = format!("Bearer {}", token.unwrap_or(""));
        let headers = [("authorization", bearer.as_str())];
        let headers: &[_] = if token.is_some() { &headers } else { &[] };
        http("POST", &self.at("/v1/license"), headers, body.as_bytes())
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.shutdown());
        }
    }
}

#[test]
fn media_headers_ranges_and_conditions() {
    let Some(house) = House::new(|_| {}) else { return };
    let base = house.media("cbcs", "v288");
    let url = house.at(&format!("{base}/2.m4s"));
    let whole = get(&url);
    assert_eq!((whole.status, whole.header("content-type")), (200, "video/mp4"));
    assert_eq!(whole.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(whole.header("access-control-allow-origin"), "*");
    assert_eq!(whole.header("content-length"), whole.body.len().to_string());
    assert_eq!(Sha256::digest(&whole.body), Sha256::digest(&get(&url).body), "the same again");
    let etag = whole.header("etag").to_owned();
    assert!(etag.starts_with('"') && etag.len() > 10, "{etag}");

    let head = http("HEAD", &url, &[], &[]);
    assert_eq!((head.status, head.body.len()), (200, 0));
    for name in ["content-length", "content-type", "etag", "cache-control", "accept-ranges"] {
        assert_eq!(head.header(name), whole.header(name), "{name}");
    }
    let part = http("GET", &url, &[("range", "bytes=100-199")], &[]);
    assert_eq!((part.status, &part.body[..]), (206, &whole.body[100..200]));
    assert_eq!(part.header("content-range"), format!("bytes 100-199/{}", whole.body.len()));
    let tail = http("GET", &url, &[("range", "bytes=-50")], &[]);
    assert_eq!((tail.status, &tail.body[..]), (206, &whole.body[whole.body.len() - 50..]));
    assert_eq!(http("GET", &url, &[("range", "bytes=99999999-")], &[]).status, 416);
    let same = http("GET", &url, &[("if-none-match", etag.as_str())], &[]);
    assert_eq!((same.status, same.body.len(), same.header("etag")), (304, 0, etag.as_str()));
    let other = http("GET", &url, &[("if-range", "\"other\""), ("range", "bytes=0-9")], &[]);
    assert_eq!((other.status, other.body.len()), (200, whole.body.len()));
    let cmcd = get(&format!("{url}?CMCD=bl%3D1000%2Csid%3D%22a%22"));
    assert_eq!((cmcd.status, cmcd.header("etag")), (200, etag.as_str()), "queries are nothing to us");
    let etags: std::collections::HashSet<String> = ["v144", "v288", "a-und"]
        .iter()
        .map(|r| get(&house.at(&format!("{}/1.m4s", house.media("cbcs", r)))).header("etag").to_owned())
        .collect();
    assert_eq!(etags.len(), 3);
}

#[test]
fn key_frames_alone_are_those_of_the_segments() {
    let Some(house) = House::new(|_| {}) else { return };
    for title in ["clear", "cbcs", "cenc"] {
        let master = get(&house.at(&format!("/titles/{title}/hls/master.m3u8")));
        let line = master.text().lines().find(|l| l.starts_with("#EXT-X-I-FRAME-STREAM-INF:")).expect("trick play").to_owned();
        assert!(line.contains("URI=\"../iframes/v144.m3u8\""), "{line}");
        let list = get(&house.at(&format!("/titles/{title}/iframes/v144.m3u8")));
        assert!(list.text().contains("#EXT-X-I-FRAMES-ONLY"), "{}", list.text());
        let count = house.segments(title, "v144");
        assert_eq!(list.text().matches(".i.m4s\n").count(), count);
        let base = house.media(title, "v144");
        let init = hearth_isobmff::parse_init(&get(&house.at(&format!("{base}/init.mp4"))).body).unwrap();
        for n in 1..=count {
            let (whole, alone) = (get(&house.at(&format!("{base}/{n}.m4s"))), get(&house.at(&format!("{base}/{n}.i.m4s"))));
            let samples = |got: &Got| hearth_isobmff::parse_segment(&init, &got.body).unwrap();
            let (all, one) = (samples(&whole), samples(&alone));
            assert_eq!((one.len(), one[0].sync, one[0].pts), (1, true, all[0].pts));
            assert_eq!(one[0].crypto, all[0].crypto, "what was encrypted once is not encrypted otherwise");
            assert_eq!(alone.body[one[0].data.clone()], whole.body[all[0].data.clone()]);
            assert_ne!(alone.header("etag"), whole.header("etag"));
        }
    }
    assert_eq!(get(&house.at("/titles/clear/iframes/a-und.m3u8")).status, 404);
}

#[test]
fn manifests_types_and_refusals() {
    let Some(house) = House::new(|_| {}) else { return };
    for (path, content_type) in [
        ("/titles/cbcs/hls/master.m3u8", "application/vnd.apple.mpegurl"),
        ("/titles/cbcs/hls/v144.m3u8", "application/vnd.apple.mpegurl"),
        ("/titles/cbcs/dash/manifest.mpd", "application/dash+xml"),
        ("/titles/cbcs/art/poster.jpg", "image/jpeg"),
        (&format!("{}/init.mp4", house.media("cbcs", "a-und")), "audio/mp4"),
        (&format!("{}/1.m4s", house.media("cbcs", "a-und")), "audio/mp4"),
        (&format!("{}/init.mp4", house.media("cbcs", "v144")), "video/mp4"),
    ] {
        let got = get(&house.at(path));
        assert_eq!((got.status, got.header("content-type")), (200, content_type), "{path}");
        let etag = got.header("etag").to_owned();
        assert_eq!(http("GET", &house.at(path), &[("if-none-match", &etag)], &[]).status, 304, "{path}");
    }
    let master = get(&house.at("/titles/cbcs/hls/master.m3u8"));
    assert!(master.text().contains("KEYFORMAT=\"org.w3.clearkey\"") && master.text().contains("edef8ba9"), "{}", master.text());
    assert!(!get(&house.at("/titles/clear/hls/master.m3u8")).text().contains("KEY"));
    let mpd = get(&house.at("/titles/cbcs/dash/manifest.mpd"));
    assert!(mpd.text().contains("<dashif:Laurl>/v1/license</dashif:Laurl>"), "{}", mpd.text());
    let host = http("GET", &house.at("/titles/cbcs/dash/manifest.mpd"), &[("x-forwarded-host", "evil.example")], &[]);
    assert_eq!(host.body, mpd.body, "no header of a request gets into a manifest");

    let base = house.media("clear", "v144");
    for path in [
        "/titles/none/hls/master.m3u8",
        "/titles/clear/hls/v999.m3u8",
        "/titles/clear/art/backdrop.jpg",
        "/titles/clear",
        "/titles/",
        "/titles/clear/media/other/v144/1.m4s",
        "/titles/%2e%2e/hls/master.m3u8",
        "/titles/clear/media/%2e%2e/%2e%2e/v144.mp4",
        "/titles/clear/v144.mp4",
        "/v1/titles/none",
        "/v1/titles/%ff",
        "/nothing",
        &format!("{base}/0.m4s"),
        &format!("{base}/7777.m4s"),
        &format!("{base}/99999999999999999999.m4s"),
        &format!("{base}/1.m4s/"),
    ] {
        let got = get(&house.at(path));
        assert_eq!((got.status, got.code().as_str()), (404, "not-found"), "{path}");
    }
    let post = http("POST", &house.at("/titles/clear/hls/master.m3u8"), &[], b"x");
    assert_eq!((post.status, post.header("allow")), (405, "GET, HEAD, OPTIONS"));
    for path in ["/titles/clear/hls/master.m3u8", "/v1/license"] {
        let preflight =
            http("OPTIONS", &house.at(path), &[("origin", "http://tv.example"), ("access-control-request-method", "GET")], &[]);
        assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (204, "*"), "{path}");
        assert!(preflight.header("access-control-allow-headers").contains("Authorization"), "{path}");
    }
}

#[test]
fn licences_only_for_a_token_of_the_title() {
    let Some(house) = House::new(|_| {}) else { return };
    let grant = house.grant("cbcs");
    assert_eq!(grant.license.as_deref(), Some("/v1/license"));
    assert_eq!(house.grant("clear").license, None);
    let (kid, other) = (house.kid("cbcs"), house.kid("cenc"));
    assert_ne!(kid, other, "a key of its own for every title");

    let given = house.license(&kid, Some(&grant.token));
    assert_eq!(
        (given.status, given.header("cache-control"), given.header("access-control-allow-origin")),
        (200, "no-store", "*")
    );
    let license = given.json();
    assert_eq!((license["keys"][0]["kid"].as_str(), license["keys"][0]["kty"].as_str()), (Some(kid.as_str()), Some("oct")));
    let query = http(
        "POST",
        &house.at(&format!("/v1/license?x=1&token={}", grant.token)),
        &[],
        format!(r#"{{"kids":["{kid}"]}}"#).as_bytes(),
    );
    assert_eq!(query.json()["keys"], license["keys"]);

    let altered = format!("{}A", grant.token);
    for (kid, token, want) in [
        (kid.as_str(), None, (401, "token-missing")),
        (&kid, Some(""), (401, "token-missing")),
        (&kid, Some("v1.e30.AAAA"), (401, "token-invalid")),
        (&kid, Some(altered.as_str()), (401, "token-invalid")),
        (&other, Some(&grant.token), (403, "token-foreign")),
        ("AAAAAAAAAAAAAAAAAAAAAA", Some(&grant.token), (404, "key-unknown")),
        ("A", Some(&grant.token), (400, "license-request-malformed")),
    ] {
        let got = house.license(kid, token);
        assert_eq!((got.status, got.code().as_str()), want, "{kid} with {token:?}");
        assert_eq!((got.header("cache-control"), got.header("access-control-allow-origin")), ("no-store", "*"));
    }
    for (body, want) in [(&br#"{"profile":"../x"}"#[..], 400), (b"", 400), (b"{}", 400)] {
        assert_eq!(http("POST", &house.at("/v1/titles/cbcs/playback"), &[], body).status, want);
    }
    assert_eq!(http("POST", &house.at("/v1/titles/none/playback"), &[], br#"{"profile":"kim"}"#).status, 404);
}

#[test]
fn an_expired_token_is_refused() {
    let Some(house) = House::new(|options| options.origin.token_ttl = Duration::ZERO) else { return };
    let got = house.license(&house.kid("cbcs"), Some(&house.grant("cbcs").token));
    assert_eq!((got.status, got.code().as_str()), (403, "token-expired"));
}

#[test]
fn decrypted_pictures_and_sound_are_the_clear_ones() {
    let Some(house) = House::new(|_| {}) else { return };
    for (rendition, map) in [("v144", "0:v:0"), ("v288", "0:v:0"), ("a-und", "0:a:0")] {
        let clear = frames("-", house.whole("clear", rendition), None, map).unwrap();
        assert!(clear.len() >= 150, "{rendition}: six seconds");
        for title in ["cbcs", "cenc"] {
            let license = house.license(&house.kid(title), Some(&house.grant(title).token)).json();
            let key = URL_SAFE_NO_PAD.decode(license["keys"][0]["k"].as_str().unwrap()).unwrap();
            let key: String = key.iter().map(|b| format!("{b:02x}")).collect();
            let protected = house.whole(title, rendition);
            assert!(frames("-", protected.clone(), Some(&key), map).unwrap() == clear, "{title} {rendition}");
            let wrong = frames("-", protected, Some("00000000000000000000000000000000"), map);
            assert!(wrong.unwrap_or_default() != clear, "{title} {rendition} with a wrong key");
        }
    }
}

#[test]
fn ffmpeg_and_gstreamer_play_the_clear_title() {
    let Some(house) = House::new(|_| {}) else { return };
    let of = |rendition, map| frames("-", house.whole("clear", rendition), None, map).unwrap();
    let (small, large, sound) = (of("v144", "0:v:0"), of("v288", "0:v:0"), of("a-und", "0:a:0"));
    for path in ["/titles/clear/hls/master.m3u8", "/titles/clear/dash/manifest.mpd"] {
        let url = house.at(path);
        let mut seen: Vec<_> = ["0:v:0", "0:v:1"].iter().map(|map| frames(&url, vec![], None, map).unwrap()).collect();
        seen.sort_by_key(|frames| *frames != small);
        assert!(seen[0] == small && seen[1] == large, "{path}: {:?} frames", seen.iter().map(Vec::len).collect::<Vec<_>>());
        assert_eq!(frames(&url, vec![], None, "0:a:0").unwrap().len(), sound.len(), "{path}");
        if have("gst-launch-1.0") {
            let uri = format!("uri={url}");
            let sinks = ["playbin3", uri.as_str(), "video-sink=fakesink", "audio-sink=fakesink"];
            run("timeout", &[&["60", "gst-launch-1.0", "-q"], &sinks[..]].concat()).unwrap();
        }
    }
}

#[test]
fn home_titles_and_progress_last() {
    let Some(house) = House::new(|_| {}) else { return };
    let home = get(&house.at("/v1/home?profile=kim")).json();
    assert!(home["hero"]["id"].is_string());
    let ids: Vec<&str> = home["shelves"].as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["new", "genre-short"]);
    assert_eq!(house.on_home(), ["cbcs", "cenc", "clear"]);
    house.publish_another("later");
    assert_eq!(house.on_home(), ["cbcs", "cenc", "clear", "later"], "a new title shows at once");
    let url = house.at("/v1/profiles/kim/progress/cbcs");
    assert_eq!(get(&url).status, 404);
    let put = |body: &str| http("PUT", &url, &[], body.as_bytes()).status;
    assert_eq!(put(r#"{"position_ms":3000,"duration_ms":6000}"#), 204);
    let home = get(&house.at("/v1/home?profile=kim")).json();
    assert_eq!(
        (home["shelves"][0]["id"].as_str(), home["shelves"][0]["items"][0]["resume_ms"].as_u64()),
        (Some("continue"), Some(3000))
    );
    assert_eq!(get(&house.at("/v1/home?profile=ann")).json()["shelves"][0]["id"], "new", "another profile's is another's");
    assert_eq!(house.grant("cbcs").resume_ms, Some(3000));
    let title = get(&house.at("/v1/titles/cbcs?profile=kim")).json();
    assert_eq!((title["resume_ms"].as_u64(), title["protection"].as_str()), (Some(3000), Some("cbcs")));
    assert_eq!(title["renditions"].as_array().unwrap().len(), 2);
    assert_eq!(title["similar"].as_array().unwrap().len(), 2);
    assert_eq!(title["poster"], "/titles/cbcs/art/poster.jpg");
    for bad in ["", "{}", r#"{"position_ms":-1,"duration_ms":6000}"#, r#"{"position_ms":1,"duration_ms":0}"#, &"[".repeat(9000)] {
        assert_eq!(put(bad), 400, "{bad:.30}");
    }
    assert_eq!(put(r#"{"position_ms":9000,"duration_ms":6000}"#), 204, "past the end is the end");
    assert_eq!(get(&url).json()["position_ms"], 6000);
    assert_eq!(
        http("PUT", &house.at("/v1/profiles/kim/progress/none"), &[], br#"{"position_ms":1,"duration_ms":9}"#).status,
        404
    );
    assert_eq!(
        http("PUT", &house.at("/v1/profiles/k%2Fm/progress/cbcs"), &[], br#"{"position_ms":1,"duration_ms":9}"#).status,
        400
    );
    assert_eq!(get(&house.at("/v1/home?profile=%00")).status, 400);
}
