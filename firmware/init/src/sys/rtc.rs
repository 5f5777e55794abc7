//! The battery clock, where there is one.
#![allow(unsafe_code)] // one ioctl on a structure of our own

use crate::timekeeping::Civil;
use rustix::ioctl::{self, Setter, opcode};
use std::fs::File;
use std::io::Result;
use std::time::Duration;

const DEVICE: &str = "/dev/rtc0";
const SET_TIME: ioctl::Opcode = opcode::write::<RtcTime>(b'p', 0x0a);

/// `struct rtc_time` of `linux/rtc.h`: UTC, years since 1900, months from 0; the last three are not looked at.
#[repr(C)]
struct RtcTime {
    sec: i32,
    min: i32,
    hour: i32,
    mday: i32,
    mon: i32,
    year: i32,
    wday: i32,
    yday: i32,
    isdst: i32,
}

/// Since 1970.
pub fn read() -> Option<Duration> {
    let text = std::fs::read_to_string("/sys/class/rtc/rtc0/since_epoch").ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

/// Sets it to that many seconds since 1970; false where there is none.
pub fn set(seconds: u64) -> Result<bool> {
    let file = match File::open(DEVICE) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        file => file?,
    };
    let Civil { year, month, day, hour, minute, second } = Civil::of(seconds);
    let (mon, year) = (month - 1, year - 1900);
    let time = RtcTime { sec: second, min: minute, hour, mday: day, mon, year, wday: 0, yday: 0, isdst: 0 };
    // SAFETY: RTC_SET_TIME reads one `struct rtc_time`, which `RtcTime` is.
    unsafe { ioctl::ioctl(&file, Setter::<SET_TIME, RtcTime>::new(time)) }?;
    Ok(true)
}
