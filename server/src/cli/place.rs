//! Where a command acts: on a running server, or on a data directory that none is using.

use super::client::Client;
use clap::Args;
use hearth_server::Error;
use hearth_server::state::State;
use std::path::PathBuf;
use std::sync::Arc;

/// `--server` or `--data`.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Place {
    /// A running server, as `serve` prints it. One that requires sign-in wants the operator's token in HEARTH_TOKEN.
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// A data directory that no server is using.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// What a [`Place`] turned out to be.
pub enum Open {
    /// Over HTTP.
    Server(Client),
    /// Right here.
    Data(Arc<State>, tokio::runtime::Runtime),
}

impl Place {
    /// Reaches it.
    pub fn open(&self) -> Result<Open, Error> {
        if let Some(server) = &self.server {
            return Ok(Open::Server(Client::new(server)));
        }
        let runtime = super::runtime()?;
        // The group says that one of the two is there.
        let state = runtime.block_on(State::open(self.data.as_deref().unwrap_or_else(|| ".".as_ref())))?;
        Ok(Open::Data(state, runtime))
    }
}
