//! A box's screen on the kernel's own interfaces: DRM for pictures, evdev for keys, uevents for what comes and goes. One thread, one
//! `poll`. Without a display it goes on and waits for one.
//!
//! Where the board's film is to have a plane of its own (`Wanted::film`) and the card has one with alpha above it, the film goes there past this
//! program ([`super::Seat`]), and the interface's plane has nothing of it. Else one plane shows film and interface, composed by the CPU row by
//! row ([`crate::compose`]): right for cards without a second plane (virtio-gpu), and what is left where a film's plane does not work.

pub mod card;
pub mod choose;
mod damage;
mod display;
mod hotplug;
mod infrared;
mod layers;
mod planes;
mod remotes;
mod request;

pub use card::Wanted;
pub use choose::MaxMode;
pub use damage::Damage;
pub use infrared::Infrared;

use super::{FilmPlane, Frame, Input, Rect, Screen, ScreenError, Seat, Tally, Waker};
use crate::compose::{self, Composer, fit};
use display::Display;
use hotplug::{Change, Uevents};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Where the kernel does not say what changes, one looks again after this.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// A card that was busy with the film's plane is asked again after this.
const BUSY: Duration = Duration::from_millis(2);
/// Full alpha.
const OPAQUE: u32 = 0xff00_0000;

/// The screen of a box.
pub struct KmsScreen {
    wanted: Wanted,
    canvas: (u32, u32),
    display: Option<Display>,
    /// One that was pulled out. It is on until another comes, for a film that plays.
    gone: Option<Display>,
    seat: Seat,
    remotes: remotes::Remotes,
    uevents: Option<Uevents>,
    wake: Arc<OwnedFd>,
    composer: Composer,
    scratch: Scratch,
    /// Where the film was in the last frame.
    film: Option<Rect>,
    owes: bool,
    /// What is owed was refused for now.
    busy: bool,
    tally: Tally,
    /// Counts once the change-over is done.
    under_way: Tally,
    /// A picture of the film waits for the display.
    picture_owed: bool,
    /// The film's plane waits for being switched off.
    film_over: bool,
    looked: Instant,
}

#[derive(Default)]
struct Scratch {
    row: Vec<u32>,
    scaled: Vec<u32>,
}

