//! What services print: lines, bounded, the newest kept. Pure.

use std::collections::VecDeque;

/// Longest line; what is longer is cut into several.
const MAX_LINE: usize = 1024;

/// Cuts a stream of bytes into lines.
#[derive(Debug, Default)]
pub struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// More bytes; the lines that are now whole.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        for &byte in bytes {
            if byte != b'\n' {
                self.rest.push(byte);
            }
            if byte == b'\n' || self.rest.len() >= MAX_LINE {
                lines.extend(self.finish());
            }
        }
        lines
    }

    /// What is left when the stream ends.
    pub fn finish(&mut self) -> Option<String> {
        let line = String::from_utf8_lossy(&self.rest).trim_end().to_owned();
        self.rest.clear();
        (!line.is_empty()).then_some(line)
    }
}

/// The newest lines.
#[derive(Debug)]
pub struct Ring {
    lines: VecDeque<String>,
    most: usize,
}

impl Ring {
    /// Keeps so many lines.
    pub fn new(most: usize) -> Self {
        Self { lines: VecDeque::new(), most }
    }

    /// One more line; the oldest goes if there are too many.
    pub fn push(&mut self, line: String) {
        if self.lines.len() >= self.most {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// Oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.lines.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines() {
        let check = |pieces: &[&str], expected: &[&str], rest: Option<&str>| {
            let mut lines = Lines::default();
            let got: Vec<_> = pieces.iter().flat_map(|piece| lines.push(piece.as_bytes())).collect();
            assert_eq!(got, expected);
            assert_eq!(lines.finish().as_deref(), rest);
        };
        check(&["one\ntw", "o\n"], &["one", "two"], None);
        check(&["one\r\n\n\nthr", "ee"], &["one"], Some("three"));
        check(&[""], &[], None);
    }

    proptest! {
        #[test]
        fn bounded(pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..3000), 0..8)) {
            let (mut lines, mut ring) = (Lines::default(), Ring::new(5));
            for piece in &pieces {
                for line in lines.push(piece) {
                    prop_assert!(line.len() <= MAX_LINE * 3 && !line.contains('\n')); // one bad byte becomes a character of three
                    ring.push(line);
                }
            }
            prop_assert!(lines.rest.len() < MAX_LINE && ring.iter().count() <= 5);
        }
    }
}
