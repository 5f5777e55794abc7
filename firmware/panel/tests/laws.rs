//! The laws of power and keys, each as a story in virtual time.

use hearth_panel::*;
use hearth_wire::*;
use proptest::prelude::*;

const MS: u64 = 1_000;
const S: u64 = 1_000_000;

/// Steps through `events`, ticking every 20 ms between and `until_us` after them; all actions but drawing and acknowledging, with their times.
fn story(events: &[(u64, Event)], until_us: u64) -> Vec<(u64, Action)> {
    let (mut panel, mut now, mut seen) = (<Panel>::default(), 0, Vec::new());
    let mut events = events.iter().peekable();
    while now <= until_us {
        let due = events.next_if(|(at, _)| *at <= now);
        let (at, event) = due.map_or((now, Event::Tick), |(at, event)| (*at, event.clone()));
        let actions = panel.step(at, event);
        let told = |a: &Action| {
            !matches!(a, Action::Draw | Action::Led(_) | Action::Brightness(_) | Action::Save | Action::Send(ToBox::Ack { .. }))
        };
        seen.extend(actions.into_iter().filter(told).map(|a| (at, a)));
        if due.is_none() {
            now += 20 * MS;
        }
    }
    seen
}

fn message(at: u64, message: ToPanel) -> (u64, Event) {
    (at, Event::Message(0, message))
}

fn key(at: u64, key: PanelKey, down: bool) -> (u64, Event) {
    (at, Event::KeyLevel(key, down))
}

#[test]
fn power_is_cut_only_when_the_box_says_so_or_after_the_timeout() {
    let stop = message(S, ToPanel::Standby { wake_at_s: None });
    assert_eq!(story(&[message(S, ToPanel::SafeToCut)], 30 * S), [], "safe to cut without standby is nothing");
    assert_eq!(story(&[stop.clone(), message(2 * S, ToPanel::SafeToCut)], 30 * S), [(2 * S, Action::Power(false))]);
    assert_eq!(story(&[stop], 30 * S), [(S + CUT_TIMEOUT_US, Action::Power(false))]);
}

#[test]
fn a_key_wakes_and_is_not_a_command_too() {
    let events = [
        message(0, ToPanel::Standby { wake_at_s: None }),
        message(0, ToPanel::SafeToCut),
        key(5 * S, PanelKey::Power, true),
        key(6 * S, PanelKey::Power, false),
    ];
    let woken = [
        (5 * S + DEBOUNCE_US, Action::Power(true)),
        (5 * S + DEBOUNCE_US, Action::Send(ToBox::Woke { reason: WakeReason::FrontPanel })),
        (6 * S + DEBOUNCE_US, Action::Send(ToBox::Key { key: PanelKey::Power, pressed: false })),
    ];
    assert_eq!(story(&events, 20 * S)[1..], woken);
}

#[test]
fn the_wake_timer_wakes_with_its_reason() {
    let events = [
        message(0, ToPanel::Time { unix_s: 1_000, offset_min: 0 }),
        message(0, ToPanel::Standby { wake_at_s: Some(1_060) }),
        message(0, ToPanel::SafeToCut),
    ];
    let seen = story(&events, 100 * S);
    assert_eq!(seen[1..], [(60 * S, Action::Power(true)), (60 * S, Action::Send(ToBox::Woke { reason: WakeReason::Timer }))]);
}

#[test]
fn the_watchdog_is_armed_by_the_first_kick_and_bites_once() {
    assert_eq!(story(&[], 60 * S), [], "a slow boot is no fault");
    let seen = story(&[message(S, ToPanel::Kick)], 60 * S);
    let at = S + WATCHDOG_US;
    assert_eq!(seen, [(at, Action::Restart), (at, Action::Send(ToBox::Woke { reason: WakeReason::Watchdog }))]);
}

#[test]
fn a_bouncing_contact_is_one_press() {
    let mut events: Vec<_> = (0..10).map(|i| key(S + i * 3 * MS, PanelKey::Ok, i % 2 == 0)).collect();
    events.push(key(S + 30 * MS, PanelKey::Ok, true));
    let pressed = story(&events, 2 * S);
    assert_eq!(pressed.len(), 1, "{pressed:?}");
    assert_eq!(pressed[0].1, Action::Send(ToBox::Key { key: PanelKey::Ok, pressed: true }));
}

#[test]
fn the_power_key_held_long_cuts_whatever_the_box_says() {
    let seen = story(&[key(S, PanelKey::Power, true)], 30 * S);
    assert_eq!(seen.last(), Some(&(S + DEBOUNCE_US + HARD_OFF_US, Action::Power(false))));
}

fn any_event() -> impl Strategy<Value = Event> {
    let keys = prop_oneof![Just(PanelKey::Power), Just(PanelKey::Up), Just(PanelKey::Ok), Just(PanelKey::Left)];
    prop_oneof![
        (keys, any::<bool>()).prop_map(|(k, down)| Event::KeyLevel(k, down)),
        (any::<u64>(), any::<i16>()).prop_map(|(unix_s, offset_min)| Event::Message(1, ToPanel::Time { unix_s, offset_min })),
        any::<Option<u64>>().prop_map(|wake_at_s| Event::Message(2, ToPanel::Standby { wake_at_s })),
        Just(Event::Message(3, ToPanel::SafeToCut)),
        Just(Event::Message(4, ToPanel::Kick)),
        Just(Event::Tick),
    ]
}

