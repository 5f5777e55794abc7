//! Plays one stream: fetch -> buffer -> decrypt -> GStreamer. The engine behind [`Player`] takes [`Command`]s and sends [`Event`]s, plain
//! serialisable messages, so that player and launcher can be one process or two.

mod config;
mod engine;
mod error;
mod fetch;
mod media;
pub mod messages;
mod opencdm;
pub mod output;
mod player;
mod reports;
mod title;
pub mod tools;

pub use config::{AudioOutput, Clock, Decoders, Limit, PlayerConfig};
pub use error::Error;
pub use fetch::cmcd::CmcdMode;
pub use hearth_captions as captions;
pub use hearth_cdm as cdm;
pub use messages::*;
pub use opencdm::OpenCdm;
pub use output::{
    Card, CopyPath, FrameData, KmsPlane, KmsSettings, NullVideo, PixelFormat, Presented, Rect, Shown, SoftwareOutput, VideoFrame,
    VideoOutput, WaylandOutput, WindowVideo,
};
#[cfg(feature = "gl")]
pub use output::{GlTexture, Texture};
pub use player::Player;
pub use reports::Reporter;
