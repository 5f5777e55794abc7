//! Servers that lie, break off, or are no servers: each ends in a whole slot or in one numbered error, and the next honest one finishes the job.
use super::fixture::{TestBox, code, release};
use super::server::{Fault, Server};
use hearth_update::agent::disk::Partition;
use hearth_update::agent::http::{HttpSource, Timeouts, client};
use hearth_update::bootstate::{BootState, Chances};
use hearth_update::bundle::Part;
use hearth_update::slot::{Running, Slot};
use std::time::Duration;

const FOR_EVER: usize = usize::MAX;

/// What comes of a fault that begins with request `from` and lasts `times`: an error's number, or 0.
fn check(fault: Fault, from: usize, times: usize, expected: u16) {
    let new = release(3);
    let server = Server::new(&new.file, fault, from, times);
    let test_box = TestBox::new();
    // Where it ends well, an honest answer must not come too late on a busy machine: it has nine times this.
    let short = Duration::from_millis(if !matches!(fault, Fault::Silent | Fault::Stalls) {
        30_000
    } else if expected == 0 {
        1000
    } else {
        100
    });
    let timeouts = Timeouts { connect: Duration::from_secs(10), response: short, body: short };
    let installed = test_box.install(&mut HttpSource::new(client(timeouts), &server.bundle()));
    assert_eq!(code(&installed), expected, "{fault:?} from request {from}: {installed:?} {:?}", server.log());
    if expected != 0 {
        assert_ne!(test_box.state().first, Slot::B, "{fault:?}");
        let honest = Server::new(&new.file, Fault::None, 0, 0);
        let installed = test_box.install(&mut HttpSource::new(client(Timeouts::default()), &honest.bundle()));
        assert_eq!(code(&installed), 0, "after {fault:?}: {installed:?}");
    }
    let state = test_box.state();
    assert_eq!((state.first, state.b), (Slot::B, Chances::TRIAL));
    assert!(test_box.holds(Slot::B, new));
}

#[test]
fn at_the_first_request() {
    for status in [400, 401, 403, 404, 410, 416, 418, 500, 502, 503] {
        check(Fault::Status(status), 0, FOR_EVER, 202);
    }
    check(Fault::Page, 0, FOR_EVER, 201);
    check(Fault::IgnoresRanges, 0, FOR_EVER, 203);
    check(Fault::WrongPart, 0, FOR_EVER, 203);
    check(Fault::NonsenseRange, 0, FOR_EVER, 203);
    check(Fault::Compressed, 0, FOR_EVER, 201);
    check(Fault::ClaimsLonger, 0, FOR_EVER, 205);
    check(Fault::WrongBytes, 0, FOR_EVER, 302);
    check(Fault::BreaksOff, 0, FOR_EVER, 201);
    check(Fault::HangsUp, 0, FOR_EVER, 201);
    check(Fault::Circles, 0, FOR_EVER, 201);
    check(Fault::Silent, 0, FOR_EVER, 201);
    check(Fault::Stalls, 0, FOR_EVER, 201);
    check(Fault::WeakTag, 0, FOR_EVER, 0);
    check(Fault::NoTag, 0, FOR_EVER, 0);
}

#[test]
fn in_the_middle_for_ever() {
    for (status, expected) in [(403, 202), (404, 202), (410, 202), (416, 204), (429, 202), (500, 202), (503, 202)] {
        check(Fault::Status(status), 3, FOR_EVER, expected);
    }
    check(Fault::Page, 3, FOR_EVER, 201);
    check(Fault::IgnoresRanges, 3, FOR_EVER, 204);
    check(Fault::WrongPart, 3, FOR_EVER, 203);
    check(Fault::NonsenseRange, 3, FOR_EVER, 203);
    check(Fault::Compressed, 3, FOR_EVER, 201);
    check(Fault::ClaimsLonger, 3, FOR_EVER, 204);
    check(Fault::NewTags, 3, FOR_EVER, 204);
    check(Fault::WrongBytes, 3, FOR_EVER, 206);
    check(Fault::BreaksOff, 3, FOR_EVER, 201);
    check(Fault::HangsUp, 3, FOR_EVER, 201);
    check(Fault::Silent, 3, FOR_EVER, 201);
    check(Fault::Stalls, 3, FOR_EVER, 201);
}

#[test]
fn in_the_middle_for_a_while() {
    for fault in
        [Fault::Status(503), Fault::Status(429), Fault::Page, Fault::WrongBytes, Fault::BreaksOff, Fault::HangsUp, Fault::Stalls]
    {
        check(fault, 2, 3, 0);
    }
}

#[test]
fn only_what_is_missing_is_fetched() {
    let new = release(3);
    let test_box = TestBox::new();
    let server = Server::new(&new.file, Fault::None, 0, 0);
    let progress = test_box.install(&mut HttpSource::new(client(Timeouts::default()), &server.bundle())).unwrap().progress;
    // 5 and 23 blocks; of each four one differs, and the ends are shorter than a block.
    assert_eq!((progress.total, progress.done), (1_800_000, 1_800_000));
    assert_eq!(progress.total - progress.reused, 6 * 65536, "{progress:?}");
    assert_eq!(server.sent(), 65536 + 6 * 65536, "the manifest's request and the blocks");

    // All of it is there: nothing but the manifest is asked for, nothing is written.
    let state = test_box.state();
    let server = Server::new(&new.file, Fault::None, 0, 0);
    let progress = test_box.install(&mut HttpSource::new(client(Timeouts::default()), &server.bundle())).unwrap().progress;
    assert_eq!((progress.reused, server.sent()), (progress.total, 65536));
    assert_eq!(test_box.state(), state);
}

#[test]
fn goes_on_where_it_was() {
    let new = release(3);
    let test_box = TestBox::new();
    let broken = Server::new(&new.file, Fault::HangsUp, 4, FOR_EVER);
    let installed = test_box.install(&mut HttpSource::new(client(Timeouts::default()), &broken.bundle()));
    assert_eq!((code(&installed), broken.sent()), (201, 4 * 65536), "the manifest and three blocks");
    let server = Server::new(&new.file, Fault::None, 0, 0);
    test_box.install(&mut HttpSource::new(client(Timeouts::default()), &server.bundle())).unwrap();
    assert_eq!(server.sent(), 4 * 65536, "the manifest and the other three");
    assert!(test_box.holds(Slot::B, new));
}

#[test]
fn neighbours_come_in_one_request() {
    let new = release(3);
    let test_box = TestBox { running: Running::Recovery, ..TestBox::new() };
    for (part, slot) in [(Part::Boot, Slot::A), (Part::Boot, Slot::B), (Part::Root, Slot::A), (Part::Root, Slot::B)] {
        test_box.put(Partition::Slot(part, slot), 0, &vec![0; 1 << if part == Part::Boot { 20 } else { 21 }]);
    }
    test_box.put_state(BootState { generation: 9, a: Chances::NONE, b: Chances::NONE, floor: 2, ..BootState::default() });
    let server = Server::new(&new.file, Fault::None, 0, 0);
    let installed = test_box.install(&mut HttpSource::new(client(Timeouts::default()), &server.bundle())).unwrap();
    assert_eq!((installed.slot, installed.progress.reused), (Slot::A, 0));
    assert!(test_box.holds(Slot::A, new));
    // The manifest, the boot payload, a mebibyte of the root, the rest of it.
    assert_eq!(server.log().len(), 4, "{:?}", server.log());
}
