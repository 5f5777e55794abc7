//! The program under test as a child process, films made on the spot, and a small disc to fill.

use gstreamer as gst;
use gstreamer::prelude::*;
use hearth_api::{Health, Job, NewUpload, TitleMeta, Upload};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

#[path = "../support/program.rs"]
mod program;

pub use program::{Server, command, poll};

impl Server {
    pub fn job(&self, id: &str) -> Job {
        get(&format!("{}/v1/jobs/{id}", self.url))
    }

    pub fn jobs(&self) -> Vec<Job> {
        get(&format!("{}/v1/jobs", self.url))
    }

    pub fn titles(&self) -> u64 {
        get::<Health>(&format!("{}/v1/health", self.url)).titles
    }
}

fn get<T: serde::de::DeserializeOwned>(url: &str) -> T {
    ureq::get(url).call().unwrap().body_mut().read_json().unwrap()
}

/// How `ingest` ended.
pub struct Outcome {
    pub exit: i32,
    pub errors: String,
    last: Option<Job>,
}

impl Outcome {
    pub fn job(&self) -> &Job {
        self.last.as_ref().unwrap_or_else(|| panic!("no job: {}", self.errors))
    }
}

/// `ingest --server --wait`.
pub fn ingest(url: &str, file: &Path, title: &str) -> Outcome {
    ingest_with(&["--server", url, "--wait"], file, title)
}

pub fn ingest_with(args: &[&str], file: &Path, title: &str) -> Outcome {
    let out = command(&["ingest", "--json", "--title", title]).args(args).arg(file).output().unwrap();
    let last = String::from_utf8_lossy(&out.stdout).lines().last().map(|line| serde_json::from_str(line).unwrap());
    Outcome { exit: out.status.code().unwrap_or(-1), errors: String::from_utf8_lossy(&out.stderr).into_owned(), last }
}

/// `POST /v1/uploads`.
pub fn begin(url: &str, file: &Path, title: &str) -> Upload {
    let bytes = std::fs::read(file).unwrap();
    let sha256 = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
    let meta = TitleMeta { name: title.to_owned(), ..TitleMeta::default() };
    let new = NewUpload { file_name: title.to_owned(), size: bytes.len() as u64, sha256, meta };
    ureq::post(format!("{url}/v1/uploads")).send_json(&new).unwrap().body_mut().read_json().unwrap()
}

/// `PATCH /v1/uploads/{id}`.
pub fn patch(url: &str, id: &str, offset: u64, bytes: &[u8]) -> Upload {
    let request = ureq::patch(format!("{url}/v1/uploads/{id}")).header("upload-offset", offset.to_string());
    request.send(bytes).unwrap().body_mut().read_json().unwrap()
}

/// A whole upload; the job's ID.
pub fn upload(url: &str, file: &Path, title: &str) -> String {
    let upload = begin(url, file, title);
    patch(url, &upload.id, 0, &std::fs::read(file).unwrap()).job.unwrap()
}

/// Titles that have objects in the store.
pub fn titles_in_store(data: &Path) -> Vec<String> {
    names(&data.join("store/titles"))
}

/// Files that belong to nothing once all jobs have ended.
pub fn leftovers(data: &Path) -> Vec<String> {
    [names(&data.join("work")), names(&data.join("uploads"))].concat()
}

fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).into_iter().flatten();
    entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

/// Films that several tests use, made once.
pub struct Films {
    pub with_sound: PathBuf,
    pub silent: PathBuf,
    pub sound_only: PathBuf,
    _dir: tempfile::TempDir,
}

pub fn films() -> &'static Films {
    static FILMS: OnceLock<Films> = OnceLock::new();
    FILMS.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let sound_only = dir.path().join("sound.m4a");
        let sound = format!("audiotestsrc num-buffers=100 ! avenc_aac ! mp4mux ! filesink location={}", sound_only.display());
        play(&sound);
        Films {
            with_sound: film(dir.path(), "film.mp4", "320x180", 125, true),
            silent: film(dir.path(), "silent.mp4", "320x180", 60, false),
            sound_only,
            _dir: dir,
        }
    })
}

/// Makes a film of so many pictures, 25 a second; its sound is six channels wide.
pub fn film(dir: &Path, name: &str, size: &str, pictures: u32, sound: bool) -> PathBuf {
    let path = dir.join(name);
    let (width, height) = size.split_once('x').unwrap();
    let mut text = format!(
        "mp4mux name=mux ! filesink location={} videotestsrc num-buffers={pictures} ! \
         video/x-raw,format=I420,width={width},height={height},framerate=25/1 ! \
         x264enc speed-preset=ultrafast bframes=2 key-int-max=1000 ! mux.",
        path.display()
    );
    if sound {
        // 48 000 samples a second, 1920 a picture.
        text += &format!(
            " audiotestsrc samplesperbuffer=1920 num-buffers={pictures} ! audio/x-raw,rate=48000,channels=6,channel-mask=(bitmask)0x3f ! \
             avenc_aac ! mux."
        );
    }
    play(&text);
    path
}

fn play(text: &str) {
    gst::init().unwrap();
    let pipeline = gst::parse::launch(text).unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    let message = pipeline
        .bus()
        .unwrap()
        .timed_pop_filtered(gst::ClockTime::from_seconds(60), &[gst::MessageType::Eos, gst::MessageType::Error]);
    pipeline.set_state(gst::State::Null).unwrap();
    assert!(matches!(message.as_ref().map(|m| m.view()), Some(gst::MessageView::Eos(_))), "{text}: {message:?}");
}

/// A server whose data directory is a tmpfs that nobody else sees.
pub struct SmallDisc {
    pub server: Server,
    filler: PathBuf,
    _dir: tempfile::TempDir,
}

impl SmallDisc {
    /// None where this machine does not allow it.
    pub fn start(size: &str) -> Option<Self> {
        let mount = |then: &str| {
            let mut command = Command::new("unshare");
            command.args(["-m", "sh", "-c", &format!("mount -t tmpfs -o size={size} tmpfs \"$1\" && {then}"), "sh"]);
            command
        };
        let dir = tempfile::tempdir().unwrap();
        if !mount("true").arg(dir.path()).stderr(Stdio::null()).status().is_ok_and(|s| s.success()) {
            return None;
        }
        let mut command = mount("exec \"$2\" serve --listen 127.0.0.1:0 --data \"$1\"");
        let server = Server::spawn(command.arg(dir.path()).arg(env!("CARGO_BIN_EXE_hearth-server")));
        // `unshare` and `sh` have become the server: its root shows its mounts.
        let root = PathBuf::from(format!("/proc/{}/root", server.child.id()));
        let filler = root.join(dir.path().strip_prefix("/").unwrap()).join("filler");
        Some(Self { server, filler, _dir: dir })
    }

    /// Fills the disc until so many bytes are left.
    pub fn fill(&self, leave: u64) {
        let mut file = std::fs::File::create(&self.filler).unwrap();
        let block = vec![1; 64 << 10];
        while std::io::Write::write_all(&mut file, &block).is_ok() {}
        let size = file.metadata().unwrap().len();
        if leave > 0 {
            file.set_len(size - leave).unwrap();
        }
    }

    pub fn empty(&self) {
        std::fs::remove_file(&self.filler).unwrap();
    }
}
