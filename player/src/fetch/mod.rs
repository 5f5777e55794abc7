//! Bytes from a server or a disc. A [`Transfer`] runs on its own thread and hands its bytes over in pieces, so that whoever waits can
//! give up at any moment: a stalled connection never holds a seek, a stop or a change of rendition.

pub(crate) mod cmcd;
mod http;
mod pulse;

pub(crate) use cmcd::Object;
pub(crate) use http::{Http, Request, trust};
pub(crate) use pulse::Pulse;

use crate::Error;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};
use url::Url;

/// What a transfer hands over, in this order.
pub(crate) enum Piece {
    /// The answer has begun.
    Head {
        /// Bytes to come, if said.
        length: Option<u64>,
        /// After redirects.
        url: Url,
    },
    /// Some bytes.
    Data(Vec<u8>),
    /// All bytes came.
    End,
}

/// Bytes under way. Dropping it ends the transfer.
pub(crate) struct Transfer(pub(super) Receiver<Result<Piece, Error>>);

impl Transfer {
    /// The next piece; none if there is none within `wait`.
    pub(crate) fn next(&self, wait: Duration) -> Result<Option<Piece>, Error> {
        match self.0.recv_timeout(wait) {
            Ok(piece) => piece.map(Some),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(Error::BadBody("the transfer ended early".into())),
        }
    }
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// The body.
    pub(crate) bytes: Vec<u8>,
    /// After redirects.
    pub(crate) url: Url,
}

/// Tells every wait of a session that it is over.
#[derive(Default)]
pub(crate) struct Stop {
    stopped: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    /// From now on every wait returns at once.
    pub(crate) fn stop(&self) {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// It is over.
    pub(crate) fn is_stopped(&self) -> bool {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits so long; true if it is over.
    pub(crate) fn wait(&self, time: Duration) -> bool {
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        *self.changed.wait_timeout_while(stopped, time, |s| !*s).unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Http {
    /// A whole body of at most `limit` bytes, tried again where that may help, until `stop`.
    pub(crate) fn fetch(&self, request: &Request, limit: usize, stop: &Stop) -> Result<Fetched, Error> {
        let mut attempt = 0;
        loop {
            match self.fetch_once(request, limit, stop) {
                Err(error) if error.retryable() && attempt < self.retries() && !stop.is_stopped() => {
                    attempt += 1;
                    let Some(wait) = self.backoff(attempt) else { return Err(error) };
                    tracing::warn!(%error, attempt, ?wait, "trying again");
                    stop.wait(wait);
                }
                result => return result,
            }
        }
    }

    fn fetch_once(&self, request: &Request, limit: usize, stop: &Stop) -> Result<Fetched, Error> {
        let transfer = self.open(request.clone());
        let (mut bytes, mut url) = (Vec::new(), request.url.clone());
        let mut pulse = Pulse::new(self.timeout(), Instant::now());
        loop {
            if stop.is_stopped() {
                return Err(Error::Internal("stopped".into()));
            }
            match transfer.next(Duration::from_millis(100))? {
                Some(Piece::Head { url: last_url, .. }) => url = last_url,
                Some(Piece::Data(data)) if bytes.len() + data.len() > limit => {
                    return Err(Error::TooLarge(format!("{url} has more than {limit} bytes")));
                }
                Some(Piece::Data(data)) => {
                    pulse.got(data.len());
                    bytes.extend_from_slice(&data);
                }
                Some(Piece::End) => return Ok(Fetched { bytes, url }),
                None => (),
            }
            if pulse.is_dead(Instant::now()) {
                return Err(Error::Timeout(format!("{url} does not go on")));
            }
        }
    }
}
