//! The daemon's and recovery's patience, by a clock that only notes what it was asked for.
use super::fixture::{TestBox, release};
use super::server::{Fault, Server};
use hearth_update::agent::boot;
use hearth_update::agent::daemon::{Daemon, Times};
use hearth_update::agent::disk::Disk;
use hearth_update::agent::http::{Timeouts, client};
use hearth_update::agent::offer::Asker;
use hearth_update::agent::recover::{Recovered, recover};
use hearth_update::agent::retry::Pause;
use hearth_update::bootstate::{BootState, Chances};
use hearth_update::slot::{Running, Slot};
use std::time::Duration;

/// Notes the seconds, and ends the program after so many waits. At each, `then` may happen to the box.
struct Noted<'a> {
    seconds: Vec<u64>,
    waits: usize,
    then: &'a dyn Fn(usize),
}

impl Pause for Noted<'_> {
    fn wait(&mut self, time: Duration) -> bool {
        self.seconds.push(time.as_secs());
        (self.then)(self.seconds.len());
        self.seconds.len() < self.waits
    }

    fn random(&mut self) -> u32 {
        u32::MAX
    }
}

fn daemon<'a>(test_box: &'a TestBox, disk: &'a mut dyn Disk, server: &str) -> Daemon<'a> {
    let info = test_box.folders.info().unwrap();
    let asker = Asker::new(client(Timeouts::default()), vec![server.to_owned()], &info, "d".into(), "beta".into());
    Daemon { here: test_box.here(disk), asker }
}

const TIMES: Times = Times { interval: Duration::from_secs(1000), first: Duration::from_secs(7) };

#[test]
fn asks_more_seldom_while_nobody_answers() {
    let test_box = TestBox::new();
    let mut pause = Noted { seconds: vec![], waits: 8, then: &|_| () };
    daemon(&test_box, &mut test_box.disk(), "http://127.0.0.1:9").run(TIMES, &mut pause, &mut || panic!("ready")).unwrap();
    assert_eq!(pause.seconds, [7, 60, 120, 240, 480, 960, 1000, 1000]);
    assert_eq!(test_box.status().code, Some(201));
}

#[test]
fn waits_until_the_running_slot_is_good_then_installs_once() {
    let test_box = TestBox::new();
    let trial = BootState { generation: 9, a: Chances { left: 2, good: false }, ..test_box.state() };
    test_box.put_state(trial);
    let offer = format!(r#"{{"version":"3.0","build-id":"{}","url":"x"}}"#, super::fixture::build_id(3));
    let server = Server::offering(&release(3).file, &offer);
    let come_up = |wait| {
        if wait == 3 {
            test_box.put_state(BootState { generation: 10, a: Chances::GOOD, ..trial });
        }
    };
    let mut ready = 0;
    let mut pause = Noted { seconds: vec![], waits: 6, then: &come_up };
    let counted = &mut || {
        ready += 1;
        Ok(())
    };
    daemon(&test_box, &mut test_box.disk(), &server.url).run(TIMES, &mut pause, counted).unwrap();
    assert_eq!(pause.seconds, [5, 5, 5, 7, 1000, 1000]);
    assert_eq!((ready, test_box.state().b), (2, Chances::TRIAL), "it is as ready the second time");
    let log = server.log();
    assert!(log[0].starts_with("POST /v1/updates/report") && log[0].contains("installed"), "{log:?}");
    assert_eq!(log.iter().filter(|line| line.contains("/x ")).count(), 7 + 1, "the second time only the manifest: {log:?}");
}

#[test]
fn recovery_without_a_server() {
    let check = |b: Chances, waits: usize, expected: Option<Recovered>, seconds: &[u64]| {
        let test_box = TestBox { running: Running::Recovery, ..TestBox::new() };
        test_box.put_state(BootState { generation: 9, a: Chances::NONE, b, floor: 2, ..BootState::default() });
        // It has no version for this board.
        let server = Server::new(&[], Fault::None, 0, 0);
        let mut pause = Noted { seconds: vec![], waits, then: &|_| () };
        let recovered = recover(&mut daemon(&test_box, &mut test_box.disk(), &server.url), &mut pause).ok();
        assert_eq!(recovered, expected);
        assert_eq!(pause.seconds, seconds);
        let state = boot::read(&mut test_box.disk());
        assert_eq!(state.chances(Slot::A), Chances::NONE);
        assert_eq!(state.chances(Slot::B), if expected.is_some() { Chances::GOOD } else { b });
    };
    let worn = Chances { left: 0, good: true };
    check(worn, 9, Some(Recovered::AnotherChance), &[5, 10]);
    check(Chances::NONE, 9, None, &[5, 10, 20, 40, 80, 160, 300, 300, 300]);
}
