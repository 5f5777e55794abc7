//! The thin layer to the kernel. Decides nothing.

pub mod block;
pub mod clock;
pub mod console;
pub mod dhcp_socket;
pub mod dm;
pub mod kmsg;
pub mod modules;
pub mod mounts;
pub mod notify;
pub mod power;
pub mod processes;
pub mod route;
pub mod rtc;
pub mod signals;
pub mod spawn;
pub mod uevents;
pub mod watchdog;
