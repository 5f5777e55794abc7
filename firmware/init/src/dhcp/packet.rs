//! DHCP messages as bytes, by `dhcproto`; what comes in is checked here and nowhere else.

use super::{Answer, Ask, Lease, Reply};
use crate::{Error, Result};
use dhcproto::v4::{DhcpOption, Flags, Message, MessageType, OptionCode};
use dhcproto::{Decodable, Decoder, Encodable, Encoder};
use std::net::Ipv4Addr;
use std::time::Duration;

/// A server that grants less is taken to have granted this.
const LEAST: Duration = Duration::from_secs(60);
const FOR_EVER: u32 = u32::MAX;
const MAX_DNS: usize = 3;

/// A message as bytes.
pub fn write(ask: &Ask, mac: [u8; 6], hostname: &str) -> Result<Vec<u8>> {
    let mut message = Message::default();
    message.set_xid(ask.transaction).set_secs(ask.seconds).set_chaddr(&mac);
    if let Some(current) = ask.current {
        message.set_ciaddr(current);
    } else {
        // Without an address the answer can only reach us as a broadcast.
        message.set_flags(Flags::default().set_broadcast());
    }
    let options = message.opts_mut();
    options.insert(DhcpOption::MessageType(if ask.request { MessageType::Request } else { MessageType::Discover }));
    options.insert(DhcpOption::ClientIdentifier([&[1], &mac[..]].concat()));
    options.insert(DhcpOption::Hostname(hostname.to_owned()));
    options.insert(DhcpOption::MaxMessageSize(1472));
    options.insert(DhcpOption::ParameterRequestList(vec![
        OptionCode::SubnetMask,
        OptionCode::Router,
        OptionCode::DomainNameServer,
        OptionCode::AddressLeaseTime,
        OptionCode::Renewal,
        OptionCode::Rebinding,
    ]));
    if let Some(wanted) = ask.wanted {
        options.insert(DhcpOption::RequestedIpAddress(wanted));
    }
    if let Some(server) = ask.server {
        options.insert(DhcpOption::ServerIdentifier(server));
    }
    let mut bytes = Vec::new();
    message.encode(&mut Encoder::new(&mut bytes)).map_err(|error| Error::Refused(format!("DHCP message: {error}")))?;
    Ok(bytes)
}

/// A server's message to this device.
pub fn read(bytes: &[u8], mac: [u8; 6]) -> Result<Reply> {
    let refused = |why: &str| Error::Refused(format!("DHCP message: {why}"));
    let known = known_options(bytes).ok_or_else(|| refused("cut short"))?;
    let message = Message::decode(&mut Decoder::new(&known)).map_err(|error| refused(&error.to_string()))?;
    if message.opcode() != dhcproto::v4::Opcode::BootReply {
        return Err(refused("not a reply"));
    }
    // The length first: `chaddr` slices by it.
    if message.hlen() != 6 || message.chaddr() != mac {
        return Err(refused("for another device"));
    }
    let answer = match message.opts().msg_type() {
        Some(MessageType::Offer) => Answer::Offer(lease_of(&message)?),
        Some(MessageType::Ack) => Answer::Ack(lease_of(&message)?),
        Some(MessageType::Nak) => Answer::Nak,
        _ => return Err(refused("neither offer, acknowledgement nor refusal")),
    };
    Ok(Reply { transaction: message.xid(), answer })
}

/// The message with only the options we asked for, each of a length that makes sense: `dhcproto` 0.15 asserts on the lengths of some others.
fn known_options(bytes: &[u8]) -> Option<Vec<u8>> {
    const FIXED: usize = 240; // header and magic cookie
    let (fixed, mut options) = bytes.split_at_checked(FIXED)?;
    let mut known = fixed.to_vec();
    while let Some((&code, rest)) = options.split_first() {
        options = match code {
            0 => rest,
            255 => break,
            _ => {
                let (&len, rest) = rest.split_first()?;
                let (value, rest) = rest.split_at_checked(len.into())?;
                let good = match OptionCode::from(code) {
                    OptionCode::MessageType => len == 1,
                    OptionCode::Router | OptionCode::DomainNameServer => len > 0 && len % 4 == 0,
                    OptionCode::SubnetMask | OptionCode::ServerIdentifier => len == 4,
                    OptionCode::AddressLeaseTime | OptionCode::Renewal | OptionCode::Rebinding => len == 4,
                    _ => false,
                };
                if good {
                    known.extend([code, len]);
                    known.extend(value);
                }
                rest
            }
        };
    }
    known.push(255);
    Some(known)
}

