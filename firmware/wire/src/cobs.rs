//! Consistent Overhead Byte Stuffing (Cheshire and Baker, 1999), for frames shorter than 254 bytes: no zero byte inside, one byte longer.
//! Written here because a microcontroller's image must not be able to panic; the tests compare it with the `cobs` crate.

/// Writes `raw` without zero bytes into `out` and returns the length; none where `out` is too short or `raw` too long.
pub(crate) fn encode(raw: &[u8], out: &mut [u8]) -> Option<usize> {
    if raw.len() > 253 {
        return None;
    }
    // Each code byte says how far it is to the next zero byte, which the code byte there stands for.
    let (mut code_at, mut code) = (0, 1);
    for (i, byte) in raw.iter().enumerate() {
        if *byte == 0 {
            *out.get_mut(code_at)? = code;
            (code_at, code) = (i + 1, 1);
        } else {
            *out.get_mut(i + 1)? = *byte;
            code += 1;
        }
    }
    *out.get_mut(code_at)? = code;
    Some(raw.len() + 1)
}

/// Restores the zero bytes in place; none where the code bytes do not add up. What was said is then `coded[1..]`.
pub(crate) fn decode(coded: &mut [u8]) -> Option<&[u8]> {
    let mut at = 0;
    while let Some(code) = coded.get_mut(at) {
        let step = usize::from(core::mem::take(code));
        if step == 0 {
            return None;
        }
        at += step;
    }
    (at == coded.len()).then(|| coded.split_first())?.map(|(_, raw)| raw)
}
