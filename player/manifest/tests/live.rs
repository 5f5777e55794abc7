//! Live presentations, low latency, events, alternatives: what the clock and the tags make of a manifest.
mod support;

use hearth_manifest::*;
use support::*;

/// Unix milliseconds of 2024-01-01T00:00:00Z.
const ZERO_MS: i64 = 1_704_067_200_000;

fn mpd(attributes: &str, period: &str, template: &str) -> String {
    format!(
        "<MPD type=\"dynamic\" availabilityStartTime=\"2024-01-01T00:00:00Z\" {attributes}>{period}<AdaptationSet contentType=\"video\">{template}<Representation id=\"v\" bandwidth=\"1\"/></AdaptationSet></Period></MPD>"
    )
}

fn numbers(text: &str, now_s: Option<i64>) -> Vec<(u64, u64)> {
    let p = parse_at(text, &base(), now_s.map(|s| ZERO_MS + s * 1000)).unwrap();
    assert!(p.live);
    let list = |r: &Rendition| -> Vec<(u64, u64)> {
        match &r.segments {
            Segments::List { segments } => segments.iter().map(|s| (s.number, s.start_us / 1_000_000)).collect(),
            _ => panic!("no list"),
        }
    };
    p.periods.iter().flat_map(|p| &p.tracks).flat_map(|t| &t.renditions).flat_map(list).collect::<Vec<_>>()
}

#[test]
fn the_clock_makes_the_segments() {
    let window = "timeShiftBufferDepth=\"PT10S\" minimumUpdatePeriod=\"PT2S\"";
    let template = "<SegmentTemplate media=\"$Number$\" duration=\"2\" startNumber=\"5\"/>";
    let text = mpd(window, "<Period>", template);
    assert_eq!(numbers(&text, None), []);
    assert_eq!(numbers(&text, Some(-5)), []);
    assert_eq!(numbers(&text, Some(1)), []);
    assert_eq!(numbers(&text, Some(4)), [(5, 0), (6, 2)]);
    // From the segment that the window's far end is in to the last complete one.
    assert_eq!(numbers(&text, Some(101)), (45..50).map(|i| (i + 5, i * 2)).collect::<Vec<_>>());
    // A second later begins a period of its own; numbers start again with it.
    let later = mpd(window, "<Period start=\"PT100S\">", template);
    assert_eq!(numbers(&later, Some(101)), []);
    assert_eq!(numbers(&later, Some(104)), [(5, 100), (6, 102)]);
    // Early: chunks of the segment under way may be asked for.
    let early = template.replace("duration=", "availabilityTimeOffset=\"1.5\" duration=");
    assert_eq!(numbers(&mpd("", "<Period>", &early), Some(5)), [(5, 0), (6, 2), (7, 4)]);
    // A whole window without an end is bounded, like everything.
    let far = mpd("", "<Period>", &template.replace("duration=\"2\"", "timescale=\"1000000\" duration=\"1\""));
    assert!(matches!(parse_at(&far, &base(), Some(ZERO_MS + 1_000_000)), Err(Error::Unsupported(_))));
    assert!(matches!(parse_at(&far, &base(), Some(i64::MAX)), Err(Error::Unsupported(_))));
    assert_eq!(numbers(&far, Some(i64::MIN / 2000)), []);
}

#[test]
fn an_open_timeline_ends_where_the_clock_is() {
    let template = "<SegmentTemplate media=\"$Time$\" timescale=\"10\"><SegmentTimeline><S t=\"0\" d=\"20\" r=\"-1\"/></SegmentTimeline></SegmentTemplate>";
    let text = mpd("", "<Period>", template);
    assert_eq!(numbers(&text, Some(7)), [(1, 0), (2, 2), (3, 4)]);
    assert_eq!(numbers(&text, Some(1)), []);
    assert_eq!(numbers(&text, None), [(1, 0)]);
}

