//! The server's master key: 32 random bytes as hex in `DATA/master.key`, mode 0600, made once and never replaced.

use super::{KeyError, fill, hmac_sha256};
use hmac::Mac;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The root of every secret of a server. Nothing uses it directly: see [`MasterKey::derive`].
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct MasterKey([u8; 32]);

/// Says that it is there, nothing of it.
impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

impl MasterKey {
    /// A given key; for tests.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A key for one purpose: HMAC-SHA256 of the purpose's name.
    pub fn derive(&self, purpose: &[u8]) -> Zeroizing<[u8; 32]> {
        let mut mac = hmac_sha256(&self.0);
        mac.update(purpose);
        Zeroizing::new(mac.finalize().into_bytes().into())
    }

    /// Reads the key file, or makes it where there is none. `needed` says that stored keys are wrapped under it already: then a
    /// missing file is an error, since a new one could not unwrap them.
    pub fn load_or_create(path: &Path, needed: bool) -> Result<Self, KeyError> {
        let shown = path.display();
        match std::fs::read_to_string(path) {
            Ok(text) => {
                let text = Zeroizing::new(text);
                check_mode(path)?;
                parse(&text).ok_or_else(|| {
                    KeyError::Master(format!("{shown}: not a master key (64 hex digits); restore it from a backup"))
                })
            }
            Err(e) if e.kind() == ErrorKind::NotFound && needed => Err(KeyError::Master(format!(
                "{shown} is missing, and titles are encrypted under it: restore it from a backup (a new key could not open them)"
            ))),
            Err(e) if e.kind() == ErrorKind::NotFound => create(path),
            Err(e) => Err(KeyError::Master(format!("{shown} cannot be read ({e}): the server's user must own it"))),
        }
    }
}

fn check_mode(path: &Path) -> Result<(), KeyError> {
    let mode = std::fs::metadata(path).map(|m| m.permissions().mode()).unwrap_or(0);
    if mode & 0o077 != 0 {
        return Err(KeyError::Master(format!(
            "{}: others than its owner may read it (mode {:o}); run: chmod 600 {0}",
            path.display(),
            mode & 0o777
        )));
    }
    Ok(())
}

fn parse(text: &str) -> Option<MasterKey> {
    let text = text.trim();
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let (mut high, mut low) = (super::parse_hex16(&text[..32])?, super::parse_hex16(&text[32..])?);
    let mut key = MasterKey([0; 32]);
    key.0[..16].copy_from_slice(&high);
    key.0[16..].copy_from_slice(&low);
    high.zeroize();
    low.zeroize();
    Some(key)
}

/// Written beside its name, synced, then linked: there is never half a key, and of two that start at once one wins.
fn create(path: &Path) -> Result<MasterKey, KeyError> {
    let failed = |e: std::io::Error| KeyError::Master(format!("{}: cannot be made: {e}", path.display()));
    let mut key = MasterKey([0; 32]);
    fill(&mut key.0)?;
    let mut text = Zeroizing::new(String::with_capacity(65));
    for byte in key.0 {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
        }
    }
    text.push('\n');
    let beside = path.with_extension(format!("key.{}", uuid::Uuid::new_v4().simple()));
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::hard_link(&beside, path)?;
        std::fs::File::open(path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")))?.sync_all()
    })();
    let _ = std::fs::remove_file(&beside);
    match written {
        Ok(()) => Ok(key),
        Err(e) if e.kind() == ErrorKind::AlreadyExists => MasterKey::load_or_create(path, true),
        Err(e) => Err(failed(e)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_once_private_and_the_same_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        let first = MasterKey::load_or_create(&path, false).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = MasterKey::load_or_create(&path, true).unwrap();
        assert!(first.0 == again.0);
        assert!(first.derive(b"a") != first.derive(b"b") && first.derive(b"a")[..] != first.0);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing left beside it");
    }

    #[test]
    fn what_is_wrong_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        let said = |needed| MasterKey::load_or_create(&path, needed).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(said(true).contains("restore it from a backup"), "missing but needed");
        assert!(!path.exists());
        std::fs::write(&path, "not a key").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(said(true).contains("chmod 600"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(said(true).contains("64 hex digits"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "not a key", "never overwritten");
    }
}
