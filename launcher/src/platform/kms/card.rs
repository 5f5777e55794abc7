//! A graphics card: opening the right one, and reading from it the facts that [`super::choose`] decides on.

use super::choose::{self, ConnectorFacts, MaxMode, ModeFacts, PlaneFacts, PlaneKind};
use drm::buffer::DrmFourcc;
use drm::control::{Device as _, Mode, ModeFlags, ModeTypeFlags, ResourceHandle, ResourceHandles};
use drm::control::{connector, crtc, plane, property};
use drm::{ClientCapability, Device as _, DriverCapability};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode as FileMode, OFlags};
use std::io;
use std::path::{Path, PathBuf};

const FOLDER: &str = "/dev/dri";

/// Which display is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The card's kernel driver; none: the first with a display on it.
    pub driver: Option<String>,
    /// The most the board can show.
    pub max: Option<MaxMode>,
    /// DRM FourCCs that the board's plane for the interface takes; empty: as the driver says.
    pub formats: Vec<String>,
}

/// An open card. First come is master of it: nobody else may set modes.
pub struct Card {
    fd: OwnedFd,
    /// It can change all of the screen at once.
    pub atomic: bool,
}

impl AsFd for Card {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl drm::Device for Card {}
impl drm::control::Device for Card {}

/// The way of pictures through the card.
#[derive(Clone, Debug)]
pub struct Pipe {
    /// The socket.
    pub connector: connector::Handle,
    /// The scan-out engine.
    pub crtc: crtc::Handle,
    /// What it shows; none without planes to choose (legacy drivers).
    pub plane: Option<plane::Handle>,
    /// What the picture is written as.
    pub format: DrmFourcc,
    /// The display's timing.
    pub mode: Mode,
}

impl Pipe {
    /// Of the mode, in pixels.
    pub fn size(&self) -> (u32, u32) {
        let (width, height) = self.mode.size();
        (width.into(), height.into())
    }
}

/// The wanted card that has a display, and the way to it; none where there is no display.
pub fn find(wanted: &Wanted) -> Option<(Card, Pipe)> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(FOLDER).ok()?.flatten().map(|e| e.path()).collect();
    paths.retain(|p| p.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b"card")));
    paths.sort();
    paths.iter().find_map(|path| match Card::open(path, wanted) {
        Ok(Some(card)) => {
            let pipe = card.pipe(wanted).inspect_err(|e| tracing::warn!("{}: {e}", path.display())).ok()??;
            tracing::info!("display: {} {:?} atomic={}", path.display(), pipe.mode, card.atomic);
            Some((card, pipe))
        }
        Ok(None) => None,
        Err(e) => {
            tracing::warn!("cannot use {}: {e}", path.display());
            None
        }
    })
}

impl Card {
    fn open(path: &Path, wanted: &Wanted) -> io::Result<Option<Self>> {
        let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let mut card = Self { fd: rustix::fs::open(path, flags, FileMode::empty())?, atomic: false };
        let driver = card.get_driver()?;
        if wanted.driver.as_ref().is_some_and(|w| !driver.name().eq_ignore_ascii_case(w)) {
            return Ok(None);
        }
        // Cards without sockets (3D engines) have no dumb buffers either.
        if card.get_driver_capability(DriverCapability::DumbBuffer).unwrap_or(0) == 0 {
            return Ok(None);
        }
        let planes = card.set_client_capability(ClientCapability::UniversalPlanes, true).is_ok();
        card.atomic = planes && card.set_client_capability(ClientCapability::Atomic, true).is_ok();
        Ok(Some(card))
    }

