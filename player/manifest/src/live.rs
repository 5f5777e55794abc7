//! What goes with time: the clock and window of what is live, events, partial segments.
use crate::Resource;
use serde::Serialize;

/// What a live presentation says of its clock and its window. Wall-clock times are Unix milliseconds.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Live {
    /// When the presentation's zero is (`@availabilityStartTime`). HLS: none, see [`crate::Segment::program_date_time_ms`].
    pub start_ms: Option<i64>,
    /// `@availabilityEndTime`.
    pub end_ms: Option<i64>,
    /// `@publishTime`.
    pub publish_ms: Option<i64>,
    /// How often to look for a new manifest (`@minimumUpdatePeriod`; HLS: the target duration). None: this one is the last.
    pub update_us: Option<u64>,
    /// How far back one may go (`@timeShiftBufferDepth`). None: to the start, or as far as segments are listed.
    pub window_us: Option<u64>,
    /// How far behind the edge to play: `@suggestedPresentationDelay`, `HOLD-BACK`.
    pub delay_us: Option<u64>,
    /// `ServiceDescription/Latency@target`, `PART-HOLD-BACK`.
    pub target_latency_us: Option<u64>,
    /// `UTCTiming`, best first: scheme (`urn:mpeg:dash:utc:http-iso:2014`, …) and value (URLs, or the time itself).
    pub clocks: Vec<(String, String)>,
    /// `Location`: where to ask for the next manifest instead, best first.
    pub locations: Vec<String>,
}

/// Something at a time, for the application: an `Event` of an `EventStream` (ISO 23009-1 §5.10.2) or an `EXT-X-DATERANGE`.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct TimedEvent {
    /// `@schemeIdUri`; `CLASS`.
    pub scheme: String,
    /// `@value` of the stream.
    pub value: String,
    /// `@id`.
    pub id: String,
    /// From the start of the presentation, where that is known.
    pub start_us: Option<u64>,
    /// Wall clock, Unix milliseconds (`START-DATE`).
    pub start_date_ms: Option<i64>,
    /// `@duration`, `DURATION`, or what `END-DATE` makes of it.
    pub duration_us: Option<u64>,
    /// `Event`'s content: text, or XML with names less their prefixes.
    pub data: String,
    /// `EXT-X-DATERANGE`'s other attributes: `SCTE35-OUT`, `X-…`, `END-ON-NEXT`, `PLANNED-DURATION`, `CUE`.
    pub attributes: Vec<(String, String)>,
}

/// A partial segment (RFC 8216bis §4.4.4.9).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Part {
    /// Where it is.
    #[serde(flatten)]
    pub resource: Resource,
    /// In microseconds.
    pub duration_us: u64,
    /// Starts with an independent frame.
    pub independent: bool,
    /// Not there, do not load.
    pub gap: bool,
}
