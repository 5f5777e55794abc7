//! Makes requests to the catalog on two threads and hands back what came: one reads pages, one grants playback and keeps progress, in
//! the order asked for, so that "save, then resume" resumes at what was saved and no page holds up a press of Play.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

use hearth_api::{Home, PlaybackGrant, Progress, Title};
use hearth_nav::{Effect, Id};

use crate::{Catalog, CatalogError};

/// What can be asked of the server.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// The home screen.
    Home,
    /// A title's page.
    Title(Id),
    /// The right to play.
    Playback {
        /// Of the attempt.
        session: u32,
        /// What.
        title: Id,
    },
    /// Keep how far the viewer is.
    Progress {
        /// Of.
        title: Id,
        /// How far.
        progress: Progress,
        /// Playback is over.
        last: bool,
    },
}

impl Request {
    /// The request that an effect stands for, if it is one.
    pub fn of(effect: &Effect) -> Option<Self> {
        match effect {
            Effect::FetchHome => Some(Self::Home),
            Effect::FetchTitle(id) => Some(Self::Title(id.clone())),
            Effect::StartPlayback { session, title, .. } => Some(Self::Playback { session: *session, title: title.clone() }),
            Effect::SaveProgress { title, position_ms, duration_ms, last } => {
                let progress = Progress { position_ms: *position_ms, duration_ms: *duration_ms };
                Some(Self::Progress { title: title.clone(), progress, last: *last })
            }
            Effect::LoadPlayer { .. } | Effect::Player { .. } | Effect::Speak(_) => None,
            Effect::Standby | Effect::Restart | Effect::Volume(_) | Effect::Wifi(_) => None,
        }
    }
}

/// What came. Give it to [`crate::Store::accept`].
#[derive(Clone, Debug, PartialEq)]
pub enum Delivery {
    /// For [`Request::Home`].
    Home(Result<Home, CatalogError>),
    /// For [`Request::Title`].
    Title(Id, Result<Box<Title>, CatalogError>),
    /// For [`Request::Playback`].
    Grant(u32, Result<PlaybackGrant, CatalogError>),
    /// For [`Request::Progress`].
    Saved {
        /// As asked.
        title: Id,
        /// As asked.
        last: bool,
        /// Whether.
        result: Result<(), CatalogError>,
    },
}

impl Delivery {
    /// Asks the catalog, now, on this thread.
    pub fn fetch(catalog: &dyn Catalog, request: Request) -> Self {
        match request {
            Request::Home => Self::Home(catalog.home()),
            Request::Title(id) => {
                let title = catalog.title(&id).map(Box::new);
                Self::Title(id, title)
            }
            Request::Playback { session, title } => Self::Grant(session, catalog.playback(&title)),
            Request::Progress { title, progress, last } => {
                let result = catalog.progress(&title, &progress);
                Self::Saved { title, last, result }
            }
        }
    }
}

/// The two threads. Dropping it lets them finish what is asked (the last position is not lost) and end; [`Loader::finish`] waits for it.
#[derive(Debug)]
pub struct Loader {
    pages: Sender<Request>,
    playback: Sender<Request>,
    delivered: Mutex<Receiver<Delivery>>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Loader {
    /// Starts the threads. `wake` is called on them after each delivery: have the UI's thread call [`Loader::poll`].
    pub fn new(catalog: Arc<dyn Catalog>, wake: impl Fn() + Send + Sync + 'static) -> std::io::Result<Self> {
        let (deliver, delivered) = channel();
        let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(wake);
        let mut threads = Vec::with_capacity(2);
        let mut lane = |name: &str| {
            let (send, requests) = channel();
            let (catalog, deliver, wake) = (catalog.clone(), deliver.clone(), wake.clone());
            let run = move || lane(&*catalog, &requests, &deliver, &*wake);
            threads.push(thread::Builder::new().name(name.to_owned()).spawn(run)?);
            std::io::Result::Ok(send)
        };
        let (pages, playback) = (lane("catalog-pages")?, lane("catalog-playback")?);
        Ok(Self { pages, playback, delivered: Mutex::new(delivered), threads })
    }

    /// Asks; returns at once.
    pub fn ask(&self, request: Request) {
        let lane = match request {
            Request::Home | Request::Title(_) => &self.pages,
            Request::Playback { .. } | Request::Progress { .. } => &self.playback,
        };
        // A lane ends only with the loader.
        let _ = lane.send(request);
    }

    /// Asks for what an effect wants; false if it wants nothing of the server.
    pub fn run(&self, effect: &Effect) -> bool {
        Request::of(effect).map(|request| self.ask(request)).is_some()
    }

    /// What came since, without waiting.
    pub fn poll(&self) -> Vec<Delivery> {
        self.delivered.lock().unwrap_or_else(PoisonError::into_inner).try_iter().collect()
    }

    /// Waits until all that was asked is done, at most for the requests' own timeouts: before the box goes to sleep.
    pub fn finish(self) {
        let Self { pages, playback, threads, delivered } = self;
        drop((pages, playback));
        threads.into_iter().for_each(|t| drop(t.join()));
        drop(delivered);
    }
}

fn lane(catalog: &dyn Catalog, requests: &Receiver<Request>, deliver: &Sender<Delivery>, wake: &(dyn Fn() + Send + Sync)) {
    for request in requests {
        // The launcher may be gone; what was asked is done all the same.
        let _ = deliver.send(Delivery::fetch(catalog, request));
        wake();
    }
}
