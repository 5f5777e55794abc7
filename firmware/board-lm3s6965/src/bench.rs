//! The bench: commands by words, from the second serial line or from a script in flash, and a tongue that tells what the panel does.
//!
//! Commands, a line each: `ir 9000 4500 560 …` (microseconds, mark first), `key up 1`, `frame 02 01 …` (bytes as if from the box),
//! `wait 30000`, `freeze 3600000000` (the panel's clock stands at that microsecond), `stack`, `exit`.
//!
//! A script's infrared is played by a timer into the receiver's pin and heard by its interrupt. What comes by the serial line has no
//! exact time, so it is given its times in virtue of the durations alone, ahead of the clock.

use core::fmt::Write;
use core::sync::atomic::{AtomicU32, Ordering};
use cortex_m::peripheral::NVIC;
use heapless::String;
use hearth_panel::{Action, Event, Led};
use hearth_wire::{PanelKey, ToBox};
use lm3s6965::{Interrupt, interrupt};

use crate::inputs::{KEYS, NEWS, RECEIVER};
use crate::ring::Ring;
use crate::{Board, clock, serial};

/// Where QEMU's loader puts a script; it ends with a zero byte.
const SCRIPT: usize = 0x2_0000;
const SCRIPT_BYTES: usize = 0x1_f800;
const TIMER0: usize = 0x4003_0000;

/// A whole signal, whatever the loop is busy with.
static COMMANDS: Ring<1024> = Ring::new();
/// Durations on their way to the receiver's pin.
static PLAYS: Ring<256> = Ring::new();
/// 0: nothing plays; else one more than the edges played.
static PLAYED: AtomicU32 = AtomicU32::new(0);
/// When the next edge is due, so that no interrupt's own time adds up.
static NEXT_US: AtomicU32 = AtomicU32::new(0);
/// When the last edge was played.
static LAST_EDGE_US: AtomicU32 = AtomicU32::new(0);

/// What the words on a line so far amount to.
enum Command {
    None,
    Ir { at_us: u64, mark: bool },
    Key(usize),
    Frame,
    Wait,
    Freeze,
}

/// The bench's state.
pub struct Bench {
    script: &'static [u8],
    scripted: bool,
    word: String<12>,
    command: Command,
    pause_until_us: u64,
    frozen_us: Option<u64>,
}

struct Line;

impl Write for Line {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        serial::send(serial::BENCH, text.as_bytes());
        Ok(())
    }
}

impl Bench {
    pub fn start() -> Self {
        serial::open(serial::BENCH);
        for interrupt in [Interrupt::UART1, Interrupt::TIMER_0A] {
            // SAFETY: their handlers share atomics and queues only.
            unsafe { NVIC::unmask(interrupt) };
        }
        // SAFETY: flash that nothing writes to.
        let flash = unsafe { core::slice::from_raw_parts(SCRIPT as *const u8, SCRIPT_BYTES) };
        let text = flash.iter().position(|b| *b == 0 || *b == 0xff).and_then(|end| flash.get(..end));
        let script = text.unwrap_or_default();
        if !script.is_empty() {
            RECEIVER.output(true);
            NVIC::pend(Interrupt::GPIOB); // it was low
        }
        Self {
            script,
            scripted: !script.is_empty(),
            word: String::new(),
            command: Command::None,
            pause_until_us: 0,
            frozen_us: None,
        }
    }
}

impl Board {
    /// The time, or where it was stopped.
    pub fn now(&self) -> u64 {
        self.bench.frozen_us.unwrap_or_else(clock::now_us)
    }

    /// Takes what commands there are.
    pub fn bench_turn(&mut self) {
        while let Some(byte) = self.bench_byte() {
            match byte {
                b'\n' | b'\r' | b' ' => {
                    let word = core::mem::take(&mut self.bench.word);
                    if !word.is_empty() {
                        self.bench_word(&word);
                    }
                    if byte != b' ' {
                        self.bench_line();
                    }
                }
                byte => drop(self.bench.word.push(char::from(byte))),
            }
        }
    }

    fn bench_byte(&mut self) -> Option<u8> {
        let busy = self.now() < self.bench.pause_until_us || PLAYED.load(Ordering::Relaxed) != 0;
        if busy {
            return None;
        }
        match self.bench.script.split_first() {
            Some((first, rest)) => {
                self.bench.script = rest;
                Some(*first)
            }
            None => COMMANDS.take().map(|byte| byte as u8),
        }
    }

    fn bench_word(&mut self, word: &str) {
        let number = word.parse::<u64>().unwrap_or_default();
        match self.bench.command {
            Command::None => self.bench.command = self.bench_command(word),
            Command::Ir { .. } if self.bench.scripted => PLAYS.put(number as u32),
            Command::Ir { at_us, mark } => {
                self.step(at_us, Event::Light(mark));
                self.bench.command = Command::Ir { at_us: at_us + number, mark: !mark };
            }
            Command::Key(KEY_UNKNOWN) => {
                let named = |(key, _): &(PanelKey, _)| key_name(*key) == word;
                self.bench.command = KEYS.iter().position(named).map_or(Command::None, Command::Key);
            }
            Command::Key(key) => {
                let now = self.now();
                if let Some((key, _)) = KEYS.get(key) {
                    self.step(now, Event::KeyLevel(*key, number == 1));
                }
            }
            Command::Frame => self.byte(self.now(), u8::from_str_radix(word, 16).unwrap_or_default()),
            Command::Wait => self.bench.pause_until_us = self.now() + number,
            Command::Freeze => {
                self.bench.frozen_us = Some(number);
                let _ = writeln!(Line, "frozen");
            }
        }
    }

