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
    let mut listener = Listener::default();
    let (edges, end) = receive(&frame(code, toggle), 1e6, &CLEAN, &mut Dice(0));
    listener.edges(&edges);
    listener.wait(end as u64 + 150_000);
    listener.codes()
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

/// After the last edge, in virtual time: at most 1 ms; 12 ms where only the silence tells the length.
#[test]
fn codes_come_at_once() {
    let mut dice = Dice(2);
    for protocol in ALL {
        let most = if matches!(protocol, Protocol::Sirc | Protocol::Sirc15 | Protocol::Sirc20 | Protocol::Rc6a) {
            12_000
        } else {
            1_000
        };
        for _ in 0..100 {
            let code = any_code(protocol, &mut dice);
            // Two that may be the first part of something longer; they wait for the silence that tells.
            let doubtful = matches!(protocol, Protocol::Jvc) && code.address == !code.command & 0xff;
            if doubtful {
                continue;
            }
            let (edges, end) = receive(&frame(code, false), 1e6, &CLEAN, &mut dice);
            let mut listener = Listener::default();
            listener.edges(&edges);
            listener.wait(end as u64 + 150_000);
            let (at, _) = listener.said.iter().find(|(_, ir)| matches!(ir, Ir::Press { .. })).expect("a press");
            let late = at - edges.last().unwrap().0;
            assert!(late <= most, "{code:?}: {late} us after the last edge");
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
