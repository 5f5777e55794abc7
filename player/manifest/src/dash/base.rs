//! `BaseURL`s and their alternatives (ISO 23009-1 §5.6, DVB-DASH §10.8.2).
use super::segments::join;
use super::tree::Element;
use crate::{BaseUrl, Error, budget::Budget};
use url::Url;

/// More alternatives than anybody has; keeps levels that multiply cheap.
const MOST: usize = 8;

/// One place.
#[derive(Clone)]
pub(super) struct Base {
    pub url: Url,
    location: Option<String>,
    priority: u32,
    weight: u32,
    /// `@availabilityTimeOffset`, added up over the levels.
    pub early_us: Option<u64>,
}

/// The places that hold below an element, best first; never empty.
#[derive(Clone)]
pub(super) struct Bases(Vec<Base>);

impl Bases {
    /// Where the MPD is.
    pub fn new(url: &Url) -> Self {
        Bases(vec![Base { url: url.clone(), location: None, priority: 1, weight: 1, early_us: None }])
    }

    pub fn first(&self) -> &Base {
        &self.0[0]
    }

    /// Each of the element's `BaseURL`s against each base above; those above where it has none.
    pub fn below(&self, e: &Element, budget: &mut Budget) -> Result<Bases, Error> {
        let said: Vec<&Element> = e.all("BaseURL").filter(|b| !b.text.trim().is_empty()).take(MOST).collect();
        if said.is_empty() {
            return Ok(self.clone());
        }
        let mut out: Vec<Base> = Vec::new();
        for b in &said {
            let early = b.attr("availabilityTimeOffset").and_then(early_us);
            for above in &self.0 {
                let url = join(&above.url, &b.text)?;
                if out.len() >= MOST || out.iter().any(|o| o.url == url) {
                    continue;
                }
                budget.bytes(url.as_str().len())?;
                let number = |name: &str, over: u32| b.attr(name).and_then(|v| v.trim().parse().ok()).unwrap_or(over);
                out.push(Base {
                    url,
                    location: b.attr("serviceLocation").map(str::to_string).or_else(|| above.location.clone()),
                    priority: number("priority", above.priority),
                    weight: number("weight", above.weight),
                    early_us: match (above.early_us, early) {
                        (Some(a), Some(b)) => Some(a.saturating_add(b)),
                        (a, b) => a.or(b),
                    },
                });
            }
        }
        // Stable: the text's order among equals.
        out.sort_by_key(|b| b.priority);
        Ok(Bases(out))
    }

    /// For the model: only where there is a choice.
    pub fn alternatives(&self, budget: &mut Budget) -> Result<Vec<BaseUrl>, Error> {
        if self.0.len() < 2 {
            return Ok(Vec::new());
        }
        let copy = |b: &Base, budget: &mut Budget| {
            budget.bytes(b.url.as_str().len() + 64)?;
            Ok(BaseUrl { url: b.url.to_string(), service_location: b.location.clone(), priority: b.priority, weight: b.weight })
        };
        self.0.iter().map(|b| copy(b, budget)).collect()
    }
}

/// Seconds as `xs:double`, or `INF`.
pub(super) fn early_us(s: &str) -> Option<u64> {
    match s.trim() {
        "INF" => Some(u64::MAX),
        s => s.parse::<f64>().ok().filter(|f| f.is_finite() && *f >= 0.0).map(|f| (f * 1e6) as u64),
    }
}
