//! Which plane shows what: decisions on plain facts, no device in sight.

/// What a plane is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlaneKind {
    /// Every CRTC has one.
    Primary,
    /// Above or below it.
    Overlay,
    /// For a mouse.
    Cursor,
}

/// A plane of the card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaneFacts {
    /// What for.
    pub kind: PlaneKind,
    /// It can show on the chosen CRTC.
    pub on_crtc: bool,
    /// DRM FourCCs that it takes.
    pub formats: Vec<u32>,
    /// Another CRTC shows it now.
    pub busy: bool,
    /// The lowest and the highest place in the stack that it can have; none where the driver says nothing of places.
    pub places: Option<(u64, u64)>,
    /// Its alpha can be premultiplied, as the interface's is.
    pub premultiplied: bool,
}

/// `XR24`, and the same with an alpha that is always full: what the composed picture can be written as, the first rather.
const COMPOSED: [u32; 2] = [code(*b"XR24"), ALPHA];
/// What the interface is written as above a film.
const ALPHA: u32 = code(*b"AR24");

const fn code(letters: [u8; 4]) -> u32 {
    u32::from_le_bytes(letters)
}

/// As boards' files write them; what is no FourCC is left out.
pub fn codes(listed: &[String]) -> Vec<u32> {
    listed.iter().filter_map(|text| <[u8; 4]>::try_from(text.as_bytes()).ok().map(code)).collect()
}

/// In which formats film and interface may be composed on a board whose plane for the interface takes `listed`; either where it lists none.
pub fn composed(listed: &[u32]) -> Vec<u32> {
    COMPOSED.into_iter().filter(|f| listed.is_empty() || listed.contains(f)).collect()
}

/// The plane that shows film and interface composed, and in which of the `wanted` formats: the CRTC's primary one, at need an overlay.
pub fn plane(planes: &[PlaneFacts], wanted: &[u32]) -> Option<(usize, u32)> {
    let usable = usable(planes).filter_map(|(at, p)| Some((at, p, wanted.iter().copied().find(|f| p.formats.contains(f))?)));
    usable.min_by_key(|(at, p, _)| (p.kind != PlaneKind::Primary, *at)).map(|(at, _, format)| (at, format))
}

fn usable(planes: &[PlaneFacts]) -> impl Iterator<Item = (usize, &PlaneFacts)> {
    planes.iter().enumerate().filter(|(_, p)| p.on_crtc && !p.busy && p.kind != PlaneKind::Cursor)
}

/// A film on a plane of its own, and the interface on one above it. Indexes of planes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stack {
    /// Shows films.
    pub film: usize,
    /// What films may come as, of what is wanted.
    pub formats: Vec<u32>,
    /// Shows the interface, in `AR24`.
    pub ui: usize,
    /// The primary plane, if it is neither. It is switched off.
    pub idle: Option<usize>,
    /// It lies below the film: where it cannot be off, it may be black.
    pub below: bool,
    /// Places to be taken by those that have a choice.
    pub places: Vec<(usize, u64)>,
}

/// All ways to have the film, in any of the formats in `film`, below an interface whose plane takes what `ui` lists. The best first:
/// a film's plane moves and hides, which a primary one may not do, so a film is there only where nothing else is left; and planes that show
/// nothing cost nothing. Which of them the driver really takes only a try tells.
pub fn stacks(planes: &[PlaneFacts], ui: &[u32], film: &[u32]) -> Vec<Stack> {
    if !ui.is_empty() && !ui.contains(&ALPHA) {
        return Vec::new();
    }
    let formats = |p: &PlaneFacts| film.iter().copied().filter(|f| p.formats.contains(f)).collect::<Vec<_>>();
    let films: Vec<_> = usable(planes).map(|(at, p)| (at, formats(p))).filter(|(_, formats)| !formats.is_empty()).collect();
    let uis = || usable(planes).filter(|(_, p)| p.premultiplied && p.formats.contains(&ALPHA)).map(|(at, _)| at);
    let pairs = films.iter().flat_map(|(film, formats)| uis().filter(move |ui| ui != film).map(move |ui| (*film, formats, ui)));
    let mut stacks: Vec<Stack> = pairs.filter_map(|(film, formats, ui)| stack(planes, film, formats, ui)).collect();
    let kind = |at: usize| planes.get(at).map(|p| p.kind);
    let primary = |at: usize| kind(at) == Some(PlaneKind::Primary);
    stacks.sort_by_key(|s| (primary(s.film), s.idle.is_some(), film.len() - s.formats.len(), s.film, s.ui));
    stacks
}

