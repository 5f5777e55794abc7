//! `hearth-update run`: asks now and then, installs, one at a time.
use super::boot;
use super::crashes;
use super::here::{Here, Order};
use super::http::HttpSource;
use super::install::Installed;
use super::memory::Unheard;
use super::offer::{Asker, Offer};
use super::retry::{Backoff, Pause, jittered};
use super::settings::Alone;
use crate::slot::Running;
use crate::{Error, Result};
use hearth_api::UpdateOutcome;
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

    /// A version of which this box knows no trial, for recovery brought it or `/data` was lost, may still be one that a server waits to hear of.
    fn report_good(&mut self) {
        let Some(server) = self.asker.servers.first().cloned() else { return };
        let Here { info, memory, .. } = &mut self.here;
        if !memory.tried(&info.build_id) {
            memory.tell(Unheard { server, version: info.version.clone(), outcome: UpdateOutcome::Installed, error: None });
        }
    }

    /// Finds out how the last update ended, and tells servers what they have not heard.
    fn report(&mut self) {
        let Here { disk, memory, running, info, .. } = &mut self.here;
        memory.settle(*running, &info.build_id, &boot::read(*disk));
        memory.report(&self.asker);
    }

    /// One question and what follows from it: what boots next, if there is something new. The launcher is told.
    pub fn turn(&mut self, pause: &mut dyn Pause) -> Result<Option<Installed>> {
        let alone = self.here.folders.lock()?;
        self.report();
        self.here.word.checking(None);
        let asked = self.asker.ask().map(|(server, offer)| (server.to_owned(), offer));
        let (server, offer) = asked.inspect_err(|e| self.here.word.failed(e))?;
        crashes::send(self.here.folders, &self.asker, &server);
        let again = self.here.running == Running::Recovery;
        let wanted =
            |offer: &Offer| offer.build_id != self.asker.build && (again || !self.here.memory.fell_back(&offer.build_id));
        let Some(offer) = offer.filter(wanted) else {
            self.here.word.say(Default::default());
            return Ok(None);
        };
        let installed = self.install(&alone, &server, &offer, pause);
        // Content that stays wrong through all tries may mend, but whoever published it wants to hear of it.
        if let Err(e) = &installed
            && (!e.is_passing() || matches!(e, Error::Content { .. }))
            && !matches!(e, Error::Stopped | Error::OnTrial)
        {
            let error = Some(format!("{}: {e}", e.code()));
            self.here.memory.tell(Unheard { server, version: offer.version, outcome: UpdateOutcome::Failed, error });
            self.here.memory.report(&self.asker);
        }
        installed.map(Some)
    }

    fn install(&mut self, alone: &Alone, server: &str, offer: &Offer, pause: &mut dyn Pause) -> Result<Installed> {
        let mut source = HttpSource::new(self.asker.client.clone(), &offer.url);
        self.here.install(alone, &mut source, Order { server: Some(server), again: false }, pause)
    }
}
