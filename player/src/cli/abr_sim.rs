//! `abr-sim`: the player's own rule behind a network simulator's line protocol, one JSON object a line each way, one answer a request.
//! Times are ms, sizes bits, rates kbit/s; renditions count from 0, the lowest. One process plays many sessions in turn.
//!
//! `hello` (ladder) -> `ready`; `decide` (with the transfers `done` since) -> `quality`; `progress` (of the transfer under way) ->
//! `abandon`; `bye` -> `ok`. Fields that are not known are ignored.

use hearth_abr::{Abr, InFlight, Ladder, MAX_LOOKAHEAD, MAX_RENDITIONS, Situation, Transfer};
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{BufRead, Error, ErrorKind, Result, Write};

/// How often a transfer's progress is asked for.
const PROGRESS_MS: u32 = 100;

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Request {
    Hello(Hello),
    Decide(Decide),
    Progress(Progress),
    Bye {
        #[serde(default)]
        done: Vec<Done>,
    },
}

#[derive(Deserialize)]
struct Hello {
    protocol: u32,
    bitrates_kbps: Vec<f32>,
    segment_ms: f32,
    max_buffer_ms: f32,
    #[serde(default)]
    live: bool,
}

#[derive(Deserialize)]
struct Decide {
    now_ms: f64,
    buffer_ms: f32,
    #[serde(default)]
    playing: bool,
    last_quality: Option<usize>,
    #[serde(default)]
    sizes_bits: Vec<Vec<f32>>,
    #[serde(default)]
    done: Vec<Done>,
}

#[derive(Deserialize)]
struct Done {
    now_ms: f64,
    quality: usize,
    got_bits: f64,
    #[serde(default)]
    ttfb_ms: f32,
    time_ms: f32,
    #[serde(default)]
    abandoned: bool,
}

#[derive(Deserialize)]
struct Progress {
    now_ms: f64,
    buffer_ms: f32,
    quality: usize,
    #[serde(default)]
    size_bits: f64,
    got_bits: f64,
    time_ms: f32,
}

/// Answers requests until the input ends. A line that makes no sense ends it with [`ErrorKind::InvalidData`].
pub(super) fn run(input: impl BufRead, mut output: impl Write) -> Result<()> {
    let mut session = Session { rule: hearth_abr::best(), sizes: [[0.0; MAX_RENDITIONS]; MAX_LOOKAHEAD], ready: false };
    for line in input.lines() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let request = serde_json::from_str(&line).map_err(|e| bad(format!("{e}: {line}")))?;
        writeln!(output, "{}", session.answer(request)?)?;
        output.flush()?;
    }
    Ok(())
}

struct Session {
    rule: Box<dyn Abr>,
    sizes: [[f32; MAX_RENDITIONS]; MAX_LOOKAHEAD],
    /// `hello` has come.
    ready: bool,
}

impl Session {
    fn answer(&mut self, request: Request) -> Result<Value> {
        if !matches!(request, Request::Hello(_)) && !self.ready {
            return Err(bad("the first request must be hello".into()));
        }
        Ok(match request {
            Request::Hello(h) => self.hello(&h)?,
            Request::Decide(d) => self.decide(&d),
            Request::Progress(p) => {
                let Progress { now_ms, buffer_ms, quality, size_bits, got_bits, time_ms } = p;
                let t = InFlight { now_ms, buffer_ms, rendition: quality, size_bits, got_bits, time_ms };
                json!({"abandon": self.rule.progress(&t)})
            }
            Request::Bye { done } => {
                self.done(&done);
                json!({"type": "ok", "estimate_kbps": self.rule.estimate_kbps()})
            }
        })
    }

    fn hello(&mut self, h: &Hello) -> Result<Value> {
        let len = h.bitrates_kbps.len();
        if h.protocol != 1 {
            return Err(bad(format!("protocol {} is not known, only 1", h.protocol)));
        }
        if !(1..=MAX_RENDITIONS).contains(&len) {
            return Err(bad(format!("a ladder of {len} renditions: 1 to {MAX_RENDITIONS} are possible")));
        }
        let mut kbps = [0.0; MAX_RENDITIONS];
        kbps[..len].copy_from_slice(&h.bitrates_kbps);
        let (segment_ms, max_buffer_ms, live) = (h.segment_ms, h.max_buffer_ms, h.live);
        self.rule.reset(&Ladder { kbps, len, segment_ms, max_buffer_ms, live }, None);
        self.ready = true;
        Ok(json!({"type": "ready", "name": self.rule.name(), "progress_ms": PROGRESS_MS}))
    }

