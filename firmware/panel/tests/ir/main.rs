//! Infrared: every protocol decodes what an encoder of its published timing sends, clean and through noise, in time, and nothing else.

mod corpus;
mod encode;
mod listen;
mod noise;
mod presses;
mod robust;

use encode::frame;
use hearth_panel::ir::{Code, Ir, Protocol};
use listen::{ALL, Listener, any_code};
use noise::{CLEAN, Dice, receive};

/// Sends one code and says what was heard.
fn heard(code: Code, toggle: bool) -> Vec<Code> {
    heard_late(code, toggle).0
}

/// And how long after the last edge the first press was told, in µs of virtual time.
fn heard_late(code: Code, toggle: bool) -> (Vec<Code>, Option<u64>) {
    let mut listener = Listener::default();
    let (edges, end) = receive(&frame(code, toggle), 1e6, &CLEAN, &mut Dice(0));
    listener.edges(&edges);
    listener.wait(end as u64 + 150_000);
    let told = listener.said.iter().find(|(_, ir)| matches!(ir, Ir::Press { .. })).map(|(at, _)| *at);
    let last = edges.last().unwrap().0;
    (listener.codes(), told.map(|at| at.saturating_sub(last)))
}

/// How late it may be: 1 ms, or 12 ms where only the silence tells the length.
fn most_us(protocol: Protocol) -> u64 {
    match protocol {
        Protocol::Sirc | Protocol::Sirc15 | Protocol::Sirc20 | Protocol::Rc6a => 12_000,
        _ => 1_000,
    }
}

/// May be the first part of something longer, bit for bit: no decoder can tell until a space is longer than any within a frame.
fn doubtful(code: Code) -> bool {
    let Code { protocol, address, command } = code;
    let frame = match protocol {
        Protocol::Jvc => return address == !command & 0xff,
        Protocol::Nec => address | (!address & 0xff) << 8 | command << 16,
        Protocol::NecExt => address | command << 16,
        _ => return false,
    };
    // NEC42 begins with 13 bits and their inverse.
    (frame ^ frame >> 13) & 0x1fff == 0x1fff
}

#[test]
fn any_code_decodes_to_itself() {
    let mut dice = Dice(1);
    for protocol in ALL {
        for _ in 0..300 {
            let code = any_code(protocol, &mut dice);
            assert_eq!(heard(code, dice.below(2) == 1), [code]);
        }
    }
}

#[test]
fn kaseikyo_of_sharp_has_a_check_of_its_own() {
    let [low, high] = [0xaa, 0x5a];
    for (extension, id, command) in [(2, 0, 0x181), (1, 3, 0x3ff), (11, 1, 0)] {
        let address = extension << 26 | id << 24 | high << 16 | low << 8 | 0x82;
        let code = Code { protocol: Protocol::Kaseikyo, address, command };
        assert_eq!(heard(code, false), [code]);
        let nobody = Code { address: address ^ 0x100, ..code };
        assert_eq!(heard(nobody, false), [], "another vendor's frames have Panasonic's check");
    }
}

/// After the last edge, in virtual time.
#[test]
fn codes_come_at_once() {
    let mut dice = Dice(2);
    for protocol in ALL {
        for _ in 0..100 {
            let code = any_code(protocol, &mut dice);
            let (_, late) = heard_late(code, false);
            let late = late.expect("a press");
            assert!(doubtful(code) || late <= most_us(protocol), "{code:?}: {late} us after the last edge");
        }
    }
}

/// One signal of each family, which the microcontroller's own tests play into its receiver. `HEARTH_BLESS=1` writes them.
#[test]
fn the_boards_signals_are_these() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/signals.txt");
    let mut dice = Dice(3);
    let line = |protocol| {
        let code = any_code(protocol, &mut dice);
        let signal = frame(code, false);
        // Not the pause after the last mark.
        let durations = signal.durations().iter().take(signal.durations().len().div_ceil(2) * 2 - 1);
        let durations: Vec<String> = durations.map(|us| us.round().to_string()).collect();
        format!("{} {} {} {}\n", protocol as u8, code.address, code.command, durations.join(" "))
    };
    let text: String = ALL.into_iter().map(line).collect();
    if std::env::var_os("HEARTH_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

/// The box knows protocols by number and name.
#[test]
fn the_wires_names_are_the_decoders() {
    for protocol in ALL {
        assert_eq!(hearth_wire::IR_PROTOCOLS.get(protocol as usize), Some(&protocol.name()));
    }
    assert_eq!(ALL.len(), hearth_wire::IR_PROTOCOLS.len());
}
