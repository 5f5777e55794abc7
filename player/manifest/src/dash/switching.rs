//! Adaptation sets among which a player may switch (`urn:mpeg:dash:adaptation-set-switching:2016`, ISO 23009-1 §5.3.3.5) become one track set. So
//! packagers say that SD, HD and UHD are one film where each has its own key.
use super::tree::Element;
use crate::{TrackSet, codecs};
use std::collections::HashMap;

const SCHEME: &str = "urn:mpeg:dash:adaptation-set-switching:2016";

/// Takes the track sets of a period, one after the other.
#[derive(Default)]
pub(super) struct Joined<'a> {
    sets: Vec<TrackSet>,
    /// Where the set with this `@id` went.
    placed: HashMap<&'a str, usize>,
    /// Where a set went that names this `@id`.
    naming: HashMap<&'a str, usize>,
}

impl<'a> Joined<'a> {
    /// `track` was read from `element`. It joins a set that names it or that it names, if both carry the same in the same codec: a
    /// decoder does not change in mid-film.
    pub(super) fn add(&mut self, element: &'a Element, track: TrackSet) {
        let id = element.attr("id").map(str::trim);
        let names: Vec<&str> = named(element).collect();
        let linked = names.iter().filter_map(|n| self.placed.get(n)).chain(id.and_then(|id| self.naming.get(id)));
        let found = linked.copied().find(|at| self.sets.get(*at).is_some_and(|set| alike(set, &track)));
        let at = found.unwrap_or(self.sets.len());
        match self.sets.get_mut(at) {
            Some(set) => {
                set.channels = set.channels.or(track.channels);
                set.default |= track.default;
                set.renditions.extend(track.renditions);
                set.renditions.sort_by_key(|r| r.bandwidth);
            }
            None => self.sets.push(track),
        }
        id.map(|id| self.placed.entry(id).or_insert(at));
        for name in names {
            self.naming.entry(name).or_insert(at);
        }
    }

    pub(super) fn sets(self) -> Vec<TrackSet> {
        self.sets
    }
}

fn named(set: &Element) -> impl Iterator<Item = &str> {
    let properties = set.all("SupplementalProperty").filter(|p| p.attr("schemeIdUri") == Some(SCHEME));
    properties.filter_map(|p| p.attr("value")).flat_map(|list| list.split(',').map(str::trim)).filter(|id| !id.is_empty())
}

fn alike(a: &TrackSet, b: &TrackSet) -> bool {
    (a.kind, &a.language, &a.roles, family(a)) == (b.kind, &b.language, &b.roles, family(b))
}

fn family(set: &TrackSet) -> Option<&str> {
    set.renditions.first().map(|r| codecs::family(&r.codecs))
}
