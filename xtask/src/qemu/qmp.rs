//! QEMU's control socket: one JSON object a line, a command at a time; events that arrive in between are kept.
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// Longest that QEMU may take for an answer; a loaded machine is slow, a hung QEMU is slower.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection that has greeted.
pub struct Qmp {
    reader: BufReader<UnixStream>,
    /// Half a line, when a deadline came in the middle of one.
    half: Vec<u8>,
    events: Vec<Value>,
}

impl Qmp {
    /// Greets the QEMU at the other end.
    pub fn greet(stream: UnixStream) -> Result<Self> {
        let mut qmp = Self { reader: BufReader::new(stream), half: Vec::new(), events: Vec::new() };
        let hello = qmp.line(Instant::now() + PATIENCE)?.context("QEMU says nothing")?;
        if hello.get("QMP").is_none() {
            bail!("not QEMU's greeting: {hello}");
        }
        qmp.run("qmp_capabilities", json!({}))?;
        Ok(qmp)
    }

    /// Runs one command and returns its answer.
    pub fn run(&mut self, command: &str, arguments: Value) -> Result<Value> {
        let request = json!({"execute": command, "arguments": arguments});
        self.reader
            .get_mut()
            .write_all(format!("{request}\n").as_bytes())
            .with_context(|| format!("QEMU has gone before {command}"))?;
        let deadline = Instant::now() + PATIENCE;
        while let Some(mut answer) = self.line(deadline)? {
            if let Some(error) = answer.get("error") {
                bail!("QEMU refuses {command}: {}", error["desc"].as_str().unwrap_or("no reason given"));
            }
            match answer.get_mut("return") {
                Some(value) => return Ok(value.take()),
                None => self.events.push(answer),
            }
        }
        bail!("QEMU does not answer {command}")
    }

    /// Presses and releases keys together, by QEMU's names: `ret`, `left`, `ctrl`.
    pub fn press(&mut self, keys: &[&str]) -> Result<()> {
        let keys: Vec<Value> = keys.iter().map(|key| json!({"type": "qcode", "data": key})).collect();
        self.run("send-key", json!({"keys": keys})).map(drop)
    }

    /// Writes what the first screen shows to `file`, as PPM.
    pub fn screendump(&mut self, file: &Path) -> Result<()> {
        self.run("screendump", json!({"filename": file})).map(drop)
    }

    /// The next line; `None` at the deadline.
    fn line(&mut self, deadline: Instant) -> Result<Option<Value>> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            self.reader.get_ref().set_read_timeout(Some(left))?;
            match self.reader.read_until(b'\n', &mut self.half) {
                Ok(_) if self.half.ends_with(b"\n") => {
                    let line = std::mem::take(&mut self.half);
                    return serde_json::from_slice(&line).map(Some).context("QEMU speaks no JSON");
                }
                Ok(_) => bail!("QEMU has closed its control socket"),
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) => {}
                Err(e) => return Err(e).context("reading from QEMU"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Talks to a QEMU that says `script`, whatever it is asked.
    fn with(script: &'static str) -> Result<Qmp> {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        theirs.write_all(script.as_bytes()).unwrap();
        std::thread::spawn(move || {
            let mut heard = String::new();
            let _ = BufReader::new(theirs).read_line(&mut heard);
        });
        Qmp::greet(ours)
    }

    const HELLO: &str = "{\"QMP\": {}}\r\n{\"return\": {}}\r\n";

    #[test]
    fn greets_and_tells_answers_from_events() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let qemu = std::thread::spawn(move || {
            let mut reader = BufReader::new(theirs);
            let mut heard = Vec::new();
            reader.get_mut().write_all(b"{\"QMP\": {}}\n").unwrap();
            for answer in
                ["{\"return\": {}}\n", "{\"event\": \"RESET\"}\n{\"return\": 5}\n", "{\"error\": {\"desc\": \"no such key\"}}\n"]
            {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                heard.push(serde_json::from_str::<Value>(&line).unwrap());
                reader.get_mut().write_all(answer.as_bytes()).unwrap();
            }
            heard
        });
        let mut qmp = Qmp::greet(ours).unwrap();
        assert_eq!(qmp.run("query", json!({})).unwrap(), json!(5));
        assert_eq!(qmp.events.len(), 1);
        assert!(qmp.press(&["nonsense"]).unwrap_err().to_string().contains("no such key"));
        let heard = qemu.join().unwrap();
        assert_eq!(heard[0]["execute"], "qmp_capabilities");
        assert_eq!(heard[2]["arguments"]["keys"][0]["data"], "nonsense");
    }

    #[test]
    fn what_is_not_qemu_is_refused() {
        assert!(with("{\"hello\": 1}\n").is_err());
        assert!(with("nonsense\n").is_err());
        assert!(with("{\"QMP\": {}}\n{\"error\": {}}\n").is_err());
        assert!(with(HELLO).is_ok());
    }
}
