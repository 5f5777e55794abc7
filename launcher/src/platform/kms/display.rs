//! A display that is on: two buffers, one shown while the other is written, and the commits that change them over.

use super::card::{Card, Pipe, Wanted};
use super::damage::Damage;
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
    /// Put into every pixel: full alpha, where the format has one.
    opaque: u32,
    /// Where it is older than what was last shown.
    pub stale: Damage,
}

impl Buffer {
    fn new(card: &Card, pipe: &Pipe) -> io::Result<Self> {
        let dumb = card.create_dumb_buffer(pipe.size(), pipe.format, 32)?;
        // The mapping borrows its buffer, and a frame should not be mapped anew 60 times a second: the few bytes of the handle
        // are given away, once for each time that a display is plugged in.
        let map = card.map_dumb_buffer(Box::leak(Box::new(dumb)))?;
        // By its depth the kernel tells `AR24` from `XR24`.
        let (depth, opaque) = if pipe.format == DrmFourcc::Argb8888 { (32, 0xff00_0000) } else { (24, 0) };
        let frame = card.add_framebuffer(&dumb, depth, 32)?;
        Ok(Self { map, dumb, frame, opaque, stale: Damage::default() })
    }

    /// Writes `0x00RRGGBB` pixels into row `y` from `x` on.
    pub fn write(&mut self, x: u32, y: u32, pixels: &[u32]) {
        let start = y as usize * self.dumb.pitch() as usize + x as usize * 4;
        let Some(row) = self.map.as_mut().get_mut(start..start + pixels.len() * 4) else { return };
        // The formats are little-endian, as is everything that Hearth runs on.
        if self.opaque == 0 {
            row.copy_from_slice(bytemuck::cast_slice(pixels));
        } else {
            row.chunks_exact_mut(4)
                .zip(pixels)
                .for_each(|(out, pixel)| out.copy_from_slice(&(pixel | self.opaque).to_le_bytes()));
        }
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
}

impl Display {
    /// Turns it on, black.
    pub fn open(card: Card, pipe: Pipe) -> io::Result<Self> {
        let size = pipe.size();
        let mut buffers = vec![Buffer::new(&card, &pipe)?, Buffer::new(&card, &pipe)?];
        let whole = crate::platform::Rect { x: 0, y: 0, width: size.0, height: size.1 };
        buffers.iter_mut().for_each(|b| b.stale.add(whole, size));
        let mut display = Self { card, pipe, way: Way::Flip, buffers, front: 0, flipping: None };
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

    fn turn_on_atomic(&self) -> io::Result<Option<Properties>> {
        let (Some(plane), true) = (self.pipe.plane, self.card.atomic) else { return Ok(None) };
        let missing = |name: &str| io::Error::new(io::ErrorKind::Unsupported, format!("no property {name}"));
        let mut request = AtomicModeReq::new();
        let (width, height) = self.pipe.size();
        let frame = self.buffers.first().map_or(0, |b| u64::from(u32::from(b.frame)));
        let mode = self.card.create_property_blob(&self.pipe.mode)?;
        let mut put =
            |object: drm::control::RawResourceHandle, found: Option<(property::Handle, u64)>, name: &str, value: u64| {
                request.add_raw_property(object, found.ok_or_else(|| missing(name))?.0, value);
                io::Result::Ok(())
            };
        let crtc = u64::from(u32::from(self.pipe.crtc));
        let (c, o) = (self.pipe.connector, self.pipe.crtc);
        put(c.into(), self.card.property(c, "CRTC_ID"), "CRTC_ID", crtc)?;
        put(o.into(), self.card.property(o, "MODE_ID"), "MODE_ID", mode.into())?;
        put(o.into(), self.card.property(o, "ACTIVE"), "ACTIVE", 1)?;
        let (w, h) = (u64::from(width), u64::from(height));
        for (name, value) in [
            ("FB_ID", frame),
            ("CRTC_ID", crtc),
            ("SRC_X", 0),
            ("SRC_Y", 0),
            ("SRC_W", w << 16),
            ("SRC_H", h << 16),
            ("CRTC_X", 0),
            ("CRTC_Y", 0),
            ("CRTC_W", w),
            ("CRTC_H", h),
        ] {
            put(plane.into(), self.card.property(plane, name), name, value)?;
        }
        self.card.atomic_commit(AtomicCommitFlags::ALLOW_MODESET, request)?;
        let frame = self.card.property(plane, "FB_ID").ok_or_else(|| missing("FB_ID"))?.0;
        let clips = self.card.property(plane, "FB_DAMAGE_CLIPS").map(|(handle, _)| handle);
        Ok(Some(Properties { plane, frame, clips }))
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

    /// Shows what was written into [`Display::back`]. Returns at once; [`Display::read`] says when it is done.
    pub fn show(&mut self) -> io::Result<()> {
        let at = self.back_at();
        match self.way {
            Way::Atomic(_) => self.commit(at)?,
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
                    self.buffers[at].stale.clear();
                    return Ok(());
                }
            }
            Way::Dirty => {
                let clip = |n: u32| u16::try_from(n).unwrap_or(u16::MAX);
                let rects = self.buffers[at].stale.rects().iter();
                let clips: Vec<ClipRect> =
                    rects.map(|r| ClipRect::new(clip(r.x), clip(r.y), clip(r.x + r.width), clip(r.y + r.height))).collect();
                // Cards that scan their memory out need not be told, and say so.
                let _ = self.card.dirty_framebuffer(self.buffers[at].frame, &clips);
                self.buffers[at].stale.clear();
                return Ok(());
            }
        }
        self.buffers[at].stale.clear();
        (self.front, self.flipping) = (at, Some(Instant::now()));
        Ok(())
    }

    fn commit(&self, at: usize) -> io::Result<()> {
        let Way::Atomic(properties) = &self.way else { return Ok(()) };
        let mut request = AtomicModeReq::new();
        let plane = properties.plane.into();
        request.add_raw_property(plane, properties.frame, u64::from(u32::from(self.buffers[at].frame)));
        let rects = self.buffers[at].stale.rects().iter();
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
        for buffer in self.buffers.drain(..) {
            drop(buffer.map);
            // What fails here goes with the card's file.
            let _ = self.card.destroy_framebuffer(buffer.frame);
            let _ = self.card.destroy_dumb_buffer(buffer.dumb);
        }
    }
}
