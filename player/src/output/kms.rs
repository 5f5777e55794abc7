//! A plane of the display, straight from the kernel (DRM/KMS): the decoder's memory is scanned out where it is.

use super::copies::Copies;
use super::overlay::Overlay;
use super::{CopyPath, Presented, Rect, VideoOutput};
use crate::Error;
use gst::prelude::*;
use gstreamer as gst;
use std::fs::{File, OpenOptions, read_dir, read_to_string};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};

/// Which display controller.
#[derive(Clone, Debug, Default)]
pub enum Card {
    /// The first one with a screen, or at least with a socket for one.
    #[default]
    First,
    /// Its device, such as `/dev/dri/card0`.
    Path(PathBuf),
    /// Its kernel driver, such as `rockchip`.
    Driver(String),
    /// Opened by the application, which shows its interface on it too.
    Fd(Arc<OwnedFd>),
}

/// Which plane of which screen. Numbers are the kernel's (`modetest -c -p` lists them).
#[derive(Clone, Debug)]
pub struct KmsSettings {
    /// The display controller.
    pub card: Card,
    /// The screen's connector; none: the first that is connected.
    pub connector: Option<u32>,
    /// The plane; none: the first that the screen can show.
    pub plane: Option<u32>,
    /// The plane scales. Where it does not, the CPU does, to the size of the rectangle; without one the film keeps its size.
    pub scales: bool,
    /// Do not wait for the display after each picture: the driver is atomic and waits already.
    pub skip_vsync: bool,
    /// Give the display back as it was.
    pub restore: bool,
}

impl Default for KmsSettings {
    fn default() -> Self {
        Self { card: Card::First, connector: None, plane: None, scales: true, skip_vsync: false, restore: true }
    }
}

/// The film on a plane of its own. One that fills the screen by the kernel's rules (a primary plane) can neither move nor hide: give it an
/// overlay plane, below the interface's.
pub struct KmsPlane {
    settings: KmsSettings,
    /// Open as long as a sink may use it; none where the sink looks for the driver.
    device: Option<Arc<OwnedFd>>,
    overlay: Overlay,
    copies: Mutex<Option<Copies>>,
}

impl KmsPlane {
    /// Opens the card. Whoever opens it first owns the display until it is closed.
    pub fn open(settings: KmsSettings) -> Result<Self, Error> {
        let device = match &settings.card {
            Card::First => Some(open(&first(Path::new("/sys/class/drm"), Path::new("/dev/dri"))?)?),
            Card::Path(path) => Some(open(path)?),
            Card::Driver(_) => None,
            Card::Fd(device) => Some(device.clone()),
        };
        let overlay = Overlay::new(settings.scales);
        Ok(Self { settings, device, overlay, copies: Mutex::default() })
    }

    /// Pictures that it has shown, of all sessions.
    pub fn shown(&self) -> u64 {
        self.overlay.shown.load(Relaxed)
    }

    /// The sink, with everything set.
    fn plane(&self) -> Result<gst::Element, Error> {
        let id = |id: Option<u32>| id.and_then(|id| i32::try_from(id).ok()).unwrap_or(-1);
        let sink = gst::ElementFactory::make("kmssink")
            .property("connector-id", id(self.settings.connector))
            .property("plane-id", id(self.settings.plane))
            .property("can-scale", self.settings.scales)
            .property("skip-vsync", self.settings.skip_vsync)
            .property("restore-crtc", self.settings.restore)
            .build()
            .map_err(|e| Error::Framework(format!("kmssink (of gstreamer1.0-plugins-bad): {e}")))?;
        if let Card::Driver(driver) = &self.settings.card {
            sink.set_property("driver-name", driver);
        }
        if let Some(device) = &self.device {
            // It says nothing about a file that is none, and would open another card.
            sink.set_property("fd", device.as_raw_fd());
            if sink.property::<i32>("fd") != device.as_raw_fd() {
                return Err(Error::VideoOutput(format!("{:?} is no display controller", self.settings.card)));
            }
        }
        Ok(sink)
    }
}

