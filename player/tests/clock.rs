//! A device whose clock is ten years off: what does not need the time plays; a secure connection ends with the error that names the clock.

mod support;

use serde_json::Value;
use std::process::{Command, Stdio};
use support::server::Server;
use support::tls::Secure;
use support::{Film, encode, example};

const TEN_YEARS: i64 = 10 * 31_556_952;

/// Plays it on a device whose clock is off by so many seconds; its events.
fn play(url: &str, shift_s: i64, more: &[&str]) -> Vec<Value> {
    let mut player = Command::new(env!("CARGO_BIN_EXE_hearth-player"));
    player.args(["play", "--headless", "--json", url]).args(more);
    player.env("LD_PRELOAD", example("shifted_clock")).env("SHIFT_S", shift_s.to_string()).stderr(Stdio::inherit());
    let output = player.output().expect("the player");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn error(events: &[Value]) -> Option<(u64, String)> {
    let error = events.iter().find(|e| e["event"] == "error")?;
    Some((error["code"].as_u64()?, error["action"].as_str()?.to_owned()))
}

#[test]
fn ten_years_off() {
    let film = Film { video: vec![encode::video("v1", 160, 90, 0, 25, 2)], audio: encode::audio("a", 2) };
    let server = Server::start(film.package(None, None));
    let folder = tempfile::tempdir().expect("folder");
    let secure = Secure::start(server.port);
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, &secure.authority).expect("written");
    let ca = ["--ca", ca.to_str().expect("path")];
    for shift_s in [-TEN_YEARS, 0, TEN_YEARS] {
        let open = play(&server.url("main.m3u8"), shift_s, &[]);
        assert_eq!(error(&open), None, "{shift_s}: {open:#?}");
        let shown = open.last().expect("a summary")["frames_presented"].as_u64();
        assert!(shown.is_some_and(|n| n > 40), "{shift_s}: {open:#?}");
        let url = secure.url("main.m3u8");
        let (right, said) = (shift_s == 0, error(&play(&url, shift_s, &ca)));
        match said {
            None => assert!(right, "{shift_s}: a certificate of another time is believed"),
            Some((code, action)) => {
                assert!(!right && code == 2009 && action.contains("date"), "{shift_s}: {code} {action}");
            }
        }
        // Whoever signed it is nobody to those who are not told of him.
        assert_eq!(error(&play(&url, shift_s, &[])).map(|(code, _)| code), Some(2009), "{shift_s}");
    }
}
