//! The agent: everything that touches discs and network. What it writes, and in which order, is in `README.md`; [`install`] is that law.
pub mod boot;
pub mod crashes;
pub mod daemon;
pub mod devices;
pub mod disk;
pub mod here;
pub mod http;
pub mod install;
pub mod memory;
pub mod offer;
mod payload;
pub mod recover;
pub mod retry;
pub mod settings;
pub mod source;
