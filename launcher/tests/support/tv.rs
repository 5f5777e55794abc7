//! A television for tests: the real launcher on a mock clock, a catalog in memory, drawn artwork, a player that is told what to say.

use super::art;
use hearth_launcher::app::{Launcher, Parts};
use hearth_launcher::art::Art;
use hearth_launcher::backend::{Cinema, Server};
use hearth_launcher::captions::Captions;
use hearth_launcher::compose::{self, Picture};
use hearth_launcher::platform::{self, Clock, Surface};
use hearth_nav::{Preferences, RemoteKey, Volume};
use hearth_player::{Command, Event, LoadRequest, PlayerError, Summary, TrackInfo};
use hearth_view::{Catalog, CatalogError, Delivery, Request};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Answers at once, on the same thread.
struct Immediate {
    catalog: Arc<dyn Catalog>,
    deliveries: RefCell<VecDeque<Delivery>>,
}

impl Server for Immediate {
    fn ask(&self, request: Request) {
        self.deliveries.borrow_mut().push_back(Delivery::fetch(&*self.catalog, request));
    }
    fn poll(&self) -> Vec<Delivery> {
        self.deliveries.borrow_mut().drain(..).collect()
    }
    fn finish(self: Box<Self>) {}
}

/// What the player was told, and what it is to say.
#[derive(Default)]
pub struct Script {
    pub told: Vec<String>,
    /// How loud it was to be.
    pub volumes: Vec<Volume>,
    pub says: Vec<(u32, Event)>,
    pub session: u32,
    /// What films had learnt of their networks before they began.
    pub estimates: Vec<Option<u64>>,
    /// What they find out.
    pub estimate_kbps: Option<u64>,
}

struct Puppet(Rc<RefCell<Script>>);

impl Cinema for Puppet {
    fn load(&mut self, session: u32, request: LoadRequest) {
        let mut script = self.0.borrow_mut();
        script.session = session;
        script.estimates.push(request.estimate_kbps);
        script.told.push(format!("load {} at {}", request.url, request.start_us / 1000));
    }
    fn send(&mut self, session: u32, command: Command) {
        let mut script = self.0.borrow_mut();
        script.told.push(serde_json::to_string(&command).expect("a command is JSON"));
        if command == Command::Stop {
            let estimate_kbps = script.estimate_kbps;
            script.says.push((session, Event::Summary(Summary { estimate_kbps, ..Summary::default() })));
        }
    }
    fn set_volume(&mut self, volume: Volume) {
        self.0.borrow_mut().volumes.push(volume);
    }
    fn poll(&mut self) -> Vec<(u32, Event)> {
        std::mem::take(&mut self.0.borrow_mut().says)
    }
}

/// Draws what is asked for: the number in the URL is the picture's.
struct Drawn;

impl hearth_pixels::Fetch for Drawn {
    fn fetch(&self, url: &str) -> Result<Vec<u8>, hearth_pixels::Error> {
        let seed = url.bytes().filter(u8::is_ascii_digit).fold(0, |n, d| n * 3 + u32::from(d - b'0'));
        let (width, height) = if url.contains("poster") { (240, 360) } else { (640, 360) };
        Ok(art::png(&art::scene(seed, width, height)))
    }
}

/// The television.
pub struct Tv {
    pub launcher: Launcher,
    pub surface: Surface,
    pub player: Rc<RefCell<Script>>,
    /// The network it is in.
    pub network: Rc<RefCell<String>>,
    clock: Clock,
    /// Checks after every step that partial drawing left nothing stale.
    pub checked: u32,
}

const FRAME: Duration = Duration::from_millis(16);

impl Tv {
    pub fn new(catalog: Arc<dyn Catalog>) -> Self {
        Self::with_patience(catalog, 0)
    }

    /// A box that waits for its network at start.
    pub fn with_patience(catalog: Arc<dyn Catalog>, patience_ms: u64) -> Self {
        Self::with(catalog, patience_ms, Preferences::default())
    }

    /// One whose viewer has chosen this before.
    pub fn with_preferences(catalog: Arc<dyn Catalog>, preferences: Preferences) -> Self {
        Self::with(catalog, 0, preferences)
    }

    fn with(catalog: Arc<dyn Catalog>, patience_ms: u64, preferences: Preferences) -> Self {
        let clock = Clock::mock();
        let surface = platform::install(&clock, 1280, 720).expect("the platform is installed once a process");
        let player = Rc::new(RefCell::new(Script::default()));
        let network = Rc::new(RefCell::new("eth0 192.168.1.1".to_owned()));
        let place = network.clone();
        let parts = Parts {
            server: Box::new(Immediate { catalog, deliveries: RefCell::default() }),
            cinema: Box::new(Puppet(player.clone())),
            art: Art::new(Arc::new(Drawn), 720, || ()).expect("threads for pictures"),
            clock: clock.clone(),
            origin: "http://fixture".into(),
            profile: "mika".into(),
            dash: false,
            time_of_day: Box::new(|| "21:47".into()),
            patience_ms,
            memory: Default::default(),
            preferences,
            networks: Default::default(),
            network: Box::new(move || place.borrow().clone()),
        };
        let mut launcher = Launcher::new(parts, &surface).expect("an interface");
        launcher.begin();
        Self { launcher, surface, player, network, clock, checked: 0 }
    }

