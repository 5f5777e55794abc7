//! The kernel's news of devices. Only used as a bell: what there is, is read from sysfs.

use crate::{Error, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, netlink};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// The bell.
#[derive(Debug)]
pub struct Uevents(OwnedFd);

impl Uevents {
    /// Starts to listen.
    pub fn open() -> Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = rustix::net::socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, Some(netlink::KOBJECT_UEVENT))
            .map_err(Error::kernel("open the device news"))?;
        rustix::net::bind(&socket, &netlink::SocketAddrNetlink::new(0, 1)).map_err(Error::kernel("listen to the device news"))?;
        Ok(Self(socket))
    }

    /// Returns at the next news or when the time is over.
    pub fn wait(&self, most: Duration) {
        let time = Timespec::try_from(most).ok();
        let _ = poll(&mut [PollFd::new(&self.0, PollFlags::IN)], time.as_ref());
        self.drain();
    }

    /// Forgets what was rung.
    pub fn drain(&self) {
        let mut buffer = [0u8; 4096];
        while rustix::net::recv(&self.0, &mut buffer[..], RecvFlags::empty()).is_ok() {}
    }
}

impl AsFd for Uevents {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
