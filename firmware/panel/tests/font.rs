//! The fonts' sheets against the fonts they were taken from, and texts against what is shown of them. `HEARTH_BLESS=1` writes the sheets.

use std::path::Path;

use embedded_graphics::image::GetPixel;
use embedded_graphics::mono_font::{MonoFont, iso_8859_1, iso_8859_2};
use embedded_graphics::pixelcolor::BinaryColor;
use embedded_graphics::prelude::*;
use hearth_panel::font::{BOLD, Font, LATIN_2, SMALL, glyphs};

fn alphabet() -> impl Iterator<Item = char> {
    (' '..='~').chain('\u{a0}'..='\u{ff}').chain(LATIN_2.chars())
}

fn pixel(font: &MonoFont<'_>, c: char, x: i32, y: i32) -> bool {
    let size = font.character_size;
    let columns = font.image.size().width / size.width;
    let index = font.glyph_mapping.index(c) as u32;
    let at = Point::new((index % columns * size.width) as i32 + x, (index / columns * size.height) as i32 + y);
    font.image.pixel(at) == Some(BinaryColor::On)
}

fn check(ours: &Font, file: &str, sheet_has: fn(char) -> bool, latin_1: &MonoFont<'_>, latin_2: &MonoFont<'_>) {
    let of = |c: char| if LATIN_2.contains(c) { latin_2 } else { latin_1 };
    let mut sheet = Vec::new();
    let mut bit = 0;
    for (glyph, c) in alphabet().enumerate().filter(|(_, c)| sheet_has(*c)) {
        for (y, x) in (0..ours.height).flat_map(|y| (0..ours.width).map(move |x| (y, x))) {
            let set = pixel(of(c), c, x as i32, y as i32);
            if bit % 8 == 0 {
                sheet.push(0);
            }
            *sheet.last_mut().unwrap() |= u8::from(set) << (7 - bit % 8);
            bit += 1;
            if std::env::var_os("HEARTH_BLESS").is_none() {
                assert_eq!(ours.is_set(glyph as u8, x, y), set, "{c} {x} {y}");
            }
        }
    }
    if std::env::var_os("HEARTH_BLESS").is_some() {
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/font").join(file), sheet).unwrap();
        panic!("{file} written");
    }
}

#[test]
fn small() {
    check(&SMALL, "6x10.bin", |c| ('0'..=':').contains(&c), &iso_8859_1::FONT_6X10, &iso_8859_2::FONT_6X10);
}

#[test]
fn bold() {
    check(&BOLD, "7x13B.bin", |_| true, &iso_8859_1::FONT_7X13_BOLD, &iso_8859_2::FONT_7X13_BOLD);
}

/// Every letter of ISO 8859-2 that is not in 8859-1 has a glyph of its own.
#[test]
fn latin_2_is_whole() {
    let missing = iso_8859_2::FONT_6X10.glyph_mapping;
    let fallback = missing.index('\u{4e00}');
    let all = ('\u{a1}'..'\u{300}').filter(|c| missing.index(*c) != fallback).filter(|c| !alphabet().any(|a| a == *c));
    assert_eq!(all.collect::<String>(), "");
    assert!(alphabet().count() <= 256);
}

#[test]
fn texts_as_shown() {
    let check = |text: &str, shown: &str| {
        let seen: String = glyphs(text).iter().map(|g| alphabet().nth(usize::from(*g)).unwrap()).collect();
        assert_eq!(seen, shown, "{text}");
    };
    check("Amélie & Šárka Łódź Őrült", "Amélie & Šárka Łódź Őrült");
    check("Ame\u{301}lie", "Amelie");
    check("Ēriks Ģirts İstanbul ŵ Œuvre", "Eriks Girts Istanbul w OEuvre");
    check("Știință", "Ştiinţă");
    check("Война и мир: Щукин", "Voyna i mir: Shchukin");
    check("Ζορμπάς Ωδή", "Zormpas Odi");
    check("„Wien“ – it’s… 5 €", "\"Wien\" - it's... 5 EUR");
    check("東京物語 ☃\u{7}", "???? ??");
    check(&"Щ".repeat(40), &"Shch".repeat(24));
}
