//! Windowed lists: a constant number of slots shows a list of any length. Item `i` is always in slot `i mod slots`, so scrolling by one
//! changes one slot and the rest of the scene stays as it is.

/// Items beyond each edge of the screen that are kept ready.
pub const RING_MARGIN: usize = 2;

/// Slots for so many visible items.
pub fn ring_len(visible: usize) -> usize {
    visible + 2 * RING_MARGIN
}

/// What each slot shows: the index of an item, or nothing. `first` is the first visible item of `len`.
pub fn ring(first: usize, visible: usize, len: usize) -> Vec<Option<usize>> {
    let slots = ring_len(visible);
    let base = first.saturating_sub(RING_MARGIN);
    let mut out = vec![None; slots];
    (base..(base + slots).min(len)).for_each(|item| out[item % slots] = Some(item));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_visible_item_has_its_slot_and_scrolling_by_one_changes_at_most_one() {
        for len in [0, 1, 5, 10, 11, 40] {
            let mut before: Option<Vec<Option<usize>>> = None;
            for first in 0..len.max(1) {
                let slots = ring(first, 6, len);
                assert_eq!(slots.len(), 10);
                for item in first..(first + 6).min(len) {
                    assert_eq!(slots[item % 10], Some(item), "{first} {len}");
                }
                let changed = before.iter().flatten().zip(&slots).filter(|(a, b)| a != b).count();
                assert!(changed <= 1, "{before:?} {slots:?}");
                before = Some(slots);
            }
        }
    }
}
