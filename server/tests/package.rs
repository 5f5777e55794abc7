//! `hearth-server package` by its library: several renditions in, shared segments with HLS and DASH out, judged by ffmpeg.

mod support;

use hearth_isobmff::{ContentKey, KeyId, Scheme};
use hearth_server::package::offline::{Job, run};
use std::path::{Path, PathBuf};
use support::{CLIP, encode, ffmpeg, frames, have, video};

const KEY: [u8; 16] = *b"the content key!";

fn job(inputs: Vec<PathBuf>, out: PathBuf, scheme: Option<Scheme>) -> Job {
    let keys = if scheme.is_some() { vec![(KeyId([7; 16]), ContentKey(KEY))] } else { vec![] };
    Job { inputs, out, scheme, keys, segment_seconds: 2.0, hls: true, dash: true, license_url: "/v1/license".into() }
}

/// Init and all segments of a rendition.
fn whole(dir: &Path) -> Vec<u8> {
    let mut all = std::fs::read(dir.join("init.mp4")).unwrap();
    for n in 1.. {
        let Ok(segment) = std::fs::read(dir.join(format!("{n}.m4s"))) else { break };
        all.extend(segment);
    }
    all
}

fn count(dir: &Path) -> usize {
    std::fs::read_dir(dir).unwrap().filter(|e| e.as_ref().is_ok_and(|e| e.path().extension().is_some_and(|x| x == "m4s"))).count()
}

#[test]
fn renditions_share_segments_and_decode_to_their_sources() {
    if !have("ffmpeg") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let files = encode(dir.path(), 6);
    let inputs: Vec<PathBuf> = files.iter().map(|f| f.2.clone()).collect();
    let hex: String = KEY.iter().map(|b| format!("{b:02x}")).collect();
    let sources: Vec<(&str, &str, Vec<String>)> = [("v144", "0:v:0", 0), ("v288", "0:v:0", 1), ("a-und", "0:a:0", 2)]
        .map(|(id, map, at)| (id, map, frames("-", std::fs::read(&inputs[at]).unwrap(), None, map).unwrap()))
        .to_vec();
    for (name, scheme) in [("clear", None), ("cbcs", Some(Scheme::Cbcs)), ("cenc", Some(Scheme::Cenc))] {
        let out = dir.path().join(name);
        let (mut last, mut total) = (0, 0);
        let written = run(&job(inputs.clone(), out.clone(), scheme), |done, of| (last, total) = (done, of)).unwrap();
        assert_eq!(written, [out.join("master.m3u8"), out.join("manifest.mpd")]);
        assert!(last == total && total > 100_000, "progress reaches the end: {last} of {total}");
        for (id, map, source) in &sources {
            assert_eq!(count(&out.join(id)), 3, "{name} {id}: two seconds each");
            let key = scheme.map(|_| hex.as_str());
            assert!(frames("-", whole(&out.join(id)), key, map).unwrap() == *source, "{name} {id}");
            if scheme.is_some() {
                assert!(
                    frames("-", whole(&out.join(id)), None, map).unwrap_or_default() != *source,
                    "{name} {id} without its key"
                );
            }
        }
        let again = dir.path().join("again");
        run(&job(inputs.clone(), again.clone(), scheme), |_, _| {}).unwrap();
        for file in ["v144/2.m4s", "a-und/init.mp4", "master.m3u8", "manifest.mpd", "v288.m3u8"] {
            assert_eq!(
                std::fs::read(out.join(file)).unwrap(),
                std::fs::read(again.join(file)).unwrap(),
                "{name} {file}: the same again"
            );
        }
    }
    for manifest in ["clear/master.m3u8", "clear/manifest.mpd"] {
        let got = frames(dir.path().join(manifest).to_str().unwrap(), vec![], None, "0:v:0").unwrap();
        assert!(got == sources[0].2 || got == sources[1].2, "{manifest}");
    }
}

/// A key frame every `interval` frames at 25 a second, in an ordinary MP4 whose `moov` is at the end.
fn progressive(dir: &Path, name: &str, interval: u32) -> PathBuf {
    let path = dir.join(name);
    let sound = ["-c:a", "aac", "-ac", "2"].map(str::to_owned);
    ffmpeg(6, &[video(144, interval), sound.to_vec()].concat(), &path);
    path
}

#[test]
fn progressive_files_and_misaligned_key_frames() {
    if !have("ffmpeg") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (progressive(dir.path(), "one.mp4", 25), progressive(dir.path(), "other.mp4", 37));
    let out = dir.path().join("out");
    run(&job(vec![one.clone()], out.clone(), Some(Scheme::Cbcs)), |_, _| {}).unwrap();
    assert_eq!((count(&out.join("v144")), count(&out.join("a-und"))), (3, 3));
    let hex: String = KEY.iter().map(|b| format!("{b:02x}")).collect();
    for (id, map) in [("v144", "0:v:0"), ("a-und", "0:a:0")] {
        let source = frames(one.to_str().unwrap(), vec![], None, map).unwrap();
        let packaged = frames("-", whole(&out.join(id)), Some(&hex), map).unwrap();
        // ffmpeg drops the encoder's priming (one AAC frame) from progressive files only.
        assert!(
            packaged.ends_with(&source) && packaged.len() <= source.len() + 1,
            "{id}: {} of {}",
            packaged.len(),
            source.len()
        );
    }
    let said = run(&job(vec![one, other], dir.path().join("bad"), None), |_, _| {}).unwrap_err().to_string();
    assert!(said.contains("not aligned") && said.contains("other.mp4"), "{said}");
    assert!(!dir.path().join("bad").exists(), "nothing half packaged");
}

#[test]
fn what_cannot_be_packaged_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let text = dir.path().join("text.mp4");
    std::fs::write(&text, "This is not a film at all.").unwrap();
    let cut = dir.path().join("cut.mp4");
    let clip = std::fs::read(CLIP).unwrap();
    std::fs::write(&cut, &clip[..clip.len() / 2]).unwrap();
    let clip = PathBuf::from(CLIP);
    let out = dir.path().join("out");
    let keyless = || Job { keys: vec![], ..job(vec![clip.clone()], out.clone(), Some(Scheme::Cbcs)) };
    for (job, want) in [
        (job(vec![], out.clone(), None), "no input"),
        (job(vec![text], out.clone(), None), "not an MP4"),
        (job(vec![cut], out.clone(), None), "cut short"),
        (job(vec![dir.path().join("missing.mp4")], out.clone(), None), "missing.mp4"),
        (keyless(), "--key"),
        (Job { scheme: None, ..job(vec![clip.clone()], out.clone(), Some(Scheme::Cenc)) }, "--scheme"),
        (Job { segment_seconds: f64::NAN, ..job(vec![clip.clone()], out.clone(), None) }, "--segment-seconds"),
    ] {
        let said = run(&job, |_, _| {}).unwrap_err().to_string();
        assert!(said.contains(want), "{said}: expected {want:?}");
    }
    assert!(!out.exists());
}
