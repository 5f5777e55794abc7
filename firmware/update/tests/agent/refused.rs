//! Bundles that are not for this box, changed, cut short; discs that do not hold what they are told. Nothing of it ever boots.
use super::fixture::{AtOnce, TestBox, code, info, made, release};
use hearth_update::agent::boot;
use hearth_update::agent::devices::Devices;
use hearth_update::agent::disk::{Disk, Partition};
use hearth_update::agent::here::Order;
use hearth_update::agent::source::FileSource;
use hearth_update::bootstate::{BootState, Chances};
use hearth_update::bundle::{Part, Release};
use hearth_update::signed::SigningKey;
use hearth_update::slot::{Running, Slot};
use std::fs;
use std::io;

/// A bundle's file as a stick may hold it.
fn stick(test_box: &TestBox, file: &[u8]) -> FileSource {
    let path = test_box.dir.path().join("x.bundle");
    fs::write(&path, file).unwrap();
    FileSource::open(&path).unwrap()
}

#[test]
fn not_for_this_box() {
    let check = |change: fn(&mut Release), key: u8, expected: u16| {
        let test_box = TestBox::new();
        let before = test_box.state();
        let new = made(3, change, &SigningKey::from_seed([key; 32]));
        let installed = test_box.install(&mut stick(&test_box, &new.file));
        assert_eq!(code(&installed), expected, "{installed:?}");
        if expected != 0 {
            assert_eq!(test_box.state(), before);
            assert!(test_box.holds(Slot::B, release(1)), "the idle slot was written");
        }
    };
    check(|_| (), 1, 0);
    check(|_| (), 2, 303);
    check(|r| r.board = "other".into(), 1, 501);
    check(|r| r.rollback_index = 1, 1, 502);
    check(|r| r.rollback_index = 2, 1, 0);
    check(|r| r.build_id = info(2).build_id, 1, 503);
}

#[test]
fn does_not_fit() {
    let test_box = TestBox::new();
    let mut file = Vec::new();
    let (mut boot, mut root) = (io::Cursor::new(vec![1; (1 << 20) + 1]), io::Cursor::new(vec![2; 10]));
    let release = Release::new("test", "3.0", &super::fixture::build_id(3), 3);
    hearth_update::bundle::write(&mut file, &release, &mut boot, &mut root, &super::fixture::key()).unwrap();
    let before = test_box.state();
    let installed = test_box.install(&mut stick(&test_box, &file));
    assert_eq!(code(&installed), 504, "{installed:?}");
    assert_eq!(test_box.state(), before);
}

#[test]
fn changed_or_cut_short() {
    let new = release(3);
    let envelope = hearth_update::signed::envelope_len(&new.file).unwrap();
    let data = new.bundle.data as usize;
    // Block 3 of boot is one the box has to take from the file; block 0 it has.
    let (fetched, had) = (data + 3 * 65536 + 5, data + 5);
    let check = |change: &dyn Fn(&mut Vec<u8>), expected: u16| {
        let test_box = TestBox::new();
        let mut file = new.file.clone();
        change(&mut file);
        let installed = test_box.install(&mut stick(&test_box, &file));
        assert_eq!(code(&installed), expected, "{installed:?}");
    };
    for at in [0, 8, 12, 100, envelope - 1] {
        check(&|file| file[at] ^= 1, if at < 8 { 302 } else { 303 });
    }
    check(&|file| file[11] = 0xff, 302);
    check(&|file| file[fetched] ^= 1, 206);
    // What is not read cannot hurt.
    check(&|file| file[had] ^= 1, 0);
    check(&|file| file[envelope] ^= 1, 0);
    for len in [0, 1, 12, 100, envelope - 1] {
        check(&|file| file.truncate(len), 302);
    }
    for len in [envelope, data, fetched, new.file.len() - 1] {
        check(&|file| file.truncate(len), 205);
    }
    check(&|file| file.push(0), 205);
}

#[test]
fn not_now() {
    let new = release(3);
    let check = |change: fn(&mut BootState), expected: u16| {
        let test_box = TestBox::new();
        let mut state = test_box.state();
        change(&mut state);
        test_box.put_state(BootState { generation: 20, ..state });
        let installed = test_box.install(&mut stick(&test_box, &new.file));
        assert_eq!(code(&installed), expected, "{installed:?}");
    };
    check(|_| (), 0);
    check(|state| state.a.good = false, 102);
    check(|state| state.a.left = 0, 0);
    check(|state| state.floor = 4, 502);

    let test_box = TestBox::new();
    let held = test_box.folders.lock().unwrap();
    assert_eq!(code(&test_box.install(&mut stick(&test_box, &new.file))), 404);
    drop(held);
    assert_eq!(code(&test_box.install(&mut stick(&test_box, &new.file))), 0);
}

