//! How loud it is, over everything.

use super::Round;
use crate::ui::VolumeAdapter;
use hearth_nav::Volume;
use slint::ComponentHandle;

/// See `adapters/volume.slint`. Hidden, it keeps what it had while it fades.
pub(super) fn show(volume: Option<Volume>, round: &Round<'_>) {
    let adapter = round.window.global::<VolumeAdapter<'_>>();
    adapter.set_shown(volume.is_some());
    let Some(Volume { percent, muted }) = volume else { return };
    adapter.set_percent(percent.into());
    adapter.set_muted(muted);
}
