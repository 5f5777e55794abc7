//! Style attributes (TTML2 §10.2, IMSC1 §7, §8): what is specified, and what it comes to.
use super::length::{Axis, Units};
use crate::{Bidi, BlockAlign, Color, Region, Style, TextAlign, WritingMode};
use roxmltree::Node;
use std::collections::{HashMap, HashSet};

/// Specified attributes by their local name.
pub(super) type Props<'a> = HashMap<&'a str, &'a str>;

/// Most styles that one element may come to refer to.
const MAX_STYLES: usize = 64;

/// A style attribute's namespace: TTML's own, IMSC's, EBU-TT's.
fn is_styling(namespace: &str) -> bool {
    namespace.ends_with("#styling") || namespace == "urn:ebu:tt:style"
}

/// An element's own style attributes.
pub(super) fn inline<'a>(node: Node<'a, '_>) -> Props<'a> {
    node.attributes().filter(|a| a.namespace().is_some_and(is_styling)).map(|a| (a.name(), a.value())).collect()
}

/// Named `style` elements.
pub(super) struct Sheet<'a, 'i> {
    named: HashMap<&'a str, Node<'a, 'i>>,
}

impl<'a, 'i> Sheet<'a, 'i> {
    pub fn new(styles: impl Iterator<Item = Node<'a, 'i>>) -> Self {
        Sheet { named: styles.filter_map(|s| Some((id(s)?, s))).collect() }
    }

    /// What an element specifies: its own attributes, then those of nested `style` elements, then those it refers to, the last named
    /// first. What comes first stands.
    pub fn specified(&self, node: Node<'a, 'i>) -> Props<'a> {
        let mut props = Props::new();
        // Each once: references in circles and in a thousand ways to the same style add nothing.
        let (mut open, mut seen) = (vec![node], HashSet::from([node.id()]));
        while let Some(node) = open.pop() {
            for (name, value) in inline(node) {
                props.entry(name).or_insert(value);
            }
            let nested = node.children().filter(|c| c.is_element() && c.tag_name().name() == "style");
            let named =
                node.attribute("style").unwrap_or("").split_whitespace().rev().filter_map(|name| self.named.get(name).copied());
            let next: Vec<Node<'a, 'i>> = nested.chain(named).take(MAX_STYLES).collect();
            let room = MAX_STYLES.saturating_sub(seen.len());
            open.extend(next.into_iter().filter(|n| seen.insert(n.id())).take(room).collect::<Vec<_>>().into_iter().rev());
        }
        props
    }
}

/// `xml:id`.
pub(super) fn id<'a>(node: Node<'a, '_>) -> Option<&'a str> {
    node.attribute((roxmltree::NS_XML_URI, "id"))
}

/// Properties that content takes over from what it is in.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Computed {
    pub style: Style,
    pub align: TextAlign,
    pub row_align: Option<TextAlign>,
    pub line_height: Option<f32>,
    pub line_padding: f32,
    pub fill_line_gap: bool,
    /// Not taken over: the element's own.
    pub background: Option<Color>,
    pub displayed: bool,
}

impl Computed {
    /// What holds at the root (TTML2's initial values).
    pub fn initial(units: &Units) -> Self {
        Computed {
            style: Style { size: 1.0 / units.cells.1, ..Style::default() },
            align: TextAlign::Start,
            row_align: None,
            line_height: None,
            line_padding: 0.0,
            fill_line_gap: false,
            background: None,
            displayed: true,
        }
    }

