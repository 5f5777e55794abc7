//! Two planes instead of one: the film's below, the interface's above it. What [`super::planes`] thinks possible is tried on the card.

use super::card::{Card, Pipe};
use super::planes::Stack;
use super::request::Request;
use crate::platform::Rect;
use drm::buffer::{Buffer as _, DrmFourcc, DrmModifier, Handle, PlanarBuffer};
use drm::control::dumbbuffer::DumbBuffer;
use drm::control::{Device as _, FbCmd2Flags};
use drm::control::{framebuffer, plane};
use std::io;

/// Many overlays make many pairs, and each costs a question.
const TRIES: usize = 24;

/// Planes that the card has taken.
pub struct Layers {
    /// For films; nobody here writes to it.
    pub film: plane::Handle,
    /// It shows films in another size than they have.
    pub scales: bool,
    /// The interface's.
    pub ui: plane::Handle,
    /// Under both, where the card wants it.
    _black: Option<Plain>,
}

/// Turns the display on with the interface in `frame` above a film that is yet to come. None: the card takes none of the ways.
pub fn turn_on(card: &Card, pipe: &Pipe, frame: framebuffer::Handle) -> Option<Layers> {
    let ways = pipe.stacks.iter().take(TRIES);
    let mut tried = ways.map(|stack| (stack, take(card, pipe, stack, frame)));
    tried.find_map(|(stack, taken)| {
        let refused = |e: &io::Error| tracing::info!("no film on plane {} under {}: {e}", stack.film, stack.ui);
        taken.inspect_err(refused).ok()
    })
}

fn take(card: &Card, pipe: &Pipe, stack: &Stack, frame: framebuffer::Handle) -> io::Result<Layers> {
    let plane = |at: usize| pipe.planes.get(at).copied().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound));
    let (film, ui) = (plane(stack.film)?, plane(stack.ui)?);
    let idle = stack.idle.map(plane).transpose()?;
    let (width, height) = pipe.size();
    let whole = Rect { x: 0, y: 0, width, height };
    let ask = |black: Option<&Plain>| -> io::Result<Request<'_>> {
        let mut request = Request::new(card);
        request.on(pipe)?;
        request.show(ui, pipe, frame, pipe.size(), whole)?;
        request.premultiplied(ui);
        for (at, place) in &stack.places {
            request.put(plane(*at)?, "zpos", *place)?;
        }
        match (idle, black) {
            (Some(idle), Some(black)) => request.show(idle, pipe, black.frame, pipe.size(), whole)?,
            (Some(idle), None) => request.off(idle)?,
            (None, _) => {}
        }
        request.off(film)?;
        Ok(request)
    };
    let with_film = |black: Option<&Plain>, sample: &Plain, place: Rect| {
        let mut request = ask(black)?;
        request.show(film, pipe, sample.frame, sample.size, place)?;
        request.test()
    };
    // A film in some size, shown in that: wherever it is on the screen the plane must be able to be, and to go again.
    let size = ((width / 2) & !1, (height / 2) & !1);
    let middle = Rect { x: size.0 / 2, y: size.1 / 2, width: size.0, height: size.1 };
    let sample = Plain::film(card, size, &stack.formats)?;
    let test = |black: Option<&Plain>| ask(black)?.test().and_then(|()| with_film(black, &sample, middle));
    let black = match test(None) {
        Ok(()) => None,
        Err(e) if idle.is_none() || !stack.below => return Err(e),
        Err(_) => {
            let black = Plain::rgb(card, pipe.size(), DrmFourcc::Xrgb8888)?;
            test(Some(&black))?;
            Some(black)
        }
    };
    let scales = with_film(black.as_ref(), &sample, whole).is_ok();
    ask(black.as_ref())?.done()?;
    Ok(Layers { film, scales, ui, _black: black })
}

/// A black buffer, or one that stands for a film's picture: made, and never written.
struct Plain {
    card: Card,
    dumb: DumbBuffer,
    frame: framebuffer::Handle,
    size: (u32, u32),
}

impl Plain {
    fn film(card: &Card, size: (u32, u32), formats: &[u32]) -> io::Result<Self> {
        let known = |f: &&u32| [DrmFourcc::Nv12, DrmFourcc::Xrgb8888, DrmFourcc::Argb8888].iter().any(|k| *k as u32 == **f);
        match formats.iter().find(known).and_then(|f| DrmFourcc::try_from(*f).ok()) {
            Some(DrmFourcc::Nv12) => Self::nv12(card, size),
            Some(rgb) => Self::rgb(card, size, rgb),
            None => Err(io::Error::new(io::ErrorKind::Unsupported, "none of its formats can be tried")),
        }
    }

    fn rgb(card: &Card, size: (u32, u32), format: DrmFourcc) -> io::Result<Self> {
        let dumb = card.create_dumb_buffer(size, format, 32)?;
        let depth = if format == DrmFourcc::Argb8888 { 32 } else { 24 };
        Self::framed(card, dumb, size, card.add_framebuffer(&dumb, depth, 32))
    }

    fn nv12(card: &Card, size: (u32, u32)) -> io::Result<Self> {
        let dumb = card.create_dumb_buffer((size.0, size.1 * 3 / 2), DrmFourcc::Nv12, 8)?;
        let frame = card.add_planar_framebuffer(&Nv12 { dumb, size }, FbCmd2Flags::empty());
        Self::framed(card, dumb, size, frame)
    }

    fn framed(card: &Card, dumb: DumbBuffer, size: (u32, u32), frame: io::Result<framebuffer::Handle>) -> io::Result<Self> {
        let _ = frame.as_ref().inspect_err(|_| drop(card.destroy_dumb_buffer(dumb)));
        Ok(Self { card: card.clone(), dumb, frame: frame?, size })
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        // What fails here goes with the card's file.
        let _ = self.card.destroy_framebuffer(self.frame);
        let _ = self.card.destroy_dumb_buffer(self.dumb);
    }
}

/// Luminance, then colour in half the lines.
struct Nv12 {
    dumb: DumbBuffer,
    size: (u32, u32),
}

impl PlanarBuffer for Nv12 {
    fn size(&self) -> (u32, u32) {
        self.size
    }

    fn format(&self) -> DrmFourcc {
        DrmFourcc::Nv12
    }

    fn modifier(&self) -> Option<DrmModifier> {
        None
    }

    fn pitches(&self) -> [u32; 4] {
        [self.dumb.pitch(), self.dumb.pitch(), 0, 0]
    }

    fn handles(&self) -> [Option<Handle>; 4] {
        [Some(self.dumb.handle()), Some(self.dumb.handle()), None, None]
    }

    fn offsets(&self) -> [u32; 4] {
        [0, self.dumb.pitch() * self.size.1, 0, 0]
    }
}
