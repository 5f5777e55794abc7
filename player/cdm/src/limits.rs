//! Which renditions the screen's connection, the device's security and the keys at hand allow. Limits take renditions away; only where
//! nothing is left there is an error, and it names what would help.
use crate::KeyStatus;
use hearth_isobmff::KeyId;
use serde::{Deserialize, Serialize};

/// Protection of the screen's connection, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HdcpLevel {
    /// None, or not known.
    #[default]
    None,
    /// HDCP 1.x: HLS `TYPE-0`.
    V1,
    /// HDCP 2.0 or 2.1.
    V2_0,
    /// HDCP 2.2: HLS `TYPE-1`.
    V2_2,
    /// HDCP 2.3.
    V2_3,
}

/// Where keys and clear pictures are, weakest first; the levels that EME's robustness has for Widevine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum SecurityLevel {
    /// `SW_SECURE_CRYPTO`: in normal memory (Widevine L3, PlayReady SL150 and SL2000).
    #[default]
    SoftwareCrypto,
    /// `SW_SECURE_DECODE`: so, and the decoder is obfuscated too.
    SoftwareDecode,
    /// `HW_SECURE_CRYPTO`: keys in a trusted environment (Widevine L2).
    HardwareCrypto,
    /// `HW_SECURE_DECODE`: keys and decoding there.
    HardwareDecode,
    /// `HW_SECURE_ALL`: keys, decoding and pictures there (Widevine L1, PlayReady SL3000).
    HardwareAll,
}

impl SecurityLevel {
    /// By the name that a system or a manifest has for it; HLS's labels have hyphens (RFC 8216bis `ALLOWED-CPC`). A name that is not known may
    /// ask for anything, so it asks for the most.
    pub fn named(name: &str) -> Self {
        match name.trim().replace('-', "_").to_ascii_uppercase().as_str() {
            "SW_SECURE_CRYPTO" | "SL150" | "SL2000" => Self::SoftwareCrypto,
            "SW_SECURE_DECODE" => Self::SoftwareDecode,
            "HW_SECURE_CRYPTO" => Self::HardwareCrypto,
            "HW_SECURE_DECODE" => Self::HardwareDecode,
            _ => Self::HardwareAll,
        }
    }
}

/// What a rendition needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Demand {
    /// Its key; none where it is clear or the manifest does not say.
    pub key_id: Option<KeyId>,
    /// Weakest connection.
    pub hdcp: HdcpLevel,
    /// Weakest device.
    pub security: SecurityLevel,
}

/// What the device has now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Device {
    /// Of the connection in use.
    pub hdcp: HdcpLevel,
    /// Of the CDM in use.
    pub security: SecurityLevel,
}

/// Why a rendition is not to be played; the strongest reason last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Denied {
    /// No licence has its key.
    NoKey,
    /// Its licence is over.
    Expired,
    /// The device is not secure enough.
    Security,
    /// The screen's connection is not protected enough.
    Output,
}

/// One answer a demand. `keys`: what the sessions say once licences are there; before (`None`) a key that is not known denies nothing.
pub fn judge(demands: &[Demand], keys: Option<&[(KeyId, KeyStatus)]>, device: Device) -> Vec<Result<(), Denied>> {
    let one = |d: &Demand| {
        if d.hdcp > device.hdcp {
            return Err(Denied::Output);
        }
        if d.security > device.security {
            return Err(Denied::Security);
        }
        let (Some(id), Some(keys)) = (d.key_id, keys) else { return Ok(()) };
        match keys.iter().filter(|(k, _)| *k == id).map(|(_, status)| *status).min() {
            Some(KeyStatus::Usable) => Ok(()),
            Some(KeyStatus::OutputRestricted) => Err(Denied::Output),
            Some(KeyStatus::Expired) => Err(Denied::Expired),
            None => Err(Denied::NoKey),
        }
    };
    demands.iter().map(one).collect()
}

/// Positions of what may be played, or the reason to tell the viewer: the strongest of all, for a better connection helps at once.
pub fn playable(demands: &[Demand], keys: Option<&[(KeyId, KeyStatus)]>, device: Device) -> Result<Vec<usize>, Denied> {
    let answers = judge(demands, keys, device);
    let allowed: Vec<usize> = (0..answers.len()).filter(|i| answers[*i].is_ok()).collect();
    match answers.iter().filter_map(|a| a.err()).max() {
        Some(denied) if allowed.is_empty() => Err(denied),
        _ => Ok(allowed),
    }
}
