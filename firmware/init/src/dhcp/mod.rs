//! The DHCP client's state machine: discover, request, renew, rebind, expiry, refusal. Pure, time is an argument.

pub mod packet;
#[cfg(test)]
mod tests;

use std::net::Ipv4Addr;
use std::time::Duration;

const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(32);
/// Requests for an offer before another is looked for.
const REQUESTS: u32 = 4;
/// Least time between two requests to extend a lease.
const EXTEND_RETRY: Duration = Duration::from_secs(60);

/// What a server granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Ours until the lease ends.
    pub address: Ipv4Addr,
    /// Length of the network's prefix.
    pub prefix: u8,
    /// The way out.
    pub router: Option<Ipv4Addr>,
    /// Name servers, at most three.
    pub dns: Vec<Ipv4Addr>,
    /// Who granted it.
    pub server: Ipv4Addr,
    /// For how long; none: for ever.
    pub length: Option<Duration>,
    /// When to renew and when to ask anybody, from the grant on.
    pub renew: Duration,
    /// See `renew`.
    pub rebind: Duration,
}

impl Default for Lease {
    fn default() -> Self {
        Self {
            address: Ipv4Addr::UNSPECIFIED,
            prefix: 32,
            router: None,
            dns: Vec::new(),
            server: Ipv4Addr::UNSPECIFIED,
            length: None,
            renew: Duration::ZERO,
            rebind: Duration::ZERO,
        }
    }
}

/// What a server says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// You could have this.
    Offer(Lease),
    /// You have this.
    Ack(Lease),
    /// You have nothing.
    Nak,
}

/// A message from a server, checked by [`packet::read`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Which question it answers.
    pub transaction: u32,
    /// What it says.
    pub answer: Answer,
}

/// A message to servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// A request; otherwise a discovery.
    pub request: bool,
    /// Number of this question.
    pub transaction: u32,
    /// Seconds since the first question.
    pub seconds: u16,
    /// The address we have.
    pub current: Option<Ipv4Addr>,
    /// The address we want.
    pub wanted: Option<Ipv4Addr>,
    /// The server whose offer we take.
    pub server: Option<Ipv4Addr>,
    /// To whom it goes; none: to all.
    pub to: Option<Ipv4Addr>,
}

/// What happens to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The cable is in.
    LinkUp,
    /// The cable is out.
    LinkDown,
    /// A server spoke.
    Reply(Reply),
    /// The deadline came.
    Time,
}

/// What the client wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send this.
    Send(Ask),
    /// The device has this address now.
    Configure(Lease),
    /// The device has no address any more.
    Remove(Lease),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Off,
    /// Refused: not to be asked again before.
    Held {
        until: Duration,
    },
    Selecting {
        tries: u32,
        next: Duration,
    },
    Requesting {
        offer: Lease,
        tries: u32,
        next: Duration,
    },
    /// Bound until `next`, then extending the lease.
    Bound {
        lease: Lease,
        since: Duration,
        next: Duration,
    },
}

/// The client of one device.
#[derive(Clone, Debug)]
pub struct Client {
    state: State,
    seed: u64,
    transaction: u32,
    started: Duration,
}

impl Client {
    /// `seed` spreads boxes over time and numbers their questions.
    pub fn new(seed: u64) -> Self {
        Self { state: State::Off, seed: seed | 1, transaction: 0, started: Duration::ZERO }
    }

    /// The lease the device has now.
    pub fn lease(&self) -> Option<&Lease> {
        if let State::Bound { lease, .. } = &self.state { Some(lease) } else { None }
    }

    /// When [`Event::Time`] is due.
    pub fn deadline(&self) -> Option<Duration> {
        match self.state {
            State::Off => None,
            State::Held { until: next } | State::Selecting { next, .. } | State::Requesting { next, .. } => Some(next),
            State::Bound { ref lease, next, .. } => lease.length.map(|_| next),
        }
    }

    /// One event.
    pub fn step(&mut self, event: Event, now: Duration) -> Vec<Action> {
        match event {
            Event::LinkUp if self.state == State::Off => self.discover(now),
            Event::LinkUp => Vec::new(),
            Event::LinkDown => self.leave(State::Off),
            Event::Reply(reply) if reply.transaction == self.transaction => self.reply(reply.answer, now),
            Event::Reply(_) => Vec::new(),
            Event::Time if self.deadline().is_some_and(|at| at <= now) => self.time(now),
            Event::Time => Vec::new(),
        }
    }

