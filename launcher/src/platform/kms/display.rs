//! A display that is on: two buffers, one shown while the other is written, and the commits that change them over.

use super::card::{Card, Pipe, Wanted};
use super::damage::Damage;
use super::layers::{self, Layers};
use super::request::Request;
use crate::platform::Rect;
use drm::buffer::{Buffer as _, DrmFourcc};
use drm::control::atomic::AtomicModeReq;
use drm::control::dumbbuffer::{DumbBuffer, DumbMapping};
use drm::control::{AtomicCommitFlags, ClipRect, Device as _, Event, PageFlipFlags};
use drm::control::{framebuffer, plane, property};
use std::io;
use std::time::{Duration, Instant};

/// A card that has not said by then that a change-over is done never will.
const LOST: Duration = Duration::from_secs(1);

/// A buffer in the card's memory: written, never read (reading it may be slow beyond measure).
pub struct Buffer {
    map: DumbMapping<'static>,
    dumb: DumbBuffer,
    frame: framebuffer::Handle,
    /// Where it is older than what is to be shown.
    pub stale: Damage,
    /// Where it was written since it was last shown.
    written: Damage,
}

impl Buffer {
    fn new(card: &Card, size: (u32, u32), format: DrmFourcc) -> io::Result<Self> {
        let dumb = card.create_dumb_buffer(size, format, 32)?;
        // The mapping borrows its buffer, and a frame should not be mapped anew 60 times a second: the few bytes of the handle
        // are given away, once for each time that a display is plugged in.
        let map = card.map_dumb_buffer(Box::leak(Box::new(dumb)))?;
        // By its depth the kernel tells `AR24` from `XR24`.
        let depth = if format == DrmFourcc::Argb8888 { 32 } else { 24 };
        let frame = card.add_framebuffer(&dumb, depth, 32)?;
        let mut stale = Damage::default();
        stale.add(Rect { x: 0, y: 0, width: size.0, height: size.1 }, size);
        Ok(Self { map, dumb, frame, stale, written: Damage::default() })
    }

    /// All that is stale has been written.
    pub fn fresh(&mut self) {
        self.written.merge(&self.stale, self.dumb.size());
        self.stale.clear();
    }

    /// Writes `0xAARRGGBB` pixels into row `y` from `x` on.
    pub fn write(&mut self, x: u32, y: u32, pixels: &[u32]) {
        let start = y as usize * self.dumb.pitch() as usize + x as usize * 4;
        let Some(row) = self.map.as_mut().get_mut(start..start + pixels.len() * 4) else { return };
        // The formats are little-endian, as is everything that Hearth runs on.
        row.copy_from_slice(bytemuck::cast_slice(pixels));
    }

    fn free(self, card: &Card) {
        drop(self.map);
        // What fails here goes with the card's file.
        let _ = card.destroy_framebuffer(self.frame);
        let _ = card.destroy_dumb_buffer(self.dumb);
    }
}

/// How a buffer gets to be shown.
enum Way {
    /// All properties in one commit.
    Atomic(Box<Properties>),
    /// The old calls: set once, then flip.
    Flip,
    /// The card cannot flip: one buffer, and telling what changed in it.
    Dirty,
}

struct Properties {
    plane: plane::Handle,
    frame: property::Handle,
    clips: Option<property::Handle>,
}

impl Properties {
    fn of(card: &Card, plane: plane::Handle) -> io::Result<Self> {
        let missing = || io::Error::new(io::ErrorKind::Unsupported, "no property FB_ID");
        let (frame, _) = card.property(plane, "FB_ID").ok_or_else(missing)?;
        let clips = card.property(plane, "FB_DAMAGE_CLIPS").map(|(handle, _)| handle);
        Ok(Self { plane, frame, clips })
    }
}

/// A display that is on.
pub struct Display {
    card: Card,
    /// The way to it.
    pub pipe: Pipe,
    way: Way,
    buffers: Vec<Buffer>,
    front: usize,
    /// When the change-over that is under way began.
    flipping: Option<Instant>,
    /// A plane is there for films alone.
    layers: Option<Layers>,
}

impl Display {
    /// Turns it on, black.
    pub fn open(card: Card, pipe: Pipe) -> io::Result<Self> {
        if !pipe.stacks.is_empty()
            && let Ok(mut buffers) = Self::buffers(&card, &pipe, DrmFourcc::Argb8888)
        {
            if let Some(layers) = buffers.first().and_then(|b| layers::turn_on(&card, &pipe, b.frame)) {
                let way = Way::Atomic(Box::new(Properties::of(&card, layers.ui)?));
                return Ok(Self { card, pipe, way, buffers, front: 0, flipping: None, layers: Some(layers) });
            }
            buffers.drain(..).for_each(|b| b.free(&card));
        }
        let buffers = Self::buffers(&card, &pipe, pipe.format)?;
        let mut display = Self { card, pipe, way: Way::Flip, buffers, front: 0, flipping: None, layers: None };
        match display.turn_on_atomic() {
            Ok(Some(properties)) => display.way = Way::Atomic(Box::new(properties)),
            atomic => {
                if let Err(e) = atomic {
                    tracing::warn!("no atomic mode setting: {e}");
                }
                let (pipe, frame) = (&display.pipe, display.buffers.first().map(|b| b.frame));
                display.card.set_crtc(pipe.crtc, frame, (0, 0), &[pipe.connector], Some(pipe.mode))?;
            }
        }
        Ok(display)
    }

    fn buffers(card: &Card, pipe: &Pipe, format: DrmFourcc) -> io::Result<Vec<Buffer>> {
        (0..2).map(|_| Buffer::new(card, pipe.size(), format)).collect()
    }

