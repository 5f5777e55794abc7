//! A dbus-daemon of the image's own policy, and an iwd on it that has no radio: it answers as iwd does, by doc/*-api.txt.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use zbus::blocking::{Connection, MessageIterator, connection::Builder};
use zbus::message::{Message, Type};
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};

const IWD: &str = "net.connman.iwd";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// The daemon; ends with it.
pub struct Bus {
    daemon: Child,
    pub address: String,
}

impl Bus {
    /// As the image has it, but in this folder and for whoever runs the test instead of root.
    pub fn start(folder: &Path) -> Self {
        let image = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../boards/image.toml")).expect("image.toml");
        let image: toml::Table = image.parse().expect("TOML");
        let config = image["wifi"]["texts"]["etc/dbus-1/hearth.conf"].as_str().expect("the bus's policy").trim();
        let socket = folder.join("bus");
        let user = rustix::process::getuid().as_raw();
        let config = config.replace("/run/hearth/bus", &socket.display().to_string());
        let config = config.replace("user=\"root\"", &format!("user=\"{user}\""));
        let file = folder.join("bus.conf");
        std::fs::write(&file, config).expect("a file");
        let daemon = Command::new("dbus-daemon")
            .args(["--nofork", "--nopidfile", "--nosyslog", "--print-address", "--config-file"])
            .arg(&file)
            .stdout(Stdio::piped())
            .spawn()
            .expect("dbus-daemon; `cargo xtask setup` installs it");
        let mut bus = Self { daemon, address: format!("unix:path={}", socket.display()) };
        // Its first line says that it listens.
        let mut line = String::new();
        let out = bus.daemon.stdout.take().expect("a pipe");
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).expect("a line");
        assert!(line.starts_with("unix:"), "{line}");
        bus
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

#[derive(Clone)]
pub struct Net {
    pub name: &'static str,
    pub kind: &'static str,
    pub strength: i16,
    /// What it takes.
    pub passphrase: &'static str,
    /// What iwd has kept of it.
    pub kept: Option<String>,
}

impl Net {
    pub fn new(name: &'static str, kind: &'static str, strength: i16, passphrase: &'static str) -> Self {
        Self { name, kind, strength, passphrase, kept: None }
    }

    fn path(&self) -> String {
        let hex: String = self.name.bytes().map(|b| format!("{b:02x}")).collect();
        format!("/net/connman/iwd/0/3/{hex}_{}", self.kind)
    }

    pub fn id(&self) -> String {
        self.path().rsplit('/').next().unwrap_or_default().to_owned()
    }
}

#[derive(Default)]
pub struct State {
    pub networks: Vec<Net>,
    pub connected: Option<&'static str>,
    /// Without one there is no station.
    pub radio: bool,
    pub agent: Option<(String, OwnedObjectPath)>,
    /// What it was asked to do.
    pub calls: Vec<String>,
    /// Answers no `Connect` to this one.
    pub silent: Option<&'static str>,
    waiting: Option<Message>,
}

/// iwd; its name goes with it.
pub struct Fake {
    bus: Connection,
    called: Arc<Condvar>,
    pub state: Arc<Mutex<State>>,
}

impl Fake {
    pub fn start(bus: &Bus, networks: Vec<Net>) -> Self {
        let state = Arc::new(Mutex::new(State { networks, radio: true, ..State::default() }));
        Self::with(bus, state)
    }

    /// Another one, that finds on its disc what the last one left.
    pub fn with(bus: &Bus, state: Arc<Mutex<State>>) -> Self {
        let connection = connect_to(bus);
        let messages = MessageIterator::from(&connection);
        let fake = Self { bus: connection, called: Arc::default(), state };
        let (bus, state, called) = (fake.bus.clone(), fake.state.clone(), fake.called.clone());
        let answers = move |message| {
            answer(&bus, &state, message);
            called.notify_all();
        };
        std::thread::spawn(move || messages.map_while(Result::ok).for_each(answers));
        fake.bus.request_name(IWD).expect("iwd's name");
        fake
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        changed(&self.bus);
    }

