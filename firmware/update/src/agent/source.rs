//! Where a bundle comes from: ranges of a file or of a URL.
use crate::bundle::Bundle;
use crate::signed::Keyring;
use crate::{Error, Result, signed};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

/// Gives ranges of one bundle.
pub trait Source {
    /// The bytes of `range`, in order. A reader that ends early has lost its connection.
    fn open(&mut self, range: Range<u64>) -> Result<Box<dyn Read + '_>>;

    /// Length of the whole, once known.
    fn length(&mut self) -> Result<u64>;

    /// Verifies and reads the manifest.
    fn bundle(&mut self, keys: &Keyring) -> Result<Bundle> {
        let len = self.length()?;
        let first = self.read(0..len.min(signed::HEADER as u64))?;
        let envelope = signed::envelope_len(&first)? as u64;
        if len < envelope {
            return Err(Error::Envelope("it ends before its signature"));
        }
        let bundle = Bundle::open(&self.read(0..envelope)?, keys)?;
        let expected = bundle.file_len();
        if len == expected { Ok(bundle) } else { Err(Error::Length { len, expected }) }
    }

    /// All bytes of a short range.
    fn read(&mut self, range: Range<u64>) -> Result<Vec<u8>> {
        let len = range.end - range.start;
        let mut bytes = Vec::new();
        self.open(range)?.take(len).read_to_end(&mut bytes).map_err(|e| Error::Network(e.to_string()))?;
        if bytes.len() as u64 == len { Ok(bytes) } else { Err(Error::Network("it ended early".to_owned())) }
    }
}

/// A bundle in a file: on a USB stick, or just downloaded.
pub struct FileSource {
    file: File,
    name: String,
}

impl FileSource {
    /// Opens it.
    pub fn open(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(Error::io(name.clone()))?;
        Ok(Self { file, name })
    }
}

impl Source for FileSource {
    fn open(&mut self, range: Range<u64>) -> Result<Box<dyn Read + '_>> {
        self.file.seek(SeekFrom::Start(range.start)).map_err(Error::io(self.name.clone()))?;
        Ok(Box::new((&self.file).take(range.end - range.start)))
    }

    fn length(&mut self) -> Result<u64> {
        Ok(self.file.metadata().map_err(Error::io(self.name.clone()))?.len())
    }
}
