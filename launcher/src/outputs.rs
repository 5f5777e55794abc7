//! Where the player's pictures go: to a plane of the display where the screen offers one, else into memory, to be composed.

use crate::platform::{FilmPlane, Seat, Waker};
use hearth_player::{Card, KmsPlane, KmsSettings, PixelFormat, Rect, SoftwareOutput, VideoFrame, VideoOutput};
use std::sync::{Arc, Mutex, PoisonError};

/// The latest picture, from the player's thread to the screen's.
#[derive(Clone, Default)]
pub struct Latest(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    number: u64,
    frame: Option<VideoFrame>,
    plane: Option<Arc<KmsPlane>>,
    /// What planes before that one have shown.
    shown: u64,
    size: Option<(u32, u32)>,
}

impl Latest {
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set(&self, frame: Option<VideoFrame>) {
        self.change(|state| {
            state.number += 1;
            state.frame = frame;
        });
    }

    /// The picture and its number; the number grows with every picture. None where a plane of the display shows them.
    pub fn get(&self) -> (u64, Option<VideoFrame>) {
        self.change(|state| (state.number, state.frame.clone()))
    }

    /// A film is on a plane of the display, in this size.
    pub(crate) fn on_plane(&self, size: Option<(u32, u32)>) {
        self.change(|state| state.size = size);
    }

    /// The size of the film that is on a plane of the display.
    pub fn size_on_plane(&self) -> Option<(u32, u32)> {
        self.change(|state| state.size)
    }

    /// Pictures that a plane of the display has shown so far.
    pub fn shown_on_plane(&self) -> u64 {
        self.change(|state| state.shown + state.plane.as_ref().map_or(0, |p| p.shown()))
    }

    fn count(&self, plane: &Arc<KmsPlane>) {
        self.change(|state| {
            if let Some(before) = state.plane.replace(plane.clone()).filter(|before| !Arc::ptr_eq(before, plane)) {
                state.shown += before.shown();
            }
        });
    }
}

/// Where one film's pictures go.
#[derive(Clone)]
pub struct Output {
    /// For the player.
    pub video: Arc<dyn VideoOutput>,
    /// Which plane that is; none: into memory.
    pub plane: Option<FilmPlane>,
}

/// All ways there are.
pub struct Outputs {
    software: Arc<SoftwareOutput>,
    seat: Seat,
    /// The number of the offer, the plane, and the output that uses it.
    offer: u64,
    plane: Option<(FilmPlane, Arc<KmsPlane>)>,
    latest: Latest,
}

impl Outputs {
    /// Into memory pictures go scaled to `size`; none: as they are, for a screen that scales them itself. `wake` is called for each of those.
    pub fn new(size: Option<(u32, u32)>, seat: Seat, wake: Waker) -> Self {
        let latest = Latest::default();
        let show = latest.clone();
        let picture = move |frame: VideoFrame| {
            show.set(Some(frame));
            wake();
        };
        let software = Arc::new(SoftwareOutput::new(PixelFormat::Bgrx, Arc::new(picture)));
        software.set_size(size);
        Self { software, seat, offer: 0, plane: None, latest }
    }

    /// Where pictures are.
    pub fn latest(&self) -> &Latest {
        &self.latest
    }

    /// The best there is now.
    pub fn best(&mut self) -> Output {
        self.follow();
        match &self.plane {
            Some((plane, output)) => Output { video: output.clone(), plane: Some(plane.clone()) },
            None => self.software(),
        }
    }

    /// The one that works everywhere.
    pub fn software(&self) -> Output {
        Output { video: self.software.clone(), plane: None }
    }

    /// Takes in what the screen offers.
    fn follow(&mut self) {
        let (offer, offered) = self.seat.offered();
        if std::mem::replace(&mut self.offer, offer) == offer {
            return;
        }
        let output = offered.and_then(|offered| {
            let same = self.plane.take().filter(|(plane, _)| plane.is(&offered)).map(|(_, output)| output);
            let output = same.or_else(|| open(&offered))?;
            let r = offered.rect;
            let at = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
            // What is on the screen goes there at once, and comes back if the display was away.
            output.set_rect(Rect { x: at(r.x), y: at(r.y), width: r.width, height: r.height });
            Some((offered, output))
        });
        self.plane = output;
        if let Some((_, output)) = &self.plane {
            self.latest.count(output);
        }
    }

    /// A film begins, on the plane or not.
    pub fn begin(&self, on_plane: bool) {
        self.latest.set(None);
        self.latest.on_plane(None);
        if on_plane { self.seat.take() } else { self.seat.leave() }
    }

    /// A film is over.
    pub fn end(&self) {
        self.latest.set(None);
        self.latest.on_plane(None);
        self.seat.leave();
    }
}

fn open(plane: &FilmPlane) -> Option<Arc<KmsPlane>> {
    let settings = KmsSettings {
        card: Card::Fd(plane.card.clone()),
        connector: Some(plane.connector),
        plane: Some(plane.plane),
        scales: plane.scales,
        // The events on the card's file are the screen's, and the display is too.
        skip_vsync: true,
        restore: false,
    };
    KmsPlane::open(settings).inspect_err(|e| tracing::warn!("plane {}: {e}", plane.plane)).ok().map(Arc::new)
}
