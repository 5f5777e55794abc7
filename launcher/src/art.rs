//! Artwork for the screen: asks the pipeline for what is shown, and keeps it as the renderer takes it.

use hearth_pixels::{Bitmap, Config, Fetch, Format, Key, Pixels, Priority, Ready, State};
use slint::{Image, Rgb8Pixel, Rgba8Pixel, SharedPixelBuffer};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Pictures of the current screen. One round: [`Art::begin`], [`Art::get`] for each, [`Art::end`].
pub struct Art {
    pixels: Pixels,
    images: HashMap<Key, Image>,
    wanted: HashSet<Key>,
    pending: usize,
}

impl Art {
    /// Pictures come from `fetch`; `wake` is called on a worker's thread for each that is ready: have a round made.
    pub fn new(fetch: Arc<dyn Fetch>, screen_height: u32, wake: impl Fn() + Send + Sync + 'static) -> std::io::Result<Self> {
        let cache_bytes = if screen_height > 720 { 48 << 20 } else { 24 << 20 };
        let pixels = Pixels::with_fetch(Config { cache_bytes, ..Config::default() }, fetch, move |_: Ready| wake())?;
        Ok(Self { pixels, images: HashMap::new(), wanted: HashSet::new(), pending: 0 })
    }

    /// A round begins.
    pub fn begin(&mut self) {
        self.wanted.clear();
        self.pending = 0;
    }

    /// The picture, if it is there; else it is asked for, `priority` 0 first.
    pub fn get(&mut self, key: &Key, priority: Priority) -> Option<Image> {
        self.wanted.insert(key.clone());
        if let Some(image) = self.images.get(key) {
            return Some(image.clone());
        }
        match self.pixels.state(key) {
            State::Ready(bitmap) => {
                let image = image(&bitmap);
                self.images.insert(key.clone(), image.clone());
                Some(image)
            }
            State::Failed(error) => {
                tracing::debug!("no picture {}: {error}", key.url);
                None
            }
            State::Absent | State::Pending => {
                self.pixels.request(key, priority);
                self.pending += 1;
                None
            }
        }
    }

    /// A round is over: what it did not ask for is no longer waited for, and kept by the pipeline's cache alone.
    pub fn end(&mut self) {
        let wanted = &self.wanted;
        self.images.retain(|key, _| wanted.contains(key));
        self.pixels.retain(|key| wanted.contains(key));
    }

    /// Pictures that the last round still waits for.
    pub fn pending(&self) -> usize {
        self.pending
    }

    /// The server is there again.
    pub fn retry_failed(&self) {
        self.pixels.retry_failed();
    }
}

fn image(bitmap: &Bitmap) -> Image {
    let (width, height) = (bitmap.width, bitmap.height);
    match bitmap.format {
        Format::Rgb8 => Image::from_rgb8(SharedPixelBuffer::<Rgb8Pixel>::clone_from_slice(&bitmap.data, width, height)),
        Format::Rgba8Premultiplied => {
            Image::from_rgba8_premultiplied(SharedPixelBuffer::<Rgba8Pixel>::clone_from_slice(&bitmap.data, width, height))
        }
    }
}
