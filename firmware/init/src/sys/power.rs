//! Going down.

use rustix::system::RebootCommand;

/// The last system call: never returns on a box.
pub fn leave(off: bool) {
    rustix::fs::sync();
    let command = if off { RebootCommand::PowerOff } else { RebootCommand::Restart };
    // Fails only without the right to do it: not PID 1 of a box, a test.
    let _ = rustix::system::reboot(command);
}

/// A kernel panic reboots after that many seconds; an oops is one.
pub fn reboot_on_panic(seconds: u32) {
    let _ = std::fs::write("/proc/sys/kernel/panic", seconds.to_string());
    let _ = std::fs::write("/proc/sys/kernel/panic_on_oops", "1");
}

/// Control-Alt-Delete becomes a signal to init.
pub fn keys_to_init() {
    let _ = rustix::system::reboot(RebootCommand::CadOff);
}
