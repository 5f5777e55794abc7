//! TTML documents: times, styles, white space, regions; and that nothing makes the parsers panic or run away.
use hearth_captions::*;
use proptest::prelude::*;

fn tt(head: &str, body: &str) -> String {
    format!(
        "<?xml version='1.0'?><tt xmlns='http://www.w3.org/ns/ttml' xmlns:tts='http://www.w3.org/ns/ttml#styling' \
         xmlns:ttp='http://www.w3.org/ns/ttml#parameter' xmlns:ebutts='urn:ebu:tt:style' ttp:cellResolution='40 20' \
         tts:extent='400px 200px' xml:lang='sv'><head>{head}</head><body>{body}</body></tt>"
    )
}

/// Beginning and end in tenths of a second, and text, of each cue.
fn facts(text: &str) -> Vec<(u64, Option<u64>, String)> {
    let tenths = |us: u64| us / 100_000;
    let cues = parse(text).unwrap().cues;
    let all = |c: &Cue| c.paragraphs.iter().map(Paragraph::text).collect::<Vec<_>>().join("|");
    cues.iter().map(|c| (tenths(c.start_us), c.end_us.map(tenths), all(c))).collect()
}

#[test]
fn times() {
    let check = |body: &str, want: &[(u64, Option<u64>, &str)]| {
        let want: Vec<_> = want.iter().map(|(a, b, t)| (*a, *b, t.to_string())).collect();
        assert_eq!(facts(&tt("", body)), want, "{body}");
    };
    check("<div><p>always</p></div>", &[(0, None, "always")]);
    check(
        "<div begin='1s'><p begin='1s' dur='1s'>a</p><p begin='1.5s' end='3s'>b</p></div>",
        &[(20, Some(25), "a"), (25, Some(30), "a|b"), (30, Some(40), "b")],
    );
    check(
        "<div timeContainer='seq'><p dur='1s'>a</p><p dur='2s' begin='0.5s'>b</p><p>last</p></div>",
        &[(0, Some(10), "a"), (15, Some(35), "b"), (35, None, "last")],
    );
    check(
        "<div end='2s'><p end='5s'>cut<span begin='1s'>, on</span></p></div>",
        &[(0, Some(10), "cut"), (10, Some(20), "cut, on")],
    );
    check("<div><p begin='1s' end='3s' dur='1s'>least</p></div>", &[(10, Some(20), "least")]);
    check("<div><p begin='2s' end='2s'>no time</p><p xml:space='preserve' begin='3s'> a  b </p></div>", &[(30, None, " a  b")]);
    check("<div><p>  one \n two <br/> <span> three</span>\t<metadata>x</metadata></p></div>", &[(0, None, "one two\nthree")]);
}

#[test]
fn styles() {
    let head = "<styling><style xml:id='a' tts:color='red' tts:fontSize='2c'/><style xml:id='b' style='a' tts:fontWeight='bold'/>\
                <style xml:id='c' tts:color='#0000FF80' style='c b d'/><style xml:id='d' style='c'/></styling>\
                <layout><region xml:id='r' tts:origin='10% 20%' tts:extent='200px 50px' tts:padding='1c 10%' style='b'>\
                <style tts:displayAlign='after'/><style tts:backgroundColor='rgba(1,2,3,4)'/></region></layout>";
    let text = tt(
        head,
        "<div region='r' ebutts:linePadding='0.5c'><p tts:lineHeight='150%' tts:textAlign='end'>a<span style='c' tts:fontSize='50%' \
         tts:textDecoration='underline' tts:textOutline='black 10%'>b<span tts:visibility='hidden' tts:backgroundColor='lime'>c</span></span></p></div>",
    );
    let document = parse(&text).unwrap();
    assert_eq!(document.language.as_deref(), Some("sv"));
    let cue = &document.cues[0];
    let r = &cue.region;
    assert_eq!((r.x, r.y, r.width, r.height), (0.1, 0.2, 0.5, 0.25));
    assert_eq!(r.padding, [0.05, 0.05, 0.05, 0.05]);
    assert_eq!((r.align, r.background), (BlockAlign::After, Color([1, 2, 3, 4])));
    let p = &cue.paragraphs[0];
    assert_eq!((p.align, p.line_height, p.line_padding), (TextAlign::End, Some(0.15), 0.0125));
    let styles: Vec<_> = p.spans.iter().map(|s| (s.text.as_str(), s.style.color, s.style.size, s.style.bold)).collect();
    assert_eq!(
        styles,
        [
            ("a", Color([255, 0, 0, 255]), 0.1, true),
            ("b", Color([0, 0, 255, 128]), 0.05, true),
            ("c", Color([0, 0, 255, 128]), 0.05, true),
        ]
    );
    let (b, c) = (&p.spans[1].style, &p.spans[2].style);
    assert!(b.underline && c.underline && c.hidden && !b.hidden && c.background == Color([0, 255, 0, 255]));
    assert!(b.outline.is_some_and(|(c, w)| c == Color::BLACK && (w - 0.005).abs() < 1e-6));
}

