//! Division of 64-bit times by small numbers: the compiler's own takes nearly a kilobyte of a microcontroller's flash.

/// Quotient and remainder; by nothing as by one.
pub(crate) fn divide(number: u64, by: u16) -> (u64, u32) {
    let by = u32::from(by.max(1));
    [48, 32, 16, 0].into_iter().fold((0, 0), |(quotient, rest), shift| {
        let part = rest << 16 | (number >> shift) as u32 & 0xffff;
        let digit = part.checked_div(by).unwrap_or(0);
        (quotient << 16 | u64::from(digit), part - digit * by)
    })
}

#[cfg(test)]
mod tests {
    use super::divide;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn as_the_compiler_does_it(number: u64, by in 1u16..) {
            prop_assert_eq!(divide(number, by), (number / u64::from(by), (number % u64::from(by)) as u32));
        }
    }
}
