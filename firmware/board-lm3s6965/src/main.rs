//! The front panel on an LM3S6965: interrupts become events, actions become levels, bytes and pixels. The thinking is in `hearth-panel`.
#![no_std]
#![no_main]

#[cfg(feature = "bench")]
mod bench;
mod chip;
mod clock;
mod display;
mod inputs;
mod ring;
mod serial;
mod store;
mod watchdog;

use chip::Pin;
use core::mem::MaybeUninit;
use core::sync::atomic::Ordering;
use cortex_m::peripheral::NVIC;
use hearth_panel::rows::Rows;
use hearth_panel::settings::Settings;
use hearth_panel::{Action, Event, Led, Panel};
use hearth_wire::{Deframer, MAX_FRAME, ToBox, ToPanel, encode};
use inputs::{BYTES, KEYS, NEWS};
use lm3s6965::Interrupt;

/// High: the box has power.
const POWER: Pin = Pin::new(chip::B, 0);
/// Low for a moment: wakes a box that sleeps with its power on.
const WAKE: Pin = Pin::new(chip::B, 1);
/// The lamp.
const LAMP: Pin = Pin::new(chip::F, 0);

/// Longest that nothing is looked at, in microseconds.
const IDLE_US: u64 = 20_000;
/// Power stays away so long at a restart.
const RESTART_US: u64 = 1_000_000;
/// The wake line is pulled so long.
const PULL_US: u64 = 50_000;
/// A piece of the picture takes milliseconds, and waits so long for a code to end: light that flickers all the time is no code.
const PATIENCE_US: u64 = 150_000;
/// Half a blink is two to this many microseconds: a quarter of a second.
const BLINK: u32 = 18;

/// All that has a memory.
struct Board {
    panel: Panel,
    deframer: Deframer,
    rows: Rows,
    /// Time as the panel was last told.
    last_us: u64,
    sequence: u8,
    lamp: Led,
    power_back_us: Option<u64>,
    wake_back_us: Option<u64>,
    /// A piece of the picture is drawn by then, whatever comes in.
    draw_by_us: u64,
    #[cfg(feature = "bench")]
    bench: bench::Bench,
}

#[cortex_m_rt::entry]
fn main() -> ! {
    #[cfg(feature = "bench")]
    bench::paint();
    let cause = watchdog::cause();
    chip::start();
    if let Some(mut core) = cortex_m::Peripherals::take() {
        clock::start(&mut core.SYST);
    }
    watchdog::start();
    POWER.output(true);
    WAKE.output(true);
    LAMP.output(true);
    display::start();
    inputs::start();
    for interrupt in [Interrupt::GPIOB, Interrupt::GPIOE, Interrupt::GPIOF, Interrupt::UART0, Interrupt::TIMER_1A] {
        // SAFETY: their handlers share atomics and queues only.
        unsafe { NVIC::unmask(interrupt) };
    }
    let board = Board::start();
    board.step(0, Event::Start(cause));
    loop {
        watchdog::kick();
        board.turn();
        board.rest();
    }
}

