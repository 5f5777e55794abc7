//! `hearth-update` as init and people call it.
use super::fixture::{DEVICE, TestBox, build_id, info, release};
use super::server::Server;
use hearth_box::facts::BoxFacts;
use hearth_update::agent::disk::Partition;
use hearth_update::bootstate::{BootState, Chances};
use hearth_update::slot::Slot;
use hearth_update::status::State;
use std::fs;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Output};

fn call(test_box: &TestBox, running: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hearth-update"));
    command
        .arg("--etc")
        .arg(&test_box.folders.etc)
        .arg("--run")
        .arg(&test_box.folders.run)
        .arg("--data")
        .arg(&test_box.folders.data)
        .arg("--disk")
        .arg(&test_box.image);
    command.args(["--running", running]).args(arguments);
    command.env("HEARTH_NOTIFY", test_box.dir.path().join("notify"));
    command.output().unwrap()
}

fn good(test_box: &TestBox, running: &str, arguments: &[&str]) -> String {
    let output = call(test_box, running, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn offer(server: &str, index: u32) -> String {
    format!(r#"{{"version":"{index}.0","build-id":"{}","url":"{server}","size":1,"sha256":"00","more":1}}"#, build_id(index))
}

#[test]
fn from_a_file_to_marked_good() {
    let test_box = TestBox::new();
    let (new, path) = (release(3), test_box.dir.path().join("3.bundle"));
    fs::write(&path, &new.file).unwrap();
    let init = UnixDatagram::bind(test_box.dir.path().join("notify")).unwrap();

    let said = good(&test_box, "a", &["install", path.to_str().unwrap(), "--reboot"]);
    assert_eq!(said, "slot b boots next; 1406784 of 1800000 bytes were here already\n");
    let mut word = [0; 100];
    let len = init.recv(&mut word).unwrap();
    assert_eq!(&word[..len], b"REBOOT=update");
    let status = test_box.status();
    assert_eq!((status.state, status.version.as_deref(), status.done), (State::Ready, Some("3.0"), 1_800_000));

    // It runs.
    test_box.set("slot.json", &info(3).to_json());
    good(&test_box, "b", &["mark-good"]);
    let state = test_box.state();
    good(&test_box, "b", &["mark-good"]);
    assert_eq!(test_box.state(), state);
    let told: serde_json::Value = serde_json::from_str(&good(&test_box, "b", &["status", "--json"])).unwrap();
    assert_eq!(told["running"], "b");
    assert_eq!(told["boot"]["order"], "ba");
    assert_eq!(told["boot"]["b"], serde_json::json!({"left": 3, "good": true}));
    assert_eq!(told["boot"]["floor"], 3);
    assert_eq!(told["update"]["state"], "ready");
    assert!(good(&test_box, "b", &["status"]).contains("boot b: 3 left, good; a: 3 left, good; floor 3"));

    // And there is no way back below the floor.
    fs::write(&path, &release(2).file).unwrap();
    let refused = call(&test_box, "b", &["install", path.to_str().unwrap()]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).starts_with("hearth-update: error 502: "));
    assert_eq!(test_box.status().code, Some(502));
}

#[test]
fn from_a_server() {
    let test_box = TestBox::new();
    let new = release(3);
    let server = Server::offering(&new.file, &offer("/files/3.bundle", 3));
    // The first server is not there.
    test_box.servers(&["http://127.0.0.1:9", &server.url]);
    assert_eq!(good(&test_box, "a", &["run", "--once"]), "slot b boots next\n");
    assert!(test_box.holds(Slot::B, new));
    let expected = format!("GET /v1/updates?board=test&version=2.0&build={}&device={DEVICE}&channel=beta HTTP/1.1", build_id(2));
    assert_eq!(server.log()[0], expected);
    assert!(server.log()[1].starts_with("GET /files/3.bundle "));

    let nothing = Server::new(&[], super::server::Fault::None, 0, 0);
    test_box.servers(&[&nothing.url]);
    assert_eq!(good(&test_box, "a", &["run", "--once"]), "nothing newer\n");
    assert_eq!(test_box.status().state, State::Idle);
    let ours = Server::offering(&[], &offer("x", 2));
    test_box.servers(&[&ours.url]);
    assert_eq!(good(&test_box, "a", &["run", "--once"]), "nothing newer\n");

    for (answer, code) in [("<html>", 207), ("{}", 207), ("", 207)] {
        let server = Server::offering(&[], answer);
        test_box.servers(&[&server.url]);
        assert!(!call(&test_box, "a", &["run", "--once"]).status.success());
        assert_eq!(test_box.status().code, Some(code), "{answer}");
    }
    test_box.servers(&[]);
    assert!(!call(&test_box, "a", &["run", "--once"]).status.success());
    assert_eq!(test_box.status().code, Some(208));
}

#[test]
fn from_a_server_that_wants_a_token() {
    let test_box = TestBox::new();
    let server = Server::offering(&release(3).file, &offer("/files/3.bundle", 3));
    test_box.servers(&[&server.url]);
    server.require("first");
    assert!(!call(&test_box, "a", &["run", "--once"]).status.success(), "it does not know its secret");
    assert_eq!((test_box.status().code, server.shown()), (Some(202), vec!["/v1/updates".to_owned()]));

    let (device, secret) = (Some(DEVICE.to_owned()), Some("5".repeat(64)));
    let facts = BoxFacts { device, secret, board: "test".into(), version: "2.0".into(), ..BoxFacts::default() };
    facts.write(&test_box.folders.run.join("box.json")).unwrap();
    assert_eq!(good(&test_box, "a", &["run", "--once"]), "slot b boots next\n");
    let shown = server.shown();
    assert_eq!(shown[..2], ["/v1/devices", "/v1/updates Bearer first"]);
    assert!(shown[2..].iter().all(|line| line == "/files/3.bundle"), "never with bundles: {shown:?}");

    // It is kept. When it is not taken any more, another one is got, once.
    good(&test_box, "a", &["run", "--once"]);
    assert_eq!(server.shown()[0], "/v1/updates Bearer first");
    server.require("second");
    good(&test_box, "a", &["run", "--once"]);
    assert_eq!(server.shown()[..3], ["/v1/updates Bearer first", "/v1/devices", "/v1/updates Bearer second"]);
}

#[test]
fn crashes_are_told_where_the_viewer_agreed() {
    let test_box = TestBox::new();
    let server = Server::new(&[], super::server::Fault::None, 0, 0);
    test_box.servers(&[&server.url]);
    let crash = test_box.dir.path().join("crash");
    fs::create_dir(&crash).unwrap();
    let record = hearth_api::CrashRecord {
        schema: 1,
        service: "launcher".into(),
        exit: "signal=11".into(),
        version: "2.0".into(),
        slot: "a".into(),
        time: 5,
        uptime: 7,
        lines: vec!["why".into()],
    };
    fs::write(crash.join("000000000005-000007-launcher.json"), serde_json::to_vec(&record).unwrap()).unwrap();
    fs::write(crash.join("000000000006-000007-launcher.json"), b"{\"schema\":1,").unwrap();
    let left = || fs::read_dir(&crash).unwrap().count();
    let told = || server.log().into_iter().filter(|line| line.contains("/v1/crashes")).collect::<Vec<_>>();
    for consent in [None, Some("{}"), Some(r#"{"crash-reports":false}"#), Some("yes")] {
        if let Some(text) = consent {
            fs::write(test_box.dir.path().join("consent.json"), text).unwrap();
        }
        good(&test_box, "a", &["run", "--once"]);
        assert_eq!((told().len(), left()), (0, 2), "{consent:?}");
    }
    fs::write(test_box.dir.path().join("consent.json"), r#"{"crash-reports":true}"#).unwrap();
    server.refuse_reports(503);
    good(&test_box, "a", &["run", "--once"]);
    assert_eq!((told().len(), left()), (1, 2), "kept until it is heard");
    server.refuse_reports(0);
    good(&test_box, "a", &["run", "--once"]);
    let told = told();
    let body = told[1].strip_prefix(&format!("POST /v1/crashes?device={DEVICE} HTTP/1.1 ")).unwrap();
    assert_eq!((serde_json::from_str::<hearth_api::CrashRecord>(body).unwrap(), told.len(), left()), (record, 2, 0));
}

#[test]
fn what_did_not_come_up_is_reported() {
    let test_box = TestBox::new();
    let new = release(3);
    test_box.fill(Slot::B, new);
    let state = BootState { generation: 9, first: Slot::B, b: Chances::NONE, ..test_box.state() };
    test_box.put_state(state);
    let server = Server::offering(&new.file, &offer("x", 3));
    test_box.servers(&[&server.url]);
    assert!(!call(&test_box, "a", &["run", "--once"]).status.success());
    assert_eq!(test_box.state(), state);
    let log = server.log();
    let report = log.last().unwrap();
    let body = report.strip_prefix("POST /v1/updates/report HTTP/1.1 ").unwrap();
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!((&body["device"], &body["version"], &body["outcome"]), (&DEVICE.into(), &"3.0".into(), &"failed".into()));
    assert!(body["error"].as_str().unwrap().starts_with("104: "));
}

#[test]
fn recovery() {
    let new = release(3);
    let test_box = TestBox::new();
    test_box.put_state(BootState { generation: 9, a: Chances::NONE, b: Chances::NONE, floor: 2, ..BootState::default() });
    let server = Server::offering(&new.file, &offer("x", 3));
    test_box.servers(&[&server.url]);
    assert!(!call(&test_box, "a", &["recover"]).status.success(), "a slot is running");
    good(&test_box, "recovery", &["recover"]);
    assert!(test_box.holds(Slot::A, new));
    let state = test_box.state();
    assert_eq!((state.first, state.a, state.b, state.floor), (Slot::A, Chances::TRIAL, Chances::NONE, 2));
    assert!(server.log()[0].contains("version=0&build=&"), "{:?}", server.log());
}

#[test]
fn a_reset_takes_the_viewers_data_and_nothing_else() {
    let test_box = TestBox::new();
    test_box.put(Partition::Data, 1024, &[7; 1000]);
    let (factory, state) = (test_box.get(Partition::Factory, 0, 4096), test_box.state());
    good(&test_box, "a", &["factory-reset"]);
    assert_eq!(test_box.get(Partition::Data, 0, 65536), vec![0; 65536]);
    assert_eq!((test_box.get(Partition::Factory, 0, 4096), test_box.state()), (factory, state));
    assert!(test_box.holds(Slot::A, release(2)) && test_box.holds(Slot::B, release(1)));
}
