//! Bundles made, opened, and changed in every field.
use super::*;
use crate::signed::SigningKey;
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::Cursor;

fn key() -> SigningKey {
    SigningKey::from_seed([1; 32])
}

fn release() -> Release {
    Release::new("qemu-virt", "0.1.0", &"ab".repeat(32), 1)
}

fn make(boot: &[u8], root: &[u8]) -> (Vec<u8>, Bundle) {
    let mut file = Vec::new();
    let bundle = super::write(&mut file, &release(), &mut Cursor::new(boot), &mut Cursor::new(root), &key()).unwrap();
    (file, bundle)
}

#[test]
fn made_and_opened() {
    let boot: Vec<u8> = (0..70_000u32).map(|i| i as u8).collect();
    let root = vec![9; 65536];
    let (file, bundle) = make(&boot, &root);
    assert_eq!(Bundle::read(&mut file.as_slice(), &key().keyring()).unwrap(), bundle);
    assert_eq!(bundle.file_len(), file.len() as u64);
    for (part, bytes, blocks) in [(Part::Boot, &boot, 2), (Part::Root, &root, 1)] {
        let payload = bundle.manifest.payload(part).unwrap();
        let range = bundle.range(payload);
        assert_eq!(range.start % ALIGN, 0);
        assert_eq!(&file[range.start as usize..range.end as usize], bytes);
        assert_eq!(payload.blocks.len(), blocks);
        assert_eq!(payload.sha256, <[u8; 32]>::from(Sha256::digest(bytes)));
        assert_eq!(payload.blocks[0], block_hash(&bytes[..65536]));
    }
    assert_eq!(bundle.manifest.payload(Part::Boot).unwrap().block(1), Some(65536..70_000));
    assert_eq!(bundle.manifest.payload(Part::Boot).unwrap().block(2), None);
    assert_eq!(make(&boot, &root).0, file, "same input, same bytes");
    let refused = super::write(&mut Vec::new(), &release(), &mut Cursor::new(b""), &mut Cursor::new(b"x"), &key());
    assert!(matches!(refused, Err(Error::Bundle(_))), "an empty payload");
}

#[test]
fn every_flipped_byte_before_the_payloads_is_refused() {
    let (file, bundle) = make(b"boot", b"root");
    let envelope = signed::envelope_len(&file).unwrap();
    for i in 0..envelope {
        let mut wrong = file.clone();
        wrong[i] ^= 0x20;
        let error = Bundle::open(&wrong, &key().keyring()).unwrap_err();
        assert!(matches!(error, Error::Signature | Error::Envelope(_)), "byte {i}: {error}");
    }
    for len in 0..envelope {
        assert!(matches!(Bundle::read(&mut &file[..len], &key().keyring()), Err(Error::Envelope(_))), "{len} bytes");
    }
    assert!(matches!(Bundle::open(&file, &SigningKey::from_seed([2; 32]).keyring()), Err(Error::Signature)));
    assert!(bundle.data >= envelope as u64);
}

/// Even signed, a manifest must make sense.
#[test]
fn every_field_is_checked() {
    let (_, bundle) = make(&[1; 5000], &[2; 70_000]);
    let good = serde_json::to_value(&bundle.manifest).unwrap();
    let check = |path: &str, value: Value, expected: bool| {
        let mut manifest = good.clone();
        *manifest.pointer_mut(path).unwrap() = value;
        let sealed = signed::seal(&serde_json::to_vec(&manifest).unwrap(), &key());
        match Bundle::open(&sealed, &key().keyring()) {
            Ok(_) => assert!(expected, "{path}"),
            Err(e) => assert!(!expected && matches!(e, Error::Bundle(_)), "{path}: {e}"),
        }
    };
    check("/schema", json!(1), true);
    check("/schema", json!(2), false);
    check("/schema", json!("1"), false);
    check("/board", json!(""), false);
    check("/board", json!("a/b"), false);
    check("/version", json!("x".repeat(65)), false);
    check("/version", json!("1.0\n"), false);
    check("/build-id", json!("ab"), false);
    check("/rollback-index", json!(-1), false);
    check("/rollback-index", json!(4_294_967_296u64), false);
    check("/payloads", json!([]), false);
    check("/payloads/0/name", json!("root"), false);
    check("/payloads/0/name", json!("data"), false);
    check("/payloads/0/size", json!(0), false);
    check("/payloads/0/size", json!(65537), false);
    check("/payloads/0/size", json!(u64::MAX), false);
    check("/payloads/1/size", json!(65537), true);
    check("/payloads/0/sha256", json!("00"), false);
    check("/payloads/0/block-size", json!(0), false);
    check("/payloads/0/block-size", json!(65535), false);
    check("/payloads/0/block-size", json!(256), false);
    check("/payloads/0/block-size", json!(1 << 21), false);
    check("/payloads/0/blocks", json!(""), false);
    check("/payloads/0/blocks", json!("00"), false);
    check("/payloads/0/blocks", json!("0".repeat(64)), false);
    check("/payloads/0/offset", json!(4096), false);
    check("/payloads/1/offset", json!(0), false);
    check("/payloads/1/offset", json!(8193), false);
    check("/payloads/1/offset", json!(u64::MAX), false);
    check("/payloads/1/offset", json!(u64::MAX - 4095), false);
    for path in ["", "/payloads/0"] {
        let mut manifest = good.clone();
        manifest.pointer_mut(path).unwrap()["more"] = json!(1);
        let sealed = signed::seal(&serde_json::to_vec(&manifest).unwrap(), &key());
        assert!(matches!(Bundle::open(&sealed, &key().keyring()), Err(Error::Bundle(_))), "unknown field in {path:?}");
    }
}

proptest! {
    #[test]
    fn any_signed_text_is_read_without_panic(text in "[\\{\\}\\[\\]\":,a-z0-9-]{0,300}") {
        let _ = Bundle::open(&signed::seal(text.as_bytes(), &key()), &key().keyring());
    }

    #[test]
    fn any_sizes_come_back(boot in 1..200_000usize, root in 1..200_000usize) {
        let (file, bundle) = make(&vec![1; boot], &vec![2; root]);
        prop_assert_eq!(Bundle::read(&mut file.as_slice(), &key().keyring()).unwrap(), bundle.clone());
        prop_assert_eq!(bundle.file_len(), file.len() as u64);
    }
}
