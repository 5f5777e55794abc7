//! A graphics card: opening the right one, and reading from it the facts that [`super::choose`] decides on.

use super::choose::{self, ConnectorFacts, MaxMode, ModeFacts};
use super::planes::{self, PlaneFacts, PlaneKind, Stack};
use drm::buffer::DrmFourcc;
use drm::control::{Device as _, Mode, ModeFlags, ModeTypeFlags, ResourceHandle, ResourceHandles};
use drm::control::{connector, crtc, plane, property};
use drm::{ClientCapability, Device as _, DriverCapability};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode as FileMode, OFlags};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const FOLDER: &str = "/dev/dri";
const BLEND: &str = "pixel blend mode";

/// Which display is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The card's kernel driver; none: the first with a display on it.
    pub driver: Option<String>,
    /// The most the board can show.
    pub max: Option<MaxMode>,
    /// DRM FourCCs that the board's plane for the interface takes; empty: as the driver says.
    pub formats: Vec<String>,
    /// Films are to have a plane of their own, and these are its FourCCs; none: they are composed with the interface.
    pub film: Option<Vec<String>>,
}

/// An open card. First come is master of it: nobody else may set modes. So it is opened once, and kept while displays come and go.
#[derive(Clone)]
pub struct Card {
    fd: Arc<OwnedFd>,
    path: PathBuf,
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
    /// Ways to have the film on a plane of its own, the best first.
    pub stacks: Vec<Stack>,
    /// What the indexes in those mean.
    pub planes: Vec<plane::Handle>,
}

impl Pipe {
    /// Of the mode, in pixels.
    pub fn size(&self) -> (u32, u32) {
        let (width, height) = self.mode.size();
        (width.into(), height.into())
    }
}

/// The wanted card that has a display, and the way to it; none where there is no display. `held`: the card that was in use.
pub fn find(wanted: &Wanted, held: Option<&Card>) -> Option<(Card, Pipe)> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(FOLDER).ok()?.flatten().map(|e| e.path()).collect();
    paths.retain(|p| p.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b"card")));
    paths.sort();
    let open = |path: &PathBuf| match held.filter(|card| card.path == *path) {
        Some(card) => Ok(Some(card.clone())),
        None => Card::open(path, wanted),
    };
    paths.iter().find_map(|path| match open(path) {
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
        let fd = Arc::new(rustix::fs::open(path, flags, FileMode::empty())?);
        let mut card = Self { fd, path: path.to_owned(), atomic: false };
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

    /// For whoever shows pictures on another of its planes.
    pub fn shared(&self) -> Arc<OwnedFd> {
        self.fd.clone()
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
        let handles = self.plane_handles().unwrap_or_default();
        let facts = handles.iter().map(|h| self.plane_facts(*h, crtc, &resources)).collect::<io::Result<Vec<_>>>()?;
        let listed = planes::codes(&wanted.formats);
        let chosen = planes::plane(&facts, &planes::composed(&listed));
        let plane = chosen.and_then(|(at, _)| handles.get(at).copied());
        let format = chosen.and_then(|(_, format)| DrmFourcc::try_from(format).ok()).unwrap_or(DrmFourcc::Xrgb8888);
        let film = wanted.film.as_ref().filter(|_| self.atomic).map(|f| planes::codes(f));
        let stacks = film.map_or_else(Vec::new, |film| planes::stacks(&facts, &listed, &film));
        Ok(Some(Pipe { connector: found.handle(), crtc, plane, format, mode: *mode, stacks, planes: handles }))
    }

    fn crtc_for(&self, connector: &connector::Info, resources: &ResourceHandles) -> Option<usize> {
        let encoders: Vec<_> = connector.encoders().iter().filter_map(|e| self.get_encoder(*e).ok()).collect();
        let index = |handle: crtc::Handle| resources.crtcs().iter().position(|c| *c == handle);
        let mask = |filter| resources.filter_crtcs(filter).into_iter().filter_map(index).fold(0, |mask, n| mask | 1 << n);
        let possible: Vec<u32> = encoders.iter().map(|e| mask(e.possible_crtcs())).collect();
        let current = encoders.iter().find(|e| Some(e.handle()) == connector.current_encoder()).and_then(|e| index(e.crtc()?));
        choose::crtc(current, &possible, resources.crtcs().len())
    }

    fn plane_facts(&self, plane: plane::Handle, crtc: crtc::Handle, resources: &ResourceHandles) -> io::Result<PlaneFacts> {
        let info = self.get_plane(plane)?;
        let kind = match self.property(plane, "type").map(|(_, value)| value) {
            Some(1) => PlaneKind::Primary,
            Some(2) => PlaneKind::Cursor,
            _ => PlaneKind::Overlay,
        };
        Ok(PlaneFacts {
            kind,
            on_crtc: resources.filter_crtcs(info.possible_crtcs()).contains(&crtc),
            formats: info.formats().to_vec(),
            busy: info.crtc().is_some_and(|c| c != crtc),
            places: self.places(plane),
            // Without the property it is the only kind there is.
            premultiplied: self.property(plane, BLEND).is_none() || self.premultiplied(plane).is_some(),
        })
    }

    /// The lowest and highest `zpos`.
    fn places(&self, plane: plane::Handle) -> Option<(u64, u64)> {
        let (handle, now) = self.property(plane, "zpos")?;
        let info = self.get_property(handle).ok()?;
        match info.value_type() {
            property::ValueType::UnsignedRange(low, high) if info.mutable() => Some((*low, *high)),
            _ => Some((now, now)),
        }
    }

    /// The property, and its value, by which a plane's alpha is premultiplied.
    pub fn premultiplied(&self, plane: plane::Handle) -> Option<(property::Handle, u64)> {
        let (handle, _) = self.property(plane, BLEND)?;
        let info = self.get_property(handle).ok()?;
        let property::ValueType::Enum(values) = info.value_type() else { return None };
        let value = values.values().1.iter().find(|v| v.name().to_bytes() == b"Pre-multiplied")?;
        Some((handle, value.value()))
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
