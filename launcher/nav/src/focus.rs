//! Where the focus is: zones stacked from top to bottom, items in each, a memory per zone, scroll offsets as data.
//!
//! Items have stable names, so a list can be replaced under the focus: the same item keeps it, else the nearest survivor takes it, else
//! (a placeholder that became real) the same place.

use crate::Id;

/// Where an arrow points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub enum Direction {
    Up,
    Down,
    Left,
    Right,
}

/// How a zone lays out its items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneKind {
    /// Side by side.
    Row,
    /// One below the other.
    Column,
    /// Rows of so many, filled from the start.
    Grid {
        /// At least 1.
        columns: usize,
    },
}

/// Which item takes the focus when it comes into a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The one that had it last; at first the first.
    Memory,
    /// Always the first.
    First,
    /// The one that is on the screen where the focus came from (same slot).
    Nearest,
}

/// How a list follows its focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scroll {
    /// As little as it takes to show the focused item.
    Least,
    /// The focused item is the first one shown.
    Pin,
}

/// A group of items in which arrows move along the layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Stable.
    pub id: Id,
    /// Layout.
    pub kind: ZoneKind,
    /// In order. A zone without items is skipped.
    pub items: Vec<Id>,
    /// Lines (items of a row or column, rows of a grid) that are wholly visible at once; at least 1.
    pub visible: usize,
    /// Who gets the focus on entry.
    pub entry: Entry,
    /// How it scrolls.
    pub scroll: Scroll,
    /// The item that has, or last had, the focus; always valid unless the zone is empty.
    pub index: usize,
    /// First line shown.
    pub first: usize,
    /// Beside what the page is about: the focus goes there by arrows alone, neither at first nor because something else has gone.
    pub aside: bool,
}

impl Zone {
    /// A zone that remembers its focus and scrolls as little as it can.
    pub fn new(id: impl Into<Id>, kind: ZoneKind, visible: usize, items: Vec<Id>) -> Self {
        let (entry, scroll) = (Entry::Memory, Scroll::Least);
        Self { id: id.into(), kind, items, visible: visible.max(1), entry, scroll, index: 0, first: 0, aside: false }
    }

    /// A row, see [`Zone::new`].
    pub fn row(id: impl Into<Id>, visible: usize, items: Vec<Id>) -> Self {
        Self::new(id, ZoneKind::Row, visible, items)
    }

    /// The item with (or last with) the focus.
    pub fn item(&self) -> Option<&Id> {
        self.items.get(self.index)
    }

    /// Replaces the items; see the module's rule on who keeps the focus.
    pub fn set_items(&mut self, items: Vec<Id>) {
        if let Some(old) = self.item()
            && items.get(self.index) != Some(old)
        {
            let place = |id: &Id| items.iter().position(|i| i == id);
            let survivor = place(old).or_else(|| {
                (1..self.items.len()).find_map(|d| {
                    let right = self.items.get(self.index + d).and_then(place);
                    right.or_else(|| self.index.checked_sub(d).and_then(|i| place(&self.items[i])))
                })
            });
            self.index = survivor.unwrap_or(self.index);
        }
        self.items = items;
        self.index = self.index.min(self.items.len().saturating_sub(1));
        self.settle();
    }

    /// Line of the focused item: its index, or its row in a grid.
    pub fn line(&self) -> usize {
        self.index / self.across()
    }

    /// Lines in all.
    pub fn lines(&self) -> usize {
        self.items.len().div_ceil(self.across())
    }

    fn across(&self) -> usize {
        match self.kind {
            ZoneKind::Grid { columns } => columns.max(1),
            ZoneKind::Row | ZoneKind::Column => 1,
        }
    }

