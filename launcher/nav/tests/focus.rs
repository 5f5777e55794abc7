//! The focus engine: tables and properties.

use hearth_nav::{Direction::*, *};
use proptest::prelude::*;

fn ids(names: &str) -> Vec<Id> {
    names.split_whitespace().map(Id::from).collect()
}

fn page(rtl: bool) -> Focus {
    Focus::new(vec![Zone::row("a", 3, ids("a0 a1 a2 a3 a4")), Zone::row("b", 3, vec![]), Zone::row("c", 3, ids("c0 c1 c2"))], rtl)
}

fn at(focus: &Focus) -> String {
    focus.at().map(|(z, i)| format!("{z}/{i}")).unwrap_or_default()
}

#[test]
fn arrows_remember_skip_empty_zones_and_stop_at_edges() {
    let mut f = page(false);
    for (direction, expected, moved) in [
        (Left, "a/a0", Moved::Edge),
        (Right, "a/a1", Moved::Within),
        (Right, "a/a2", Moved::Within),
        (Down, "c/c0", Moved::Zone),
        (Down, "c/c0", Moved::Edge),
        (Right, "c/c1", Moved::Within),
        (Up, "a/a2", Moved::Zone),
        (Up, "a/a2", Moved::Edge),
        (Down, "c/c1", Moved::Zone),
    ] {
        assert_eq!((f.step(direction), at(&f).as_str()), (moved, expected));
    }
}

#[test]
fn right_to_left_mirrors_the_arrows() {
    let mut f = page(true);
    assert_eq!((f.step(Left), at(&f).as_str()), (Moved::Within, "a/a1"));
    assert_eq!((f.step(Right), at(&f).as_str()), (Moved::Within, "a/a0"));
}

#[test]
fn rows_scroll_as_little_as_they_can() {
    let mut f = page(false);
    let firsts: Vec<usize> = [Right, Right, Right, Right, Left, Left, Left, Left]
        .into_iter()
        .map(|d| {
            f.step(d);
            f.zone().unwrap().first
        })
        .collect();
    assert_eq!(firsts, [0, 0, 1, 2, 2, 2, 1, 0]);
}

#[test]
fn replaced_items_keep_the_focus_or_give_it_to_the_nearest() {
    for (old, index, new, focused) in [
        ("a b c", 1, "x a b", "b"),
        ("a b c d", 1, "a c d", "c"),
        ("a b c d", 3, "a b c", "c"),
        ("a b c d", 2, "a b", "b"),
        ("p0 p1 p2", 1, "x y z", "y"),
        ("p0 p1 p2", 2, "x", "x"),
        ("a", 0, "", ""),
    ] {
        let old = ids(old);
        let mut zone = Zone::row("z", 2, old.clone());
        zone.index = index;
        zone.set_items(ids(new));
        assert_eq!(zone.item().map_or("", |i| i.as_str()), focused, "{old:?} at {index} becomes {new}");
    }
}

#[test]
fn a_vanished_zone_gives_the_focus_to_the_one_below_else_above() {
    let row = |z: &str| Zone::row(z, 3, ids("0 1 2"));
    let mut f = Focus::new(vec![row("a"), row("b"), row("c")], false);
    f.go("b", "2");
    f.set_zones(vec![row("a"), row("c")]);
    assert_eq!(at(&f), "c/0");
    f.set_zones(vec![row("a"), Zone::row("c", 3, vec![])]);
    assert_eq!(at(&f), "a/0");
    f.set_zones(vec![row("new"), row("a")]);
    assert_eq!(at(&f), "a/0", "a zone that came on top does not take the focus");
}

#[test]
fn entry_policies() {
    let zone = |entry| Zone { entry, index: 3, ..Zone::row("z", 3, ids("0 1 2 3 4 5")) };
    for (entry, expected) in [(Entry::Memory, "z/3"), (Entry::First, "z/0"), (Entry::Nearest, "z/3")] {
        let mut f = Focus::new(vec![Zone { index: 2, ..Zone::row("top", 3, ids("0 1 2")) }, zone(entry)], false);
        f.step(Down);
        assert_eq!(at(&f), expected, "{entry:?}");
    }
}

#[test]
fn grids() {
    let mut f = Focus::new(vec![Zone::new("g", ZoneKind::Grid { columns: 3 }, 1, ids("0 1 2 3 4 5 6"))], false);
    let path: Vec<String> = [Right, Right, Right, Down, Down, Left, Up, Left, Left]
        .into_iter()
        .map(|d| {
            f.step(d);
            f.check().unwrap();
            at(&f)
        })
        .collect();
    assert_eq!(path, ["g/1", "g/2", "g/2", "g/5", "g/6", "g/6", "g/3", "g/3", "g/3"]);
}

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Up), Just(Down), Just(Left), Just(Right)]
}

fn zone() -> impl Strategy<Value = Zone> {
    let kind =
        prop_oneof![Just(ZoneKind::Row), Just(ZoneKind::Column), (1usize..4).prop_map(|columns| ZoneKind::Grid { columns })];
    let entry = prop_oneof![Just(Entry::Memory), Just(Entry::First), Just(Entry::Nearest)];
    let scroll = prop_oneof![Just(Scroll::Least), Just(Scroll::Pin)];
    (0u8..6, kind, entry, scroll, 1usize..5, proptest::collection::btree_set(0u8..12, 0..9)).prop_map(
        |(name, kind, entry, scroll, visible, items)| {
            let items = items.into_iter().map(|i| Id::from(format!("i{i}"))).collect();
            Zone { entry, scroll, ..Zone::new(format!("z{name}"), kind, visible, items) }
        },
    )
}

fn zones() -> impl Strategy<Value = Vec<Zone>> {
    proptest::collection::vec(zone(), 0..5).prop_map(|mut zones| {
        let mut seen = std::collections::HashSet::new();
        zones.retain(|z| seen.insert(z.id.clone()));
        zones
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn one_focus_always_visible(
        first in zones(), rtl: bool,
        steps in proptest::collection::vec((direction(), proptest::option::weighted(0.1, zones())), 0..60),
    ) {
        let mut focus = Focus::new(first, rtl);
        prop_assert_eq!(focus.check(), Ok(()));
        for (direction, swap) in steps {
            if let Some(zones) = swap {
                let had = focus.at().map(|(z, i)| (z.clone(), i.clone()));
                let kept = had.filter(|(z, i)| zones.iter().any(|n| n.id == *z && n.items.contains(i)));
                focus.set_zones(zones);
                prop_assert_eq!(focus.check(), Ok(()));
                if let Some((z, i)) = kept {
                    prop_assert!(focus.is(&z, &i), "an item that stayed keeps the focus");
                }
            }
            let before = focus.clone();
            let moved = focus.step(direction);
            prop_assert_eq!(focus.check(), Ok(()));
            prop_assert_eq!(moved == Moved::Edge, focus.at() == before.at());
            // Within a row or column the way back is the way there.
            if moved == Moved::Within && !matches!(before.zone().map(|z| z.kind), Some(ZoneKind::Grid { .. })) {
                let back = match direction { Up => Down, Down => Up, Left => Right, Right => Left };
                let mut again = focus.clone();
                again.step(back);
                prop_assert_eq!(again.at(), before.at());
            }
        }
    }
}
