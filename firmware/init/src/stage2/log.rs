//! The console and the log in memory: `/run/hearth/log` and, when that is full, `/run/hearth/log.1` before it.

use crate::beacon;
use crate::sys::{clock, console::Console};
use std::fs::File;
use std::io::Write;

const PATH: &str = "/run/hearth/log";
const OLD: &str = "/run/hearth/log.1";
/// Of each of the two.
const MOST: u64 = 256 << 10;

/// Where everything said goes.
#[derive(Debug)]
pub struct Log {
    console: Console,
    file: Option<File>,
    written: u64,
    /// Lines of services go to the console as well.
    pub services_to_console: bool,
}

impl Log {
    /// `/run/hearth` is there.
    pub fn open(console: Console) -> Self {
        Self { console, file: File::create(PATH).ok(), written: 0, services_to_console: false }
    }

    /// A beacon: console and log.
    pub fn say(&mut self, name: &str, value: &str) {
        let line = self.console.say(name, value);
        self.write(&line);
    }

    /// Something did not work; the box goes on.
    pub fn failed(&mut self, what: impl std::fmt::Display) {
        self.say("failed", &what.to_string());
    }

    /// A line only for the log.
    pub fn note(&mut self, line: &str) {
        let line = beacon::line(clock::uptime(), line, "");
        self.write(&line);
    }

    /// A service's line.
    pub fn service(&mut self, name: &str, line: &str) {
        let line = beacon::line(clock::uptime(), &format!("[{name}]"), line);
        if self.services_to_console {
            self.console.print(&line);
        }
        self.write(&line);
    }

    /// A line as it is, for a person before the screen.
    pub fn print(&mut self, line: &str) {
        self.console.print(line);
    }

    fn write(&mut self, line: &str) {
        if self.written > MOST {
            let _ = std::fs::rename(PATH, OLD);
            self.file = File::create(PATH).ok();
            self.written = 0;
        }
        if let Some(file) = &mut self.file {
            // A full memory must not stop the box.
            let _ = writeln!(file, "{line}");
            self.written += line.len() as u64 + 1;
        }
    }
}
