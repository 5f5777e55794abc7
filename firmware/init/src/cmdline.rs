//! What the boot loader says on the kernel's command line. Pure.

use crate::{Error, Result};
use hearth_update::slot::Running;

/// Ours of the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// `hearth.slot=`.
    pub running: Running,
    /// `hearth.boot=`: the boot state's generation, for the log.
    pub boot: Option<String>,
    /// `hearth.log=console`: what services print goes to the console as well.
    pub log_to_console: bool,
}

impl CommandLine {
    /// Reads `/proc/cmdline`.
    pub fn parse(text: &str) -> Result<Self> {
        let last = |name: &str| text.split_whitespace().filter_map(|word| word.strip_prefix(name)).next_back();
        Ok(Self {
            running: Running::of_command_line(text).ok_or(Error::NoSlot)?,
            boot: last("hearth.boot=").map(|boot| crate::beacon::plain(boot, 16)),
            log_to_console: last("hearth.log=") == Some("console"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hearth_update::slot::Slot;

    #[test]
    fn command_lines() {
        let check = |text, expected: Option<(Running, Option<&str>, bool)>| {
            let got = CommandLine::parse(text).ok();
            assert_eq!(got.as_ref().map(|c| (c.running, c.boot.as_deref(), c.log_to_console)), expected, "{text}");
        };
        check("quiet hearth.slot=b hearth.boot=1f\n", Some((Running::Slot(Slot::B), Some("1f"), false)));
        check("hearth.slot=recovery hearth.log=console", Some((Running::Recovery, None, true)));
        check("hearth.log=off hearth.slot=a", Some((Running::Slot(Slot::A), None, false)));
        check("console=ttyAMA0", None);
    }
}
