//! From the bytes of a segment to samples that a decoder takes: demultiplexed, decrypted, checked.

pub(crate) mod caps;
pub(crate) mod keys;
pub(crate) mod packed;
pub(crate) mod prepare;
pub(crate) mod still;
pub(crate) mod systems;
pub(crate) mod text;
pub(crate) mod ts;
pub(crate) mod verify;
pub(crate) mod whole;
