//! The document's regions and its body as a tree with times (TTML2 §12.4): who is in whom, when, with which styles.
use super::style::{Props, Sheet, id, inline};
use super::time::Rates;
use crate::Error;
use roxmltree::Node;

/// Deepest nesting.
const MAX_DEPTH: usize = 64;
/// Most elements and pieces of text.
const MAX_PARTS: usize = 500_000;

/// What an element is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// `body`, `div`, or a `region` at the top.
    Block,
    P,
    Span,
    Br,
    Text,
}

/// A stretch of time in microseconds; no end: for good.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Times {
    pub begin: u64,
    pub end: Option<u64>,
}

impl Times {
    pub fn hold(&self, at: u64) -> bool {
        at >= self.begin && self.end.is_none_or(|end| at < end)
    }
}

/// An element or a piece of text.
pub(super) struct Part<'a> {
    pub kind: Kind,
    pub times: Times,
    /// Its own, if it names one.
    pub region: Option<&'a str>,
    pub id: &'a str,
    pub props: Props<'a>,
    /// `set` elements: styles that hold for a while.
    pub sets: Vec<(Times, Props<'a>)>,
    pub text: &'a str,
    /// `xml:space="preserve"`.
    pub preserve: bool,
    pub children: Vec<Part<'a>>,
}

impl<'a> Part<'a> {
    /// Styles at a time.
    pub fn props_at(&self, at: u64) -> std::borrow::Cow<'_, Props<'a>> {
        if self.sets.iter().all(|(times, _)| !times.hold(at)) {
            return std::borrow::Cow::Borrowed(&self.props);
        }
        let mut props = self.props.clone();
        self.sets.iter().filter(|(times, _)| times.hold(at)).for_each(|(_, set)| props.extend(set));
        std::borrow::Cow::Owned(props)
    }
}

/// What an element's times are counted from.
#[derive(Clone, Copy)]
struct Around {
    begin: u64,
    /// In a `timeContainer="seq"`: when the sibling before ended. The outer `None`: in parallel.
    after: Option<Option<u64>>,
    preserve: bool,
}

/// Reads elements into parts.
pub(super) struct Reader<'s, 'a, 'i> {
    pub sheet: &'s Sheet<'a, 'i>,
    pub rates: Rates,
    /// The TTML namespace of the document.
    pub namespace: &'a str,
    /// Every begin and end.
    pub moments: Vec<u64>,
    pub parts: usize,
}

impl<'a, 'i> Reader<'_, 'a, 'i> {
    /// An element that stands at the top: `body` or a `region`.
    pub fn top(&mut self, node: Node<'a, 'i>, preserve: bool) -> Result<Part<'a>, Error> {
        self.element(node, Kind::Block, Around { begin: 0, after: None, preserve }, 0)
    }

    fn kind(&self, node: Node<'a, 'i>) -> Option<Kind> {
        if node.tag_name().namespace().unwrap_or("") != self.namespace {
            return None;
        }
        Some(match node.tag_name().name() {
            "div" => Kind::Block,
            "p" => Kind::P,
            "span" => Kind::Span,
            "br" => Kind::Br,
            _ => return None,
        })
    }

    fn element(&mut self, node: Node<'a, 'i>, kind: Kind, around: Around, depth: usize) -> Result<Part<'a>, Error> {
        self.parts += 1;
        if depth > MAX_DEPTH || self.parts > MAX_PARTS {
            return Err(Error::TooLarge(if depth > MAX_DEPTH { "nesting" } else { "elements" }));
        }
        let from = around.after.map_or(Some(around.begin), |before| before);
        let time = |name: &str| node.attribute(name).and_then(|v| self.rates.time(v));
        let (begin, dur, end) = (time("begin"), time("dur"), time("end"));
        // After a sibling that never ends comes nothing.
        let from = from.unwrap_or(u64::MAX);
        let begin = from.saturating_add(begin.unwrap_or(0));
        let preserve = match node.attribute((roxmltree::NS_XML_URI, "space")) {
            Some(space) => space == "preserve",
            None => around.preserve,
        };
        let sequence = node.attribute("timeContainer") == Some("seq");
        let mut inside = Inside { end: if sequence { Some(begin) } else { None }, any: false, sequence };
        let mut part = Part {
            kind,
            times: Times { begin, end: None },
            region: node.attribute("region"),
            id: id(node).unwrap_or(""),
            props: self.sheet.specified(node),
            sets: Vec::new(),
            text: "",
            preserve,
            children: Vec::new(),
        };
        for child in node.children() {
            let around = Around { begin, after: sequence.then_some(inside.end), preserve };
            self.child(child, &mut part, &mut inside, around, depth)?;
        }
        // What is empty lasts as long as what it is in; in a sequence, no time at all.
        let implicit = match (inside.any, around.after.is_some()) {
            (true, _) => inside.end,
            (false, true) => Some(begin),
            (false, false) => None,
        };
        let explicit = end.map(|e| from.saturating_add(e));
        let lasting = dur.map(|d| begin.saturating_add(d));
        part.times.end = match (explicit, lasting) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b).or(implicit),
        };
        self.note(part.times);
        Ok(part)
    }

    fn child(
        &mut self,
        child: Node<'a, 'i>,
        part: &mut Part<'a>,
        inside: &mut Inside,
        around: Around,
        depth: usize,
    ) -> Result<(), Error> {
        if child.is_text() {
            if matches!(part.kind, Kind::P | Kind::Span) {
                let text = child.text().unwrap_or("");
                let mut times = Times { begin: around.begin, end: None };
                if let Some(before) = around.after {
                    times = Times { begin: before.unwrap_or(u64::MAX), end: before };
                }
                inside.add(times.end);
                self.parts += 1;
                part.children.push(Part {
                    kind: Kind::Text,
                    times,
                    region: None,
                    id: "",
                    props: Props::new(),
                    sets: Vec::new(),
                    text,
                    preserve: around.preserve,
                    children: Vec::new(),
                });
            }
            return Ok(());
        }
        if !child.is_element() {
            return Ok(());
        }
        let own = child.tag_name().namespace().unwrap_or("") == self.namespace;
        if own && child.tag_name().name() == "set" {
            let set = self.element(child, Kind::Block, around, depth + 1)?;
            inside.add(set.times.end);
            part.sets.push((set.times, inline(child)));
        } else if let Some(kind) = self.kind(child) {
            let found = self.element(child, kind, around, depth + 1)?;
            inside.add(found.times.end);
            part.children.push(found);
        }
        Ok(())
    }

    fn note(&mut self, times: Times) {
        if times.end.is_none_or(|end| end > times.begin) && times.begin != u64::MAX {
            self.moments.push(times.begin);
            self.moments.extend(times.end.filter(|end| *end != u64::MAX));
        }
    }
}

/// When what is in an element ends.
struct Inside {
    end: Option<u64>,
    any: bool,
    sequence: bool,
}

impl Inside {
    fn add(&mut self, end: Option<u64>) {
        self.end = match (self.any && !self.sequence, self.end, end) {
            (true, Some(a), Some(b)) => Some(a.max(b)),
            (true, _, _) => None,
            (false, _, end) => end,
        };
        self.any = true;
    }
}
