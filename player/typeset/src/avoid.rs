//! Moves cues that stand free on the picture out of each other's way (WebVTT §7.2, "adjust the positions of boxes").
use crate::Rect;
use crate::place::Placed;
use hearth_captions::BlockAlign;

/// Most steps that a cue is moved.
const MOST: usize = 32;

/// Earlier cues keep their places. `within`: where text is kept.
pub(crate) fn overlaps(placed: &mut [Placed<'_>], within: Rect) {
    for i in 1..placed.len() {
        let (before, rest) = placed.split_at_mut(i);
        let Some(own) = rest.first_mut().filter(|p| is_free(p) && p.line > 0.0) else { continue };
        let taken = |block: Rect| before.iter().filter(|b| is_free(b)).any(|b| !b.block.meet(&block).is_empty());
        // What stands at the bottom goes up, what stands at the top goes down.
        let step = if own.cue.region.align == BlockAlign::Before { own.line } else { -own.line };
        // Half a pixel less than touching.
        let inner = own.block.grown(-0.5, -0.5);
        let found = (0..=MOST).map(|n| step * n as f32).find(|dy| !taken(inner.moved(0.0, *dy)));
        let fits = |dy: &f32| inner.y + dy >= within.y - 1.0 && inner.bottom() + dy <= within.bottom() + 1.0;
        own.shift(0.0, found.filter(fits).unwrap_or(0.0));
    }
}

/// In no region of the author's: all of the picture's height is its own.
fn is_free(p: &Placed<'_>) -> bool {
    let r = &p.cue.region;
    r.id.is_empty() && !r.clip && r.height >= 0.999 && !p.frame.is_vertical()
}
