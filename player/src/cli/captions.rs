//! `captions`: what shows at a moment, as a PNG.

use clap::Args;
use hearth_player::{Error, tools};
use hearth_typeset::Viewer;
use std::io::Write;
use std::path::PathBuf;

/// Arguments of `captions`.
#[derive(Args)]
pub(super) struct CaptionArguments {
    /// URL or path of a WebVTT or TTML file, a playlist, or an MPD
    #[arg(value_name = "URL-OR-PATH")]
    location: String,
    /// When, in seconds
    #[arg(long, value_name = "S")]
    at: f64,
    /// The picture to write
    #[arg(long, value_name = "PNG")]
    out: PathBuf,
    /// Its size in pixels
    #[arg(long, value_name = "WxH", default_value = "1280x720", value_parser = size)]
    size: (u32, u32),
    /// Which text track of a title, such as en or de-CH [default: the first]
    #[arg(long, value_name = "LANG")]
    language: Option<String>,
    /// Behind the captions, six hex digits, or `none`
    #[arg(long, value_name = "RRGGBB", default_value = "506070")]
    background: String,
    /// A folder with more fonts; may be given several times
    #[arg(long, value_name = "DIR")]
    fonts: Vec<PathBuf>,
    /// Just as the author has it: nothing of the viewer's style
    #[arg(long)]
    author: bool,
    /// Times the author's size of text
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    scale: f32,
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let parsed = text.split_once('x').and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    parsed.filter(|(w, h)| (1..=8192).contains(w) && (1..=8192).contains(h)).ok_or_else(|| "WIDTHxHEIGHT, 1 to 8192".into())
}

impl CaptionArguments {
    pub(super) fn draw(self, output: &mut impl Write) -> Result<(), Error> {
        let hex = |i: usize| u8::from_str_radix(self.background.get(i * 2..i * 2 + 2)?, 16).ok();
        let background = match &*self.background {
            "none" => None,
            text => {
                let rgb = (text.len() == 6).then(|| Some([hex(0)?, hex(1)?, hex(2)?])).flatten();
                Some(rgb.ok_or_else(|| Error::BadCommand(format!("--background {text}: six hex digits, or none")))?)
            }
        };
        let viewer = if self.author { Viewer::author() } else { Viewer { size: self.scale, ..Viewer::default() } };
        let picture = tools::CaptionPicture {
            location: self.location,
            language: self.language,
            at_us: (self.at.max(0.0) * 1e6) as u64,
            size: self.size,
            background,
            fonts: self.fonts,
            viewer,
        };
        let cues = tools::captions(&picture, &self.out)?;
        writeln!(output, "{cues} cues in {}", self.out.display()).map_err(super::written)
    }
}
