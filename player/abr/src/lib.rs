//! Which rendition next. No I/O, no clock, no thread, no allocation per decision: times come in as milliseconds, sizes as bits.
//!
//! The engine (and the simulator's protocol, research: abr) calls [`Abr::decide`] before each segment, [`Abr::progress`] while one is
//! under way, and [`Abr::done`] when it has ended.
#![forbid(unsafe_code)]

mod forecast;
mod mpc;

pub use mpc::{Mpc, Tuning};

/// The rule that the player uses.
pub fn best() -> Box<dyn Abr> {
    Box::new(Mpc::new(Tuning::default()))
}

/// Most renditions a ladder may have; more are folded by the caller.
pub const MAX_RENDITIONS: usize = 16;
/// Most future segments whose sizes are looked at.
pub const MAX_LOOKAHEAD: usize = 10;

/// What does not change while a presentation plays.
#[derive(Clone, Debug, PartialEq)]
pub struct Ladder {
    /// Nominal rates in kbit/s, lowest first; the first `len` count.
    pub kbps: [f32; MAX_RENDITIONS],
    /// How many renditions.
    pub len: usize,
    /// Nominal segment duration in ms.
    pub segment_ms: f32,
    /// The playback buffer's capacity in ms.
    pub max_buffer_ms: f32,
    /// Low-latency or short-buffer play.
    pub live: bool,
}

/// The moment of a decision.
#[derive(Clone, Debug)]
pub struct Situation<'a> {
    /// On the caller's clock.
    pub now_ms: f64,
    /// Media buffered ahead of the play position, in ms.
    pub buffer_ms: f32,
    /// Pictures are moving (false: start-up or stall).
    pub playing: bool,
    /// Rendition of the segment before, if any.
    pub last: Option<usize>,
    /// True sizes in bits of the coming segments, `[k][rendition]`; empty where unknown.
    pub sizes_bits: &'a [[f32; MAX_RENDITIONS]],
    /// Renditions above this index are not to be chosen (screen size, output protection, decoder limits).
    pub cap: usize,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// Index into the ladder.
    pub rendition: usize,
    /// Idle so long before the request.
    pub wait_ms: f32,
}

/// A transfer that has ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transfer {
    /// On the caller's clock, when it ended.
    pub now_ms: f64,
    /// Rendition that was loaded.
    pub rendition: usize,
    /// What arrived, in bits.
    pub got_bits: f64,
    /// Request to first byte.
    pub ttfb_ms: f32,
    /// Request to last byte, `ttfb_ms` included.
    pub time_ms: f32,
    /// Given up before its end.
    pub abandoned: bool,
}

/// A transfer under way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InFlight {
    /// On the caller's clock.
    pub now_ms: f64,
    /// Media buffered ahead of the play position, in ms.
    pub buffer_ms: f32,
    /// Rendition being loaded.
    pub rendition: usize,
    /// Its whole size in bits, zero if unknown.
    pub size_bits: f64,
    /// So far.
    pub got_bits: f64,
    /// Since the request.
    pub time_ms: f32,
}

/// A rule.
pub trait Abr: Send {
    /// Its name, for telemetry.
    fn name(&self) -> &'static str;
    /// Forgets everything and takes a new ladder. `estimate_kbps`: remembered for this network, if anything is.
    fn reset(&mut self, ladder: &Ladder, estimate_kbps: Option<f32>);
    /// Which rendition for the next segment.
    fn decide(&mut self, situation: &Situation<'_>) -> Decision;
    /// Give up the transfer under way? `decide` follows for the same segment.
    fn progress(&mut self, in_flight: &InFlight) -> bool;
    /// A transfer has ended.
    fn done(&mut self, transfer: &Transfer);
    /// The present estimate of the network, to be remembered, kbit/s.
    fn estimate_kbps(&self) -> Option<f32>;
}
