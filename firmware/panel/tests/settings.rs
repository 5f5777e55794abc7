//! Settings survive a loss of power at every write.

use hearth_panel::settings::{COPY_BYTES, Flash, Settings, WAKE_SLOTS};
use hearth_wire::{RemoteKey, WakeReason};
use proptest::prelude::*;

/// Flash whose power goes in the middle of operation number `left`: of a cut operation, the first `part` bytes are done and the next one
/// is garbage, as an interrupted erase or write leaves it.
struct Fragile {
    copies: [[u8; COPY_BYTES]; 2],
    left: usize,
    part: usize,
    operations: usize,
}

impl Fragile {
    fn new() -> Self {
        Self { copies: [[0xff; COPY_BYTES]; 2], left: usize::MAX, part: 0, operations: 0 }
    }

    fn set(&mut self, copy: usize, offset: usize, bytes: &[u8]) {
        self.operations += 1;
        let Some(left) = self.left.checked_sub(1) else { return };
        self.left = left;
        let target = &mut self.copies[copy][offset..offset + bytes.len()];
        if left > 0 {
            target.copy_from_slice(bytes);
            return;
        }
        let part = self.part.min(bytes.len());
        target[..part].copy_from_slice(&bytes[..part]);
        if let Some(torn) = target.get_mut(part) {
            *torn ^= 0x5a;
        }
    }
}

impl Flash for Fragile {
    fn read(&self, copy: usize) -> [u8; COPY_BYTES] {
        self.copies[copy]
    }

    fn erase(&mut self, copy: usize) {
        self.set(copy, 0, &[0xff; COPY_BYTES]);
    }

    fn write(&mut self, copy: usize, offset: usize, word: [u8; 4]) {
        assert!(self.left == 0 || self.copies[copy][offset..offset + 4] == [0xff; 4], "written without erasing");
        self.set(copy, offset, &word);
    }
}

fn settings(command: u32) -> Settings {
    let mut settings = Settings::new();
    for slot in 0..WAKE_SLOTS {
        settings.wake_keys[slot] = Some(RemoteKey { protocol: slot as u8, address: 0xdead_0000 | slot as u32, command });
    }
    settings.last_wake = WakeReason::Ir;
    settings.last_key = settings.wake_keys[3];
    settings
}

#[test]
fn a_cut_at_any_moment_leaves_the_old_or_the_new() {
    let whole = {
        let mut flash = Fragile::new();
        settings(1).save(&mut flash);
        flash.operations
    };
    assert!(whole > COPY_BYTES / 4);
    // The first save of a new panel, and the third, when both copies hold something.
    for saves in [0, 2] {
        for cut in 0..=whole {
            for part in 0..=COPY_BYTES {
                let mut flash = Fragile::new();
                (0..saves).for_each(|i| settings(i).save(&mut flash));
                let old = Settings::load(&flash);
                let new = settings(100);
                (flash.left, flash.part) = (cut, part);
                new.save(&mut flash);
                flash.left = usize::MAX;
                let found = Settings::load(&flash);
                assert!(found == old || found == new, "cut at operation {cut}, byte {part}: {found:?}");
                // And the panel goes on from there.
                settings(7).save(&mut flash);
                assert_eq!(Settings::load(&flash), settings(7));
            }
        }
    }
}

#[test]
fn what_is_saved_already_is_not_written_again() {
    let mut flash = Fragile::new();
    settings(1).save(&mut flash);
    let operations = flash.operations;
    settings(1).save(&mut flash);
    assert_eq!(flash.operations, operations);
}

proptest! {
    #[test]
    fn any_bytes_load(bytes in proptest::collection::vec(any::<u8>(), COPY_BYTES)) {
        let mut flash = Fragile::new();
        flash.copies[0].copy_from_slice(&bytes);
        prop_assert_eq!(Settings::load(&flash), Settings::new());
    }
}
