//! `/run/hearth/notify`: datagrams from launcher and agent. Only root's are let through.

use crate::beacon::MAX_DATAGRAM;
use crate::{Error, Result};
use rustix::fd::OwnedFd;
use rustix::fs::Mode;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SocketAddrUnix, SocketFlags, SocketType,
    sockopt,
};
use std::io::IoSliceMut;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};

/// The socket.
#[derive(Debug)]
pub struct Notify(OwnedFd);

/// What came in.
#[derive(Debug)]
pub struct Received {
    /// The sender, vouched for by the kernel.
    pub pid: i32,
    /// At most one byte more than is looked at.
    pub bytes: Vec<u8>,
}

impl Notify {
    /// Makes the socket; only root may write to it.
    pub fn open(path: &str) -> Result<Self> {
        let failed = || Error::path("listen on", path);
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::DGRAM, flags, None).map_err(failed())?;
        sockopt::set_socket_passcred(&socket, true).map_err(failed())?;
        let address = SocketAddrUnix::new(path).map_err(failed())?;
        let _ = std::fs::remove_file(path); // of an init that ran before, in tests
        rustix::net::bind(&socket, &address).map_err(failed())?;
        rustix::fs::chmod(path, Mode::RUSR | Mode::WUSR).map_err(failed())?;
        Ok(Self(socket))
    }

    /// The next datagram from root; those of others are dropped.
    pub fn receive(&self) -> Option<Received> {
        loop {
            let mut bytes = vec![0; MAX_DATAGRAM + 1];
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmCredentials(1), ScmRights(8))];
            let mut control = RecvAncillaryBuffer::new(&mut space);
            let mut slices = [IoSliceMut::new(&mut bytes)];
            let message = rustix::net::recvmsg(&self.0, &mut slices, &mut control, RecvFlags::CMSG_CLOEXEC).ok()?;
            // File descriptors somebody sent along are closed when drained.
            let sender = control.drain().fold(None, |found, message| match message {
                RecvAncillaryMessage::ScmCredentials(sender) => Some(sender),
                _ => found,
            });
            let whole = !message.flags.contains(ReturnFlags::TRUNC);
            bytes.truncate(message.bytes);
            match sender {
                Some(sender) if sender.uid.is_root() && whole => return Some(Received { pid: sender.pid.as_raw_pid(), bytes }),
                _ => continue,
            }
        }
    }
}

impl AsFd for Notify {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
