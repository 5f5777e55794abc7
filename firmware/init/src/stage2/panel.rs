//! The front panel's last word: everybody else has gone, so its port is free.

use super::log::Log;
use crate::beacon::Leave;
use hearth_boards::Board;
use hearth_link::wire::ToPanel;
use std::path::Path;
use std::time::Duration;

/// A panel that does not answer within this will do without: it cuts power 10 s after it was asked to.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Tells it that power may go, or that its watchdog is to sleep while the box boots.
pub fn last_word(board: Option<&Board>, why: Leave, log: &mut Log) {
    let Some(panel) = board.and_then(|board| board.panel.as_ref()) else { return };
    let message = if why == Leave::PowerOff { ToPanel::SafeToCut } else { ToPanel::Disarm };
    let port = Path::new("/dev").join(&panel.device);
    match hearth_link::last_word(&port, panel.baud, message, PATIENCE) {
        Ok(()) => log.say("panel", "knows"),
        Err(error) => log.note(&format!("the front panel was not told: {error}")),
    }
}
