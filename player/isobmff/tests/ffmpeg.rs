//! ffmpeg as an independent judge of what is written: init + segments concatenated are a fragmented MP4 that decodes to the
//! same frames, clear and encrypted. Skips with a message where ffmpeg is absent.
use std::path::Path;
use std::process::Command;

use hearth_isobmff::{
    ContentKey, Encryption, Init, KeyId, Pattern, Sample, SampleInfo, Scheme, SegmentSpec, Track, cenc, parse_init,
    parse_samples, parse_segment, write_init, write_segment,
};

const KEY: [u8; 16] = *b"0123456789abcdef";

fn ffmpeg(args: &[&str]) -> Option<String> {
    let out = match Command::new("ffmpeg").args(["-nostdin", "-v", "error"]).args(args).output() {
        Ok(out) => out,
        Err(e) => {
            eprintln!("skipped: ffmpeg cannot be started: {e}");
            return None;
        }
    };
    let errors = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success() && errors.is_empty(), "ffmpeg {args:?}: {errors}");
    Some(String::from_utf8_lossy(&out.stdout).into_owned())
}

fn frames(path: &Path, key: Option<&str>) -> Option<String> {
    let path = path.to_str().expect("path");
    let mut args = key.map_or(Vec::new(), |k| vec!["-decryption_key", k]);
    args.extend(["-i", path, "-f", "framemd5", "-"]);
    let text = ffmpeg(&args)?;
    // Lines are "stream, dts, pts, duration, size, hash". Fragments played alone start at other times: the hash counts.
    let hashes = text.lines().filter(|l| !l.starts_with('#')).filter_map(|l| l.rsplit(',').next());
    Some(hashes.map(|h| format!("{h}\n")).collect())
}

/// Two slices a picture, weighted prediction, B-frames: long slice headers.
const AVC: &[&str] =
    &["-i", "testsrc2=s=320x180:r=25:d=3,fade=in:0:30", "-c:v", "libx264", "-g", "25", "-x264-params", "slices=2:weightp=2"];
const HEVC: &[&str] = &[
    "-i",
    "testsrc2=s=320x180:r=25:d=3,fade=in:0:30",
    "-c:v",
    "libx265",
    "-tag:v",
    "hvc1",
    "-x265-params",
    "log-level=none:keyint=25:open-gop=0:wpp=1:slices=2:weightb=1",
];
const AAC: &[&str] = &["-i", "sine=d=3", "-c:a", "aac"];

/// Three seconds as fragments.
fn source(dir: &Path, coding: &[&str]) -> Option<(Init, Vec<u8>)> {
    let path = dir.join("source.mp4");
    let mut args = vec!["-f", "lavfi"];
    args.extend(coding);
    args.extend(["-movflags", "frag_keyframe+empty_moov+default_base_moof", "-y", path.to_str().expect("path")]);
    ffmpeg(&args)?;
    let bytes = std::fs::read(path).expect("ffmpeg's file");
    Some((parse_init(&bytes).expect("init"), bytes))
}

/// Rewrites the track: init segment and segments of at most `size` samples.
fn rewrite(track: &Track, bytes: &[u8], samples: &[Sample], size: usize, encryption: Option<&Encryption>) -> Vec<Vec<u8>> {
    let mut out = vec![write_init(track, Some(3000), encryption, &[]).expect("init")];
    let mut first_sample = 0;
    for (n, chunk) in samples.chunks(size).enumerate() {
        let infos: Vec<SampleInfo> = chunk
            .iter()
            .map(|s| SampleInfo {
                size: s.data.len() as u32,
                duration: s.duration,
                cts_offset: (s.pts - s.dts) as i32,
                sync: s.sync,
            })
            .collect();
        let data: Vec<u8> = chunk.iter().flat_map(|s| bytes[s.data.clone()].to_vec()).collect();
        let base_decode_time = (chunk[0].dts - track.edit_offset) as u64;
        let spec = SegmentSpec { sequence: n as u32 + 1, base_decode_time, first_sample, samples: &infos, data: &data };
        out.push(write_segment(track, &spec, encryption).expect("segment"));
        first_sample += chunk.len() as u64;
    }
    out
}

