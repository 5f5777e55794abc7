//! Letters: two fixed fonts with the glyphs of ISO 8859-1 and 8859-2, and what stands for every other character.
//!
//! The fonts are X11's `6x10` and `7x13B` (public domain), a bit a pixel, glyph after glyph; `tests/font.rs` writes and checks the sheets
//! against embedded-graphics' copies.

/// A font whose glyphs are all of one size.
pub struct Font {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Glyphs that it lacks at the beginning.
    first: u8,
    bits: &'static [u8],
}

/// For times: `0123456789:` and nothing else.
pub static SMALL: Font = Font { width: 6, height: 10, first: b'0' - b' ', bits: include_bytes!("6x10.bin") };
/// For words.
pub static BOLD: Font = Font { width: 7, height: 13, first: 0, bits: include_bytes!("7x13B.bin") };

/// Glyphs 0 to 94 are ASCII from the space on, 95 to 190 ISO 8859-1 from the no-break space on, and then come these, of 8859-2.
pub const LATIN_2: &str = "ĄĽŚŠŞŤŹŽŻąľśšşťźžżŔĂĹĆČĘĚĎĐŃŇŐŘŮŰŢŕăĺćčęěďđńňőřůűţ˘˛ˇ˝˙łŁ";

/// A text's glyphs: never longer than the longest text on the wire, transliterated.
pub type Glyphs = heapless::Vec<u8, 96>;

impl Font {
    /// Whether a pixel of a glyph is set.
    pub fn is_set(&self, glyph: u8, x: u32, y: u32) -> bool {
        let Some(glyph) = glyph.checked_sub(self.first) else { return false };
        let bit = (u32::from(glyph) * self.height + y) * self.width + x;
        self.bits.get(bit as usize / 8).is_some_and(|byte| byte << (bit % 8) & 0x80 != 0)
    }

    /// Of a text, in pixels.
    pub fn width_of(&self, glyphs: &[u8]) -> i32 {
        glyphs.len() as i32 * self.width as i32
    }
}

/// The glyphs that show `text`. Characters without one are transliterated, marks that stand on others left out, the rest is `?`.
pub fn glyphs(text: &str) -> Glyphs {
    let mut out = Glyphs::new();
    for c in text.chars() {
        match glyph(c) {
            Some(glyph) => out.push(glyph).unwrap_or_default(),
            None => instead(c, &mut |c| out.push(glyph(c).unwrap_or(b'?' - b' ')).unwrap_or_default()),
        }
    }
    out
}

fn glyph(c: char) -> Option<u8> {
    match c as u32 {
        code @ 0x20..=0x7e => Some((code - 0x20) as u8),
        code @ 0xa0..=0xff => Some((code - 0xa0 + 95) as u8),
        _ => LATIN_2.chars().position(|known| known == c).map(|i| (i + 191) as u8),
    }
}

/// U+0100 to U+017F without their marks.
const LATIN_EXTENDED_A: &str = "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIiJjJjKkkLlLlLlLlLlNnNnNnnNnOoOoOoOoRrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs";
/// U+0391 to U+03A9, as ISO 843 transcribes them (U+03A2 is no letter).
const GREEK: &str = "A V G D E Z I Th I K L M N X O P R ? S T Y F Ch Ps O";
/// U+03AC to U+03AF, U+03CC to U+03CE: Greek with an accent.
const GREEK_ACCENTED: &str = "aeiioyo";
/// U+0410 to U+042F, as the BGN transcribes Russian.
const CYRILLIC: &str = "A B V G D E Zh Z I Y K L M N O P R S T U F Kh Ts Ch Sh Shch ' Y ' E Yu Ya";

/// What is shown for a character without a glyph.
fn instead(c: char, put: &mut dyn FnMut(char)) {
    let one = |text: &str, index: u32| text.as_bytes().get(index as usize).map_or('?', |b| char::from(*b));
    let code = c as u32;
    let (words, lower) = match code {
        0x0300..=0x036f | 0x200b..=0x200f | 0xfe00..=0xfe0f | 0xfeff => return, // stand on others, or are not seen
        0x0152 => ("OE", false),
        0x0153 => ("oe", false),
        0x0100..=0x017f => return put(one(LATIN_EXTENDED_A, code - 0x100)),
        0x0218 => ("Ş", false),
        0x0219 => ("ş", false),
        0x021a => ("Ţ", false),
        0x021b => ("ţ", false),
        0x0386 => ("A", false),
        0x0388..=0x038a => return put(one("EII", code - 0x388)),
        0x038c => ("O", false),
        0x038e..=0x038f => return put(one("YO", code - 0x38e)),
        0x0391..=0x03a9 => return nth(GREEK, code - 0x391, false, put),
        0x03c2 => ("s", false),
        0x03b1..=0x03c9 => return nth(GREEK, code - 0x3b1, true, put),
        0x03ac..=0x03af => return put(one(GREEK_ACCENTED, code - 0x3ac)),
        0x03cc..=0x03ce => return put(one(GREEK_ACCENTED, code - 0x3cc + 4)),
        0x0401 | 0x0404 => ("Ye", false),
        0x0451 | 0x0454 => ("Ye", true),
        0x0406 | 0x0407 => ("I", false),
        0x0456 | 0x0457 => ("I", true),
        0x0410..=0x042f => return nth(CYRILLIC, code - 0x410, false, put),
        0x0430..=0x044f => return nth(CYRILLIC, code - 0x430, true, put),
        0x1e9e => ("SS", false),
        0x2000..=0x200a | 0x202f | 0x3000 => (" ", false),
        0x2010..=0x2015 | 0x2212 => ("-", false),
        0x2018..=0x201b | 0x2032 => ("'", false),
        0x201c..=0x201f | 0x2033 => ("\"", false),
        0x2022 => ("·", false),
        0x2026 => ("...", false),
        0x20ac => ("EUR", false),
        0x2116 => ("No", false),
        0x2122 => ("TM", false),
        _ => ("?", false),
    };
    words.chars().for_each(|c| put(if lower { c.to_ascii_lowercase() } else { c }));
}

/// A word of a list.
fn nth(list: &str, index: u32, lower: bool, put: &mut dyn FnMut(char)) {
    let mut at = 0;
    for byte in list.bytes() {
        if byte == b' ' {
            at += 1;
        } else if at == index {
            put(char::from(if lower { byte.to_ascii_lowercase() } else { byte }));
        }
    }
}
