//! The box's A/B updates: boot state, signed bundles, and the agent that applies them.
//!
//! The formats are pure: bytes and randomness come in as arguments, whatever is read is hostile, and memory is bounded by the input's own
//! length. With the feature `agent` comes what touches discs and network; the program `hearth-update` is a thin shell around it.
//!
//! Start at [`bootstate`], then [`bundle`]. `README.md` has the law of writes.
#![forbid(unsafe_code)]

#[cfg(feature = "agent")]
pub mod agent;
pub mod bootstate;
pub mod bundle;
mod error;
pub mod factory;
pub mod hex;
pub mod product;
pub mod signed;
pub mod slot;
pub mod status;

pub use error::{Error, Result};
