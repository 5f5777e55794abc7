//! `cargo xtask image`: from sources and Debian packages to what an OEM flashes.
#![allow(dead_code, reason = "the command is being assembled from both ends")]

pub mod bundle;
pub mod disk;
pub mod fit;
pub mod initramfs;
pub mod inputs;
pub mod keys;
pub mod modules;
pub mod pack;
pub mod recovery;
pub mod sbom;
pub mod sizes;
pub mod squashfs;
pub mod tools;
pub mod uboot;
pub mod verity;

#[cfg(test)]
mod pack_tests;
#[cfg(test)]
mod selector_tests;
