//! The dm-verity table and the device-mapper messages that load it, as bytes. Pure; `sys::dm` sends them.
//!
//! One buffer serves the three calls: create the device, load its one target, resume it.

use crate::{Error, Result};
use hearth_update::slot::VerityRoot;

/// Length of the kernel's `struct dm_ioctl`.
pub const HEADER: usize = 312;
/// Length of a message: header, target and its parameters; what is left is zero.
pub const MESSAGE: usize = 4096;
/// Length of `struct dm_target_spec`.
const SPEC: usize = 40;
const SECTORS_PER_BLOCK: u64 = 8;
const READ_ONLY: u32 = 1;
/// Where `dev` stands in the header.
const DEV: usize = 40;

/// The target's parameters: version, data device, hash device (the same partition), block sizes, length, hash start, algorithm, root hash, salt.
pub fn parameters(device: &str, root: &VerityRoot) -> String {
    let salt = if root.salt.is_empty() { "-" } else { &root.salt };
    format!("1 {device} {device} 4096 4096 {} {} sha256 {} {salt}", root.data_blocks, root.hash_start, root.root_hash)
}

/// Length of the verified device in sectors of 512 bytes.
pub fn sectors(root: &VerityRoot) -> Result<u64> {
    root.data_blocks
        .checked_mul(SECTORS_PER_BLOCK)
        .ok_or_else(|| Error::Image { path: "/etc/hearth/slot.json", why: "root is larger than any disc".to_owned() })
}

/// `DM_DEV_CREATE` and `DM_DEV_SUSPEND` (without its flag: resume) need only the name.
pub fn by_name(name: &str) -> Box<[u8; MESSAGE]> {
    message(name, 0)
}

/// `DM_TABLE_LOAD`: one read-only target over the whole device.
pub fn load(name: &str, sectors: u64, kind: &str, parameters: &str) -> Result<Box<[u8; MESSAGE]>> {
    let mut bytes = message(name, 1);
    let text = HEADER + SPEC;
    if parameters.len() + 1 > MESSAGE - text || kind.len() > 15 {
        return Err(Error::Refused(format!("device-mapper parameters of {} bytes", parameters.len())));
    }
    put(&mut bytes[..], HEADER + 8, &sectors.to_ne_bytes());
    // Length of this target's spec with its parameters, aligned to 8.
    let next = (SPEC + parameters.len() + 1).next_multiple_of(8);
    put(&mut bytes[..], HEADER + 20, &u32::try_from(next).unwrap_or(0).to_ne_bytes());
    put(&mut bytes[..], HEADER + 24, kind.as_bytes());
    put(&mut bytes[..], text, parameters.as_bytes());
    Ok(bytes)
}

/// The minor number the kernel gave the device, from its answer to the creation.
pub fn minor(answer: &[u8; MESSAGE]) -> u32 {
    let mut dev = [0; 8];
    dev.copy_from_slice(&answer[DEV..DEV + 8]);
    let dev = u64::from_ne_bytes(dev);
    // huge_encode_dev: minor's low byte, major's twelve bits, minor's rest.
    u32::try_from((dev & 0xff) | ((dev >> 12) & 0xf_ff00)).unwrap_or(0)
}

fn message(name: &str, targets: u32) -> Box<[u8; MESSAGE]> {
    let mut bytes = Box::new([0; MESSAGE]);
    for (at, version) in [(0, 4u32), (4, 0), (8, 0)] {
        put(&mut bytes[..], at, &version.to_ne_bytes());
    }
    put(&mut bytes[..], 12, &4096u32.to_ne_bytes());
    put(&mut bytes[..], 16, &u32::try_from(HEADER).unwrap_or(0).to_ne_bytes());
    put(&mut bytes[..], 20, &targets.to_ne_bytes());
    put(&mut bytes[..], 28, &READ_ONLY.to_ne_bytes());
    let name = &name.as_bytes()[..name.len().min(127)];
    put(&mut bytes[..], 48, name);
    bytes
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(salt: &str) -> VerityRoot {
        VerityRoot { data_blocks: 10, hash_start: 10, salt: salt.into(), root_hash: "ab".repeat(32) }
    }

    #[test]
    fn tables() {
        let hash = "ab".repeat(32);
        assert_eq!(parameters("/dev/vda5", &root("00ff")), format!("1 /dev/vda5 /dev/vda5 4096 4096 10 10 sha256 {hash} 00ff"));
        assert_eq!(parameters("/dev/vda5", &root("")), format!("1 /dev/vda5 /dev/vda5 4096 4096 10 10 sha256 {hash} -"));
        assert_eq!(sectors(&root("")).unwrap(), 80);
        assert!(sectors(&VerityRoot { data_blocks: u64::MAX, ..root("") }).is_err());
    }

    #[test]
    fn messages() {
        let bytes = load("root", 80, "verity", "1 /dev/vda5").unwrap();
        let word = |at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap());
        assert_eq!([word(0), word(12), word(16), word(20), word(28)], [4, 4096, 312, 1, 1]);
        assert_eq!(&bytes[48..53], b"root\0");
        assert_eq!(&bytes[HEADER..HEADER + 16], &[[0; 8], 80u64.to_ne_bytes()].concat()[..]);
        assert_eq!(word(HEADER + 20), 56);
        assert_eq!(&bytes[HEADER + 24..HEADER + 31], b"verity\0");
        assert_eq!(&bytes[HEADER + 40..HEADER + 52], b"1 /dev/vda5\0");
        assert!(load("root", 80, "verity", &"x".repeat(5000)).is_err());
    }

    #[test]
    fn minors() {
        let check = |dev: u64, expected| {
            let mut answer = *by_name("root");
            answer[DEV..DEV + 8].copy_from_slice(&dev.to_ne_bytes());
            assert_eq!(minor(&answer), expected);
        };
        check(0xfe00, 0);
        check(0xfe03, 3);
        check(0x10_fe00, 256);
    }
}
