//! DASH MPDs (ISO 23009-1).
mod base;
mod live;
mod numbers;
mod parse;
mod protect;
mod segments;
mod set;
mod switching;
mod template;
mod tree;
mod write;

pub use parse::{parse, parse_at};
pub use write::write_mpd;
