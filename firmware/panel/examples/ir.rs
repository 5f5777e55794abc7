//! Decodes signals: one line of microsecond durations in, mark first; one JSON object or `null` out. Says the first code of a line.

use std::io::{BufRead, BufWriter, Write, stdin, stdout};

use hearth_panel::ir::{Code, Decoder, Ir};

/// Silence after a signal.
const AFTER_US: u64 = 100_000;

fn main() -> std::io::Result<()> {
    let mut out = BufWriter::new(stdout().lock());
    for line in stdin().lock().lines() {
        let durations = line?.split(|c: char| c.is_whitespace() || c == ',').filter(|w| !w.is_empty()).map(str::parse).collect();
        match durations {
            Ok(durations) => writeln!(out, "{}", json(first(durations)))?,
            Err(std::num::ParseIntError { .. }) => writeln!(out, "null")?,
        }
    }
    out.flush()
}

fn first(durations: Vec<i64>) -> Option<Code> {
    let mut decoder = Decoder::new();
    let mut now = 1_000_000;
    for (i, duration) in durations.iter().enumerate() {
        decoder.edge(now, i % 2 == 0);
        // Signs are how some tools tell a mark from a space.
        if let Some(code) = until(&mut decoder, &mut now, duration.unsigned_abs()) {
            return Some(code);
        }
    }
    if durations.len() % 2 == 1 {
        decoder.edge(now, false);
    }
    until(&mut decoder, &mut now, AFTER_US)
}

/// Lets `us` pass.
fn until(decoder: &mut Decoder, now: &mut u64, us: u64) -> Option<Code> {
    let end = *now + us;
    while let Some(at) = decoder.deadline().filter(|at| *at < end) {
        *now = at.max(*now);
        if let Some(Ir::Press { code, .. }) = decoder.poll(*now) {
            return Some(code);
        }
    }
    *now = end;
    None
}

fn json(code: Option<Code>) -> String {
    let Some(Code { protocol, address, command }) = code else { return "null".into() };
    format!(r#"{{"protocol":"{}","address":{address},"command":{command}}}"#, protocol.name())
}
