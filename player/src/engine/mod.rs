//! The engine: one thread takes commands and holds the session; other threads open the title, fetch, and feed `appsrc`, and tell it
//! what happens as [`Note`]s.

mod account;
mod decoder;
mod edge;
mod fallback;
mod fetcher;
mod jump;
mod ladder;
mod loudness;
mod open;
mod permit;
mod pipeline;
mod preview;
mod session;
mod shared;
mod state;
mod text;
mod track;
mod tracks;
mod transfer;
mod trouble;
mod watch;

use crate::media::prepare::Format;
use crate::player::Listeners;
use crate::title::Place;
use crate::{Command, Error, Event, LoadRequest, PlayerConfig, VideoOutput};
use hearth_isobmff::TrackKind;
use session::Session;
use shared::Shared;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

/// How often the session looks after its buffers.
const TICK: Duration = Duration::from_millis(50);

/// What the engine's thread is told.
pub(crate) enum Control {
    /// Play this, asked for at that moment.
    Load(Box<LoadRequest>, Instant),
    /// Of the viewer.
    Command(Command),
    /// From a thread of session number so.
    Note(u64, Note),
    /// The handle is gone.
    Quit,
}

/// What the other threads report.
pub(crate) enum Note {
    /// The title is open.
    Opened(Box<open::Opened>),
    /// A segment is in a buffer. Times in ns.
    Chunk { kind: TrackKind, place: Place, start: i64, end: i64, format: Arc<Format>, encrypted: bool, buffer_ms: u64 },
    /// Media from the first to the second time (ns) is out of reach: the stream goes on after it.
    Hole(i64, i64),
    /// From the pipeline that was built so-and-so-manieth; what an older one still says counts for nothing.
    Pipeline(u64, Said),
    /// A small picture of that time (µs).
    Preview { at_us: u64, still: crate::media::still::Still },
    /// It cannot go on.
    Failed(Error),
}

/// What a pipeline reports.
pub(crate) enum Said {
    /// The first picture after a start or a seek, in µs.
    Fresh(u64),
    /// Everything was played.
    EndOfStream,
    /// An element failed: its path, and what it says.
    Element(String, String),
}

/// Until the handle is dropped.
pub(crate) fn run(
    config: PlayerConfig,
    video: Arc<dyn VideoOutput>,
    own: Sender<Control>,
    control: Receiver<Control>,
    listeners: Listeners,
) {
    let ready = gstreamer::init().map_err(|e| Error::Framework(e.to_string()));
    let config = Arc::new(config);
    if ready.is_ok() {
        // Not while a title is opened: no thread gets far while another one loads libraries.
        decoder::warm_up(&config.decoders);
    }
    let mut session: Option<Session> = None;
    let mut number = 0;
    let mut loudness = loudness::Loudness::default();
    loop {
        let message = match control.recv_timeout(if session.is_some() { TICK } else { Duration::from_secs(3600) }) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Control::Quit),
        };
        match message {
            Some(Control::Load(request, asked)) => {
                end(&mut session, &listeners);
                number += 1;
                match &ready {
                    Ok(()) => {
                        let setting = session::Setting { config: config.clone(), video: video.clone(), number, asked, loudness };
                        session = Some(Session::start(setting, *request, own.clone(), listeners.clone()));
                    }
                    Err(error) => {
                        listeners.send(&Event::Error(error.into()));
                        listeners.send(&Event::Summary(crate::Summary::default()));
                    }
                }
            }
            Some(Control::Command(Command::Stop)) => end(&mut session, &listeners),
            Some(Control::Command(command)) if loudness.heed(&command) => {
                if let Some(session) = &mut session {
                    session.set_loudness(loudness);
                }
                listeners.send(&loudness.event());
            }
            Some(Control::Command(command)) => {
                if let Some(session) = &mut session {
                    session.command(command);
                }
            }
            Some(Control::Note(of, note)) if of == number => {
                if let Some(session) = &mut session {
                    session.note(note);
                }
            }
            Some(Control::Note(..)) | None => (),
            Some(Control::Quit) => {
                end(&mut session, &listeners);
                return;
            }
        }
        if session.as_mut().is_some_and(Session::tick) {
            end(&mut session, &listeners);
        }
    }
}

fn end(session: &mut Option<Session>, listeners: &Listeners) {
    if let Some(session) = session.take() {
        listeners.send(&Event::Summary(session.stop()));
    }
}
