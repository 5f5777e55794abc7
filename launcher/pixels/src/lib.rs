//! Posters and backdrops for the screen: fetched, decoded, cropped, scaled, baked (corners, shadow, scrim) and kept, off the UI's
//! thread. Start at [`Pixels`]; the pure baking is in [`bake`].
//!
//! The software renderer of a box has no rounded clip, no shadow and no good scaling, and blending large areas is what costs it
//! most; so bitmaps come out at the exact size they are shown in, with their effects in them.
#![forbid(unsafe_code)]

pub mod bake;
mod bitmap;
mod cache;
mod decode;
mod error;
mod fetch;
mod pipeline;
mod recipe;

pub use bitmap::{Bitmap, Format};
pub use decode::{MAX_BYTES, MAX_PIXELS, Picture, decode};
pub use error::Error;
pub use fetch::{Fetch, HttpFetch};
pub use pipeline::{Config, Pixels, Priority, Ready, State};
pub use recipe::{Canvas, Colour, Key, Recipe};
