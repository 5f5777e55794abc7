//! The box writer.
use crate::Error;

/// Boxes written one inside the other; sizes are filled in when a box is closed.
#[derive(Default)]
pub(crate) struct Out {
    pub bytes: Vec<u8>,
}

impl Out {
    /// Writes a box around what `body` writes.
    pub fn boxed(&mut self, kind: &[u8; 4], body: impl FnOnce(&mut Self) -> Result<(), Error>) -> Result<(), Error> {
        let start = self.bytes.len();
        self.u32(0);
        self.put(kind);
        body(self)?;
        let size = u32::try_from(self.bytes.len() - start).map_err(|_| Error::Invalid("box", "4 GiB or more"))?;
        self.patch(start, size);
        Ok(())
    }

    /// Writes a full box.
    pub fn full(
        &mut self,
        kind: &[u8; 4],
        version: u8,
        flags: u32,
        body: impl FnOnce(&mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.boxed(kind, |o| {
            o.u32(u32::from(version) << 24 | flags);
            body(o)
        })
    }

    /// Overwrites four bytes written before.
    pub fn patch(&mut self, at: usize, value: u32) {
        if let Some(field) = self.bytes.get_mut(at..at + 4) {
            field.copy_from_slice(&value.to_be_bytes());
        }
    }

    pub fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub fn zeros(&mut self, n: usize) {
        self.bytes.resize(self.bytes.len() + n, 0);
    }

    pub fn u8(&mut self, v: u8) {
        self.bytes.push(v);
    }

    pub fn u16(&mut self, v: u16) {
        self.put(&v.to_be_bytes());
    }

    pub fn u32(&mut self, v: u32) {
        self.put(&v.to_be_bytes());
    }

    pub fn u64(&mut self, v: u64) {
        self.put(&v.to_be_bytes());
    }
}
