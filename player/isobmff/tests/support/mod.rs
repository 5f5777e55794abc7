//! Boxes put together by hand.
#![allow(dead_code)]

pub fn boxed(kind: &str, body: &[&[u8]]) -> Vec<u8> {
    let body = body.concat();
    [&(body.len() as u32 + 8).to_be_bytes()[..], kind.as_bytes(), &body].concat()
}

/// Version and flags first, then 32-bit fields.
pub fn full(kind: &str, version: u8, flags: u32, fields: &[u32]) -> Vec<u8> {
    let fields: Vec<u8> = fields.iter().flat_map(|f| f.to_be_bytes()).collect();
    boxed(kind, &[&(u32::from(version) << 24 | flags).to_be_bytes(), &fields])
}
