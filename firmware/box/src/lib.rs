//! What the programs of a box share: init, the update agent, the launcher.
#![forbid(unsafe_code)]

pub mod files;
