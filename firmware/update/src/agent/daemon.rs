//! `hearth-update run`: asks now and then, installs, one at a time.
use super::boot;
use super::here::Here;
use super::http::HttpSource;
use super::install::Installed;
use super::offer::{Asker, Offer};
use super::retry::{Backoff, Pause, jittered};
use super::settings::Alone;
use crate::slot::Running;
use crate::{Error, Result};
use std::time::Duration;

/// How often.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// Between two questions; a quarter of it is jitter.
    pub interval: Duration,
    /// Before the first question at the latest: boxes that got their power back together do not ask together.
    pub first: Duration,
}

/// Between two looks whether the running slot is marked good.
const TRIAL_LOOK: Duration = Duration::from_secs(5);

/// A box and its server.
pub struct Daemon<'a> {
    /// What is installed on.
    pub here: Here<'a>,
    /// Who asks.
    pub asker: Asker,
}

impl Daemon<'_> {
    /// Goes on until `pause` says to end; `ready` hears of every update that waits for its reboot.
    pub fn run(&mut self, times: Times, pause: &mut dyn Pause, ready: &mut dyn FnMut() -> Result<()>) -> Result<()> {
        if let Ok(_alone) = self.here.folders.lock() {
            self.here.word.say(Default::default());
        }
        let first = jittered(times.first, 0.0, pause.random());
        if !self.wait_until_good(pause) || !pause.wait(first) {
            return Ok(());
        }
        self.report_good();
        let mut failures = 0;
        loop {
            let turn = self.turn(pause);
            match &turn {
                Ok(Some(_)) => ready()?,
                Ok(None) => {}
                Err(e) => eprintln!("hearth-update: error {}: {e}", e.code()),
            }
            failures = if turn.is_err_and(|e| e.is_passing()) { failures + 1 } else { 0 };
            let backoff = Backoff { first: Duration::from_secs(60), longest: times.interval, attempts: u32::MAX };
            let time = match failures {
                0 => jittered(times.interval, 0.75, pause.random()),
                _ => backoff.after(failures, pause.random()).unwrap_or(times.interval),
            };
            if !pause.wait(time) {
                return Ok(());
            }
        }
    }

    /// A slot on trial needs the other one as it is.
    fn wait_until_good(&mut self, pause: &mut dyn Pause) -> bool {
        let Running::Slot(slot) = self.here.running else { return true };
        while !boot::read(self.here.disk).chances(slot).good {
            if !pause.wait(TRIAL_LOOK) {
                return false;
            }
        }
        true
    }

    fn report_good(&self) {
        if let Some(server) = self.asker.servers.first() {
            self.asker.report(server, &self.here.info.version, None);
        }
    }

    /// One question and what follows from it: what boots next, if there is something new. The launcher is told.
    pub fn turn(&mut self, pause: &mut dyn Pause) -> Result<Option<Installed>> {
        let alone = self.here.folders.lock()?;
        self.here.word.checking(None);
        let asked = self.asker.ask().map(|(server, offer)| (server.to_owned(), offer));
        let (server, offer) = asked.inspect_err(|e| self.here.word.failed(e))?;
        let Some(offer) = offer.filter(|offer| offer.build_id != self.asker.build) else {
            self.here.word.say(Default::default());
            return Ok(None);
        };
        let installed = self.install(&alone, &offer, pause);
        if let Err(e) = &installed
            && !e.is_passing()
            && !matches!(e, Error::Stopped | Error::OnTrial)
        {
            self.asker.report(&server, &offer.version, Some(e));
        }
        installed.map(Some)
    }

    fn install(&mut self, alone: &Alone, offer: &Offer, pause: &mut dyn Pause) -> Result<Installed> {
        let mut source = HttpSource::new(self.asker.client.clone(), &offer.url);
        self.here.install(alone, &mut source, false, pause)
    }
}
