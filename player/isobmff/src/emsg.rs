//! What travels beside the samples of a segment: event messages (`emsg`, ISO/IEC 23009-1 §5.10.3.3) and `pssh` boxes of its fragments.
use crate::protection::parse_pssh_body;
use crate::reader::{BoxRef, Boxes};
use crate::{Error, Pssh};

/// One `emsg`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventMessage {
    /// `scheme_id_uri`.
    pub scheme: String,
    /// `value`.
    pub value: String,
    /// Ticks a second.
    pub timescale: u32,
    /// When it holds, in ticks.
    pub time: EventTime,
    /// In ticks; none if unknown.
    pub duration: Option<u32>,
    /// Two with one ID, scheme and value are the same event.
    pub id: u32,
    /// `message_data`.
    pub data: Vec<u8>,
}

/// When an event begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EventTime {
    /// Version 0: after the earliest presentation time of the segment that holds it.
    FromSegment(u32),
    /// Version 1: on the media's timeline.
    OfMedia(u64),
}

/// Every `emsg` at the top level of a segment, in order.
pub fn parse_emsg(bytes: &[u8]) -> Result<Vec<EventMessage>, Error> {
    let mut out = Vec::new();
    for top in Boxes::top_level(bytes) {
        let top = top?;
        if top.is(b"emsg") {
            out.extend(message(&top)?);
        }
    }
    Ok(out)
}

/// None of a version that is not known.
fn message(emsg: &BoxRef<'_>) -> Result<Option<EventMessage>, Error> {
    let mut c = emsg.cursor("emsg");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let known = |duration: u32| Some(duration).filter(|d| *d != u32::MAX);
    Ok(match c.full_box()?.0 {
        0 => {
            let (scheme, value) = (text(c.c_string()), text(c.c_string()));
            let (timescale, time) = (c.u32()?, EventTime::FromSegment(c.u32()?));
            let (duration, id) = (known(c.u32()?), c.u32()?);
            Some(EventMessage { scheme, value, timescale, time, duration, id, data: c.rest().to_vec() })
        }
        1 => {
            let (timescale, time) = (c.u32()?, EventTime::OfMedia(c.u64()?));
            let (duration, id) = (known(c.u32()?), c.u32()?);
            let (scheme, value) = (text(c.c_string()), text(c.c_string()));
            Some(EventMessage { scheme, value, timescale, time, duration, id, data: c.rest().to_vec() })
        }
        _ => None,
    })
}

/// The `pssh` boxes of a segment's `moof`s: new keys on the way (ISO 23001-7 §8.1.1).
pub fn parse_segment_pssh(bytes: &[u8]) -> Result<Vec<Pssh>, Error> {
    let mut out = Vec::new();
    for top in Boxes::top_level(bytes) {
        let top = top?;
        for child in Boxes::children(if top.is(b"moof") { top.body } else { &[] }) {
            let child = child?;
            if child.is(b"pssh") {
                out.push(parse_pssh_body(child.body)?);
            }
        }
    }
    Ok(out)
}
