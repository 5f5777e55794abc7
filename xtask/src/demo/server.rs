//! The demo's server: a fresh one on a free port of the loopback, its data and its log under `target/demo`.
use super::children::{Running, send};
use crate::shell::{our_program, step};
use anyhow::{Context, Result, bail};
use hearth_api::{Home, Job};
use rustix::process::Signal;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// A server that answers.
pub struct Server {
    /// Ends with us, unless it is let go.
    pub process: Running,
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    /// What it wrote to its log.
    pub log: PathBuf,
    agent: ureq::Agent,
    /// The operator's, where boxes have to sign in.
    token: Option<String>,
}

/// What `--keep` leaves behind for the next run.
#[derive(Serialize, Deserialize)]
struct Kept {
    pid: u32,
    url: String,
}

impl Server {
    /// Clears what an earlier run left, and starts; on a free port if `port` is 0. With `sign_in` it serves only boxes that signed in.
    pub fn start(folder: &Path, port: u16, sign_in: bool) -> Result<Self> {
        stop_kept(folder)?;
        let data = folder.join("data");
        if data.exists() {
            std::fs::remove_dir_all(&data).with_context(|| format!("cannot clear {}", data.display()))?;
        }
        std::fs::create_dir_all(&data).with_context(|| format!("cannot make {}", data.display()))?;
        let log = folder.join("server.log");
        let mut command = Command::new(our_program("hearth-server"));
        command
            .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data"])
            .arg(&data)
            .args(sign_in.then_some("--require-sign-in"));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).with_context(|| format!("cannot write {}", log.display()))?);
        let mut process = Running::start(&mut command)?;
        let Ok(url) = process.first_line.recv_timeout(Duration::from_secs(30)) else {
            let ended = process.must_run();
            bail!(
                "hearth-server does not answer{}; its log: {}\n{}",
                ended.err().map_or(String::new(), |e| format!(" ({e})")),
                log.display(),
                tail(&log)
            );
        };
        let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(20))).proxy(None).build();
        let token = if sign_in {
            let file = data.join("operator.token");
            Some(std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?)
        } else {
            None
        };
        Ok(Self { process, url: url.trim().to_owned(), log, agent: config.into(), token })
    }

    /// A command of the operator's, up to `--server`.
    pub fn operator(&self, command: &[&str]) -> Command {
        let mut program = Command::new(our_program("hearth-server"));
        program.args(command).args(["--server", &self.url]);
        if let Some(token) = &self.token {
            program.env("HEARTH_TOKEN", token);
        }
        program
    }

    /// All jobs.
    pub fn jobs(&self) -> Result<Vec<Job>> {
        self.get("/v1/jobs")
    }

    /// The home screen.
    pub fn home(&self) -> Result<Home> {
        self.get("/v1/home?profile=demo")
    }

    fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let url = format!("{}{path}", self.url);
        let mut request = self.agent.get(&url);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut answer = request.call().with_context(|| format!("GET {url}"))?;
        answer.body_mut().read_json().with_context(|| format!("GET {url}: not the JSON that was expected"))
    }

    /// Leaves it running, and leaves word of it for the next run.
    pub fn keep(self, folder: &Path) -> Result<()> {
        let kept = Kept { pid: self.process.pid, url: self.url.clone() };
        std::fs::write(folder.join("server.json"), serde_json::to_vec(&kept)?)?;
        println!("\nThe server goes on: {}   (to stop it: kill {})", kept.url, kept.pid);
        println!("    {} --server {} --profile demo", our_program("hearth-launcher").display(), kept.url);
        self.process.let_go();
        Ok(())
    }
}

/// An earlier run's server would lose its data under its feet.
fn stop_kept(folder: &Path) -> Result<()> {
    let word = folder.join("server.json");
    let Ok(text) = std::fs::read(&word) else { return Ok(()) };
    if let Ok(kept) = serde_json::from_slice::<Kept>(&text) {
        let proc = PathBuf::from(format!("/proc/{}", kept.pid));
        // The number may be somebody else's by now: only our own program is ended.
        let ours = || std::fs::read(proc.join("cmdline")).is_ok_and(|c| String::from_utf8_lossy(&c).contains("hearth-server"));
        if ours() {
            step(format_args!("stopping the server that --keep left at {}", kept.url));
            send(kept.pid, Signal::TERM);
            for _ in 0..100 {
                if !ours() {
                    break;
                }
                super::children::pause(Duration::from_millis(100))?;
            }
            if ours() {
                bail!("the server that --keep left does not stop: kill {}", kept.pid);
            }
        }
    }
    std::fs::remove_file(&word).with_context(|| format!("cannot remove {}", word.display()))
}

/// The last lines of a log.
pub fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}
