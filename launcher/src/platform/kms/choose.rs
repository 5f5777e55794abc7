//! Which connector, mode and CRTC: decisions on plain facts, no device in sight.

use crate::compose::fit;
use crate::platform::Rect;
use std::str::FromStr;

/// The most a board can show: `1280x720@60` in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxMode {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Pictures a second.
    pub hz: u32,
}

impl FromStr for MaxMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no mode; write 1280x720@60");
        let (size, hz) = text.split_once('@').ok_or_else(wrong)?;
        let (width, height) = size.split_once('x').ok_or_else(wrong)?;
        let number = |t: &str| t.parse().ok().filter(|n| *n > 0).ok_or_else(wrong);
        Ok(Self { width: number(width)?, height: number(height)?, hz: number(hz)? })
    }
}

/// A mode that a display offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModeFacts {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Pictures a second.
    pub hz: u32,
    /// The display's own, by its EDID.
    pub preferred: bool,
    /// Half the lines at a time.
    pub interlaced: bool,
}

/// Lines of the interface at its smallest.
const READABLE: u32 = 720;

/// The display's own mode if the board can do it; else the largest that it can, rather 16:9, near 60 pictures a second. A display that
/// offers only more than the board's maximum gets its smallest mode: a try is better than no picture. A display's own mode that is too small
/// to read the interface on counts as any other: QEMU's window begins with 640x480, and grows.
pub fn mode(modes: &[ModeFacts], max: Option<MaxMode>) -> Option<usize> {
    // The display's own mode may be a little faster: QEMU's has 75 pictures a second, and nothing else of that size.
    let rate = |m: &ModeFacts, max: MaxMode| m.hz <= if m.preferred { max.hz + max.hz / 4 } else { max.hz };
    let fits = |m: &ModeFacts| max.is_none_or(|max| m.width <= max.width && m.height <= max.height && rate(m, max));
    let all = || modes.iter().enumerate();
    let best = |of: &mut dyn Iterator<Item = (usize, &ModeFacts)>| {
        of.max_by_key(|(at, m)| {
            let wide = m.width * 9 == m.height * 16;
            let near = u32::MAX - m.hz.abs_diff(60);
            (
                m.preferred && m.height >= READABLE,
                !m.interlaced,
                wide,
                u64::from(m.width) * u64::from(m.height),
                near,
                std::cmp::Reverse(*at),
            )
        })
        .map(|(at, _)| at)
    };
    best(&mut all().filter(|(_, m)| fits(m)))
        .or_else(|| all().min_by_key(|(at, m)| (u64::from(m.width) * u64::from(m.height), m.hz, *at)).map(|(at, _)| at))
}

/// In which size the interface is drawn for a mode: in the one of its two sizes that fills more of it, the larger if both do the same.
pub fn canvas(mode: (u32, u32)) -> (u32, u32) {
    let lines = |size: (u32, u32)| whole(size, mode) * size.1;
    let (design, large) = ((1280, 720), (1920, 1080));
    if whole(large, mode) > 0 && lines(large) >= lines(design) { large } else { design }
}

/// How often the canvas goes into a mode.
fn whole(canvas: (u32, u32), mode: (u32, u32)) -> u32 {
    (mode.0 / canvas.0).min(mode.1 / canvas.1)
}

/// Where the canvas goes on the display: pixel by pixel or a whole multiple of that, with a black border at need; only a display that
/// is smaller gets it shrunk.
pub fn place(canvas: (u32, u32), mode: (u32, u32)) -> Rect {
    let (width, height) = match whole(canvas, mode) {
        0 => {
            let (_, _, width, height) = fit(canvas.0, canvas.1, mode);
            (width, height)
        }
        n => (canvas.0 * n, canvas.1 * n),
    };
    Rect { x: (mode.0 - width) / 2, y: (mode.1 - height) / 2, width, height }
}

/// A socket of the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectorFacts {
    /// A display is there.
    pub connected: bool,
    /// The modes it offers.
    pub modes: usize,
    /// A television is on HDMI.
    pub hdmi: bool,
}

/// The first socket with a display, HDMI before others.
pub fn connector(connectors: &[ConnectorFacts]) -> Option<usize> {
    let usable = connectors.iter().enumerate().filter(|(_, c)| c.connected && c.modes > 0);
    usable.min_by_key(|(at, c)| (!c.hdmi, *at)).map(|(at, _)| at)
}