    fn reply(&mut self, answer: Answer, now: Duration) -> Vec<Action> {
        match (&self.state, answer) {
            (State::Selecting { .. }, Answer::Offer(offer)) => {
                let next = now + self.retry(0);
                let ask = self.request(&offer, now);
                self.state = State::Requesting { offer, tries: 1, next };
                vec![Action::Send(ask)]
            }
            (State::Requesting { offer, .. }, Answer::Ack(lease)) if offer.server == lease.server => self.bind(lease, now),
            (State::Bound { lease: old, since, .. }, Answer::Ack(lease)) if extending(old, *since, now) => self.bind(lease, now),
            (State::Requesting { .. }, Answer::Nak) => self.refused(now),
            (State::Bound { lease, since, .. }, Answer::Nak) if extending(lease, *since, now) => self.refused(now),
            _ => Vec::new(),
        }
    }

    fn time(&mut self, now: Duration) -> Vec<Action> {
        match self.state.clone() {
            State::Off => Vec::new(),
            State::Held { .. } => self.discover(now),
            State::Selecting { tries, .. } => {
                let next = now + self.retry(tries);
                self.state = State::Selecting { tries: tries + 1, next };
                vec![Action::Send(self.discovery(now))]
            }
            State::Requesting { tries, .. } if tries >= REQUESTS => self.discover(now),
            State::Requesting { offer, tries, .. } => {
                let next = now + self.retry(tries);
                let ask = self.request(&offer, now);
                self.state = State::Requesting { offer, tries: tries + 1, next };
                vec![Action::Send(ask)]
            }
            State::Bound { lease, since, .. } => self.extend(lease, since, now),
        }
    }

    /// The lease wears out: ask who granted it, later anybody, at its end give it back.
    fn extend(&mut self, lease: Lease, since: Duration, now: Duration) -> Vec<Action> {
        let Some(length) = lease.length else { return Vec::new() };
        let end = since + length;
        if now >= end {
            let mut actions = self.leave(State::Off);
            actions.extend(self.discover(now));
            return actions;
        }
        let rebinding = now >= since + lease.rebind;
        if self.deadline() == Some(since + lease.renew) {
            self.new_question(now);
        }
        let until = if rebinding { end } else { since + lease.rebind };
        let next = (now + ((until - now) / 2).max(EXTEND_RETRY)).min(until);
        let ask = Ask {
            request: true,
            transaction: self.transaction,
            seconds: self.seconds(now),
            current: Some(lease.address),
            wanted: None,
            server: None,
            to: (!rebinding).then_some(lease.server),
        };
        self.state = State::Bound { lease, since, next };
        vec![Action::Send(ask)]
    }

    fn bind(&mut self, lease: Lease, now: Duration) -> Vec<Action> {
        let mut actions = match self.lease() {
            Some(old) if old.address != lease.address || old.prefix != lease.prefix => vec![Action::Remove(old.clone())],
            _ => Vec::new(),
        };
        self.state = State::Bound { next: now + lease.renew, since: now, lease: lease.clone() };
        actions.push(Action::Configure(lease));
        actions
    }

    fn refused(&mut self, now: Duration) -> Vec<Action> {
        let until = now + self.retry(1);
        self.leave(State::Held { until })
    }

    fn leave(&mut self, to: State) -> Vec<Action> {
        let had = self.lease().cloned();
        self.state = to;
        had.map(Action::Remove).into_iter().collect()
    }

    fn discover(&mut self, now: Duration) -> Vec<Action> {
        self.new_question(now);
        let next = now + self.retry(0);
        self.state = State::Selecting { tries: 1, next };
        vec![Action::Send(self.discovery(now))]
    }

    fn discovery(&self, now: Duration) -> Ask {
        let seconds = self.seconds(now);
        Ask { request: false, transaction: self.transaction, seconds, current: None, wanted: None, server: None, to: None }
    }

    fn request(&self, offer: &Lease, now: Duration) -> Ask {
        Ask { request: true, wanted: Some(offer.address), server: Some(offer.server), ..self.discovery(now) }
    }

    fn new_question(&mut self, now: Duration) {
        self.transaction = u32::try_from(self.random() >> 32).unwrap_or(0);
        self.started = now;
    }

    fn seconds(&self, now: Duration) -> u16 {
        u16::try_from(now.saturating_sub(self.started).as_secs()).unwrap_or(u16::MAX)
    }

    /// 1, 2, 4 … 32 s, each a tenth more or less.
    fn retry(&mut self, tries: u32) -> Duration {
        let plain = FIRST_RETRY.saturating_mul(1 << tries.min(5)).min(LAST_RETRY);
        let spread = u32::try_from(self.random() >> 40).unwrap_or(0) % 200;
        plain * (900 + spread) / 1000
    }

    /// xorshift64: only to differ from the neighbours.
    fn random(&mut self) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed
    }
}

/// Before the renewal no question is open: a late answer says nothing new.
fn extending(lease: &Lease, since: Duration, now: Duration) -> bool {
    lease.length.is_some() && now >= since + lease.renew
}