    fn turn_on_atomic(&self) -> io::Result<Option<Properties>> {
        let (Some(plane), Some(buffer), true) = (self.pipe.plane, self.buffers.first(), self.card.atomic) else {
            return Ok(None);
        };
        let (width, height) = self.pipe.size();
        let mut request = Request::new(&self.card);
        request.on(&self.pipe)?;
        request.show(plane, &self.pipe, buffer.frame, (width, height), Rect { x: 0, y: 0, width, height })?;
        request.done()?;
        Properties::of(&self.card, plane).map(Some)
    }

    /// The plane that is there for films alone, if there is one, and whether it scales them.
    pub fn film(&self) -> Option<(plane::Handle, bool)> {
        self.layers.as_ref().map(|l| (l.film, l.scales))
    }

    /// What is written must say that nothing shines through.
    pub fn alpha(&self) -> bool {
        self.buffers.first().is_some_and(|b| b.dumb.format() == DrmFourcc::Argb8888)
    }

    /// The buffer to write the next frame into: not the one that is shown, where there is a choice.
    pub fn back(&mut self) -> &mut Buffer {
        let at = self.back_at();
        &mut self.buffers[at]
    }

    fn back_at(&self) -> usize {
        if matches!(self.way, Way::Dirty) { self.front } else { 1 - self.front }
    }

    /// A part of the screen is to look different: no buffer shows it yet.
    pub fn spoil(&mut self, damage: &Damage) {
        let size = self.pipe.size();
        self.buffers.iter_mut().for_each(|b| b.stale.merge(damage, size));
    }

    /// Shows what was written into [`Display::back`]. Returns at once; [`Display::read`] says when it is done. `over`: the film's plane is
    /// switched off with it.
    pub fn show(&mut self, over: bool) -> io::Result<()> {
        let at = self.back_at();
        match self.way {
            Way::Atomic(_) => self.commit(at, over)?,
            Way::Flip => {
                if let Err(e) = self.card.page_flip(self.pipe.crtc, self.buffers[at].frame, PageFlipFlags::EVENT, None) {
                    if e.kind() == io::ErrorKind::ResourceBusy {
                        return Err(e);
                    }
                    tracing::warn!("the card cannot flip: {e}");
                    self.card.set_crtc(
                        self.pipe.crtc,
                        Some(self.buffers[at].frame),
                        (0, 0),
                        &[self.pipe.connector],
                        Some(self.pipe.mode),
                    )?;
                    (self.way, self.front) = (Way::Dirty, at);
                    self.buffers[at].written.clear();
                    return Ok(());
                }
            }
            Way::Dirty => {
                let clip = |n: u32| u16::try_from(n).unwrap_or(u16::MAX);
                let rects = self.buffers[at].written.rects().iter();
                let clips: Vec<ClipRect> =
                    rects.map(|r| ClipRect::new(clip(r.x), clip(r.y), clip(r.x + r.width), clip(r.y + r.height))).collect();
                // Cards that scan their memory out need not be told, and say so.
                let _ = self.card.dirty_framebuffer(self.buffers[at].frame, &clips);
                self.buffers[at].written.clear();
                return Ok(());
            }
        }
        self.buffers[at].written.clear();
        (self.front, self.flipping) = (at, Some(Instant::now()));
        Ok(())
    }

    fn commit(&self, at: usize, over: bool) -> io::Result<()> {
        let Way::Atomic(properties) = &self.way else { return Ok(()) };
        let mut request = AtomicModeReq::new();
        for film in self.layers.iter().filter(|_| over).map(|l| l.film) {
            for name in ["FB_ID", "CRTC_ID"] {
                self.card.property(film, name).into_iter().for_each(|(p, _)| request.add_raw_property(film.into(), p, 0));
            }
        }
        let plane = properties.plane.into();
        request.add_raw_property(plane, properties.frame, u64::from(u32::from(self.buffers[at].frame)));
        let rects = self.buffers[at].written.rects().iter();
        let clips: Vec<[i32; 4]> =
            rects.map(|r| [r.x, r.y, r.x + r.width, r.y + r.height].map(|n| i32::try_from(n).unwrap_or(i32::MAX))).collect();
        let blob = properties.clips.filter(|_| !clips.is_empty()).and_then(|handle| {
            let blob = u64::from(self.card.create_property_blob(clips.as_slice()).ok()?);
            request.add_raw_property(plane, handle, blob);
            Some(blob)
        });
        let flags = AtomicCommitFlags::NONBLOCK | AtomicCommitFlags::PAGE_FLIP_EVENT;
        let done = self.card.atomic_commit(flags, request);
        if let Some(blob) = blob {
            let _ = self.card.destroy_property_blob(blob);
        }
        done
    }

    /// For poll.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// A change-over is under way: nothing can be shown before it is done.
    pub fn flipping(&self) -> bool {
        self.flipping.is_some()
    }

    /// Takes in the card's events; true: a change-over is done.
    pub fn read(&mut self) -> bool {
        let was = self.flipping();
        if let Ok(mut events) = self.card.receive_events()
            && events.any(|e| matches!(e, Event::PageFlip(_)))
        {
            self.flipping = None;
        }
        if self.flipping.is_some_and(|since| since.elapsed() >= LOST) {
            tracing::warn!("the card did not say that a frame is shown");
            self.flipping = None;
        }
        was && !self.flipping()
    }

    /// The display is still there, and takes what it is given.
    pub fn still_there(&self, wanted: &Wanted) -> bool {
        self.card.pipe(wanted).is_ok_and(|now| {
            now.is_some_and(|now| {
                now.connector == self.pipe.connector && now.crtc == self.pipe.crtc && now.mode == self.pipe.mode
            })
        })
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.buffers.drain(..).for_each(|b| b.free(&self.card));
    }
}
