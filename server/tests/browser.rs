//! A real browser plays our streams: shaka-player in headless Chromium, HLS and DASH, clear and encrypted, with the wrong-key control.
//!
//! Runs where Chromium, Node and npm are installed; elsewhere it says so and passes. The verdict is decoded frames.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

const SHAKA: &str = "shaka-player@5.2.12";
const PLAYWRIGHT: &str = "playwright-core@1.65.1";

fn found(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|dir| dir.join(program)).find(|path| path.is_file())
}

/// Node modules of the judge, installed once under the target folder.
fn modules() -> Option<PathBuf> {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("judge");
    if dir.join("node_modules/shaka-player").is_dir() && dir.join("node_modules/playwright-core").is_dir() {
        return Some(dir);
    }
    std::fs::create_dir_all(&dir).ok()?;
    std::fs::write(dir.join("package.json"), "{\"private\":true}").ok()?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", SHAKA, PLAYWRIGHT]).current_dir(&dir);
    npm.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1").stdout(Stdio::null()).stderr(Stdio::null());
    npm.status().is_ok_and(|status| status.success()).then_some(dir)
}

/// A server with its own data directory, ended by pid when dropped.
struct Server {
    child: Child,
    url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(data: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hearth-server"));
        command.arg("serve").arg("--data").arg(data).args(["--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).expect("the address").to_owned();
        Self { child, url }
    }

    fn ingest(&self, film: &Path, title: &str, protection: &str) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hearth-server"));
        command.arg("ingest").arg(film).args(["--server", &self.url, "--title", title, "--protection", protection, "--wait"]);
        assert!(command.stdout(Stdio::null()).status().unwrap().success(), "{title} was not ingested");
    }

    /// The grant of the title named `name`, its URLs made absolute.
    fn grant(&self, name: &str) -> Value {
        let agent = ureq::agent();
        let home: Value =
            agent.get(format!("{}/v1/home?profile=judge", self.url)).call().unwrap().body_mut().read_json().unwrap();
        let all = home["shelves"].as_array().unwrap().iter().flat_map(|s| s["items"].as_array().unwrap());
        let id = all.chain([&home["hero"]]).find(|item| item["name"] == name).expect(name)["id"].as_str().unwrap().to_owned();
        let url = format!("{}/v1/titles/{id}/playback", self.url);
        let mut grant: Value = agent.post(url).send_json(json!({"profile": "judge"})).unwrap().body_mut().read_json().unwrap();
        for field in ["hls", "dash", "license"] {
            if let Some(path) = grant[field].as_str() {
                grant[field] = json!(format!("{}{path}", self.url));
            }
        }
        grant
    }
}

/// The title's key, asked for as a CDM would, as shaka-player's `clearKeys` wants it; `flip` spoils it. In HLS shaka-player knows only the
/// Widevine tag and takes ClearKey keys from its caller; in DASH it asks our licence endpoint itself.
fn keys(grant: &Value, flip: u8) -> Value {
    use base64::Engine;
    let base64 = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let mpd = ureq::get(grant["dash"].as_str().unwrap()).call().unwrap().body_mut().read_to_string().unwrap();
    let kid = mpd.split("default_KID=\"").nth(1).unwrap().split('"').next().unwrap().replace('-', "");
    let kid: Vec<u8> = (0..16).map(|i| u8::from_str_radix(&kid[2 * i..2 * i + 2], 16).unwrap()).collect();
    let request = json!({"kids": [base64.encode(&kid)], "type": "temporary"});
    let license = ureq::post(grant["license"].as_str().unwrap())
        .header("Authorization", format!("Bearer {}", grant["token"].as_str().unwrap()))
        .send_json(request);
    let license: Value = license.unwrap().body_mut().read_json().unwrap();
    let mut key = base64.decode(license["keys"][0]["k"].as_str().unwrap()).unwrap();
    key[0] ^= flip;
    json!({hex(&kid): hex(&key)})
}

/// Eight seconds with a sound, made by GStreamer. The two films differ, or the second would be known by its hash.
fn film(path: &Path, pattern: &str) {
    let pipeline = format!(
        "videotestsrc num-buffers=200 pattern={pattern} ! video/x-raw,width=640,height=360,framerate=25/1 ! timeoverlay ! \
         x264enc speed-preset=ultrafast key-int-max=50 ! h264parse ! queue ! mux. \
         audiotestsrc num-buffers=375 samplesperbuffer=1024 ! audio/x-raw,rate=48000,channels=2 ! avenc_aac ! aacparse ! queue ! mux. \
         mp4mux name=mux ! filesink location={}",
        path.display()
    );
    let status = Command::new("gst-launch-1.0").arg("-q").args(pipeline.split_whitespace()).status().expect("gst-launch-1.0");
    assert!(status.success());
}

fn judge(modules: &Path, chromium: &Path, cases: &Value) -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/judge.mjs");
    let mut command = Command::new("node");
    command.arg(script).arg(modules).arg(chromium).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut node = command.spawn().unwrap();
    node.stdin.take().unwrap().write_all(cases.to_string().as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "the judge itself failed");
    output.stdout.split(|b| *b == b'\n').filter(|l| !l.is_empty()).map(|l| serde_json::from_slice(l).unwrap()).collect()
}

#[test]
fn shaka_player_plays_what_we_serve() {
    let chromium = found("chromium").or_else(|| found("chromium-browser"));
    let (Some(chromium), Some(_), Some(_)) = (chromium, found("node"), found("npm")) else {
        return eprintln!("skipped: needs chromium, node and npm");
    };
    let Some(modules) = modules() else { return eprintln!("skipped: npm could not install {SHAKA} and {PLAYWRIGHT}") };
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"));
    for (name, pattern, protection) in [("Clear", "smpte", "none"), ("Locked", "ball", "cbcs")] {
        let path = dir.path().join(format!("{name}.mp4"));
        film(&path, pattern);
        server.ingest(&path, name, protection);
    }
    let (clear, locked) = (server.grant("Clear"), server.grant("Locked"));
    assert!(locked["license"].is_string(), "a protected title has a licence server");
    let case = |name: &str, grant: &Value, manifest: &str, token: Option<&str>| json!({"name": name, "url": grant[manifest], "license": grant["license"], "token": token, "seconds": 4});
    let token = locked["token"].as_str();
    let cases = json!([
        case("clear HLS", &clear, "hls", None),
        case("clear DASH", &clear, "dash", None),
        case("cbcs DASH", &locked, "dash", token),
        json!({"name": "cbcs HLS", "url": locked["hls"], "keys": keys(&locked, 0), "seconds": 4}),
        json!({"name": "wrong key", "url": locked["hls"], "keys": keys(&locked, 1), "seconds": 4}),
        case("no token", &locked, "dash", None),
        case("another title's token", &locked, "dash", clear["token"].as_str()),
    ]);
    let verdicts = judge(&modules, &chromium, &cases);
    assert_eq!(verdicts.len(), 7, "{verdicts:?}");
    let report: Vec<String> = verdicts.iter().map(Value::to_string).collect();
    let report = report.join("\n");
    for verdict in &verdicts[..4] {
        let frames = verdict["frames"].as_u64().unwrap_or(0);
        assert!(verdict["error"].is_null() && frames > 60, "{report}");
    }
    for verdict in &verdicts[4..] {
        assert!(
            verdict["frames"] == 0 && verdict["error"].is_string(),
            "refused licences and wrong keys must not play:\n{report}"
        );
    }
}
