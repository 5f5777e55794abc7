//! SNTP (RFC 4330): question and answer as bytes. Pure.

use std::time::Duration;

/// Length of either.
pub const LEN: usize = 48;
/// From 1900 to 1970, in seconds.
const EPOCH: u64 = 2_208_988_800;
/// Further away than this the answer says too little.
const MAX_ROUND_TRIP: Duration = Duration::from_secs(2);

/// The question. `cookie` comes back in the answer: random, so that nobody who does not see the question can answer it.
pub fn question(cookie: u64) -> [u8; LEN] {
    let mut bytes = [0; LEN];
    bytes[0] = 0x23; // version 4, client
    bytes[40..48].copy_from_slice(&cookie.to_be_bytes());
    bytes
}

/// The time since 1970 in the middle of the round trip, or why the answer is not believed.
pub fn answer(bytes: &[u8], cookie: u64, round_trip: Duration) -> Result<Duration, &'static str> {
    let Some(bytes) = bytes.first_chunk::<LEN>() else { return Err("too short") };
    let word = |at: usize| u64::from_be_bytes(std::array::from_fn(|i| bytes[at + i]));
    if bytes[0] & 7 != 4 {
        return Err("not a server's answer");
    }
    if word(24) != cookie {
        return Err("not an answer to this question");
    }
    if bytes[0] >> 6 == 3 || !(1..=15).contains(&bytes[1]) {
        return Err("the server does not know the time itself");
    }
    if round_trip > MAX_ROUND_TRIP {
        return Err("the way was too long");
    }
    let (received, sent) = (since_1970(word(32)), since_1970(word(40)));
    let (Some(received), Some(sent)) = (received, sent) else { return Err("no time in it") };
    if sent < received || sent - received > MAX_ROUND_TRIP {
        return Err("the server contradicts itself");
    }
    Ok(sent + round_trip.saturating_sub(sent - received) / 2)
}

/// 32 bits of seconds, 32 of a fraction. Seconds count from 1900, or again from 2036 when the first bit is clear.
fn since_1970(time: u64) -> Option<Duration> {
    if time == 0 {
        return None;
    }
    let era = if time >> 63 == 0 { 1u64 << 32 } else { 0 };
    let seconds = ((time >> 32) + era).checked_sub(EPOCH)?;
    let nanos = ((time & 0xffff_ffff) * 1_000_000_000) >> 32;
    Some(Duration::new(seconds, u32::try_from(nanos).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn good() -> [u8; LEN] {
        let mut bytes = [0; LEN];
        bytes[0] = 0x24;
        bytes[1] = 2;
        bytes[24..32].copy_from_slice(&77u64.to_be_bytes());
        let time = ((EPOCH + 1_760_000_000) << 32) | (1 << 31);
        bytes[32..40].copy_from_slice(&time.to_be_bytes());
        bytes[40..48].copy_from_slice(&time.to_be_bytes());
        bytes
    }

    #[test]
    fn answers() {
        let check = |change: fn(&mut [u8; LEN]), trip: u64, expected: Result<Duration, &str>| {
            let mut bytes = good();
            change(&mut bytes);
            assert_eq!(answer(&bytes, 77, Duration::from_millis(trip)), expected);
        };
        check(|_| {}, 100, Ok(Duration::from_millis(1_760_000_000_550)));
        check(|b| b[0] = 0x23, 100, Err("not a server's answer"));
        check(|b| b[31] ^= 1, 100, Err("not an answer to this question"));
        check(|b| b[0] = 0xe4, 100, Err("the server does not know the time itself"));
        check(|b| b[1] = 0, 100, Err("the server does not know the time itself"));
        check(|b| b[1] = 16, 100, Err("the server does not know the time itself"));
        check(|_| {}, 2001, Err("the way was too long"));
        check(|b| b[40..48].fill(0), 100, Err("no time in it"));
        check(|b| b[35] += 1, 100, Err("the server contradicts itself"));
        // 2036-02-07 06:28:16 UTC, the first second of the next era.
        check(
            |b| {
                b[32..48].fill(0);
                b[39] = 1;
                b[47] = 1;
            },
            0,
            Ok(Duration::from_secs(2_085_978_496)),
        );
        assert_eq!(answer(&good()[..47], 77, Duration::ZERO), Err("too short"));
        assert_eq!((question(77)[0], &question(77)[40..]), (0x23, &77u64.to_be_bytes()[..]));
    }

    proptest! {
        #[test]
        fn anything_may_come_in(bytes in proptest::collection::vec(any::<u8>(), 0..80), cookie in any::<u64>(), trip in 0u64..5000) {
            let _ = answer(&bytes, cookie, Duration::from_millis(trip));
        }
    }
}
