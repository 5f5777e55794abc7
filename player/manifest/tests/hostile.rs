//! No text makes the parsers panic, run away or allocate without bound; what the writers write the parsers read.
mod support;

use hearth_manifest::*;
use proptest::prelude::*;
use support::*;

fn attempt(text: &str) -> Result<Presentation, Error> {
    let _ = hls::parse_media(text, &base());
    parse(text, &base())
}

#[test]
fn what_is_no_manifest() {
    for text in [
        "",
        " ",
        "hello",
        "<html><body>404</body></html>",
        "<!DOCTYPE html><p>x",
        "{\"error\":1}",
        "EXTM3U",
        "#comment\na.ts",
        "a.ts\n#EXTINF:1,\n",
        "<a/>",
        "</MPD>",
        "\0",
    ] {
        assert_eq!(attempt(text), Err(Error::NotAManifest), "{text:?}");
    }
}

#[test]
fn what_is_refused() {
    let mpd = |body: &str| {
        format!(
            "<MPD type=\"static\" mediaPresentationDuration=\"PT10S\"><Period><AdaptationSet contentType=\"video\"><Representation id=\"1\" bandwidth=\"1\">{body}</Representation></AdaptationSet></Period></MPD>"
        )
    };
    let template = |inner: &str| mpd(&format!("<SegmentTemplate media=\"$Number$\" {inner}"));
    let laughs: String = (1..40).map(|i| format!("#EXT-X-DEFINE:NAME=\"v{i}\",VALUE=\"{{$v{0}}}{{$v{0}}}\"\n", i - 1)).collect();
    let texts = [
        template("timescale=\"1000000\" duration=\"1\"/>"),
        template("><SegmentTimeline><S d=\"1\" r=\"9223372036854775807\"/></SegmentTimeline></SegmentTemplate>"),
        template(
            "><SegmentTimeline><S t=\"18446744073709551615\" d=\"1\" r=\"9223372036854775806\"/></SegmentTimeline></SegmentTemplate>",
        ),
        template("duration=\"-1\"/>"),
        template("><SegmentTimeline><S/></SegmentTimeline></SegmentTemplate>"),
        "<MPD>".into(),
        "<MPD/>".into(),
        "<MPD><Period></MPD>".into(),
        "<MPD>&boom;</MPD>".into(),
        "<MPD><Period xmlns:xlink=\"http://www.w3.org/1999/xlink\" xlink:href=\"https://a.example/\"/></MPD>".into(),
        format!("<MPD>{}", "<a>".repeat(100_000)),
        "#EXTM3U\n".into(),
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-KEY:METHOD=ROT13,URI=\"a\"\n".into(),
        "#EXTM3U\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"1\"\n#EXTINF:1,\n{$b}.ts\n".into(),
        format!("#EXTM3U\n#EXT-X-DEFINE:NAME=\"v0\",VALUE=\"{}\"\n{laughs}#EXTINF:1,\n{{$v39}}\n", "x".repeat(1000)),
        format!("#EXTM3U\n#EXTINF:1,\na\n#EXT-X-MAP:URI=\"{}\"\n{}", "m".repeat(100_000), "#EXTINF:1,\na\n".repeat(10_000)),
        format!(
            "#EXTM3U\n#EXTINF:1,\na\n#EXT-X-KEY:METHOD=AES-128,URI=\"data:;base64,{}\"\n{}",
            "m".repeat(100_000),
            "#EXTINF:1,\na\n".repeat(10_000)
        ),
    ];
    for text in texts {
        let e = attempt(&text).expect_err(&text[..text.len().min(300)]);
        assert_ne!(e, Error::NotAManifest, "{}", &text[..text.len().min(300)]);
    }
}

