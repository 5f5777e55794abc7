//! The home screen as tables.
use super::*;

fn entry(id: &str, prominence: i64, published_ms: i64, year: u16, genres: &[&str]) -> Entry {
    let card = TitleCard {
        id: id.into(),
        name: format!("Film {id}"),
        tagline: None,
        synopsis: String::new(),
        year: Some(year),
        genres: genres.iter().map(|g| (*g).to_owned()).collect(),
        rating: None,
        duration_ms: 100_000,
        poster: None,
        backdrop: None,
        resume_ms: None,
    };
    Entry { card, prominence, published_ms }
}

fn watched(position_ms: u64, updated_ms: i64) -> Watched {
    Watched { position_ms, duration_ms: 100_000, updated_ms }
}

fn catalog() -> Vec<Entry> {
    vec![
        entry("a", 1, 10, 1990, &["Drama", "War"]),
        entry("b", 9, 20, 1991, &["Comedy"]),
        entry("c", 1, 40, 2010, &["drama", "Drama"]),
        entry("d", 5, 30, 2000, &["Sci-Fi", "Comedy"]),
        entry("e", 5, 30, 1989, &["Drama", "Comedy"]),
    ]
}

fn ids(items: &[TitleCard]) -> String {
    items.iter().map(|c| c.id.as_str()).collect()
}

fn shelves(home: &Home) -> Vec<(String, String)> {
    home.shelves.iter().map(|s| (s.id.clone(), ids(&s.items))).collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[test]
fn an_empty_catalog_has_nothing() {
    assert_eq!(home(&[], &HashMap::new()), Home { hero: None, shelves: vec![] });
}

#[test]
fn hero_shelves_and_order() {
    let want = pairs(&[("new", "cdeba"), ("genre-comedy", "bde"), ("genre-drama", "eca")]);
    let mut entries = catalog();
    for turn in 0..entries.len() {
        entries.rotate_left(1);
        let home = home(&entries, &HashMap::new());
        assert_eq!(home.hero.as_ref().map(|h| h.id.as_str()), Some("b"), "rows in order {turn}");
        assert_eq!(shelves(&home), want, "rows in order {turn}");
    }
}

#[test]
fn continue_watching_is_first_newest_first_and_only_what_goes_on() {
    let seen = HashMap::from([
        ("a".to_owned(), watched(50_000, 1)),
        ("b".to_owned(), watched(1_000, 2)),
        ("c".to_owned(), watched(99_000, 3)),
        ("d".to_owned(), watched(2_000, 4)),
        ("gone".to_owned(), watched(50_000, 5)),
    ]);
    let home = home(&catalog(), &seen);
    assert_eq!(home.shelves[0].id, "continue");
    assert_eq!(ids(&home.shelves[0].items), "da");
    assert_eq!(home.shelves[0].items[1].resume_ms, Some(50_000));
    assert_eq!(home.hero.and_then(|h| h.resume_ms), None, "hardly begun");
}

#[test]
fn when_to_resume() {
    for (position_ms, duration_ms, want) in [
        (0, 100, None),
        (1, 100, None),
        (2, 100, Some(2)),
        (94, 100, Some(94)),
        (95, 100, None),
        (200, 100, None),
        (0, 0, None),
        (5, 0, None),
        (u64::MAX, u64::MAX, None),
    ] {
        assert_eq!(Watched { position_ms, duration_ms, updated_ms: 0 }.resume_ms(), want, "{position_ms} of {duration_ms}");
    }
}

#[test]
fn similar_titles() {
    let entries = catalog();
    for (of, want) in [("a", "ec"), ("b", "ed"), ("c", "ae"), ("d", "be"), ("e", "acbd")] {
        let it = entries.iter().find(|e| e.card.id == of).unwrap();
        assert_eq!(ids(&similar(it, &entries, &HashMap::new())), want, "like {of}");
    }
}

#[test]
fn shelves_are_bounded() {
    let many: Vec<Entry> =
        (0..100).map(|i| entry(&format!("t{i}"), 0, i, 2000, &["Drama", &format!("Genre {}", i % 40)])).collect();
    let home = home(&many, &HashMap::new());
    assert_eq!(home.shelves.len(), 1 + GENRE_SHELVES);
    assert!(home.shelves.iter().all(|s| s.items.len() <= SHELF_ITEMS));
    assert_eq!(home.shelves[1].id, "genre-drama");
}
