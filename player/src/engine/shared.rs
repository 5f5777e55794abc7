//! What a session's threads share.

use super::decoder::Memory;
use super::fetcher::Shifts;
use super::{Control, Note};
use crate::fetch::cmcd::Pace;
use crate::fetch::{Http, Object, Piece, Pulse, Request, Stop, Transfer};
use crate::media::{keys::Keys, verify::Verifier};
use crate::title::{Title, select::Ladder};
use crate::{Error, PlayerConfig};
use hearth_isobmff::{KeyId, Pssh};
use hearth_manifest::Resource;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

/// Most bytes of an init segment.
const INIT_LIMIT: usize = 4 << 20;

/// One session.
pub(crate) struct Shared {
    pub(super) config: Arc<PlayerConfig>,
    /// See [`crate::LoadRequest::estimate_kbps`].
    pub(super) remembered_kbps: Option<u64>,
    pub(super) title: Title,
    pub(super) http: Http,
    pub(super) keys: Keys,
    pub(super) verifier: Verifier,
    pub(super) stop: Arc<Stop>,
    pub(super) shifts: Shifts,
    /// Renditions that licences have turned out not to allow.
    pub(super) denied: super::permit::Denied,
    pub(super) notes: Sender<Control>,
    pub(super) number: u64,
    pub(super) live: Arc<Live>,
    pub(super) started: Instant,
}

/// Numbers that change while it plays.
#[derive(Default)]
pub(crate) struct Live {
    /// Of the picture on the screen, or where the next one will be, in ns.
    pub(super) position: AtomicI64,
    /// Pictures are moving.
    pub(super) playing: AtomicBool,
    /// The viewer holds them.
    pub(super) paused: AtomicBool,
    /// The buffer ran dry since the last request said so.
    pub(super) starved: AtomicBool,
    /// Of the network, kbit/s; zero if unknown.
    pub(super) estimate: AtomicU64,
    /// Of media.
    pub(super) bytes: AtomicU64,
    /// Highest rendition allowed, in pixels; zero for any.
    pub(super) max_height: AtomicU32,
    /// Segments passed over because no rendition has them.
    pub(super) lost: AtomicU64,
    /// Pictures shown.
    pub(super) presented: AtomicU64,
    /// Pictures that were to be shown between others and were not.
    pub(super) dropped: AtomicU64,
    /// End of the last picture shown, ns.
    pub(super) shown_until: AtomicI64,
    /// Presentation time shown without a gap, in µs.
    pub(super) played_us: AtomicU64,
    /// [`hearth_cdm::limits::HdcpLevel`] of the screen's connection, as [`super::permit`] writes it.
    pub(super) hdcp: AtomicU8,
    /// Highest rendition that the decoder in use keeps up with, in pixels; zero if not known.
    pub(super) decoder_height: AtomicU32,
    /// Of the decoded picture.
    pub(super) memory: Memory,
    /// Size of the decoded picture.
    pub(super) width: AtomicU32,
    /// See `width`.
    pub(super) height: AtomicU32,
}

impl Live {
    pub(super) fn pace(&self) -> Pace {
        match (self.playing.load(Relaxed), self.paused.load(Relaxed)) {
            (true, _) => Pace::Moving,
            (_, true) => Pace::Held,
            _ => Pace::Waiting,
        }
    }
}

impl Shared {
    pub(super) fn position(&self) -> i64 {
        self.live.position.load(Relaxed)
    }

    pub(super) fn is_playing(&self) -> bool {
        self.live.playing.load(Relaxed)
    }

    pub(super) fn now_ms(&self) -> f64 {
        self.started.elapsed().as_secs_f64() * 1000.0
    }

    pub(super) fn count_bytes(&self, n: usize) {
        self.live.bytes.fetch_add(n as u64, Relaxed);
    }

    pub(super) fn estimate(&self) -> Option<u64> {
        Some(self.live.estimate.load(Relaxed)).filter(|e| *e > 0)
    }

    pub(super) fn set_estimate(&self, kbps: Option<f32>) {
        self.live.estimate.store(kbps.map_or(0, |k| k as u64), Relaxed);
    }

    pub(super) fn take_starved(&self) -> bool {
        self.live.starved.swap(false, Relaxed)
    }

    pub(super) fn note(&self, note: Note) {
        let _ = self.notes.send(Control::Note(self.number, note));
    }

    /// Highest position in `ladder` that may be chosen.
    pub(super) fn cap(&self, ladder: &Ladder) -> usize {
        let limits = [self.live.max_height.load(Relaxed), self.live.decoder_height.load(Relaxed)];
        let most = limits.into_iter().filter(|h| *h > 0).min().unwrap_or(0);
        let height = |i: usize| {
            let place = (ladder.period, ladder.set, *ladder.renditions.get(i)?);
            self.title.rendition(place).ok()?.height
        };
        let fits = |i: &usize| most == 0 || height(*i).is_none_or(|h| h <= most);
        (0..ladder.renditions.len()).rev().find(fits).unwrap_or(0)
    }

    /// Asks the licence server for keys on a thread of its own, while the media is on its way. They are claimed before this returns: whoever
    /// comes later with one of them waits for this licence and does not ask for another.
    pub(super) fn ask_keys(shared: &Arc<Self>, ids: &[KeyId], boxes: Vec<Pssh>) {
        let claimed = shared.keys.claim(ids);
        if claimed.is_empty() {
            return;
        }
        let own = claimed.clone();
        if let Err(error) = Self::talk(shared, move |keys| keys.ask(&own, &boxes)) {
            shared.keys.forgo(&claimed, &error);
        }
    }

    /// Renews the licences that are due, each on a thread of its own.
    pub(super) fn renew_keys(shared: &Arc<Self>) {
        for number in shared.keys.due() {
            if let Err(error) = Self::talk(shared, move |keys| keys.renew(number)) {
                tracing::error!(%error, "a licence cannot be renewed");
            }
        }
    }

    fn talk(shared: &Arc<Self>, work: impl FnOnce(&Keys) + Send + 'static) -> Result<(), Error> {
        let (own, thread) = (shared.clone(), std::thread::Builder::new().name("licence".into()));
        thread.spawn(move || work(&own.keys)).map(drop).map_err(|e| Error::Internal(format!("no thread for the licence: {e}")))
    }

    /// What goes beside the film and holds no picture up: captions, thumbnails.
    pub(super) fn fetch_aside(&self, resource: &Resource, object: Object, limit: usize) -> Result<Vec<u8>, Error> {
        let mut request = Request::resource(resource, object)?;
        request.cmcd.aside = true;
        Ok(self.http.fetch(&request, limit, &self.stop)?.bytes)
    }

    /// The rest of a transfer.
    pub(super) fn read_all(&self, transfer: &Transfer) -> Result<Vec<u8>, Error> {
        let (mut bytes, mut pulse) = (Vec::new(), Pulse::new(self.http.timeout(), Instant::now()));
        loop {
            match transfer.next(Duration::from_millis(100))? {
                Some(Piece::Data(data)) if bytes.len() + data.len() > INIT_LIMIT => {
                    return Err(Error::BadInit(format!("more than {INIT_LIMIT} bytes")));
                }
                Some(Piece::Data(data)) => {
                    pulse.got(data.len());
                    bytes.extend_from_slice(&data);
                }
                Some(Piece::Head { .. }) => (),
                Some(Piece::End) => return Ok(bytes),
                None if self.stop.is_stopped() => return Err(Error::Internal("stopped".into())),
                None => (),
            }
            if pulse.is_dead(Instant::now()) {
                return Err(Error::Timeout("the init segment does not go on".into()));
            }
        }
    }
}
