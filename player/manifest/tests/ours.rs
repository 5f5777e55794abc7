//! What our server writes, our player reads; and the texts themselves, which other players read.
mod support;

use hearth_manifest::*;
use support::*;

#[test]
fn master_playlist_text() {
    let text = hls::write_master(&ours(|id| Segments::Playlist { url: format!("{id}.m3u8?t=1&n=\"2\"") }));
    let pssh = widevine_pssh(KID, "cbcs").unwrap();
    let want = format!(
        "#EXTM3U\n\
         #EXT-X-VERSION:7\n\
         #EXT-X-INDEPENDENT-SEGMENTS\n\
         #EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI=\"data:text/plain;base64,{pssh}\",KEYID=0x{KID},KEYFORMAT=\"urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed\",KEYFORMATVERSIONS=\"1\"\n\
         #EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI=\"https://origin.example/license/clearkey\",KEYID=0x{KID},KEYFORMAT=\"org.w3.clearkey\",KEYFORMATVERSIONS=\"1\"\n\
         #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"English 'stereo' <main> & more\",LANGUAGE=\"en\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"audio-en.m3u8?t=1&n=%222%22\"\n\
         #EXT-X-STREAM-INF:BANDWIDTH=928000,AVERAGE-BANDWIDTH=847000,CODECS=\"avc1.64001e,mp4a.40.2\",RESOLUTION=640x360,FRAME-RATE=25.000,VIDEO-RANGE=SDR,AUDIO=\"audio\",CLOSED-CAPTIONS=NONE\n\
         v360.m3u8?t=1&n=%222%22\n\
         #EXT-X-STREAM-INF:BANDWIDTH=2628000,AVERAGE-BANDWIDTH=2377000,CODECS=\"avc1.64001e,mp4a.40.2\",RESOLUTION=1280x720,FRAME-RATE=25.000,VIDEO-RANGE=SDR,AUDIO=\"audio\",CLOSED-CAPTIONS=NONE\n\
         v720.m3u8?t=1&n=%222%22\n"
    );
    assert_eq!(text, want);

    let read = parse(&text, &base()).unwrap();
    let tracks = &read.periods[0].tracks;
    assert_eq!(
        tracks.iter().map(|t| (t.kind, t.id.as_str(), t.default)).collect::<Vec<_>>(),
        [(Kind::Video, "video", true), (Kind::Audio, "audio/English 'stereo' <main> & more", true)]
    );
    let r = &tracks[0].renditions[1];
    assert_eq!(
        (r.bandwidth, r.codecs.as_str(), r.width, r.height, r.frame_rate),
        (2_628_000, "avc1.64001e", Some(1280), Some(720), Some(25.0))
    );
    assert_eq!(r.segments, Segments::Playlist { url: "https://origin.example/v1/title/v720.m3u8?t=1&n=%222%22".into() });
    assert_eq!(r.audio_group.as_deref(), Some("audio"));
    assert_eq!(tracks[1].renditions[0].codecs, "mp4a.40.2");
    assert_eq!(r.protection.iter().map(|p| p.system.as_str()).collect::<Vec<_>>(), [system::WIDEVINE, system::HLS_CLEAR_KEY]);
    assert_eq!(r.protection[1], ContentProtection { system: system::HLS_CLEAR_KEY.into(), ..clear_key("cbcs") });
}

#[test]
fn media_playlist_text() {
    let p = ours(|id| list(2, 4_000_000, |n| format!("{id}/{n}.m4s")));
    let mut r = p.periods[0].tracks[0].renditions[0].clone();
    r.protection = vec![clear_key("cenc")];
    if let Segments::List { segments } = &mut r.segments {
        segments[1].duration_us = 2_480_000;
        segments[1].resource.range = Some(ByteRange { offset: 10, length: 20 });
    }
    let text = hls::write_media(&r);
    let pssh = widevine_pssh(KID, "cenc").unwrap();
    let want = format!(
        "#EXTM3U\n\
         #EXT-X-VERSION:7\n\
         #EXT-X-TARGETDURATION:4\n\
         #EXT-X-MEDIA-SEQUENCE:1\n\
         #EXT-X-PLAYLIST-TYPE:VOD\n\
         #EXT-X-INDEPENDENT-SEGMENTS\n\
         #EXT-X-MAP:URI=\"v360/init.mp4\"\n\
         #EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"data:text/plain;base64,{pssh}\",KEYID=0x{KID},KEYFORMAT=\"urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed\",KEYFORMATVERSIONS=\"1\"\n\
         #EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"https://origin.example/license/clearkey\",KEYID=0x{KID},KEYFORMAT=\"org.w3.clearkey\",KEYFORMATVERSIONS=\"1\"\n\
         #EXTINF:4.000000,\n\
         v360/1.m4s\n\
         #EXTINF:2.480000,\n\
         #EXT-X-BYTERANGE:20@10\n\
         v360/2.m4s\n\
         #EXT-X-ENDLIST\n"
    );
    assert_eq!(text, want);
}

