//! `--output`: where the pictures of `play` go.

use hearth_player::{Error, KmsPlane, KmsSettings, NullVideo, VideoOutput, WaylandOutput, WindowVideo};
use std::str::FromStr;
use std::sync::Arc;

/// What the user asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Whatever the desktop has.
    #[default]
    Auto,
    /// Nobody sees them.
    None,
    /// A window of the desktop's, whatever that is.
    Window,
    /// A window on a Wayland compositor.
    Wayland,
    /// The display itself, on this plane.
    Kms(Option<u32>),
    /// Textures that nobody draws.
    Gl,
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |plane: &str| plane.parse().map_err(|_| format!("`{plane}` is no plane; `modetest -p` lists their numbers"));
        match text.split_once(':').unwrap_or((text, "")) {
            ("auto", "") => Ok(Self::Auto),
            ("none", "") => Ok(Self::None),
            ("window", "") => Ok(Self::Window),
            ("wayland", "") => Ok(Self::Wayland),
            ("gl", "") => Ok(Self::Gl),
            ("kms", "") if !text.ends_with(':') => Ok(Self::Kms(None)),
            ("kms", plane) => number(plane).map(|plane| Self::Kms(Some(plane))),
            _ => Err("one of auto, none, window, wayland, kms, kms:PLANE, gl".into()),
        }
    }
}

impl Wanted {
    /// By what the environment says; the answer is never `Auto`.
    fn settled(self, x11: bool, wayland: bool) -> Self {
        match self {
            Self::Auto if x11 => Self::Window,
            Self::Auto if wayland => Self::Wayland,
            Self::Auto => Self::None,
            other => other,
        }
    }

    /// The output, ready to show.
    pub(super) fn open(self) -> Result<Arc<dyn VideoOutput>, Error> {
        let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
        let (x11, wayland) = (set("DISPLAY"), set("WAYLAND_DISPLAY"));
        match self.settled(x11, wayland) {
            Self::Window if !x11 && !wayland => Err(Error::VideoOutput(
                "no desktop: neither DISPLAY nor WAYLAND_DISPLAY is set; choose `--output kms` on a text console, or `--output none`"
                    .into(),
            )),
            Self::Window => Ok(Arc::new(WindowVideo::default())),
            Self::Wayland => Ok(Arc::new(WaylandOutput::window(None)?)),
            Self::Kms(plane) => Ok(Arc::new(KmsPlane::open(KmsSettings { plane, ..KmsSettings::default() })?)),
            Self::Gl => textures(),
            Self::None | Self::Auto => Ok(Arc::new(NullVideo)),
        }
    }
}

#[cfg(feature = "gl")]
fn textures() -> Result<Arc<dyn VideoOutput>, Error> {
    Ok(Arc::new(hearth_player::GlTexture::new(Arc::new(drop))?))
}

#[cfg(not(feature = "gl"))]
fn textures() -> Result<Arc<dyn VideoOutput>, Error> {
    Err(Error::VideoOutput("this program was built without textures (cargo's feature `gl`); choose another `--output`".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_others_are_explained() {
        let table = [
            ("auto", Wanted::Auto),
            ("none", Wanted::None),
            ("window", Wanted::Window),
            ("wayland", Wanted::Wayland),
            ("kms", Wanted::Kms(None)),
            ("kms:45", Wanted::Kms(Some(45))),
            ("gl", Wanted::Gl),
        ];
        for (text, wanted) in table {
            assert_eq!(text.parse(), Ok(wanted));
        }
        for (text, hint) in
            [("x11", "kms:PLANE"), ("gl:1", "kms:PLANE"), ("", "auto"), ("kms:", "modetest"), ("kms:top", "modetest")]
        {
            let error = text.parse::<Wanted>().expect_err(text);
            assert!(error.contains(hint), "{text}: {error}");
        }
    }

    #[test]
    fn the_desktop_decides_where_nobody_does() {
        let table = [
            (Wanted::Auto, true, true, Wanted::Window),
            (Wanted::Auto, false, true, Wanted::Wayland),
            (Wanted::Auto, false, false, Wanted::None),
            (Wanted::Window, false, false, Wanted::Window),
            (Wanted::Kms(Some(3)), true, true, Wanted::Kms(Some(3))),
        ];
        for (wanted, x11, wayland, settled) in table {
            assert_eq!(wanted.settled(x11, wayland), settled, "{wanted:?} {x11} {wayland}");
        }
    }
}
