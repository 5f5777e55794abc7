//! The DHCP client's UDP socket, tied to one network device, usable before it has an address.

use crate::{Error, Result};
use socket2::{Domain, Protocol, Socket, Type};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};

const CLIENT: u16 = 68;
const SERVER: u16 = 67;

/// The socket.
#[derive(Debug)]
pub struct DhcpSocket(UdpSocket);

impl DhcpSocket {
    /// Opens it on that device.
    pub fn open(device: &str) -> Result<Self> {
        let failed = || Error::kernel("open the DHCP socket");
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP)).map_err(failed())?;
        socket.set_reuse_address(true).map_err(failed())?;
        socket.set_broadcast(true).map_err(failed())?;
        socket.bind_device(Some(device.as_bytes())).map_err(failed())?;
        socket.bind(&SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, CLIENT).into()).map_err(failed())?;
        socket.set_nonblocking(true).map_err(failed())?;
        Ok(Self(socket.into()))
    }

    /// Sends to one server, or to all that hear it.
    pub fn send(&self, to: Option<Ipv4Addr>, bytes: &[u8]) -> Result<()> {
        let to = SocketAddrV4::new(to.unwrap_or(Ipv4Addr::BROADCAST), SERVER);
        self.0.send_to(bytes, to).map(drop).map_err(Error::kernel("send to the DHCP server"))
    }

    /// The next message that came from a server's port.
    pub fn receive(&self) -> Option<Vec<u8>> {
        let mut bytes = vec![0; 1500];
        loop {
            match self.0.recv_from(&mut bytes) {
                Ok((len, from)) if from.port() == SERVER => {
                    bytes.truncate(len);
                    return Some(bytes);
                }
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
    }
}

impl AsFd for DhcpSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
