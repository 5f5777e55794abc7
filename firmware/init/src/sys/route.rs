//! rtnetlink: links up and down, addresses, the default route.

use crate::dhcp::Lease;
use crate::{Error, Result};
use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_REPLACE, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::link::{LinkAttribute, LinkFlags, LinkLayerType, LinkMessage};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteProtocol, RouteScope, RouteType,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use rustix::fd::OwnedFd;
use rustix::net::{RecvFlags, SendFlags, SocketFlags, SocketType, netlink};
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::{AsFd, BorrowedFd};

/// Multicast group of link changes.
const LINKS: u32 = 1;

/// What the kernel says of a network device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Number.
    pub index: u32,
    /// `eth0`.
    pub name: String,
    /// Hardware address.
    pub mac: [u8; 6],
    /// An Ethernet device (Wi-Fi counts as one here).
    pub ethernet: bool,
    /// Switched on.
    pub up: bool,
    /// Cable in; of a radio: joined, with keys agreed.
    pub carrier: bool,
    /// Wi-Fi: a cable is the better way out.
    pub radio: bool,
    /// Taken out of the machine.
    pub gone: bool,
}

/// The socket.
#[derive(Debug)]
pub struct Route {
    socket: OwnedFd,
    sequence: u32,
}

impl Route {
    /// Opens it and asks for every device; they come in through [`Route::receive`], and so does every change.
    pub fn open() -> Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK; // protocol 0 is NETLINK_ROUTE
        let socket = rustix::net::socket_with(rustix::net::AddressFamily::NETLINK, SocketType::RAW, flags, None)
            .map_err(Error::kernel("open rtnetlink"))?;
        rustix::net::bind(&socket, &netlink::SocketAddrNetlink::new(0, LINKS)).map_err(Error::kernel("listen to rtnetlink"))?;
        let mut route = Self { socket, sequence: 0 };
        route.list()?;
        Ok(route)
    }

    /// Asks for every device again.
    pub fn list(&mut self) -> Result<()> {
        self.send(RouteNetlinkMessage::GetLink(LinkMessage::default()), NLM_F_DUMP)
    }

    /// Switches a device on or off.
    pub fn set_up(&mut self, index: u32, up: bool) -> Result<()> {
        let mut message = LinkMessage::default();
        message.header.index = index;
        message.header.flags = if up { LinkFlags::Up } else { LinkFlags::empty() };
        message.header.change_mask = LinkFlags::Up;
        self.send(RouteNetlinkMessage::SetLink(message), NLM_F_ACK)
    }

    /// Gives a device its leased address and makes its router a way out; of several, that with the lowest `metric` is taken. It differs from device
    /// to device: of two routes with the same one the kernel would keep the later only.
    pub fn configure(&mut self, index: u32, lease: &Lease, metric: u32) -> Result<()> {
        let message = address_message(index, lease);
        self.send(RouteNetlinkMessage::NewAddress(message), NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE)?;
        let Some(router) = lease.router else { return Ok(()) };
        self.send(RouteNetlinkMessage::NewRoute(route_message(index, router, metric)), NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE)
    }

    /// Takes the address away; the routes over it go with it.
    pub fn remove(&mut self, index: u32, lease: &Lease) -> Result<()> {
        self.send(RouteNetlinkMessage::DelAddress(address_message(index, lease)), NLM_F_ACK)
    }

    fn send(&mut self, message: RouteNetlinkMessage, flags: u16) -> Result<()> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST | flags;
        header.sequence_number = self.sequence;
        let mut message = NetlinkMessage::new(header, NetlinkPayload::from(message));
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        rustix::net::send(&self.socket, &bytes, SendFlags::empty()).map(drop).map_err(Error::kernel("speak rtnetlink"))
    }

    /// What the kernel has to say: devices, and refusals of what was asked.
    pub fn receive(&mut self) -> Vec<Result<Link>> {
        let mut news = Vec::new();
        let mut buffer = vec![0; 32 << 10];
        loop {
            match rustix::net::recv(&self.socket, &mut buffer[..], RecvFlags::empty()) {
                Ok((_, len)) => read_messages(&buffer[..len.min(buffer.len())], &mut news),
                Err(rustix::io::Errno::NOBUFS) => {
                    let _ = self.list(); // news were lost: ask for all; if that fails too, the next change brings it up again
                }
                Err(_) => return news,
            }
        }
    }
}

