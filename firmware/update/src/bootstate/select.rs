//! What the boot loader's script does, step for step: the model that tests and the power-cut harness believe.
use super::{BootState, SIZE, current, next};
use crate::slot::Running;

/// What the script decided.
#[derive(Debug, Clone)]
pub struct Selected {
    /// What it loads. If that cannot be loaded or its signature is wrong, the script resets and is run again.
    pub boot: Running,
    /// The state afterwards; its generation goes into `hearth.boot=`.
    pub state: BootState,
    /// What it writes, and flushes, before it loads anything: which copy and its bytes.
    pub write: Option<(usize, [u8; SIZE])>,
}

/// The selector: recovery when it is wanted, once; else the first slot in order that has tries left, which costs it one; else recovery.
pub fn select(copies: [&[u8]; 2]) -> Selected {
    let mut state = current(copies);
    let slot = state.order().into_iter().find(|slot| state.chances(*slot).left > 0);
    let boot = match (state.want_recovery, slot) {
        (false, None) => return Selected { boot: Running::Recovery, state, write: None },
        (false, Some(slot)) => {
            state.chances_mut(slot).left -= 1;
            Running::Slot(slot)
        }
        (true, _) => {
            state.want_recovery = false;
            Running::Recovery
        }
    };
    let (index, bytes) = next(copies, state);
    let state = BootState::decode(&bytes).unwrap_or(state);
    Selected { boot, state, write: Some((index, bytes)) }
}
