//! What is missing, wrong or doubtful in a board, and where the fact is to be found.
mod places;
mod rules;

use crate::Board;
use serde::Serialize;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// True, and an OEM should know it.
    Note,
    /// Missing or doubtful.
    Warning,
    /// The board cannot be built or would not work.
    Error,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// See [`Severity`].
    pub severity: Severity,
    /// The field, as in the file.
    pub field: String,
    /// What is the matter.
    pub what: String,
    /// Where to find the fact or what to do.
    pub how: String,
}

/// Everything there is to say about `board`, worst first.
pub fn check(board: &Board) -> Vec<Finding> {
    let mut out = Vec::new();
    rules::all(board, &mut out);
    declared(board, &mut out);
    missing(board, &mut out);
    out.sort_by_key(|f| std::cmp::Reverse(f.severity));
    out
}

fn say(out: &mut Vec<Finding>, severity: Severity, field: &str, what: impl Into<String>, how: &str) {
    out.push(Finding { severity, field: field.into(), what: what.into(), how: how.into() });
}

/// What the file itself says is doubtful or not there.
fn declared(board: &Board, out: &mut Vec<Finding>) {
    for (field, what) in &board.doubts {
        match places::place(field) {
            Some(how) => say(out, Severity::Warning, field, format!("doubtful: {what}"), how),
            None => unknown(out, "doubts", field),
        }
    }
    for (field, why) in &board.absent {
        if places::place(field).is_none() {
            unknown(out, "absent", field);
        } else if OPTIONAL.iter().any(|(name, has)| name == field && has(board)) {
            say(out, Severity::Error, field, "said to be absent, and given", "remove one of the two");
        } else {
            say(out, Severity::Note, field, format!("none: {why}"), "write it down if your board has it");
        }
    }
}

fn unknown(out: &mut Vec<Finding>, table: &str, field: &str) {
    let what = format!("\"{field}\" is not a field that can stand in [{table}]");
    say(out, Severity::Error, table, what, "fields as `group.field`; boards/src/check/places.rs lists them");
}

type Has = fn(&Board) -> bool;

/// Facts that a board may do without, if it says so in `[absent]`.
const OPTIONAL: &[(&str, Has)] = &[
    ("kernel.dtb", |b| b.kernel.dtb.is_some() || b.qemu.is_some()),
    ("bootloader.package", |b| b.bootloader.package.is_some() || !b.bootloader.blobs.is_empty()),
    ("bootloader.file", |b| b.bootloader.file.is_some() || b.bootloader.package.is_none()),
    ("bootloader.offset-kib", |b| b.bootloader.offset_kib.is_some() || b.qemu.is_some()),
    ("display.hdr", |b| !b.display.hdr.is_empty()),
    ("audio.card", |b| b.audio.card.is_some()),
    ("audio.decoders", |b| !b.audio.decoders.is_empty()),
    ("cec", |b| b.cec.is_some()),
    ("input.ir-driver", |b| b.input.ir_driver.is_some()),
    ("input.ir-keymap", |b| b.input.ir_keymap.is_some() || b.input.ir_driver.is_none()),
    ("panel", |b| b.panel.is_some()),
    ("network.wired", |b| b.network.wired.is_some()),
    ("radio.wifi", |b| b.radio.wifi.is_some()),
    ("radio.bluetooth", |b| b.radio.bluetooth.is_some()),
    ("power.wake", |b| !b.power.wake.is_empty()),
    ("power.deep-sleep", |b| b.power.deep_sleep.is_some()),
    ("watchdog", |b| b.watchdog.is_some()),
    ("thermal", |b| b.thermal.is_some()),
    ("drm.hdcp-max", |b| b.drm.hdcp_max.is_some()),
];

fn missing(board: &Board, out: &mut Vec<Finding>) {
    for (field, has) in OPTIONAL {
        if !has(board) && !board.absent.contains_key(*field) {
            let how = places::place(field).unwrap_or_default();
            say(out, Severity::Warning, field, "missing: give it, or say in [absent] why there is none", how);
        }
    }
    for decoder in board.video.decoder.iter().filter(|d| d.evidence > crate::Evidence::Manual) {
        let basis = format!("{:?}", decoder.evidence).to_lowercase();
        let what = format!("{} {}: {} rests on {basis}", decoder.codec, decoder.element, decoder.max);
        say(out, Severity::Warning, "video.decoder.max", what, places::place("video.decoder.max").unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::{OPTIONAL, places};

    #[test]
    fn every_optional_fact_has_a_place() {
        for (field, _) in OPTIONAL {
            assert!(places::place(field).is_some_and(|p| p.len() > 10), "{field}");
        }
        let mut names: Vec<_> = places::PLACES.iter().map(|(name, _)| name).collect();
        names.dedup();
        assert_eq!(names.len(), places::PLACES.len());
    }
}
