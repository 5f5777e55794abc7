//! Bytes as lower-case hexadecimal text, and as such in JSON.
use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// Text of bytes.
pub fn encode(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|b| [b >> 4, b & 15]).map(|n| char::from_digit(n.into(), 16).unwrap_or('0')).collect()
}

/// Bytes of text; `None` when it is not pairs of lower-case digits.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| match b {
        b'0'..=b'9' => Some(b - b'0'),
        b'a'..=b'f' => Some(b - b'a' + 10),
        _ => None,
    };
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

/// As [`decode`], of exactly `N` bytes.
pub fn array<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != N * 2 {
        return None;
    }
    decode(text)?.try_into().ok()
}

/// For `#[serde(with)]` on a `[u8; N]`.
pub(crate) fn serialize<S: Serializer, const N: usize>(bytes: &[u8; N], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&encode(bytes))
}

/// For `#[serde(with)]` on a `[u8; N]`.
pub(crate) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(from: D) -> Result<[u8; N], D::Error> {
    let text = String::deserialize(from)?;
    array(&text).ok_or_else(|| D::Error::custom(format!("expected {} lower-case hexadecimal digits", N * 2)))
}

/// For `#[serde(with)]` on a list of `[u8; N]`, written as one text.
pub(crate) mod list {
    use super::*;

    pub(crate) fn serialize<S: Serializer, const N: usize>(list: &[[u8; N]], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&encode(list.as_flattened()))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(from: D) -> Result<Vec<[u8; N]>, D::Error> {
        let bytes =
            decode(&String::deserialize(from)?).ok_or_else(|| D::Error::custom("expected lower-case hexadecimal digits"))?;
        let (whole, []) = bytes.as_chunks::<N>() else {
            return Err(D::Error::custom(format!("expected a multiple of {} hexadecimal digits", N * 2)));
        };
        Ok(whole.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_lower_case_pairs() {
        let check = |text: &str, expected: Option<&[u8]>| assert_eq!(decode(text).as_deref(), expected, "{text:?}");
        check("", Some(&[]));
        check("00ff10", Some(&[0, 255, 16]));
        check("0", None);
        check("0F", None);
        check("0x", None);
        check("é", None);
        assert_eq!(encode(&[0, 255, 16]), "00ff10");
        assert_eq!(array::<2>("0102"), Some([1, 2]));
        assert_eq!(array::<2>("010203"), None);
    }
}
