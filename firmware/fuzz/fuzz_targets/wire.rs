//! Any bytes on the line, in both directions; what is accepted is written again and must be read as the same.
#![no_main]
use hearth_wire::{Deframer, Frame, FrameError, MAX_FRAME, ToBox, ToPanel, encode};
use libfuzzer_sys::fuzz_target;
use std::fmt::Debug;

/// The bytes as they are, and, so that more than checksums is tried, as the inside of a frame with the right one.
fn both<M: Debug + PartialEq + serde::Serialize + serde::de::DeserializeOwned>(data: &[u8]) {
    let mut line = data.to_vec();
    line.push(0);
    line.extend(framed(data));
    let mut deframer = Deframer::new();
    for byte in line {
        if let Some(Ok(frame)) = deframer.push::<M>(byte) {
            again(&frame);
        }
    }
}

/// Version 1, then the bytes: sequence number and message.
fn framed(data: &[u8]) -> Vec<u8> {
    let mut raw = vec![hearth_wire::VERSION];
    raw.extend(data.iter().take(90));
    raw.extend(hearth_wire::crc32(&raw).to_le_bytes());
    let mut coded = vec![0];
    let mut code_at = 0;
    for byte in raw {
        coded.push(byte);
        if byte == 0 {
            let last = coded.len() - 1;
            coded[code_at] = (last - code_at) as u8;
            code_at = last;
        }
    }
    coded[code_at] = (coded.len() - code_at) as u8;
    coded.push(0);
    coded
}

fn again<M: Debug + PartialEq + serde::Serialize + serde::de::DeserializeOwned>(frame: &Frame<M>) {
    let mut out = [0; MAX_FRAME];
    let length = encode(frame.sequence, &frame.message, &mut out).expect("what was read can be written");
    let mut deframer = Deframer::new();
    let read: Vec<Result<Frame<M>, FrameError>> = out[..length].iter().filter_map(|byte| deframer.push(*byte)).collect();
    assert_eq!(read.len(), 1);
    assert_eq!(read[0].as_ref(), Ok(frame));
}

fuzz_target!(|data: &[u8]| {
    both::<ToPanel>(data);
    both::<ToBox>(data);
});
