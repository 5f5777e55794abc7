//! For `tests/clock.rs`: a library that, loaded before a program (`LD_PRELOAD`), has its wall clock off by `SHIFT_S` seconds. Time that only
//! passes (`CLOCK_MONOTONIC`) is left alone, as on a box whose clock has no battery.

#![allow(unsafe_code)]

use std::sync::OnceLock;

/// As in POSIX.
#[repr(C)]
pub struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

unsafe extern "C" {
    fn syscall(number: i64, ...) -> i64;
    fn getenv(name: *const std::ffi::c_char) -> *const std::ffi::c_char;
    fn atoll(text: *const std::ffi::c_char) -> i64;
}

#[cfg(target_arch = "x86_64")]
const CLOCK_GETTIME: i64 = 228;
#[cfg(target_arch = "aarch64")]
const CLOCK_GETTIME: i64 = 113;
const CLOCK_REALTIME: i32 = 0;

fn shift() -> i64 {
    static SHIFT: OnceLock<i64> = OnceLock::new();
    // SAFETY: both read NUL-terminated text that lives as long as the process.
    *SHIFT.get_or_init(|| unsafe {
        let text = getenv(c"SHIFT_S".as_ptr());
        if text.is_null() { 0 } else { atoll(text) }
    })
}

/// As in POSIX.
///
/// # Safety
/// `time` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(clock: i32, time: *mut Timespec) -> i32 {
    // SAFETY: what the caller promises; the kernel checks the address once more.
    unsafe {
        let result = syscall(CLOCK_GETTIME, clock, time);
        if result == 0 && clock == CLOCK_REALTIME {
            (*time).seconds += shift();
        }
        result as i32
    }
}
