//! The sample films: test patterns with the time code burnt in, and Big Buck Bunny's clip in a loop. Made by GStreamer's own
//! command, kept under the fingerprint of their recipe.
use super::catalog::{Entry, Source};
use super::children::Running;
use super::recipe;
use crate::packages::AAC_ENCODERS;
use crate::shell::{output, root, step};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Longest that one film may take to make.
const LIMIT: Duration = Duration::from_secs(300);
const SIZE: &str = "width=640,height=360";

/// Between demultiplexer and decoder of a clip that waits for its turn: it holds coded data, half a megabyte a round.
const ROOM: &str = "queue max-size-buffers=0 max-size-bytes=0 max-size-time=0";

/// Makes one stretch of time of what `concat` puts together: `videorate` gives the first frames of each clip times of the next one.
const ONE: &str = "identity single-segment=true";

/// Encodes a master at this many kbit/s: good enough to be encoded again, a key frame every two seconds.
fn h264(kbps: u32) -> String {
    h264_with(kbps, "")
}

/// As [`h264`], with more of the encoder's options.
fn h264_with(kbps: u32, more: &str) -> String {
    format!(
        "x264enc speed-preset=veryfast bitrate={kbps} key-int-max=50 threads=1{more} ! video/x-h264,profile=high ! h264parse ! mux."
    )
}

/// A film on the disc.
#[derive(Clone)]
pub struct Film {
    /// MP4.
    pub file: PathBuf,
}

/// Makes what is not there yet, two at a time.
pub fn make(entries: &[Entry], dir: &Path) -> Result<Vec<Film>> {
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let aac = aac_encoder()?;
    let films: Vec<(Film, String)> = entries
        .iter()
        .map(|e| {
            let recipe = pipeline(e, aac);
            (Film { file: dir.join(format!("{}-{}.mp4", e.id, recipe::fingerprint(&recipe))) }, recipe)
        })
        .collect();
    let wanted: Vec<usize> = (0..films.len()).filter(|i| !films[*i].0.file.is_file()).collect();
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let fault: Mutex<Option<anyhow::Error>> = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(i) = wanted.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let (film, recipe) = &films[*i];
                    if let Err(e) = encode(&entries[*i], &film.file, recipe) {
                        next.store(wanted.len(), Ordering::SeqCst);
                        fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(e);
                        return;
                    }
                    let n = done.fetch_add(1, Ordering::SeqCst) + 1;
                    step(format_args!("filmed {} ({n} of {})", entries[*i].name, wanted.len()));
                }
            });
        }
    });
    match fault.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(e) => Err(e),
        None => Ok(films.into_iter().map(|(f, _)| f).collect()),
    }
}

fn encode(entry: &Entry, file: &Path, recipe: &str) -> Result<()> {
    let dir = file.parent().context("a film needs a folder")?;
    let key = file.file_stem().and_then(|s| s.to_str()).and_then(|s| s.rsplit('-').next()).unwrap_or_default();
    recipe::forget_others(dir, &entry.id, key)?;
    write(file, &entry.name, recipe)
}

/// Makes a film under another name first: half a film must not pass for a kept one.
fn write(file: &Path, name: &str, recipe: &str) -> Result<()> {
    let draft = file.with_extension("part");
    launch(&format!("{recipe} mp4mux name=mux faststart=true ! filesink location={}", quoted(&draft)))
        .with_context(|| format!("making {name}"))?;
    std::fs::rename(&draft, file).with_context(|| format!("cannot write {}", file.display()))
}

fn aac_encoder() -> Result<&'static str> {
    let there = |e: &&&str| output("gst-inspect-1.0", &["--exists", e]).is_some();
    AAC_ENCODERS.iter().find(there).copied().context("GStreamer has no AAC encoder: see cargo xtask doctor")
}

