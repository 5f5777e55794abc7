//! Every scheme against published vectors and against a slow reference that works block by block.
use aes::Aes128;
use cbc::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use hearth_isobmff::{ContentKey, Encryption, Error, KeyId, Pattern, SampleCrypto, Scheme, Subsample, cenc};
use proptest::prelude::*;

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).expect("hex")).collect()
}

fn crypto(scheme: Scheme, iv: &[u8], pattern: Option<(u8, u8)>, subsamples: &[(u32, u32)]) -> SampleCrypto {
    SampleCrypto {
        scheme,
        key_id: KeyId([0; 16]),
        iv: iv.try_into().expect("16 bytes"),
        pattern: pattern.map(|(crypt, skip)| Pattern { crypt, skip }),
        subsamples: subsamples.iter().map(|&(clear, protected)| Subsample { clear, protected }).collect(),
    }
}

#[test]
fn nist_vectors() {
    // NIST SP 800-38A F.2.1 (CBC) and F.5.1 (CTR), AES-128.
    let key = ContentKey(hex("2b7e151628aed2a6abf7158809cf4f3c").try_into().expect("key"));
    let clear = hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51\
                     30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
    let cbc = hex("7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2\
                   73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7");
    let ctr = hex("874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff\
                   5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee");
    let cases = [
        (Scheme::Cbc1, "000102030405060708090a0b0c0d0e0f", &cbc),
        (Scheme::Cbcs, "000102030405060708090a0b0c0d0e0f", &cbc),
        (Scheme::Cenc, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", &ctr),
        (Scheme::Cens, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", &ctr),
    ];
    for (scheme, iv, want) in cases {
        let mut data = clear.clone();
        let crypto = crypto(scheme, &hex(iv), None, &[]);
        cenc::encrypt(&key, &crypto, &mut data).expect("encrypts");
        assert_eq!(&data, want, "{scheme:?}");
        cenc::decrypt(&key, &crypto, &mut data).expect("decrypts");
        assert_eq!(data, clear, "{scheme:?}");
    }
}

#[test]
fn counters_wrap_within_their_own_half() {
    let key = ContentKey([1; 16]);
    let mut data = [0u8; 32];
    let iv = [0xab, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    cenc::encrypt(&key, &crypto(Scheme::Cenc, &iv, None, &[]), &mut data).expect("encrypts");
    let mut wrapped = [0u8; 16];
    let next = [0xab, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
    cenc::encrypt(&key, &crypto(Scheme::Cenc, &next, None, &[]), &mut wrapped).expect("encrypts");
    assert_eq!(data[16..], wrapped);
}

#[test]
fn impossible_requests_are_refused() {
    let key = ContentKey([1; 16]);
    let iv = [0; 16];
    for scheme in [Scheme::Cenc, Scheme::Cens, Scheme::Cbc1, Scheme::Cbcs] {
        let cases = [
            crypto(scheme, &iv, None, &[(50, 51)]),
            crypto(scheme, &iv, None, &[(u32::MAX, u32::MAX), (u32::MAX, u32::MAX)]),
            crypto(scheme, &iv, Some((0, 10)), &[]),
        ];
        for case in cases {
            let mut data = [9u8; 100];
            assert!(matches!(cenc::decrypt(&key, &case, &mut data), Err(Error::Invalid(..))), "{case:?}");
            assert_eq!(data, [9; 100], "a refusal must leave the sample alone");
        }
    }
}

#[test]
fn ivs_differ_by_label_and_key() {
    let labels: [&[u8]; 6] = [b"", b"a", b"b", b"a\0", b"0123456789abcdef", b"0123456789abcdef0"];
    let mut seen = std::collections::HashSet::new();
    for key in [ContentKey([1; 16]), ContentKey([2; 16])] {
        for label in labels {
            assert!(seen.insert(Encryption::derive_iv(&key, label)));
            assert_eq!(Encryption::derive_iv(&key, label), Encryption::derive_iv(&key, label));
        }
    }
}

/// ISO 23001-7 §9 and §10 as they read, one block at a time.
fn reference(key: &ContentKey, crypto: &SampleCrypto, data: &mut [u8], encrypt: bool) {
    let aes = Aes128::new(&key.0.into());
    let whole = [Subsample { clear: 0, protected: data.len() as u32 }];
    let subsamples = if crypto.subsamples.is_empty() { &whole[..] } else { &crypto.subsamples };
    let ctr = matches!(crypto.scheme, Scheme::Cenc | Scheme::Cens);
    let (mut iv, mut keystream, mut used) = (crypto.iv, [0u8; 16], 16);
    let mut at = 0;
    for sub in subsamples {
        at += sub.clear as usize;
        if crypto.scheme == Scheme::Cbcs {
            iv = crypto.iv;
        }
        let end = at + sub.protected as usize;
        let mut block = 0;
        while at < end {
            let n = (end - at).min(16);
            let skipped = crypto.pattern.is_some_and(|p| block % (u32::from(p.crypt) + u32::from(p.skip)) >= u32::from(p.crypt));
            block += 1;
            if skipped || (n < 16 && crypto.scheme != Scheme::Cenc) {
                at += n;
                continue;
            }
            if ctr {
                for byte in &mut data[at..at + n] {
                    if used == 16 {
                        let mut b = iv.into();
                        aes.encrypt_block(&mut b);
                        keystream = b.into();
                        let count = u64::from_be_bytes(iv[8..].try_into().expect("8 bytes")).wrapping_add(1);
                        iv[8..].copy_from_slice(&count.to_be_bytes());
                        used = 0;
                    }
                    *byte ^= keystream[used];
                    used += 1;
                }
            } else {
                let here: [u8; 16] = data[at..at + 16].try_into().expect("16 bytes");
                let xor = |a: [u8; 16], b: [u8; 16]| std::array::from_fn::<u8, 16, _>(|i| a[i] ^ b[i]);
                let out: [u8; 16] = if encrypt {
                    let mut b = xor(here, iv).into();
                    aes.encrypt_block(&mut b);
                    iv = b.into();
                    iv
                } else {
                    let mut b = here.into();
                    aes.decrypt_block(&mut b);
                    let clear = xor(b.into(), iv);
                    iv = here;
                    clear
                };
                data[at..at + 16].copy_from_slice(&out);
            }
            at += n;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn same_as_the_reference(
        scheme in prop::sample::select(vec![Scheme::Cenc, Scheme::Cens, Scheme::Cbc1, Scheme::Cbcs]),
        iv in any::<[u8; 16]>(),
        pattern in prop::option::of((1u8..16, 0u8..16)),
        whole in any::<bool>(),
        // Up to more subsamples than a byte counts, and ranges longer than a batch.
        subsamples in prop_oneof![
            prop::collection::vec((0u32..60, 0u32..90), 1..300),
            prop::collection::vec((0u32..60, 0u32..30_000), 1..3),
        ],
        rest in 0usize..40,
    ) {
        let pattern = pattern.filter(|_| matches!(scheme, Scheme::Cens | Scheme::Cbcs));
        let length = subsamples.iter().map(|s| (s.0 + s.1) as usize).sum::<usize>() + rest;
        let crypto = crypto(scheme, &iv, pattern, if whole { &[] } else { &subsamples });
        let key = ContentKey([0x5a; 16]);
        let clear: Vec<u8> = (0..length).map(|n| (n * 7) as u8).collect();
        let (mut got, mut want) = (clear.clone(), clear.clone());
        cenc::encrypt(&key, &crypto, &mut got).expect("encrypts");
        reference(&key, &crypto, &mut want, true);
        prop_assert!(got == want, "encryption differs");
        cenc::decrypt(&key, &crypto, &mut got).expect("decrypts");
        reference(&key, &crypto, &mut want, false);
        prop_assert!(got == clear && want == clear, "decryption differs");
    }
}
