//! Films through the real program: published, refused, interrupted, out of room.

mod support;

use hearth_api::JobState;
use hearth_server::mezzanine::TrackIndex;
use hearth_server::{ServeOptions, start_blocking};
use std::path::Path;
use support::{Server, film, films, ingest, ingest_with, poll, titles_in_store};

#[test]
fn a_film_is_published_once_with_aligned_renditions() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let first = ingest(&server.url, &films().with_sound, "Test film");
    assert_eq!((first.exit, first.job().state), (0, JobState::Done), "{}", first.errors);

    let title = dir.path().join("store/titles").join(&first.job().title_id);
    let index =
        |id: &str| -> TrackIndex { postcard::from_bytes(&std::fs::read(title.join(format!("{id}.idx"))).unwrap()).unwrap() };
    let starts = |i: &TrackIndex| i.segments.iter().map(|s| s.start * 1000 / u64::from(i.timescale)).collect::<Vec<_>>();
    let videos = ["v180", "v120", "v80"].map(index);
    for (video, height) in videos.iter().zip([180, 120, 80]) {
        assert_eq!(starts(video), [0, 2000, 4000], "{height}");
        assert_eq!(video.samples.len(), 125, "{height}");
        let file = std::fs::read(title.join(format!("v{height}.mp4"))).unwrap();
        let init = hearth_isobmff::parse_init(&file).unwrap();
        assert_eq!((init.tracks[0].height, init.duration_ms), (height, Some(5000)));
        let samples = hearth_isobmff::parse_segment(&init, &file).unwrap();
        assert_eq!(samples.iter().map(|s| s.pts).min(), Some(0), "{height}: the first picture is at 0");
        assert_eq!(
            samples.iter().map(|s| s.data.len()).sum::<usize>(),
            video.segments.iter().map(|s| s.size as usize).sum::<usize>()
        );
        // The index points at the very bytes of the samples.
        for segment in &video.segments {
            assert_eq!(samples[segment.first_sample as usize].data.start as u64, segment.offset, "{height}");
        }
    }
    let sound = index("a-und");
    for (boundary, start) in [0, 2000, 4000].into_iter().zip(starts(&sound)) {
        assert!((start as i64 - boundary).abs() <= 11, "sound is cut within half a frame of {boundary} ms, not at {start}");
    }

    let again = ingest(&server.url, &films().with_sound, "The same under another name");
    assert_eq!((again.exit, &again.job().title_id, again.job().name.as_str()), (0, &first.job().title_id, "Test film"));
    assert_eq!(server.titles(), 1);
    assert!(support::leftovers(dir.path()).is_empty(), "{:?}", support::leftovers(dir.path()));
}

#[test]
fn what_is_no_film_is_refused_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let whole = std::fs::read(&films().with_sound).unwrap();
    let text = "It was a dark and stormy night. ".repeat(200);
    let cases: [(&str, &[u8], &str, i32); 6] = [
        ("text.mp4", text.as_bytes(), "not-media", 3),
        ("cut.mp4", &whole[..whole.len() * 2 / 3], "truncated", 3),
        ("nearly-whole.mp4", &whole[..whole.len() - 1], "truncated", 3),
        ("noise.mkv", &whole[whole.len() / 2..], "not-media", 3),
        ("empty.mp4", b"", "", 3),
        ("sound.m4a", &std::fs::read(&films().sound_only).unwrap(), "no-video", 3),
    ];
    for (name, bytes, code, exit) in cases {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let outcome = ingest(&server.url, &path, name);
        assert_eq!(outcome.exit, exit, "{name}: {}", outcome.errors);
        assert!(outcome.errors.contains(name), "{name}: says which file: {}", outcome.errors);
        if !code.is_empty() {
            assert_eq!(outcome.job().error.as_ref().map(|e| e.code.as_str()), Some(code), "{name}: {}", outcome.errors);
        }
    }
    assert_eq!(server.titles(), 0);
    assert!(titles_in_store(dir.path()).is_empty());
    assert!(support::leftovers(dir.path()).is_empty(), "{:?}", support::leftovers(dir.path()));
}

