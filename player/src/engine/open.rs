//! Opens a title on a thread of its own: manifest, choice of tracks, first requests for keys; then starts the fetchers.

use super::fetcher::Fetcher;
use super::shared::{Live, Shared};
use super::text::{self, TextTrack};
use super::track::TrackBuffer;
use super::{Control, Note, edge};
use crate::fetch::{Http, Stop, cmcd::Voice};
use crate::media::{keys, keys::Keys, verify::Verifier};
use crate::title::{self, Title, select};
use crate::{Error, LoadRequest, PlayerConfig, TextPreference};
use hearth_isobmff::TrackKind;
use hearth_manifest::Kind;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// An opened title, its fetchers running.
pub(crate) struct Opened {
    pub(super) shared: Arc<Shared>,
    /// What the pipeline has to play; sound in the same segments as the picture may turn out not to be there.
    pub(super) buffers: Vec<(TrackKind, Arc<TrackBuffer>)>,
    /// Video and audio of the first period.
    pub(super) video: Option<select::Ladder>,
    pub(super) audio: Option<select::Ladder>,
    /// Chosen audio track and its language, to be changed and followed by an order.
    pub(super) choice: Choice,
    /// Audio is in the video's segments.
    pub(super) muxed: bool,
    /// Captions: what the viewer wants, which track that is, and its cues.
    pub(super) text_wish: TextPreference,
    pub(super) text_id: Option<String>,
    pub(super) text: Arc<TextTrack>,
}

/// The viewer's choice of sound: the track's ID, and its language for periods that do not have it.
pub(super) type Choice = Arc<Mutex<Option<(String, Option<String>)>>>;

/// What opening needs.
pub(super) struct Opening {
    pub(super) config: Arc<PlayerConfig>,
    pub(super) request: LoadRequest,
    pub(super) stop: Arc<Stop>,
    pub(super) live: Arc<Live>,
    pub(super) notes: Sender<Control>,
    pub(super) number: u64,
    pub(super) started: Instant,
}

impl Opening {
    /// Starts the thread.
    pub(super) fn spawn(self) {
        let (notes, number) = (self.notes.clone(), self.number);
        let work = move || {
            let (notes, number) = (self.notes.clone(), self.number);
            let note = match self.open() {
                Ok(opened) => Note::Opened(Box::new(opened)),
                Err(error) => Note::Failed(error),
            };
            let _ = notes.send(Control::Note(number, note));
        };
        if let Err(error) = std::thread::Builder::new().name("open".into()).spawn(work) {
            let _ = notes.send(Control::Note(number, Note::Failed(Error::Internal(error.to_string()))));
        }
    }

    fn open(self) -> Result<Opened, Error> {
        let session = self.request.session_id.clone().unwrap_or_default();
        let live = self.live.clone();
        let pace = move || live.pace();
        let http = Http::new(&self.config).speaking(Voice::new(self.config.cmcd, session, self.request.content_id.clone(), pace));
        let title = Title::follow(&http, &title::locate(&self.request.url)?, &self.stop)?;
        let keys = Keys::new(&self.config, &self.request, &title.presentation(), http.clone(), self.stop.clone())?;
        let shared = Arc::new(Shared {
            verifier: Verifier::new(self.config.decoders.clone()),
            config: self.config,
            remembered_kbps: self.request.estimate_kbps,
            title,
            http,
            keys,
            stop: self.stop,
            shifts: Default::default(),
            denied: Default::default(),
            notes: self.notes,
            number: self.number,
            live: self.live,
            started: self.started,
        });
        let choice = Arc::new(Mutex::new(None));
        let start = i64::try_from(self.request.start_us).unwrap_or(0).saturating_mul(1000);
        let mut opened = plan(shared, choice, self.request.audio_language, start)?;
        opened.text_wish = self.request.text;
        opened.choose_text();
        follow_text(&opened)?;
        Ok(opened)
    }
}

