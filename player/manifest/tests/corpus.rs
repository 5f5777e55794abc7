//! Real manifests of other projects, where they are at hand: each parses or fails with a typed error, and small mutations never panic.
mod support;

use hearth_manifest::*;
use support::*;

fn read(path: &std::path::Path) -> Result<Presentation, Error> {
    let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    parse(&text, &base())
}

#[test]
fn every_manifest_parses_or_says_why() {
    let Some(data) = shared().map(|s| s.join("data")) else { return };
    let mut refused = Vec::new();
    let mut count = 0;
    for ext in ["m3u8", "mpd"] {
        for f in ["manifests", "drm"].iter().flat_map(|d| files(&data.join(d), ext)) {
            count += 1;
            match read(&f) {
                Ok(p) => {
                    assert!(!p.periods.is_empty(), "{f:?}");
                    let renditions = p.periods.iter().flat_map(|p| &p.tracks).flat_map(|t| &t.renditions);
                    assert!(p.format == Format::Dash || renditions.count() > 0, "{f:?}");
                    serde_json::to_string(&p).unwrap();
                    dash::write_mpd(&p);
                    hls::write_master(&p);
                }
                Err(e) => refused.push(format!("{}: {e}", f.strip_prefix(&data).unwrap().display())),
            }
        }
    }
    eprintln!("{count} manifests, {} refused:\n{}", refused.len(), refused.join("\n"));
    assert!(refused.len() * 10 < count, "{refused:#?}");
}

/// Against what m3u8-parser's own tests expect: URIs, durations, byte ranges and discontinuities of every media playlist.
#[test]
fn media_playlists_as_m3u8_parser_reads_them() {
    let Some(dir) = shared().map(|s| s.join("data/manifests/hls/m3u8-parser-7.2.0")) else { return };
    let script = "const fs=require('fs');const d=process.argv[1];const o={};for(const f of fs.readdirSync(d).filter(f=>f.endsWith('.js')))\
                  {const m={exports:{}};new Function('module','exports',fs.readFileSync(d+'/'+f,'utf8'))(m,m.exports);o[f.slice(0,-3)]=m.exports}console.log(JSON.stringify(o))";
    let Ok(out) = std::process::Command::new("node").args(["-e", script]).arg(&dir).output() else { return };
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let all: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&out.stdout).unwrap();
    let (mut compared, mut differ) = (0, Vec::new());
    for (name, want) in &all {
        let Some(segments) = want["segments"].as_array().filter(|s| !s.is_empty()) else { continue };
        let text = std::fs::read_to_string(dir.join(format!("{name}.m3u8"))).unwrap();
        let got = match hls::parse_media(&text, &base()) {
            Ok(m) => m,
            Err(e) => {
                differ.push(format!("{name}: {e}"));
                continue;
            }
        };
        compared += 1;
        let line = |uri: String, us: u64, range: Option<(u64, u64)>, discontinuity: bool| {
            format!("{uri} {us} {range:?} {discontinuity}")
        };
        let want: Vec<String> = segments
            .iter()
            .filter(|s| s["uri"].is_string())
            .map(|s| {
                let us = (s["duration"].as_f64().unwrap_or(0.0) * 1e6).round() as u64;
                let range = s["byterange"]["length"].as_u64().zip(s["byterange"]["offset"].as_u64());
                line(base().join(s["uri"].as_str().unwrap()).unwrap().into(), us, range, s["discontinuity"] == true)
            })
            .collect();
        let got: Vec<String> = got
            .segments
            .into_iter()
            .map(|s| line(s.resource.url, s.duration_us, s.resource.range.map(|r| (r.length, r.offset)), s.discontinuity))
            .collect();
        if got != want {
            let first = got.iter().zip(&want).find(|(a, b)| a != b);
            differ.push(format!("{name}: {} for {}, first {first:?}", got.len(), want.len()));
        }
    }
    eprintln!("{compared} compared, {} differ:\n{}", differ.len(), differ.join("\n"));
    assert!(compared > 30 && differ.len() <= ALLOWED, "{differ:#?}");
}

/// Where we differ on purpose: a zero duration made 10 ms, a missing EXTINF that m3u8-parser gives no duration.
const ALLOWED: usize = 2;

#[test]
fn encrypted_streams_name_their_keys() {
    let Some(drm) = shared().map(|s| s.join("data/drm/shaka-croatia360")) else { return };
    for (dir, scheme) in
        [("cenc_multidrm", "cenc"), ("cbcs_multidrm", "cbcs"), ("cens", "cens"), ("cbc1", "cbc1"), ("cbcs_pattern_5_5", "cbcs")]
    {
        let p = read(&drm.join(dir).join("manifest.mpd")).unwrap();
        for t in &p.periods[0].tracks {
            let r = &t.renditions[0];
            assert!(!r.protection.is_empty(), "{dir}");
            for p in &r.protection {
                assert_eq!(p.scheme.as_deref(), Some(scheme), "{dir}");
                assert_eq!(p.key_id.as_deref().map(str::len), Some(32), "{dir}");
            }
            let Segments::List { segments } = &r.segments else { panic!("{dir}") };
            assert_eq!((segments.len(), segments[0].start_us), (4, 0), "{dir}");
        }
    }
    let text = std::fs::read_to_string(drm.join("cbcs_multidrm/stream_1.m3u8")).unwrap();
    let m = hls::parse_media(&text, &base()).unwrap();
    let systems: Vec<&str> = m.protection.iter().map(|p| p.system.as_str()).collect();
    assert_eq!(systems, [system::HLS_IDENTITY, system::HLS_PLAYREADY, system::WIDEVINE, system::HLS_FAIRPLAY]);
    assert_eq!(m.protection[2].key_id.as_deref(), Some("6958697bf274bee8024db5fe0f7ea001"));
    let text = std::fs::read_to_string(drm.join("cenc_clearlead4/stream_1.m3u8")).unwrap();
    let m = hls::parse_media(&text, &base()).unwrap();
    assert_eq!(
        m.segments.iter().map(|s| s.protection.as_ref().unwrap_or(&m.protection).is_empty()).collect::<Vec<_>>(),
        [true, true, false, false]
    );
}