#[test]
fn regions_and_sets() {
    let head = "<layout><region xml:id='top' tts:backgroundColor='black' end='4s'/>\
                <region xml:id='low' tts:backgroundColor='black' tts:showBackground='whenActive'><set begin='2s' tts:display='none'/></region></layout>";
    let text = tt(head, "<div><p region='low' end='6s'>x</p><p>nowhere</p></div>");
    let cues = parse(&text).unwrap().cues;
    let got: Vec<_> = cues.iter().map(|c| (c.region.id.as_str(), c.start_us, c.end_us, c.paragraphs.len())).collect();
    assert_eq!(got, [("top", 0, Some(4_000_000), 0), ("low", 0, Some(2_000_000), 1)]);
}

#[test]
fn what_is_too_much() {
    let deep = tt("", &format!("{}{}", "<div>".repeat(500), "</div>".repeat(500)));
    assert!(matches!(parse(&deep), Err(Error::TooLarge(_) | Error::Xml(_))));
    // As many changes as paragraphs that never end: each moment shows all before it.
    let many: String = (0..20_000).map(|i| format!("<p begin='{i}s'>x</p>")).collect();
    assert!(matches!(parse(&tt("", &format!("<div>{many}</div>"))), Err(Error::TooLarge(_))));
    let styles: String = (0..300)
        .map(|i| format!("<style xml:id='s{i}' style='{}'/>", (0..300).map(|j| format!("s{j} ")).collect::<String>()))
        .collect();
    assert!(parse(&tt(&format!("<styling>{styles}</styling>"), "<div><p style='s0'>x</p></div>")).is_ok());
    let bomb = "<!DOCTYPE tt [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;'>]><tt xmlns='http://www.w3.org/ns/ttml'>&b;</tt>";
    assert!(matches!(parse(bomb), Err(Error::Xml(_))));
}

fn seeds() -> [String; 2] {
    let ttml = tt(
        "<styling><style xml:id='a' tts:color='red'/></styling><layout><region xml:id='r' tts:origin='10% 20%' tts:padding='1c'/></layout>",
        "<div region='r' timeContainer='seq'><p begin='1s' dur='00:00:01:02' style='a'>a<br/>b<set tts:color='blue' dur='1f'/></p></div>",
    );
    let vtt = "WEBVTT\n\nSTYLE\n::cue(.a){color:red}\n\nREGION\nid:r width:4% lines:9\n\nx\n00:01.000 --> 00:02.000 line:1% region:r position:9%\n<v.a B><00:01.500>&lt;<c.red>x</c>";
    [ttml, vtt.into()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn mutations_never_panic(which in 0usize..2, edits in proptest::collection::vec((any::<prop::sample::Index>(), 0usize..4, any::<char>(), 0usize..30), 1..10)) {
        let mut text: Vec<char> = seeds()[which].chars().collect();
        for (at, what, c, n) in edits {
            let i = at.index(text.len().max(1)).min(text.len().saturating_sub(1));
            let end = (i + n).min(text.len());
            match what {
                0 => text.insert(i, c),
                1 => drop(text.drain(i..end)),
                2 => text.extend_from_within(i..end),
                _ => text.insert(i, ['"', '<', '>', '&', '%', ':', '.', ' ', '\n', '-', '9', 'é'][n % 12]),
            }
            if text.is_empty() {
                text.push('W');
            }
        }
        let text: String = text.into_iter().collect();
        let _ = parse(&text);
        let _ = timestamp_map(&text);
        let _ = decode_text(text.as_bytes());
        let _ = parse_wvtt_sample(text.as_bytes(), 0, 1);
    }
}
