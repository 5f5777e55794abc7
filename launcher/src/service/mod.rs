//! What a launcher does on a box besides showing films: reads the board's facts and what init and the update agent leave in `/run`, tells
//! init how it is, checks that it can play, and remembers where the viewer was and what they chose. Off a box nothing of it is there, and nothing happens.

mod beacon;
pub mod board;
mod consent;
pub mod facts;
mod kept;
pub mod links;
pub mod network;
mod panel;
mod resume;
mod selfcheck;
pub mod servers;
pub mod wifi;

pub use beacon::{Beacons, Seen};
pub use kept::KeptFile;
pub use panel::FrontPanel;
pub use resume::Keeper;
pub use selfcheck::SelfCheck;

use crate::app::{Launcher, Wish};
use crate::platform::{Input, Tally};
use consent::ConsentFile;
use facts::{Folders, Watched};
use hearth_box::tokens::Tokens;
use hearth_nav::Event;
use links::Links;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::Duration;

/// How often files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// The services, made by `main`, turned by the loop.
pub struct Service {
    beacons: Beacons,
    notify: Option<(UnixDatagram, PathBuf)>,
    watched: Watched,
    keeper: Keeper,
    kept: KeptFile,
    consent: ConsentFile,
    selfcheck: Option<SelfCheck>,
    tokens: Tokens,
    panel: Option<FrontPanel>,
    links: Option<Links>,
    looked: Option<Duration>,
}

impl Service {
    /// `HEARTH_NOTIFY` names init's socket; without it nobody is told anything.
    pub fn new(folders: &Folders, keeper: Keeper, kept: KeptFile, selfcheck: Option<SelfCheck>, tokens: Tokens) -> Self {
        let notify = std::env::var_os("HEARTH_NOTIFY").filter(|path| !path.is_empty()).and_then(|path| {
            let socket = UnixDatagram::unbound().and_then(|s| s.set_nonblocking(true).map(|()| s));
            Some((socket.inspect_err(|e| tracing::warn!("cannot tell init anything: {e}")).ok()?, path.into()))
        });
        Self {
            beacons: Beacons::default(),
            notify,
            watched: Watched::new(folders),
            keeper,
            kept,
            consent: ConsentFile::open(folders),
            selfcheck,
            tokens,
            panel: None,
            links: None,
            looked: None,
        }
    }

    /// A box with a front panel.
    pub fn with_panel(self, panel: Option<FrontPanel>) -> Self {
        Self { panel, ..self }
    }

    /// One that says what it reaches its server by.
    pub fn with_links(self, links: Links) -> Self {
        Self { links: Some(links), ..self }
    }

    /// What was pressed on the panel and on its remote control.
    pub fn inputs(&mut self, now: Duration) -> Vec<Input> {
        self.panel.as_mut().map(|panel| panel.inputs(now)).unwrap_or_default()
    }

    /// Once a turn of the loop, after its frame.
    pub fn turn(&mut self, launcher: &mut Launcher, tally: Tally, now: Duration) {
        if self.looked.is_none_or(|at| now.saturating_sub(at) >= LOOK) {
            self.looked = Some(now);
            self.watched.look();
            launcher.show_status(self.watched.status());
            launcher.set_about(self.watched.about(launcher.reached()));
            self.consent.look(launcher);
            if let Some(ready) = self.watched.ready_changed() {
                launcher.tell(Event::Update { ready });
            }
            if self.watched.recovered_once() {
                launcher.tell(Event::Recovered);
            }
        }
        if let Some(links) = &mut self.links {
            links.turn(launcher, self.looked == Some(now));
        }
        self.consent.keep(launcher);
        self.keeper.keep(&launcher.memory(), now);
        self.kept.keep(launcher.app().preferences(), launcher.networks(), now);
        let seen = Seen {
            tally,
            home: launcher.log.home.is_some(),
            origin: launcher.reached(),
            signed_in: self.tokens.signed_in(),
            film: launcher.film().map(|session| (session, launcher.film_title())),
            selfcheck: self.selfcheck.as_mut().and_then(|check| check.turn(tally.frames > 0)),
        };
        for line in self.beacons.due(seen, now) {
            self.send(&line);
        }
        for wish in launcher.wishes() {
            self.kept.finish();
            match wish {
                Wish::Restart => self.send("REBOOT=update"),
                Wish::Standby => self.standby(),
            }
        }
        if let Some(panel) = &mut self.panel {
            panel.turn(launcher, now);
            if let Some(reason) = panel.woke() {
                self.send(&format!("WOKE={reason}"));
            }
        }
    }

    /// Where a panel keeps the power: it is told first, so that it knows what is meant when the box goes quiet.
    fn standby(&self) {
        match &self.panel {
            Some(panel) if panel.sleep() => self.send("POWEROFF=1"),
            _ => tracing::info!("nobody would wake this box: it does not sleep"),
        }
    }

    fn send(&self, line: &str) {
        let Some((socket, path)) = &self.notify else { return };
        // init may be restarting its socket; the next one will get through.
        if let Err(e) = socket.send_to(line.as_bytes(), path) {
            tracing::debug!("{line} did not reach init: {e}");
        }
    }

    /// At the latest until the next turn.
    pub fn wake(&self) -> Duration {
        let panel = self.panel.as_ref().map_or(LOOK, FrontPanel::wake);
        if self.notify.is_some() { self.beacons.wake().min(LOOK).min(panel) } else { LOOK.min(panel) }
    }

    /// The launcher ends because it is meant to: the next one begins anew.
    pub fn leave(&mut self, launcher: &Launcher, now: Duration) {
        self.keeper.forget();
        self.kept.keep(launcher.app().preferences(), launcher.networks(), now);
        self.kept.finish();
    }
}
