//! The network: follows cables, and radios once they have joined, gets addresses, says where names are looked up.

use super::log::Log;
use crate::dhcp::{Action, Client, Event, packet};
use crate::sys::dhcp_socket::DhcpSocket;
use crate::sys::route::{Link, Route};
use crate::{Error, Result};
use hearth_box::files::{self, Kind};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

const RESOLV_CONF: &str = "/run/hearth/resolv.conf";

#[derive(Debug)]
struct Device {
    link: Link,
    client: Client,
    socket: Option<DhcpSocket>,
}

/// All devices.
#[derive(Debug)]
pub struct Network {
    route: Option<Route>,
    devices: BTreeMap<u32, Device>,
    hostname: String,
    seed: u64,
    address: Option<Ipv4Addr>,
    resolvers: Option<Vec<Ipv4Addr>>,
}

impl Network {
    /// Starts to follow the kernel's devices. `seed` must differ from box to box and boot to boot.
    pub fn new(hostname: String, seed: u64, log: &mut Log) -> Self {
        let route = Route::open().map_err(|error| log.failed(error)).ok();
        Self { route, devices: BTreeMap::new(), hostname, seed, address: None, resolvers: None }
    }

    /// What to poll.
    pub fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let sockets = self.devices.values().filter_map(|device| device.socket.as_ref()).map(AsFd::as_fd);
        self.route.as_ref().map(AsFd::as_fd).into_iter().chain(sockets)
    }

    /// When a client is due.
    pub fn deadline(&self) -> Option<Duration> {
        self.devices.values().filter_map(|device| device.client.deadline()).min()
    }

    /// The box's address.
    pub fn address(&self) -> Option<Ipv4Addr> {
        self.address
    }

    /// Cables, messages, times. True when the box's address changed.
    pub fn turn(&mut self, now: Duration, log: &mut Log) -> bool {
        let news = self.route.as_mut().map(Route::receive).unwrap_or_default();
        for news in news {
            match news {
                Ok(link) => self.link(link, now, log),
                Err(error) => log.failed(error),
            }
        }
        let Some(route) = &mut self.route else { return false };
        for device in self.devices.values_mut() {
            device.listen(route, &self.hostname, now, log);
        }
        // The way out first, a cable before a radio.
        let mut leases: Vec<_> = self.devices.values().filter_map(|d| Some((d.metric(), d.client.lease()?))).collect();
        leases.sort_by_key(|(metric, _)| *metric);
        let address = leases.first().map(|(_, lease)| lease.address);
        let mut resolvers: Vec<Ipv4Addr> = Vec::new();
        for resolver in leases.iter().flat_map(|(_, lease)| &lease.dns) {
            if !resolvers.contains(resolver) {
                resolvers.push(*resolver);
            }
        }
        let changed = address != self.address;
        // Programs wait for this file to know that there is a network: it is written with the first lease.
        if self.resolvers.as_ref().is_some_and(|had| *had != resolvers) || (self.resolvers.is_none() && address.is_some()) {
            if let Err(error) = write_resolv_conf(&resolvers) {
                log.failed(error);
            }
            self.resolvers = Some(resolvers);
        }
        if changed {
            self.address = address;
            log.say("address", &address.map_or_else(|| "none".to_owned(), |address| address.to_string()));
        }
        changed
    }

    fn link(&mut self, link: Link, now: Duration, log: &mut Log) {
        let Some(route) = &mut self.route else { return };
        if link.gone {
            if self.devices.remove(&link.index).is_some() {
                log.say("link", &format!("{} gone", link.name));
            }
            return;
        }
        // Loopback, and everything with a cable. iwd switches its radios on by itself, and may make their devices anew.
        if !link.up
            && (link.ethernet || link.name == "lo")
            && !link.radio
            && let Err(error) = route.set_up(link.index, true)
        {
            log.failed(error);
        }
        if !link.ethernet || link.name == "lo" {
            return;
        }
        self.seed = self.seed.rotate_left(17) ^ u64::from(link.index);
        let seed = link.mac.iter().fold(self.seed, |seed, &byte| seed.wrapping_mul(31) ^ u64::from(byte));
        let device = self.devices.entry(link.index).or_insert_with(|| {
            let known = Link { carrier: false, ..link.clone() };
            Device { link: known, client: Client::new(seed), socket: None }
        });
        let carrier = link.up && link.carrier;
        let changed = carrier != device.link.carrier;
        device.link = Link { carrier, ..link };
        if changed {
            log.say("link", &format!("{} {}", device.link.name, if carrier { "up" } else { "down" }));
            let event = if carrier { Event::LinkUp } else { Event::LinkDown };
            device.step(event, route, &self.hostname, now, log);
        }
    }
}

impl Device {
    fn listen(&mut self, route: &mut Route, hostname: &str, now: Duration, log: &mut Log) {
        while let Some(bytes) = self.socket.as_ref().and_then(DhcpSocket::receive) {
            match packet::read(&bytes, self.link.mac) {
                Ok(reply) => self.step(Event::Reply(reply), route, hostname, now, log),
                Err(error) => log.note(&format!("{}: {error}", self.link.name)),
            }
        }
        self.step(Event::Time, route, hostname, now, log);
    }

    fn step(&mut self, event: Event, route: &mut Route, hostname: &str, now: Duration, log: &mut Log) {
        for action in self.client.step(event, now) {
            let done = match &action {
                Action::Send(ask) => {
                    packet::write(ask, self.link.mac, hostname).and_then(|bytes| self.socket()?.send(ask.to, &bytes))
                }
                Action::Configure(lease) => {
                    log.say("lease", &format!("{} {}/{}", self.link.name, lease.address, lease.prefix));
                    route.configure(self.link.index, lease, self.metric())
                }
                Action::Remove(lease) => route.remove(self.link.index, lease),
            };
            if let Err(error) = done {
                log.failed(format_args!("{}: {error}", self.link.name));
            }
        }
        if self.client.deadline().is_none() && self.client.lease().is_none() {
            self.socket = None;
        }
    }

    /// Of its way out: a cable before a radio, the first before the second.
    fn metric(&self) -> u32 {
        (if self.link.radio { 600u32 } else { 100 }).saturating_add(self.link.index.min(400))
    }

    fn socket(&mut self) -> Result<&DhcpSocket> {
        let socket = match self.socket.take() {
            Some(socket) => socket,
            None => DhcpSocket::open(&self.link.name)?,
        };
        Ok(self.socket.insert(socket))
    }
}

/// `/etc/resolv.conf` of the image is a link to this.
fn write_resolv_conf(servers: &[Ipv4Addr]) -> Result<()> {
    let text: String = servers.iter().map(|server| format!("nameserver {server}\n")).collect();
    files::replace(RESOLV_CONF, text.as_bytes(), Kind::MEMORY).map_err(Error::path("replace", RESOLV_CONF))
}