    /// Of an element within this one.
    pub fn within(&self, props: &Props<'_>, units: &Units) -> Computed {
        let mut c = Computed { background: None, displayed: true, ..self.clone() };
        c.style.bidi = Bidi::Normal;
        let get = |name: &str| props.get(name).map(|v| v.trim());
        let parent_size = self.style.size;
        // Of two sizes the second is the height.
        if let Some(size) = get("fontSize").and_then(|v| v.split_whitespace().last()) {
            c.style.size =
                units.length(size, Axis::Y, Some(parent_size), parent_size).filter(|s| *s >= 0.0).unwrap_or(parent_size);
        }
        let size = c.style.size;
        set(&mut c.style.color, get("color").and_then(Color::parse));
        c.background = get("backgroundColor").and_then(Color::parse);
        if let Some(families) = get("fontFamily") {
            c.style.families = families.split(',').map(|f| f.trim().trim_matches(['"', '\'']).to_string()).collect();
        }
        set(&mut c.style.bold, get("fontWeight").map(|v| v == "bold"));
        set(&mut c.style.italic, get("fontStyle").map(|v| v == "italic" || v == "oblique"));
        for word in get("textDecoration").unwrap_or("").split_whitespace() {
            match word {
                "none" => (c.style.underline, c.style.line_through, c.style.overline) = (false, false, false),
                "underline" | "noUnderline" => c.style.underline = word == "underline",
                "lineThrough" | "noLineThrough" => c.style.line_through = word == "lineThrough",
                "overline" | "noOverline" => c.style.overline = word == "overline",
                _ => {}
            }
        }
        if let Some(outline) = get("textOutline") {
            c.style.outline = text_outline(outline, units, c.style.color, size);
        }
        set(&mut c.style.hidden, get("visibility").map(|v| v == "hidden"));
        set(&mut c.style.no_wrap, get("wrapOption").map(|v| v == "noWrap"));
        set(&mut c.style.rtl, get("direction").map(|v| v == "rtl"));
        set(&mut c.style.bidi, get("unicodeBidi").and_then(bidi));
        set(&mut c.align, get("textAlign").and_then(text_align));
        if let Some(v) = get("multiRowAlign") {
            c.row_align = text_align(v);
        }
        if let Some(v) = get("lineHeight") {
            c.line_height = units.length(v, Axis::Y, Some(size), size).filter(|h| *h >= 0.0);
        }
        set(&mut c.line_padding, get("linePadding").and_then(|v| units.length(v, Axis::X, None, 0.0)).filter(|p| *p >= 0.0));
        set(&mut c.fill_line_gap, get("fillLineGap").map(|v| v == "true"));
        c.displayed = get("display") != Some("none");
        c
    }
}

fn set<T>(to: &mut T, from: Option<T>) {
    if let Some(value) = from {
        *to = value;
    }
}

fn bidi(text: &str) -> Option<Bidi> {
    Some(match text {
        "normal" => Bidi::Normal,
        "embed" => Bidi::Embed,
        "bidiOverride" => Bidi::Override,
        _ => return None,
    })
}

fn text_align(text: &str) -> Option<TextAlign> {
    Some(match text {
        "start" => TextAlign::Start,
        "center" => TextAlign::Center,
        "end" => TextAlign::End,
        "left" => TextAlign::Left,
        "right" => TextAlign::Right,
        _ => return None,
    })
}

/// `none` or `[color] thickness [blur]`.
fn text_outline(text: &str, units: &Units, color: Color, size: f32) -> Option<(Color, f32)> {
    let mut words = text.split_whitespace().peekable();
    let own = words.peek().and_then(|w| Color::parse(w));
    if own.is_some() {
        words.next();
    }
    let thickness = units.length(words.next()?, Axis::Y, Some(size), size).filter(|t| *t > 0.0)?;
    Some((own.unwrap_or(color), thickness))
}

/// A region's box; `em` is the size of its text.
pub(super) fn region(id: &str, props: &Props<'_>, units: &Units, em: f32) -> Region {
    let get = |name: &str| props.get(name).map(|v| v.trim());
    let (width, height) = get("extent").and_then(|v| units.pair(v)).unwrap_or((1.0, 1.0));
    let (x, y) = get("origin").and_then(|v| units.pair(v)).unwrap_or((0.0, 0.0));
    Region {
        id: id.to_string(),
        x,
        y,
        width,
        height,
        align: match get("displayAlign") {
            Some("center") => BlockAlign::Center,
            Some("after") => BlockAlign::After,
            _ => BlockAlign::Before,
        },
        line: None,
        padding: get("padding").and_then(|v| units.padding(v, width, height, em)).unwrap_or_default(),
        background: get("backgroundColor").and_then(Color::parse).unwrap_or(Color::NONE),
        show_background: get("showBackground") != Some("whenActive"),
        clip: get("overflow") != Some("visible"),
        opacity: get("opacity").and_then(|v| v.parse().ok()).filter(|o: &f32| o.is_finite()).map_or(1.0, |o| o.clamp(0.0, 1.0)),
        writing_mode: match get("writingMode") {
            Some("rltb" | "rl") => WritingMode::HorizontalRtl,
            Some("tbrl" | "tb") => WritingMode::VerticalRl,
            Some("tblr") => WritingMode::VerticalLr,
            _ => WritingMode::HorizontalLtr,
        },
        z_index: get("zIndex").and_then(|v| v.parse().ok()).unwrap_or(0),
    }
}
