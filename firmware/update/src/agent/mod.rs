//! The agent: everything that touches discs and network. What it writes, and in which order, is in `README.md`; [`install`] is that law.
pub mod boot;

pub mod devices;
pub mod disk;
pub mod http;
pub mod install;
mod payload;

pub mod retry;
pub mod settings;
pub mod source;
