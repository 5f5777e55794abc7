//! What the box finds on the network: `hearth-server` with a small catalog, on the host's loopback, which QEMU's box knows as 10.0.2.2.
use super::film;
use super::machine::Machine;
use crate::demo::children::pause;
use crate::demo::server::Server;
use crate::demo::{art, catalog, films, ingest};
use crate::image::inputs;
use crate::shell::{cargo, run, step, target};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Titles of the small catalog. The first is the hero; its film is the one with numbers.
const TITLES: usize = 3;
/// How long the film with numbers is: longer than any scenario looks at it.
const SECONDS: u32 = 60;

/// The server, and where the box finds it.
pub struct Service {
    /// Ends with us.
    pub server: Server,
    /// As the box says it.
    pub url: String,
    data: PathBuf,
}

impl Service {
    /// Builds and starts it, and waits until every title is published.
    pub fn start(folder: &Path, port: u16) -> Result<Self> {
        step("cargo build --workspace --bins");
        // As the demo and the tests build, so that nothing is built twice.
        run(cargo().args(["build", "--workspace", "--bins"]))?;
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        // Invented titles only: the first of the catalog is a film of its own.
        let all = catalog::load()?;
        let entries: Vec<catalog::Entry> =
            all.into_iter().filter(|e| matches!(e.source, catalog::Source::Pattern { .. })).take(TITLES).collect();
        // Films and artwork are the demo's, where it has made them already; other fingerprints stay.
        let demo = target().join("demo");
        let mut reels = films::make(&entries, &demo.join("films"))?;
        reels[0].file = film::make(&folder.join("films"), SECONDS)?;
        let pictures = art::draw(&entries, &demo.join("art"), &|entry| films::still(entry, &demo.join("stills")))?;
        let mut server = Server::start(folder, port, true)?;
        step(format_args!("hearth-server answers at {}; its log is {}", server.url, server.log.display()));
        let timings = ingest::all(&mut server, &entries, &reels, &pictures)?;
        step(format_args!("{} titles published in {:.1} s", entries.len(), timings.total_ms as f64 / 1000.0));
        let url = server.url.replace("127.0.0.1", "10.0.2.2");
        Ok(Self { server, url, data: folder.join("data") })
    }

    /// What boxes said of updates that failed on them, in order: lines of the server's log.
    pub fn failures(&self) -> Vec<String> {
        let log = std::fs::read(&self.server.log).unwrap_or_default();
        let said = |line: &&str| line.contains("update reported") && line.contains("Failed");
        String::from_utf8_lossy(&log).lines().filter(said).map(str::to_owned).collect()
    }

    /// The next of them after the first `known`, from a box that runs on meanwhile.
    pub fn failure_after(&self, known: usize, machine: &mut Machine, limit: Duration) -> Result<String> {
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline {
            if let Some(said) = self.failures().get(known) {
                // The error is all that changes from box to box.
                return Ok(said.split_once("error=").map_or(said.as_str(), |(_, error)| error).to_owned());
            }
            machine.must_run()?;
            pause(Duration::from_millis(500))?;
        }
        bail!("no box reported a failure within {} s", limit.as_secs())
    }

    /// The server's own copy of a bundle that was published.
    pub fn stored(&self, bundle: &Path) -> Result<PathBuf> {
        let name = format!("{}.bundle", inputs::sha256_file(bundle)?);
        let mut folders = vec![self.data.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder)?.flatten() {
                if entry.file_type()?.is_dir() {
                    folders.push(entry.path());
                } else if entry.file_name() == name.as_str() {
                    return Ok(entry.path());
                }
            }
        }
        bail!("the server has not stored {name}")
    }
}

/// Where everything of QEMU is: `target/qemu`.
pub fn folder() -> PathBuf {
    target().join("qemu")
}
