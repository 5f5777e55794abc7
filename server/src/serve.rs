//! Start-up and shut-down: one listener, one router, the workers.

use crate::state::State;
use crate::transcode::Transcoder;
use crate::{Error, Result, catalog, devices, ingest, jobs, origin, updates};
use axum::serve::ListenerExt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How a server is started.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// The data directory; made where it is missing.
    pub data: PathBuf,
    /// Port 0 takes any free one.
    pub listen: SocketAddr,
    /// Ingest jobs run at a time; 0 runs none.
    pub workers: usize,
    /// Tokens and caches.
    pub origin: origin::Options,
    /// How films are encoded.
    pub transcoder: Transcoder,
    /// Refuse API calls by boxes that did not sign in, and operators' by others.
    pub require_sign_in: bool,
}

impl ServeOptions {
    /// A server on any free port of the loopback, one job at a time.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let origin = origin::Options::default();
        Self { data: data.into(), listen, workers: 1, origin, transcoder: Transcoder::find(), require_sign_in: false }
    }
}

/// A server that answers.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    /// What it holds.
    pub state: Arc<State>,
    stop: watch::Sender<bool>,
    http: tokio::task::JoinHandle<std::io::Result<()>>,
    workers: Vec<tokio::task::JoinHandle<()>>,
}

/// Requests still under way at shut-down get this long.
const GRACE: Duration = Duration::from_secs(5);

/// Starts a server: returns when it answers.
pub async fn start(options: ServeOptions) -> Result<Running> {
    let state = State::open_with(&options.data, &options.origin, options.transcoder.clone(), options.require_sign_in).await?;
    if options.require_sign_in {
        devices::write_operator_token(&state)?;
    }
    let listener = tokio::net::TcpListener::bind(options.listen).await.map_err(|e| {
        Error::refused(
            http::StatusCode::CONFLICT,
            "cannot-listen",
            format!("cannot listen on {}: {e}; choose another with --listen ADDR:PORT", options.listen),
        )
    })?;
    let addr = listener.local_addr().map_err(Error::io("listening socket"))?;
    state.data.announce(Some(&format!("http://{addr}")))?;
    let (stop, stopped) = watch::channel(false);
    let workers = (0..options.workers).map(|_| tokio::spawn(jobs::work(state.clone(), stopped.clone()))).collect();
    let router = router(state.clone());
    // Answers are small or written in one go: waiting to fill packets only adds latency.
    let listener = listener.tap_io(|io| {
        let _ = io.set_nodelay(true);
    });
    let http = tokio::spawn(async move {
        axum::serve(listener, router).with_graceful_shutdown(async move { until_true(stopped).await }).await
    });
    Ok(Running { addr, state, stop, http, workers })
}

/// The whole HTTP surface. Each area adds its own routes here.
fn router(state: Arc<State>) -> axum::Router {
    axum::Router::new()
        .merge(ingest::router(state.clone()))
        .merge(jobs::router(state.clone()))
        .merge(catalog::router(state.clone()))
        .merge(origin::router(state.clone()))
        .merge(devices::router(state.clone()))
        .merge(updates::router(state.clone()))
        .fallback(async || Error::not_found("this address"))
        // Around everything, so that no route can forget to ask who calls.
        .layer(axum::middleware::from_fn_with_state(state, devices::gate))
}

/// Waits for a stop signal (or for its sender to be gone).
pub(crate) async fn until_true(mut signal: watch::Receiver<bool>) {
    let _ = signal.wait_for(|stop| *stop).await;
}

impl Running {
    /// `http://ADDR:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Stops: no new requests, running jobs go back to the queue, the lock is let go.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        for worker in &mut self.workers {
            let _ = worker.await;
        }
        if tokio::time::timeout(GRACE, &mut self.http).await.is_err() {
            self.http.abort();
        }
        self.state.db.close().await;
    }

    /// Runs until the HTTP side ends by itself, which it does not unless it failed.
    pub async fn ended(&mut self) -> std::io::Result<()> {
        (&mut self.http).await.unwrap_or_else(|e| Err(std::io::Error::other(e)))
    }
}

/// A server on a runtime thread of its own, for programs and tests that are not asynchronous. Dropping it shuts it down.
#[derive(Debug)]
pub struct Blocking {
    /// Where it listens.
    pub addr: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// Like [`start`], from a thread that is not a runtime's.
pub fn start_blocking(options: ServeOptions) -> Result<Blocking> {
    let (ready, started) = std::sync::mpsc::channel();
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let thread = std::thread::spawn(move || {
        let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
            Ok(runtime) => runtime,
            Err(e) => {
                let _ = ready.send(Err(Error::io("runtime")(e)));
                return;
            }
        };
        runtime.block_on(async {
            match start(options).await {
                Ok(running) => {
                    let _ = ready.send(Ok(running.addr));
                    let _ = stopped.await;
                    running.shutdown().await;
                }
                Err(e) => {
                    let _ = ready.send(Err(e));
                }
            }
        });
    });
    let addr = started.recv().map_err(|_| Error::Damaged("the server thread ended at once".to_owned()))??;
    Ok(Blocking { addr, stop: Some(stop), thread: Some(thread) })
}

impl Blocking {
    /// `http://ADDR:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Stops and waits until all is let go.
    pub fn shutdown(self) {}
}

impl Drop for Blocking {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