    fn bench_command(&mut self, word: &str) -> Command {
        match word {
            "ir" => Command::Ir { at_us: self.now().max(self.last_us) + LEAD_US, mark: true },
            "key" => Command::Key(KEY_UNKNOWN),
            "frame" => Command::Frame,
            "wait" => Command::Wait,
            "freeze" => Command::Freeze,
            "stack" => {
                let _ = writeln!(Line, "stack {} static {}", stack(), data());
                Command::None
            }
            "exit" => {
                cortex_m_semihosting::debug::exit(Ok(()));
                Command::None
            }
            _ => {
                let _ = writeln!(Line, "what is {word}?");
                Command::None
            }
        }
    }

    fn bench_line(&mut self) {
        match core::mem::replace(&mut self.bench.command, Command::None) {
            Command::Ir { .. } if self.bench.scripted => {
                PLAYED.store(1, Ordering::Relaxed);
                NEXT_US.store(self.now() as u32 + 100, Ordering::Relaxed);
                clock::one_shot(TIMER0, 100);
            }
            // The last duration was a mark: it ends.
            Command::Ir { at_us, mark: false } => self.step(at_us, Event::Light(false)),
            _ => {}
        }
    }
}

const KEY_UNKNOWN: usize = usize::MAX;
/// Room for a line that comes in two pieces.
const LEAD_US: u64 = 100_000;

#[interrupt]
fn UART1() {
    while let Some(byte) = serial::received(serial::BENCH) {
        COMMANDS.put(u32::from(byte));
    }
    NEWS.store(true, Ordering::Relaxed);
}

/// The end of a duration: the pin changes, and the port's interrupt comes as it would for a pin from outside.
#[interrupt]
fn TIMER_0A() {
    crate::chip::write(TIMER0 + 0x024, 1);
    let played = PLAYED.load(Ordering::Relaxed);
    match PLAYS.take() {
        Some(us) => {
            light(played % 2 == 1);
            let next = NEXT_US.load(Ordering::Relaxed).wrapping_add(us);
            NEXT_US.store(next, Ordering::Relaxed);
            clock::one_shot(TIMER0, next.wrapping_sub(clock::now_us() as u32));
            PLAYED.store(played + 1, Ordering::Relaxed);
        }
        None => {
            light(false);
            PLAYED.store(0, Ordering::Relaxed);
        }
    }
}

fn light(on: bool) {
    if RECEIVER.is_high() == on {
        RECEIVER.put(!on);
        LAST_EDGE_US.store(clock::now_us() as u32, Ordering::Relaxed);
        NVIC::pend(Interrupt::GPIOB);
    }
}

/// Says what the board is about to do.
pub fn tell(action: &Action) {
    let _ = match action {
        Action::Send(ToBox::Ir { protocol, repeat: false, .. }) => {
            let late = (clock::now_us() as u32).wrapping_sub(LAST_EDGE_US.load(Ordering::Relaxed));
            writeln!(Line, "latency {protocol} {late}")
        }
        Action::Send(_) | Action::Draw => Ok(()),
        Action::Power(on) => writeln!(Line, "power {}", if *on { "on" } else { "off" }),
        Action::Restart => writeln!(Line, "restart"),
        Action::WakeLine => writeln!(Line, "wake"),
        Action::Led(Led::On) => writeln!(Line, "lamp on"),
        Action::Led(Led::Stopping) => writeln!(Line, "lamp blinks"),
        Action::Led(Led::Asleep) => writeln!(Line, "lamp off"),
        Action::Brightness(level) => writeln!(Line, "brightness {level}"),
        Action::Save => writeln!(Line, "save"),
    };
}

const fn key_name(key: PanelKey) -> &'static str {
    match key {
        PanelKey::Power => "power",
        PanelKey::Up => "up",
        PanelKey::Down => "down",
        PanelKey::Left => "left",
        PanelKey::Right => "right",
        PanelKey::Ok => "ok",
    }
}

unsafe extern "C" {
    /// The end of what is static, from the linker script.
    static __sheap: u32;
}

const RAM: usize = 0x2000_0000;
const PAINT: u32 = 0x5afe_57ac;

fn data_end() -> usize {
    (&raw const __sheap) as usize
}

/// Bytes of static data.
fn data() -> usize {
    data_end() - RAM
}

/// Paints the stack's part of RAM below what is used of it now.
#[inline(never)]
pub fn paint() {
    let end = cortex_m::register::msp::read() as usize - 64;
    for address in (data_end()..end).step_by(4) {
        crate::chip::write(address, PAINT);
    }
}

/// Bytes of stack that were ever used.
fn stack() -> usize {
    const TOP: usize = RAM + 0x1_0000;
    let clean = (data_end()..TOP).step_by(4).take_while(|address| crate::chip::read(*address) == PAINT).count();
    TOP - data_end() - clean * 4
}
