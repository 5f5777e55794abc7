//! `hearth-server ingest`: hands a film to a running server, or takes it in right here.

use super::client::{Client, refused};
use super::print_json;
use clap::{ArgGroup, Args};
use hearth_api::{Job, JobState, NewUpload, TitleMeta, Upload};
use hearth_server::state::State;
use hearth_server::{Error, db, ingest, jobs};
use http::StatusCode;
use indicatif::{ProgressBar, ProgressStyle};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Bytes of one PATCH.
const CHUNK: usize = 4 << 20;
/// A broken connection is taken up again so many times in a row.
const RETRIES: u32 = 5;

/// Options of `ingest`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("where").required(true).args(["server", "data"])), after_help = EXAMPLES)]
pub struct Ingest {
    /// The film: any file with a video track that GStreamer can decode.
    file: PathBuf,
    /// A running server, as `serve` prints it. An upload that broke off goes on where it stopped.
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// A data directory that no server is using: the film is taken in right here.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The title's name.
    #[arg(long, value_name = "NAME")]
    title: String,
    /// With --server: wait until the title is published (with --data that is always so).
    #[arg(long)]
    wait: bool,
    /// One line that makes one want to watch it.
    #[arg(long)]
    tagline: Option<String>,
    /// A short paragraph.
    #[arg(long, default_value = "")]
    synopsis: String,
    /// Year of release.
    #[arg(long)]
    year: Option<u16>,
    /// A genre; the main one first. May be given several times.
    #[arg(long = "genre", value_name = "GENRE")]
    genres: Vec<String>,
    /// Age rating, as it is shown.
    #[arg(long)]
    rating: Option<String>,
    /// Attribution and licence, as they are shown.
    #[arg(long)]
    credits: Option<String>,
    /// A 2:3 picture, JPEG or PNG.
    #[arg(long, value_name = "FILE")]
    poster: Option<PathBuf>,
    /// A 16:9 picture, JPEG or PNG.
    #[arg(long, value_name = "FILE")]
    backdrop: Option<PathBuf>,
    /// Place on the home screen: higher first, the highest is the hero.
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    prominence: i32,
    /// How its segments are encrypted.
    #[arg(long, value_parser = ["cbcs", "none"], default_value = "cbcs")]
    protection: String,
    /// No bars: one JSON object a line, the job last.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  hearth-server ingest film.mp4 --server http://127.0.0.1:8080 --title 'Big Buck Bunny' --year 2008 --genre Animation --wait
  hearth-server ingest film.mkv --data ./hearth-data --title 'Home movie' --protection none

The same file again makes no second title: the answer is the one that there is.";

impl Ingest {
    /// Takes the film in.
    pub fn run(self) -> Result<(), Error> {
        let pictures = [("poster", &self.poster), ("backdrop", &self.backdrop)]
            .into_iter()
            .filter_map(|(kind, path)| path.as_ref().map(|p| (kind, p)))
            .map(|(kind, path)| {
                let bytes = std::fs::read(path).map_err(Error::io(path))?;
                let jpeg =
                    ingest::to_jpeg(&bytes).map_err(|e| Error::media("not-a-picture", format!("{}: {e}", path.display())))?;
                Ok((kind, jpeg))
            })
            .collect::<Result<Vec<_>, Error>>()?;
        let new = self.announce()?;
        let job = match (&self.server, &self.data) {
            (Some(server), _) => self.hand_over(&Client::new(server), &new, &pictures)?,
            (None, Some(data)) => super::block_on(self.take_in(data, &new, &pictures))?,
            (None, None) => return Ok(()),
        };
        self.tell(&job)
    }

    /// Size, checksum and description of the film.
    fn announce(&self) -> Result<NewUpload, Error> {
        let mut file = File::open(&self.file).map_err(|e| {
            Error::refused(StatusCode::UNPROCESSABLE_ENTITY, "source-gone", format!("{}: {e}", self.file.display()))
        })?;
        let size = file.metadata().map_err(Error::io(&self.file))?.len();
        if size == 0 {
            return Err(Error::media("empty-file", format!("{} is empty", self.file.display())));
        }
        let bar = self.bar(size, "Reading", BYTES);
        let (mut digest, mut buffer) = (Sha256::new(), vec![0; 1 << 20]);
        loop {
            let n = file.read(&mut buffer).map_err(Error::io(&self.file))?;
            if n == 0 {
                break;
            }
            digest.update(&buffer[..n]);
            bar.inc(n as u64);
        }
        bar.finish_and_clear();
        let sha256 = digest.finalize().iter().map(|b| format!("{b:02x}")).collect();
        let file_name = self.file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let meta = TitleMeta {
            name: self.title.clone(),
            tagline: self.tagline.clone(),
            synopsis: self.synopsis.clone(),
            year: self.year,
            genres: self.genres.clone(),
            rating: self.rating.clone(),
            credits: self.credits.clone(),
            protection: Some(self.protection.clone()),
            prominence: self.prominence,
        };
        Ok(NewUpload { file_name, size, sha256, meta })
    }