#[test]
fn what_a_live_mpd_says_of_itself() {
    let text = "<MPD type=\"dynamic\" availabilityStartTime=\"2024-01-01T00:00:00Z\" publishTime=\"2024-01-01T01:00:00.5Z\" \
        minimumUpdatePeriod=\"PT2S\" timeShiftBufferDepth=\"PT1M\" suggestedPresentationDelay=\"PT6S\">\
        <BaseURL serviceLocation=\"a\" dvb:priority=\"2\" xmlns:dvb=\"urn:dvb:dash:dash-extensions:2014-1\">https://a.example/x/</BaseURL>\
        <BaseURL serviceLocation=\"b\">https://b.example/y/z/</BaseURL>\
        <Location>now.mpd</Location>\
        <ServiceDescription><Latency target=\"3500\"/></ServiceDescription>\
        <UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:http-iso:2014\" value=\"https://time.example/\"/>\
        <Period start=\"PT10S\"><EventStream schemeIdUri=\"urn:scte:scte35:2014:xml+bin\" timescale=\"10\" presentationTimeOffset=\"50\">\
        <Event presentationTime=\"70\" duration=\"15\" id=\"7\"><scte35:Signal><scte35:Binary>/DA&amp;</scte35:Binary></scte35:Signal></Event></EventStream>\
        <AdaptationSet contentType=\"video\"><InbandEventStream schemeIdUri=\"urn:x\" value=\"1\"/>\
        <SupplementalProperty schemeIdUri=\"urn:mpeg:mpegB:cicp:TransferCharacteristics\" value=\"16\"/>\
        <SegmentTemplate presentationTimeOffset=\"90\" timescale=\"9\" media=\"$Number$.m4s\" duration=\"18\" availabilityTimeOffset=\"INF\"/>\
        <Representation id=\"1\" bandwidth=\"1\"/></AdaptationSet></Period></MPD>";
    let p = parse_at(text, &base(), Some(ZERO_MS + 14_000)).unwrap();
    let live = p.live_window.as_ref().unwrap();
    let want = Live {
        start_ms: Some(ZERO_MS),
        end_ms: None,
        publish_ms: Some(ZERO_MS + 3_600_500),
        update_us: Some(2_000_000),
        window_us: Some(60_000_000),
        delay_us: Some(6_000_000),
        target_latency_us: Some(3_500_000),
        clocks: vec![("urn:mpeg:dash:utc:http-iso:2014".into(), "https://time.example/".into())],
        locations: vec!["https://origin.example/v1/title/now.mpd".into()],
    };
    assert_eq!(*live, want);
    let event = &p.periods[0].events[0];
    assert_eq!((event.id.as_str(), event.start_us, event.duration_us), ("7", Some(12_000_000), Some(1_500_000)));
    assert_eq!(event.data, "<Signal><Binary>/DA&amp;</Binary></Signal>");
    let track = &p.periods[0].tracks[0];
    assert_eq!(track.inband_events, [("urn:x".into(), "1".into())]);
    let r = &track.renditions[0];
    assert_eq!((r.video_range.as_deref(), r.presentation_time_offset_us), (Some("PQ"), 10_000_000));
    assert_eq!(r.available_early_us, Some(u64::MAX));
    let Segments::List { segments } = &r.segments else { panic!() };
    assert_eq!(segments.iter().map(|s| s.start_us).collect::<Vec<_>>(), [10_000_000, 12_000_000]);
    assert_eq!(segments[0].resource.url, "https://b.example/y/z/1.m4s");
    assert_eq!(r.bases.iter().map(|b| b.service_location.as_deref()).collect::<Vec<_>>(), [Some("b"), Some("a")]);
    assert_eq!(r.alternatives(&segments[0].resource.url), ["https://a.example/x/1.m4s"]);
    assert_eq!(r.alternatives("https://c.example/1.m4s"), Vec::<String>::new());
}

