//! The error codes of films: what a worker process or another server says by name, and whose fault it is.

/// Whose fault a failure is, and so whether the same film may succeed later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The film's: the same file again is no use, and need not be kept.
    Film,
    /// The film could not be read as it was just now: it is refused, but kept.
    Reading,
    /// Not the film's: the same job may succeed later.
    Other,
}

/// Every code that is passed on by name.
const CODES: [(&str, Fault); 16] = [
    ("not-media", Fault::Film),
    ("no-video", Fault::Film),
    ("truncated", Fault::Film),
    ("empty-file", Fault::Film),
    ("unsupported-size", Fault::Film),
    ("unsupported-codec", Fault::Film),
    ("decode-failed", Fault::Film),
    ("checksum-mismatch", Fault::Film),
    ("source-gone", Fault::Reading),
    ("media", Fault::Reading),
    ("disk-full", Fault::Other),
    ("offset-mismatch", Fault::Other),
    ("not-a-picture", Fault::Other),
    ("not-found", Fault::Other),
    ("worker-crashed", Fault::Other),
    ("transcode-failed", Fault::Other),
];

/// The code as we write it, and whose fault it is; none for one that we do not know.
pub fn known(code: &str) -> Option<(&'static str, Fault)> {
    CODES.into_iter().find(|(name, _)| *name == code)
}

/// Whose fault a failure with this code is.
pub fn fault(code: &str) -> Fault {
    known(code).map_or(Fault::Other, |(_, fault)| fault)
}