#[test]
fn mpd_comes_back_as_it_was() {
    let mut p = ours(|id| list(8, 4_000_000, |n| format!("{id}/{n}.m4s")));
    if let Segments::List { segments } = &mut p.periods[0].tracks[0].renditions[1].segments {
        segments[7].duration_us = 2_000_000;
    }
    let text = dash::write_mpd(&p);
    assert!(text.contains("media=\"v360/$Number$.m4s\"") && text.contains("<S t=\"0\" d=\"4000000\" r=\"7\"/>"), "{text}");
    let read = parse(&text, &base()).unwrap();
    assert_eq!((read.format, read.duration_us, read.min_buffer_us), (Format::Dash, Some(30_000_000), Some(4_000_000)));
    for (a, b) in p.periods[0].tracks.iter().zip(&read.periods[0].tracks) {
        assert_eq!(
            (a.kind, &a.language, &a.label, a.channels, a.default),
            (b.kind, &b.language, &b.label, b.channels, b.default)
        );
        for (a, b) in a.renditions.iter().zip(&b.renditions) {
            assert_eq!(
                (&a.id, a.bandwidth, &a.codecs, a.width, a.height, a.frame_rate, a.sample_rate),
                (&b.id, b.bandwidth, &b.codecs, b.width, b.height, b.frame_rate, b.sample_rate)
            );
            assert_eq!(a.protection, b.protection);
            let (Segments::List { segments: a }, Segments::List { segments: b }) = (&a.segments, &b.segments) else {
                panic!("not lists")
            };
            assert_eq!(a.len(), b.len());
            for (a, b) in a.iter().zip(b) {
                let url = base().join(&a.resource.url).unwrap().to_string();
                assert_eq!(*b, Segment { resource: Resource { url, range: None }, ..a.clone() });
            }
        }
    }
}

/// Against the schema of ISO 23009-1 itself, where it and xmllint are.
#[test]
fn mpd_is_valid() {
    let Some(schema) = shared().map(|s| s.join("data/manifests/dash/mpeg-dash-schema/DASH-MPD.xsd")) else { return };
    if std::process::Command::new("xmllint").arg("--version").output().is_err() {
        eprintln!("xmllint is missing (libxml2-utils): not validated");
        return;
    }
    // The schema imports xlink by its web address: read it with a local one.
    let dir = tempfile::tempdir().unwrap();
    let xsd = std::fs::read_to_string(schema)
        .unwrap()
        .replace("http://www.w3.org/XML/2008/06/xlink.xsd", "xlink.xsd")
        .replace("https://www.w3.org/XML/2008/06/xlink.xsd", "xlink.xsd");
    std::fs::write(dir.path().join("mpd.xsd"), xsd).unwrap();
    std::fs::write(
        dir.path().join("xlink.xsd"),
        r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="http://www.w3.org/1999/xlink"><xs:attribute name="href" type="xs:anyURI"/><xs:attribute name="actuate" type="xs:string"/><xs:attribute name="type" type="xs:string"/><xs:attribute name="show" type="xs:string"/></xs:schema>"#,
    )
    .unwrap();
    let mut template = ours(|id| list(8, 4_000_000, |n| format!("{id}/{n}.m4s")));
    template.periods[0].tracks[0].renditions[1].protection[0].pssh = widevine_pssh(KID, "cbcs");
    template.periods[0].tracks[1].roles = vec!["commentary".into()];
    template.periods[0].tracks[1].renditions[0].id = "with space".into();
    let list = ours(|id| list(3, 4_000_000, |n| format!("{id}/{}.m4s", ["a", "b", "c"][n as usize - 1])));
    let index = ours(|id| Segments::Index { url: format!("{id}.mp4"), index: ByteRange { offset: 800, length: 100 } });
    let mut two = template.clone();
    two.periods.push(Period { id: Some("2".into()), start_us: 30_000_000, ..two.periods[0].clone() });
    two.duration_us = Some(60_000_000);
    let mut trick = template.clone();
    trick.periods[0].tracks[0].kind = Kind::Image;
    for (name, p) in [("template", template), ("list", list), ("index", index), ("two", two), ("trick", trick)] {
        let mpd = dir.path().join(format!("{name}.mpd"));
        std::fs::write(&mpd, dash::write_mpd(&p)).unwrap();
        let out = std::process::Command::new("xmllint")
            .current_dir(dir.path())
            .args(["--nonet", "--noout", "--schema", "mpd.xsd"])
            .arg(&mpd)
            .output()
            .unwrap();
        assert!(
            out.status.success(),
            "{name}: {}\n{}",
            String::from_utf8_lossy(&out.stderr),
            std::fs::read_to_string(&mpd).unwrap()
        );
    }
}
