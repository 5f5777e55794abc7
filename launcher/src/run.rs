//! The loop: sleep until something happens, let the launcher take it in, draw, show.

use crate::app::Launcher;
use crate::captions::Captions;
use crate::compose::{self, Picture};
use crate::outputs::Latest;
use crate::platform::{Clock, Frame, Input, Screen, ScreenError, Surface, Tally};
use crate::report::{Costs, Report};
use crate::script::{Action, Condition, Script, Stage};
use crate::service::Service;
use hearth_player::VideoFrame;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Between two frames of an animation: 60 a second.
const FRAME: Duration = Duration::from_micros(16_667);
/// A clock on the screen that is this late is not noticed.
const TIME_OF_DAY: Duration = Duration::from_secs(5);
/// The player gets so long to close its account.
const FAREWELL: Duration = Duration::from_secs(3);

/// Everything the loop goes round.
pub struct Loop {
    /// What is shown.
    pub launcher: Launcher,
    /// Its pixels.
    pub surface: Surface,
    /// Where it is shown.
    pub screen: Box<dyn Screen>,
    /// The film's pictures.
    pub latest: Latest,
    /// What is written over them.
    pub captions: Captions,
    /// Time.
    pub clock: Clock,
    /// Keys from a script, if there is one.
    pub script: Option<Script>,
    /// Ends when the script does.
    pub ends_with_script: bool,
    /// Where pictures of the screen go.
    pub shots: Option<PathBuf>,
    /// What a box has besides.
    pub service: Service,
}

#[derive(Default)]
struct State {
    costs: Costs,
    first_frames: Vec<(u32, Duration)>,
    shots: Vec<String>,
    failure: Option<String>,
    keys: u32,
    quit: bool,
    drawn_at: Option<Instant>,
    /// Number of the film's picture that was presented last, if one was.
    film: Option<u64>,
    /// The script wants to be asked again after this.
    script_wait: Option<Duration>,
}

impl Loop {
    /// Until the viewer, the script or an error ends it. The report says which.
    pub fn run(mut self) -> Report {
        // The first turn does not wait for anything: there is nothing on the screen yet.
        let mut state = State { script_wait: Some(Duration::ZERO), ..State::default() };
        while !state.quit {
            self.turn(&mut state);
        }
        self.farewell();
        self.service.leave(&self.launcher, self.clock.now());
        let report = self.report(state);
        self.launcher.finish();
        report
    }

    fn turn(&mut self, state: &mut State) {
        let mut input = Vec::new();
        let timeout = self.timeout(state);
        self.screen.wait(timeout, &mut input);
        input.extend(self.service.inputs(self.clock.now()));
        for event in input {
            self.input(event, state);
        }
        self.launcher.listen();
        self.play_script(state);
        self.launcher.refresh();
        if let Err(e) = self.draw(state) {
            (state.failure, state.quit) = (Some(e.to_string()), true);
        }
        self.launcher.begin();
        let Tally { frames, pictures } = self.screen.tally();
        let pictures = pictures + self.latest.shown_on_plane();
        self.service.turn(&mut self.launcher, Tally { frames, pictures }, self.clock.now());
    }

    fn timeout(&self, state: &State) -> Option<Duration> {
        let animation = self.surface.animating().then(|| {
            let since = state.drawn_at.map_or(FRAME, |at| at.elapsed());
            FRAME.saturating_sub(since)
        });
        let timers = slint::platform::duration_until_next_timer_update();
        [animation, timers, self.launcher.idle(), state.script_wait, Some(TIME_OF_DAY), Some(self.service.wake())]
            .into_iter()
            .flatten()
            .min()
    }

    fn input(&mut self, event: Input, state: &mut State) {
        match event {
            Input::Down(key) => {
                state.keys += 1;
                self.launcher.key_down(key);
            }
            Input::Up(key) => self.launcher.key_up(key),
            Input::Released => self.launcher.keys_released(),
            Input::Quit => state.quit = true,
        }
    }

    fn play_script(&mut self, state: &mut State) {
        state.script_wait = None;
        let Some(mut script) = self.script.take() else { return };
        let eyes = Eyes { launcher: &self.launcher, animating: self.surface.animating() };
        match script.next(self.clock.now(), &eyes) {
            Action::Wait(time) => state.script_wait = Some(time),
            Action::Down(key) => self.scripted(Input::Down(key), state),
            Action::Up(key) => self.scripted(Input::Up(key), state),
            Action::Shot(name) => {
                state.script_wait = Some(Duration::ZERO);
                self.shot(&name, state);
            }
            Action::Quit => state.quit = true,
            Action::Fail(reason) => (state.failure, state.quit) = (Some(reason), true),
            Action::Over => {
                state.quit = self.ends_with_script;
                return;
            }
        }
        self.script = Some(script);
    }

