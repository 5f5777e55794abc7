//! A script that the microcontroller plays in QEMU by counted instructions: infrared into its receiver's pin, keys, frames, power. What it
//! says is compared with `expected.txt`, twice with itself, and its times and stack with their limits.
use super::build::{Image, RAM};
use super::vm::play;
use crate::shell::{root, step};
use anyhow::{Context, Result, bail};
use hearth_wire::{Deframer, Depth, MAX_FRAME, RemoteKey, Show, ToBox, ToPanel, encode};
use std::fmt::Write;
use std::time::Instant;

/// From the last edge of a frame to the panel's word, in microseconds: where its length is fixed.
const LATEST_US: u32 = 1_000;
/// And where only silence tells that there is no more: SIRC and RC6A.
const LATEST_OPEN_US: u32 = 12_000;

/// Plays it twice and judges.
pub fn run(bench: &Image, release: &Image) -> Result<()> {
    let begun = Instant::now();
    let signals = std::fs::read_to_string(root().join("firmware/panel/tests/signals.txt")).context("the signals")?;
    let script = script(&signals)?;
    let first = play(&bench.elf, &script)?;
    if play(&bench.elf, &script)? != first {
        bail!("the same script came to different bytes the second time");
    }
    let (link, said) = first;
    let (told, mut figures) = sort(&link, &said)?;
    compare(&told)?;
    let stack = figures.stack.context("the script does not ask for the stack")?;
    let ram = release.ram + stack;
    for (name, us) in &figures.latencies {
        let open = name.starts_with("SIRC") || *name == "RC6A";
        if *us > if open { LATEST_OPEN_US } else { LATEST_US } {
            bail!("{name} comes {us} us after its last edge");
        }
    }
    figures.latencies.sort_unstable_by_key(|(_, us)| *us);
    let told: Vec<u32> = figures.latencies.iter().map(|(_, us)| *us).collect();
    step(format_args!(
        "firmware: suite as expected, the same twice; {} codes, told {} us (median) to {} us after their last edge; \
         RAM {ram} of {RAM} bytes, {stack} of them stack; {:.1} s",
        told.len(),
        told.get(told.len() / 2).copied().unwrap_or_default(),
        told.last().copied().unwrap_or_default(),
        begun.elapsed().as_secs_f64()
    ));
    if ram > RAM {
        bail!("{ram} bytes of RAM; the budget is {RAM}");
    }
    Ok(())
}

struct Figures {
    /// Protocol, microseconds.
    latencies: Vec<(&'static str, u32)>,
    stack: Option<u64>,
}

/// What must be the same for ever, and what is measured.
fn sort(link: &[u8], said: &str) -> Result<(String, Figures)> {
    let mut told = String::from("# To the box\n");
    let mut deframer = Deframer::new();
    for frame in link.iter().filter_map(|byte| deframer.push::<ToBox>(*byte)) {
        let frame = frame.map_err(|e| anyhow::anyhow!("a frame of the panel's is {e:?}"))?;
        writeln!(told, "{:3} {:?}", frame.sequence, frame.message)?;
    }
    told += "\n# To its own hardware\n";
    let mut figures = Figures { latencies: Vec::new(), stack: None };
    for line in said.lines() {
        match line.split_once(' ') {
            Some(("latency", rest)) => {
                let (protocol, us) = rest.split_once(' ').context("a latency without a time")?;
                let name = hearth_wire::IR_PROTOCOLS.get(protocol.parse::<usize>()?).context("no such protocol")?;
                figures.latencies.push((name, us.parse()?));
            }
            Some(("stack", rest)) => figures.stack = rest.split(' ').next().and_then(|n| n.parse().ok()),
            _ => writeln!(told, "{line}")?,
        }
    }
    Ok((told, figures))
}

/// With what it was when somebody last looked. `HEARTH_BLESS=1` writes it.
fn compare(told: &str) -> Result<()> {
    let file = root().join("firmware/board-lm3s6965/expected.txt");
    if std::env::var_os("HEARTH_BLESS").is_some() {
        std::fs::write(&file, told)?;
    }
    let expected = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    match expected.lines().zip(told.lines()).find(|(a, b)| a != b) {
        Some((expected, seen)) => bail!("the suite said `{seen}` where `{expected}` was expected"),
        None if expected.len() != told.len() => bail!("the suite said {} bytes; {} were expected", told.len(), expected.len()),
        None => Ok(()),
    }
}

/// Commands as `bench.rs` of the board takes them.
struct Script {
    text: String,
    sequence: u8,
}

impl Script {
    fn put(&mut self, line: &str) -> &mut Self {
        self.text += line;
        self.text.push('\n');
        self
    }

