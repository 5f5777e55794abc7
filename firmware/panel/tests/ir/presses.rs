//! Presses, repeats, toggles and keys let go.

use hearth_panel::ir::{Code, HOLD_US, Ir, Protocol};

use super::encode::frame;
use super::listen::{ALL, Listener, any_code};
use super::noise::{CLEAN, Dice, receive};

/// What is said of durations sent one after another.
fn said(signals: &[Vec<f64>]) -> Vec<Ir> {
    let mut listener = Listener::default();
    let mut at = 1e6;
    for signal in signals {
        for (i, us) in signal.iter().enumerate() {
            listener.edge(at as u64, i % 2 == 0);
            at += us;
        }
    }
    listener.wait(at as u64 + 2 * HOLD_US);
    listener.said.into_iter().map(|(_, ir)| ir).collect()
}

fn sent(code: Code, toggle: bool) -> Vec<f64> {
    frame(code, toggle).durations().to_vec()
}

const fn press(code: Code) -> Ir {
    Ir::Press { code, repeat: false }
}

const fn again(code: Code) -> Ir {
    Ir::Press { code, repeat: true }
}

#[test]
fn a_held_key_repeats_and_is_let_go_once() {
    let mut dice = Dice(3);
    for protocol in ALL {
        let code = any_code(protocol, &mut dice);
        let said = said(&[sent(code, true), sent(code, true), sent(code, true)]);
        let repeats = said.iter().filter(|ir| **ir == again(code)).count();
        assert_eq!((said.first(), said.last()), (Some(&press(code)), Some(&Ir::Release(code))), "{code:?}");
        assert!(repeats >= 2 && said.len() == repeats + 2, "{said:?}");
    }
}

#[test]
fn a_toggle_makes_a_new_press() {
    for (protocol, address) in
        [(Protocol::Rc5, 5), (Protocol::Rc5x, 5), (Protocol::Rc5x20, 5), (Protocol::Rc6, 4), (Protocol::Rc6a, 0x80_0f04)]
    {
        let code = Code { protocol, address, command: 0x0c };
        let said = said(&[sent(code, false), sent(code, false), sent(code, true)]);
        assert_eq!(said, [press(code), again(code), press(code), Ir::Release(code)]);
    }
}

#[test]
fn short_frames_repeat_only_what_they_may() {
    let nec = Code { protocol: Protocol::Nec, address: 4, command: 8 };
    let held = vec![9_000.0, 2_250.0, 560.0, 96_000.0];
    assert_eq!(said(&[sent(nec, false), held.clone(), held.clone()]), [press(nec), again(nec), again(nec), Ir::Release(nec)]);
    assert_eq!(said(std::slice::from_ref(&held)), [], "nothing is held");
    let samsung = Code { protocol: Protocol::Samsung32, address: 7, command: 2 };
    assert_eq!(said(&[sent(samsung, false), held]), [press(samsung), Ir::Release(samsung)], "another remote's");
    let held = vec![4_500.0, 4_500.0, 560.0, 1_690.0, 560.0, 96_000.0];
    assert_eq!(said(&[sent(samsung, false), held]), [press(samsung), again(samsung), Ir::Release(samsung)]);
}

#[test]
fn jvc_repeats_without_its_leader() {
    let code = Code { protocol: Protocol::Jvc, address: 3, command: 0x17 };
    let bare = sent(code, false)[2..].to_vec();
    assert_eq!(
        said(&[sent(code, false), bare.clone(), bare.clone()]),
        [press(code), again(code), again(code), Ir::Release(code)]
    );
    assert_eq!(said(&[bare]), [], "nothing is held");
}

/// Half of what checks itself is not a code.
#[test]
fn broken_frames_say_nothing() {
    let denon = sent(Code { protocol: Protocol::Denon, address: 4, command: 33 }, false);
    assert_eq!(said(&[denon[..32].to_vec()]), [], "only one of the two");
    assert_eq!(said(&[denon[..32].to_vec(), denon[..32].to_vec()]), [], "not inverted");
    let mut dice = Dice(4);
    for protocol in ALL {
        let whole = frame(any_code(protocol, &mut dice), false);
        let whole: Vec<_> = receive(&whole, 1e6, &CLEAN, &mut dice).0;
        let mut listener = Listener::default();
        listener.edges(&whole[..whole.len() / 3 * 2]);
        listener.wait(3_000_000);
        assert_eq!(listener.codes(), [], "{protocol:?} cut short");
    }
}
