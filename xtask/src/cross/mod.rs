//! Building for the box on another machine: Debian packages of its architecture, a sysroot, Rust's standard library, cargo's environment.

pub mod apt;
pub mod cargo;
mod mirror;
pub mod rust;
pub mod tree;

use std::path::PathBuf;

/// Where caches live: packages, sysroot, cargo's output for the box.
pub fn cache() -> PathBuf {
    crate::shell::target().join("box")
}