    fn wait_ms(&mut self, ms: u32) -> &mut Self {
        self.put(&format!("wait {}", ms * 1_000))
    }

    /// A frame from the box.
    fn say(&mut self, message: &ToPanel) -> Result<&mut Self> {
        let mut frame = [0; MAX_FRAME];
        let length = encode(self.sequence, message, &mut frame).context("a message that is too long")?;
        self.sequence = self.sequence.wrapping_add(1);
        Ok(self.bytes(&frame[..length]).wait_ms(5))
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        let words: Vec<String> = bytes.iter().map(|b| format!("{b:02x}")).collect();
        self.put(&format!("frame {}", words.join(" ")))
    }

    fn press(&mut self, key: &str) -> &mut Self {
        self.put(&format!("key {key} 1")).wait_ms(40).put(&format!("key {key} 0")).wait_ms(40)
    }
}

fn script(signals: &str) -> Result<String> {
    let mut s = Script { text: String::new(), sequence: 0 };
    let signals: Vec<(RemoteKey, String)> = signals.lines().map(signal).collect::<Result<_>>()?;
    let (wake, wake_signal) = signals.first().context("no signal")?.clone();
    let (_, other_signal) = signals.get(1).context("one signal")?.clone();
    s.wait_ms(200).say(&ToPanel::Hello { version: hearth_wire::VERSION })?;
    s.say(&ToPanel::Time { unix_s: 1_795_201_620, offset_min: 60 })?.say(&ToPanel::WakeKey { slot: 3, key: Some(wake) })?;
    for (_, durations) in &signals {
        s.put(&format!("ir {durations}")).wait_ms(300);
    }
    // The same while a title moves across the display.
    let title = "A title that is longer than the display is wide".try_into().map_err(|_| anyhow::anyhow!("too long"))?;
    s.say(&ToPanel::Show(Show::Playing { title, position_s: 0, duration_s: 90, paused: false }))?.wait_ms(2_500);
    for (_, durations) in &signals {
        s.put(&format!("ir {durations}")).wait_ms(300);
    }
    for key in ["up", "down", "left", "right", "ok", "power"] {
        s.press(key);
    }
    s.say(&ToPanel::Volume { percent: 30, muted: false })?.wait_ms(2_500);
    // A frame of the future, noise, half a frame: each costs itself only.
    s.bytes(&[0x04, 0x01, 0x77, 0x63, 0x01, 0x05, 0x11, 0x22, 0x33, 0x44, 0x00]).bytes(&[0x55; 40]).bytes(&[0]);
    s.say(&ToPanel::AskWake)?.say(&ToPanel::Kick)?.wait_ms(16_000);
    s.say(&ToPanel::Kick)?.say(&ToPanel::Disarm)?.wait_ms(16_000);
    // Light sleep, and the wrong key, and the right one.
    s.say(&ToPanel::Sleep { depth: Depth::Light, wake_at_s: None })?.put(&format!("ir {other_signal}")).wait_ms(500);
    s.put(&format!("ir {wake_signal}")).wait_ms(500).say(&ToPanel::AskWake)?;
    // Deep sleep: power goes when it is safe, and comes back for the timer.
    s.say(&ToPanel::Time { unix_s: 1_795_201_700, offset_min: 60 })?;
    s.say(&ToPanel::Sleep { depth: Depth::Deep, wake_at_s: Some(1_795_201_710) })?
        .wait_ms(500)
        .say(&ToPanel::SafeToCut)?
        .wait_ms(11_000);
    // A box that never says that it is safe; the front wakes it; the power key held long.
    s.say(&ToPanel::Standby { wake_at_s: None })?.wait_ms(11_000).press("power").wait_ms(100);
    s.put("key power 1").wait_ms(8_500).put("key power 0").wait_ms(100);
    s.put("stack").put("exit");
    Ok(s.text)
}

/// A line of `signals.txt`: protocol, address, command, durations.
fn signal(line: &str) -> Result<(RemoteKey, String)> {
    let mut words = line.splitn(4, ' ');
    let mut word = || words.next().context("a signal with less than four words");
    let key = RemoteKey { protocol: word()?.parse()?, address: word()?.parse()?, command: word()?.parse()? };
    Ok((key, word()?.to_owned()))
}
