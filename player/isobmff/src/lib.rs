//! CMAF boxes and Common Encryption, read and write (ISO 14496-12, 14496-15, 23000-19, 23001-7). No I/O, no clock, no thread.
//!
//! Start reading at [`parse_init`] and [`parse_segment`] (the player's side) or [`write_init`] and [`write_segment`] (the
//! server's side). Everything that comes in is hostile: parsers return [`Error`], allocate only what the input's own length
//! allows, and never panic.
#![forbid(unsafe_code)]

mod aac;
mod avc;
mod bits;
pub mod cenc;
mod codec_string;
mod emsg;
mod entry;
mod error;
mod fragment;
mod hevc;
mod hevc_sets;
mod init;
mod nal;
mod out;
mod progressive;
mod protection;
mod reader;
mod sample_aux;
mod sidx;
mod types;
mod write;
mod write_init;

pub use emsg::{EventMessage, EventTime, parse_emsg, parse_segment_pssh};
pub use error::Error;
pub use fragment::{parse_segment, parse_segment_at};
pub use init::parse_init;
pub use progressive::parse_samples;
pub use protection::parse_pssh;
pub use sidx::{parse_sidx, write_sidx};
pub use types::*;
pub use write::{Encryption, SampleInfo, SegmentSpec, write_segment};
pub use write_init::{write_init, write_pssh};
