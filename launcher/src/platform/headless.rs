//! A screen that nobody looks at: pictures are taken of what it would show.

use super::{Frame, Input, Screen, ScreenError, Tally, Waker};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// No screen.
pub struct HeadlessScreen {
    size: (u32, u32),
    wake: SyncSender<()>,
    woken: Receiver<()>,
    tally: Tally,
}

impl HeadlessScreen {
    /// Of so many pixels.
    pub fn new(width: u32, height: u32) -> Self {
        let (wake, woken) = sync_channel(1);
        Self { size: (width, height), wake, woken, tally: Tally::default() }
    }
}

impl Screen for HeadlessScreen {
    fn size(&self) -> (u32, u32) {
        self.size
    }

    fn waker(&self) -> Waker {
        let wake = self.wake.clone();
        // Full: it is about to wake anyway.
        Arc::new(move || {
            let _ = wake.try_send(());
        })
    }

    fn wait(&mut self, timeout: Option<Duration>, _input: &mut Vec<Input>) {
        // Woken, or too late: either way there may be something to do.
        let _ = match timeout {
            Some(timeout) => self.woken.recv_timeout(timeout).is_ok(),
            None => self.woken.recv().is_ok(),
        };
    }

    fn present(&mut self, frame: &Frame<'_>) -> Result<(), ScreenError> {
        self.tally.add(frame);
        Ok(())
    }

    fn tally(&self) -> Tally {
        self.tally
    }

    fn blind(&self) -> bool {
        true
    }
}
