//! Who this box is: the signed record at the start of the `factory` partition, written once where the box is made.
use crate::signed::{self, Keyring};
use crate::{Error, Result, hex, product::check_servers};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The box's identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Factory {
    /// Always 1.
    pub schema: u32,
    /// As printed on the box.
    pub serial: String,
    /// UUID the servers know the box by.
    pub device: String,
    /// Instead of the product's servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub servers: Option<Vec<String>>,
    /// ISO 3166 code of where it was sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

impl Factory {
    /// Reads the start of the partition: a record by one of the factory's keys. What follows the record is not looked at.
    pub fn open(bytes: &[u8], keys: &Keyring) -> Result<Self> {
        let wrong = |why: String| Error::Record { what: "factory record", why };
        let record: Self = serde_json::from_slice(signed::open(bytes, keys)?.payload).map_err(|e| wrong(e.to_string()))?;
        record.check().map_err(wrong)?;
        Ok(record)
    }

    /// What the box signs in to servers with: nobody has it who has not read the partition, and it outlives a factory reset. `bytes` as for
    /// [`Factory::open`], which should have found them good.
    pub fn secret(bytes: &[u8]) -> Result<String> {
        let record = bytes.get(..signed::envelope_len(bytes)?).ok_or(Error::Envelope("it ends before its signature"))?;
        Ok(hex::encode(&Sha256::new_with_prefix(b"hearth sign-in v1\n").chain_update(record).finalize()))
    }

    fn check(&self) -> Result<(), String> {
        if self.schema != 1 {
            return Err("schema is not 1".to_owned());
        }
        if self.serial.is_empty() || self.serial.len() > 64 || !self.serial.bytes().all(|b| b.is_ascii_graphic()) {
            return Err("serial is not 1 to 64 visible characters".to_owned());
        }
        let dashes = [8, 13, 18, 23];
        let uuid =
            |(i, b): (usize, u8)| if dashes.contains(&i) { b == b'-' } else { b.is_ascii_digit() || (b'a'..=b'f').contains(&b) };
        if self.device.len() != 36 || !self.device.bytes().enumerate().all(uuid) {
            return Err("device is not a lower-case UUID".to_owned());
        }
        check_servers(self.servers.as_deref().unwrap_or_default())
    }

    /// The record for the partition, signed by the factory's key.
    pub fn seal(&self, key: &signed::SigningKey) -> Result<Vec<u8>> {
        self.check().map_err(|why| Error::Record { what: "factory record", why })?;
        Ok(signed::seal(&signed::json(self), key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signed::SigningKey;

    #[test]
    fn only_the_factorys_word_counts() {
        let key = SigningKey::from_seed([7; 32]);
        let record = Factory {
            schema: 1,
            serial: "HB-0001".into(),
            device: "6f1d1c3e-3d7e-4c0e-9b1c-0123456789ab".into(),
            servers: Some(vec!["http://10.0.2.2:8470".into()]),
            country: None,
        };
        let mut partition = record.seal(&key).unwrap();
        partition.resize(8192, 0xff);
        assert_eq!(Factory::open(&partition, &key.keyring()).unwrap(), record);
        // Servers hold boxes to it: it must never change.
        assert_eq!(Factory::secret(&partition).unwrap(), "46fb2f16e380ffeda4ee6c8b54b750d83522864eaab533ec3697adff68a0aa49");
        assert!(Factory::secret(&partition[..20]).is_err());
        assert!(matches!(Factory::open(&partition, &SigningKey::from_seed([8; 32]).keyring()), Err(Error::Signature)));
        assert!(matches!(Factory::open(&[0; 8192], &key.keyring()), Err(Error::Envelope(_))));
        let check = |record: Factory| assert!(matches!(record.seal(&key), Err(Error::Record { .. })), "{record:?}");
        check(Factory { schema: 2, ..record.clone() });
        check(Factory { serial: String::new(), ..record.clone() });
        check(Factory { device: "6F1D1C3E-3d7e-4c0e-9b1c-0123456789ab".into(), ..record.clone() });
        check(Factory { servers: Some(vec!["x".into()]), ..record });
    }
}
