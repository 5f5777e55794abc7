//! The box's PID 1, in two stages. Pure modules decide (each says so in its first line), `sys` calls the kernel, `stage1` and `stage2` carry out.
//! `README.md` tells where to start.

pub mod beacon;
pub mod cmdline;
pub mod config;
pub mod crash;
pub mod datafs;
pub mod dhcp;
mod error;
pub mod lastwords;
pub mod markgood;
pub mod memory;
pub mod moduleset;
pub mod partition;
pub mod ring;
pub mod shutdown;
pub mod sntp;
pub mod stage1;
pub mod stage2;
pub mod supervise;
pub mod sys;
pub mod timekeeping;
pub mod verity;

pub use error::{Error, Result};
