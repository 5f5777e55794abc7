//! The tokens that a box shows its servers: got by signing in, kept over reboots, renewed when a server does not take one any more.

use crate::facts::BoxFacts;
use crate::files::{self, Kind};
use hearth_api::{ApiError, SignIn, SignedIn};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A token is much shorter; an answer that is longer is none.
const LONGEST_ANSWER: u64 = 16 << 10;
/// Servers whose tokens are kept.
const MOST: usize = 16;

/// The tokens of one program on a box. Clones share them; any thread may ask.
#[derive(Clone, Default)]
pub struct Tokens(Option<Arc<Inner>>);

struct Inner {
    who: SignIn,
    path: PathBuf,
    client: ureq::Agent,
    known: Mutex<Known>,
    /// A server has answered to a token.
    taken: AtomicBool,
}

#[derive(Default)]
struct Known {
    /// By the server's address.
    tokens: BTreeMap<String, String>,
    /// Servers that refused a sign-in, or do not know what that is: they are not asked again without need.
    refused: Vec<String>,
}

/// Never what is in it.
impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tokens({:?})", self.0.as_ref().map(|inner| &inner.who))
    }
}

/// What a server said to a sign-in.
enum Answer {
    Token(String),
    /// Not this box, or not this server.
    Refused,
    /// Perhaps later.
    Nothing,
}

impl Tokens {
    /// Of the box that `facts` tell of, kept in the file `path`, which no other program writes. None of its own without a factory record.
    pub fn open(facts: &BoxFacts, path: &Path) -> Self {
        let (Some(device), Some(secret)) = (facts.device.clone(), facts.secret.clone()) else { return Self::default() };
        let who = SignIn {
            device,
            serial: facts.serial.clone().unwrap_or_default(),
            board: facts.board.clone(),
            version: facts.version.clone(),
            secret,
        };
        let tokens = std::fs::read(path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            // A secret goes where it was meant to go, or nowhere.
            .max_redirects(0)
            .timeout_connect(Some(Duration::from_secs(3)))
            .timeout_global(Some(Duration::from_secs(8)))
            .user_agent(concat!("hearth-box/", env!("CARGO_PKG_VERSION")));
        let known = Mutex::new(Known { tokens, ..Known::default() });
        let (path, client) = (path.to_owned(), config.build().new_agent());
        Self(Some(Arc::new(Inner { who, path, client, known, taken: AtomicBool::default() })))
    }

    /// Makes a call to the API of `server` with the token for it, if it has or gets one. Where `is_refusal` (status 401) says that the
    /// token is not taken, it signs in and calls once more.
    pub fn call<T, E>(
        &self,
        server: &str,
        mut call: impl FnMut(Option<&str>) -> Result<T, E>,
        is_refusal: impl Fn(&E) -> bool,
    ) -> Result<T, E> {
        let Some(inner) = &self.0 else { return call(None) };
        let server = server.trim().trim_end_matches('/');
        let mut token = inner.token(server);
        let mut result = call(token.as_deref());
        if result.as_ref().is_err_and(&is_refusal)
            && let Some(new) = inner.renew(server, token.as_deref())
        {
            result = call(Some(&new));
            token = Some(new);
        }
        inner.taken.fetch_or(result.is_ok() && token.is_some(), Ordering::Relaxed);
        result
    }

    /// The device's ID, once a server has answered to its token. Never waits.
    pub fn signed_in(&self) -> Option<String> {
        self.0.as_ref().filter(|inner| inner.taken.load(Ordering::Relaxed)).map(|inner| inner.who.device.clone())
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The token for a server; signs in where there is none. Threads that come at the same time wait for the first one's.
    fn token(&self, server: &str) -> Option<String> {
        let mut known = self.lock();
        match known.tokens.get(server) {
            Some(token) => Some(token.clone()),
            None if known.refused.iter().any(|refused| refused == server) => None,
            None => self.sign_in(&mut known, server),
        }
    }

    /// Another token than `old`, which was not taken.
    fn renew(&self, server: &str, old: Option<&str>) -> Option<String> {
        let mut known = self.lock();
        match known.tokens.get(server) {
            Some(token) if Some(token.as_str()) != old => Some(token.clone()),
            _ => self.sign_in(&mut known, server),
        }
    }

    fn sign_in(&self, known: &mut Known, server: &str) -> Option<String> {
        known.refused.retain(|refused| refused != server);
        match self.ask(server) {
            Answer::Token(token) => {
                if known.tokens.len() >= MOST && !known.tokens.contains_key(server) {
                    known.tokens.clear();
                }
                known.tokens.insert(server.to_owned(), token.clone());
                self.keep(&known.tokens);
                Some(token)
            }
            Answer::Refused => {
                known.refused.push(server.to_owned());
                if known.tokens.remove(server).is_some() {
                    self.keep(&known.tokens);
                }
                None
            }
            Answer::Nothing => None,
        }
    }

    fn keep(&self, tokens: &BTreeMap<String, String>) {
        let text = serde_json::to_vec(tokens).unwrap_or_default();
        if let Err(e) = files::replace(&self.path, &text, Kind::SECRET_DISC) {
            // The next start signs in again.
            eprintln!("sign-in: {}: {e}", self.path.display());
        }
    }

    fn ask(&self, server: &str) -> Answer {
        let mut answer = match self.client.post(format!("{server}/v1/devices")).send_json(&self.who) {
            Ok(answer) => answer,
            Err(e) => {
                eprintln!("sign-in: {e}");
                return Answer::Nothing;
            }
        };
        let status = answer.status();
        let body = answer.body_mut().with_config().limit(LONGEST_ANSWER).read_to_vec().unwrap_or_default();
        if !status.is_success() {
            let why = serde_json::from_slice::<ApiError>(&body).map(|e| e.message).unwrap_or_default();
            eprintln!("sign-in: {server} answered {status} {why}");
            let later = status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429);
            return if later { Answer::Nothing } else { Answer::Refused };
        }
        let visible = |token: &String| !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic());
        match serde_json::from_slice::<SignedIn>(&body) {
            Ok(SignedIn { device, token }) if device == self.who.device && visible(&token) => Answer::Token(token),
            _ => {
                eprintln!("sign-in: {server} answered with something else than a token");
                Answer::Nothing
            }
        }
    }
}
