//! What is typed and shown to nobody else: wiped when it is dropped, and never printed.

use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A passphrase. [`fmt::Debug`] says nothing of it, not even how long it is.
#[derive(Default, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Secret(String);

impl Secret {
    /// The words themselves. Who copies them wipes the copy.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// In characters.
    pub fn len(&self) -> usize {
        self.0.chars().count()
    }

    /// Nothing yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One more character. A string that grows leaves its old self behind: this one is moved by hand.
    pub fn push(&mut self, character: char) {
        if self.0.capacity() < self.0.len() + character.len_utf8() {
            let mut roomier = String::with_capacity((2 * self.0.len()).max(64));
            roomier.push_str(&self.0);
            std::mem::replace(&mut self.0, roomier).zeroize();
        }
        self.0.push(character);
    }

    /// One less. False if there was none.
    pub fn pop(&mut self) -> bool {
        let Some(last) = self.0.pop() else { return false };
        // What was cut off lies behind the end, until something takes its place.
        (0..last.len_utf8()).for_each(|_| self.0.push('\0'));
        self.0.truncate(self.0.len() - last.len_utf8());
        true
    }
}

impl Clone for Secret {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl From<&str> for Secret {
    fn from(words: &str) -> Self {
        Self(words.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_typed_and_erased_and_never_printed() {
        let mut secret = Secret::default();
        "grüße 1€".chars().for_each(|c| secret.push(c));
        assert_eq!((secret.reveal(), secret.len()), ("grüße 1€", 8));
        assert!(secret.pop() && secret.pop());
        assert_eq!(secret.reveal(), "grüße ");
        assert_eq!(format!("{secret:?} {:?}", Secret::from("grüße")), "Secret(…) Secret(…)");
        assert!((0..6).all(|_| secret.pop()) && !secret.pop() && secret.is_empty());
        (0..200).for_each(|_| secret.push('x'));
        assert_eq!(secret.clone().len(), 200);
    }
}
