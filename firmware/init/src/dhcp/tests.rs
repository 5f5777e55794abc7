//! The state machine against its promises.

use super::*;
use proptest::prelude::*;

const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 2);

fn lease(last: u8, seconds: u64) -> Lease {
    let length = Duration::from_secs(seconds);
    let address = Ipv4Addr::new(10, 0, 2, last);
    Lease {
        address,
        prefix: 24,
        server: SERVER,
        length: Some(length),
        renew: length / 2,
        rebind: length * 7 / 8,
        ..Lease::default()
    }
}

fn answer(client: &Client, answer: Answer) -> Event {
    Event::Reply(Reply { transaction: client.transaction, answer })
}

fn sent(actions: &[Action]) -> &Ask {
    match actions {
        [Action::Send(ask)] => ask,
        other => panic!("one message expected: {other:?}"),
    }
}

fn bound(seconds: u64) -> Client {
    let mut client = Client::new(1);
    client.step(Event::LinkUp, Duration::ZERO);
    let offer = answer(&client, Answer::Offer(lease(15, seconds)));
    client.step(offer, Duration::ZERO);
    let ack = answer(&client, Answer::Ack(lease(15, seconds)));
    assert_eq!(client.step(ack, Duration::ZERO), [Action::Configure(lease(15, seconds))]);
    client
}

#[test]
fn an_address_at_first_asking() {
    let mut client = Client::new(1);
    let actions = client.step(Event::LinkUp, Duration::from_secs(1));
    assert!(!sent(&actions).request);
    let offer = answer(&client, Answer::Offer(lease(15, 3600)));
    let actions = client.step(offer, Duration::from_secs(1));
    let ask = sent(&actions);
    assert_eq!((ask.request, ask.wanted, ask.server, ask.to), (true, Some([10, 0, 2, 15].into()), Some(SERVER), None));
    let foreign = Lease { server: [10, 0, 2, 9].into(), ..lease(77, 3600) };
    let foreign = answer(&client, Answer::Ack(foreign));
    assert_eq!(client.step(foreign, Duration::from_secs(1)), [], "another server's acknowledgement");
    let late = Event::Reply(Reply { transaction: client.transaction.wrapping_add(1), answer: Answer::Ack(lease(15, 3600)) });
    assert_eq!(client.step(late, Duration::from_secs(1)), [], "another question's acknowledgement");
    let ack = answer(&client, Answer::Ack(lease(15, 3600)));
    assert_eq!(client.step(ack, Duration::from_secs(1)), [Action::Configure(lease(15, 3600))]);
    assert_eq!(client.deadline(), Some(Duration::from_secs(1801)));
}

#[test]
fn renewed_then_rebound_then_given_back() {
    let mut client = bound(1000);
    let s = Duration::from_secs;
    let mut asked = Vec::new();
    loop {
        let now = client.deadline().unwrap();
        let actions = client.step(Event::Time, now);
        if now >= s(1000) {
            assert!(matches!(&actions[..], [Action::Remove(_), Action::Send(Ask { request: false, .. })]), "{actions:?}");
            break;
        }
        asked.push((now.as_secs(), sent(&actions).to.is_some()));
    }
    assert_eq!(asked, [(500, true), (687, true), (781, true), (841, true), (875, false), (937, false), (997, false)]);
}

#[test]
fn a_renewal_keeps_the_address() {
    let mut client = bound(1000);
    let now = Duration::from_secs(500);
    client.step(Event::Time, now);
    let ack = answer(&client, Answer::Ack(lease(15, 1000)));
    assert_eq!(client.step(ack, now), [Action::Configure(lease(15, 1000))]);
    assert_eq!(client.deadline(), Some(Duration::from_secs(1000)));
    client.step(Event::Time, Duration::from_secs(1000));
    let other = answer(&client, Answer::Ack(lease(16, 1000)));
    let actions = client.step(other, Duration::from_secs(1000));
    assert_eq!(actions, [Action::Remove(lease(15, 1000)), Action::Configure(lease(16, 1000))], "the server may change its mind");
}

