//! The front panel beside the box: its microcontroller in a QEMU of its own, wired by a serial socket. It switches the box's power.
use super::machine::{Machine, STEP, Setup};
use crate::demo::children::{check_interrupt, pause};
use crate::firmware::Vm;
use crate::shell::step;
use anyhow::{Context, Result, bail};
use std::time::Duration;

/// The remote that comes with the box: `launcher/src/service/remote.keymap`.
pub const ADDRESS: u8 = 4;
/// Its power key.
pub const POWER: u8 = 8;
/// From the word to the cut, the way down included.
pub const DOWN_LIMIT: Duration = Duration::from_secs(120);
/// Between two looks at what the panel has done.
const LOOK: Duration = Duration::from_millis(50);

/// Runs both until the box goes down by itself or somebody presses Ctrl-C; the panel takes power away and gives it back.
pub fn until_closed(machine: Machine, panel: &mut Vm, setup: &Setup<'_>) -> Result<()> {
    let mut machine = Some(machine);
    loop {
        if check_interrupt().is_err() {
            return Ok(());
        }
        for line in panel.heard()? {
            match line.as_str() {
                "power off" => {
                    step("the panel takes the power away; Ctrl or a wake key gives it back");
                    machine.take().into_iter().for_each(Machine::cut);
                }
                "power on" if machine.is_none() => machine = Some(Machine::start(setup)?),
                "restart" => {
                    step("the panel restarts a box that is silent");
                    machine.take().into_iter().for_each(Machine::cut);
                    machine = Some(Machine::start(setup)?);
                }
                _ => {}
            }
        }
        // A box that has switched itself off waits for the panel, which does not know of it before its own time is over.
        if let Some(running) = &mut machine
            && running.must_run().is_err()
        {
            machine = None;
        }
        pause(LOOK)?;
    }
}

/// A box and the panel, if any, that keeps its power.
pub struct Powered<'a> {
    machine: Option<Machine>,
    panel: Option<&'a mut Vm>,
    setup: &'a Setup<'a>,
}

impl<'a> Powered<'a> {
    /// One that is on.
    pub fn new(machine: Machine, panel: Option<&'a mut Vm>, setup: &'a Setup<'a>) -> Self {
        Self { machine: Some(machine), panel, setup }
    }

    /// The box, which must be on.
    pub fn machine(&mut self) -> Result<&mut Machine> {
        self.machine.as_mut().context("the box is off; the script's next word should be power")
    }

    /// Presses the power key: by infrared where there is a panel, which gives a sleeping box its power back.
    pub fn power(&mut self) -> Result<()> {
        let Some(panel) = &mut self.panel else { return self.machine()?.qmp.press(&["power"]) };
        panel.command(&nec(ADDRESS, POWER))?;
        if self.machine.is_none() {
            panel.told("power on", STEP)?;
            step("the panel gives power");
            self.machine = Some(Machine::start(self.setup)?);
        }
        Ok(())
    }

    /// Waits until the panel has taken the power away.
    pub fn off(&mut self) -> Result<()> {
        let Some(panel) = &mut self.panel else { bail!("wait:off waits for the panel: it needs --with-panel") };
        panel.told("power off", DOWN_LIMIT)?;
        step("the panel takes the power away");
        self.machine.take().into_iter().for_each(Machine::cut);
        Ok(())
    }
}

/// What a remote sends by NEC, as the bench takes it: microseconds, mark first.
pub fn nec(address: u8, command: u8) -> String {
    let bits = u32::from_le_bytes([address, !address, command, !command]);
    let spaces = (0..32).map(|i| if bits >> i & 1 == 1 { 1_690 } else { 560 });
    let pairs = spaces.map(|space| format!(" 560 {space}")).collect::<String>();
    format!("ir 9000 4500{pairs} 560")
}

#[cfg(test)]
mod tests {
    #[test]
    fn nec_is_a_leader_thirty_two_bits_and_a_mark() {
        let line = super::nec(4, 8);
        assert_eq!(line.split(' ').count(), 1 + 2 + 64 + 1);
        assert!(line.starts_with("ir 9000 4500 560 560 560 560 560 1690 "), "{line}");
    }
}
