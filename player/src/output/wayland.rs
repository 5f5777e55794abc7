//! A Wayland compositor's surface: it scans the decoder's memory out where it can, and composes it where it cannot.
#![allow(unsafe_code)] // an application's surface is a raw pointer

use super::overlay::Overlay;
use super::{CopyPath, Presented, Rect, VideoOutput};
use crate::Error;
use gstreamer as gst;
use gstreamer_video as gst_video;
use gstreamer_video::prelude::*;
use std::ffi::c_void;
use std::path::{Path, PathBuf};
use std::ptr::NonNull;

enum Surface {
    /// Of the sink's own, on the compositor at this socket.
    Own { socket: PathBuf },
    /// Part of the application's: addresses of its `wl_display` and its `wl_surface`.
    Part { display: usize, surface: usize },
}

/// The film in a surface of its own.
pub struct WaylandOutput {
    surface: Surface,
    overlay: Overlay,
}

impl WaylandOutput {
    /// A window of its own. `display`: the compositor's socket, else what `WAYLAND_DISPLAY` says. The compositor chooses its place:
    /// [`VideoOutput::set_rect`] is for subsurfaces.
    pub fn window(display: Option<&str>) -> Result<Self, Error> {
        let variable = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
        let socket = socket(display.map(Into::into).or_else(|| variable("WAYLAND_DISPLAY")), variable("XDG_RUNTIME_DIR"))?;
        std::os::unix::net::UnixStream::connect(&socket)
            .map_err(|e| Error::VideoOutput(format!("no Wayland compositor at {}: {e}", socket.display())))?;
        Ok(Self { surface: Surface::Own { socket }, overlay: Overlay::new(true) })
    }

    /// A subsurface of the application's surface, in `rect` of it and above it: an interface over the film is another subsurface, placed
    /// above. Where the film is changes with the application's next commit.
    ///
    /// # Safety
    ///
    /// `display` is a `wl_display` of libwayland-client and `surface` a `wl_surface` of that connection; both live until the player that
    /// has this output is gone.
    pub unsafe fn within(display: NonNull<c_void>, surface: NonNull<c_void>, rect: Rect) -> Self {
        let output = Self {
            surface: Surface::Part {
                display: display.as_ptr().expose_provenance(),
                surface: surface.as_ptr().expose_provenance(),
            },
            overlay: Overlay::new(true),
        };
        output.set_rect(rect);
        output
    }
}

/// An address as GStreamer's contexts carry it.
struct Address(usize);

impl From<Address> for gst::glib::Value {
    fn from(address: Address) -> Self {
        std::ptr::with_exposed_provenance_mut::<c_void>(address.0).to_value()
    }
}

/// Tells `sink` the application's connection and surface.
fn embed(sink: &gst::Element, display: usize, surface: usize) -> Result<(), Error> {
    // GStreamer 1.22 knows the second name alone, later ones both.
    for name in ["GstWaylandDisplayHandleContextType", "GstWlDisplayHandleContextType"] {
        let mut context = gst::Context::new(name, true);
        context.make_mut().structure_mut().set("handle", Address(display));
        sink.set_context(&context);
    }
    let overlay = sink.dynamic_cast_ref::<gst_video::VideoOverlay>();
    let overlay = overlay.ok_or_else(|| Error::Framework("waylandsink takes no surface".into()))?;
    // SAFETY: `within` asks for a live surface on that very display.
    unsafe { overlay.set_window_handle(surface) };
    Ok(())
}

impl VideoOutput for WaylandOutput {
    fn sink(&self, presented: Presented) -> Result<gst::Element, Error> {
        let missing = |e| Error::Framework(format!("waylandsink (of gstreamer1.0-plugins-bad): {e}"));
        let sink = gst::ElementFactory::make("waylandsink").build().map_err(missing)?;
        match &self.surface {
            Surface::Own { socket } => sink.set_property("display", socket.to_string_lossy().as_ref()),
            Surface::Part { display, surface } => embed(&sink, *display, *surface)?,
        }
        self.overlay.bin(sink, presented)
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

/// Where the compositor listens, as libwayland finds it.
fn socket(display: Option<String>, folder: Option<String>) -> Result<PathBuf, Error> {
    let no = |what: &str| Error::VideoOutput(format!("no Wayland compositor: {what}"));
    let display =
        display.ok_or_else(|| no("WAYLAND_DISPLAY is not set; start this from a Wayland session, or set it to its socket"))?;
    if Path::new(&display).is_absolute() {
        return Ok(display.into());
    }
    let folder = folder.ok_or_else(|| no("XDG_RUNTIME_DIR is not set, the folder that WAYLAND_DISPLAY is in"))?;
    Ok(Path::new(&folder).join(display))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_socket_is_found_as_libwayland_does() {
        let some = |s: &str| Some(s.to_owned());
        assert_eq!(socket(some("wayland-1"), some("/run/user/1000")), Ok("/run/user/1000/wayland-1".into()));
        assert_eq!(socket(some("/tmp/w"), None), Ok("/tmp/w".into()));
        for (display, folder, variable) in [(None, some("/run"), "WAYLAND_DISPLAY"), (some("wayland-0"), None, "XDG_RUNTIME_DIR")]
        {
            let error = socket(display, folder).expect_err(variable);
            assert!(error.code() == 4002 && error.to_string().contains(variable), "{error}");
        }
    }

    #[test]
    fn nobody_listening_is_a_numbered_error() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("wayland-7");
        let Err(error) = WaylandOutput::window(path.to_str()) else { panic!("nobody listens there") };
        assert!(error.code() == 4002 && error.to_string().contains("wayland-7"), "{error}");
    }
}
