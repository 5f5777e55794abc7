//! One connection to the bus: calls to iwd, its signals, and its questions for a passphrase.

use super::iwd::{self, Objects, Ordered, Station};
use super::{Heard, Told};
use hearth_nav::{JoinError, Secret, WifiCommand};
use std::num::NonZeroU32;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};
use zbus::blocking::{Connection, MessageIterator, connection::Builder};
use zbus::message::{Header, Message, Type};
use zbus::zvariant::{DynamicType, ObjectPath, OwnedObjectPath, Value};

const BUS: (&str, &str, &str) = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus");
const AGENT_PATH: &str = "/hearth/agent";
const CANCELED: &str = "net.connman.iwd.Agent.Error.Canceled";
/// Whatever is not `Connect` is answered at once, or iwd hangs.
const ANSWER: Duration = Duration::from_secs(5);
/// iwd gives up by itself; this is for one that hangs.
const JOIN: Duration = Duration::from_secs(60);
/// Signals come in flocks.
const SETTLE: Duration = Duration::from_millis(60);

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// It was told to.
    Quit,
    /// The bus closed it.
    Closed,
}

/// A `Connect` without its answer.
struct Pending {
    serial: NonZeroU32,
    attempt: u32,
    path: OwnedObjectPath,
    passphrase: Option<Secret>,
    /// iwd has had it.
    given: bool,
    /// iwd wants one that is not here.
    needed: Option<JoinError>,
    until: Instant,
    /// What was in use before.
    previous: Option<OwnedObjectPath>,
}

pub(super) struct Session<'a> {
    bus: Connection,
    tell: &'a dyn Fn(Told),
    /// iwd's own name on the bus, while it is there.
    owner: Option<String>,
    station: Option<Station>,
    pending: Option<Pending>,
    /// When to look at iwd's objects again.
    look: Option<Instant>,
    told: bool,
}

impl<'a> Session<'a> {
    pub fn open(address: &str, sender: &Sender<Heard>, tell: &'a dyn Fn(Told)) -> zbus::Result<Self> {
        let bus = Builder::address(address)?.method_timeout(ANSWER).build()?;
        let (messages, sender) = (MessageIterator::from(&bus), sender.clone());
        let forward = move || {
            for message in messages.map_while(Result::ok) {
                if sender.send(Heard::Bus(message)).is_err() {
                    return;
                }
            }
            let _ = sender.send(Heard::Closed);
        };
        std::thread::Builder::new().name("wifi-bus".into()).spawn(forward).map_err(|e| zbus::Error::InputOutput(e.into()))?;
        let session = Self { bus, tell, owner: None, station: None, pending: None, look: None, told: false };
        session.watch()
    }

    fn watch(mut self) -> zbus::Result<Self> {
        let watched = format!("type='signal',sender='{}'", iwd::NAME);
        let owners = format!("type='signal',sender='{}',member='NameOwnerChanged',arg0='{}'", BUS.0, iwd::NAME);
        for rule in [watched, owners] {
            if let Err(e) = self.bus.call_method(Some(BUS.0), BUS.1, Some(BUS.2), "AddMatch", &rule) {
                drop(self.bus.close());
                return Err(e);
            }
        }
        let owner = self.bus.call_method(Some(BUS.0), BUS.1, Some(BUS.2), "GetNameOwner", &iwd::NAME);
        self.owned_by(owner.ok().and_then(|m| m.body().deserialize::<String>().ok()));
        Ok(self)
    }

