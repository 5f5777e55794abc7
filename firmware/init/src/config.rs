//! `services.toml` and `modules.json`: what the image tells init to do. Pure.

use crate::supervise::{OnSuccess, Rules};
use crate::{Error, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// `/etc/hearth/services.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Services {
    /// Always 1.
    pub schema: u32,
    /// In the order they are started.
    #[serde(default)]
    pub service: Vec<Service>,
}

/// One service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Service {
    /// Kebab-case; in log lines and the name of its control group.
    pub name: String,
    /// Program and arguments.
    pub command: Vec<String>,
    /// Its environment, besides `PATH` and what init adds.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Paths that must be there first: device nodes, as a rule.
    #[serde(default)]
    pub wait_for: Vec<String>,
    /// Starts without them after that long; absent: never.
    pub wait_s: Option<u64>,
    /// Starts only when `/data` is mounted, or known to be beyond help.
    #[serde(default)]
    pub needs_data: bool,
    /// Killed after that long without `ALIVE=1`.
    pub alive_s: Option<u64>,
    /// Killed after that long without the first one.
    pub first_alive_s: Option<u64>,
    /// The box is nothing without it: when it is given up, the watchdog is no longer kicked.
    #[serde(default)]
    pub essential: bool,
    /// Its memory limit, from the board's budget.
    pub memory: Option<Memory>,
    /// See [`OnSuccess`].
    #[serde(default)]
    pub on_success: OnSuccess,
    /// Has the console instead of being captured.
    #[serde(default)]
    pub console: bool,
}

/// Which of the board's budgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Memory {
    /// Launcher and player, which are one process.
    LauncherAndPlayer,
    /// A quarter of the launcher's: for the small helpers.
    Small,
}

const FIRST_ALIVE_S: u64 = 60;
/// An essential service is given up after so many failures in a row: with the waits between them, after a minute and a half.
const HOPELESS: u32 = 9;

impl Services {
    /// Reads and checks one.
    pub fn parse(text: &str, path: &'static str) -> Result<Self> {
        let image = |why: String| Error::Image { path, why };
        let services: Self = toml::from_str(text).map_err(|error| image(error.to_string()))?;
        if services.schema != 1 {
            return Err(image("schema is not 1".to_owned()));
        }
        for service in &services.service {
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            if service.name.is_empty() || service.name.len() > 32 || !service.name.bytes().all(plain) {
                return Err(image(format!("service name {:?} is not kebab-case", service.name)));
            }
            if service.command.first().is_none_or(|program| !program.starts_with('/')) {
                return Err(image(format!("service {}: the command is not an absolute path", service.name)));
            }
        }
        let mut names: Vec<_> = services.service.iter().map(|service| &service.name).collect();
        names.sort();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(image(format!("two services named {}", pair[0])));
        }
        Ok(services)
    }
}

impl Service {
    /// For the supervisor.
    pub fn rules(&self) -> Rules {
        Rules {
            patience: self.wait_s.map_or(Duration::from_secs(u64::from(u32::MAX)), Duration::from_secs),
            alive: self.alive_s.map(Duration::from_secs),
            first_alive: Duration::from_secs(self.first_alive_s.unwrap_or(FIRST_ALIVE_S)),
            hopeless_after: self.essential.then_some(HOPELESS),
            on_success: self.on_success,
        }
    }

    /// Its memory limit in MiB on a board.
    pub fn memory_mib(&self, board: &hearth_boards::Memory) -> Option<u32> {
        Some(match self.memory? {
            Memory::LauncherAndPlayer => board.launcher_mib.saturating_add(board.player_mib),
            Memory::Small => (board.launcher_mib / 4).max(8),
        })
    }
}

/// `/etc/hearth/modules.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Modules {
    /// File names in the order they are loaded.
    pub load: Vec<String>,
}

impl Modules {
    /// Reads and checks it.
    pub fn parse(json: &[u8]) -> Result<Self> {
        let image = |why: String| Error::Image { path: "/etc/hearth/modules.json", why };
        let modules: Self = serde_json::from_slice(json).map_err(|error| image(error.to_string()))?;
        match modules.load.iter().find(|file| file.contains('/') || !file.ends_with(".ko")) {
            Some(file) => Err(image(format!("{file:?} is not a module's file name"))),
            None => Ok(modules),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_image_gets_is_sound() {
        let production = Services::parse(include_str!("../services.toml"), "services.toml").unwrap();
        let development = Services::parse(include_str!("../services-development.toml"), "services-development.toml").unwrap();
        let names: Vec<_> = production.service.iter().map(|service| service.name.as_str()).collect();
        assert_eq!(names[0], "launcher", "the launcher starts first");
        assert!(names.contains(&"update"));
        assert!(
            production.service.iter().all(|s| !s.console && !s.command.iter().any(|word| word.contains("busybox"))),
            "no shell"
        );
        assert!(development.service.iter().all(|service| !service.essential && !names.contains(&service.name.as_str())));
    }

    #[test]
    fn services() {
        let check = |text: &str, good: bool| assert_eq!(Services::parse(text, "test").is_ok(), good, "{text}");
        check("schema = 1", true);
        check("schema = 2", false);
        let one = |name: &str, rest: &str| format!("schema = 1\n[[service]]\nname = \"{name}\"\n{rest}\n");
        check(&one("launcher", "command = [\"/usr/bin/hearth-launcher\"]"), true);
        check(&one("launcher", "command = [\"hearth-launcher\"]"), false);
        check(&one("launcher", "command = []"), false);
        check(&one("../x", "command = [\"/x\"]"), false);
        check(&one("", "command = [\"/x\"]"), false);
        check(&one("launcher", "command = [\"/x\"]\nrestart = true"), false);
        check(&(one("launcher", "command = [\"/x\"]") + "[[service]]\nname = \"launcher\"\ncommand = [\"/y\"]"), false);
    }

    #[test]
    fn modules() {
        let check = |json: &str, good: bool| assert_eq!(Modules::parse(json.as_bytes()).is_ok(), good, "{json}");
        check(r#"{"load":["virtio-gpu.ko","evdev.ko"]}"#, true);
        check(r#"{"load":["../evil.ko"]}"#, false);
        check(r#"{"load":["evdev"]}"#, false);
        check(r#"{"load":[],"more":1}"#, false);
    }
}
