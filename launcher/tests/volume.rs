//! The volume keys, over every screen: what the player is told, what the screen and the front panel show, and for how long.

mod support;

use hearth_launcher::service::FrontPanel;
use hearth_link::wire::{Deframer, MAX_FRAME, ToBox, ToPanel, encode};
use hearth_nav::{Preferences, Volume};
use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use support::catalog::Household;
use support::golden;
use support::tv::Tv;

/// A front panel that acknowledges everything, and what it has heard of the volume.
fn panel(folder: &Path) -> (FrontPanel, Receiver<(u8, bool)>) {
    let socket = folder.join("panel");
    let listener = UnixListener::bind(&socket).expect("a socket");
    let (tell, heard) = channel();
    std::thread::spawn(move || {
        let (mut line, _) = listener.accept().expect("the box");
        let (mut deframer, mut byte, mut out) = (Deframer::new(), [0], [0; MAX_FRAME]);
        while line.read_exact(&mut byte).is_ok() {
            let Some(Ok(frame)) = deframer.push::<ToPanel>(byte[0]) else { continue };
            let length = encode(0, &ToBox::Ack { sequence: frame.sequence }, &mut out).expect("a frame");
            // The box has gone: the test is over.
            let _ = line.write_all(&out[..length]);
            if let ToPanel::Volume { percent, muted } = frame.message {
                let _ = tell.send((percent, muted));
            }
        }
    });
    let boards = Path::new(env!("CARGO_MANIFEST_DIR")).join("../boards");
    let mut board = hearth_boards::load(&boards, "qemu-virt").expect("a board");
    board.panel.as_mut().expect("a panel").device = socket.display().to_string();
    (FrontPanel::open(Some(&board), Arc::new(|| ())).expect("a panel"), heard)
}

#[test]
fn the_volume_is_changed_told_and_shown() {
    let volume = |percent, muted| Volume { percent, muted };
    let before = Preferences { volume: volume(65, false), ..Preferences::default() };
    let mut tv = Tv::with_preferences(Arc::new(Household::new()), before);
    let place = tempfile::tempdir().expect("a folder");
    let (mut panel, heard) = panel(place.path());
    let mut failures = Vec::new();
    let told = |tv: &Tv| std::mem::take(&mut tv.player.borrow_mut().volumes);
    let mut now = Duration::ZERO;
    let mut to_panel = |tv: &Tv| {
        now += Duration::from_millis(100);
        panel.turn(&tv.launcher, now);
    };
    let hears = || heard.recv_timeout(Duration::from_secs(20)).expect("the panel hears of it");
    tv.settle();
    to_panel(&tv);
    assert_eq!(told(&tv), [volume(65, false)], "the player is told before the first film");

    // On the home screen: focus and shelves stay as they are.
    tv.press("down");
    let (focus, without) = (tv.focus(), tv.screen());
    tv.press("volume-up");
    assert_eq!((told(&tv), tv.focus()), (vec![volume(70, false)], focus.clone()));
    golden::check("volume", &tv.screen(), &mut failures);
    to_panel(&tv);
    assert_eq!(hears(), (70, false), "and nothing of the volume at its start");
    to_panel(&tv);
    tv.press("mute");
    assert_eq!(told(&tv), [volume(70, true)]);
    to_panel(&tv);
    assert_eq!(hears(), (70, true), "once for each press");

    // It goes by itself, and leaves no pixel.
    tv.pass(Duration::from_secs(3));
    tv.settle();
    assert!(tv.screen() == without && tv.launcher.app().wake_ms().is_none());

    // Over a film: captions stay where they are, and the overlay stays away.
    tv.press("ok");
    tv.start_film();
    tv.caption("[a branch snaps]");
    tv.press("volume-down");
    assert_eq!(told(&tv), [volume(65, true)], "quieter is not");
    golden::check("volume-muted", &tv.screen(), &mut failures);
    tv.press("volume-up");
    assert_eq!(told(&tv), [volume(70, false)], "louder is to be heard");
    assert!(!tv.launcher.overlay());
    assert!(tv.player.borrow().told.iter().all(|t| t.starts_with("load")), "{:?}", tv.player.borrow().told);
    tv.pass(Duration::from_secs(3));
    tv.settle();
    assert!(tv.surface.pixels().iter().all(|p| p.alpha == 0), "nothing lies over the film");
    tv.press("ok volume-down");
    golden::check("volume-overlay", &tv.screen(), &mut failures);
    assert_eq!(tv.launcher.app().preferences().volume, volume(65, false), "for the file");

    // Over an error.
    tv.fail_film();
    tv.press("volume-down");
    assert_eq!((told(&tv).last(), tv.focus()), (Some(&volume(60, false)), "buttons/retry".to_owned()));
    assert!(failures.is_empty(), "{failures:#?}");
}