impl KmsScreen {
    /// Takes the wanted display, or waits for it. The interface's size is settled now; later displays show that.
    pub fn open(wanted: Wanted, infrared: Option<Infrared>) -> Result<Self, ScreenError> {
        let kernel = |e: rustix::io::Errno| ScreenError::Refused(e.to_string());
        let wake = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(kernel)?);
        let uevents = Uevents::open().inspect_err(|e| tracing::warn!("no messages about devices: {e}")).ok();
        let mut screen = Self {
            wanted,
            canvas: (1280, 720),
            display: None,
            gone: None,
            seat: Seat::default(),
            remotes: remotes::Remotes::new(infrared),
            uevents,
            wake,
            composer: Composer::default(),
            scratch: Scratch::default(),
            film: None,
            owes: false,
            busy: false,
            tally: Tally::default(),
            under_way: Tally::default(),
            picture_owed: false,
            film_over: false,
            looked: Instant::now(),
        };
        screen.remotes.scan();
        screen.look();
        if let Some(display) = &screen.display {
            screen.canvas = choose::canvas(display.pipe.size());
            screen.offer();
        } else {
            tracing::warn!("no display yet");
        }
        Ok(screen)
    }

    /// Looks for a display where there is none, and whether the one there was still is. True: there is another.
    fn look(&mut self) -> bool {
        self.looked = Instant::now();
        if self.display.as_ref().is_some_and(|d| d.still_there(&self.wanted)) {
            return false;
        }
        if let Some(display) = self.display.take() {
            tracing::warn!("the display is gone, or another");
            self.gone = Some(display);
        }
        let held = self.gone.as_ref().map(Display::card);
        let opened = card::find(&self.wanted, held).map(|(card, pipe)| Display::open(card, pipe));
        self.display = opened.and_then(|d| d.inspect_err(|e| tracing::warn!("cannot turn the display on: {e}")).ok());
        self.owes = self.display.is_some();
        if self.owes {
            self.gone = None;
        }
        self.owes
    }

    /// Says which plane films can have.
    fn offer(&self) {
        let (Some(display), true) = (&self.display, self.wanted.film.is_some()) else { return };
        let plane = display.film().map(|(plane, scales)| FilmPlane {
            card: display.card().shared(),
            connector: display.pipe.connector.into(),
            plane: plane.into(),
            scales,
            rect: choose::place(self.canvas, display.pipe.size()),
        });
        match &plane {
            Some(film) => tracing::info!("films have plane {} for themselves; it scales: {}", film.plane, film.scales),
            None => tracing::warn!("this card has no plane for films below one with alpha: they are composed by the CPU"),
        }
        self.seat.offer(plane);
    }

    /// Writes what is stale in the back buffer and has it shown.
    fn draw(&mut self, frame: &Frame<'_>) -> std::io::Result<()> {
        let Some(display) = &mut self.display else { return Ok(()) };
        let mode = display.pipe.size();
        let place = choose::place(self.canvas, mode);
        self.composer.begin(frame.film, self.canvas);
        let (above, alpha) = (display.film().is_some(), display.alpha());
        let blank = if above { 0 } else { OPAQUE };
        let buffer = display.back();
        let rows: Vec<_> = buffer.stale.rows().collect();
        let Scratch { row, scaled } = &mut self.scratch;
        row.resize(self.canvas.0 as usize, 0);
        scaled.resize(mode.0 as usize, 0);
        let (mut drawn, same) = (None, place.width == self.canvas.0);
        for (y, start, end) in rows {
            let Some(at) = y.checked_sub(place.y).filter(|at| *at < place.height) else {
                scaled.fill(blank);
                drawn = None;
                buffer.write(start, y, &scaled[start as usize..end as usize]);
                continue;
            };
            let source = (u64::from(at) * u64::from(self.canvas.1) / u64::from(place.height)) as u32;
            if drawn != Some(source) {
                if above && frame.film.is_none() {
                    compose::above(&frame.ui, source, row);
                } else {
                    self.composer.row(frame.film, &frame.ui, source, row);
                    if alpha {
                        row.iter_mut().for_each(|pixel| *pixel |= OPAQUE);
                    }
                }
                drawn = Some(source);
                let inside = &mut scaled[place.x as usize..(place.x + place.width) as usize];
                if same {
                    inside.copy_from_slice(row);
                } else {
                    let step = |x: usize| x * self.canvas.0 as usize / place.width as usize;
                    inside.iter_mut().enumerate().for_each(|(x, out)| *out = row[step(x)]);
                }
                scaled[..place.x as usize].fill(blank);
                scaled[(place.x + place.width) as usize..].fill(blank);
            }
            buffer.write(start, y, &scaled[start as usize..end as usize]);
        }
        buffer.fresh();
        self.film_over |= self.seat.was_left();
        display.show(self.film_over)?;
        self.film_over = false;
        Ok(())
    }

    /// What changes on the display with this frame.
    fn damage(&mut self, frame: &Frame<'_>) -> Damage {
        let mut changed = Damage::default();
        frame.ui_changed.iter().for_each(|r| changed.add(*r, self.canvas));
        if frame.film_changed {
            let rect = |(x, y, width, height)| Rect { x, y, width, height };
            let now = frame.film.map(|f| rect(fit(f.width, f.height, self.canvas)));
            let places = [now, self.film.filter(|was| Some(*was) != now)];
            for run in places.into_iter().flatten().flat_map(|place| frame.ui.cover.seen_through(place)) {
                changed.add(run, self.canvas);
            }
            self.film = now;
        }
        let Some(display) = &self.display else { return changed };
        let mode = display.pipe.size();
        let place = choose::place(self.canvas, mode);
        let mut damage = Damage::default();
        changed.rects().iter().for_each(|r| damage.add(onto(*r, self.canvas, place), mode));
        damage
    }
}

/// A part of the canvas, where it is on the display: never less of it.
fn onto(part: Rect, canvas: (u32, u32), place: Rect) -> Rect {
    let low = |n: u32, of: u32, to: u32| (u64::from(n) * u64::from(to) / u64::from(of.max(1))) as u32;
    let high = |n: u32, of: u32, to: u32| (u64::from(n) * u64::from(to)).div_ceil(u64::from(of.max(1))) as u32;
    let (left, top) = (low(part.x, canvas.0, place.width), low(part.y, canvas.1, place.height));
    let (right, bottom) = (high(part.x + part.width, canvas.0, place.width), high(part.y + part.height, canvas.1, place.height));
    Rect { x: place.x + left, y: place.y + top, width: right - left, height: bottom - top }
}

