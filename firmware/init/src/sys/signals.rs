//! Signals as a bell in the poll, and those that ask the box to go down.

use crate::beacon::Leave;
use crate::{Error, Result};
use signal_hook::consts::{SIGCHLD, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The bell.
#[derive(Debug)]
pub struct Signals {
    bell: UnixStream,
    reboot: Arc<AtomicBool>,
    off: Arc<AtomicBool>,
}

impl Signals {
    /// From now on signals ring. `TERM` and Control-Alt-Delete ask for a reboot; `USR1` and `USR2` to switch off, as of every init.
    pub fn open() -> Result<Self> {
        let failed = || Error::kernel("listen to signals");
        let (bell, hammer) = UnixStream::pair().map_err(failed())?;
        bell.set_nonblocking(true).map_err(failed())?;
        let (reboot, off) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        for (signal, flag) in [(SIGTERM, &reboot), (SIGINT, &reboot), (SIGUSR1, &off), (SIGUSR2, &off)] {
            signal_hook::flag::register(signal, Arc::clone(flag)).map_err(failed())?;
        }
        for signal in [SIGCHLD, SIGTERM, SIGINT, SIGUSR1, SIGUSR2] {
            let hammer = hammer.try_clone().map_err(failed())?;
            signal_hook::low_level::pipe::register(signal, hammer).map_err(failed())?;
        }
        Ok(Self { bell, reboot, off })
    }

    /// Silences the bell; whether somebody asked the box to go down.
    pub fn take(&mut self) -> Option<Leave> {
        let mut rings = [0; 64];
        while matches!(self.bell.read(&mut rings), Ok(1..)) {}
        if self.off.swap(false, Ordering::Relaxed) {
            return Some(Leave::PowerOff);
        }
        self.reboot.swap(false, Ordering::Relaxed).then_some(Leave::User)
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }
}