fn lease_of(message: &Message) -> Result<Lease> {
    let refused = |why: &str| Error::Refused(format!("DHCP lease: {why}"));
    let options = message.opts();
    let address = message.yiaddr();
    if !usable(address) {
        return Err(refused("no usable address"));
    }
    let Some(DhcpOption::ServerIdentifier(server)) = options.get(OptionCode::ServerIdentifier) else {
        return Err(refused("the server does not say who it is"));
    };
    let prefix = match options.get(OptionCode::SubnetMask) {
        Some(DhcpOption::SubnetMask(mask)) => prefix_of(*mask).ok_or_else(|| refused("a mask with holes"))?,
        _ => 24,
    };
    let router = match options.get(OptionCode::Router) {
        Some(DhcpOption::Router(routers)) => routers.iter().copied().find(|&router| usable(router)),
        _ => None,
    };
    let dns = match options.get(OptionCode::DomainNameServer) {
        Some(DhcpOption::DomainNameServer(servers)) => servers.iter().copied().filter(|&s| usable(s)).take(MAX_DNS).collect(),
        _ => Vec::new(),
    };
    let seconds = |code| match options.get(code) {
        Some(DhcpOption::AddressLeaseTime(s) | DhcpOption::Renewal(s) | DhcpOption::Rebinding(s)) => Some(*s),
        _ => None,
    };
    let length = seconds(OptionCode::AddressLeaseTime).ok_or_else(|| refused("no length"))?;
    let length = (length != FOR_EVER).then(|| Duration::from_secs(length.into()).max(LEAST));
    let times = (seconds(OptionCode::Renewal), seconds(OptionCode::Rebinding));
    let (renew, rebind) = times_of(length.unwrap_or_default(), times);
    Ok(Lease { address, prefix, router, dns, server: *server, length, renew, rebind })
}

/// The server's times if they make sense, else a half and seven eighths.
fn times_of(length: Duration, said: (Option<u32>, Option<u32>)) -> (Duration, Duration) {
    if let (Some(renew), Some(rebind)) = said {
        let (renew, rebind) = (Duration::from_secs(renew.into()), Duration::from_secs(rebind.into()));
        if LEAST / 2 <= renew && renew < rebind && rebind < length {
            return (renew, rebind);
        }
    }
    (length / 2, length * 7 / 8)
}

fn usable(address: Ipv4Addr) -> bool {
    !(address.is_unspecified()
        || address.is_loopback()
        || address.is_multicast()
        || address.is_broadcast()
        || address.octets()[0] == 0)
}

