//! Content keys of one session: asks the licence server for what samples need, renews what is about to end, and decrypts. Keys never leave
//! the CDM.

use super::systems;
use crate::fetch::{Http, Object, Request, Stop};
use crate::{Clock, Error, LoadRequest, PlayerConfig};
use hearth_cdm::{Cdm, CdmSession, DecryptError, Event, KeyStatus, Renewal, SessionKind, StaticKeys};
use hearth_isobmff::{ContentKey, KeyId, Pssh, SampleCrypto};
use hearth_manifest::{ContentProtection, Presentation};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use url::Url;

/// Most bytes of a licence.
const LICENSE_LIMIT: usize = 1 << 20;
/// Between two looks at a CDM that works by itself.
const LOOK: Duration = Duration::from_millis(5);

/// A key ID's way from asked to there.
enum State {
    /// A request is under way.
    Asked,
    /// In this session.
    In(u64),
    /// Not to be had.
    Failed(Error),
}

/// One licence exchange after another for the same keys.
struct Talk {
    session: Box<dyn CdmSession>,
    plan: Renewal,
    /// Messages that the CDM wants sent.
    outbox: VecDeque<(Option<String>, Vec<u8>)>,
    /// A thread is talking to the licence server for it.
    talking: bool,
    /// The licence server said no for good.
    refused: Option<Error>,
}

#[derive(Default)]
struct Inner {
    talks: BTreeMap<u64, Talk>,
    opened: u64,
    states: HashMap<KeyId, State>,
}

/// The keys of one title. Shared by the threads that fetch its tracks.
pub(crate) struct Keys {
    inner: Mutex<Inner>,
    changed: Condvar,
    pub(super) http: Http,
    pub(super) stop: Arc<Stop>,
    /// Keys of whole segments, by address. They zeroise themselves.
    pub(super) files: Mutex<HashMap<String, Arc<ContentKey>>>,
    /// The DRM system in use; none where the title is for others.
    cdm: Option<Arc<dyn Cdm>>,
    /// For an error, which systems the title is for.
    wanted: String,
    /// What the manifest says to the CDM.
    boxes: Vec<Pssh>,
    license_url: Option<Url>,
    /// `Authorization`, for licences and keys alone.
    token: Option<String>,
    clock: Clock,
}

