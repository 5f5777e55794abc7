//! A queue from interrupts to the loop: one side writes, one side reads, nobody waits. Interrupts of one priority are one side.

use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

/// Room for `N` words; a power of two.
pub struct Ring<const N: usize> {
    words: [AtomicU32; N],
    written: AtomicUsize,
    read: AtomicUsize,
}

impl<const N: usize> Ring<N> {
    /// Empty.
    pub const fn new() -> Self {
        const { assert!(N.is_power_of_two()) };
        Self { words: [const { AtomicU32::new(0) }; N], written: AtomicUsize::new(0), read: AtomicUsize::new(0) }
    }

    /// Puts a word in, or drops it where there is no room.
    pub fn put(&self, word: u32) {
        let written = self.written.load(Ordering::Relaxed);
        if written.wrapping_sub(self.read.load(Ordering::Acquire)) < N {
            self.words[written % N].store(word, Ordering::Relaxed);
            self.written.store(written.wrapping_add(1), Ordering::Release);
        }
    }

    /// Takes the oldest.
    pub fn take(&self) -> Option<u32> {
        let read = self.read.load(Ordering::Relaxed);
        if self.written.load(Ordering::Acquire) == read {
            return None;
        }
        let word = self.words[read % N].load(Ordering::Relaxed);
        self.read.store(read.wrapping_add(1), Ordering::Release);
        Some(word)
    }
}