fn prefix_of(mask: Ipv4Addr) -> Option<u8> {
    let bits = mask.to_bits();
    (bits.leading_ones() + bits.trailing_zeros() >= 32 && bits != 0).then(|| bits.leading_ones().try_into().unwrap_or(32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MAC: [u8; 6] = [0x52, 0x54, 0, 0x12, 0x34, 0x56];

    fn ack() -> Message {
        let mut message = Message::default();
        message.set_opcode(dhcproto::v4::Opcode::BootReply).set_xid(7).set_chaddr(&MAC).set_yiaddr([10, 0, 2, 15]);
        for option in [
            DhcpOption::MessageType(MessageType::Ack),
            DhcpOption::ServerIdentifier([10, 0, 2, 2].into()),
            DhcpOption::SubnetMask([255, 255, 255, 0].into()),
            DhcpOption::Router(vec![[10, 0, 2, 2].into()]),
            DhcpOption::DomainNameServer(vec![[127, 0, 0, 1].into(), [10, 0, 2, 3].into()]),
            DhcpOption::AddressLeaseTime(86400),
        ] {
            message.opts_mut().insert(option);
        }
        message
    }

    fn bytes(message: &Message) -> Vec<u8> {
        let mut bytes = Vec::new();
        message.encode(&mut Encoder::new(&mut bytes)).unwrap();
        bytes
    }

    #[test]
    fn leases() {
        let check = |change: fn(&mut Message), expected: Option<Lease>| {
            let mut message = ack();
            change(&mut message);
            let expected = expected.map(|lease| Reply { transaction: 7, answer: Answer::Ack(lease) });
            assert_eq!(read(&bytes(&message), MAC).ok(), expected);
        };
        let day = Duration::from_secs(86400);
        let lease = Lease {
            address: [10, 0, 2, 15].into(),
            prefix: 24,
            router: Some([10, 0, 2, 2].into()),
            dns: vec![[10, 0, 2, 3].into()],
            server: [10, 0, 2, 2].into(),
            length: Some(day),
            renew: day / 2,
            rebind: day * 7 / 8,
        };
        check(|_| {}, Some(lease.clone()));
        let short = Duration::from_secs(60);
        let shortened = Lease { length: Some(short), renew: short / 2, rebind: short * 7 / 8, ..lease.clone() };
        check(|m| _ = m.opts_mut().insert(DhcpOption::AddressLeaseTime(0)), Some(shortened));
        let endless = Lease { length: None, renew: Duration::ZERO, rebind: Duration::ZERO, ..lease };
        check(|m| _ = m.opts_mut().insert(DhcpOption::AddressLeaseTime(u32::MAX)), Some(endless));
        check(|m| _ = m.set_yiaddr([0, 0, 0, 0]), None);
        check(|m| _ = m.set_yiaddr([127, 0, 0, 1]), None);
        check(|m| _ = m.set_chaddr(&[1; 6]), None);
        check(|m| _ = m.set_opcode(dhcproto::v4::Opcode::BootRequest), None);
        check(|m| _ = m.opts_mut().insert(DhcpOption::SubnetMask([255, 0, 255, 0].into())), None);
        check(|m| _ = m.opts_mut().remove(OptionCode::ServerIdentifier), None);
        check(|m| _ = m.opts_mut().remove(OptionCode::AddressLeaseTime), None);
        check(|m| _ = m.opts_mut().insert(DhcpOption::MessageType(MessageType::Inform)), None);
    }

    #[test]
    fn times() {
        let s = Duration::from_secs;
        let check = |length, said, expected| assert_eq!(times_of(s(length), said), expected);
        check(1000, (None, None), (s(500), s(875)));
        check(1000, (Some(300), Some(600)), (s(300), s(600)));
        check(1000, (Some(600), Some(300)), (s(500), s(875)));
        check(1000, (Some(300), Some(1000)), (s(500), s(875)));
        check(1000, (Some(1), Some(600)), (s(500), s(875)));
    }

    #[test]
    fn what_we_say_is_understood() {
        let ask = Ask {
            request: true,
            transaction: 9,
            seconds: 3,
            current: None,
            wanted: Some([10, 0, 2, 15].into()),
            server: Some([10, 0, 2, 2].into()),
            to: None,
        };
        let bytes = write(&ask, MAC, "hearth").unwrap();
        let message = Message::decode(&mut Decoder::new(&bytes)).unwrap();
        assert_eq!((message.xid(), message.secs(), message.chaddr()), (9, 3, &MAC[..]));
        assert!(message.flags().broadcast() && message.opts().has_msg_type(MessageType::Request));
        assert_eq!(
            message.opts().get(OptionCode::RequestedIpAddress),
            Some(&DhcpOption::RequestedIpAddress([10, 0, 2, 15].into()))
        );
        assert!(read(&bytes, MAC).is_err(), "our own message is no reply");
    }

    #[test]
    fn options_of_others_do_no_harm() {
        let mut bytes = bytes(&ack());
        let end = bytes.pop();
        bytes.extend([151, 0, 12, 2, 0xff, 0xfe, 255]); // an empty status, a host name that is not UTF-8
        assert_eq!(end, Some(255));
        assert!(read(&bytes, MAC).is_ok());
        let len = bytes.len();
        bytes.splice(len - 1.., [12, 200, 1]);
        assert!(read(&bytes, MAC).is_err(), "an option longer than the message");
    }

    proptest! {
        #[test]
        fn anything_may_come_in(noise in proptest::collection::vec(any::<u8>(), 0..400), at in 0usize..300, with in any::<u8>(), cut in 0usize..400) {
            let _ = read(&noise, MAC);
            let mut damaged = bytes(&ack());
            if let Some(byte) = damaged.get_mut(at) { *byte = with; }
            damaged.truncate(cut);
            let _ = read(&damaged, MAC);
        }
    }
}
