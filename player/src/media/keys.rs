//! Content keys of one session: asks the licence server for what samples need, and decrypts. Keys never leave the CDM.

use crate::fetch::{Http, Request, Stop};
use crate::{Error, LoadRequest, PlayerConfig};
use hearth_cdm::{Cdm, CdmSession, DecryptError, Event, InitDataType, SessionKind, StaticKeys, clearkey::ClearKey};
use hearth_isobmff::{KeyId, SampleCrypto};
use hearth_manifest::{ContentProtection, Presentation};
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use url::Url;

/// Most bytes of a licence.
const LICENSE_LIMIT: usize = 1 << 20;
/// W3C's and DASH-IF's IDs of ClearKey, and what HLS calls it.
const CLEAR_KEY: [&str; 3] = ["1077efec-c0b2-4d02-ace3-3c1e52e2fb4b", "e2719d58-a985-b3c9-781a-b030af78d30e", "org.w3.clearkey"];

/// A key ID's way from asked to there.
enum State {
    /// A request is under way.
    Asked,
    /// In this session.
    In(usize),
    /// Not to be had.
    Failed(Error),
}

#[derive(Default)]
struct Inner {
    sessions: Vec<Box<dyn CdmSession>>,
    states: HashMap<KeyId, State>,
}

/// The keys of one title. Shared by the threads that fetch its tracks.
pub(crate) struct Keys {
    inner: Mutex<Inner>,
    changed: Condvar,
    http: Http,
    stop: Arc<Stop>,
    license_url: Option<Url>,
    token: Option<String>,
    started: Instant,
}

/// Every descriptor of a presentation.
fn descriptors(presentation: &Presentation) -> impl Iterator<Item = &ContentProtection> {
    let sets = presentation.periods.iter().flat_map(|p| &p.tracks);
    sets.flat_map(|t| &t.renditions).flat_map(|r| &r.protection)
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
        let said = request.license_url.clone().or_else(|| {
            let ours = descriptors(presentation).filter(|d| CLEAR_KEY.contains(&d.system.to_ascii_lowercase().as_str()));
            ours.filter_map(|d| d.license_url.clone()).find(|u| u.starts_with("http"))
        });
        let license_url = match said {
            Some(url) => Some(Url::parse(&url).map_err(|e| Error::BadUrl(format!("licence server {url}: {e}")))?),
            None => None,
        };
        let mut inner = Inner::default();
        if !config.keys.is_empty() {
            let session = StaticKeys::new(config.keys.iter().cloned()).open(SessionKind::Temporary).map_err(cdm)?;
            inner.states.extend(config.keys.iter().map(|pair| (pair.id, State::In(0))));
            inner.sessions.push(session);
        }
        let token = request.license_token.clone();
        Ok(Self { inner: Mutex::new(inner), changed: Condvar::new(), http, stop, license_url, token, started: Instant::now() })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for those of `ids` that nobody has asked for yet, and waits for the answer.
    pub(crate) fn request(&self, ids: &[KeyId]) {
        let new: Vec<KeyId> = {
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
        };
        if new.is_empty() {
            return;
        }
        let result = self.exchange(&new);
        let mut inner = self.lock();
        match result {
            Ok(session) => {
                let at = inner.sessions.len();
                let got: Vec<KeyId> = session.keys(self.now_ms()).into_iter().map(|(id, _)| id).collect();
                inner.sessions.push(session);
                for id in &new {
                    let missing = || State::Failed(Error::KeyMissing(format!("the licence does not hold key {id}")));
                    let state = if got.contains(id) { State::In(at) } else { missing() };
                    inner.states.insert(*id, state);
                }
                // Keys that nobody has asked for yet.
                for id in got {
                    inner.states.entry(id).or_insert(State::In(at));
                }
            }
            Err(error) => inner.states.extend(new.iter().map(|id| (*id, State::Failed(error.clone())))),
        }
        self.changed.notify_all();
    }

    /// One licence exchange for `ids`.
    fn exchange(&self, ids: &[KeyId]) -> Result<Box<dyn CdmSession>, Error> {
        let Some(url) = &self.license_url else {
            let what =
                format!("key {} is needed and there is no licence server", ids.first().map_or(String::new(), KeyId::to_string));
            return Err(Error::NoLicenseServer(what));
        };
        let mut session = ClearKey.open(SessionKind::Temporary).map_err(cdm)?;
        session.generate_request(InitDataType::KeyIds, &hearth_cdm::key_ids_init_data(ids)).map_err(cdm)?;
        while let Some(event) = session.poll() {
            let Event::Message { url: better, body, .. } = event else { continue };
            let to = better.and_then(|u| Url::parse(&u).ok()).unwrap_or_else(|| url.clone());
            let mut request = Request { body: Some(body), ..Request::get(to) };
            if let Some(token) = &self.token {
                request.headers.push(("Authorization", format!("Bearer {token}")));
            }
            let answer = self.http.fetch(&request, LICENSE_LIMIT, &self.stop).map_err(license)?;
            session.update(&answer.bytes, self.now_ms()).map_err(cdm)?;
        }
        Ok(session)
    }

    /// Decrypts one sample in place; asks for its key and waits for it where that is new.
    pub(crate) fn decrypt(&self, crypto: &SampleCrypto, data: &mut [u8]) -> Result<(), Error> {
        self.request(&[crypto.key_id]);
        let mut inner = self.lock();
        loop {
            match inner.states.get(&crypto.key_id) {
                Some(State::In(at)) => {
                    let session = inner.sessions.get(*at).ok_or_else(|| Error::Internal("no session".into()))?;
                    return session.decrypt(crypto, data, self.now_ms()).map_err(sample);
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

    fn now_ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }
}

/// An error of the licence server's as the viewer sees it.
fn license(error: Error) -> Error {
    match error {
        Error::Forbidden(text) => Error::LicenseRefused(text),
        Error::Unreachable(t) | Error::Timeout(t) | Error::ServerError(t) | Error::BadBody(t) | Error::Tls(t) => {
            Error::LicenseUnreachable(t)
        }
        Error::NotFound(text) | Error::BadStatus(text) | Error::TooLarge(text) => Error::BadLicense(text),
        other => other,
    }
}

fn cdm(error: hearth_cdm::CdmError) -> Error {
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
