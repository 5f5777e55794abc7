//! Where files come from.

use std::time::Duration;

use crate::{Error, MAX_BYTES};

/// Gets a file. Called from worker threads.
pub trait Fetch: Send + Sync {
    /// The whole file, at most [`MAX_BYTES`].
    fn fetch(&self, url: &str) -> Result<Vec<u8>, Error>;
}

/// Gets files over HTTP; connections are kept.
#[derive(Clone, Debug)]
pub struct HttpFetch {
    agent: ureq::Agent,
}

impl Default for HttpFetch {
    fn default() -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_connect(Some(Duration::from_secs(4)))
            .timeout_global(Some(Duration::from_secs(15)))
            .user_agent(concat!("hearth-launcher/", env!("CARGO_PKG_VERSION")));
        Self { agent: config.build().new_agent() }
    }
}

impl Fetch for HttpFetch {
    fn fetch(&self, url: &str) -> Result<Vec<u8>, Error> {
        let wrong = |e: ureq::Error| match e {
            ureq::Error::BodyExceedsLimit(_) => Error::TooManyBytes(MAX_BYTES),
            e => Error::Fetch { url: url.to_owned(), reason: e.to_string() },
        };
        let mut answer = self.agent.get(url).call().map_err(wrong)?;
        answer.body_mut().with_config().limit(MAX_BYTES as u64).read_to_vec().map_err(wrong)
    }
}
