//! The law of the line against a panel that answers, is deaf, restarts; and the thread against a socket.

use hearth_link::wire::*;
use hearth_link::{Event, Panel, Session};
use proptest::prelude::*;
use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::sync::mpsc::channel;
use std::time::Duration;

const S: Duration = Duration::from_secs(1);

fn frames(bytes: &[u8]) -> Vec<(u8, ToPanel)> {
    let mut deframer = Deframer::new();
    bytes.iter().filter_map(|b| deframer.push::<ToPanel>(*b)).map(|f| f.map(|f| (f.sequence, f.message)).unwrap()).collect()
}

fn frame(sequence: u8, message: &ToBox) -> Vec<u8> {
    let mut out = [0; MAX_FRAME];
    let length = encode(sequence, message, &mut out).unwrap();
    out[..length].to_vec()
}

/// Lets the session say one thing and the panel acknowledge it.
fn answer(session: &mut Session, now: Duration) -> (Vec<ToPanel>, Vec<Event>) {
    session.tick(now);
    let said = frames(&session.output());
    let acks = said.iter().flat_map(|(sequence, _)| frame(0, &ToBox::Ack { sequence: *sequence })).collect::<Vec<_>>();
    let events = session.received(&acks);
    (said.into_iter().map(|(_, message)| message).collect(), events)
}

fn connected() -> Session {
    let mut session = Session::new();
    assert_eq!(answer(&mut session, S), (vec![ToPanel::Hello { version: VERSION }], vec![Event::Connected]));
    assert_eq!(answer(&mut session, S).0, [ToPanel::AskWake]);
    assert!(session.idle());
    session
}

#[test]
fn a_silent_panel_is_greeted_once_a_second() {
    let mut session = Session::new();
    let mut greetings = 0;
    for ms in (0..10_000).step_by(50) {
        session.tick(Duration::from_millis(ms));
        greetings += frames(&session.output()).len();
    }
    assert_eq!(greetings, 10);
}

#[test]
fn what_holds_is_said_when_somebody_listens_and_again_after_a_restart() {
    let mut session = Session::new();
    let time = ToPanel::Time { unix_s: 1, offset_min: 0 };
    session.say(ToPanel::Show(Show::Dark));
    session.say(time.clone());
    session.say(ToPanel::Kick);
    session.say(ToPanel::Show(Show::Clock));
    assert_eq!(answer(&mut session, S).1, [Event::Connected]);
    let all: Vec<_> = (0..4).flat_map(|_| answer(&mut session, S).0).collect();
    let expected = [ToPanel::Show(Show::Clock), time, ToPanel::AskWake];
    assert_eq!(all, expected, "the last of each, and no kick from before");
    let restart = frame(0, &ToBox::Hello { version: VERSION, reset: ResetCause::Watchdog });
    assert_eq!(session.received(&restart), [Event::Restarted(ResetCause::Watchdog), Event::Connected]);
    session.output();
    let again: Vec<_> = (0..4).flat_map(|_| answer(&mut session, S).0).collect();
    assert_eq!(again, expected);
}

#[test]
fn what_is_not_acknowledged_is_said_again_and_then_the_line_is_lost() {
    let mut session = connected();
    session.say(ToPanel::SafeToCut);
    let (mut said, mut lost) = (0, None);
    for ms in (2_000..6_000).step_by(10) {
        let now = Duration::from_millis(ms);
        lost = lost.or(session.tick(now).map(|event| (event, ms)));
        said += frames(&session.output()).iter().filter(|(_, m)| *m == ToPanel::SafeToCut).count();
    }
    assert_eq!((said, lost), (5, Some((Event::Lost, 3_500))));
    assert!(!session.idle());
}

#[test]
fn another_messages_acknowledgement_is_not_ours() {
    let mut session = connected();
    session.say(ToPanel::Kick);
    session.tick(2 * S);
    let (sequence, _) = frames(&session.output())[0].clone();
    session.received(&frame(0, &ToBox::Ack { sequence: sequence.wrapping_sub(1) }));
    assert!(!session.idle());
    session.received(&frame(0, &ToBox::Ack { sequence }));
    assert!(session.idle());
}

#[test]
fn keys_codes_and_reasons_are_events_and_are_acknowledged() {
    let mut session = connected();
    let key = RemoteKey { protocol: 3, address: 7, command: 9 };
    let check = |session: &mut Session, message: ToBox, event: Event| {
        assert_eq!(session.received(&frame(77, &message)), [event]);
        let said = frames(&session.output());
        assert_eq!(said[0].1, ToPanel::Ack { sequence: 77 });
    };
    check(&mut session, ToBox::Key { key: PanelKey::Ok, pressed: true }, Event::Key { key: PanelKey::Ok, pressed: true });
    check(&mut session, ToBox::Ir { protocol: 3, address: 7, command: 9, repeat: true }, Event::Remote { key, repeat: true });
    check(&mut session, ToBox::Woke { reason: WakeReason::Timer }, Event::Woke(WakeReason::Timer, None));
    check(&mut session, ToBox::LastWake { reason: WakeReason::Ir, key: Some(key) }, Event::Woke(WakeReason::Ir, Some(key)));
}

