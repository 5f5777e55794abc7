//! An update that does not come up: its server hears of it, over reboots and broken networks, and the box leaves it alone.
use super::fixture::{AtOnce, DEVICE, TestBox, build_id, info, release};
use super::server::Server;
use hearth_api::{UpdateOutcome, UpdateReport};
use hearth_box::gave_up::GaveUp;
use hearth_update::agent::daemon::Daemon;
use hearth_update::agent::http::{Timeouts, client};
use hearth_update::agent::offer::Asker;
use hearth_update::bootstate::{BootState, Chances};
use hearth_update::slot::{Running, Slot};
use hearth_update::status::State;
use hearth_update::{Error, Result};

/// As after a reboot: everything is read anew. What boots next, if there is something new.
fn turn(test_box: &TestBox, servers: &[&str]) -> Result<Option<Slot>> {
    let mut disk = test_box.disk();
    let servers = servers.iter().map(|s| (*s).to_owned()).collect();
    let asker = Asker::new(client(Timeouts::default()), servers, &test_box.folders.info()?, DEVICE.into(), "beta".into());
    let mut daemon = Daemon { here: test_box.here(&mut disk), asker };
    Ok(daemon.turn(&mut AtOnce)?.map(|installed| installed.slot))
}

fn offering(index: u32) -> Server {
    let offer = format!(r#"{{"version":"{index}.0","build-id":"{}","url":"x"}}"#, build_id(index));
    Server::offering(&release(index).file, &offer)
}

/// What a server was told, by its own types.
fn reports(server: &Server) -> Vec<UpdateReport> {
    let bodies = server.log().into_iter().filter_map(|l| Some(l.strip_prefix("POST /v1/updates/report HTTP/1.1 ")?.to_owned()));
    bodies.map(|body| serde_json::from_str(&body).unwrap()).collect()
}

/// Three tries of slot B, none of which was marked good.
fn falls_back(test_box: &TestBox, chances: Chances) {
    let state = test_box.state();
    assert_eq!(state.first, Slot::B);
    test_box.put_state(BootState { generation: state.generation + 6, b: chances, ..state });
}

#[test]
fn the_server_that_offered_it_hears_of_it_and_it_is_left_alone() {
    let test_box = TestBox::new();
    let (server, other) = (offering(3), Server::new(&[], super::server::Fault::None, 0, 0));
    assert_eq!(turn(&test_box, &["http://127.0.0.1:9", &server.url]).unwrap(), Some(Slot::B));
    assert!(reports(&server).is_empty(), "how it ends is not known yet");
    falls_back(&test_box, Chances::NONE);
    // init left a note, which is of this build.
    GaveUp::new(&build_id(3), "self-check failed: no decoder").write(&test_box.folders.data).unwrap();

    // It has a bad day, and others are asked for updates.
    server.refuse_reports(503);
    assert!(matches!(turn(&test_box, &["http://127.0.0.1:9"]), Err(Error::Network(_))));
    assert_eq!(turn(&test_box, &[&other.url]).unwrap(), None);
    assert_eq!((reports(&server).len(), reports(&other).len()), (2, 0), "only it is told, again and again");
    server.refuse_reports(0);
    assert_eq!(turn(&test_box, &[&server.url]).unwrap(), None, "the same build is offered, and left alone");
    let told = reports(&server);
    assert_eq!(told.len(), 3);
    let UpdateReport { device, version, outcome, error } = &told[2];
    assert_eq!((device.as_str(), version.as_str(), *outcome), (DEVICE, "3.0", UpdateOutcome::Failed));
    assert!(
        error.as_ref().unwrap().starts_with("107: version 3.0 did not come up in slot b (self-check failed: no decoder);"),
        "{error:?}"
    );
    assert_eq!(test_box.status().state, State::Idle, "nothing to tell the viewer");
    turn(&test_box, &[&server.url]).unwrap();
    assert_eq!(reports(&server).len(), 3, "it was heard");
    assert_eq!(test_box.state().b, Chances::NONE);

    // Not even where the slot was damaged since; a newer one is welcome.
    test_box.put(hearth_update::agent::disk::Partition::Slot(hearth_update::bundle::Part::Boot, Slot::B), 0, b"damaged");
    assert_eq!(turn(&test_box, &[&server.url]).unwrap(), None);
    let changed = super::fixture::made(3, |release| release.build_id = build_id(4), &super::fixture::key());
    let offer = format!(r#"{{"version":"3.0","build-id":"{}","url":"x"}}"#, build_id(4));
    assert_eq!(turn(&test_box, &[&Server::offering(&changed.file, &offer).url]).unwrap(), Some(Slot::B));
}

#[test]
fn one_that_came_up_is_reported_once_and_mended_if_it_fails_later() {
    let mut test_box = TestBox::new();
    let server = offering(3);
    turn(&test_box, &[&server.url]).unwrap();
    test_box.running = Running::Slot(Slot::B);
    test_box.set("slot.json", &info(3).to_json());
    turn(&test_box, &[&server.url]).unwrap();
    assert!(reports(&server).is_empty(), "it is on trial");
    let trial = test_box.state();
    test_box.put_state(BootState { generation: trial.generation + 6, b: Chances::GOOD, ..trial });
    turn(&test_box, &[&server.url]).unwrap();
    turn(&test_box, &[&server.url]).unwrap();
    assert_eq!(reports(&server).iter().map(|r| r.outcome).collect::<Vec<_>>(), [UpdateOutcome::Installed]);

    // Months later it wears out: the server's last word on this box is another one now.
    falls_back(&test_box, Chances { left: 0, good: true });
    test_box.running = Running::Slot(Slot::A);
    test_box.set("slot.json", &info(2).to_json());
    assert_eq!(turn(&test_box, &[&server.url]).unwrap(), Some(Slot::B), "it is installed again");
    let outcomes: Vec<_> = reports(&server).iter().map(|r| r.outcome).collect();
    assert_eq!(outcomes, [UpdateOutcome::Installed, UpdateOutcome::Failed]);
}
