//! The agent on the image of a disc, against files and servers that are not what they should be, and its program as people call it.
mod daemon;
mod fallback;
mod faults;
mod fixture;
mod program;
mod refused;
mod server;
