//! The kernel's log.

use rustix::fs::{Mode, OFlags};

/// The last `most` bytes of the kernel's log, as text.
pub fn tail(most: usize) -> Vec<u8> {
    let Ok(log) = rustix::fs::open("/dev/kmsg", OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty()) else {
        return Vec::new();
    };
    let mut text = Vec::new();
    let mut record = [0u8; 8192];
    // One record a read; -EPIPE: records were overwritten while we read, go on with the next.
    loop {
        match rustix::io::read(&log, &mut record[..]) {
            Ok(0) => break,
            Ok(len) => text.extend_from_slice(readable(&record[..len])),
            Err(rustix::io::Errno::PIPE) => {}
            Err(_) => break,
        }
        if text.len() > most * 2 {
            text.drain(..text.len() - most);
        }
    }
    text.drain(..text.len().saturating_sub(most));
    text
}

/// `6,339,5140900,-;the message\n KEY=value\n`: the message with its line end.
fn readable(record: &[u8]) -> &[u8] {
    let start = record.iter().position(|&b| b == b';').map_or(0, |at| at + 1);
    let end = record[start..].iter().position(|&b| b == b'\n').map_or(record.len(), |at| start + at + 1);
    &record[start..end]
}

#[cfg(test)]
mod tests {
    #[test]
    fn records() {
        let check = |record: &str, expected: &str| assert_eq!(super::readable(record.as_bytes()), expected.as_bytes());
        check("6,339,5140900,-;NET: Registered\n SUBSYSTEM=net\n", "NET: Registered\n");
        check("4,1,2,-;x", "x");
        check("", "");
    }
}
