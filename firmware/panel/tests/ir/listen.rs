//! Runs a decoder in virtual time.

use hearth_panel::ir::{Code, Decoder, Ir, Protocol};

use super::noise::Dice;

/// A decoder and what it has said, with the time.
#[derive(Default)]
pub struct Listener {
    decoder: Decoder,
    pub said: Vec<(u64, Ir)>,
}

impl Listener {
    /// Time goes on to `until_us`: every deadline is kept.
    pub fn wait(&mut self, until_us: u64) {
        while let Some(at) = self.decoder.deadline().filter(|at| *at < until_us) {
            while let Some(ir) = self.decoder.poll(at) {
                self.said.push((at, ir));
            }
        }
    }

    pub fn edge(&mut self, at_us: u64, mark: bool) {
        self.wait(at_us);
        self.decoder.edge(at_us, mark);
    }

    pub fn edges(&mut self, edges: &[(u64, bool)]) {
        edges.iter().for_each(|(at, mark)| self.edge(*at, *mark));
    }

    /// The codes of presses and repeats, forgotten here.
    pub fn codes(&mut self) -> Vec<Code> {
        let said = std::mem::take(&mut self.said);
        said.into_iter().filter_map(|(_, ir)| if let Ir::Press { code, .. } = ir { Some(code) } else { None }).collect()
    }
}

/// All protocols.
pub const ALL: [Protocol; 17] = [
    Protocol::Nec,
    Protocol::NecExt,
    Protocol::Nec42,
    Protocol::Samsung32,
    Protocol::Rc5,
    Protocol::Rc5x,
    Protocol::Rc5x20,
    Protocol::Rc6,
    Protocol::Rc6a,
    Protocol::Sirc,
    Protocol::Sirc15,
    Protocol::Sirc20,
    Protocol::Kaseikyo,
    Protocol::Rca,
    Protocol::Jvc,
    Protocol::Denon,
    Protocol::Pioneer,
];

/// Any key of any remote of that protocol.
pub fn any_code(protocol: Protocol, dice: &mut Dice) -> Code {
    let mut below = |end: u32| dice.below(end);
    let (address, command) = match protocol {
        Protocol::Nec | Protocol::Samsung32 | Protocol::Rc6 | Protocol::Jvc | Protocol::Pioneer => (below(256), below(256)),
        // Not the ones that would be plain NEC, and mostly with the command's inverse, as such remotes have it.
        Protocol::NecExt => {
            let (low, high, command) = (below(256), below(256), below(256));
            let check = if below(10) == 0 { below(256) } else { !command & 0xff };
            (low | (if high == !low & 0xff { low } else { high }) << 8, command | check << 8)
        }
        Protocol::Nec42 => (below(8192), below(256)),
        Protocol::Rc5 | Protocol::Rc5x => (below(32), below(64)),
        Protocol::Rc5x20 => (below(128) << 8 | below(32), below(64)),
        Protocol::Rc6a if below(2) == 0 => (0x80_0f00 | below(128), below(256)), // Media Center
        Protocol::Rc6a => (below(0x8000), below(256)),
        Protocol::Sirc => (below(32), below(128)),
        Protocol::Sirc15 => (below(256), below(128)),
        Protocol::Sirc20 => (below(8192), below(128)),
        Protocol::Kaseikyo => (below(0x400_0000), below(1024)),
        Protocol::Rca => (below(16), below(256)),
        Protocol::Denon => (below(32), below(512)),
    };
    Code { protocol, address, command }
}
