//! What comes and goes: the kernel's own messages about displays and input devices. There is no udev on a box.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, netlink, recv, socket_with};

/// A change that concerns the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A display was plugged in or pulled out, or a card came.
    Display,
    /// An input device came or went.
    Input,
}

/// The kernel's broadcasts.
pub struct Uevents(OwnedFd);

impl Uevents {
    /// Listens from now on.
    pub fn open() -> rustix::io::Result<Self> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, Some(netlink::KOBJECT_UEVENT))?;
        // Group 1 is the kernel's.
        bind(&socket, &netlink::SocketAddrNetlink::new(0, 1))?;
        Ok(Self(socket))
    }

    /// For poll.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// What changed since.
    pub fn read(&self) -> Vec<Change> {
        let (mut changes, mut buffer) = (Vec::new(), [0; 4096]);
        while let Ok((length, _)) = recv(&self.0, &mut buffer[..], RecvFlags::empty()) {
            if let Some(change) = change(buffer.get(..length).unwrap_or(&[]))
                && !changes.contains(&change)
            {
                changes.push(change);
            }
        }
        changes
    }
}

/// `add@/devices/…\0ACTION=add\0SUBSYSTEM=input\0…`
fn change(message: &[u8]) -> Option<Change> {
    let field = |name: &[u8]| message.split(|b| *b == 0).find_map(|part| part.strip_prefix(name)?.strip_prefix(b"="));
    match field(b"SUBSYSTEM")? {
        b"drm" => Some(Change::Display),
        // The device file is there once the event of `eventN`, not of `inputN`, comes.
        b"input" if field(b"DEVNAME").is_some_and(|name| name.starts_with(b"input/event")) => Some(Change::Input),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read() {
        let check = |text: &str, expected| assert_eq!(change(text.as_bytes()), expected, "{text:?}");
        check("change@/devices/pci/drm/card0\0ACTION=change\0SUBSYSTEM=drm\0HOTPLUG=1\0", Some(Change::Display));
        check("add@/devices/x/input5\0ACTION=add\0SUBSYSTEM=input\0", None);
        check("add@/devices/x/input5/event3\0ACTION=add\0SUBSYSTEM=input\0DEVNAME=input/event3\0", Some(Change::Input));
        check("add@/devices/x\0ACTION=add\0SUBSYSTEM=input\0DEVNAME=input/mouse0\0", None);
        check("add@/module/x\0ACTION=add\0SUBSYSTEM=module\0", None);
        check("libudev\0\u{1}\u{2}", None);
        check("", None);
    }
}