    /// Where an arrow leads inside the zone; none at its edge.
    fn next(&self, direction: Direction) -> Option<usize> {
        use Direction::*;
        let (back, ahead) = (self.index.checked_sub(1), Some(self.index + 1).filter(|i| *i < self.items.len()));
        match (self.kind, direction) {
            (ZoneKind::Row, Left) | (ZoneKind::Column, Up) => back,
            (ZoneKind::Row, Right) | (ZoneKind::Column, Down) => ahead,
            (ZoneKind::Row, _) | (ZoneKind::Column, _) => None,
            (ZoneKind::Grid { .. }, Left) => back.filter(|i| i / self.across() == self.line()),
            (ZoneKind::Grid { .. }, Right) => ahead.filter(|i| i / self.across() == self.line()),
            (ZoneKind::Grid { .. }, Up) => self.index.checked_sub(self.across()),
            // A last row that is shorter takes the focus at its end.
            (ZoneKind::Grid { .. }, Down) => {
                (self.line() + 1 < self.lines()).then(|| (self.index + self.across()).min(self.items.len() - 1))
            }
        }
    }

    fn enter(&mut self, slot: usize) {
        match self.entry {
            Entry::Memory => {}
            Entry::First => self.index = 0,
            Entry::Nearest => self.index = (self.first + slot).min(self.items.len().saturating_sub(1)),
        }
        self.settle();
    }

    fn settle(&mut self) {
        self.first = scrolled(self.scroll, self.first, self.line(), self.visible, self.lines());
    }

    fn check(&self) -> Result<(), String> {
        let fits = self.items.is_empty() || (self.index < self.items.len());
        let shown = self.items.is_empty() || (self.first..self.first + self.visible).contains(&self.line());
        if fits && shown { Ok(()) } else { Err(format!("zone {}: index {} of {}", self.id, self.index, self.items.len())) }
    }
}

fn scrolled(scroll: Scroll, first: usize, at: usize, visible: usize, len: usize) -> usize {
    match scroll {
        Scroll::Pin => at,
        Scroll::Least => {
            let first = first.clamp((at + 1).saturating_sub(visible), at);
            // No empty space after the last item while there is something before the first shown.
            first.min(len.saturating_sub(visible))
        }
    }
}

/// What an arrow did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// To another item of the same zone.
    Within,
    /// To another zone.
    Zone,
    /// There is nothing that way.
    Edge,
}

/// A page of zones, exactly one item of which has the focus (none only if every zone is empty).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Focus {
    zones: Vec<Zone>,
    zone: usize,
    rtl: bool,
}

impl Focus {
    /// Zones from top to bottom; the focus is in the first that has items and is not aside. `rtl` mirrors Left and Right.
    pub fn new(zones: Vec<Zone>, rtl: bool) -> Self {
        let mut focus = Self { zones, zone: 0, rtl };
        focus.zones.iter_mut().for_each(Zone::settle);
        focus.zone = focus.nearest_zone(0);
        focus
    }

    /// All zones.
    pub fn zones(&self) -> &[Zone] {
        &self.zones
    }

    /// Index of the zone with the focus. A page scrolls so that this zone is on the screen.
    pub fn zone_index(&self) -> usize {
        self.zone
    }

    /// The zone with the focus.
    pub fn zone(&self) -> Option<&Zone> {
        self.zones.get(self.zone)
    }

    /// A zone by name.
    pub fn find(&self, zone: &str) -> Option<&Zone> {
        self.zones.iter().find(|z| z.id == *zone)
    }

    /// The item with the focus and its zone.
    pub fn at(&self) -> Option<(&Id, &Id)> {
        self.zone().and_then(|z| z.item().map(|item| (&z.id, item)))
    }

    /// Is it this one?
    pub fn is(&self, zone: &str, item: &str) -> bool {
        self.at().is_some_and(|(z, i)| *z == *zone && *i == *item)
    }

    /// Mirrored for right-to-left scripts.
    pub fn rtl(&self) -> bool {
        self.rtl
    }