fn stack(planes: &[PlaneFacts], film: usize, formats: &[u32], ui: usize) -> Option<Stack> {
    let primary = usable(planes).find(|(_, p)| p.kind == PlaneKind::Primary).map(|(at, _)| at);
    let idle = primary.filter(|at| ![film, ui].contains(at));
    let with_idle = idle.and_then(|idle| ordered(planes, &[idle, film, ui]));
    let below = with_idle.is_some();
    let places = with_idle.or_else(|| ordered(planes, &[film, ui]))?;
    Some(Stack { film, formats: formats.to_vec(), ui, idle, below, places })
}

/// Can these planes lie in this order, the lowest first? The places that those with a choice then take.
fn ordered(planes: &[PlaneFacts], order: &[usize]) -> Option<Vec<(usize, u64)>> {
    let facts: Vec<&PlaneFacts> = order.iter().filter_map(|at| planes.get(*at)).collect();
    if facts.iter().all(|p| p.places.is_none()) {
        // Drivers without places have the primary plane lowest, and the others in their order.
        let keys: Vec<_> = facts.iter().map(|p| p.kind).zip(order).collect();
        return keys.is_sorted().then(Vec::new);
    }
    let (mut next, mut taken) = (0, Vec::new());
    for (plane, at) in facts.iter().zip(order) {
        // Where one says it and another does not, nothing is known.
        let (low, high) = plane.places?;
        let place = low.max(next);
        if place > high {
            return None;
        }
        if low < high {
            taken.push((*at, place));
        }
        next = place + 1;
    }
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::PlaneKind::{Cursor, Overlay, Primary};
    use super::*;

    fn listed(text: &str) -> Vec<u32> {
        codes(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    fn of(kind: PlaneKind, formats: &str, places: Option<(u64, u64)>) -> PlaneFacts {
        PlaneFacts { kind, on_crtc: true, formats: listed(formats), busy: false, places, premultiplied: true }
    }

    #[test]
    fn one_plane_for_all() {
        let either = "NV12 AR24 XR24";
        let away = |kind| PlaneFacts { on_crtc: false, ..of(kind, either, None) };
        let busy = |kind| PlaneFacts { busy: true, ..of(kind, either, None) };
        for (list, board, expected) in [
            (vec![of(Overlay, either, None), of(Primary, either, None)], "", Some((1, *b"XR24"))),
            (vec![away(Primary), of(Overlay, either, None)], "XR24", Some((1, *b"XR24"))),
            (vec![of(Primary, either, None)], "AR24 NV12", Some((0, *b"AR24"))),
            (vec![of(Primary, "AR24", None)], "AR24 XR24", Some((0, *b"AR24"))),
            // What the board's file does not list is not used, though the driver offers it.
            (vec![of(Primary, either, None)], "RG16", None),
            (vec![of(Primary, "NV12", None), of(Cursor, either, None)], "", None),
            (vec![busy(Primary)], "", None),
        ] {
            let expected = expected.map(|(at, letters)| (at, code(letters)));
            assert_eq!(plane(&list, &composed(&listed(board))), expected, "{list:?} {board}");
        }
    }

    const RGB: &str = "XR24 AR24 RG16";
    const ALL: &str = "XR24 AR24 RG16 NV12 NV16";

    /// Film, interface, idle primary, whether that is below, places: of the best stack.
    type Best = (usize, usize, Option<usize>, bool, Vec<(usize, u64)>);

    fn best(planes: &[PlaneFacts], ui: &str, film: &str) -> Option<Best> {
        let stack = stacks(planes, &listed(ui), &listed(film)).into_iter().next()?;
        Some((stack.film, stack.ui, stack.idle, stack.below, stack.places))
    }

    /// Planes as drivers list them, by reading drivers; the board's words are those of `boards/`.
    #[test]
    fn a_film_has_its_plane_below_the_interface() {
        let fixed = |at: u64| Some((at, at));
        let any = |high: u64| Some((0, high));
        // RK3399's VOP: no places; two planes with YUV, two without.
        let vop = [of(Primary, ALL, None), of(Cursor, RGB, None), of(Overlay, ALL, None), of(Overlay, RGB, None)];
        assert_eq!(best(&vop, "AR24 XR24", "NV12"), Some((2, 3, Some(0), true, vec![])));
        // Its small brother: a primary and a cursor, of which the cursor is no place for an interface.
        assert_eq!(best(&[of(Primary, ALL, None), of(Cursor, RGB, None)], "AR24 XR24", "NV12"), None);
        // With one overlay the film has to be on the primary plane, for the overlay lies above.
        let lit = [of(Primary, ALL, None), of(Overlay, RGB, None)];
        assert_eq!(best(&lit, "AR24 XR24", "NV12"), Some((0, 1, None, false, vec![])));
        // RK3588's VOP2: each plane can be anywhere; one of them takes RGB only.
        let vop2 = [of(Primary, ALL, any(3)), of(Overlay, RGB, any(3)), of(Overlay, ALL, any(3)), of(Overlay, ALL, any(3))];
        assert_eq!(best(&vop2, "AR24 XR24", "NV12"), Some((2, 0, None, false, vec![(2, 0), (0, 1)])));
        // Amlogic: the film's plane is always the lowest, the primary one always above it.
        let meson = [of(Primary, RGB, fixed(1)), of(Overlay, "NV12 YU12", fixed(0))];
        assert_eq!(best(&meson, "AR24 XR24", "NV12"), Some((1, 0, None, false, vec![])));
        // Raspberry Pi: the primary plane is the lowest, a stack of overlays above it.
        let vc4: Vec<_> =
            [of(Primary, ALL, fixed(0))].into_iter().chain((0..8).map(|_| of(Overlay, ALL, Some((1, 31))))).collect();
        assert_eq!(best(&vc4, "AR24 XR24", "NV12"), Some((1, 2, Some(0), true, vec![(1, 1), (2, 2)])));
        // Allwinner's mixer: one plane for video, three for the rest, the first of which is the primary; each in its place, or anywhere.
        let de = |at: fn(u64) -> Option<(u64, u64)>| {
            [of(Overlay, ALL, at(0)), of(Primary, RGB, at(1)), of(Overlay, RGB, at(2)), of(Overlay, RGB, at(3))]
        };
        assert_eq!(best(&de(fixed), "AR24 XR24", "NV12"), Some((0, 1, None, false, vec![])));
        assert_eq!(best(&de(|_| Some((0, 3))), "AR24 XR24", "NV12"), Some((0, 1, None, false, vec![(0, 0), (1, 1)])));
        // The kernel's virtual one, with overlays.
        let vkms: Vec<_> = [of(Primary, RGB, None), of(Overlay, RGB, None), of(Overlay, RGB, None), of(Cursor, RGB, None)].into();
        assert_eq!(best(&vkms, "AR24 XR24", "XR24"), Some((1, 2, Some(0), true, vec![])));
    }

    #[test]
    fn without_a_plane_with_alpha_above_it_all_is_composed() {
        let fixed = |at: u64| Some((at, at));
        let straight = |p: PlaneFacts| PlaneFacts { premultiplied: false, ..p };
        for (why, planes, ui) in [
            ("virtio-gpu has one plane", vec![of(Primary, "XR24", None), of(Cursor, "AR24", None)], "XR24"),
            ("nothing shows NV12", vec![of(Primary, RGB, None), of(Overlay, RGB, None)], "AR24"),
            ("the film's plane is above", vec![of(Primary, RGB, fixed(0)), of(Overlay, "NV12", fixed(1))], "AR24"),
            ("no alpha above", vec![of(Overlay, "NV12", fixed(0)), of(Primary, "XR24", fixed(1))], "AR24 XR24"),
            ("alpha of the wrong kind", vec![of(Overlay, "NV12", fixed(0)), straight(of(Primary, RGB, fixed(1)))], "AR24"),
            ("the board's file says that it has none", vec![of(Overlay, ALL, fixed(0)), of(Primary, ALL, fixed(1))], "XR24"),
            ("who is above is not known", vec![of(Overlay, ALL, None), of(Primary, ALL, fixed(1))], "AR24"),
            ("elsewhere", vec![PlaneFacts { busy: true, ..of(Overlay, ALL, fixed(0)) }, of(Primary, ALL, fixed(1))], "AR24"),
        ] {
            assert_eq!(best(&planes, ui, "NV12"), None, "{why}");
        }
    }

    #[test]
    fn the_next_best_comes_next() {
        let planes =
            [of(Primary, ALL, Some((0, 9))), of(Overlay, "NV12", Some((0, 9))), of(Overlay, "NV12 P010 AR24", Some((0, 9)))];
        let stacks = stacks(&planes, &[], &listed("NV12 P010"));
        let order: Vec<_> = stacks.iter().map(|s| (s.film, s.ui, s.idle, s.formats.len())).collect();
        // The one with more of the film's formats; then the other; then with the primary plane off; the film there only at last.
        assert_eq!(order, [(2, 0, None, 2), (1, 0, None, 1), (1, 2, Some(0), 1), (0, 2, None, 1)]);
    }
}
