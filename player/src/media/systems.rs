//! Which of the device's DRM systems a title is for, and what it is told of the title.

use super::keys::cdm_error;
use crate::Error;
use base64::Engine as _;
use hearth_cdm::{Cdm, CdmInfo, CdmSession, InitDataType, PLAYREADY_SYSTEM};
use hearth_isobmff::{KeyId, Pssh, SystemId, parse_pssh, write_pssh};
use hearth_manifest::{ContentProtection, Presentation};
use std::sync::Arc;

/// Every descriptor of a presentation.
fn descriptors(presentation: &Presentation) -> impl Iterator<Item = &ContentProtection> {
    let sets = presentation.periods.iter().flat_map(|p| &p.tracks);
    sets.flat_map(|t| &t.renditions).flat_map(|r| &r.protection)
}

/// A manifest's name of a system is this DRM system's: its ID, or what HLS calls it.
pub(crate) fn speaks(info: &CdmInfo, system: &str) -> bool {
    let id = hearth_cdm::parse_key_id(system).ok().map(|id| SystemId(id.0));
    id.is_some_and(|id| info.system_ids.contains(&id)) || system.eq_ignore_ascii_case(&info.key_system)
}

/// The first of `cdms` that the title is for. Where it is for none of them, and does not say, one that goes by key IDs.
pub(crate) fn choose(cdms: &[Arc<dyn Cdm>], presentation: &Presentation) -> Option<Arc<dyn Cdm>> {
    let named = cdms.iter().find(|cdm| descriptors(presentation).any(|d| speaks(&cdm.info(), &d.system)));
    named.or_else(|| cdms.iter().find(|cdm| cdm.info().by_key_id)).cloned()
}

/// The licence server that the manifest names for `cdm`.
pub(crate) fn license_url(cdm: &Arc<dyn Cdm>, presentation: &Presentation) -> Option<String> {
    let info = cdm.info();
    let ours = descriptors(presentation).filter(|d| speaks(&info, &d.system));
    ours.filter_map(|d| d.license_url.clone()).find(|u| u.starts_with("http"))
}

/// Names of the systems that the title is for.
pub(crate) fn names(presentation: &Presentation) -> String {
    let mut names: Vec<&str> = descriptors(presentation).map(|d| &*d.system).collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

/// The `pssh` boxes that the manifest has for `cdm`, each once.
pub(crate) fn boxes(cdm: &Arc<dyn Cdm>, presentation: &Presentation) -> Vec<Pssh> {
    let info = cdm.info();
    let mut boxes = Vec::new();
    for descriptor in descriptors(presentation).filter(|d| speaks(&info, &d.system)) {
        let bytes = descriptor.pssh.as_ref().and_then(|b| base64::engine::general_purpose::STANDARD.decode(b).ok());
        let Some(bytes) = bytes else { continue };
        let parsed = parse_pssh(&bytes).unwrap_or_default();
        if parsed.is_empty() && info.system_ids.contains(&PLAYREADY_SYSTEM) {
            // PlayReady's own object, without a box around it.
            boxes.push(Pssh { system_id: PLAYREADY_SYSTEM, key_ids: Vec::new(), data: bytes });
        }
        boxes.extend(parsed);
    }
    boxes.dedup();
    boxes
}

/// Has `session` ask for `ids`, by key IDs where the system can, else by those of `boxes` that are its own.
pub(crate) fn generate(cdm: &Arc<dyn Cdm>, session: &mut dyn CdmSession, ids: &[KeyId], boxes: &[Pssh]) -> Result<(), Error> {
    let info = cdm.info();
    if info.by_key_id {
        return session.generate_request(InitDataType::KeyIds, &hearth_cdm::key_ids_init_data(ids)).map_err(cdm_error);
    }
    let mut own: Vec<&Pssh> = boxes.iter().filter(|b| info.system_ids.contains(&b.system_id)).collect();
    own.dedup();
    let bytes: Vec<u8> = own.into_iter().filter_map(|b| write_pssh(b).ok()).flatten().collect();
    if bytes.is_empty() {
        return Err(Error::BadProtection(format!("neither manifest nor media has a pssh for {}", info.key_system)));
    }
    session.generate_request(InitDataType::Cenc, &bytes).map_err(cdm_error)
}
