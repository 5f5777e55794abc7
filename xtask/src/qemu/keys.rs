//! A script of remote keys and waits, in the launcher's words: `wait:home right ok wait:playing shot:film`.
use super::machine::{BOOT, Machine, STEP};
use super::panel::Powered;
use crate::demo::children::pause;
use crate::shell::step;
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::time::Duration;

/// One step of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A key, by QEMU's name for the keyboard's.
    Key(&'static str),
    /// The remote's power key, which also wakes a box that sleeps.
    Power,
    /// Until the panel has taken the power away.
    Off,
    /// A beacon of init.
    Beacon(&'static str),
    /// Until the screen stands still.
    Settled,
    /// Until a film's frame numbers advance.
    Moving,
    /// Seconds, for a person who looks on.
    Seconds(u64),
    /// A picture with this name.
    Shot(String),
}

/// Remote keys with the keyboard's keys that stand for them.
const KEYS: &[(&str, &str)] = &[
    ("up", "up"),
    ("down", "down"),
    ("left", "left"),
    ("right", "right"),
    ("ok", "ret"),
    ("back", "backspace"),
    ("home", "home"),
    ("menu", "m"),
    ("info", "i"),
    ("play-pause", "spc"),
    ("play", "spc"),
    ("pause", "spc"),
    ("stop", "s"),
    ("forward", "dot"),
    ("rewind", "comma"),
];

/// Beacons with their words.
const BEACONS: &[(&str, &str)] = &[
    ("frame", "ui-first-frame"),
    ("home", "home"),
    ("origin", "origin"),
    ("playing", "playing"),
    ("good", "good"),
    ("down", "down"),
    ("woke", "woke"),
];

/// Reads a script.
pub fn parse(script: &str) -> Result<Vec<Step>> {
    script.split_whitespace().map(|word| one(word).with_context(|| format!("\"{word}\" is no step of a script"))).collect()
}

fn one(word: &str) -> Option<Step> {
    if let Some(name) = word.strip_prefix("shot:") {
        let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        return plain.then(|| Step::Shot(name.to_owned()));
    }
    if word == "power" {
        return Some(Step::Power);
    }
    let Some(what) = word.strip_prefix("wait:") else {
        return KEYS.iter().find(|(name, _)| *name == word).map(|(_, key)| Step::Key(key));
    };
    match what {
        "settled" => Some(Step::Settled),
        "moving" => Some(Step::Moving),
        "off" => Some(Step::Off),
        _ => match what.strip_suffix('s').and_then(|n| n.parse().ok()) {
            Some(seconds) => Some(Step::Seconds(seconds)),
            None => BEACONS.iter().find(|(name, _)| *name == what).map(|(_, beacon)| Step::Beacon(beacon)),
        },
    }
}

/// Plays a script; pictures go to `shots`.
pub fn play(powered: &mut Powered<'_>, script: &[Step], shots: &Path) -> Result<()> {
    for one in script {
        match one {
            Step::Power => powered.power()?,
            Step::Off => powered.off()?,
            on => play_on(powered.machine()?, on, shots)?,
        }
    }
    Ok(())
}

/// One step of a box that is on.
fn play_on(machine: &mut Machine, one: &Step, shots: &Path) -> Result<()> {
    match one {
        Step::Power | Step::Off => {}
        Step::Key(key) => machine.qmp.press(&[key])?,
        Step::Beacon(name) => {
            let beacon = machine.serial.beacon(name, BOOT)?;
            step(format_args!("{:.3} s {} {}", beacon.seconds, beacon.name, beacon.rest));
        }
        Step::Settled => drop(machine.settled(STEP)?),
        Step::Moving => drop(moving(machine)?),
        Step::Seconds(seconds) => pause(Duration::from_secs(*seconds))?,
        Step::Shot(name) => shot(machine, shots, name)?,
    }
    machine.must_run()
}

/// Keeps a picture of the screen.
pub fn shot(machine: &mut Machine, shots: &Path, name: &str) -> Result<()> {
    std::fs::create_dir_all(shots).with_context(|| format!("cannot make {}", shots.display()))?;
    machine.screen()?.save(&shots.join(format!("{name}.png")))
}

/// Waits for two different, rising frame numbers on the screen.
pub fn moving(machine: &mut Machine) -> Result<(u32, u32)> {
    let first = machine.watch("a numbered frame of the film", STEP, |p| p.frame_number())?.0;
    let later = machine.watch("a later frame of the film", STEP, |p| p.frame_number().filter(|n| *n > first))?.0;
    if later <= first {
        bail!("the film stands still at frame {first}");
    }
    Ok((first, later))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_steps() {
        let check = |word, expected: Option<Step>| assert_eq!(one(word), expected, "{word}");
        check("ok", Some(Step::Key("ret")));
        check("wait:home", Some(Step::Beacon("home")));
        check("home", Some(Step::Key("home")));
        check("wait:4s", Some(Step::Seconds(4)));
        check("wait:settled", Some(Step::Settled));
        check("wait:moving", Some(Step::Moving));
        check("shot:home-1", Some(Step::Shot("home-1".into())));
        check("power", Some(Step::Power));
        check("wait:off", Some(Step::Off));
        check("wait:woke", Some(Step::Beacon("woke")));
        check("shot:../x", None);
        check("wait:godot", None);
        check("OK", None);
        assert!(parse("up nonsense").unwrap_err().to_string().contains("nonsense"));
        assert_eq!(parse("").unwrap(), []);
    }
}
