//! One change of all that a card shows: properties by their names, taken together or not at all.

use super::card::{Card, Pipe};
use crate::platform::Rect;
use drm::control::atomic::AtomicModeReq;
use drm::control::{AtomicCommitFlags, Device as _, Mode, ResourceHandle};
use drm::control::{framebuffer, plane};
use std::io;

/// What is asked for.
pub struct Request<'a> {
    card: &'a Card,
    asked: AtomicModeReq,
    /// Memory of the mode.
    mode: Option<u64>,
}

impl<'a> Request<'a> {
    /// Nothing yet.
    pub fn new(card: &'a Card) -> Self {
        Self { card, asked: AtomicModeReq::new(), mode: None }
    }

    /// One property, which the driver must have.
    pub fn put<H: ResourceHandle>(&mut self, of: H, name: &str, value: u64) -> io::Result<()> {
        let missing = || io::Error::new(io::ErrorKind::Unsupported, format!("no property {name}"));
        let (property, _) = self.card.property(of, name).ok_or_else(missing)?;
        self.asked.add_raw_property(of.into(), property, value);
        Ok(())
    }

    /// The display is on, in its mode.
    pub fn on(&mut self, pipe: &Pipe) -> io::Result<()> {
        let mode = self.blob(&pipe.mode)?;
        self.put(pipe.connector, "CRTC_ID", u32::from(pipe.crtc).into())?;
        self.put(pipe.crtc, "MODE_ID", mode)?;
        self.put(pipe.crtc, "ACTIVE", 1)
    }

    fn blob(&mut self, mode: &Mode) -> io::Result<u64> {
        let blob = u64::from(self.card.create_property_blob(mode)?);
        self.mode = Some(blob);
        Ok(blob)
    }

    /// A plane shows all of a buffer of `size` at `place`.
    pub fn show(
        &mut self,
        plane: plane::Handle,
        pipe: &Pipe,
        frame: framebuffer::Handle,
        size: (u32, u32),
        place: Rect,
    ) -> io::Result<()> {
        for (name, value) in [
            ("FB_ID", u32::from(frame)),
            ("CRTC_ID", u32::from(pipe.crtc)),
            ("SRC_X", 0),
            ("SRC_Y", 0),
            ("CRTC_X", place.x),
            ("CRTC_Y", place.y),
            ("CRTC_W", place.width),
            ("CRTC_H", place.height),
        ] {
            self.put(plane, name, value.into())?;
        }
        // In 65536ths of a pixel.
        self.put(plane, "SRC_W", u64::from(size.0) << 16)?;
        self.put(plane, "SRC_H", u64::from(size.1) << 16)
    }

    /// A plane shows nothing.
    pub fn off(&mut self, plane: plane::Handle) -> io::Result<()> {
        self.put(plane, "FB_ID", 0)?;
        self.put(plane, "CRTC_ID", 0)
    }

    /// A plane's alpha is premultiplied.
    pub fn premultiplied(&mut self, plane: plane::Handle) {
        // Where there is no choice, it is.
        if let Some((property, value)) = self.card.premultiplied(plane) {
            self.asked.add_raw_property(plane.into(), property, value);
        }
    }

    /// Would the driver take it?
    pub fn test(&self) -> io::Result<()> {
        self.commit(AtomicCommitFlags::TEST_ONLY)
    }

    /// Has it done, and waits for it.
    pub fn done(self) -> io::Result<()> {
        self.commit(AtomicCommitFlags::empty())
    }

    fn commit(&self, flags: AtomicCommitFlags) -> io::Result<()> {
        self.card.atomic_commit(flags | AtomicCommitFlags::ALLOW_MODESET, self.asked.clone())
    }
}

impl Drop for Request<'_> {
    fn drop(&mut self) {
        // What was set keeps it.
        if let Some(mode) = self.mode {
            let _ = self.card.destroy_property_blob(mode);
        }
    }
}
