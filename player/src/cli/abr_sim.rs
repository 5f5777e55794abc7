//! `abr-sim`: the player's own rule behind a simulator's protocol.

use std::io::{BufRead, Write};

/// Answers one line with one line.
pub(super) fn run(input: impl BufRead, output: impl Write) -> std::io::Result<()> {
    let _ = (input, output);
    Err(std::io::Error::other("not built in yet"))
}
