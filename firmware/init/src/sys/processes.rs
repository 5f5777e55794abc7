//! All the processes there are: their memory, and their end.

use rustix::process::{Pid, Signal};

/// Every process' id.
pub fn all() -> Vec<i32> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// The kernel's sum of a process' memory: `/proc/<pid>/smaps_rollup`.
pub fn memory(pid: i32) -> Option<String> {
    std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()
}

/// Sends a signal to every program but init, or none; how many there were. Kernel threads have no command line and are left alone.
pub fn signal_all(signal: Option<Signal>) -> usize {
    let mine = std::process::id().cast_signed();
    let programs = all()
        .into_iter()
        .filter(|&pid| pid != mine && pid > 1)
        .filter(|pid| std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty()));
    let reach = |&pid: &Pid| match signal {
        Some(signal) => rustix::process::kill_process(pid, signal).is_ok(),
        None => true,
    };
    programs.filter_map(Pid::from_raw).filter(reach).count()
}
