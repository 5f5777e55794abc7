//! Content decryption: the [`Cdm`] trait and ClearKey (W3C EME §9.1). No I/O, no clock, no thread: licence requests come out as
//! [`Event::Message`] and the caller's HTTP carries them; time is an argument.
#![forbid(unsafe_code)]

pub mod clearkey;
mod init_data;
mod keyring;
mod keys;
pub mod limits;
mod renewal;
mod static_keys;

pub use init_data::{InitData, PLAYREADY_SYSTEM, WIDEVINE_SYSTEM, parse_init_data};
pub use keys::{KeyPair, from_base64url, key_ids_init_data, parse_key_id, to_base64url};
pub use renewal::{Due, Renewal};
pub use static_keys::StaticKeys;

use hearth_isobmff::{KeyId, SampleCrypto, SystemId};

/// What is wrong with a session or a licence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CdmError {
    /// This CDM does not know the init data or the scheme.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// Init data (PSSH, key IDs) cannot be read.
    #[error("init data: {0}")]
    InitData(String),
    /// The licence cannot be read.
    #[error("licence: {0}")]
    License(String),
    /// The CDM itself failed.
    #[error("CDM: {0}")]
    Failed(String),
    /// A key given by hand cannot be read.
    #[error("key: {0}")]
    Key(String),
}

/// Why a sample could not be decrypted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecryptError {
    /// No session has this key (yet).
    #[error("no key {0:?}")]
    NeedKey(KeyId),
    /// The licence is over.
    #[error("key {0:?} has expired")]
    Expired(KeyId),
    /// The output is not protected as the licence asks.
    #[error("key {0:?}: output restricted")]
    OutputRestricted(KeyId),
    /// The sample's encryption data is wrong.
    #[error("sample: {0}")]
    Sample(String),
}

/// How long what a session holds is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionKind {
    /// As long as the session.
    Temporary,
    /// Until it is removed.
    Persistent,
}

/// W3C EME initialization data types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitDataType {
    /// One or more `pssh` boxes.
    Cenc,
    /// JSON: `{"kids":["base64url", …]}`.
    KeyIds,
}

/// State of one key; of two sessions' the lesser counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyStatus {
    /// Can decrypt.
    Usable,
    /// The output is not protected as the licence asks.
    OutputRestricted,
    /// The licence is over.
    Expired,
}

/// What a message to the licence server is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageKind {
    /// A first licence.
    Request,
    /// A new one for keys that are there already.
    Renewal,
}

/// What a session wants of its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Send `body` to the licence server and give the answer to [`CdmSession::update`].
    Message {
        /// What for.
        kind: MessageKind,
        /// Where to, if the CDM knows better than the manifest.
        url: Option<String>,
        /// `application/json` for ClearKey.
        body: Vec<u8>,
    },
    /// Ask [`CdmSession::keys`] again.
    KeysChanged,
    /// The exchange under way has failed.
    Failed(CdmError),
}

/// What a CDM is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CdmInfo {
    /// W3C key system name: `org.w3.clearkey`.
    pub key_system: String,
    /// System IDs whose `pssh` it reads.
    pub system_ids: Vec<SystemId>,
    /// How many sessions at once.
    pub max_sessions: usize,
    /// Key IDs alone ([`InitDataType::KeyIds`]) are enough to ask for a licence; else it takes a `pssh`.
    pub by_key_id: bool,
}

/// A key system. One a process and system.
pub trait Cdm: Send + Sync {
    /// What it is and can.
    fn info(&self) -> CdmInfo;
    /// Opens a session.
    fn open(&self, kind: SessionKind) -> Result<Box<dyn CdmSession>, CdmError>;
}

/// A set of keys from one licence exchange.
pub trait CdmSession: Send {
    /// Reads init data and queues the licence request, to be had from [`CdmSession::poll`].
    fn generate_request(&mut self, kind: InitDataType, init: &[u8]) -> Result<(), CdmError>;
    /// Next event, if any.
    fn poll(&mut self) -> Option<Event>;
    /// An event is to be had from [`CdmSession::poll`], or still to come by itself: a CDM with threads of its own is at work. False after
    /// `poll` gave nothing means that nothing comes, so an event between the two calls counts.
    fn is_busy(&self) -> bool {
        false
    }
    /// Takes the licence server's answer. `now_ms` is milliseconds on the player's own clock.
    fn update(&mut self, response: &[u8], now_ms: u64) -> Result<(), CdmError>;
    /// Queues a request for a new licence, where the key system can: [`CdmSession::update`] takes the answer, and keys work on meanwhile.
    fn renew(&mut self) -> Result<(), CdmError> {
        Err(CdmError::Unsupported("renewal".into()))
    }
    /// When the first of its keys ends, on the clock of `now_ms`; none if none does.
    fn expires_ms(&self) -> Option<u64> {
        None
    }
    /// Every key and its state at `now_ms`.
    fn keys(&self, now_ms: u64) -> Vec<(KeyId, KeyStatus)>;
    /// Decrypts one sample in place. Never blocks.
    fn decrypt(&self, crypto: &SampleCrypto, data: &mut [u8], now_ms: u64) -> Result<(), DecryptError>;
}
