//! What the box has to say of its networks, and what the viewer wants of them.

use super::Launcher;
use hearth_nav::WifiCommand;

impl Launcher {
    /// What the viewer wants of the radio, since.
    pub fn wifi_commands(&mut self) -> Vec<WifiCommand> {
        std::mem::take(&mut self.wifi)
    }
}