const LOW_LATENCY: &str = "#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:4
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.0,CAN-SKIP-UNTIL=24.0,CAN-SKIP-DATERANGES=YES
#EXT-X-PART-INF:PART-TARGET=0.5
#EXT-X-MEDIA-SEQUENCE:10
#EXT-X-DISCONTINUITY-SEQUENCE:3
#EXT-X-START:TIME-OFFSET=-12.5,PRECISE=YES
#EXT-X-MAP:URI=\"init.mp4\"
#EXT-X-DATERANGE:ID=\"ad\",CLASS=\"x\",START-DATE=\"2024-01-01T00:00:06Z\",PLANNED-DURATION=30,SCTE35-OUT=0xFC00
#EXTINF:4,
10.m4s
#EXT-X-PROGRAM-DATE-TIME:2024-01-01T00:00:04Z
#EXT-X-BITRATE:800
#EXTINF:4,
11.m4s
#EXT-X-GAP
#EXT-X-PART:DURATION=2,URI=\"12.m4s\",BYTERANGE=100@0,INDEPENDENT=YES
#EXT-X-PART:DURATION=2,URI=\"12.m4s\",BYTERANGE=50
#EXTINF:4,
12.m4s
#EXT-X-DATERANGE:ID=\"ad\",END-DATE=\"2024-01-01T00:00:08.5Z\",X-NOTE=\"n\"
#EXT-X-PART:DURATION=0.5,URI=\"13.0.m4s\",GAP=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"13.1.m4s\",BYTERANGE-START=7
#EXT-X-RENDITION-REPORT:URI=\"../1M/v.m3u8\",LAST-MSN=13,LAST-PART=0
";

#[test]
fn low_latency_tags() {
    let m = hls::parse_media(LOW_LATENCY, &base()).unwrap();
    assert!(m.live && m.server_control.can_block_reload && m.server_control.can_skip_dateranges);
    assert_eq!((m.server_control.part_hold_back_us, m.server_control.can_skip_until_us), (Some(1_000_000), Some(24_000_000)));
    assert_eq!((m.part_target_us, m.media_sequence(), m.discontinuity_sequence), (Some(500_000), 10, 3));
    assert_eq!(m.start_offset_us, Some(-12_500_000));
    let dates: Vec<_> = m.segments.iter().map(|s| s.program_date_time_ms.map(|d| d - ZERO_MS)).collect();
    assert_eq!(dates, [Some(0), Some(4000), Some(8000)]);
    assert_eq!(m.segments.iter().map(|s| s.size).collect::<Vec<_>>(), [None, Some(400_000), Some(400_000)]);
    assert!(m.segments[2].gap);
    let parts: Vec<_> = m.segments[2].parts.iter().map(|p| (p.resource.range.unwrap().offset, p.independent)).collect();
    assert_eq!(parts, [(0, true), (100, false)]);
    assert!(m.parts.len() == 1 && m.parts[0].gap);
    assert_eq!((m.hints[0].url.as_str(), m.hints[0].start), ("https://origin.example/v1/title/13.1.m4s", 7));
    assert_eq!(m.reports[0].url, "https://origin.example/v1/1M/v.m3u8");
    let d = &m.date_ranges[0];
    assert_eq!((d.start_us, d.duration_us, d.scheme.as_str()), (Some(6_000_000), Some(2_500_000), "x"));
    let attributes: Vec<_> = d.attributes.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(attributes, [("PLANNED-DURATION", "30"), ("SCTE35-OUT", "0xFC00"), ("X-NOTE", "n")]);
}

