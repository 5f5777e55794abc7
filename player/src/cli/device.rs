//! What the device would be that plays: its DRM systems, how secure it is, how its screen is connected.

use clap::Args;
use clap::builder::PossibleValuesParser;
use hearth_player::cdm::limits::{Device, HdcpLevel, SecurityLevel};
use hearth_player::cdm::{Cdm, clearkey::ClearKey};
use hearth_player::{Error, OpenCdm};
use std::sync::Arc;

const SECURITY: [&str; 5] = ["SW_SECURE_CRYPTO", "SW_SECURE_DECODE", "HW_SECURE_CRYPTO", "HW_SECURE_DECODE", "HW_SECURE_ALL"];
const HDCP: [(&str, HdcpLevel); 5] = [
    ("none", HdcpLevel::None),
    ("1.4", HdcpLevel::V1),
    ("2.0", HdcpLevel::V2_0),
    ("2.2", HdcpLevel::V2_2),
    ("2.3", HdcpLevel::V2_3),
];

#[derive(Args)]
pub(super) struct DeviceArguments {
    /// A vendor's CDM before ClearKey: its key system and its library with OpenCDM's C interface
    ///
    /// Such as com.widevine.alpha=libocdm.so. May be given several times; the first that the title is for
    /// is used.
    #[arg(long = "cdm", value_name = "SYSTEM=LIBRARY", value_parser = cdm)]
    cdms: Vec<(String, String)>,
    /// How secure this device counts as for renditions that ask for it (`ALLOWED-CPC`, `robustness`)
    #[arg(long, value_name = "LEVEL", default_value = SECURITY[0], value_parser = PossibleValuesParser::new(SECURITY))]
    security: String,
    /// How the screen's connection counts as protected for renditions and licences that ask for it
    #[arg(long, value_name = "HDCP", default_value = "none", value_parser = PossibleValuesParser::new(HDCP.map(|(name, _)| name)))]
    hdcp: String,
}

impl DeviceArguments {
    /// Loads the libraries.
    pub(super) fn open(&self) -> Result<(Device, Vec<Arc<dyn Cdm>>), Error> {
        let hdcp = HDCP.iter().find(|(name, _)| *name == self.hdcp).map_or(HdcpLevel::None, |(_, level)| *level);
        let load = |(system, library): &(String, String)| -> Result<Arc<dyn Cdm>, Error> {
            let cdm = OpenCdm::load(library, system).map_err(|e| Error::DrmUnsupported(format!("{system}: {e}")))?;
            Ok(Arc::new(cdm))
        };
        let mut cdms = self.cdms.iter().map(load).collect::<Result<Vec<_>, Error>>()?;
        cdms.push(Arc::new(ClearKey));
        Ok((Device { hdcp, security: SecurityLevel::named(&self.security) }, cdms))
    }
}

fn cdm(text: &str) -> Result<(String, String), String> {
    let (system, library) = text.split_once('=').filter(|(s, l)| !s.is_empty() && !l.is_empty()).ok_or("not SYSTEM=LIBRARY")?;
    Ok((system.to_owned(), library.to_owned()))
}
