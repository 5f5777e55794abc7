//! `STYLE` blocks (WebVTT §8.2): the properties that captions in the wild use, of `::cue` and `::cue(selector)`.
use crate::{Color, Style};

/// Declarations and whom they are for.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Rule {
    /// Empty: every cue.
    selector: String,
    declarations: Vec<(String, String)>,
}

/// The rules of one block; what is no `::cue` rule is passed over.
pub(super) fn parse(css: &str) -> Vec<Rule> {
    let mut out = Vec::new();
    for rule in css.split('}') {
        let Some((selectors, body)) = rule.split_once('{') else { continue };
        let declarations: Vec<(String, String)> = body
            .split(';')
            .filter_map(|d| d.split_once(':'))
            .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_string()))
            .collect();
        for selector in selectors.split(',') {
            let Some(rest) = selector.trim().strip_prefix("::cue") else { continue };
            let inner = rest.trim().strip_prefix('(').and_then(|r| r.strip_suffix(')')).unwrap_or("");
            out.push(Rule { selector: inner.trim().to_string(), declarations: declarations.clone() });
        }
    }
    out
}

/// What a selector is compared with: an element's tag, classes and annotation, or nothing for the cue itself.
pub(super) struct Node<'a> {
    pub tag: &'a str,
    pub classes: &'a [&'a str],
    pub voice: Option<&'a str>,
    pub id: &'a str,
}

impl Rule {
    /// Only simple selectors: a tag, `.class`es, `#id`, `v[voice="Name"]`.
    fn matches(&self, node: &Node<'_>) -> bool {
        let selector = self.selector.as_str();
        if let Some(id) = selector.strip_prefix('#') {
            return node.tag.is_empty() && !node.id.is_empty() && id.replace('\\', "") == node.id;
        }
        if let Some((tag, rest)) = selector.split_once("[voice=") {
            let name = rest.trim_end_matches(']').trim_matches(['"', '\'']);
            return (tag.is_empty() || tag == node.tag) && node.voice == Some(name);
        }
        let mut parts = selector.split('.');
        let tag = parts.next().unwrap_or("");
        let classes = parts.all(|c| node.classes.contains(&c));
        classes
            && if selector.is_empty() { node.tag.is_empty() } else { (tag.is_empty() && !node.tag.is_empty()) || tag == node.tag }
    }
}

/// Puts every rule that matches into `style`, in order.
pub(super) fn apply(rules: &[Rule], node: &Node<'_>, style: &mut Style) {
    for (name, value) in rules.iter().filter(|r| r.matches(node)).flat_map(|r| &r.declarations) {
        match name.as_str() {
            "color" => style.color = color(value).unwrap_or(style.color),
            "background-color" | "background" => style.background = color(value).unwrap_or(style.background),
            "font-weight" => style.bold = matches!(value.as_str(), "bold" | "bolder" | "600" | "700" | "800" | "900"),
            "font-style" => style.italic = value == "italic" || value.starts_with("oblique"),
            "text-decoration" => {
                style.underline = value.contains("underline");
                style.line_through = value.contains("line-through");
            }
            "visibility" => style.hidden = value == "hidden",
            "font-family" => {
                style.families = value.split(',').map(|f| f.trim().trim_matches(['"', '\'']).to_string()).collect();
            }
            _ => {}
        }
    }
}

/// CSS colours: what [`Color::parse`] knows, `#rgb`, and `rgba()` with an opacity from 0 to 1.
fn color(value: &str) -> Option<Color> {
    let value = value.trim();
    if let Some(hex) = value.strip_prefix('#').filter(|h| h.len() == 3 && h.is_ascii()) {
        return Color::parse(&format!("#{}", hex.chars().flat_map(|c| [c, c]).collect::<String>()));
    }
    if let Some(inner) = value.strip_prefix("rgba(").and_then(|v| v.strip_suffix(')')) {
        let (rgb, alpha) = inner.rsplit_once(',')?;
        let alpha: f32 = alpha.trim().parse().ok().filter(|a| (0.0..=1.0).contains(a))?;
        let Color([r, g, b, _]) = Color::parse(&format!("rgb({rgb})"))?;
        return Some(Color([r, g, b, (alpha * 255.0).round() as u8]));
    }
    Color::parse(value)
}
