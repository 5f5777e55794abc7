//! The thread that owns the serial port, opened anew whenever it is gone.

use crate::{Event, Session};
use hearth_wire::ToPanel;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::fs::{Mode, OFlags};
use rustix::termios::{OptionalActions, isatty, tcgetattr, tcsetattr};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// A port that cannot be opened is tried again after this.
const REOPEN: Duration = Duration::from_secs(1);

/// A panel on a port. Dropping it closes the port.
pub struct Panel {
    say: Option<Sender<ToPanel>>,
    bell: Arc<OwnedFd>,
    events: Receiver<Event>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Panel {
    /// Opens `/dev/ttyS0` at `baud` bits a second, or, for tests, a Unix socket; now or as soon as it is there. `wake` is called, from
    /// another thread, when there are events.
    pub fn start(path: &Path, baud: u32, wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        let bell = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        let (say, said) = channel();
        let (tell, events) = channel();
        let port = Port { path: path.to_path_buf(), baud, bell: bell.clone(), said, tell, wake: Box::new(wake) };
        let thread = std::thread::Builder::new().name("panel".to_owned()).spawn(move || port.run())?;
        Ok(Self { say: Some(say), bell, events, thread: Some(thread) })
    }

    /// Says it, now or when the panel answers.
    pub fn say(&self, message: ToPanel) {
        if let Some(say) = &self.say {
            // The thread ends only with us.
            let _ = say.send(message);
            let _ = rustix::io::write(&self.bell, &1u64.to_ne_bytes());
        }
    }

    /// What has happened since.
    pub fn events(&self) -> impl Iterator<Item = Event> + '_ {
        self.events.try_iter()
    }
}

impl Drop for Panel {
    fn drop(&mut self) {
        self.say = None;
        let _ = rustix::io::write(&self.bell, &1u64.to_ne_bytes());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Says one message and waits at most `patience` for it to arrive: init's, when everybody else has gone.
pub fn last_word(path: &Path, baud: u32, message: ToPanel, patience: Duration) -> io::Result<()> {
    let (port, start) = (open(path, baud)?, Instant::now());
    let mut session = Session::new();
    let (mut said, mut bytes) = (false, [0; 256]);
    while start.elapsed() < patience {
        session.tick(start.elapsed());
        write_all(&port, &session.output())?;
        let mut ready = [PollFd::new(&port, PollFlags::IN)];
        if poll(&mut ready, Some(&timespec(Duration::from_millis(50))))? == 0 {
            continue;
        }
        let count = read(&port, &mut bytes)?.ok_or(ErrorKind::UnexpectedEof)?;
        let connected = session.received(&bytes[..count]).contains(&Event::Connected);
        if connected && !said {
            session.say(message.clone());
            said = true;
        }
        if said && session.idle() {
            return Ok(());
        }
    }
    Err(ErrorKind::TimedOut.into())
}

struct Port {
    path: PathBuf,
    baud: u32,
    bell: Arc<OwnedFd>,
    said: Receiver<ToPanel>,
    tell: Sender<Event>,
    wake: Box<dyn Fn() + Send>,
}

impl Port {
    fn run(self) {
        let start = Instant::now();
        let mut session = Session::new();
        let mut port: Option<OwnedFd> = None;
        let mut opened: Option<Duration> = None;
        let mut told = false;
        while self.take_messages(&mut session) {
            let now = start.elapsed();
            if port.is_none() && opened.is_none_or(|at| now >= at + REOPEN) {
                opened = Some(now);
                session.reopened();
                port = open(&self.path, self.baud)
                    .inspect_err(|e| {
                        if !std::mem::replace(&mut told, true) {
                            tracing::warn!("front panel, {}: {e}", self.path.display());
                        }
                    })
                    .ok();
            }
            let Some(fd) = &port else {
                self.sleep(&[], Some(REOPEN));
                continue;
            };
            let outcome = self.turn(fd, &mut session, start);
            if let Err(e) = outcome {
                tracing::warn!("front panel, {}: {e}", self.path.display());
                port = None;
            }
        }
    }

    /// One look at the port.
    fn turn(&self, port: &OwnedFd, session: &mut Session, start: Instant) -> io::Result<()> {
        let lost = session.tick(start.elapsed());
        self.report(lost.into_iter().collect());
        write_all(port, &session.output())?;
        let left = session.deadline().map(|at| at.saturating_sub(start.elapsed()));
        if !self.sleep(&[port], left) {
            return Ok(());
        }
        let mut bytes = [0; 256];
        match read(port, &mut bytes)? {
            Some(count) => {
                self.report(session.received(&bytes[..count]));
                Ok(())
            }
            None => Err(ErrorKind::UnexpectedEof.into()),
        }
    }

    fn report(&self, events: Vec<Event>) {
        let any = !events.is_empty();
        for event in events {
            let _ = self.tell.send(event);
        }
        if any {
            (self.wake)();
        }
    }

    /// Takes what is to be said; false when nobody is there any more to say anything.
    fn take_messages(&self, session: &mut Session) -> bool {
        loop {
            match self.said.try_recv() {
                Ok(message) => session.say(message),
                Err(std::sync::mpsc::TryRecvError::Empty) => return true,
                Err(std::sync::mpsc::TryRecvError::Disconnected) => return false,
            }
        }
    }

    /// Until the bell rings, one of `ports` has something (true) or the time is over.
    fn sleep(&self, ports: &[&OwnedFd], time: Option<Duration>) -> bool {
        let mut fds: Vec<PollFd<'_>> = ports
            .iter()
            .map(|p| p.as_fd())
            .chain([self.bell.as_fd()])
            .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN))
            .collect();
        let _ = poll(&mut fds, time.map(timespec).as_ref());
        let _ = rustix::io::read(&self.bell, &mut [0; 8]);
        ports.len() == 1 && fds.first().is_some_and(|fd| !fd.revents().is_empty())
    }
}

fn timespec(time: Duration) -> Timespec {
    Timespec { tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX), tv_nsec: time.subsec_nanos().into() }
}

/// Bytes that are there; `None` at the end of the line.
fn read(port: &OwnedFd, bytes: &mut [u8]) -> io::Result<Option<usize>> {
    match rustix::io::read(port, bytes) {
        Ok(0) => Ok(None),
        Ok(count) => Ok(Some(count)),
        Err(e) if e.kind() == ErrorKind::WouldBlock || e.kind() == ErrorKind::Interrupted => Ok(Some(0)),
        Err(e) => Err(e.into()),
    }
}

/// A serial line takes what is written to it sooner or later; a panel that does not is lost by the clock.
fn write_all(port: &OwnedFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(port, bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e.into()),
        }
    }
    Ok(())
}

fn open(path: &Path, baud: u32) -> io::Result<OwnedFd> {
    if path.metadata()?.file_type().is_socket() {
        let stream = UnixStream::connect(path)?;
        stream.set_nonblocking(true)?;
        return Ok(stream.into());
    }
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let fd = rustix::fs::open(path, flags, Mode::empty())?;
    if isatty(&fd) {
        let mut settings = tcgetattr(&fd)?;
        settings.make_raw();
        settings.set_speed(baud)?;
        tcsetattr(&fd, OptionalActions::Flush, &settings)?;
    }
    Ok(fd)
}
