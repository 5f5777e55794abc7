//! Cue text (WebVTT §4.2.2, §6.4): tags, classes, times, character references.
use super::styles::{Node, Rule, apply};
use super::timestamp;
use crate::{Color, Span, Style};

/// Deepest nesting that still counts.
const MAX_DEPTH: usize = 64;

/// An open tag and what was in force around it.
struct Open {
    tag: String,
    style: Style,
    voice: Option<String>,
}

/// The spans of a cue's text.
pub(super) fn spans(text: &str, id: &str, rules: &[Rule]) -> Vec<Span> {
    let mut style = Style { background: Color([0, 0, 0, 204]), ..Style::default() };
    apply(rules, &Node { tag: "", classes: &[], voice: None, id }, &mut style);
    let mut r = Reader { rules, out: Vec::new(), open: Vec::new(), style, voice: None, from_us: None };
    let mut rest = text;
    while !rest.is_empty() {
        let (before, tag) = rest.split_once('<').map_or((rest, None), |(b, t)| (b, Some(t)));
        r.text(before);
        let Some(tag) = tag else { break };
        let (inner, after) = tag.split_once('>').unwrap_or((tag, ""));
        r.tag(inner);
        rest = after;
    }
    r.out
}

struct Reader<'r> {
    rules: &'r [Rule],
    out: Vec<Span>,
    open: Vec<Open>,
    style: Style,
    voice: Option<String>,
    from_us: Option<u64>,
}

impl Reader<'_> {
    fn text(&mut self, raw: &str) {
        // Ruby text has no place on one line; what it explains stays.
        if raw.is_empty() || self.open.iter().any(|o| o.tag == "rt") {
            return;
        }
        let text = unescape(raw);
        match self.out.last_mut() {
            Some(last) if last.style == self.style && last.voice == self.voice && last.from_us == self.from_us => {
                last.text.push_str(&text);
            }
            _ => self.out.push(Span { text, style: self.style.clone(), voice: self.voice.clone(), from_us: self.from_us }),
        }
    }

    fn tag(&mut self, inner: &str) {
        if let Some(name) = inner.strip_prefix('/') {
            // Only what is open can be closed; what was opened within goes with it.
            if let Some(at) = self.open.iter().rposition(|o| o.tag == name.trim()) {
                let mut closed = self.open.drain(at..);
                if let Some(first) = closed.next() {
                    (self.style, self.voice) = (first.style, first.voice);
                }
            }
            return;
        }
        if inner.starts_with(|c: char| c.is_ascii_digit()) {
            self.from_us = timestamp(inner).or(self.from_us);
            return;
        }
        let (head, annotation) = inner.split_once([' ', '\t', '\n']).unwrap_or((inner, ""));
        let mut parts = head.split('.');
        let tag = parts.next().unwrap_or("");
        if !matches!(tag, "b" | "i" | "u" | "c" | "v" | "lang" | "ruby" | "rt") || self.open.len() >= MAX_DEPTH {
            return;
        }
        let classes: Vec<&str> = parts.filter(|c| !c.is_empty()).collect();
        self.open.push(Open { tag: tag.to_string(), style: self.style.clone(), voice: self.voice.clone() });
        match tag {
            "b" => self.style.bold = true,
            "i" => self.style.italic = true,
            "u" => self.style.underline = true,
            "v" => self.voice = Some(unescape(annotation.trim())),
            _ => {}
        }
        for class in &classes {
            match class.strip_prefix("bg_") {
                Some(name) => self.style.background = Color::named(name).unwrap_or(self.style.background),
                None => self.style.color = Color::named(class).unwrap_or(self.style.color),
            }
        }
        apply(self.rules, &Node { tag, classes: &classes, voice: self.voice.as_deref(), id: "" }, &mut self.style);
    }
}

/// The references of §4.2.2, and numbers.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let found = after.split_once(';').and_then(|(name, tail)| Some((character(name)?, tail)));
        match found {
            Some((c, tail)) => {
                out.push(c);
                rest = tail;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn character(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "lrm" => '\u{200e}',
        "rlm" => '\u{200f}',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code).filter(|c| *c != '\0')?
        }
    })
}
