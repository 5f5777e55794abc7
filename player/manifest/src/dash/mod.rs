//! DASH MPDs (ISO 23009-1).
mod numbers;
mod parse;
mod protect;
mod segments;
mod template;
mod tree;
mod write;

pub use parse::parse;
pub use write::write_mpd;