#[test]
fn what_failed_is_not_tried_again_by_itself() {
    let new = release(3);
    let test_box = TestBox::new();
    test_box.install(&mut stick(&test_box, &new.file)).unwrap();
    // Three boots, and no word that it came up.
    let state = BootState { generation: 50, b: Chances::NONE, ..test_box.state() };
    test_box.put_state(state);
    assert_eq!(code(&test_box.install(&mut stick(&test_box, &new.file))), 104);
    assert_eq!(test_box.state(), state);
    let alone = test_box.folders.lock().unwrap();
    let again = test_box.here(&mut test_box.disk()).install(
        &alone,
        &mut stick(&test_box, &new.file),
        Order { again: true, ..Order::default() },
        &mut AtOnce,
    );
    assert_eq!(code(&again), 0);
    assert_eq!(test_box.state().b, Chances::TRIAL);
    // What comes after it is another matter.
    test_box.put_state(BootState { generation: 60, ..state });
    let next = made(4, |_| (), &super::fixture::key());
    let installed =
        test_box.here(&mut test_box.disk()).install(&alone, &mut stick(&test_box, &next.file), Order::default(), &mut AtOnce);
    assert_eq!(code(&installed), 0);
}

#[test]
fn marked_good_once_for_all() {
    let test_box = TestBox::new();
    test_box.install(&mut stick(&test_box, &release(3).file)).unwrap();
    let mark = |running, index| boot::mark_good(&mut test_box.disk(), running, &info(index));
    assert_eq!(code(&mark(Running::Recovery, 3)), 103);
    let state = mark(Running::Slot(Slot::B), 3).unwrap();
    assert_eq!((state.first, state.b, state.floor), (Slot::B, Chances::GOOD, 3));
    assert_eq!(mark(Running::Slot(Slot::B), 3).unwrap(), state, "nothing new, nothing written");
    // The older slot still is what it falls back to, and coming up there takes the floor nowhere.
    assert_eq!(mark(Running::Slot(Slot::A), 2).unwrap().floor, 3);
}

/// A disc that changes blocks of one partition after they were written.
struct Failing<'a> {
    disk: &'a mut dyn Disk,
    partition: Partition,
    times: u32,
}

impl Disk for Failing<'_> {
    fn size(&mut self, of: Partition) -> io::Result<u64> {
        self.disk.size(of)
    }

    fn read_at(&mut self, from: Partition, at: u64, into: &mut [u8]) -> io::Result<()> {
        self.disk.read_at(from, at, into)
    }

    fn read_back(&mut self, from: Partition, at: u64, into: &mut [u8]) -> io::Result<()> {
        self.disk.read_back(from, at, into)
    }

    fn write_at(&mut self, to: Partition, at: u64, bytes: &[u8]) -> io::Result<()> {
        let mut bytes = bytes.to_vec();
        if to == self.partition && self.times > 0 {
            self.times -= 1;
            bytes[7] ^= 1;
        }
        self.disk.write_at(to, at, &bytes)
    }

    fn flush(&mut self, of: Partition) -> io::Result<()> {
        self.disk.flush(of)
    }
}

#[test]
fn a_disc_that_fails() {
    let new = release(3);
    let check = |partition, times, expected: u16| {
        let test_box = TestBox::new();
        let mut disk = test_box.disk();
        let installed = test_box.install_on(&mut Failing { disk: &mut disk, partition, times }, &mut stick(&test_box, &new.file));
        assert_eq!(code(&installed), expected, "{partition} {times}: {installed:?}");
    };
    let root = Partition::Slot(Part::Root, Slot::B);
    check(root, 1, 0);
    check(root, u32::MAX, 403);
    check(Partition::Slot(Part::Boot, Slot::B), u32::MAX, 403);
    check(Partition::BootState, 1, 403);
}

#[test]
fn only_what_is_allowed_can_be_written() {
    let test_box = TestBox::new();
    let mut disk = test_box.disk();
    let allowed = [Partition::BootState, Partition::Slot(Part::Boot, Slot::B), Partition::Slot(Part::Root, Slot::B)];
    for partition in Partition::ALL {
        let size = disk.size(partition).unwrap();
        assert_eq!(disk.write_at(partition, size - 4096, &[0; 4096]).is_ok(), allowed.contains(&partition), "{partition}");
        assert!(disk.write_at(partition, size - 4095, &[0; 4096]).is_err(), "{partition}: past its end");
        assert!(disk.write_at(partition, u64::MAX, &[0]).is_err());
        assert!(disk.read_back(partition, size, &mut [0]).is_err());
        let mut odd = vec![0; 5000];
        disk.read_back(partition, 123, &mut odd).unwrap();
        assert_eq!(odd, test_box.get(partition, 123, 5000));
    }
}

#[test]
fn not_the_image_of_a_box() {
    let dir = tempfile::tempdir().unwrap();
    let check = |name: &str, content: Option<&[u8]>| {
        let path = dir.path().join(name);
        if let Some(content) = content {
            fs::write(&path, content).unwrap();
        }
        assert_eq!(code(&Devices::of_image(&path).map(|_| ())), 402, "{name}");
    };
    check("none", None);
    check("empty", Some(&[]));
    check("zeroes", Some(&[0; 1 << 20]));
    check("noise", Some(&[0xa5; 1 << 20]));
    let test_box = TestBox::new();
    let whole = fs::read(&test_box.image).unwrap();
    check("short", Some(&whole[..600]));
    // An entry's name, in both tables.
    let mut renamed = whole.clone();
    let name: Vec<u8> = "root-b".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for at in 0..renamed.len() - name.len() {
        if renamed[at..].starts_with(&name) {
            renamed[at] ^= 1;
        }
    }
    check("renamed", Some(&renamed));
}
