//! What the viewer wants of the radio, on its way to the service.

use super::Launcher;
use hearth_nav::WifiCommand;

impl Launcher {
    /// What the viewer wants of the radio, since.
    pub fn wifi_commands(&mut self) -> Vec<WifiCommand> {
        std::mem::take(&mut self.wifi)
    }
}
