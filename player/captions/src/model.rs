//! Cues, as both formats give them. Lengths are parts of the picture: `x` and widths of its width, `y`, heights and sizes of text of its
//! height; 1 is the whole. Times are microseconds of the document's own clock.
use serde::{Deserialize, Serialize};

/// Captions, in order of their beginnings.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Document {
    /// What to show.
    pub cues: Vec<Cue>,
    /// `ittp:aspectRatio` or `ttp:displayAspectRatio`: the picture in the middle of the screen that lengths are parts of. None: all of it.
    pub aspect_ratio: Option<(u32, u32)>,
    /// `xml:lang`.
    pub language: Option<String>,
}

/// What stands in one region for a stretch of time.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Cue {
    /// The author's name for it.
    pub id: String,
    /// From then on,
    pub start_us: u64,
    /// until then; none: for good.
    pub end_us: Option<u64>,
    /// Where.
    pub region: Region,
    /// What, from the top (or the right, where lines run downwards).
    pub paragraphs: Vec<Paragraph>,
}

/// A box on the picture.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Region {
    /// `xml:id`, WebVTT region `id`; empty where it has none.
    pub id: String,
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
    /// Where the text stands in it, along the direction that lines follow each other.
    pub align: BlockAlign,
    /// Lines that the text moves away from to where `align` says, in lines of text from the top (WebVTT `line:N`); negative from the bottom.
    pub line: Option<i32>,
    /// Top, right, bottom, left, in parts of the picture.
    pub padding: [f32; 4],
    /// Of the box.
    pub background: Color,
    /// The box shows even while nothing stands in it.
    pub show_background: bool,
    /// Text that does not fit is cut off.
    pub clip: bool,
    /// Of box and text together.
    pub opacity: f32,
    /// How lines run.
    pub writing_mode: WritingMode,
    /// The highest is in front.
    pub z_index: i32,
}

impl Default for Region {
    /// The whole picture, text at its end.
    fn default() -> Self {
        Region {
            id: String::new(),
            x: 0.0,
            y: 0.0,
            width: 1.0,
            height: 1.0,
            align: BlockAlign::After,
            line: None,
            padding: [0.0; 4],
            background: Color::NONE,
            show_background: false,
            clip: false,
            opacity: 1.0,
            writing_mode: WritingMode::HorizontalLtr,
            z_index: 0,
        }
    }
}

/// `tts:displayAlign`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlockAlign {
    /// At the first line's edge.
    Before,
    /// In the middle.
    Center,
    /// At the last line's edge.
    #[default]
    After,
}

/// `tts:writingMode`, WebVTT `vertical`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WritingMode {
    /// `lrtb`.
    #[default]
    HorizontalLtr,
    /// `rltb`.
    HorizontalRtl,
    /// `tbrl`, WebVTT `rl`.
    VerticalRl,
    /// `tblr`, WebVTT `lr`.
    VerticalLr,
}

/// Lines of text that belong together.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Paragraph {
    /// How its lines stand between the region's edges.
    pub align: TextAlign,
    /// How lines stand among each other (`ebutts:multiRowAlign`), where that differs: the longest goes where `align` says.
    pub row_align: Option<TextAlign>,
    /// Right to left.
    pub rtl: bool,
    /// From one baseline to the next, in parts of the picture's height; none: the font's own.
    pub line_height: Option<f32>,
    /// Behind all of its width.
    pub background: Color,
    /// What `ebutts:linePadding` adds before and after each line, in parts of the picture's width.
    pub line_padding: f32,
    /// Backgrounds of lines meet (`itts:fillLineGap`).
    pub fill_line_gap: bool,
    /// In order; line breaks are `\n` in their text.
    pub spans: Vec<Span>,
}

impl Paragraph {
    /// The text alone.
    pub fn text(&self) -> String {
        self.spans.iter().map(|s| s.text.as_str()).collect()
    }
}

/// `tts:textAlign`, WebVTT `align`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextAlign {
    /// Where reading starts.
    Start,
    /// In the middle.
    #[default]
    Center,
    /// Where it ends.
    End,
    /// At the left edge.
    Left,
    /// At the right edge.
    Right,
}

/// Text of one style.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Span {
    /// As it is to be shown: white space has been dealt with.
    pub text: String,
    /// How.
    pub style: Style,
    /// WebVTT: who speaks (`<v Name>`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
    /// WebVTT: only from then on (`<00:01.000>`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_us: Option<u64>,
}

