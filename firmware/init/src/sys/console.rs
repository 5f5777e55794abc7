//! The console, and in recovery the screen as well.

use crate::beacon;
use std::fs::{File, OpenOptions};
use std::io::Write;

/// Where init's lines go.
#[derive(Debug, Default)]
pub struct Console {
    screen: Option<File>,
}

impl Console {
    /// Also writes to the text console on the screen, if the kernel has one.
    pub fn with_screen() -> Self {
        Self { screen: OpenOptions::new().write(true).open("/dev/tty0").ok() }
    }

    /// One line; returns it for the log.
    pub fn say(&mut self, name: &str, value: &str) -> String {
        let line = beacon::line(super::clock::uptime(), name, value);
        self.print(&line);
        line
    }

    /// A line as it is.
    pub fn print(&mut self, line: &str) {
        // A console that cannot be written to must not stop the box.
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "{line}");
        let _ = out.flush();
        if let Some(screen) = &mut self.screen {
            let _ = writeln!(screen, "{line}");
        }
    }
}
