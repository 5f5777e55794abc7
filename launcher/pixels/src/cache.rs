//! Keeps what was used last, up to so many bytes.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

/// Least recently used goes first.
#[derive(Debug)]
pub(crate) struct Lru<K, V> {
    entries: HashMap<K, (u64, usize, V)>,
    order: BTreeMap<u64, K>,
    clock: u64,
    bytes: usize,
    limit: usize,
}

impl<K: Hash + Eq + Clone, V: Clone> Lru<K, V> {
    pub(crate) fn new(limit: usize) -> Self {
        Self { entries: HashMap::new(), order: BTreeMap::new(), clock: 0, bytes: 0, limit }
    }

    /// Its value; it counts as used now.
    pub(crate) fn get(&mut self, key: &K) -> Option<V> {
        let (stamp, _, value) = self.entries.get_mut(key)?;
        self.clock += 1;
        self.order.remove(stamp);
        self.order.insert(self.clock, key.clone());
        *stamp = self.clock;
        Some(value.clone())
    }

    pub(crate) fn contains(&self, key: &K) -> bool {
        self.entries.contains_key(key)
    }

    /// Keeps a value of so many bytes. One that is larger than everything together is not kept.
    pub(crate) fn insert(&mut self, key: K, bytes: usize, value: V) {
        self.remove(&key);
        if bytes > self.limit {
            return;
        }
        while self.bytes + bytes > self.limit {
            let Some((_, oldest)) = self.order.pop_first() else { break };
            if let Some((_, size, _)) = self.entries.remove(&oldest) {
                self.bytes -= size;
            }
        }
        self.clock += 1;
        self.bytes += bytes;
        self.order.insert(self.clock, key.clone());
        self.entries.insert(key, (self.clock, bytes, value));
    }

    fn remove(&mut self, key: &K) {
        if let Some((stamp, bytes, _)) = self.entries.remove(key) {
            self.order.remove(&stamp);
            self.bytes -= bytes;
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_goes_first() {
        let mut lru = Lru::new(10);
        for key in ["a", "b", "c"] {
            lru.insert(key, 3, key);
        }
        assert_eq!(lru.get(&"a"), Some("a"));
        lru.insert("d", 4, "d");
        assert_eq!((lru.get(&"a"), lru.get(&"b"), lru.get(&"c"), lru.get(&"d")), (Some("a"), None, Some("c"), Some("d")));
        assert_eq!(lru.bytes(), 10);
    }

    #[test]
    fn replacing_and_oversized_values_keep_the_count_right() {
        let mut lru = Lru::new(10);
        lru.insert("a", 3, 1);
        lru.insert("a", 5, 2);
        assert_eq!((lru.get(&"a"), lru.bytes()), (Some(2), 5));
        lru.insert("b", 11, 3);
        assert_eq!((lru.get(&"b"), lru.get(&"a"), lru.bytes()), (None, Some(2), 5));
    }
}
