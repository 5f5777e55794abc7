//! `hearth-server serve`.

use clap::Args;
use hearth_server::{Error, ServeOptions, start};
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::signal::unix::{SignalKind, signal};

/// Options of `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Directory of database, keys and media; made where it is missing.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Address to listen on; port 0 takes a free one. The address is printed when the server answers.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Films ingested at a time.
    #[arg(long, value_name = "N", default_value_t = 1)]
    workers: usize,
    /// Refuse API calls by boxes that did not sign in (POST /v1/devices). Uploads, jobs, devices and releases then want the operator's token:
    /// set HEARTH_TOKEN to what is in DIR/operator.token. Media, updates and licences (which have tokens of their own) stay as they are.
    #[arg(long)]
    require_sign_in: bool,
}

impl Serve {
    /// Serves until SIGINT or SIGTERM.
    pub fn run(self) -> Result<(), Error> {
        super::block_on(async {
            let mut options = ServeOptions::new(self.data);
            options.listen = self.listen;
            options.workers = self.workers;
            options.require_sign_in = self.require_sign_in;
            let mut running = start(options).await?;
            println!("{}", running.url());
            // A reader that is gone (a closed pipe) is no reason to stop.
            let _ = std::io::stdout().flush();
            let mut term = signal(SignalKind::terminate()).map_err(Error::io("signals"))?;
            let mut int = signal(SignalKind::interrupt()).map_err(Error::io("signals"))?;
            tokio::select! {
                _ = term.recv() => {}
                _ = int.recv() => {}
                ended = running.ended() => return ended.map_err(Error::io("listener")),
            }
            tracing::info!("stopping; a film under way goes on at the next start");
            running.shutdown().await;
            Ok(())
        })
    }
}