#[test]
fn killed_at_any_moment_the_job_goes_on_and_publishes_once() {
    let dir = tempfile::tempdir().unwrap();
    let long = film(dir.path(), "long.mp4", "640x360", 25 * 16, false);
    let data = dir.path().join("data");
    // In the middle of the upload: half the bytes are acknowledged, then the power goes.
    let bytes = std::fs::read(&long).unwrap();
    let server = Server::start(&data);
    let upload = support::begin(&server.url, &long, "Survivor");
    let half = bytes.len() / 2;
    assert_eq!(support::patch(&server.url, &upload.id, 0, &bytes[..half]).received, half as u64);
    server.kill();
    let server = Server::start(&data);
    assert_eq!(support::begin(&server.url, &long, "Survivor"), hearth_api::Upload { received: half as u64, ..upload.clone() });
    let job = support::patch(&server.url, &upload.id, half as u64, &bytes[half..]).job.unwrap();
    server.kill();
    // While it encodes, early and late.
    for point in [0.05, 0.4] {
        let server = Server::start(&data);
        poll(&format!("{point} of the work"), || {
            let job = server.job(&job);
            assert_eq!(job.error, None);
            assert_ne!(job.state, JobState::Done, "killed too late to prove anything");
            (job.stage == "transcode" && f64::from(job.progress) >= point).then_some(())
        });
        server.kill();
        assert!(titles_in_store(&data).is_empty(), "nothing is half-published");
    }
    let server = Server::start(&data);
    poll("done", || (server.job(&job).state == JobState::Done).then_some(()));
    assert_eq!((server.titles(), server.jobs().len()), (1, 1));
    assert_eq!(titles_in_store(&data), [server.job(&job).title_id]);
    server.kill();
    let server = Server::start(&data);
    assert_eq!((server.titles(), server.job(&job).state), (1, JobState::Done));
    poll("swept", || support::leftovers(&data).is_empty().then_some(()));
}

#[test]
fn a_directory_in_use_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let data = dir.path().to_string_lossy().into_owned();
    let second = support::command(&["serve", "--data", &data, "--listen", "127.0.0.1:0"]).output().unwrap();
    let beside = ingest_with(&["--data", &data], &films().silent, "Beside");
    for (exit, errors) in
        [(second.status.code(), String::from_utf8_lossy(&second.stderr).into_owned()), (Some(beside.exit), beside.errors)]
    {
        assert_eq!(exit, Some(5), "{errors}");
        assert!(errors.contains(&server.url), "says who has it: {errors}");
    }
    drop(server);
    let alone = ingest_with(&["--data", &data], &films().silent, "Alone");
    assert_eq!((alone.exit, alone.job().state), (0, JobState::Done), "{}", alone.errors);
    assert!(films().silent.is_file(), "a film that was not uploaded stays its owner's");
    let unreachable = ingest_with(&["--server", "http://127.0.0.1:9"], &films().silent, "Nobody there");
    assert_eq!(unreachable.exit, 5, "{}", unreachable.errors);
}

#[test]
fn a_full_disc_is_said_and_the_job_can_be_retried() {
    let Some(disc) = support::SmallDisc::start("64m") else {
        eprintln!("skipped: needs root, unshare and tmpfs");
        return;
    };
    // Too small from the start: refused before a byte is sent.
    disc.fill(16 << 20);
    let refused = ingest(&disc.server.url, &films().with_sound, "No room");
    assert_eq!(refused.exit, 4, "{}", refused.errors);
    assert!(refused.errors.contains("MiB is free"), "{}", refused.errors);
    disc.empty();
    // Full in the middle of the work.
    let dir = tempfile::tempdir().unwrap();
    let long = film(dir.path(), "long.mp4", "640x360", 25 * 16, false);
    let job = support::upload(&disc.server.url, &long, "Tight");
    poll("encoding", || (disc.server.job(&job).stage == "transcode").then_some(()));
    disc.fill(0);
    let failed = poll("failed", || Some(disc.server.job(&job)).filter(|j| j.state == JobState::Failed));
    let error = failed.error.unwrap();
    assert!(error.code == "disk-full" && error.message.contains("needs up to"), "{error:?}");
    assert_eq!(disc.server.titles(), 0);
    disc.empty();
    let retry = support::command(&["jobs", "--server", &disc.server.url, "--retry", &job]).output().unwrap();
    assert!(retry.status.success(), "{}", String::from_utf8_lossy(&retry.stderr));
    poll("done", || (disc.server.job(&job).state == JobState::Done).then_some(()));
    assert_eq!(disc.server.titles(), 1);
}

#[test]
fn a_program_can_embed_the_server() {
    let dir = tempfile::tempdir().unwrap();
    let server = start_blocking(ServeOptions::new(dir.path())).unwrap();
    let outcome = ingest(&server.url(), &films().silent, "Embedded");
    assert_eq!((outcome.exit, outcome.job().state), (0, JobState::Done), "{}", outcome.errors);
    server.shutdown();
    assert!(Path::new(&dir.path().join("store/titles").join(&outcome.job().title_id).join("v180.mp4")).is_file());
}
