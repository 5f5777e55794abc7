//! Which renditions the screen's connection, the device's security and the licences allow: limits take renditions away, and only where none
//! is left is there an error.

use super::Shared;
use super::fetcher::place;
use super::session::Session;
use super::shared::Live;
use crate::Error;
use crate::media::systems::speaks;
use crate::title::{Place, select::Ladder};
use hearth_cdm::limits::{self, Demand, Device, HdcpLevel, SecurityLevel, playable};
use hearth_cdm::{CdmInfo, KeyStatus};
use hearth_isobmff::{KeyId, TrackKind};
use hearth_manifest::{Hdcp, Rendition, Robustness};
use std::collections::HashSet;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// In the order of their numbers in [`Live::hdcp`].
const LEVELS: [HdcpLevel; 5] = [HdcpLevel::None, HdcpLevel::V1, HdcpLevel::V2_0, HdcpLevel::V2_2, HdcpLevel::V2_3];

/// Renditions whose samples turned out not to be allowed, where the manifest did not tell.
#[derive(Default)]
pub(crate) struct Denied(Mutex<HashSet<Place>>);

impl Denied {
    pub(super) fn add(&self, place: Place) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(place);
    }

    fn has(&self, place: Place) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&place)
    }
}

impl Live {
    pub(super) fn set_hdcp(&self, level: HdcpLevel) {
        self.hdcp.store(LEVELS.iter().position(|l| *l == level).unwrap_or(0) as u8, Relaxed);
    }

    fn hdcp(&self) -> HdcpLevel {
        LEVELS.get(usize::from(self.hdcp.load(Relaxed))).copied().unwrap_or_default()
    }
}

/// What a manifest asks for one rendition on a device with these DRM systems.
fn demand(rendition: &Rendition, systems: &[CdmInfo]) -> Demand {
    let key_id = rendition.protection.iter().find_map(|p| hearth_cdm::parse_key_id(p.key_id.as_deref()?).ok());
    let hdcp = match rendition.hdcp {
        None | Some(Hdcp::None) => HdcpLevel::None,
        Some(Hdcp::Type0) => HdcpLevel::V1,
        Some(Hdcp::Type1) => HdcpLevel::V2_2,
    };
    Demand { key_id, hdcp, security: security(&rendition.robustness, systems) }
}

/// The least that one of the device's own systems asks for. Where only others' levels are said, that is nothing.
fn security(said: &[Robustness], systems: &[CdmInfo]) -> SecurityLevel {
    let ours = said.iter().filter(|r| systems.iter().any(|info| speaks(info, &r.system)));
    ours.flat_map(|r| &r.levels).map(|level| SecurityLevel::named(level)).min().unwrap_or_default()
}

impl Shared {
    /// The position in `ladder` at or below `wanted` that may be played; the lowest above it where there is none.
    pub(super) fn permitted(&self, ladder: &Ladder, wanted: usize) -> Result<usize, Error> {
        let places: Vec<Place> = (0..ladder.renditions.len()).map(|i| place(ladder, i)).collect();
        let systems: Vec<CdmInfo> = self.config.cdms.iter().map(|cdm| cdm.info()).collect();
        let asked = |p: &Place| self.title.rendition(*p).map_or_else(|_| Demand::default(), |r| demand(&r, &systems));
        let demands: Vec<Demand> = places.iter().map(asked).collect();
        let device = Device { hdcp: self.live.hdcp(), security: self.config.device.security };
        let (demands, keys) = self.known(demands);
        let allowed = match playable(&demands, Some(&keys), device) {
            Ok(allowed) => allowed,
            Err(limits::Denied::Output) => {
                return Err(Error::OutputRestricted("no rendition is for a connection like this".into()));
            }
            Err(limits::Denied::Security) => return Err(Error::DrmUnsupported("no rendition is for a device like this".into())),
            // The samples say it better, and where keys rotate they may have others than the manifest says.
            Err(limits::Denied::NoKey | limits::Denied::Expired) => return Ok(wanted),
        };
        Ok(nearest(&allowed, wanted, |i| places.get(i).is_some_and(|p| self.denied.has(*p))))
    }

    /// Takes keys of which nothing is known yet out of the demands; the status of the others.
    fn known(&self, mut demands: Vec<Demand>) -> (Vec<Demand>, Vec<(KeyId, KeyStatus)>) {
        let mut keys = Vec::new();
        for demand in &mut demands {
            match demand.key_id.map(|id| (id, self.keys.status(id))) {
                Some((id, Some(Some(status)))) => keys.push((id, status)),
                Some((_, Some(None))) => (),
                Some((_, None)) | None => demand.key_id = None,
            }
        }
        (demands, keys)
    }
}

/// Of `allowed`, the one at or below `wanted`, else the next above; those that are `denied` only where there is no other.
fn nearest(allowed: &[usize], wanted: usize, denied: impl Fn(usize) -> bool) -> usize {
    let good: Vec<usize> = allowed.iter().copied().filter(|i| !denied(*i)).collect();
    let from = if good.is_empty() { allowed } else { &good };
    from.iter().rev().find(|i| **i <= wanted).or_else(|| from.first()).copied().unwrap_or(wanted)
}

impl Session {
    /// Another connection. Where it is worse, what is buffered is fetched anew in what is allowed.
    pub(super) fn set_hdcp(&mut self, level: HdcpLevel) {
        let before = self.live.hdcp();
        self.live.set_hdcp(level);
        let Some(opened) = self.opened.as_ref().filter(|_| level < before) else { return };
        let position = self.live.position.load(Relaxed);
        opened.buffers.iter().filter(|(kind, _)| *kind == TrackKind::Video).for_each(|(_, b)| b.restart(position));
        if self.started {
            self.jump_ns(position, Instant::now(), false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_that_is_allowed() {
        let check = |allowed: &[usize], wanted, denied: &[usize], expected| {
            assert_eq!(nearest(allowed, wanted, |i| denied.contains(&i)), expected, "{allowed:?} {wanted} {denied:?}");
        };
        check(&[0, 1, 2], 1, &[], 1);
        check(&[0, 2], 1, &[], 0);
        check(&[2, 3], 1, &[], 2);
        check(&[0, 1, 2], 2, &[2], 1);
        check(&[0, 1, 2], 0, &[0], 1);
        check(&[1], 2, &[1], 1);
        check(&[], 2, &[], 2);
    }
}