#[test]
fn delta_updates() {
    let whole = hls::parse_media(LOW_LATENCY, &base()).unwrap();
    let delta = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:11\n#EXT-X-SKIP:SKIPPED-SEGMENTS=2,RECENTLY-REMOVED-DATERANGES=\"ad\tx\"\n\
                 #EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:4,\n13.m4s\n#EXT-X-DATERANGE:ID=\"new\",START-DATE=\"2024-01-01T00:00:13Z\"\n";
    let update = hls::parse_media(delta, &base()).unwrap();
    assert_eq!(update.segments[0].number, 13);
    let m = update.clone().complete(&whole).unwrap();
    let got: Vec<_> = m.segments.iter().map(|s| (s.number, s.start_us / 1_000_000, s.program_date_time_ms)).collect();
    let at = |s: i64| Some(ZERO_MS + s * 1000);
    assert_eq!(got, [(11, 0, at(4)), (12, 4, at(8)), (13, 8, at(12))]);
    assert_eq!(m.date_ranges.iter().map(|d| (d.id.as_str(), d.start_us)).collect::<Vec<_>>(), [("new", Some(9_000_000))]);
    // What was skipped is not there: the whole playlist must be asked for.
    let much = hls::parse_media(&delta.replace("SEGMENTS=2", "SEGMENTS=9"), &base()).unwrap();
    assert_eq!(much.complete(&whole), None);
    let huge = hls::parse_media(&delta.replace("SEGMENTS=2", "SEGMENTS=18446744073709551615"), &base()).unwrap();
    assert_eq!(huge.complete(&whole), None);
    assert_eq!(whole.clone().complete(&update), Some(whole));
}

#[test]
fn variables_come_from_the_multivariant_playlist() {
    let master = "#EXTM3U\n#EXT-X-DEFINE:NAME=\"host\",VALUE=\"https://cdn.example\"\n#EXT-X-DEFINE:QUERYPARAM=\"t\"\n\
                  #EXT-X-STREAM-INF:BANDWIDTH=1,HDCP-LEVEL=TYPE-1,ALLOWED-CPC=\"org.w3.clearkey:SL2000/HW\",VIDEO-RANGE=PQ\n{$host}/v.m3u8?t={$t}\n";
    let from = url::Url::parse("https://origin.example/m.m3u8?t=a%20b").unwrap();
    let p = parse(master, &from).unwrap();
    let r = &p.periods[0].tracks[0].renditions[0];
    assert_eq!(r.segments, Segments::Playlist { url: "https://cdn.example/v.m3u8?t=a%20b".into() });
    assert_eq!((r.hdcp, r.video_range.as_deref()), (Some(Hdcp::Type1), Some("PQ")));
    let levels = vec!["SL2000".to_owned(), "HW".to_owned()];
    assert_eq!(r.robustness, [Robustness { system: "org.w3.clearkey".into(), levels }]);
    let media = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-DEFINE:IMPORT=\"host\"\n#EXTINF:4,\n{$host}/1.m4s\n";
    let m = hls::parse_media_importing(media, &from, &p.variables).unwrap();
    assert_eq!(m.segments[0].resource.url, "https://cdn.example/1.m4s");
    assert!(matches!(hls::parse_media(media, &from), Err(Error::Unsupported(_))));
    assert!(matches!(parse(master, &base()), Err(Error::Line { line: 3, .. })));
}

#[test]
fn sizes_come_back() {
    let p = ours(|id| list(4, 4_000_000, |n| format!("{id}/{n}.m4s")));
    let mut r = p.periods[0].tracks[0].renditions[0].clone();
    let Segments::List { segments } = &mut r.segments else { panic!() };
    let sizes = [400_000, 401_000, 1_200_345, 90_001];
    segments.iter_mut().zip(sizes).for_each(|(s, size)| s.size = Some(size));
    segments[0].program_date_time_ms = Some(ZERO_MS);
    let text = hls::write_media(&r);
    assert!(
        text.contains("#EXT-X-BITRATE:800\n#EXTINF:4.000000,\n") && text.contains("TIME:2024-01-01T00:00:00.000Z\n"),
        "{text}"
    );
    let read = hls::parse_media(&text, &base()).unwrap();
    for (got, size) in read.segments.iter().zip(sizes) {
        assert!(got.size.unwrap().abs_diff(size) <= 250, "{got:?}");
    }
    assert_eq!(read.segments[3].program_date_time_ms, Some(ZERO_MS + 12_000));
}
