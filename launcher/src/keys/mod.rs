//! What keys of keyboards and remotes mean: one table for windows, one for the kernel's input devices.

#[cfg(feature = "display")]
pub mod evdev;
#[cfg(feature = "window")]
pub mod window;

/// What `--help` says about the keyboard.
pub const HELP: &str = "arrows, Enter (OK), Backspace or Esc (Back), Space (play/pause), S (stop), I (info), M (menu), A (audio), \
     , and . (rewind, fast forward), + and - (volume), N (no sound), H (home), F11 (full screen); media keys as labelled";