/// The CRTC for a connector: the one that it is on already, else the first that one of its encoders can use (bit `n` for the `n`th).
pub fn crtc(current: Option<usize>, possible: &[u32], crtcs: usize) -> Option<usize> {
    let all = possible.iter().fold(0, |all, mask| all | mask);
    let can = |n: usize| n < 32 && all & 1 << n != 0;
    current.filter(|n| *n < crtcs && can(*n)).or_else(|| (0..crtcs).find(|n| can(*n)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(text: &str) -> Vec<ModeFacts> {
        let one = |word: &str| {
            let (word, preferred) = word.strip_suffix('*').map_or((word, false), |w| (w, true));
            let (word, interlaced) = word.strip_suffix('i').map_or((word, false), |w| (w, true));
            let MaxMode { width, height, hz } = word.parse().expect("a mode");
            ModeFacts { width, height, hz, preferred, interlaced }
        };
        text.split_whitespace().map(one).collect()
    }

    #[test]
    fn modes_are_chosen() {
        let check = |modes: &str, max: &str, expected: Option<usize>| {
            let max = (!max.is_empty()).then(|| max.parse().expect("a mode"));
            assert_eq!(mode(&offered(modes), max), expected, "{modes} with at most {max:?}");
        };
        // QEMU: the wanted size first and preferred, then a long list.
        check("1280x720@60* 1920x1080@60 1024x768@60", "1280x720@60", Some(0));
        check("1280x720@75* 1920x1080@60 1024x768@60 800x600@60", "1280x720@60", Some(0));
        check("1280x720@120* 1024x576@60", "1280x720@60", Some(1));
        check("1280x800@60* 1920x1080@60 1280x720@60 640x480@60", "1280x720@60", Some(2));
        check("640x480@60* 1280x720@60 1024x768@60", "1280x720@60", Some(1));
        check("720x576@50* 640x480@60", "1280x720@60", Some(0));
        // A 4K television on a board for 1080p, then one for 4K at 30.
        let television = "3840x2160@60* 3840x2160@30 1920x1080@60 1920x1080@50 1920x1080@60i 1280x720@60 720x576@50";
        check(television, "1920x1080@60", Some(2));
        check(television, "3840x2160@60", Some(0));
        check(television, "3840x2160@30", Some(1));
        check(television, "1920x1080@50", Some(3));
        check(television, "", Some(0));
        // Interlaced only where there is nothing else; too large only where there is nothing smaller.
        check("1920x1080@50i 1280x720@50", "1920x1080@60", Some(1));
        check("1920x1080@50i", "1920x1080@60", Some(0));
        check("3840x2160@30 2560x1440@60", "1920x1080@60", Some(1));
        // A monitor of another shape: 16:9 before larger.
        check("1600x1200@60 1280x720@60", "1920x1200@60", Some(1));
        check("", "", None);
    }

    #[test]
    fn maxima_are_read() {
        let mode = MaxMode { width: 1280, height: 720, hz: 60 };
        for (text, expected) in [("1280x720@60", Some(mode)), ("1280x720", None), ("x@", None), ("0x720@60", None)] {
            assert_eq!(text.parse().ok(), expected, "{text}");
        }
    }

    #[test]
    fn the_interface_has_its_place() {
        for (mode, size, at) in [
            ((1280, 720), (1280, 720), (0, 0, 1280, 720)),
            ((1920, 1080), (1920, 1080), (0, 0, 1920, 1080)),
            ((3840, 2160), (1920, 1080), (0, 0, 3840, 2160)),
            ((1280, 1024), (1280, 720), (0, 152, 1280, 720)),
            ((720, 576), (1280, 720), (0, 85, 720, 405)),
            ((2560, 1080), (1920, 1080), (320, 0, 1920, 1080)),
            ((2560, 1440), (1280, 720), (0, 0, 2560, 1440)),
            ((1366, 768), (1280, 720), (43, 24, 1280, 720)),
        ] {
            assert_eq!(canvas(mode), size, "{mode:?}");
            let placed = place(size, mode);
            assert_eq!((placed.x, placed.y, placed.width, placed.height), at, "{mode:?}");
        }
    }

    #[test]
    fn sockets_are_chosen() {
        let socket = |connected, modes, hdmi| ConnectorFacts { connected, modes, hdmi };
        for (list, expected) in [
            (vec![], None),
            (vec![socket(false, 0, true), socket(true, 9, false)], Some(1)),
            (vec![socket(true, 9, false), socket(true, 9, true)], Some(1)),
            (vec![socket(true, 0, true)], None),
        ] {
            assert_eq!(connector(&list), expected, "{list:?}");
        }
        for (current, possible, crtcs, expected) in [
            (None, vec![0b10], 2, Some(1)),
            (Some(1), vec![0b11], 2, Some(1)),
            (Some(1), vec![0b1], 2, Some(0)),
            (None, vec![0b100], 2, None),
        ] {
            assert_eq!(crtc(current, &possible, crtcs), expected, "{current:?} {possible:?}");
        }
    }
}