#[test]
fn a_refusal_gives_back_and_waits() {
    let mut client = bound(1000);
    let nak = answer(&client, Answer::Nak);
    assert_eq!(client.step(nak.clone(), Duration::from_secs(1)), [], "nothing was asked");
    client.step(Event::Time, Duration::from_secs(500));
    let nak = answer(&client, Answer::Nak);
    assert_eq!(client.step(nak, Duration::from_secs(500)), [Action::Remove(lease(15, 1000))]);
    let next = client.deadline().unwrap();
    assert!(next > Duration::from_secs(501));
    assert!(!sent(&client.step(Event::Time, next)).request);
}

#[test]
fn the_cable_comes_out() {
    let mut client = bound(1000);
    assert_eq!(client.step(Event::LinkDown, Duration::from_secs(3)), [Action::Remove(lease(15, 1000))]);
    assert_eq!(client.deadline(), None);
    assert!(!sent(&client.step(Event::LinkUp, Duration::from_secs(4))).request);
}

#[derive(Clone, Debug)]
enum Step {
    Link(bool),
    Deadline,
    Pass(u64),
    Offer(u8, u64),
    Ack(u8, u64),
    Nak,
    Stranger(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        any::<bool>().prop_map(Step::Link),
        Just(Step::Deadline),
        Just(Step::Deadline),
        (0u64..5000).prop_map(Step::Pass),
        (10u8..13, 60u64..5000).prop_map(|(a, s)| Step::Offer(a, s)),
        (10u8..13, 60u64..5000).prop_map(|(a, s)| Step::Ack(a, s)),
        Just(Step::Nak),
        any::<u32>().prop_map(Step::Stranger),
    ];
    proptest::collection::vec(step, 0..80)
}

proptest! {
    /// The device has an address exactly between Configure and Remove, never past the lease's end, and time always gets further.
    #[test]
    fn promises(seed in any::<u64>(), steps in steps()) {
        let mut client = Client::new(seed);
        let mut now = Duration::ZERO;
        let mut held: Option<(Ipv4Addr, Duration)> = None;
        for step in steps {
            let event = match step {
                Step::Link(true) => Event::LinkUp,
                Step::Link(false) => Event::LinkDown,
                Step::Deadline => { now = now.max(client.deadline().unwrap_or(now)); Event::Time }
                Step::Pass(ms) => {
                    // Time passes no further than the deadline: the loop wakes then.
                    now = (now + Duration::from_millis(ms)).min(client.deadline().unwrap_or(Duration::MAX)).max(now);
                    Event::Time
                }
                Step::Offer(a, s) => answer(&client, Answer::Offer(lease(a, s))),
                Step::Ack(a, s) => answer(&client, Answer::Ack(lease(a, s))),
                Step::Nak => answer(&client, Answer::Nak),
                Step::Stranger(t) => Event::Reply(Reply { transaction: t, answer: Answer::Ack(lease(99, 60)) }),
            };
            let stranger = matches!(&event, Event::Reply(r) if r.transaction != client.transaction);
            let actions = client.step(event, now);
            prop_assert!(!stranger || actions.is_empty());
            prop_assert!(actions.iter().filter(|a| matches!(a, Action::Send(_))).count() <= 1);
            for action in actions {
                match action {
                    Action::Configure(lease) => {
                        prop_assert!(held.is_none_or(|(address, _)| address == lease.address));
                        held = Some((lease.address, now + lease.length.unwrap()));
                    }
                    Action::Remove(lease) => {
                        prop_assert_eq!(held.map(|(address, _)| address), Some(lease.address));
                        held = None;
                    }
                    Action::Send(ask) => prop_assert_eq!(ask.current, held.map(|(address, _)| address)),
                }
            }
            prop_assert_eq!(held.map(|(address, _)| address), client.lease().map(|l| l.address));
            prop_assert!(held.is_none_or(|(_, end)| now < end));
            prop_assert!(client.deadline().is_none_or(|at| at > now), "stuck at {:?}", now);
        }
    }
}
