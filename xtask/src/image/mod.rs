//! `cargo xtask image`: from sources and Debian packages to what an OEM flashes.
#![allow(dead_code, reason = "the command is being assembled from both ends")]

pub mod inputs;
pub mod modules;