/// A seed text of each kind for mutations.
fn seeds() -> Vec<String> {
    let lists = ours(|id| list(5, 4_000_000, |n| format!("{id}/{n}.m4s")));
    let named = ours(|id| Segments::Playlist { url: format!("{id}.m3u8") });
    vec![
        dash::write_mpd(&lists),
        hls::write_master(&named),
        hls::write_media(&lists.periods[0].tracks[0].renditions[0]),
        "<MPD type=\"dynamic\" mediaPresentationDuration=\"P1DT2H3M4.5S\"><BaseURL>a/</BaseURL><Period start=\"PT1S\" duration=\"PT9S\"><AdaptationSet mimeType=\"video/mp4\"><SegmentTemplate timescale=\"90\" presentationTimeOffset=\"9\" startNumber=\"3\" media=\"$RepresentationID$-$Bandwidth$-$Time%05d$-$Number$$$\"><SegmentTimeline><S t=\"9\" d=\"90\" r=\"-1\"/><S t=\"500\" d=\"7\"/></SegmentTimeline></SegmentTemplate><Representation id=\"a\" bandwidth=\"5\"/><Representation bandwidth=\"6\"><SegmentList duration=\"9\"><SegmentURL media=\"x\" mediaRange=\"0-9\"/></SegmentList></Representation><Representation><SegmentBase indexRange=\"1-2\"><Initialization range=\"0-0\"/></SegmentBase></Representation></AdaptationSet></Period></MPD>".into(),
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:18446744073709551615\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"{$b}\"\n#EXT-X-MAP:URI=\"i\",BYTERANGE=\"9@1\"\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\",IV=0x1\n#EXTINF:4.5,t\n#EXT-X-BYTERANGE:18446744073709551615@0\n{$a}.ts\n#EXT-X-KEY:METHOD=NONE\n#EXT-X-DISCONTINUITY\n#EXT-X-GAP\n#EXT-X-PART:DURATION=1,URI=\"p\"\nb.ts\n".into(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn mutations_never_panic(which in 0usize..5, edits in proptest::collection::vec((any::<prop::sample::Index>(), 0usize..5, any::<char>(), 0usize..40), 1..12)) {
        let mut text: Vec<char> = seeds()[which].chars().collect();
        for (at, what, c, n) in edits {
            let i = at.index(text.len().max(1)).min(text.len().saturating_sub(1));
            let end = (i + n).min(text.len());
            match what {
                0 => text.insert(i, c),
                1 => drop(text.drain(i..end)),
                2 => text.extend_from_within(i..end),
                3 => text.insert(i, ['"', '<', '>', '&', '$', '%', ',', '=', '\n', '-', '9', 'é'][n % 12]),
                _ => text.truncate(end.max(1)),
            }
            if text.is_empty() {
                text.push('#');
            }
        }
        let text: String = text.into_iter().collect();
        if let Ok(p) = attempt(&text) {
            dash::write_mpd(&p);
            hls::write_master(&p);
            p.periods.iter().flat_map(|p| &p.tracks).flat_map(|t| &t.renditions).for_each(|r| drop(hls::write_media(r)));
        }
    }

    #[test]
    fn mpds_come_back(
        durations in proptest::collection::vec(1u64..20_000_000, 1..20), first in 0u64..1000, label in "\\PC{1,20}", id in "[a-z0-9$_-]{1,8}",
        rate in 1u64..100_000_000, number_in_url in any::<bool>(), start in 0u64..100_000_000,
    ) {
        let mut p = ours(|_| Segments::default());
        let (mut at, mut segments) = (start, Vec::new());
        for (i, d) in durations.iter().enumerate() {
            let n = first + i as u64;
            let url = if number_in_url { format!("https://a.example/{id}/{n}.m4s") } else { format!("https://a.example/{id}/{}.m4s", n * n + 7) };
            segments.push(Segment { resource: Resource { url, range: None }, number: n, start_us: at, duration_us: *d, ..Segment::default() });
            at += d;
        }
        p.periods[0].start_us = start;
        p.periods[0].duration_us = Some(at - start);
        p.duration_us = Some(at);
        let label = label.trim().to_string();
        for t in &mut p.periods[0].tracks {
            t.label = (!label.is_empty()).then(|| label.clone());
            t.renditions.truncate(1);
            for r in &mut t.renditions {
                r.id.clone_from(&id);
                r.bandwidth = rate;
                r.segments = Segments::List { segments: segments.clone() };
                r.init = Some(Resource { url: format!("https://a.example/{id}/init.mp4"), range: None });
            }
        }
        let text = dash::write_mpd(&p);
        let read = parse(&text, &base()).map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
        for (a, b) in p.periods[0].tracks.iter().zip(&read.periods[0].tracks) {
            prop_assert_eq!(&a.label, &b.label);
            prop_assert_eq!(&a.renditions[0].segments, &b.renditions[0].segments, "{}", text);
            prop_assert_eq!(&a.renditions[0].init, &b.renditions[0].init);
            prop_assert_eq!(&a.renditions[0].protection, &b.renditions[0].protection);
        }
    }

    #[test]
    fn playlists_come_back(durations in proptest::collection::vec(1u64..20_000_000, 1..20), first in 0u64..1000, ranged in any::<bool>(), gap in any::<bool>(), name in "\\PC{0,12}") {
        let mut at = 0;
        let segments: Vec<Segment> = durations.iter().enumerate().map(|(i, d)| {
            let start_us = at;
            at += d;
            let range = ranged.then_some(ByteRange { offset: i as u64 * 100, length: 100 });
            let url = base().join(&format!("s{i}?n={}", name.replace(['\\', '/', ':', '#', '%'], ""))).unwrap().to_string();
            Segment { size: range.map(|r| r.length), resource: Resource { url, range }, number: first + i as u64, start_us, duration_us: *d, discontinuity: i == 3, gap: gap && i == 2, ..Segment::default() }
        }).collect();
        let mut r = ours(|_| Segments::default()).periods[0].tracks[0].renditions[0].clone();
        r.init = Some(Resource { url: "https://a.example/i.mp4".into(), range: Some(ByteRange { offset: 1, length: 2 }) });
        r.segments = Segments::List { segments: segments.clone() };
        let m = hls::parse_media(&hls::write_media(&r), &base()).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(m.segments, segments);
        prop_assert_eq!(&m.init, &r.init);
        prop_assert!(!m.live);
    }
}