    pub fn bus(&self) -> &Connection {
        &self.bus
    }

    /// Until it has been asked to do this.
    pub fn heard(&self, call: &str) {
        let mut state = self.lock();
        while !state.calls.iter().any(|c| c == call) {
            state = self.called.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Somebody asks the agent for a network's passphrase.
    pub fn ask(&self, who: &Connection, net: &Net) -> Result<String, String> {
        let (agent, at) = self.lock().agent.clone().expect("an agent");
        let answer = who.call_method(Some(&*agent), &at, Some("net.connman.iwd.Agent"), "RequestPassphrase", &path(&net.path()));
        answer.map(|m| m.body().deserialize().expect("a passphrase")).map_err(|e| e.to_string())
    }

    pub fn stop(self) -> Arc<Mutex<State>> {
        {
            let mut state = self.lock();
            (state.agent, state.waiting, state.connected) = (None, None, None);
        }
        let state = self.state.clone();
        self.bus.close().expect("closed");
        state
    }
}

/// A connection of somebody's.
pub fn connect_to(bus: &Bus) -> Connection {
    Builder::address(&*bus.address).and_then(Builder::build).expect("a connection")
}

fn changed(bus: &Connection) {
    let nothing: HashMap<&str, Value<'_>> = HashMap::new();
    let body = ("net.connman.iwd.Station", nothing, Vec::<&str>::new());
    let _ = bus.emit_signal(None::<&str>, "/net/connman/iwd/0/3", PROPERTIES, "PropertiesChanged", &body);
}

type Interfaces = HashMap<String, HashMap<String, OwnedValue>>;

fn object(interface: &str, properties: Vec<(&str, Value<'_>)>) -> (String, HashMap<String, OwnedValue>) {
    let properties = properties.into_iter().map(|(name, v)| (name.to_owned(), v.try_to_owned().expect("a value")));
    (format!("{IWD}.{interface}"), properties.collect())
}

fn path(text: &str) -> OwnedObjectPath {
    text.to_owned().try_into().expect("a path")
}

fn objects(state: &State) -> HashMap<OwnedObjectPath, Interfaces> {
    let mut all = HashMap::from([(path("/net/connman/iwd"), Interfaces::from([object("AgentManager", vec![])]))]);
    for net in state.networks.iter().filter(|n| n.kept.is_some()) {
        let known = path(&format!("/net/connman/iwd/{}", net.id()));
        all.insert(known, Interfaces::from([object("KnownNetwork", vec![("Name", net.name.into())])]));
    }
    if !state.radio {
        return all;
    }
    // A second radio, by name after the first.
    let other = [object("Device", vec![("Name", "wlan1".into())]), object("Station", vec![("State", "disconnected".into())])];
    all.insert(path("/net/connman/iwd/0/1"), Interfaces::from(other));
    let mut station =
        vec![("Scanning", false.into()), ("State", if state.connected.is_some() { "connected" } else { "disconnected" }.into())];
    for net in &state.networks {
        let mut properties = vec![("Name", net.name.into()), ("Type", net.kind.into())];
        if net.kept.is_some() {
            properties
                .push(("KnownNetwork", ObjectPath::try_from(format!("/net/connman/iwd/{}", net.id())).expect("a path").into()));
        }
        if state.connected == Some(net.name) {
            station.push(("ConnectedNetwork", ObjectPath::try_from(net.path()).expect("a path").into()));
        }
        all.insert(path(&net.path()), Interfaces::from([object("Network", properties)]));
    }
    let device = object("Device", vec![("Name", "wlan0".into()), ("Powered", true.into())]);
    all.insert(path("/net/connman/iwd/0/3"), Interfaces::from([device, object("Station", station)]));
    all
}

fn answer(bus: &Connection, state: &Arc<Mutex<State>>, message: Message) {
    if message.message_type() != Type::MethodCall {
        return;
    }
    let header = message.header();
    let (at, member) =
        (header.path().map(|p| p.to_string()).unwrap_or_default(), header.member().map(|m| m.to_string()).unwrap_or_default());
    let mut now = state.lock().unwrap_or_else(PoisonError::into_inner);
    let name = now.networks.iter().find(|n| at.ends_with(&n.id())).map(|n| n.name);
    if !member.starts_with("Get") {
        now.calls.push(name.map_or_else(|| member.clone(), |n| format!("{member} {n}")));
    }
    match (member.as_str(), name) {
        ("GetManagedObjects", _) => bus.reply(&header, &objects(&now)).expect("sent"),
        ("GetOrderedNetworks", _) if at.ends_with("/3") => {
            let list: Vec<_> = now.networks.iter().map(|n| (path(&n.path()), n.strength)).collect();
            bus.reply(&header, &list).expect("sent");
        }
        ("GetOrderedNetworks", _) => bus.reply(&header, &Vec::<(OwnedObjectPath, i16)>::new()).expect("sent"),
        ("RegisterAgent", _) => {
            let agent: OwnedObjectPath = message.body().deserialize().expect("a path");
            now.agent = Some((header.sender().expect("a sender").to_string(), agent));
            bus.reply(&header, &()).expect("sent");
        }
        ("Forget", Some(name)) => {
            now.networks.iter_mut().filter(|n| n.name == name).for_each(|n| n.kept = None);
            now.connected = now.connected.filter(|c| *c != name);
            bus.reply(&header, &()).expect("sent");
            changed(bus);
        }
        ("Disconnect", _) => {
            now.connected = None;
            abort(bus, &mut now);
            bus.reply(&header, &()).expect("sent");
        }
        ("Connect", Some(name)) => {
            abort(bus, &mut now);
            // iwd leaves what it was in, whatever comes of it.
            now.connected = None;
            if now.silent == Some(name) {
                now.waiting = Some(message.clone());
                return;
            }
            let asks = now.networks.iter().any(|n| n.name == name && n.kind == "psk" && n.kept.as_deref() != Some(n.passphrase));
            drop(now);
            if !asks {
                return connect(bus, state, &message, name);
            }
            let (bus, state, call) = (bus.clone(), state.clone(), message.clone());
            std::thread::spawn(move || connect(&bus, &state, &call, name));
        }
        _ => bus.reply(&header, &()).expect("sent"),
    }
}

fn abort(bus: &Connection, now: &mut State) {
    if let Some(call) = now.waiting.take() {
        bus.reply_error(&call.header(), "net.connman.iwd.Aborted", &"aborted").expect("sent");
    }
}

/// Asks for a passphrase where it has none, and tries it.
fn connect(bus: &Connection, state: &Mutex<State>, call: &Message, name: &str) {
    let lock = || state.lock().unwrap_or_else(PoisonError::into_inner);
    let (net, agent) = {
        let now = lock();
        (now.networks.iter().find(|n| n.name == name).expect("it is there").clone(), now.agent.clone())
    };
    let fail = |error: &str| bus.reply_error(&call.header(), error, &"no").expect("sent");
    let mut passphrase = net.kept.clone().filter(|kept| net.kind == "open" || kept == net.passphrase);
    if net.kind == "8021x" {
        return fail("net.connman.iwd.NotConfigured");
    }
    if net.kind == "psk" && passphrase.is_none() {
        let Some((agent, at)) = agent else { return fail("net.connman.iwd.NoAgent") };
        let answer = bus.call_method(Some(&*agent), &at, Some("net.connman.iwd.Agent"), "RequestPassphrase", &path(&net.path()));
        match answer.map(|m| m.body().deserialize::<String>().expect("a passphrase")) {
            Ok(words) => passphrase = Some(words),
            Err(_) => return fail("net.connman.iwd.Aborted"),
        }
    }
    if net.kind == "psk" && passphrase.as_deref() != Some(net.passphrase) {
        return fail("net.connman.iwd.Failed");
    }
    {
        let mut now = lock();
        now.networks.iter_mut().filter(|n| n.name == name).for_each(|n| n.kept = Some(passphrase.clone().unwrap_or_default()));
        now.connected = Some(net.name);
    }
    bus.reply(&call.header(), &()).expect("sent");
    changed(bus);
}
