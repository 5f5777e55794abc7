//! Wi-Fi on a box: iwd joins networks, and this asks it to, over the box's own D-Bus. A thread of its own: nothing that iwd does, or does not
//! do, holds up the screen.

mod iwd;
mod session;

use crate::platform::Waker;
use hearth_nav::{JoinError, Wifi, WifiCommand};
use session::{Ended, Session};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// The bus that only root may speak on: `/etc/dbus-1/hearth.conf` of the image.
pub const BUS: &str = "unix:path=/run/hearth/bus";
/// A bus that is not there is looked for so often.
const RETRY: Duration = Duration::from_secs(2);

/// What the thread has to say.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// The radio and its networks; none: there is no radio, or no iwd.
    Wifi(Option<Wifi>),
    /// Answer to [`WifiCommand::Join`].
    Joined(u32, Result<(), JoinError>),
}

/// What the thread hears.
enum Heard {
    Command(WifiCommand),
    /// From the bus, and whether this was all.
    Bus(zbus::Message),
    Closed,
    Quit,
}

/// The radio, as the screen's thread has it. Ends the other one when it is dropped.
pub struct Radio {
    to: Sender<Heard>,
    told: Receiver<Told>,
}

impl Radio {
    /// `wake` is called for whatever there is to say.
    pub fn start(bus: &str, wake: Waker) -> std::io::Result<Self> {
        let ((to, heard), (tell, told)) = (channel(), channel());
        let (bus, sender) = (bus.to_owned(), to.clone());
        let tell = move |what| {
            if tell.send(what).is_ok() {
                wake();
            }
        };
        std::thread::Builder::new().name("wifi".into()).spawn(move || run(&bus, &sender, &heard, &tell))?;
        Ok(Self { to, told })
    }

    /// Returns at once.
    pub fn send(&self, command: WifiCommand) {
        // The thread ends when this is dropped, not before.
        let _ = self.to.send(Heard::Command(command));
    }

    /// What came since.
    pub fn poll(&self) -> Vec<Told> {
        self.told.try_iter().collect()
    }
}

impl Drop for Radio {
    fn drop(&mut self) {
        let _ = self.to.send(Heard::Quit);
    }
}

fn run(bus: &str, sender: &Sender<Heard>, heard: &Receiver<Heard>, tell: &dyn Fn(Told)) {
    loop {
        match Session::open(bus, sender, tell) {
            Ok(session) => {
                if session.serve(heard) == Ended::Quit {
                    return;
                }
                tracing::info!("the bus is gone");
            }
            Err(e) => tracing::debug!("no bus at {bus}: {e}"),
        }
        let until = Instant::now() + RETRY;
        loop {
            match heard.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(Heard::Quit) => return,
                Ok(Heard::Command(WifiCommand::Join { attempt, .. })) => tell(Told::Joined(attempt, Err(JoinError::Gone))),
                Ok(Heard::Command(_) | Heard::Bus(_) | Heard::Closed) => {}
                Err(_) => break,
            }
        }
    }
}