/// A panel behind a socket that goes away and comes back.
#[test]
fn the_thread_reconnects() {
    let dir = std::env::temp_dir().join(format!("hearth-link-{}", std::process::id()));
    let _ = std::fs::remove_file(&dir);
    let listener = UnixListener::bind(&dir).unwrap();
    let (rung, bell) = channel();
    let panel = Panel::start(&dir, 115_200, move || rung.send(()).unwrap_or_default()).unwrap();
    panel.say(ToPanel::Show(Show::Clock));
    for _ in 0..2 {
        let (mut line, _) = listener.accept().unwrap();
        let (mut deframer, mut seen, mut byte) = (Deframer::new(), Vec::new(), [0]);
        while !seen.contains(&ToPanel::Show(Show::Clock)) {
            line.read_exact(&mut byte).unwrap();
            if let Some(Ok(message)) = deframer.push::<ToPanel>(byte[0]) {
                line.write_all(&frame(0, &ToBox::Ack { sequence: message.sequence })).unwrap();
                seen.push(message.message);
            }
        }
        assert_eq!(seen[0], ToPanel::Hello { version: VERSION });
        line.write_all(&frame(1, &ToBox::Key { key: PanelKey::Up, pressed: true })).unwrap();
        let mut events = Vec::new();
        while !events.contains(&Event::Key { key: PanelKey::Up, pressed: true }) {
            bell.recv_timeout(20 * S).unwrap();
            events.extend(panel.events());
        }
        assert!(events.contains(&Event::Connected));
    }
    drop(panel);
    std::fs::remove_file(&dir).unwrap();
}

/// A serial port, seen from the panel's end, at the place where the box looks for it.
fn serial_port(place: &std::path::Path) -> (std::fs::File, std::fs::File) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let panels_end = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&panels_end).unwrap();
    unlockpt(&panels_end).unwrap();
    let name = ptsname(&panels_end, Vec::new()).unwrap().into_string().unwrap();
    // As long as somebody has it open, the panel's end does not hang up between two openings of the box's.
    let open = std::fs::File::options().read(true).write(true).open(&name).unwrap();
    let _ = std::fs::remove_file(place);
    std::os::unix::fs::symlink(name, place).unwrap();
    (panels_end.into(), open)
}

/// A tty passes every byte as it is, at the speed that was asked for; when it is gone it is opened anew.
#[test]
fn the_thread_drives_a_tty() {
    let place = std::env::temp_dir().join(format!("hearth-link-tty-{}", std::process::id()));
    let (rung, bell) = channel();
    let mut panel = None;
    for round in 0..2u32 {
        let (mut line, open) = serial_port(&place);
        let panel = panel.get_or_insert_with(|| {
            let rung = rung.clone();
            let panel = Panel::start(&place, 115_200, move || rung.send(()).unwrap_or_default()).unwrap();
            // Sequence numbers and text hold what a terminal would take for itself: Ctrl-C, Ctrl-Q, Ctrl-S, both ends of a line.
            panel.say(ToPanel::Show(Show::Message("\u{3}\u{11}\u{13}\r\n\u{1a}ß".try_into().unwrap())));
            panel
        });
        let wanted = ToPanel::Show(Show::Message("\u{3}\u{11}\u{13}\r\n\u{1a}ß".try_into().unwrap()));
        let (mut deframer, mut seen, mut byte) = (Deframer::new(), Vec::new(), [0]);
        while !seen.contains(&wanted) {
            line.read_exact(&mut byte).unwrap();
            if let Some(Ok(message)) = deframer.push::<ToPanel>(byte[0]) {
                line.write_all(&frame(0, &ToBox::Ack { sequence: message.sequence })).unwrap();
                seen.push(message.message);
            }
        }
        assert_eq!(seen[0], ToPanel::Hello { version: VERSION });
        assert_eq!(rustix::termios::tcgetattr(&open).unwrap().output_speed(), 115_200);
        let code = RemoteKey { protocol: 3, address: 0x0d0a_1113, command: 0x0304_1a1c + round };
        let ir = ToBox::Ir { protocol: code.protocol, address: code.address, command: code.command, repeat: false };
        line.write_all(&frame(0x11, &ir)).unwrap();
        let mut events = Vec::new();
        while !events.contains(&Event::Remote { key: code, repeat: false }) {
            bell.recv_timeout(20 * S).unwrap();
            events.extend(panel.events());
        }
        assert!(events.contains(&Event::Connected));
    }
    drop(panel);
    std::fs::remove_file(&place).unwrap();
}

proptest! {
    #[test]
    fn any_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
        let mut session = connected();
        session.received(&bytes);
        session.tick(5 * S);
        prop_assert!(session.output().len() < 4_000);
    }
}
