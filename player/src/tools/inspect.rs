//! A manifest as one JSON object.

use super::Source;
use crate::fetch::{Http, Object, Request, Stop};
use crate::title::{self, Title};
use crate::{Error, PlayerConfig};
use hearth_manifest::Segments;
use serde_json::{Value, json};
use url::Url;

/// The manifest at `location`, its segment lists fetched where it names them elsewhere. `base`: what relative addresses in it are
/// relative to, where that is not `location`.
pub fn inspect(location: &str, base: Option<&str>) -> Result<Value, Error> {
    let (http, stop) = (Http::new(&PlayerConfig::default()), Stop::default());
    let url = title::locate(location)?;
    let title = match base {
        None => Title::open(&http, &url, &stop)?,
        Some(base) => {
            let base = Url::parse(base).map_err(|e| Error::BadUrl(format!("--base {base}: {e}")))?;
            let fetched = http.fetch(&Request::get(url, Object::Manifest), 16 << 20, &stop)?;
            Title::new(http, title::parse(&fetched.bytes, &base)?)?
        }
    };
    let mut presentation = (*title.presentation()).clone();
    let mut problems = Vec::new();
    for (p, period) in presentation.periods.iter_mut().enumerate() {
        for (t, track) in period.tracks.iter_mut().enumerate() {
            for (r, rendition) in track.renditions.iter_mut().enumerate() {
                if matches!(rendition.segments, Segments::List { .. }) {
                    continue;
                }
                match title.playlist((p, t, r), &stop) {
                    Ok(list) => {
                        rendition.init.clone_from(&list.init);
                        rendition.segments = Segments::List { segments: list.segments.clone() };
                        rendition.protection.clone_from(&list.protection);
                    }
                    // A manifest alone, its lists elsewhere, is still worth showing.
                    Err(error) => {
                        problems.push(json!({ "rendition": rendition.id, "code": error.code(), "message": error.to_string() }))
                    }
                }
            }
        }
    }
    if presentation.duration_us.is_none() && !presentation.live {
        let renditions = presentation.periods.iter().flat_map(|p| &p.tracks).flat_map(|t| &t.renditions);
        presentation.duration_us = renditions
            .filter_map(|r| match &r.segments {
                Segments::List { segments } => segments.last().map(|s| s.start_us + s.duration_us),
                _ => None,
            })
            .max();
    }
    let mut value = serde_json::to_value(&presentation).map_err(|e| Error::Internal(e.to_string()))?;
    flatten(&mut value);
    if let Some(object) = value.as_object_mut() {
        object.insert("type".into(), if presentation.live { "dynamic" } else { "static" }.into());
        if !problems.is_empty() {
            object.insert("problems".into(), problems.into());
        }
    }
    Ok(value)
}

/// `segments` is an array everywhere; where the list could not be had, empty, and `playlist` says where it is.
fn flatten(value: &mut Value) {
    let array =
        |value: &mut Value, key: &str| value.get_mut(key).and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
    let mut periods = array(value, "periods");
    for period in &mut periods {
        let mut tracks = array(period, "tracks");
        for track in &mut tracks {
            let mut renditions = array(track, "renditions");
            for rendition in &mut renditions {
                let mut said = rendition["segments"].take();
                if let Some(url) = said.get("url") {
                    rendition["playlist"] = url.clone();
                }
                rendition["segments"] = array(&mut said, "segments").into();
            }
            track["renditions"] = renditions.into();
        }
        period["tracks"] = tracks.into();
    }
    value["periods"] = periods.into();
}

impl Source {
    /// Reads `location` with nothing else said.
    pub fn new(location: impl Into<String>) -> Self {
        Self { location: location.into(), ..Self::default() }
    }
}