    fn turn(&mut self) {
        self.launcher.listen();
        self.launcher.refresh();
        self.surface.draw();
    }

    /// Lets `time` pass, frame by frame.
    pub fn pass(&mut self, time: Duration) {
        let mut left = time;
        while !left.is_zero() {
            let step = left.min(FRAME);
            self.clock.advance(step);
            left -= step;
            self.turn();
        }
    }

    /// Until nothing moves and all pictures are there; then compares what was drawn piece by piece with a whole drawing.
    pub fn settle(&mut self) {
        let started = Instant::now();
        self.pass(Duration::from_millis(200));
        while self.launcher.pending_art() > 0 || self.surface.animating() {
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "it never settles: {} pictures missing",
                self.launcher.pending_art()
            );
            self.pass(FRAME);
            std::thread::yield_now();
        }
        self.pass(FRAME * 2);
        let whole = self.surface.draw_whole();
        let differ = whole.iter().zip(self.surface.pixels()).filter(|(a, b)| near(a, b)).count();
        assert_eq!(differ, 0, "pixels that partial drawing left stale");
        self.checked += 1;
    }

    pub fn press(&mut self, keys: &str) {
        for name in keys.split_whitespace() {
            let key: RemoteKey = name.parse().expect("a key");
            self.launcher.key_down(key);
            self.turn();
            self.launcher.key_up(key);
            self.turn();
            self.settle();
        }
    }

    /// The player says this.
    pub fn say(&mut self, event: Event) {
        let session = self.player.borrow().session;
        self.player.borrow_mut().says.push((session, event));
        self.turn();
    }

    /// The player starts, with two audio tracks.
    pub fn start_film(&mut self) {
        self.say(Event::Started {
            first_frame_ms: 300,
            duration_us: Some(600_000_000),
            width: 1280,
            height: 720,
            protection: "cbcs".into(),
            format: "hls".into(),
            live: false,
        });
        self.tracks(&[("a1", "English", true), ("a2", "Deutsch", false)]);
        self.say(Event::Position { position_us: 154_000_000, buffer_ms: 42_000, paused: false, dropped: 0 });
    }

    /// The player has these tracks: sound where the ID begins with `a`, else captions.
    pub fn tracks(&mut self, tracks: &[(&str, &str, bool)]) {
        let track = |(id, label, active): &(&str, &str, bool)| TrackInfo {
            id: (*id).into(),
            kind: if id.starts_with('a') { "audio" } else { "text" }.into(),
            language: Some(label.to_lowercase()),
            label: (*label).into(),
            active: *active,
            roles: if *id == "t2" { vec!["caption".into()] } else { Vec::new() },
        };
        self.say(Event::Tracks { tracks: tracks.iter().map(track).collect() });
    }

    /// The film has captions too, and this is said in it now.
    pub fn caption(&mut self, text: &str) {
        let document = hearth_player::captions::parse(&format!("WEBVTT\n\n00:00.000 --> 00:10:00.000\n{text}")).expect("cues");
        self.say(Event::Captions { position_us: 154_000_000, document });
    }

    pub fn fail_film(&mut self) {
        let action = "Check that the box's clock is right, then try again.".to_owned();
        let message = "The licence server refused the key request.".to_owned();
        self.say(Event::Error(PlayerError { code: 6003, message, action, retryable: true }));
    }

    /// What has the focus: zone and item.
    pub fn focus(&self) -> String {
        self.launcher.app().focus().at().map(|(zone, item)| format!("{zone}/{item}")).unwrap_or_default()
    }

    /// The composed screen, over a film if there is one.
    pub fn screen(&self) -> Vec<u32> {
        let film = art::scene(5, 1280, 720);
        let bgrx: Vec<u8> = film.rgb.chunks_exact(3).flat_map(|p| [p[2], p[1], p[0], 0]).collect();
        let picture = Picture { width: 1280, height: 720, stride: 5120, bgrx: &bgrx };
        let mut out = vec![0; 1280 * 720];
        let film = self.launcher.film().map(|_| &picture);
        let mut captions = Captions::default();
        captions.viewer = self.launcher.viewer();
        captions.show(self.launcher.captions(), film.map(|_| (1280, 720)), (1280, 720), self.launcher.overlay());
        compose::compose(film, &self.surface.over(captions.layers()), &mut out);
        out
    }
}

/// Different by more than a rounding.
fn near(
    a: &slint::platform::software_renderer::PremultipliedRgbaColor,
    b: &slint::platform::software_renderer::PremultipliedRgbaColor,
) -> bool {
    [(a.red, b.red), (a.green, b.green), (a.blue, b.blue), (a.alpha, b.alpha)].iter().any(|(a, b)| a.abs_diff(*b) > 2)
}

/// What a server says whose network is down.
pub fn away() -> CatalogError {
    CatalogError::Unreachable("nobody listens".into())
}
