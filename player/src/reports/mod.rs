//! Player events in the vocabulary of Common Media Client Data, version 2 (CTA-5004-B, event mode): each report is a structured-field
//! dictionary (RFC 8941) on a line of its own. [`Reporter`] writes them; `PlayerConfig::reports` has them sent.

mod deliver;

pub(crate) use deliver::Courier;

use crate::fetch::cmcd::{hundreds, quoted};
use crate::{Event, PlayerState};
use std::collections::BTreeMap;

/// Between two reports of what goes on (`e=t`), in ms.
const INTERVAL_MS: u64 = 30_000;
/// Characters of `cid` and `sid`, at most.
const LONGEST: usize = 128;

/// Turns the events of a player into reports, one session after the other.
#[derive(Default)]
pub struct Reporter {
    session: String,
    content: Option<String>,
    /// `sn`: counts the reports of a session.
    number: u64,
    state: Option<PlayerState>,
    /// `sf` and `st`, once there was a picture.
    format: Option<(&'static str, bool)>,
    /// `msd`, until a report has said it.
    start_delay_ms: Option<u64>,
    position_us: u64,
    buffer_ms: u64,
    /// `br`, kbit/s.
    bitrate_kbps: Option<u64>,
    /// `mtp`, kbit/s.
    throughput_kbps: Option<u64>,
    dropped: u64,
    muted: bool,
    /// Starvations: how many, for how long, and the last one until a report has said it, in ms.
    stalls: u64,
    stalled_ms: u64,
    stall_ms: Option<u64>,
    last_ms: u64,
}

/// Keys with what they say, written already.
type Pairs = BTreeMap<&'static str, String>;

impl Reporter {
    /// The report of `event`, if it is one that is reported; `now_ms`: Unix milliseconds.
    pub fn report(&mut self, event: &Event, now_ms: u64) -> Option<String> {
        let mut pairs = Pairs::new();
        let kind = self.heed(event, now_ms, &mut pairs)?;
        pairs.insert("e", kind.into());
        Some(self.line(pairs, now_ms))
    }

    /// Learns what the event says; the token of `e` where it is to be reported.
    fn heed(&mut self, event: &Event, now_ms: u64, pairs: &mut Pairs) -> Option<&'static str> {
        match event {
            Event::Loading { session_id, content_id } => {
                // How loud it is outlives a session.
                let (session, content, muted) = (session_id.clone(), content_id.clone(), self.muted);
                *self = Self { session, content, muted, ..Self::default() };
                None
            }
            Event::Started { first_frame_ms, format, live, .. } => {
                self.start_delay_ms = Some(*first_frame_ms);
                let token = match format.as_str() {
                    "hls" => "h",
                    "dash" => "d",
                    _ => "o",
                };
                self.format = Some((token, *live));
                None
            }
            Event::State { state, position_us, buffer_ms } => {
                (self.position_us, self.buffer_ms) = (*position_us, *buffer_ms);
                self.state = Some(*state);
                Some("ps")
            }
            Event::Position { position_us, buffer_ms, dropped, .. } => {
                (self.position_us, self.buffer_ms, self.dropped) = (*position_us, *buffer_ms, *dropped);
                (now_ms.saturating_sub(self.last_ms) >= INTERVAL_MS).then_some("t")
            }
            Event::Switch { bandwidth, estimate_kbps, buffer_ms, .. } => {
                self.buffer_ms = *buffer_ms;
                self.bitrate_kbps = Some(bandwidth.div_ceil(1000));
                self.throughput_kbps = Some(*estimate_kbps).filter(|kbps| *kbps > 0);
                Some("bc")
            }
            Event::Stall { duration_ms, .. } => {
                self.stalls += 1;
                self.stalled_ms += duration_ms;
                self.stall_ms = Some(*duration_ms);
                None
            }
            Event::Volume { muted, .. } => {
                let changed = std::mem::replace(&mut self.muted, *muted) != *muted;
                (changed && !self.session.is_empty()).then_some(if *muted { "m" } else { "um" })
            }
            Event::Error(error) => {
                pairs.insert("ec", format!("(\"{}\")", error.code));
                Some("e")
            }
            _ => None,
        }
    }

    /// With what is said in every report.
    fn line(&mut self, mut pairs: Pairs, now_ms: u64) -> String {
        self.number += 1;
        self.last_ms = now_ms;
        pairs.insert("bl", format!("({};av)", hundreds(self.buffer_ms)));
        pairs.extend(self.bitrate_kbps.map(|kbps| ("br", format!("({kbps};v)"))));
        pairs.extend(self.content.as_ref().map(|content| ("cid", quoted(content, LONGEST))));
        if self.stalls > 0 {
            pairs.insert("bsa", format!("({})", self.stalls));
            pairs.insert("bsda", format!("({})", self.stalled_ms));
        }
        pairs.extend(self.stall_ms.take().map(|ms| ("bsd", format!("({ms})"))));
        pairs.insert("dfa", self.dropped.to_string());
        pairs.extend(self.start_delay_ms.take().map(|ms| ("msd", ms.to_string())));
        pairs.extend(self.throughput_kbps.map(|kbps| ("mtp", format!("({};av)", hundreds(kbps)))));
        pairs.insert("pt", (self.position_us / 1000).to_string());
        if let Some((format, live)) = self.format {
            pairs.insert("sf", format.into());
            pairs.insert("st", if live { "l" } else { "v" }.into());
        }
        pairs.insert("sid", quoted(&self.session, LONGEST));
        pairs.insert("sn", self.number.to_string());
        pairs.extend(self.state.map(|state| ("sta", token(state).to_owned())));
        pairs.insert("ts", now_ms.to_string());
        pairs.insert("v", "2".into());
        pairs.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
    }
}