/// How text looks.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Style {
    /// Of the text.
    pub color: Color,
    /// Behind it.
    pub background: Color,
    /// In parts of the picture's height.
    pub size: f32,
    /// Best first; generic names as TTML has them (`default`, `proportionalSansSerif`, …). Empty: the viewer's.
    pub families: Vec<String>,
    /// `bold`.
    pub bold: bool,
    /// `italic` or `oblique`.
    pub italic: bool,
    /// A line below.
    pub underline: bool,
    /// A line through.
    pub line_through: bool,
    /// A line above.
    pub overline: bool,
    /// Around the letters: colour, and thickness in parts of the picture's height.
    pub outline: Option<(Color, f32)>,
    /// Takes its place and does not show.
    pub hidden: bool,
    /// Lines break only where the text says.
    pub no_wrap: bool,
    /// Right to left.
    pub rtl: bool,
    /// What `tts:unicodeBidi` makes of the direction.
    pub bidi: Bidi,
}

impl Default for Style {
    /// White on nothing, a twentieth of the picture high.
    fn default() -> Self {
        Style {
            color: Color::WHITE,
            background: Color::NONE,
            size: 0.05,
            families: Vec::new(),
            bold: false,
            italic: false,
            underline: false,
            line_through: false,
            overline: false,
            outline: None,
            hidden: false,
            no_wrap: false,
            rtl: false,
            bidi: Bidi::Normal,
        }
    }
}

/// `tts:unicodeBidi`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bidi {
    /// As the letters say.
    #[default]
    Normal,
    /// A piece of its own within the text around it.
    Embed,
    /// Every letter goes in the direction given.
    Override,
}

/// Red, green, blue, opacity; not premultiplied.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Color(pub [u8; 4]);

impl Color {
    /// Nothing to be seen.
    pub const NONE: Color = Color([0; 4]);
    /// White.
    pub const WHITE: Color = Color([255; 4]);
    /// Black.
    pub const BLACK: Color = Color([0, 0, 0, 255]);

    /// A name of TTML2 §8.4.2 (CSS 1's sixteen, `cyan`, `magenta`, `transparent`), as WebVTT's classes have them too.
    pub fn named(name: &str) -> Option<Color> {
        Some(match name {
            "transparent" => Color::NONE,
            "black" => Color::BLACK,
            "silver" => Color([192, 192, 192, 255]),
            "gray" => Color([128, 128, 128, 255]),
            "white" => Color::WHITE,
            "maroon" => Color([128, 0, 0, 255]),
            "red" => Color([255, 0, 0, 255]),
            "purple" => Color([128, 0, 128, 255]),
            "fuchsia" | "magenta" => Color([255, 0, 255, 255]),
            "green" => Color([0, 128, 0, 255]),
            "lime" => Color([0, 255, 0, 255]),
            "olive" => Color([128, 128, 0, 255]),
            "yellow" => Color([255, 255, 0, 255]),
            "navy" => Color([0, 0, 128, 255]),
            "blue" => Color([0, 0, 255, 255]),
            "teal" => Color([0, 128, 128, 255]),
            "aqua" | "cyan" => Color([0, 255, 255, 255]),
            _ => return None,
        })
    }

    /// `#rrggbb`, `#rrggbbaa`, `rgb(r,g,b)`, `rgba(r,g,b,a)` with numbers to 255, or a name.
    pub fn parse(text: &str) -> Option<Color> {
        let text = text.trim();
        if let Some(hex) = text.strip_prefix('#') {
            let digit = |i: usize| hex.as_bytes().get(i).and_then(|b| char::from(*b).to_digit(16)).map(|d| d as u8);
            let byte = |i: usize| Some(digit(i * 2)? << 4 | digit(i * 2 + 1)?);
            return match hex.len() {
                6 => Some(Color([byte(0)?, byte(1)?, byte(2)?, 255])),
                8 => Some(Color([byte(0)?, byte(1)?, byte(2)?, byte(3)?])),
                _ => None,
            };
        }
        let Some((function, rest)) = text.split_once('(') else { return Color::named(&text.to_ascii_lowercase()) };
        let mut parts = rest.strip_suffix(')')?.split(',').map(|p| p.trim().parse::<u8>().ok());
        let rgb = [parts.next()??, parts.next()??, parts.next()??];
        let alpha = match function.trim() {
            "rgb" => 255,
            "rgba" => parts.next()??,
            _ => return None,
        };
        parts.next().is_none().then_some(Color([rgb[0], rgb[1], rgb[2], alpha]))
    }
}