    fn decide(&mut self, d: &Decide) -> Value {
        self.done(&d.done);
        let known = d.sizes_bits.len().min(MAX_LOOKAHEAD);
        for (row, bits) in self.sizes.iter_mut().zip(&d.sizes_bits) {
            for (to, from) in row.iter_mut().zip(bits) {
                *to = *from;
            }
        }
        let decision = self.rule.decide(&Situation {
            now_ms: d.now_ms,
            buffer_ms: d.buffer_ms,
            playing: d.playing,
            last: d.last_quality,
            sizes_bits: &self.sizes[..known],
            cap: MAX_RENDITIONS - 1,
        });
        json!({"quality": decision.rendition, "wait_ms": decision.wait_ms})
    }

    fn done(&mut self, done: &[Done]) {
        for d in done {
            let Done { now_ms, quality, got_bits, ttfb_ms, time_ms, abandoned } = *d;
            self.rule.done(&Transfer { now_ms, rendition: quality, got_bits, ttfb_ms, time_ms, abandoned });
        }
    }
}

fn bad(what: String) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talk(lines: &[String]) -> Result<Vec<Value>> {
        let mut out = Vec::new();
        run(lines.join("\n").as_bytes(), &mut out)?;
        Ok(String::from_utf8_lossy(&out).lines().map(|l| serde_json::from_str(l).unwrap_or_default()).collect())
    }

    fn hello(protocol: u32) -> String {
        let ladder = json!([400, 1000, 4000]);
        json!({"type": "hello", "protocol": protocol, "bitrates_kbps": ladder, "segment_ms": 4000, "segments": 50, "max_buffer_ms": 30000}).to_string()
    }

    fn decide(buffer_ms: u32, last: Option<usize>, done: Value) -> String {
        let sizes = vec![[1_600_000, 4_000_000, 16_000_000]; 20];
        json!({"type": "decide", "seg": 0, "now_ms": 100, "buffer_ms": buffer_ms, "playing": last.is_some(), "last_quality": last,
            "sizes_bits": sizes, "done": done, "waited_ms": 0})
        .to_string()
    }

    #[test]
    fn a_session_climbs_and_the_next_begins_anew() {
        let first = || decide(0, None, json!([]));
        let done = json!([{"seg": 0, "quality": 0, "size_bits": 1.6e6, "got_bits": 1.6e6, "ttfb_ms": 20, "time_ms": 100, "now_ms": 100, "abandoned": false}]);
        let progress = json!({"type": "progress", "seg": 1, "now_ms": 200, "buffer_ms": 3900, "quality": 2, "size_bits": 1.6e7, "got_bits": 2e6, "time_ms": 100});
        let bye = json!({"type": "bye", "done": []});
        let lines = [hello(1), first(), decide(4000, Some(0), done), progress.to_string(), bye.to_string(), hello(1), first()];
        let got = talk(&lines).unwrap();
        assert_eq!(got.len(), 7);
        assert_eq!((&got[0]["type"], &got[0]["progress_ms"]), (&json!("ready"), &json!(100)));
        assert_eq!((&got[1]["quality"], &got[2]["quality"], &got[3]["abandon"]), (&json!(0), &json!(2), &json!(false)));
        assert_eq!((&got[4]["type"], &got[6]), (&json!("ok"), &got[1]));
    }

    #[test]
    fn nonsense_ends_it() {
        for lines in [vec![decide(0, None, json!([]))], vec!["{}".into()], vec![hello(1), "not json".into()], vec![hello(2)]] {
            assert_eq!(talk(&lines).unwrap_err().kind(), ErrorKind::InvalidData, "{lines:?}");
        }
    }
}