impl Screen for KmsScreen {
    fn size(&self) -> (u32, u32) {
        self.canvas
    }

    fn waker(&self) -> Waker {
        let wake = self.wake.clone();
        // Full: it is about to wake anyway.
        Arc::new(move || {
            let _ = rustix::io::write(&wake, &1u64.to_ne_bytes());
        })
    }

    fn wait(&mut self, timeout: Option<Duration>, input: &mut Vec<Input>) {
        let alone = self.uevents.is_none() || self.display.is_none();
        let soonest =
            [alone.then_some(LOOK_AGAIN), (self.busy && self.owes()).then_some(BUSY)].into_iter().flatten().chain(timeout);
        let timeout = soonest.min();
        let until = timeout.map(|t| Timespec { tv_sec: t.as_secs() as i64, tv_nsec: i64::from(t.subsec_nanos()) });
        let mut fds = vec![PollFd::new(&*self.wake, PollFlags::IN)];
        fds.extend(self.display.iter().map(|d| PollFd::new(d.card(), PollFlags::IN)));
        fds.extend(self.uevents.iter().map(|u| PollFd::from_borrowed_fd(u.fd(), PollFlags::IN)));
        fds.extend(self.remotes.fds().map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
        // A signal is as good as a wake.
        let _ = poll(&mut fds, until.as_ref());
        drop(fds);
        let _ = rustix::io::read(&self.wake, &mut [0; 8]);
        if self.display.as_mut().is_some_and(Display::read) {
            self.tally = self.under_way;
        }
        self.remotes.read(input);
        let changes = self.uevents.as_ref().map(Uevents::read).unwrap_or_default();
        let again = alone && self.looked.elapsed() >= LOOK_AGAIN;
        if again || changes.contains(&Change::Input) {
            self.remotes.scan();
        }
        if (again || changes.contains(&Change::Display)) && self.look() {
            self.offer();
        }
    }

    fn present(&mut self, frame: &Frame<'_>) -> Result<(), ScreenError> {
        let damage = self.damage(frame);
        let Some(display) = &mut self.display else {
            // Nobody looks, and that is no fault of this program's: the frame counts, the box is well.
            self.tally.add(frame);
            (self.under_way, self.owes) = (self.tally, false);
            return Ok(());
        };
        display.spoil(&damage);
        self.picture_owed |= frame.film_changed && frame.film.is_some();
        self.owes = true;
        if display.flipping() {
            return Ok(());
        }
        self.busy = false;
        match self.draw(frame) {
            Ok(()) => {
                self.owes = false;
                self.under_way.frames += 1;
                self.under_way.pictures += u64::from(std::mem::take(&mut self.picture_owed));
                if self.display.as_ref().is_some_and(|d| !d.flipping()) {
                    self.tally = self.under_way;
                }
            }
            Err(e) if e.kind() == std::io::ErrorKind::ResourceBusy => self.busy = true,
            Err(e) => {
                tracing::warn!("the display does not take pictures any more: {e}");
                self.gone = self.display.take();
            }
        }
        Ok(())
    }

    fn owes(&self) -> bool {
        self.owes && self.display.as_ref().is_none_or(|d| !d.flipping())
    }

    fn tally(&self) -> Tally {
        self.tally
    }

    fn seat(&self) -> Seat {
        self.seat.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_the_canvas_are_found_on_the_display() {
        let rect = |x, y, width, height| Rect { x, y, width, height };
        for (part, place, expected) in [
            (rect(10, 20, 30, 40), rect(0, 0, 1280, 720), rect(10, 20, 30, 40)),
            (rect(10, 20, 30, 40), rect(0, 152, 1280, 720), rect(10, 172, 30, 40)),
            (rect(1, 1, 1, 1), rect(0, 85, 720, 405), rect(0, 85, 2, 2)),
            (rect(0, 0, 1280, 720), rect(0, 0, 3840, 2160), rect(0, 0, 3840, 2160)),
        ] {
            assert_eq!(onto(part, (1280, 720), place), expected, "{part:?} in {place:?}");
        }
    }
}