/// All but the writing: the fingerprint of a film is that of this text.
fn pipeline(entry: &Entry, aac: &str) -> String {
    match &entry.source {
        Source::Pattern { video, motion, seconds, tone, .. } => {
            let frames = seconds * 25;
            // One audio buffer a frame, so that sound and picture end together.
            let samples = 48_000 / 25;
            let second = tone * 1.5;
            let video_out = h264(1800);
            format!(
                "videotestsrc pattern={video} {motion} num-buffers={frames} ! video/x-raw,{SIZE},framerate=25/1 ! timecodestamper ! \
                 timeoverlay time-mode=time-code font-desc=\"Sans 22\" halignment=center valignment=bottom shaded-background=true ypad=26 ! \
                 textoverlay text=\"{}\" font-desc=\"Sans 15\" halignment=center valignment=top shaded-background=true ypad=22 ! \
                 videoconvert ! video/x-raw,format=I420 ! {video_out} \
                 audiomixer name=mix ! audio/x-raw,rate=48000,channels=2 ! audioconvert ! {aac} bitrate=96000 ! aacparse ! mux. \
                 audiotestsrc freq={tone} volume=0.12 samplesperbuffer={samples} num-buffers={frames} ! audio/x-raw,rate=48000,channels=2 ! mix. \
                 audiotestsrc freq={second} volume=0.06 wave=triangle samplesperbuffer={samples} num-buffers={frames} ! audio/x-raw,rate=48000,channels=2 ! mix.",
                entry.name.replace('"', "")
            )
        }
        Source::Film { file, seconds, .. } => looped(&root().join(file), *seconds, aac),
    }
}

/// The sample clip in a loop of 30 s as renditions of so many lines and kbit/s, the sound in a file of its own.
pub fn ladder(renditions: &[(u32, u32)], dir: &Path) -> Result<Vec<PathBuf>> {
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let aac = aac_encoder()?;
    let (pictures, sound) = clips(&root().join("server/samples/big-buck-bunny-720p25-5s.mp4"), 6);
    let mut recipes: Vec<(String, String)> = Vec::new();
    for (height, kbps) in renditions {
        let width = height * 16 / 9 / 2 * 2;
        let size = format!("videoconvertscale ! video/x-raw,format=I420,width={width},height={height},framerate=25/1");
        // Key frames at the same places in all renditions.
        let coded = h264_with(*kbps, " option-string=\"scenecut=0:min-keyint=50\"");
        recipes.push((format!("{height}p"), format!("concat name=pictures ! {ONE} ! videorate ! {size} ! {coded}{pictures}")));
    }
    recipes.push((
        "sound".into(),
        format!("concat name=sound ! {ONE} ! audioconvert ! audioresample ! audio/x-raw,rate=48000,channels=2 ! {aac} bitrate=96000 ! aacparse ! mux.{sound}"),
    ));
    let mut files = Vec::new();
    for (name, recipe) in recipes {
        let file = dir.join(format!("{name}-{}.mp4", recipe::fingerprint(&recipe)));
        if !file.is_file() {
            step(format_args!("filming {name}"));
            write(&file, &name, &recipe)?;
        }
        files.push(file);
    }
    Ok(files)
}

/// Decodes the clip as often as it takes and encodes it once, so that frames go on without a gap.
fn looped(file: &Path, seconds: u32, aac: &str) -> String {
    let rounds = seconds.div_ceil(5);
    let video_out = h264(5000);
    let mut text = format!(
        "concat name=pictures ! {ONE} ! videoconvert ! videorate ! video/x-raw,format=I420,framerate=25/1 ! {video_out} \
         concat name=sound ! {ONE} ! audioconvert ! audioresample ! audio/x-raw,rate=48000,channels=2 ! {aac} bitrate=96000 ! aacparse ! mux."
    );
    for i in 0..rounds {
        text.push_str(&format!(
            " filesrc location={} ! qtdemux name=clip{i} clip{i}.video_0 ! {ROOM} ! h264parse ! avdec_h264 ! pictures. \
             clip{i}.audio_0 ! {ROOM} ! aacparse ! avdec_aac ! sound.",
            quoted(file)
        ));
    }
    text
}

/// Branches that decode only the pictures, or only the sound, of a clip so many times.
fn clips(file: &Path, rounds: u32) -> (String, String) {
    let (mut pictures, mut sound) = (String::new(), String::new());
    for i in 0..rounds {
        let source = format!(" filesrc location={} ! qtdemux name=clip{i} clip{i}", quoted(file));
        pictures.push_str(&format!("{source}.video_0 ! {ROOM} ! h264parse ! avdec_h264 ! pictures."));
        sound.push_str(&format!("{source}.audio_0 ! {ROOM} ! aacparse ! avdec_aac ! sound."));
    }
    (pictures, sound)
}