proptest! {
    /// Power goes off only from on and on only from off, in whatever order things happen.
    #[test]
    fn power_alternates(events in proptest::collection::vec((0u64..20 * S, any_event()), 0..200)) {
        let (mut panel, mut now, mut on) = (<Panel>::default(), 0u64, true);
        for (pause, event) in events {
            now += pause;
            for action in panel.step(now, event) {
                if let Action::Power(now_on) = action {
                    prop_assert_ne!(on, now_on);
                    on = now_on;
                }
            }
            prop_assert_eq!(on, !matches!(panel.power(), Power::Asleep { depth: Depth::Deep, .. }));
        }
    }
}

/// An NEC frame of address 4 beginning at `at`, as events.
fn nec(at: u64, command: u8) -> Vec<(u64, Event)> {
    let bits = u32::from_le_bytes([4, !4, command, !command]);
    let spaces = (0..32).map(|i| if bits >> i & 1 == 1 { 1_690 } else { 560 });
    let pairs = std::iter::once((9_000, 4_500)).chain(spaces.map(|space| (560, space))).chain([(560, 0)]);
    let mut now = at;
    let mut events = Vec::new();
    for (mark, space) in pairs {
        events.extend([(now, Event::Light(true)), (now + mark, Event::Light(false))]);
        now += mark + space;
    }
    events
}

const fn remote(command: u32) -> RemoteKey {
    RemoteKey { protocol: 0, address: 4, command }
}

#[test]
fn only_a_wake_key_wakes_and_only_what_is_awake_hears_codes() {
    let mut events = vec![
        message(0, ToPanel::WakeKey { slot: 7, key: Some(remote(8)) }),
        message(0, ToPanel::WakeKey { slot: 8, key: Some(remote(9)) }), // there is no such slot
    ];
    events.extend(nec(S, 9));
    events.push(message(2 * S, ToPanel::Sleep { depth: Depth::Deep, wake_at_s: None }));
    events.push(message(2 * S, ToPanel::SafeToCut));
    events.extend(nec(3 * S, 9));
    events.extend(nec(4 * S, 8));
    events.push(message(5 * S, ToPanel::AskWake));
    let told: Vec<_> = story(&events, 10 * S).into_iter().map(|(_, action)| action).collect();
    assert_eq!(
        told,
        [
            Action::Send(ToBox::Ir { protocol: 0, address: 4, command: 9, repeat: false }),
            Action::Power(false),
            Action::Power(true),
            Action::Send(ToBox::Woke { reason: WakeReason::Ir }),
            Action::Send(ToBox::LastWake { reason: WakeReason::Ir, key: Some(remote(8)) }),
        ]
    );
}

#[test]
fn a_box_that_keeps_its_power_is_woken_by_its_line() {
    for depth in [Depth::Light, Depth::DeepNetwork] {
        let events = [
            message(0, ToPanel::Time { unix_s: 1_000, offset_min: 0 }),
            message(0, ToPanel::Kick),
            message(S, ToPanel::Sleep { depth, wake_at_s: Some(1_060) }),
        ];
        let woken = [(60 * S, Action::WakeLine), (60 * S, Action::Send(ToBox::Woke { reason: WakeReason::Timer }))];
        assert_eq!(story(&events, 100 * S), woken, "and the watchdog sleeps too");
    }
}

/// All that a panel says of lamp and display through a day and a sleep.
#[test]
fn lamp_and_brightness_follow() {
    let mut panel = <Panel>::default();
    let mut told = Vec::new();
    let mut step = |at: u64, event: Event| {
        let lights = |a: &Action| matches!(a, Action::Led(_) | Action::Brightness(_));
        told.extend(panel.step(at, event).into_iter().filter(lights));
    };
    step(0, Event::Start(ResetCause::PowerOn));
    // 20:00; the night begins at 21.
    let brightness = Brightness { day: 12, night: 3, day_from: 8, night_from: 21 };
    step(0, Event::Message(0, ToPanel::Time { unix_s: 20 * 3_600, offset_min: 0 }));
    step(0, Event::Message(1, ToPanel::Brightness(brightness)));
    step(3_599 * S, Event::Tick);
    step(3_600 * S, Event::Tick);
    step(3_600 * S, Event::Message(2, ToPanel::Standby { wake_at_s: None }));
    step(3_600 * S, Event::Message(3, ToPanel::SafeToCut));
    step(12 * 3_600 * S, Event::Tick);
    assert_eq!(
        told,
        [
            Action::Led(Led::On),
            Action::Brightness(15),
            Action::Brightness(12),
            Action::Brightness(3),
            Action::Led(Led::Stopping),
            Action::Led(Led::Asleep),
            Action::Brightness(12),
        ]
    );
}
