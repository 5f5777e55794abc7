//! What the programs of a box share: init, the update agent, the launcher.
#![forbid(unsafe_code)]

pub mod consent;
pub mod facts;
pub mod files;
pub mod gave_up;
#[cfg(feature = "client")]
pub mod tokens;