/// Chooses tracks and starts a fetcher for each stream.
fn plan(shared: Arc<Shared>, choice: Choice, language: Option<String>, start: i64) -> Result<Opened, Error> {
    let presentation = &*shared.title.presentation();
    let decoders = &shared.config.decoders;
    let video = select::video(presentation, 0, decoders);
    let audio = select::audio(presentation, 0, video.as_ref(), None, language.as_deref(), decoders);
    if video.is_none() && audio.is_none() {
        let codecs: Vec<&str> =
            presentation.periods.iter().flat_map(|p| &p.tracks).flat_map(|t| &t.renditions).map(|r| &*r.codecs).collect();
        let kinds = presentation.periods.iter().flat_map(|p| &p.tracks).filter(|t| matches!(t.kind, Kind::Video | Kind::Audio));
        let what = format!("{} tracks; codecs: {}", kinds.count(), codecs.join(" "));
        return Err(Error::NothingToPlay(what));
    }
    Shared::ask_keys(&shared, &wanted_keys(&shared, [&video, &audio]), Vec::new());
    let start = match video.as_ref().or(audio.as_ref()) {
        Some(ladder) => edge::start(&shared, ladder, start)?,
        None => start,
    };
    shared.live.position.store(start, Relaxed);
    let muxed = video.is_some() && audio.is_none();
    let mut buffers = Vec::new();
    let video_buffer = video.as_ref().map(|_| Arc::new(TrackBuffer::new(start, true)));
    if let Some(buffer) = &video_buffer {
        buffers.push((TrackKind::Video, buffer.clone()));
        if muxed {
            buffers.push((TrackKind::Audio, Arc::new(TrackBuffer::new(start, false))));
        }
        let own = shared.clone();
        let ladders = move || {
            let presentation = &*own.title.presentation();
            (0..presentation.periods.len()).filter_map(|p| select::video(presentation, p, &own.config.decoders)).collect()
        };
        let abr = Some(hearth_abr::best());
        spawn(Fetcher { shared: shared.clone(), buffers: buffers.clone(), ladders: Box::new(ladders), abr, follow: None })?;
    }
    if audio.is_some() {
        let buffer = Arc::new(TrackBuffer::new(start, true));
        buffers.push((TrackKind::Audio, buffer.clone()));
        let (own, choice) = (shared.clone(), choice.clone());
        let ladders = move || {
            let (presentation, decoders) = (&*own.title.presentation(), &own.config.decoders);
            let wanted = choice.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let (id, spoken) = wanted.map_or((None, None), |(id, language)| (Some(id), language));
            let language = spoken.as_ref().or(language.as_ref());
            let audio = |p| {
                let video = select::video(presentation, p, decoders);
                select::audio(presentation, p, video.as_ref(), id.as_deref(), language.map(String::as_str), decoders)
            };
            (0..presentation.periods.len()).filter_map(audio).collect()
        };
        let mine = vec![(TrackKind::Audio, buffer)];
        spawn(Fetcher { shared: shared.clone(), buffers: mine, ladders: Box::new(ladders), abr: None, follow: video_buffer })?;
    }
    let (text_wish, text_id, text) = (TextPreference::Off, None, Arc::default());
    Ok(Opened { shared, buffers, video, audio, choice, muxed, text_wish, text_id, text })
}

/// Starts the thread that fetches captions, where the title has any.
fn follow_text(opened: &Opened) -> Result<(), Error> {
    let presentation = opened.shared.title.presentation();
    if !presentation.periods.iter().flat_map(|p| &p.tracks).any(|t| t.kind == Kind::Text) {
        return Ok(());
    }
    let (shared, track) = (opened.shared.clone(), opened.text.clone());
    let thread = std::thread::Builder::new().name("text".into());
    thread.spawn(move || text::run(&shared, &track)).map(drop).map_err(|e| Error::Internal(e.to_string()))
}

/// Key IDs that the manifest names for the chosen tracks; others are asked for when an init segment names them.
fn wanted_keys(shared: &Shared, ladders: [&Option<select::Ladder>; 2]) -> Vec<hearth_isobmff::KeyId> {
    let places = ladders.into_iter().flatten().flat_map(|l| l.renditions.iter().map(|r| (l.period, l.set, *r)));
    let renditions: Vec<_> = places.filter_map(|p| shared.title.rendition(p).ok()).collect();
    keys::key_ids(renditions.iter().flat_map(|r| &r.protection))
}

fn spawn(fetcher: Fetcher) -> Result<(), Error> {
    let thread = std::thread::Builder::new().name("fetch".into());
    thread.spawn(move || fetcher.run()).map(drop).map_err(|e| Error::Internal(e.to_string()))
}