fn encryption(scheme: Scheme) -> Encryption {
    let key = ContentKey(KEY);
    let iv = Encryption::derive_iv(&key, b"a track");
    Encryption { scheme, key, key_id: KeyId([3; 16]), iv, pattern: Some(Pattern { crypt: 1, skip: 9 }) }
}

#[test]
fn ffmpeg_decodes_what_is_written() {
    let dir = std::env::temp_dir().join(format!("hearth-isobmff-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("temporary folder");
    for (video, coding) in [(true, AVC), (true, HEVC), (false, AAC)] {
        let Some((init, bytes)) = source(&dir, coding) else { return };
        let track = &init.tracks[0];
        let samples = parse_segment(&init, &bytes).expect("samples");
        // The same samples in a progressive file.
        let plain = dir.join("plain.mp4");
        ffmpeg(&["-i", dir.join("source.mp4").to_str().expect("path"), "-c", "copy", "-y", plain.to_str().expect("path")]);
        let plain = std::fs::read(&plain).expect("ffmpeg's file");
        let listed = parse_samples(&plain).expect("sample tables");
        let facts = |bytes: &[u8], list: &[Sample]| -> Vec<_> {
            let start = list.iter().map(|s| s.pts).min().unwrap_or(0);
            list.iter().map(|s| (s.pts - start, s.sync, bytes[s.data.clone()].to_vec())).collect()
        };
        assert!(facts(&plain, &listed) == facts(&bytes, &samples), "progressive and fragmented differ");
        assert_eq!(parse_samples(&bytes).as_ref(), Ok(&samples));

        let clear = dir.join("clear.mp4");
        std::fs::write(&clear, rewrite(track, &bytes, &samples, 25, None).concat()).expect("write");
        ffmpeg(&["-i", clear.to_str().expect("path"), "-f", "null", "-"]);
        let want = frames(&dir.join("source.mp4"), None).expect("frames");
        assert!(want.lines().count() >= 75, "{want}");
        assert_eq!(frames(&clear, None).expect("frames"), want);

        // ffmpeg 5 reads `cenc` alone, and loses count after the first encrypted fragment of a file (of other writers' files
        // too): each fragment is judged by itself, sound as one fragment. Our own reading judges the rest, below.
        let hex: String = KEY.iter().map(|b| format!("{b:02x}")).collect();
        let size = if video { 25 } else { samples.len() };
        let written = rewrite(track, &bytes, &samples, size, Some(&encryption(Scheme::Cenc)));
        let mut got = String::new();
        for segment in &written[1..] {
            let encrypted = dir.join("cenc.mp4");
            std::fs::write(&encrypted, [&written[0][..], segment].concat()).expect("write");
            got += &frames(&encrypted, Some(&hex)).expect("frames");
        }
        assert_eq!(got, want, "cenc, video: {video}");

        for scheme in [Scheme::Cenc, Scheme::Cens, Scheme::Cbc1, Scheme::Cbcs] {
            let mut written = rewrite(track, &bytes, &samples, 25, Some(&encryption(scheme))).concat();
            let init = parse_init(&written).expect("init");
            let mut hidden = 0;
            let got = parse_segment(&init, &written).expect("samples");
            for (g, w) in got.iter().zip(&samples) {
                let data = &mut written[g.data.clone()];
                hidden += usize::from(data != &bytes[w.data.clone()]);
                let crypto = g.crypto.as_ref().expect("protected");
                if let (false, Some(slice)) = (g.sync, crypto.subsamples.first()) {
                    // Less than what is left clear where a slice header cannot be read.
                    assert!(slice.clear < 100, "{scheme:?} at {}: {slice:?}", g.dts);
                }
                cenc::decrypt(&ContentKey(KEY), crypto, data).expect("decrypts");
                assert!(data == &bytes[w.data.clone()], "{scheme:?} at {}", g.dts);
                assert_eq!((g.dts, g.pts, g.duration, g.sync), (w.dts, w.pts, w.duration, w.sync));
            }
            assert!(hidden * 2 > samples.len(), "{scheme:?}: only {hidden} of {} samples differ", samples.len());
        }
    }
    std::fs::remove_dir_all(&dir).expect("clean up");
}