    /// What would be shown where now.
    pub fn pipe(&self, wanted: &Wanted) -> io::Result<Option<Pipe>> {
        let resources = self.resource_handles()?;
        let connectors: Vec<connector::Info> =
            resources.connectors().iter().filter_map(|c| self.get_connector(*c, true).ok()).collect();
        let facts: Vec<ConnectorFacts> = connectors.iter().map(connector_facts).collect();
        let Some(found) = choose::connector(&facts).and_then(|at| connectors.get(at)) else { return Ok(None) };
        let modes: Vec<ModeFacts> = found.modes().iter().map(mode_facts).collect();
        let Some(mode) = choose::mode(&modes, wanted.max).and_then(|at| found.modes().get(at)) else { return Ok(None) };
        let Some(at) = self.crtc_for(found, &resources) else { return Ok(None) };
        let Some(crtc) = resources.crtcs().get(at).copied() else { return Ok(None) };
        let chosen = self.plane_for(crtc, &resources, &choose::formats(&wanted.formats))?;
        let format = chosen.and_then(|(_, format)| DrmFourcc::try_from(format).ok()).unwrap_or(DrmFourcc::Xrgb8888);
        Ok(Some(Pipe { connector: found.handle(), crtc, plane: chosen.map(|(plane, _)| plane), format, mode: *mode }))
    }

    fn crtc_for(&self, connector: &connector::Info, resources: &ResourceHandles) -> Option<usize> {
        let encoders: Vec<_> = connector.encoders().iter().filter_map(|e| self.get_encoder(*e).ok()).collect();
        let index = |handle: crtc::Handle| resources.crtcs().iter().position(|c| *c == handle);
        let mask = |filter| resources.filter_crtcs(filter).into_iter().filter_map(index).fold(0, |mask, n| mask | 1 << n);
        let possible: Vec<u32> = encoders.iter().map(|e| mask(e.possible_crtcs())).collect();
        let current = encoders.iter().find(|e| Some(e.handle()) == connector.current_encoder()).and_then(|e| index(e.crtc()?));
        choose::crtc(current, &possible, resources.crtcs().len())
    }

    fn plane_for(
        &self,
        crtc: crtc::Handle,
        resources: &ResourceHandles,
        formats: &[u32],
    ) -> io::Result<Option<(plane::Handle, u32)>> {
        let handles = self.plane_handles().unwrap_or_default();
        let mut facts = Vec::with_capacity(handles.len());
        for handle in &handles {
            let info = self.get_plane(*handle)?;
            let kind = match self.property(*handle, "type").map(|(_, value)| value) {
                Some(1) => PlaneKind::Primary,
                Some(2) => PlaneKind::Cursor,
                _ => PlaneKind::Overlay,
            };
            facts.push(PlaneFacts {
                kind,
                on_crtc: resources.filter_crtcs(info.possible_crtcs()).contains(&crtc),
                formats: info.formats().to_vec(),
                busy: info.crtc().is_some_and(|c| c != crtc),
            });
        }
        Ok(choose::plane(&facts, formats).and_then(|(at, format)| Some((*handles.get(at)?, format))))
    }

    /// A property by its name, and its value.
    pub fn property<H: ResourceHandle>(&self, of: H, name: &str) -> Option<(property::Handle, u64)> {
        let set = self.get_properties(of).ok()?;
        let (handles, values) = set.as_props_and_values();
        let named = |h: &property::Handle| self.get_property(*h).is_ok_and(|p| p.name().to_bytes() == name.as_bytes());
        handles.iter().zip(values).find(|(h, _)| named(h)).map(|(h, v)| (*h, *v))
    }
}

fn connector_facts(info: &connector::Info) -> ConnectorFacts {
    let hdmi = matches!(info.interface(), connector::Interface::HDMIA | connector::Interface::HDMIB);
    // "Unknown" is a display that cannot say that it is there (composite); its modes say that it is.
    let connected = info.state() != connector::State::Disconnected;
    ConnectorFacts { connected, modes: info.modes().len(), hdmi }
}

fn mode_facts(mode: &Mode) -> ModeFacts {
    let (width, height) = mode.size();
    ModeFacts {
        width: width.into(),
        height: height.into(),
        hz: mode.vrefresh(),
        preferred: mode.mode_type().contains(ModeTypeFlags::PREFERRED),
        interlaced: mode.flags().contains(ModeFlags::INTERLACE),
    }
}