    /// One press of an arrow.
    pub fn step(&mut self, direction: Direction) -> Moved {
        let direction = match direction {
            Direction::Left if self.rtl => Direction::Right,
            Direction::Right if self.rtl => Direction::Left,
            other => other,
        };
        let Some(zone) = self.zones.get_mut(self.zone) else { return Moved::Edge };
        if let Some(index) = zone.next(direction) {
            zone.index = index;
            zone.settle();
            return Moved::Within;
        }
        let slot = zone.line().saturating_sub(zone.first);
        let target = match direction {
            Direction::Up => (0..self.zone).rev().find(|z| !self.zones[*z].items.is_empty()),
            Direction::Down => (self.zone + 1..self.zones.len()).find(|z| !self.zones[*z].items.is_empty()),
            Direction::Left | Direction::Right => None,
        };
        let Some(target) = target else { return Moved::Edge };
        self.zone = target;
        self.zones[target].enter(slot);
        Moved::Zone
    }

    /// To the first item of the first zone that has one and is not aside, everything scrolled to its start. False if it was there already.
    pub fn top(&mut self) -> bool {
        let before = (self.zone, self.zone().map(|z| (z.index, z.first)));
        self.zone = self.nearest_zone(0);
        if let Some(zone) = self.zones.get_mut(self.zone) {
            (zone.index, zone.first) = (0, 0);
            zone.settle();
        }
        before != (self.zone, self.zone().map(|z| (z.index, z.first)))
    }

    /// Puts the focus on an item. False if there is no such item.
    pub fn go(&mut self, zone: &str, item: &str) -> bool {
        let found = self.zones.iter().position(|z| z.id == *zone);
        let place = found.and_then(|z| self.zones[z].items.iter().position(|i| *i == *item).map(|i| (z, i)));
        let Some((zone, index)) = place else { return false };
        self.zone = zone;
        self.zones[zone].index = index;
        self.zones[zone].settle();
        true
    }

    /// Replaces the zones. A zone of the same name keeps its memory and scroll by the rule of [`Zone::set_items`]; if the focused zone is
    /// gone or empty now, the nearest zone below, else above, takes the focus.
    pub fn set_zones(&mut self, zones: Vec<Zone>) {
        let old = std::mem::take(&mut self.zones);
        let survivor = old.get(self.zone).and_then(|was| {
            let alive = |z: &Zone| zones.iter().position(|n| n.id == z.id && !n.items.is_empty());
            let matters = |z: &Zone| alive(z).filter(|_| !z.aside);
            alive(was).or_else(|| {
                let below = old[self.zone + 1..].iter().find_map(matters);
                below.or_else(|| old[..self.zone].iter().rev().find_map(matters))
            })
        });
        self.zones = zones;
        for new in &mut self.zones {
            if let Some(was) = old.iter().find(|z| z.id == new.id) {
                let items = std::mem::replace(&mut new.items, was.items.clone());
                (new.index, new.first) = (was.index, was.first);
                new.set_items(items);
            }
            new.settle();
        }
        self.zone = survivor.unwrap_or_else(|| self.nearest_zone(self.zone));
    }

    /// The zone at or after `from` that has items, else the nearest before; one that is aside only where there is no other.
    fn nearest_zone(&self, from: usize) -> usize {
        let from = from.min(self.zones.len().saturating_sub(1));
        let nearest = |aside: bool| {
            let fits = |z: &usize| !self.zones[*z].items.is_empty() && self.zones[*z].aside == aside;
            (from..self.zones.len()).find(fits).or_else(|| (0..from).rev().find(fits))
        };
        nearest(false).or_else(|| nearest(true)).unwrap_or(0)
    }

    /// The invariants, for tests: exactly one item has the focus if there is any item, and every zone shows its own.
    pub fn check(&self) -> Result<(), String> {
        self.zones.iter().try_for_each(Zone::check)?;
        let any = self.zones.iter().any(|z| !z.items.is_empty());
        if any == self.at().is_some() { Ok(()) } else { Err(format!("no focus in {:?}", self.zones)) }
    }
}