    pub fn serve(mut self, heard: &Receiver<Heard>) -> Ended {
        loop {
            let deadline = self.look.into_iter().chain(self.pending.as_ref().map(|p| p.until)).min();
            let next = match deadline {
                None => heard.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(at) => heard.recv_timeout(at.saturating_duration_since(Instant::now())),
            };
            match next {
                Ok(Heard::Command(command)) => self.command(command),
                Ok(Heard::Bus(message)) => self.message(&message),
                Ok(Heard::Closed) => {
                    self.owned_by(None);
                    return Ended::Closed;
                }
                Ok(Heard::Quit) | Err(RecvTimeoutError::Disconnected) => {
                    drop(self.bus.close());
                    return Ended::Quit;
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            let now = Instant::now();
            if self.look.take_if(|at| *at <= now).is_some() {
                self.refresh();
            }
            if let Some(pending) = self.pending.take_if(|p| p.until <= now) {
                (self.tell)(Told::Joined(pending.attempt, Err(JoinError::Refused)));
                self.undo(pending.previous);
            }
        }
    }

    fn command(&mut self, command: WifiCommand) {
        let station = self.station.clone();
        match (command, station) {
            (WifiCommand::Scan, Some(station)) => drop(self.send(&station.path, iwd::STATION, "Scan", &())),
            (WifiCommand::Join { attempt, network, passphrase }, station) => {
                let place = station.as_ref().and_then(|s| s.place(&network));
                let sent = place.and_then(|(path, _)| Some((path.clone(), self.send(path, iwd::NETWORK, "Connect", &())?)));
                let Some((path, serial)) = sent else { return (self.tell)(Told::Joined(attempt, Err(JoinError::Gone))) };
                // The network before the one that was given up half-way, too.
                let before = self.pending.take().and_then(|p| p.previous);
                let previous = station.as_ref().and_then(Station::connected).cloned().or(before).filter(|p| *p != path);
                let until = Instant::now() + JOIN;
                self.pending = Some(Pending { serial, attempt, path, passphrase, given: false, needed: None, until, previous });
            }
            (WifiCommand::Cancel, _) => {
                if let Some(pending) = self.pending.take() {
                    self.undo(pending.previous);
                }
            }
            (WifiCommand::Forget(network), Some(station)) => {
                if let Some((_, Some(known))) = station.place(&network) {
                    self.send(known, iwd::KNOWN, "Forget", &());
                }
            }
            (WifiCommand::Scan | WifiCommand::Forget(_), None) => {}
        }
    }

    /// Back to what was in use. iwd joins nothing by itself once it was told to disconnect, until it is told to connect or its device starts
    /// anew: so that is what it does where there is nothing to go back to.
    fn undo(&mut self, previous: Option<OwnedObjectPath>) {
        let Some(station) = self.station.clone() else { return };
        if let Some(previous) = previous {
            self.send(&previous, iwd::NETWORK, "Connect", &());
            return;
        }
        self.send(&station.path, iwd::STATION, "Disconnect", &());
        if station.wifi.knows {
            for powered in [false, true] {
                let body = (iwd::DEVICE, "Powered", Value::from(powered));
                self.send(&station.path, "org.freedesktop.DBus.Properties", "Set", &body);
            }
        }
    }

    fn message(&mut self, message: &Message) {
        let header = message.header();
        match message.message_type() {
            Type::Signal if header.member().is_some_and(|m| m.as_str() == "NameOwnerChanged") => {
                let Ok((_, _, new)) = message.body().deserialize::<(String, String, String)>() else { return };
                self.owned_by(Some(new).filter(|owner| !owner.is_empty()));
            }
            Type::Signal if self.is_iwds(&header) => {
                self.look.get_or_insert(Instant::now() + SETTLE);
            }
            Type::MethodCall => self.question(message, &header),
            Type::MethodReturn | Type::Error => {
                if let Some(pending) = self.pending.take_if(|p| header.reply_serial() == Some(p.serial)) {
                    self.answered(pending, header.error_name().map(|e| e.to_string()));
                }
            }
            Type::Signal => {}
        }
    }

    fn is_iwds(&self, header: &Header<'_>) -> bool {
        self.owner.is_some() && header.sender().map(|s| s.as_str()) == self.owner.as_deref()
    }

    /// iwd is there, under this name, or it is not.
    fn owned_by(&mut self, owner: Option<String>) {
        self.owner = owner;
        self.station = None;
        if let Some(pending) = self.pending.take() {
            (self.tell)(Told::Joined(pending.attempt, Err(JoinError::Refused)));
        }
        if self.owner.is_some() {
            let agent = ObjectPath::from_static_str_unchecked(AGENT_PATH);
            let path = OwnedObjectPath::try_from(iwd::MANAGER).unwrap_or_default();
            self.send(&path, iwd::AGENT_MANAGER, "RegisterAgent", &agent);
            self.look = Some(Instant::now());
        } else {
            self.look = None;
            self.say(None);
        }
    }

    /// iwd asks its agent. Only iwd is answered, and only with the passphrase of the network that is being joined, once.
    fn question(&mut self, message: &Message, header: &Header<'_>) {
        let agent = header.interface().is_some_and(|i| i.as_str() == iwd::AGENT) && self.is_iwds(header);
        let member = header.member().map(|m| m.to_string()).unwrap_or_default();
        let answer = match (agent, member.as_str()) {
            (false, _) => self.bus.reply_error(header, "org.freedesktop.DBus.Error.UnknownMethod", &"nothing here"),
            // Nothing is expected.
            (true, "Release" | "Cancel") => return,
            (true, "RequestPassphrase") => {
                let about = message.body().deserialize::<OwnedObjectPath>().ok();
                match self.pending.as_mut().filter(|p| Some(&p.path) == about.as_ref()) {
                    Some(Pending { passphrase: Some(passphrase), given, .. }) if !*given => {
                        *given = true;
                        self.bus.reply(header, &passphrase.reveal())
                    }
                    pending => {
                        if let Some(pending) = pending {
                            pending.needed = Some(if pending.given { JoinError::Wrong } else { JoinError::Needed });
                        }
                        self.bus.reply_error(header, CANCELED, &"")
                    }
                }
            }
            (true, _) => {
                if let Some(pending) = &mut self.pending {
                    pending.needed = Some(JoinError::Unsupported);
                }
                self.bus.reply_error(header, CANCELED, &"")
            }
        };
        if let Err(e) = answer {
            tracing::warn!("iwd's question was not answered: {e}");
        }
    }

    fn answered(&mut self, pending: Pending, error: Option<String>) {
        self.refresh();
        let id = |p: &OwnedObjectPath| self.station.as_ref().is_some_and(|s| s.places.iter().any(|(path, _)| path == p));
        let result = match (error, pending.needed) {
            (None, _) => Ok(()),
            (Some(_), Some(needed)) => Err(needed),
            (Some(name), None) => Err(iwd::join_error(&name, pending.given, id(&pending.path))),
        };
        if let Err(reason) = result {
            tracing::info!("a network was not joined: {reason:?}");
        }
        (self.tell)(Told::Joined(pending.attempt, result));
    }

    /// Looks at iwd's objects, and says what has changed.
    fn refresh(&mut self) {
        self.look = None;
        match self.read() {
            Ok(station) => {
                if self.station != station || !self.told {
                    self.say(station);
                }
            }
            // It went away in between: a signal says so.
            Err(e) => tracing::debug!("iwd said nothing of its networks: {e}"),
        }
    }

    fn read(&self) -> zbus::Result<Option<Station>> {
        let answer =
            self.bus.call_method(Some(iwd::NAME), "/", Some("org.freedesktop.DBus.ObjectManager"), "GetManagedObjects", &())?;
        let objects: Objects = answer.body().deserialize()?;
        let Some(path) = Station::find(&objects) else { return Ok(None) };
        let answer = self.bus.call_method(Some(iwd::NAME), path, Some(iwd::STATION), "GetOrderedNetworks", &())?;
        let ordered: Ordered = answer.body().deserialize()?;
        Ok(Some(Station::read(path, &objects, &ordered)))
    }

    fn say(&mut self, station: Option<Station>) {
        self.told = true;
        (self.tell)(Told::Wifi(station.as_ref().map(|s| s.wifi.clone())));
        self.station = station;
    }

    /// Calls iwd without waiting for the answer, which comes under this number.
    fn send<B: serde::Serialize + DynamicType>(
        &self,
        path: &OwnedObjectPath,
        interface: &str,
        member: &str,
        body: &B,
    ) -> Option<NonZeroU32> {
        let message = || -> zbus::Result<Message> {
            Message::method_call(path, member)?.destination(iwd::NAME)?.interface(interface)?.build(body)
        };
        let sent = message().and_then(|m| self.bus.send(&m).map(|()| m.primary_header().serial_num()));
        sent.inspect_err(|e| tracing::warn!("{member} did not reach iwd: {e}")).ok()
    }
}
