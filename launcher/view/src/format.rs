//! How times, lengths and facts about a film are written.

use hearth_api::TitleCard;

/// A length as on a cover: `45 s`, `42 min`, `1 h 42 min`. Minutes are rounded to the nearest.
pub fn duration(ms: u64) -> String {
    let minutes = (ms + 30_000) / 60_000;
    match (minutes / 60, minutes % 60) {
        _ if ms < 60_000 => format!("{} s", ms / 1000),
        (0, m) => format!("{m} min"),
        (h, 0) => format!("{h} h"),
        (h, m) => format!("{h} h {m} min"),
    }
}

/// A place in a film: `0:07`, `42:13`, `1:02:03`. Rounded down, as clocks do.
pub fn clock(ms: u64) -> String {
    let s = ms / 1000;
    if s < 3600 { format!("{}:{:02}", s / 60, s % 60) } else { format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60) }
}

/// Room on a disc: `850 MB`, `3.2 GB`. Rounded down: what is not there is not promised.
pub(crate) fn storage(bytes: u64) -> String {
    let mb = bytes / 1_000_000;
    if mb < 1000 { format!("{mb} MB") } else { format!("{}.{} GB", mb / 1000, mb % 1000 / 100) }
}

/// `2008 · Animation · PG · 10 min`; what is not known is left out.
pub fn meta_line(card: &TitleCard) -> String {
    let year = card.year.map(|y| y.to_string());
    let length = (card.duration_ms > 0).then(|| duration(card.duration_ms));
    let parts = [year, card.genres.first().cloned(), card.rating.clone(), length];
    parts.into_iter().flatten().filter(|p| !p.trim().is_empty()).collect::<Vec<_>>().join(" · ")
}

/// One or two letters for a tile without a picture: the initials of the first words that are not articles.
pub fn monogram(name: &str) -> String {
    let article = |w: &&str| matches!(w.to_lowercase().as_str(), "the" | "a" | "an" | "of" | "and");
    let words: Vec<&str> = name.split_whitespace().filter(|w| w.starts_with(char::is_alphanumeric)).collect();
    let weighty: Vec<&str> = words.iter().copied().filter(|w| !article(w)).collect();
    let chosen = if weighty.is_empty() { words } else { weighty };
    chosen.iter().take(2).filter_map(|w| w.chars().next()).flat_map(char::to_uppercase).collect()
}

/// A hue of its own for each title, 0 to 359: FNV-1a over its ID.
pub(crate) fn hue(id: &str) -> u16 {
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    ((hash >> 16) % 360) as u16
}

/// `part` of `whole`, 0 to 1.
pub(crate) fn ratio(part: u64, whole: u64) -> f32 {
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64).clamp(0.0, 1.0) as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::card;

    #[test]
    fn lengths_and_places() {
        let seconds = [0, 7, 59, 60, 89, 90, 596, 3570, 3600, 6120, 36_000];
        let lengths = ["0 s", "7 s", "59 s", "1 min", "1 min", "2 min", "10 min", "1 h", "1 h", "1 h 42 min", "10 h"];
        let places = ["0:00", "0:07", "0:59", "1:00", "1:29", "1:30", "9:56", "59:30", "1:00:00", "1:42:00", "10:00:00"];
        for ((s, length), place) in seconds.iter().zip(lengths).zip(places) {
            assert_eq!((duration(s * 1000).as_str(), clock(s * 1000 + 999).as_str()), (length, place), "{s}");
        }
    }

    #[test]
    fn facts_that_are_not_known_are_left_out() {
        let mut card = card("bbb", "Big Buck Bunny");
        (card.year, card.genres, card.rating, card.duration_ms) =
            (Some(2008), vec!["Animation".into(), "Comedy".into()], Some("PG".into()), 596_000);
        assert_eq!(meta_line(&card), "2008 · Animation · PG · 10 min");
        (card.year, card.rating) = (None, Some(" ".into()));
        assert_eq!(meta_line(&card), "Animation · 10 min");
        (card.genres, card.duration_ms) = (vec![], 0);
        assert_eq!(meta_line(&card), "");
    }

    #[test]
    fn monograms() {
        for (name, letters) in [
            ("Big Buck Bunny", "BB"),
            ("The Last Winter", "LW"),
            ("The", "T"),
            ("élan", "É"),
            ("…", ""),
            ("", ""),
            ("2001: A Space", "2S"),
        ] {
            assert_eq!(monogram(name), letters, "{name}");
        }
    }

    #[test]
    fn room_on_a_disc() {
        for (bytes, text) in [(0, "0 MB"), (999_999_999, "999 MB"), (1_000_000_000, "1.0 GB"), (31_990_000_000, "31.9 GB")] {
            assert_eq!(storage(bytes), text);
        }
    }
}
