//! An MPD's XML as a small tree: names without prefixes, entities resolved, nothing external ever read.
use crate::Error;
use quick_xml::escape::escape;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// Deepest nesting. The MPD schema's own depth is 8.
const MAX_DEPTH: usize = 48;

/// An element.
#[derive(Debug, Default)]
pub(super) struct Element {
    /// Without its prefix.
    pub name: String,
    attrs: Vec<(String, String)>,
    pub children: Vec<Element>,
    /// All text directly within it.
    pub text: String,
}

impl Element {
    /// An attribute by its name without prefix.
    pub fn attr(&self, name: &str) -> Option<&str> {
        self.attrs.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// Children of that name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |c| c.name == name)
    }

    /// What is within it: text, or elements written out again (names less their prefixes) where it has any.
    pub fn content(&self) -> String {
        if self.children.is_empty() {
            return self.text.trim().to_string();
        }
        let mut out = String::new();
        self.children.iter().for_each(|c| c.write(&mut out));
        out
    }

    /// As deep as the document was read, so never deeper than [`MAX_DEPTH`].
    fn write(&self, out: &mut String) {
        out.push('<');
        out.push_str(&self.name);
        for (name, value) in &self.attrs {
            out.push_str(&format!(" {name}=\"{}\"", escape(value.as_str())));
        }
        out.push('>');
        out.push_str(&escape(self.text.trim()));
        self.children.iter().for_each(|c| c.write(out));
        out.push_str(&format!("</{}>", self.name));
    }

    /// The first child of that name.
    pub fn first<'a>(&'a self, name: &'a str) -> Option<&'a Element> {
        self.all(name).next()
    }
}

/// Reads a whole document whose root is an `MPD`.
pub(super) fn read(text: &str) -> Result<Element, Error> {
    let mut reader = Reader::from_str(text);
    // Open elements, outermost first.
    let mut open: Vec<Element> = Vec::new();
    loop {
        let event = reader.read_event().map_err(|e| if open.is_empty() { Error::NotAManifest } else { xml(&e) })?;
        match event {
            Event::Start(e) => {
                let e = element(&e, open.is_empty())?;
                if open.len() >= MAX_DEPTH {
                    return Err(Error::Unsupported(format!("XML nested deeper than {MAX_DEPTH}")));
                }
                open.push(e);
            }
            Event::Empty(e) => {
                let e = element(&e, open.is_empty())?;
                match open.last_mut() {
                    Some(parent) => parent.children.push(e),
                    None => return Ok(e),
                }
            }
            Event::End(_) => {
                let Some(done) = open.pop() else { return Err(Error::NotAManifest) };
                match open.last_mut() {
                    Some(parent) => parent.children.push(done),
                    None => return Ok(done),
                }
            }
            Event::Text(t) => match open.last_mut() {
                Some(e) => e.text.push_str(&t.xml10_content()),
                None if t.xml10_content().trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}').is_empty() => {}
                None => return Err(Error::NotAManifest),
            },
            Event::CData(t) => {
                if let Some(e) = open.last_mut() {
                    e.text.push_str(&t.xml10_content());
                }
            }
            Event::GeneralRef(r) => {
                let c = match r.resolve_char_ref() {
                    Ok(Some(c)) => c,
                    _ => match &*r.xml10_content() {
                        "amp" => '&',
                        "lt" => '<',
                        "gt" => '>',
                        "quot" => '"',
                        "apos" => '\'',
                        other => return Err(Error::Mpd(format!("unknown entity &{other};"))),
                    },
                };
                if let Some(e) = open.last_mut() {
                    e.text.push(c);
                }
            }
            Event::Eof if open.is_empty() => return Err(Error::NotAManifest),
            Event::Eof => return Err(Error::Mpd("it ends within an element".into())),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

fn xml(e: &dyn std::fmt::Display) -> Error {
    Error::Mpd(e.to_string())
}

fn element(e: &BytesStart<'_>, root: bool) -> Result<Element, Error> {
    let name = e.local_name().as_ref().to_string();
    if root && name != "MPD" {
        return Err(Error::NotAManifest);
    }
    let mut out = Element { name, ..Element::default() };
    for a in e.attributes() {
        let a = a.map_err(|e| xml(&e))?;
        if a.key.as_ref().starts_with("xmlns") {
            continue;
        }
        let name = a.key.local_name().as_ref().to_string();
        let value = a.normalized_value(XmlVersion::Implicit1_0).map_err(|e| xml(&e))?.into_owned();
        out.attrs.push((name, value));
    }
    Ok(out)
}