/// The token of `sta`.
fn token(state: PlayerState) -> &'static str {
    match state {
        PlayerState::Starting => "s",
        PlayerState::Playing => "p",
        PlayerState::Seeking => "k",
        PlayerState::Rebuffering => "r",
        PlayerState::Paused => "a",
        PlayerState::Ended => "e",
        PlayerState::FatalError => "f",
        PlayerState::Quit => "q",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PlayerError;

    /// What a session's events become: one line each, none where nothing is reported.
    #[test]
    fn a_session_is_told_in_the_standards_words() {
        let state = |state, position_us, buffer_ms| Event::State { state, position_us, buffer_ms };
        let position = |position_us| Event::Position { position_us, buffer_ms: 9_940, paused: false, dropped: 2 };
        let started = Event::Started {
            first_frame_ms: 321,
            duration_us: None,
            width: 2,
            height: 2,
            protection: "none".into(),
            format: "hls".into(),
            live: true,
        };
        let switch = Event::Switch {
            position_us: 8_000_000,
            from: "a".into(),
            to: "b".into(),
            bandwidth: 1_500_001,
            height: 720,
            estimate_kbps: 4_321,
            buffer_ms: 7_060,
        };
        let error = PlayerError { code: 2001, message: String::new(), action: String::new(), retryable: true };
        let table = [
            (0, Event::Volume { percent: 5, muted: true }, ""),
            (0, Event::Loading { session_id: "s1".into(), content_id: Some("film \"1\"".into()) }, ""),
            (
                1_000,
                state(PlayerState::Starting, 0, 0),
                r#"bl=(0;av),cid="film \"1\"",dfa=0,e=ps,pt=0,sid="s1",sn=1,sta=s,ts=1000,v=2"#,
            ),
            (1_300, started, ""),
            (
                1_321,
                state(PlayerState::Playing, 40_000, 2_449),
                r#"bl=(2400;av),cid="film \"1\"",dfa=0,e=ps,msd=321,pt=40,sf=h,sid="s1",sn=2,st=l,sta=p,ts=1321,v=2"#,
            ),
            (31_000, position(3_000_000), ""),
            (
                31_400,
                position(3_400_000),
                r#"bl=(9900;av),cid="film \"1\"",dfa=2,e=t,pt=3400,sf=h,sid="s1",sn=3,st=l,sta=p,ts=31400,v=2"#,
            ),
            (
                31_500,
                switch,
                r#"bl=(7100;av),br=(1501;v),cid="film \"1\"",dfa=2,e=bc,mtp=(4300;av),pt=3400,sf=h,sid="s1",sn=4,st=l,sta=p,ts=31500,v=2"#,
            ),
            (
                32_000,
                Event::Volume { percent: 5, muted: false },
                r#"bl=(7100;av),br=(1501;v),cid="film \"1\"",dfa=2,e=um,mtp=(4300;av),pt=3400,sf=h,sid="s1",sn=5,st=l,sta=p,ts=32000,v=2"#,
            ),
            (32_100, Event::Volume { percent: 6, muted: false }, ""),
            (33_000, Event::Stall { position_us: 5_000_000, duration_ms: 750 }, ""),
            (
                33_000,
                state(PlayerState::Playing, 5_000_000, 1_000),
                r#"bl=(1000;av),br=(1501;v),bsa=(1),bsd=(750),bsda=(750),cid="film \"1\"",dfa=2,e=ps,mtp=(4300;av),pt=5000,sf=h,sid="s1",sn=6,st=l,sta=p,ts=33000,v=2"#,
            ),
            (
                34_000,
                Event::Error(error),
                r#"bl=(1000;av),br=(1501;v),bsa=(1),bsda=(750),cid="film \"1\"",dfa=2,e=e,ec=("2001"),mtp=(4300;av),pt=5000,sf=h,sid="s1",sn=7,st=l,sta=p,ts=34000,v=2"#,
            ),
            (40_000, Event::Loading { session_id: "s2".into(), content_id: None }, ""),
            (40_000, state(PlayerState::Quit, 0, 0), r#"bl=(0;av),dfa=0,e=ps,pt=0,sid="s2",sn=1,sta=q,ts=40000,v=2"#),
        ];
        let mut reporter = Reporter::default();
        for (now_ms, event, expected) in table {
            assert_eq!(reporter.report(&event, now_ms).unwrap_or_default(), expected, "{event:?}");
        }
    }
}
