//! CMAF boxes and Common Encryption, read and write (ISO 14496-12, 14496-15, 23000-19, 23001-7). No I/O, no clock, no thread.
//!
//! Start reading at [`parse_init`] and [`parse_segment`] (the player's side) or [`write_init`] and [`write_segment`] (the
//! server's side). Everything that comes in is hostile: parsers return [`Error`], allocate only what the input's own length
//! allows, and never panic.
#![forbid(unsafe_code)]

pub mod cenc;
mod error;
mod fragment;
mod init;
mod types;
mod write;

pub use error::Error;
pub use fragment::{SegmentIndexEntry, parse_segment, parse_sidx};
pub use init::parse_init;
pub use types::*;
pub use write::{Encryption, SampleInfo, SegmentSpec, write_init, write_segment};
