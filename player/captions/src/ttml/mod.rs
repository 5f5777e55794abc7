//! TTML documents (W3C TTML2, IMSC1 text profile, EBU-TT-D) to cues.
mod content;
mod isd;
mod length;
mod style;
mod time;

use crate::{Document, Error};
use content::Reader;
use length::Units;
use roxmltree::Node;
use style::Sheet;
use time::Rates;

/// Parses a TTML document. What it shows at each moment becomes one [`crate::Cue`] a region, for as long as nothing in that region changes.
///
/// Not done: pictures (IMSC image profile), `ruby`, `itts:forcedDisplay`, `ittp:activeArea`, continuous animation.
pub fn parse_ttml(text: &str) -> Result<Document, Error> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if !text.starts_with('<') {
        return Err(Error::NotCaptions);
    }
    let options = roxmltree::ParsingOptions { nodes_limit: 2_000_000, ..roxmltree::ParsingOptions::default() };
    let xml = roxmltree::Document::parse_with_options(text, options).map_err(|e| Error::Xml(e.to_string()))?;
    let root = xml.root_element();
    let namespace = root.tag_name().namespace().unwrap_or("");
    if root.tag_name().name() != "tt" || !(namespace.contains("ttml") || namespace.contains("ttaf1")) {
        return Err(Error::NotCaptions);
    }
    let child = |of: Node<'_, '_>, name: &str| {
        let found = of.children().find(|c| c.is_element() && c.tag_name().name() == name)?;
        (found.tag_name().namespace().unwrap_or("") == namespace).then_some(found.id())
    };
    let node = |id| xml.get_node(id);
    let head = child(root, "head").and_then(node);
    let section = |name: &str| head.and_then(|h| child(h, name)).and_then(node);
    let named = |of: Option<roxmltree::Node<'_, '_>>, name: &str| -> Vec<_> {
        let all = of.map(|o| o.children().filter(|c| c.is_element() && c.tag_name().name() == name).map(|c| c.id()).collect());
        all.unwrap_or_default()
    };
    let styles = named(section("styling"), "style");
    let sheet = Sheet::new(styles.iter().filter_map(|id| node(*id)));
    let parameter = |name: &str| {
        let ours =
            |a: &roxmltree::Attribute<'_, '_>| a.name() == name && a.namespace().is_some_and(|n| n.ends_with("#parameter"));
        root.attributes().find(ours).map(|a| a.value())
    };
    let rates = Rates::new(parameter("frameRate"), parameter("frameRateMultiplier"), parameter("tickRate"));
    let mut reader = Reader { sheet: &sheet, rates, namespace, moments: vec![0], parts: 0 };
    let preserve = root.attribute((roxmltree::NS_XML_URI, "space")) == Some("preserve");
    let mut regions = Vec::new();
    for id in named(section("layout"), "region") {
        regions.extend(node(id).map(|n| reader.top(n, preserve)).transpose()?);
    }
    let body = child(root, "body").and_then(node).map(|n| reader.top(n, preserve)).transpose()?;
    let units = units(root, parameter("cellResolution"));
    let mut moments = reader.moments;
    moments.sort_unstable();
    moments.dedup();
    let cues = isd::cues(&regions, body.as_ref(), &moments, &units)?;
    let ratio = parameter("aspectRatio").or(parameter("displayAspectRatio")).and_then(two_numbers);
    Ok(Document {
        cues,
        aspect_ratio: ratio.map(|(w, h)| (w as u32, h as u32)),
        language: root.attribute((roxmltree::NS_XML_URI, "lang")).filter(|l| !l.is_empty()).map(str::to_string),
    })
}

fn two_numbers(text: &str) -> Option<(f32, f32)> {
    let mut parts = text.split_whitespace().map(|p| p.parse::<f32>().ok().filter(|n| *n >= 1.0 && *n < 1e6));
    Some((parts.next()??, parts.next()??))
}

fn units(root: Node<'_, '_>, cells: Option<&str>) -> Units {
    let extent = style::inline(root).get("extent").map(|v| v.replace("px", ""));
    Units { cells: cells.and_then(two_numbers).unwrap_or((32.0, 15.0)), pixels: extent.as_deref().and_then(two_numbers) }
}