impl Board {
    /// Makes it where it stays: a copy on its way would need as much stack again.
    fn start() -> &'static mut Self {
        static mut BOARD: MaybeUninit<Board> = MaybeUninit::uninit();
        // SAFETY: called once, before any interrupt; every field is written before there is a reference to the whole.
        unsafe {
            let board = (&raw mut BOARD).cast::<Self>();
            (&raw mut (*board).panel).write(Panel::new(Settings::new()));
            (&raw mut (*board).deframer).write(Deframer::new());
            (&raw mut (*board).rows).write(Rows::new());
            (&raw mut (*board).last_us).write(0);
            (&raw mut (*board).sequence).write(0);
            (&raw mut (*board).lamp).write(Led::On);
            (&raw mut (*board).power_back_us).write(None);
            (&raw mut (*board).wake_back_us).write(None);
            (&raw mut (*board).draw_by_us).write(0);
            #[cfg(feature = "bench")]
            (&raw mut (*board).bench).write(bench::Bench::start());
            (*board).panel.restore(Settings::load(&store::Pages));
            &mut *board
        }
    }

    /// Everything that has happened, then one piece of the picture.
    fn turn(&mut self) {
        NEWS.store(false, Ordering::Relaxed);
        let now = self.now(); // before the queue is emptied: what comes later is later
        while let Some(change) = inputs::change() {
            let at = change.at_us(self.last_us);
            match KEYS.get(usize::from(change.what())) {
                Some((key, _)) => self.step(at, Event::KeyLevel(*key, change.active())),
                None => self.step(at, Event::Light(change.active())),
            }
        }
        while let Some(byte) = BYTES.take() {
            self.byte(now, byte as u8);
        }
        #[cfg(feature = "bench")]
        self.bench_turn();
        self.step(now, Event::Tick);
        self.lines(now);
        if !self.panel.hears(now) || now >= self.draw_by_us {
            self.rows.next(|band| self.panel.draw(now, band), display::row);
            self.draw_by_us = now + PATIENCE_US;
        }
    }

    fn byte(&mut self, at_us: u64, byte: u8) {
        match self.deframer.push::<ToPanel>(byte) {
            Some(Ok(frame)) => self.step(at_us, Event::Message(frame.sequence, frame.message)),
            // A message of a newer box: it has arrived, and that is all there is to say.
            Some(Err(hearth_wire::FrameError::Unknown(sequence))) => self.send(&ToBox::Ack { sequence }),
            Some(Err(_)) | None => {}
        }
    }

    fn step(&mut self, at_us: u64, event: Event) {
        self.last_us = self.last_us.max(at_us);
        for action in &self.panel.step(self.last_us, event) {
            #[cfg(feature = "bench")]
            bench::tell(action);
            self.act(action);
        }
    }

    fn act(&mut self, action: &Action) {
        match *action {
            Action::Send(ref message) => self.send(message),
            Action::Power(on) => {
                self.power_back_us = None;
                POWER.put(on);
            }
            Action::Restart => {
                POWER.put(false);
                self.power_back_us = Some(self.last_us + RESTART_US);
            }
            Action::WakeLine => {
                WAKE.put(false);
                self.wake_back_us = Some(self.last_us + PULL_US);
            }
            Action::Led(led) => self.lamp = led,
            Action::Brightness(level) => display::brightness(level),
            Action::Save => self.panel.settings().save(&mut store::Pages),
            Action::Draw => self.rows.restart(),
        }
    }

    fn send(&mut self, message: &ToBox) {
        let mut frame = [0; MAX_FRAME];
        if let Some(frame) = encode(self.sequence, message, &mut frame).and_then(|length| frame.get(..length)) {
            serial::send(serial::LINK, frame);
            self.sequence = self.sequence.wrapping_add(1);
        }
    }

    /// What goes back by itself, and the lamp.
    fn lines(&mut self, now: u64) {
        if self.power_back_us.take_if(|at| now >= *at).is_some() {
            POWER.put(true);
        }
        if self.wake_back_us.take_if(|at| now >= *at).is_some() {
            WAKE.put(true);
        }
        LAMP.put(match self.lamp {
            Led::On => true,
            Led::Stopping => now >> BLINK & 1 == 0,
            Led::Asleep => false,
        });
    }

    /// Sleeps until something happens or is due.
    fn rest(&self) {
        if self.rows.pending() {
            return;
        }
        let now = clock::now_us();
        let due = self.panel.deadline().unwrap_or(u64::MAX).min(now + IDLE_US);
        clock::alarm(due.saturating_sub(now) as u32);
        cortex_m::interrupt::free(|_| {
            // An interrupt that comes from here on stays pending and ends the sleep at once.
            if !NEWS.load(Ordering::Relaxed) {
                cortex_m::asm::wfi();
            }
        });
    }

    #[cfg(not(feature = "bench"))]
    fn now(&self) -> u64 {
        clock::now_us()
    }
}

/// Nothing here panics (the build checks it); if something did, the watchdog would end it.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        cortex_m::asm::nop();
    }
}