impl AsFd for Route {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn address_message(index: u32, lease: &Lease) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.family = AddressFamily::Inet;
    message.header.prefix_len = lease.prefix;
    message.header.index = index;
    message.attributes.push(AddressAttribute::Local(IpAddr::V4(lease.address)));
    message.attributes.push(AddressAttribute::Address(IpAddr::V4(lease.address)));
    message.attributes.push(AddressAttribute::Broadcast(broadcast(lease)));
    message
}

fn broadcast(lease: &Lease) -> Ipv4Addr {
    let host = u32::MAX.checked_shr(u32::from(lease.prefix)).unwrap_or(0);
    Ipv4Addr::from_bits(lease.address.to_bits() | host)
}

fn route_message(index: u32, router: Ipv4Addr, metric: u32) -> RouteMessage {
    let mut message = RouteMessage::default();
    message.header.address_family = AddressFamily::Inet;
    message.header.table = RouteHeader::RT_TABLE_MAIN;
    message.header.protocol = RouteProtocol::Dhcp;
    message.header.scope = RouteScope::Universe;
    message.header.kind = RouteType::Unicast;
    message.attributes.push(RouteAttribute::Gateway(RouteAddress::Inet(router)));
    message.attributes.push(RouteAttribute::Oif(index));
    message.attributes.push(RouteAttribute::Priority(metric));
    message
}

fn read_messages(mut bytes: &[u8], news: &mut Vec<Result<Link>>) {
    while let Ok(message) = NetlinkMessage::<RouteNetlinkMessage>::deserialize(bytes) {
        let len = usize::try_from(message.header.length).unwrap_or(usize::MAX).next_multiple_of(4);
        match message.payload {
            NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewLink(link)) => news.push(Ok(link_of(&link, false))),
            NetlinkPayload::InnerMessage(RouteNetlinkMessage::DelLink(link)) => news.push(Ok(link_of(&link, true))),
            NetlinkPayload::Error(error) if error.code.is_some() => {
                news.push(Err(Error::Kernel { what: "rtnetlink", source: error.to_io() }));
            }
            _ => {}
        }
        match bytes.get(len..) {
            Some(rest) if !rest.is_empty() && len > 0 => bytes = rest,
            _ => return,
        }
    }
}

fn link_of(message: &LinkMessage, gone: bool) -> Link {
    let mut link = Link {
        index: message.header.index,
        name: String::new(),
        mac: [0; 6],
        ethernet: message.header.link_layer_type == LinkLayerType::Ether,
        up: message.header.flags.contains(LinkFlags::Up),
        // A radio has its carrier when it is associated, and runs when it may send.
        carrier: message.header.flags.contains(LinkFlags::LowerUp | LinkFlags::Running),
        radio: false,
        gone,
    };
    for attribute in &message.attributes {
        match attribute {
            LinkAttribute::IfName(name) => link.name.clone_from(name),
            LinkAttribute::Address(mac) => link.mac = mac.as_slice().try_into().unwrap_or_default(),
            _ => {}
        }
    }
    link.radio = std::path::Path::new("/sys/class/net").join(&link.name).join("phy80211").exists();
    link
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcasts() {
        let check = |address: [u8; 4], prefix, expected: [u8; 4]| {
            let lease = Lease { address: address.into(), prefix, ..Lease::default() };
            assert_eq!(broadcast(&lease), Ipv4Addr::from(expected));
        };
        check([10, 0, 2, 15], 24, [10, 0, 2, 255]);
        check([10, 0, 2, 15], 32, [10, 0, 2, 15]);
        check([10, 0, 2, 15], 0, [255; 4]);
    }

    /// The kernel of the machine the tests run on always has a loopback device.
    #[test]
    fn the_kernel_answers() {
        let mut route = Route::open().unwrap();
        let mut found = Vec::new();
        while found.is_empty() {
            let _ = rustix::event::poll(&mut [rustix::event::PollFd::new(&route.socket, rustix::event::PollFlags::IN)], None);
            found.extend(route.receive().into_iter().flatten());
        }
        let lo = found.iter().find(|link| link.name == "lo").unwrap();
        assert!(!lo.ethernet && !lo.gone && lo.index > 0, "{lo:?}");
    }
}