/// Key IDs that descriptors name, each once.
pub(crate) fn key_ids<'a>(descriptors: impl Iterator<Item = &'a ContentProtection>) -> Vec<KeyId> {
    let mut ids: Vec<KeyId> = descriptors.filter_map(|d| hearth_cdm::parse_key_id(d.key_id.as_deref()?).ok()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

impl Keys {
    /// Holds the keys given by hand; asks `request`'s licence server, else the manifest's, for all others.
    pub(crate) fn new(
        config: &PlayerConfig,
        request: &LoadRequest,
        presentation: &Presentation,
        http: Http,
        stop: Arc<Stop>,
    ) -> Result<Self, Error> {
        let cdm = systems::choose(&config.cdms, presentation);
        let said = request.license_url.clone().or_else(|| systems::license_url(cdm.as_ref()?, presentation));
        let license_url = match said {
            Some(url) => Some(Url::parse(&url).map_err(|e| Error::BadUrl(format!("licence server {url}: {e}")))?),
            None => None,
        };
        let mut inner = Inner::default();
        if !config.keys.is_empty() {
            let session = StaticKeys::new(config.keys.iter().cloned()).open(SessionKind::Temporary).map_err(cdm_error)?;
            inner.states.extend(config.keys.iter().map(|pair| (pair.id, State::In(0))));
            inner.talks.insert(0, Talk::new(session));
        }
        Ok(Self {
            inner: Mutex::new(inner),
            changed: Condvar::new(),
            http,
            stop,
            boxes: cdm.as_ref().map_or_else(Vec::new, |cdm| systems::boxes(cdm, presentation)),
            cdm,
            wanted: systems::names(presentation),
            license_url,
            files: Mutex::default(),
            token: request.license_token.clone(),
            clock: config.clock.clone(),
        })
    }

    /// A request for a licence or a key.
    pub(super) fn private(&self, url: Url) -> Request {
        let mut request = Request::get(url, Object::Key);
        request.headers.extend(self.token.as_ref().map(|token| ("Authorization", format!("Bearer {token}"))));
        request
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for those of `ids` that nobody has asked for yet, and waits for the answer. `boxes`: what the media says of them.
    pub(crate) fn request(&self, ids: &[KeyId], boxes: &[Pssh]) {
        self.ask(&self.claim(ids), boxes);
    }

    /// Those of `ids` that nobody has asked for yet, each to one caller only: [`Keys::ask`] or [`Keys::forgo`] has to follow.
    pub(crate) fn claim(&self, ids: &[KeyId]) -> Vec<KeyId> {
        let mut inner = self.lock();
        let open = |id: &KeyId| match inner.states.get(id) {
            None => true,
            // The licence server may be back.
            Some(State::Failed(error)) => error.retryable(),
            Some(State::Asked | State::In(_)) => false,
        };
        let new: Vec<KeyId> = ids.iter().copied().filter(open).collect();
        inner.states.extend(new.iter().map(|id| (*id, State::Asked)));
        new
    }

    /// `claimed` keys will not be asked for.
    pub(crate) fn forgo(&self, claimed: &[KeyId], why: &Error) {
        self.lock().states.extend(claimed.iter().map(|id| (*id, State::Failed(why.clone()))));
        self.changed.notify_all();
    }

    /// Gets `claimed` keys, and waits for the answer.
    pub(crate) fn ask(&self, claimed: &[KeyId], boxes: &[Pssh]) {
        if claimed.is_empty() {
            return;
        }
        let result = self.first(claimed, boxes);
        let mut inner = self.lock();
        match result {
            Ok(number) => {
                let got = inner.talks.get(&number).map_or_else(Vec::new, |t| t.session.keys(self.clock.now_ms()));
                for id in claimed {
                    let missing = || State::Failed(Error::KeyMissing(format!("the licence does not hold key {id}")));
                    let state = if got.iter().any(|(g, _)| g == id) { State::In(number) } else { missing() };
                    inner.states.insert(*id, state);
                }
                // Keys that nobody has asked for yet.
                for (id, _) in got {
                    inner.states.entry(id).or_insert(State::In(number));
                }
            }
            Err(error) => inner.states.extend(claimed.iter().map(|id| (*id, State::Failed(error.clone())))),
        }
        self.changed.notify_all();
    }

    /// The first licence exchange for `ids`: the number of its session.
    fn first(&self, ids: &[KeyId], boxes: &[Pssh]) -> Result<u64, Error> {
        let Some(cdm) = &self.cdm else {
            return Err(Error::DrmUnsupported(format!("the title is for {}, and this device has none of them", self.wanted)));
        };
        if self.license_url.is_none() && cdm.info().by_key_id {
            let what = ids.first().map_or(String::new(), KeyId::to_string);
            return Err(Error::NoLicenseServer(format!("key {what} is needed and there is no licence server")));
        }
        let mut session = cdm.open(SessionKind::Temporary).map_err(cdm_error)?;
        systems::generate(cdm, session.as_mut(), ids, if boxes.is_empty() { &self.boxes } else { boxes })?;
        let number = {
            let mut inner = self.lock();
            inner.make_room(cdm.info().max_sessions);
            inner.opened += 1;
            let number = inner.opened;
            inner.talks.insert(number, Talk { talking: true, ..Talk::new(session) });
            number
        };
        let result = self.converse(number);
        let mut inner = self.lock();
        match (result, inner.talks.get_mut(&number)) {
            (Ok(()), Some(talk)) => talk.planned(self.clock.now_ms()),
            (Err(error), _) => {
                inner.talks.remove(&number);
                return Err(error);
            }
            (Ok(()), None) => return Err(Error::Internal("no session".into())),
        }
        Ok(number)
    }

    /// Carries messages between a session and the licence server until the session is content.
    fn converse(&self, number: u64) -> Result<(), Error> {
        let until = Instant::now() + self.http.timeout() * 2;
        loop {
            let (message, busy) = {
                let mut inner = self.lock();
                let talk = inner.talks.get_mut(&number).ok_or_else(|| Error::Internal("no session".into()))?;
                talk.hear()?;
                (talk.outbox.pop_front(), talk.session.is_busy())
            };
            match message {
                Some((url, body)) => {
                    let answer = self.send(url, body)?;
                    let mut inner = self.lock();
                    let talk = inner.talks.get_mut(&number).ok_or_else(|| Error::Internal("no session".into()))?;
                    talk.session.update(&answer, self.clock.now_ms()).map_err(cdm_error)?;
                }
                None if !busy => return Ok(()),
                None if self.stop.wait(LOOK) => return Err(Error::Internal("stopped".into())),
                None if Instant::now() > until => return Err(Error::DrmUnsupported("the CDM does not answer".into())),
                None => (),
            }
        }
    }

    /// One message to the licence server; its answer.
    fn send(&self, better: Option<String>, body: Vec<u8>) -> Result<Vec<u8>, Error> {
        let to = better.and_then(|u| Url::parse(&u).ok()).or_else(|| self.license_url.clone());
        let to = to.ok_or_else(|| Error::NoLicenseServer("neither the CDM nor the manifest names one".into()))?;
        let request = Request { body: Some(body), ..self.private(to) };
        Ok(self.http.fetch(&request, LICENSE_LIMIT, &self.stop).map_err(license)?.bytes)
    }

    /// Sessions that want to talk to the licence server now: renewals that are due, and what a CDM says by itself. Each is told once, and
    /// [`Keys::renew`] has to follow.
    pub(crate) fn due(&self) -> Vec<u64> {
        let now = self.clock.now_ms();
        let mut inner = self.lock();
        let mut due = Vec::new();
        for (number, talk) in inner.talks.iter_mut().filter(|(_, t)| !t.talking && t.refused.is_none()) {
            if let Err(error) = talk.hear() {
                tracing::warn!(%error, "the CDM complains");
            }
            talk.talking = talk.plan.may_ask(now) || !talk.outbox.is_empty();
            due.extend(talk.talking.then_some(*number));
        }
        due
    }

    /// Gets a new licence for session `number`, and waits for it. The old one holds meanwhile.
    pub(crate) fn renew(&self, number: u64) {
        let asked = {
            let mut inner = self.lock();
            let Some(talk) = inner.talks.get_mut(&number) else { return };
            if talk.outbox.is_empty() { talk.session.renew().map_err(cdm_error) } else { Ok(()) }
        };
        let result = asked.and_then(|()| self.converse(number));
        let now = self.clock.now_ms();
        let mut inner = self.lock();
        let Some(talk) = inner.talks.get_mut(&number) else { return };
        talk.talking = false;
        match result {
            Ok(()) => {
                talk.planned(now);
                tracing::info!(number, "licence renewed");
            }
            Err(error) => {
                tracing::warn!(%error, number, "licence not renewed");
                talk.plan.failed(now);
                talk.outbox.clear();
                talk.refused = (!error.retryable()).then_some(error);
            }
        }
    }

    /// What is known of a key: nothing yet (none), that no licence has it, or its status.
    pub(crate) fn status(&self, id: KeyId) -> Option<Option<KeyStatus>> {
        let inner = self.lock();
        match inner.states.get(&id)? {
            State::Failed(Error::KeyMissing(_)) => Some(None),
            State::In(number) => {
                let keys = inner.talks.get(number)?.session.keys(self.clock.now_ms());
                keys.into_iter().find(|(k, _)| *k == id).map(|(_, status)| Some(status))
            }
            State::Asked | State::Failed(_) => None,
        }
    }

    /// Decrypts one sample in place; asks for its key and waits for it where that is new.
    pub(crate) fn decrypt(&self, crypto: &SampleCrypto, data: &mut [u8]) -> Result<(), Error> {
        self.request(&[crypto.key_id], &[]);
        let mut inner = self.lock();
        loop {
            match inner.states.get(&crypto.key_id) {
                Some(State::In(number)) => {
                    let talk = inner.talks.get(number).ok_or_else(|| Error::KeyMissing(format!("key {}", crypto.key_id)))?;
                    let result = talk.session.decrypt(crypto, data, self.clock.now_ms());
                    return result.map_err(|error| match (&error, &talk.refused) {
                        (DecryptError::Expired(_), Some(refused)) => refused.clone(),
                        _ => sample(error),
                    });
                }
                Some(State::Failed(error)) => return Err(error.clone()),
                Some(State::Asked) if self.stop.is_stopped() => return Err(Error::Internal("stopped".into())),
                Some(State::Asked) => {
                    let wait = Duration::from_millis(200);
                    inner = self.changed.wait_timeout(inner, wait).unwrap_or_else(PoisonError::into_inner).0;
                }
                None => return Err(Error::KeyMissing(format!("key {}", crypto.key_id))),
            }
        }
    }
}

impl Inner {
    /// Closes the oldest sessions where the CDM cannot hold one more; what their keys open is long behind, or asked for anew.
    fn make_room(&mut self, most: usize) {
        while self.talks.keys().filter(|n| **n > 0).count() >= most.max(1) {
            let Some(oldest) = self.talks.keys().copied().find(|n| *n > 0) else { return };
            self.talks.remove(&oldest);
            self.states.retain(|_, state| !matches!(state, State::In(n) if *n == oldest));
        }
    }
}

impl Talk {
    fn new(session: Box<dyn CdmSession>) -> Self {
        Self { session, plan: Renewal::new(0, None, 0), outbox: VecDeque::new(), talking: false, refused: None }
    }

    /// A licence came at `now`.
    fn planned(&mut self, now: u64) {
        // Different on every box, so that they do not all ask at once.
        let dice = uuid::Uuid::new_v4().as_u128() as u32;
        (self.plan, self.talking) = (Renewal::new(now, self.session.expires_ms(), dice), false);
    }

    /// Takes what the CDM says.
    fn hear(&mut self) -> Result<(), Error> {
        while let Some(event) = self.session.poll() {
            match event {
                Event::Message { url, body, .. } => self.outbox.push_back((url, body)),
                Event::KeysChanged => (),
                Event::Failed(error) => return Err(cdm_error(error)),
            }
        }
        Ok(())
    }
}

/// An error of the licence server's as the viewer sees it.
pub(super) fn license(error: Error) -> Error {
    match error {
        Error::Forbidden(text) => Error::LicenseRefused(text),
        Error::Unreachable(t) | Error::Timeout(t) | Error::ServerError(t) | Error::BadBody(t) | Error::Tls(t) => {
            Error::LicenseUnreachable(t)
        }
        Error::NotFound(text) | Error::BadStatus(text) | Error::TooLarge(text) => Error::BadLicense(text),
        other => other,
    }
}

pub(super) fn cdm_error(error: hearth_cdm::CdmError) -> Error {
    match error {
        hearth_cdm::CdmError::Unsupported(text) => Error::DrmUnsupported(text),
        hearth_cdm::CdmError::InitData(text) => Error::BadProtection(text),
        other => Error::BadLicense(other.to_string()),
    }
}

fn sample(error: DecryptError) -> Error {
    let text = error.to_string();
    match error {
        DecryptError::NeedKey(_) => Error::KeyMissing(text),
        DecryptError::Expired(_) => Error::KeyExpired(text),
        DecryptError::OutputRestricted(_) => Error::OutputRestricted(text),
        _ => Error::BadProtection(text),
    }
}