impl VideoOutput for KmsPlane {
    fn sink(&self, presented: Presented) -> Result<gst::Element, Error> {
        let plane = self.plane()?;
        let bin = self.overlay.bin(plane.clone(), presented)?;
        *self.copies.lock().unwrap_or_else(PoisonError::into_inner) = Some(Copies::heed(&plane, &self.overlay.flow));
        Ok(bin)
    }

    fn copy_path(&self) -> CopyPath {
        self.overlay.flow.path()
    }

    fn set_rect(&self, rect: Rect) {
        self.overlay.set_rect(rect);
    }

    fn set_visible(&self, visible: bool) {
        self.overlay.set_visible(visible);
    }
}

fn open(path: &Path) -> Result<Arc<OwnedFd>, Error> {
    let why = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::NotFound => format!("{}: no such display controller; see what /dev/dri has", path.display()),
        std::io::ErrorKind::PermissionDenied => format!("{}: may not be opened; join the group `video`", path.display()),
        _ => format!("{}: {e}", path.display()),
    };
    let file: File = OpenOptions::new().read(true).write(true).open(path).map_err(|e| Error::VideoOutput(why(e)))?;
    Ok(Arc::new(file.into()))
}

/// The device of the first card with a screen, else of the first with a connector. `class`: the kernel's list, where `card0-HDMI-A-1` is a
/// connector of `card0`.
fn first(class: &Path, devices: &Path) -> Result<PathBuf, Error> {
    let mut connectors: Vec<(bool, String)> = Vec::new();
    for entry in read_dir(class).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        // Writeback is for pictures that come back.
        if let Some((card, kind)) = name.split_once('-').filter(|(_, kind)| !kind.starts_with("Writeback")) {
            let status = read_to_string(entry.path().join("status")).unwrap_or_default();
            tracing::debug!(card, kind, status = status.trim(), "connector");
            connectors.push((status.trim() != "connected", card.to_owned()));
        }
    }
    let card = connectors.into_iter().min().map(|(_, card)| devices.join(card));
    card.ok_or_else(|| {
        let what = "no display controller: the kernel has none, or not its driver (`modprobe vkms` makes one that shows nothing)";
        Error::VideoOutput(what.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(connectors: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("dir");
        for (name, status) in connectors {
            std::fs::create_dir(dir.path().join(name)).expect("folder");
            std::fs::write(dir.path().join(name).join("status"), status).expect("status");
        }
        dir
    }

    #[test]
    fn the_first_card_with_a_screen() {
        let table: [(&[(&str, &str)], _); 4] = [
            (&[("card0", ""), ("card0-HDMI-A-1", "disconnected\n"), ("card1-DP-1", "connected\n"), ("renderD128", "")], "card1"),
            (&[("card0-HDMI-A-1", "disconnected\n"), ("card1-DP-1", "disconnected\n")], "card0"),
            (&[("card1-eDP-1", "connected\n"), ("card0-DP-1", "connected\n")], "card0"),
            (&[("card0-Writeback-1", "unknown\n"), ("card2-Virtual-1", "unknown\n")], "card2"),
        ];
        for (connectors, expected) in table {
            let class = class(connectors);
            assert_eq!(first(class.path(), Path::new("/d")), Ok(PathBuf::from("/d").join(expected)), "{connectors:?}");
        }
    }

    #[test]
    fn no_card_and_a_wrong_one_are_numbered_errors_that_say_what_to_do() {
        let empty = class(&[("card0", ""), ("version", "")]);
        let none = first(empty.path(), Path::new("/d")).expect_err("a card without connectors");
        assert!(none.code() == 4002 && none.to_string().contains("modprobe"), "{none}");
        let settings = KmsSettings { card: Card::Path(empty.path().join("card7")), ..KmsSettings::default() };
        let Err(wrong) = KmsPlane::open(settings) else { panic!("opened nothing") };
        assert!(wrong.code() == 4002 && wrong.to_string().contains("card7"), "{wrong}");
    }
}