    fn hand_over(&self, client: &Client, new: &NewUpload, pictures: &[(&str, Vec<u8>)]) -> Result<Job, Error> {
        let mut upload: Upload = client.post("/v1/uploads", new)?;
        if upload.duplicate {
            self.say_duplicate();
        } else {
            for (kind, jpeg) in pictures {
                client.put(&format!("/v1/uploads/{}/art/{kind}", upload.id), jpeg)?;
            }
            upload = self.send(client, upload)?;
        }
        let id = upload.job.ok_or_else(|| Error::Damaged("the server took the film and made no job".to_owned()))?;
        let bar = self.bar(1000, "Queued", PART);
        loop {
            let job: Job = client.get(&format!("/v1/jobs/{id}"))?;
            self.show(&bar, &job);
            if !self.wait || matches!(job.state, JobState::Done | JobState::Failed) {
                bar.finish_and_clear();
                return Ok(job);
            }
            super::pause(Duration::from_millis(300));
        }
    }

    fn send(&self, client: &Client, mut upload: Upload) -> Result<Upload, Error> {
        let mut file = File::open(&self.file).map_err(Error::io(&self.file))?;
        let bar = self.bar(upload.size, "Sending", BYTES);
        let path = format!("/v1/uploads/{}", upload.id);
        let (mut buffer, mut failures) = (vec![0; CHUNK], 0);
        while upload.job.is_none() {
            bar.set_position(upload.received);
            file.seek(SeekFrom::Start(upload.received)).map_err(Error::io(&self.file))?;
            let n = file.read(&mut buffer).map_err(Error::io(&self.file))?;
            match client.patch(&path, upload.received, &buffer[..n]) {
                Ok(next) => (upload, failures) = (next, 0),
                // The server knows best where it is: after a broken connection it may have kept a part.
                Err(e) if matches!(e.code(), "unreachable" | "offset-mismatch") && failures < RETRIES => {
                    failures += 1;
                    super::pause(Duration::from_millis(200 << failures));
                    upload = client.get(&path)?;
                }
                Err(e) => return Err(e),
            }
            if n == 0 && upload.job.is_none() {
                return Err(Error::media("truncated", format!("{} became shorter while it was sent", self.file.display())));
            }
        }
        bar.finish_and_clear();
        Ok(upload)
    }

    async fn take_in(&self, data: &Path, new: &NewUpload, pictures: &[(&str, Vec<u8>)]) -> Result<Job, Error> {
        let source = self.file.canonicalize().map_err(Error::io(&self.file))?;
        let state = State::open(data).await?;
        let (id, duplicate) = ingest::take_in_place(&state, new, &source, pictures).await?;
        if duplicate {
            self.say_duplicate();
        }
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let bar = self.bar(1000, "Queued", PART);
        let work = jobs::work_on(&state, &id, stopped);
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => { done?; break }
                () = tokio::time::sleep(Duration::from_millis(200)) => self.show(&bar, &of(&state, &id).await?),
                // The job is put back; the next `serve` or `ingest` on this directory goes on with it.
                _ = tokio::signal::ctrl_c() => { let _ = stop.send(true); }
            }
        }
        bar.finish_and_clear();
        of(&state, &id).await
    }

    /// The last word, and the exit code.
    fn tell(&self, job: &Job) -> Result<(), Error> {
        if self.json {
            print_json(job);
        }
        match (job.state, &job.error) {
            (JobState::Failed, Some(e)) => {
                let status =
                    if e.code == "disk-full" { StatusCode::INSUFFICIENT_STORAGE } else { StatusCode::UNPROCESSABLE_ENTITY };
                let hint =
                    if e.code == "disk-full" { format!(" (hearth-server jobs --retry {})", job.id) } else { String::new() };
                let e = hearth_api::ApiError {
                    code: e.code.clone(),
                    message: format!("{}: {}{hint}", self.file.display(), e.message),
                };
                Err(refused(status, &e))
            }
            (JobState::Done, _) if !self.json => {
                println!("Published: {} ({})", job.name, job.title_id);
                Ok(())
            }
            (JobState::Queued | JobState::Running, _) if !self.json => {
                println!("Handed over: {} (job {}); `hearth-server jobs` shows how far it is.", job.name, job.id);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn say_duplicate(&self) {
        if !self.json {
            println!("This very file was handed in before: no second title is made.");
        }
    }

    fn bar(&self, length: u64, what: &'static str, template: &str) -> ProgressBar {
        if self.json {
            return ProgressBar::hidden();
        }
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        ProgressBar::new(length).with_style(style.progress_chars("█▉▊▋▌▍▎▏ ")).with_message(what)
    }

    fn show(&self, bar: &ProgressBar, job: &Job) {
        bar.set_message(match (job.state, job.stage.as_str()) {
            (JobState::Queued, _) => "Queued",
            (_, "probe") => "Looking",
            (_, "transcode") => "Encoding",
            (_, "index") => "Storing",
            _ => "Publishing",
        });
        bar.set_position((f64::from(job.progress) * 1000.0) as u64);
        if self.json {
            print_json(job);
        }
    }
}

const BYTES: &str = "{msg:<10} {wide_bar} {bytes}/{total_bytes} {eta}";
const PART: &str = "{msg:<10} {wide_bar} {percent:>3} % {eta}";

async fn of(state: &State, id: &str) -> Result<Job, Error> {
    let row = db::jobs::get(&mut *state.db.acquire().await?, id).await?;
    row.map(|r| r.to_api()).ok_or_else(|| Error::not_found("job"))
}