    fn scripted(&mut self, event: Input, state: &mut State) {
        state.script_wait = Some(Duration::ZERO);
        self.input(event, state);
    }

    fn draw(&mut self, state: &mut State) -> Result<(), ScreenError> {
        let start = Instant::now();
        let drawn = self.surface.draw();
        if let Some(drawn) = &drawn {
            let (width, height) = self.surface.size();
            state.costs.add(start.elapsed(), drawn.pixels as f64 / (f64::from(width) * f64::from(height)));
            state.drawn_at = Some(start);
        }
        let (number, video) = self.latest.get();
        let film = self.launcher.film();
        let shown = video.as_ref().filter(|_| film.is_some());
        let film_changed = state.film != shown.map(|_| number);
        let size = shown.map(|v| (v.width, v.height)).or_else(|| self.latest.size_on_plane().filter(|_| film.is_some()));
        self.captions.viewer = self.launcher.viewer();
        let mut ui_changed = self.captions.show(self.launcher.captions(), size, self.surface.size(), self.launcher.overlay());
        if !film_changed && drawn.is_none() && ui_changed.is_empty() && !self.screen.owes() {
            return Ok(());
        }
        ui_changed.extend(drawn.into_iter().flat_map(|d| d.region));
        state.film = shown.map(|_| number);
        if let (Some(session), Some(_)) = (film, size)
            && state.first_frames.iter().all(|(s, _)| *s != session)
        {
            state.first_frames.push((session, self.clock.now()));
        }
        let picture = shown.map(picture);
        let ui = self.surface.over(self.captions.layers());
        self.screen.present(&Frame { film: picture.as_ref(), film_changed, ui, ui_changed: &ui_changed })
    }

    /// What is on the screen now, as a PNG file; without a film that is on a plane of its own.
    fn shot(&mut self, name: &str, state: &mut State) {
        let Some(directory) = &self.shots else { return };
        let (width, height) = self.surface.size();
        let (_, video) = self.latest.get();
        let picture = video.as_ref().filter(|_| self.launcher.film().is_some()).map(picture);
        let mut out = vec![0; width as usize * height as usize];
        compose::compose(picture.as_ref(), &self.surface.over(self.captions.layers()), &mut out);
        let path = directory.join(format!("{name}.png"));
        match crate::snapshot::write(&path, width, height, &out) {
            Ok(()) => state.shots.push(path.display().to_string()),
            Err(e) => (state.failure, state.quit) = (Some(format!("cannot write {}: {e}", path.display())), true),
        }
    }

    /// Stops what plays and waits until its position is kept and its account is there.
    fn farewell(&mut self) {
        self.launcher.leave();
        let until = Instant::now() + FAREWELL;
        while self.launcher.open_accounts() > 0 {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            self.screen.wait(Some(left), &mut Vec::new());
            self.launcher.listen();
        }
    }

    fn report(&self, state: State) -> Report {
        let (width, height) = self.surface.size();
        let log = &self.launcher.log;
        let ms = |d: Duration| u64::try_from(d.as_millis()).unwrap_or(u64::MAX);
        let begun = |session: u32| log.begun.iter().find(|(s, _)| *s == session).map(|(_, at)| *at);
        let first = |(session, at): &(u32, Duration)| begun(*session).map(|from| ms(at.saturating_sub(from)));
        let first_frames_ms: Vec<u64> = state.first_frames.iter().filter_map(first).collect();
        let mut report = Report {
            version: env!("CARGO_PKG_VERSION"),
            width,
            height,
            home_ms: log.home.map(ms),
            home_art_ms: log.home_art.map(ms),
            keys: state.keys,
            ui: state.costs.summary(),
            first_frame_ms: first_frames_ms.first().copied(),
            first_frames_ms,
            errors: log.errors.clone(),
            shots: state.shots,
            failure: state.failure,
            ..Report::default()
        };
        log.summaries.iter().for_each(|s| report.add(s.clone()));
        report
    }
}

fn picture(frame: &VideoFrame) -> Picture<'_> {
    Picture { width: frame.width, height: frame.height, stride: frame.stride, bgrx: &frame.data }
}

/// The launcher, and whether something on the screen is still moving.
struct Eyes<'a> {
    launcher: &'a Launcher,
    animating: bool,
}

impl Stage for Eyes<'_> {
    fn holds(&self, condition: Condition) -> bool {
        self.launcher.holds(condition) && !(condition == Condition::Settled && self.animating)
    }

    fn describe(&self) -> String {
        self.launcher.describe()
    }
}
