//! WebVTT files and samples.
use hearth_captions::*;

const FILE: &str = "\u{feff}WEBVTT - a title
X-TIMESTAMP-MAP=LOCAL:00:00:01.000,MPEGTS:900000

NOTE not shown
-- at all

STYLE
::cue { color: #ff0 }
::cue(.loud), ::cue(v[voice=\"Ann\"]) { font-weight: bold; background-color: rgba(0, 0, 255, 0.5) }

REGION
id:low width:40% lines:2 regionanchor:0%,100% viewportanchor:10%,90%

first
00:01.000 --> 00:02.500 line:0 align:start position:10%,line-left size:50%
One &amp; <b>two</b><c.red.bg_white> three</c>
and four

01:00:00.000 --> 01:00:01.000 region:low
<v Ann>I <i>am</i></v> <c.loud>loud</c> &#x41;&nbsp;&bogus;<ruby>a<rt>b</rt></ruby>

00:03.000 --> 00:02.000
ends before it begins

00:04.000 --> 00:06.000 line:-2 vertical:rl
<00:05.000>later
00:07.000 --> 00:08.000
no blank line before
";

#[test]
fn a_file() {
    let document = parse(FILE).unwrap();
    let facts: Vec<_> =
        document.cues.iter().map(|c| (c.id.as_str(), c.start_us, c.end_us.unwrap(), c.paragraphs[0].text())).collect();
    let s = 1_000_000;
    let want = [
        ("first", s, 2_500_000, "One & two three\nand four".to_string()),
        ("", 4 * s, 6 * s, "later".into()),
        ("", 7 * s, 8 * s, "no blank line before".into()),
        ("", 3600 * s, 3601 * s, "I am loud A\u{a0}&bogus;a".into()),
    ];
    assert_eq!(facts, want);
    assert_eq!(timestamp_map(FILE), Some(TimestampMap { mpegts: 900_000, local_us: s }));

    let first = &document.cues[0];
    assert_eq!((first.region.x, first.region.width, first.region.line), (0.1, 0.5, Some(0)));
    assert_eq!((first.region.align, first.paragraphs[0].align), (BlockAlign::Before, TextAlign::Start));
    let styles: Vec<_> =
        first.paragraphs[0].spans.iter().map(|s| (s.text.as_str(), s.style.bold, s.style.color, s.style.background)).collect();
    let (yellow, shade) = (Color([255, 255, 0, 255]), Color([0, 0, 0, 204]));
    let want = [
        ("One & ", false, yellow, shade),
        ("two", true, yellow, shade),
        (" three", false, Color([255, 0, 0, 255]), Color::WHITE),
        ("\nand four", false, yellow, shade),
    ];
    assert_eq!(styles, want);

    assert_eq!(document.cues[1].region.writing_mode, WritingMode::VerticalRl);
    assert_eq!(document.cues[1].paragraphs[0].spans[0].from_us, Some(5 * s));
    let last = &document.cues[3];
    assert_eq!((last.region.id.as_str(), last.region.x, last.region.width), ("low", 0.1, 0.4));
    assert!((last.region.y + last.region.height - 0.9).abs() < 1e-6);
    let spans = &last.paragraphs[0].spans;
    assert_eq!(spans[0].voice.as_deref(), Some("Ann"));
    assert!(spans[0].style.bold && !spans[0].style.italic && spans[1].style.italic && spans[1].style.bold);
    assert_eq!(spans.iter().find(|s| s.text == "loud").unwrap().style.background, Color([0, 0, 255, 128]));
}

#[test]
fn what_is_no_webvtt() {
    for text in ["", "WEBVT", "WEBVTTx", "1\n00:00:01,000 --> 00:00:02,000\nsrt", "<html/>", "<tt/>", "#EXTM3U"] {
        assert_eq!(parse(text), Err(Error::NotCaptions), "{text:?}");
    }
    assert!(matches!(parse("<tt"), Err(Error::Xml(_))));
    assert_eq!(parse("WEBVTT"), Ok(Document::default()));
    assert_eq!(parse("WEBVTT\n\n00:00.000 --> 00:01.0\nx\n\n00:61.000 --> 02:00.000\nx").unwrap().cues, []);
}

#[test]
fn placement() {
    let check = |settings: &str, want: (f32, f32, f32, f32)| {
        let text = format!("WEBVTT\n\n00:00.000 --> 00:01.000 {settings}\nx");
        let r = parse(&text).unwrap().cues[0].region.clone();
        let got = (r.x, r.y, r.width, r.height);
        let near = [(got.0, want.0), (got.1, want.1), (got.2, want.2), (got.3, want.3)].iter().all(|(a, b)| (a - b).abs() < 1e-4);
        assert!(near, "{settings}: {got:?} for {want:?}");
    };
    check("", (0.0, 0.0, 1.0, 1.0));
    check("position:30%", (0.0, 0.0, 0.6, 1.0));
    check("position:30% align:end", (0.0, 0.0, 0.3, 1.0));
    check("position:30% align:left size:90%", (0.3, 0.0, 0.7, 1.0));
    check("line:25%", (0.0, 0.25, 1.0, 0.75));
    check("line:75%,end", (0.0, 0.0, 1.0, 0.75));
    check("line:50%,center size:40%", (0.3, 0.5 - 0.02665, 0.4, 0.0533));
    check("line:10% vertical:lr position:20%,line-left", (0.1, 0.2, 0.9, 0.8));
    check("line:200% size:-1% position:x,line-left align:middle region:none", (0.0, 0.0, 1.0, 1.0));
}

fn boxed(kind: &str, body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32 + 8).to_be_bytes()[..], kind.as_bytes(), body].concat()
}

#[test]
fn samples() {
    let cue = boxed("vttc", &[boxed("iden", b"7"), boxed("sttg", b"align:start"), boxed("payl", b"<i>a</i>")].concat());
    let cues = parse_wvtt_sample(&[cue.clone(), boxed("vtta", b"x"), cue].concat(), 5, 9).unwrap();
    assert_eq!((cues.len(), cues[0].id.as_str(), cues[0].start_us, cues[0].end_us), (2, "7", 5, Some(9)));
    assert!(cues[1].paragraphs[0].spans[0].style.italic && cues[1].paragraphs[0].align == TextAlign::Start);
    assert_eq!(parse_wvtt_sample(&boxed("vtte", &[]), 0, 1), Ok(vec![]));
    for broken in [&[0, 0, 0, 20][..], &[0, 0, 0, 4, 1, 2, 3, 4], &[0, 0, 0, 99, b'v', b't', b't', b'c']] {
        assert!(parse_wvtt_sample(broken, 0, 1).is_err());
    }
    let ttml =
        "<tt xmlns='http://www.w3.org/ns/ttml'><body><div><p begin='1s' end='9s'>a</p><p begin='20s'>b</p></div></body></tt>";
    let cut = parse_stpp_sample(ttml.as_bytes(), 2_000_000, 4_000_000).unwrap();
    assert_eq!(cut.cues.iter().map(|c| (c.start_us, c.end_us)).collect::<Vec<_>>(), [(2_000_000, Some(4_000_000))]);
}
