//! The box's serial console: every line is kept, and `hearth:` lines are what tests wait on.
use crate::demo::children::check_interrupt;
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// A `hearth: SECONDS NAME REST` line of init.
#[derive(Clone, Debug, PartialEq)]
pub struct Beacon {
    /// Since the kernel's entry, by the guest's clock.
    pub seconds: f64,
    /// `ui-first-frame`, `stage2`, `good`, …
    pub name: String,
    /// What stands after it.
    pub rest: String,
}

impl Beacon {
    /// Reads a line of the console, if it is one.
    pub fn parse(line: &str) -> Option<Self> {
        // The kernel's own lines may stand in front of it on the same line.
        let (_, said) = line.split_once("hearth: ")?;
        let (seconds, said) = said.trim().split_once(' ')?;
        let (name, rest) = said.split_once(' ').unwrap_or((said, ""));
        let seconds: f64 = seconds.parse().ok().filter(|s: &f64| s.is_finite() && *s >= 0.0)?;
        Some(Self { seconds, name: name.to_owned(), rest: rest.trim().to_owned() })
    }

    /// The value of `key=value` in the rest.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.rest.split_whitespace().find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
    }
}

/// The console of a running machine.
pub struct Serial {
    incoming: Receiver<String>,
    lines: Vec<String>,
    /// Lines up to here have been waited past.
    seen: usize,
    keyboard: UnixStream,
}

impl Serial {
    /// Reads from `stream` for as long as there is a machine; copies it to `log`, and to our own output if `echo`.
    pub fn start(stream: UnixStream, log: &Path, echo: bool) -> Result<Self> {
        let keyboard = stream.try_clone()?;
        let mut log = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let (say, incoming) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                let text = clean(&line);
                let _ = log.write_all(text.as_bytes()).and_then(|()| log.write_all(b"\n"));
                if echo {
                    println!("{text}");
                }
                if say.send(text).is_err() {
                    break;
                }
            }
        });
        Ok(Self { incoming, lines: Vec::new(), seen: 0, keyboard })
    }

    /// Types a line, for the shell of a development image.
    pub fn type_line(&mut self, line: &str) -> Result<()> {
        self.keyboard.write_all(format!("{line}\n").as_bytes()).context("the console takes no more")
    }

    /// The next line from here on that `wanted` accepts, or an error at the deadline. Everything up to it counts as seen.
    pub fn wait<T>(&mut self, what: &str, limit: Duration, wanted: impl Fn(&str) -> Option<T>) -> Result<T> {
        let deadline = Instant::now() + limit;
        loop {
            while let Some(line) = self.lines.get(self.seen) {
                self.seen += 1;
                if let Some(found) = wanted(line) {
                    return Ok(found);
                }
            }
            check_interrupt()?;
            let left = deadline.saturating_duration_since(Instant::now());
            match self.incoming.recv_timeout(left.min(Duration::from_millis(200))) {
                Ok(line) => self.lines.push(line),
                Err(RecvTimeoutError::Timeout) if left.is_zero() => {
                    bail!("{what}: not within {} s; the console's last lines:\n{}", limit.as_secs(), self.tail(12))
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => bail!("{what}: the machine has ended; its last lines:\n{}", self.tail(12)),
            }
        }
    }

    /// The next beacon named `name`.
    pub fn beacon(&mut self, name: &str, limit: Duration) -> Result<Beacon> {
        self.wait(name, limit, |line| Beacon::parse(line).filter(|b| b.name == name))
    }

    /// Everything so far, oldest first, with what has just arrived.
    pub fn lines(&mut self) -> impl DoubleEndedIterator<Item = &str> {
        self.lines.extend(self.incoming.try_iter());
        self.lines.iter().map(String::as_str)
    }

    /// Looks through everything so far, newest first, without waiting.
    pub fn find<T>(&mut self, wanted: impl FnMut(&str) -> Option<T>) -> Option<T> {
        self.lines().rev().find_map(wanted)
    }

    fn tail(&self, count: usize) -> String {
        self.lines[self.lines.len().saturating_sub(count)..].iter().map(|l| format!("    | {l}\n")).collect()
    }
}

/// A line without carriage returns, colours and other control sequences.
fn clean(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '\x1b' && letters.peek() == Some(&'[') {
            letters.next();
            while letters.next().is_some_and(|l| !('@'..='~').contains(&l)) {}
        } else if !letter.is_control() || letter == '\t' {
            out.push(letter);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beacons_are_found_among_other_lines() {
        let check = |line, expected: Option<(f64, &str, &str)>| {
            let beacon = Beacon::parse(line);
            assert_eq!(beacon.as_ref().map(|b| (b.seconds, b.name.as_str(), b.rest.as_str())), expected, "{line}");
        };
        check("hearth: 3.412 ui-first-frame 1", Some((3.412, "ui-first-frame", "1")));
        check("[    3.41] random: hearth: 1.020 stage2 slot=a version=0.1.0 ", Some((1.02, "stage2", "slot=a version=0.1.0")));
        check("hearth: 0.5 home", Some((0.5, "home", "")));
        check("hearth: soon home", None);
        check("hearth: nan home", None);
        check("hearth 1.0 home", None);
        check("", None);
        let beacon = Beacon::parse("hearth: 9.1 good slot=b slots=2").unwrap();
        assert_eq!((beacon.value("slot"), beacon.value("slo"), beacon.value("x")), (Some("b"), None, None));
    }

    #[test]
    fn control_sequences_go() {
        let check = |bytes: &[u8], expected| assert_eq!(clean(bytes), expected);
        check(b"\x1b[2J\x1b[1;31mred\x1b[0m text\r", "red text");
        check(b"a\tb\x07\x1b", "a\tb");
        check(b"\xff", "\u{fffd}");
    }

    #[test]
    fn waiting_goes_forward_and_ends() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let mut serial = Serial::start(ours, &dir.path().join("log"), false).unwrap();
        theirs.write_all(b"U-Boot\nhearth: 1.0 stage2 slot=a\r\nhearth: 2.0 good slot=a\n").unwrap();
        let long = Duration::from_secs(20);
        assert_eq!(serial.beacon("stage2", long).unwrap().value("slot"), Some("a"));
        assert_eq!(serial.beacon("good", long).unwrap().seconds, 2.0);
        assert!(serial.beacon("good", Duration::ZERO).unwrap_err().to_string().contains("not within 0 s"));
        assert!(serial.find(|l| l.contains("U-Boot").then_some(())).is_some());
        drop(theirs);
        assert!(serial.beacon("good", long).unwrap_err().to_string().contains("has ended"));
    }
}