/// One frame of a film that is real, as a picture in `dir`.
pub fn still(entry: &Entry, dir: &Path) -> Result<PathBuf> {
    let Source::Film { file, still_seconds, .. } = &entry.source else { bail!("{} has no film to take a still from", entry.id) };
    std::fs::create_dir_all(dir)?;
    let prefix = format!("{}-still-", entry.id);
    let stills = || -> Result<Vec<PathBuf>> {
        let files = std::fs::read_dir(dir)?.flatten().map(|e| e.path());
        Ok(files.filter(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with(&prefix))).collect())
    };
    for old in stills()? {
        std::fs::remove_file(old)?;
    }
    let frames = (still_seconds * 25.0).max(1.0) as u32;
    launch(&format!(
        "filesrc location={} ! qtdemux name=d d.video_0 ! h264parse ! avdec_h264 ! identity eos-after={frames} ! videoconvert ! \
         video/x-raw,format=RGB ! pngenc compression-level=1 ! multifilesink max-files=1 location={}",
        quoted(&root().join(file)),
        quoted(&dir.join(format!("{prefix}%05d.png")))
    ))
    .with_context(|| format!("taking a still from {file}"))?;
    stills()?.pop().with_context(|| format!("no still came out of {file}"))
}

fn launch(pipeline: &str) -> Result<()> {
    let log = tempfile::tempfile()?;
    let mut command = Command::new("gst-launch-1.0");
    // The words of a pipeline are its arguments; quotes hold those together that have spaces.
    command.args(["-q", "-e"]).args(words(pipeline)).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log.try_clone()?);
    Running::start(&mut command)?.finish(LIMIT).with_context(|| {
        use std::io::{Read, Seek};
        let (mut log, mut text) = (log, String::new());
        let _ = log.rewind().and_then(|()| log.read_to_string(&mut text));
        format!("gst-launch-1.0 said: {}", text.trim())
    })
}

/// Splits at spaces outside double quotes; the quotes stay for GStreamer's own parser.
fn words(pipeline: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for letter in pipeline.chars() {
        match letter {
            '"' => {
                quoted = !quoted;
                if let Some(word) = words.last_mut() {
                    word.push('"');
                }
            }
            ' ' if !quoted => words.push(String::new()),
            _ => {
                if let Some(word) = words.last_mut() {
                    word.push(letter);
                }
            }
        }
    }
    words.retain(|w| !w.is_empty());
    words
}

fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.display().to_string().replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipeline_falls_into_words() {
        assert_eq!(words("a  b=\"c d\" ! e"), ["a", "b=\"c d\"", "!", "e"]);
    }

    #[test]
    fn films_of_other_recipes_have_other_names() {
        let all = super::super::catalog::load().unwrap();
        let mut recipes: Vec<String> = all.iter().map(|e| recipe::fingerprint(&pipeline(e, "avenc_aac"))).collect();
        recipes.sort();
        recipes.dedup();
        assert_eq!(recipes.len(), all.len());
    }

    /// Time goes on over the joints of a clip that is put together of rounds.
    #[test]
    fn a_looped_clip_has_one_time_line() {
        let dir = tempfile::tempdir().unwrap();
        let file = ladder(&[(90, 60)], dir.path()).unwrap().remove(0);
        let asked = ["-v", "error", "-select_streams", "v", "-show_entries", "packet=pts_time", "-of", "csv=p=0"];
        let said = output("ffprobe", &[&asked[..], &[file.to_str().unwrap()]].concat()).unwrap();
        let seconds = said.lines().map(|line| line.trim_end_matches(',').parse::<f64>().unwrap());
        let mut frames: Vec<i64> = seconds.map(|s| (s * 25.0).round() as i64).collect();
        frames.sort_unstable();
        assert!(frames.len() > 700, "{}", frames.len());
        assert!(frames.windows(2).all(|pair| pair[1] - pair[0] == 1), "{frames:?}");
    }
}
