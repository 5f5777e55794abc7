//! Adaptation sets that are one film: SD, HD and UHD apart because each has its own key, as packagers write them.
mod support;

use hearth_manifest::*;
use support::*;

/// One adaptation set: its `@id`, attributes, the `@id`s that it names, bandwidth and codecs of its representation.
type Set = (&'static str, &'static str, &'static str, u32, &'static str);

fn mpd(sets: &[Set]) -> String {
    let mut text = String::from(
        "<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\" mediaPresentationDuration=\"PT8S\" minBufferTime=\"PT2S\" \
         profiles=\"urn:mpeg:dash:profile:isoff-live:2011\"><Period>",
    );
    for (id, attributes, names, bandwidth, codecs) in sets {
        text.push_str(&format!(
            "<AdaptationSet id=\"{id}\" mimeType=\"video/mp4\" {attributes}>\
             <ContentProtection schemeIdUri=\"urn:uuid:9a04f079-9840-4286-ab92-e65be0885f95\" robustness=\" SL{bandwidth} \"/>\
             <SupplementalProperty schemeIdUri=\"urn:mpeg:dash:adaptation-set-switching:2016\" value=\"{names}\"/>\
             <SegmentTemplate duration=\"4\" media=\"$RepresentationID$-$Number$.m4s\" initialization=\"$RepresentationID$.mp4\"/>\
             <Representation id=\"r{bandwidth}\" bandwidth=\"{bandwidth}\" codecs=\"{codecs}\"/></AdaptationSet>"
        ));
    }
    text + "</Period></MPD>"
}

/// Bandwidths of each track set.
fn check(sets: &[Set], expected: &[&[u64]]) {
    let tracks = parse(&mpd(sets), &base()).unwrap().periods.remove(0).tracks;
    let got: Vec<Vec<u64>> = tracks.iter().map(|t| t.renditions.iter().map(|r| r.bandwidth).collect()).collect();
    assert_eq!(got, expected, "{sets:?}");
    for r in tracks.iter().flat_map(|t| &t.renditions) {
        let levels = vec![format!("SL{}", r.bandwidth)];
        assert_eq!(r.robustness, [Robustness { system: system::PLAYREADY.into(), levels }], "each keeps its own");
        assert_eq!(r.protection.len(), 1);
    }
}

#[test]
fn sets_that_name_each_other_are_one() {
    const AVC: &str = "avc1.64001f";
    check(&[("10", "", "11,12", 300, AVC), ("11", "", "10,12", 100, AVC), ("12", "", "10,11", 200, AVC)], &[&[100, 200, 300]]);
    // One side says it, in either order; the middle one links the others.
    check(&[("a", "", " b ", 1, AVC), ("b", "", "", 2, AVC)], &[&[1, 2]]);
    check(&[("a", "", "", 1, AVC), ("b", "", "x, a", 2, "avc3.64001f")], &[&[1, 2]]);
    check(&[("a", "", "", 1, AVC), ("b", "", "a", 2, AVC), ("c", "", "b", 3, AVC)], &[&[1, 2, 3]]);
    // Nobody says it; another codec, language or part of the film.
    check(&[("a", "", "", 1, AVC), ("b", "", "", 2, AVC)], &[&[1], &[2]]);
    check(&[("a", "", "b", 1, AVC), ("b", "", "a", 2, "hvc1.2.4.L93.B0")], &[&[1], &[2]]);
    check(&[("a", "lang=\"de\"", "b", 1, AVC), ("b", "lang=\"en\"", "a", 2, AVC)], &[&[1], &[2]]);
    check(&[("a", "contentType=\"audio\"", "b", 1, AVC), ("b", "", "a", 2, AVC)], &[&[1], &[2]]);
    check(&[("a", "", "a,a,", 1, AVC), ("a", "", "a", 2, AVC)], &[&[1, 2]]);
}

#[test]
fn the_standards_own_example() {
    // Not in the tree; where the data is not, the table above says it all.
    let Some(data) = shared() else { return };
    let text = std::fs::read_to_string(data.join("data/manifests/dash/mpeg-dash-schema/example_G27.mpd")).unwrap();
    let read = dash::parse_at(&text, &base(), Some(0)).unwrap();
    for period in &read.periods {
        let video: Vec<&TrackSet> = period.tracks.iter().filter(|t| t.kind == Kind::Video).collect();
        assert_eq!(video.len(), 1, "SD, HD and UHD");
        assert!(video[0].renditions.len() >= 3);
    }
}
