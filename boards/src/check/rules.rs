//! Rules that a whole board keeps: names, budgets, modes, planes.
use super::{Finding, Severity, places::place, say};
use crate::{Board, Decoder, Support, VerifiedBoot, VideoOutput};

pub(super) fn all(board: &Board, out: &mut Vec<Finding>) {
    identity(board, out);
    boot(board, out);
    sizes(board, out);
    video(board, out);
    display(board, out);
    heat(board, out);
}

fn identity(board: &Board, out: &mut Vec<Finding>) {
    let kebab = |s: &str| !s.is_empty() && s.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !kebab(&board.id) {
        say(out, Severity::Error, "id", format!("\"{}\" is not kebab-case", board.id), "lower-case letters, digits and hyphens");
    }
    if board.compatible.is_empty() {
        say(out, Severity::Error, "compatible", "empty", place("compatible").unwrap_or_default());
    }
    if board.evidence.trim().is_empty() {
        say(out, Severity::Error, "evidence", "empty", "name the test, device tree or package the support tier rests on");
    }
    if board.kernel.dtb.is_none() && board.support != Support::Tier0 {
        say(out, Severity::Error, "kernel.dtb", "missing", place("kernel.dtb").unwrap_or_default());
    }
    let named = |wanted: &str| board.kernel.initramfs_modules.iter().any(|m| m.replace('-', "_") == wanted);
    for wanted in ["dm_verity", "squashfs"] {
        if !named(wanted) {
            say(
                out,
                Severity::Error,
                "kernel.initramfs-modules",
                format!("without {wanted}"),
                "the root cannot be opened without it",
            );
        }
    }
}

fn boot(board: &Board, out: &mut Vec<Finding>) {
    let loader = &board.bootloader;
    if loader.package.is_none() && loader.blobs.is_empty() {
        say(
            out,
            Severity::Error,
            "bootloader.package",
            "neither a package nor blobs",
            place("bootloader.package").unwrap_or_default(),
        );
    }
    if !loader.blobs.is_empty() {
        let what = format!("the OEM brings: {}", loader.blobs.join("; "));
        say(out, Severity::Note, "bootloader.blobs", what, "put the files into a folder for `image --blobs`");
        if board.support <= Support::Tier1 {
            say(out, Severity::Error, "support", "tier 0 or 1 with proprietary blobs", "make it tier2");
        }
    }
    if loader.verified_boot == VerifiedBoot::None {
        let how = "a production box needs a boot loader that requires a signature; see the SoC's secure-boot manual";
        say(out, Severity::Warning, "bootloader.verified-boot", "nothing refuses an unsigned kernel", how);
    }
    let first_kib = board.storage.first_lba / 2;
    if loader.offset_kib.is_some_and(|at| u64::from(at) >= first_kib) {
        say(
            out,
            Severity::Error,
            "storage.first-lba",
            "the boot loader would lie in the first partition",
            place("storage.first-lba").unwrap_or_default(),
        );
    }
}

fn sizes(board: &Board, out: &mut Vec<Finding>) {
    let m = &board.memory;
    let budget = u64::from(m.launcher_mib) + u64::from(m.player_mib) + u64::from(m.cma_mib);
    if budget > u64::from(m.ram_mib) * 3 / 4 {
        let what = format!("launcher, player and CMA take {budget} of {} MiB", m.ram_mib);
        say(out, Severity::Error, "memory", what, "leave a quarter for the kernel, page cache and the rest");
    }
    if m.zram_percent > 100 {
        say(out, Severity::Error, "memory.zram-percent", "over 100", "25 to 50 is usual");
    }
    if board.image.memory_mib > m.ram_mib {
        say(
            out,
            Severity::Error,
            "image.memory-mib",
            "more than the board has",
            "user space while a film plays; 160 is the house's goal",
        );
    }
    // A slot is 32 MiB for the FIT and the rest for the root.
    if board.storage.slot_mib < 64 {
        say(out, Severity::Error, "storage.slot-mib", "under 64", "a slot holds kernel, root, hash tree and room to grow");
    } else if board.image.root_mib > board.storage.slot_mib - 32 {
        let what = format!("{} MiB do not fit a slot of {} less 32 for the kernel", board.image.root_mib, board.storage.slot_mib);
        say(out, Severity::Error, "image.root-mib", what, "a larger storage.slot-mib, or fewer plugins");
    }
}

fn video(board: &Board, out: &mut Vec<Finding>) {
    for decoder in &board.video.decoder {
        if parse_mode(&decoder.max).is_none() {
            let what = format!("{}: \"{}\" is not WIDTHxHEIGHT@FPS", decoder.element, decoder.max);
            say(out, Severity::Error, "video.decoder.max", what, place("video.decoder.max").unwrap_or_default());
        }
        for quirk in decoder.quirks.iter().filter(|q| !QUIRKS.contains(&q.as_str())) {
            let what = format!("{}: nothing knows the quirk \"{quirk}\"", decoder.element);
            say(
                out,
                Severity::Error,
                "video.decoder.quirks",
                what,
                "recreate-on-seek, recreate-on-resolution-change, lock-resolution",
            );
        }
    }
    if !board.video.decoder.iter().any(|d| d.codec == "h264") {
        let how = "every title has an H.264 rendition; name at least openh264dec";
        say(out, Severity::Error, "video.decoder", "nothing decodes h264", how);
    }
    if board.video.decoder.iter().all(|d: &Decoder| d.driver.is_none()) {
        say(out, Severity::Note, "video.decoder", "software only", "expect 360p to 720p, by the CPU");
    }
}

const QUIRKS: &[&str] = &["recreate-on-seek", "recreate-on-resolution-change", "lock-resolution"];

fn display(board: &Board, out: &mut Vec<Finding>) {
    if parse_mode(&board.display.max_mode).is_none() {
        let what = format!("\"{}\" is not WIDTHxHEIGHT@HZ", board.display.max_mode);
        say(out, Severity::Error, "display.max-mode", what, place("display.max-mode").unwrap_or_default());
    }
    let planes = |role: &str| board.display.plane.iter().any(|p| p.role == role);
    let alpha = board.display.plane.iter().any(|p| p.role == "ui" && p.formats.iter().any(|f| f == "AR24"));
    let modetest = place("display.plane").unwrap_or_default();
    match board.video.output {
        VideoOutput::KmsPlane if !(planes("video") && planes("ui")) => {
            say(out, Severity::Error, "display.plane", "kms-plane output needs a video and a ui plane", modetest);
        }
        VideoOutput::KmsPlane if !alpha => {
            let what = "kms-plane output needs a ui plane that takes AR24, or the film below it is not seen";
            say(out, Severity::Error, "display.plane", what, modetest);
        }
        VideoOutput::Software if !planes("both") && !planes("ui") => {
            say(out, Severity::Error, "display.plane", "no plane for the UI", modetest);
        }
        _ => {}
    }
    for plane in &board.display.plane {
        for format in plane.formats.iter().filter(|f| f.len() != 4 || !f.is_ascii()) {
            let what = format!("{}: \"{format}\" is no FourCC, such as NV12", plane.role);
            say(out, Severity::Error, "display.plane.formats", what, modetest);
        }
        let size = plane.max.as_deref().map(|max| parse_mode(&format!("{max}@1")));
        if size == Some(None) {
            say(out, Severity::Error, "display.plane.max", format!("{}: not WIDTHxHEIGHT", plane.role), modetest);
        }
    }
}

fn heat(board: &Board, out: &mut Vec<Finding>) {
    let Some(t) = board.thermal else { return };
    if !(0 < t.warn_c && t.warn_c <= t.throttle_c && t.throttle_c < t.critical_c) {
        say(
            out,
            Severity::Error,
            "thermal",
            "must rise from warn-c over throttle-c to critical-c",
            place("thermal").unwrap_or_default(),
        );
    }
}

/// `WIDTHxHEIGHT@RATE`.
fn parse_mode(mode: &str) -> Option<(u32, u32, u32)> {
    let (size, rate) = mode.split_once('@')?;
    let (width, height) = size.split_once('x')?;
    let mode = (width.parse().ok()?, height.parse().ok()?, rate.parse().ok()?);
    (mode.0 > 0 && mode.1 > 0 && mode.2 > 0).then_some(mode)
}

#[cfg(test)]
mod tests {
    use super::parse_mode;

    #[test]
    fn modes() {
        let check = |text, expected| assert_eq!(parse_mode(text), expected, "{text}");
        check("1920x1080@60", Some((1920, 1080, 60)));
        check("1920x1080", None);
        check("1920@60", None);
        check("0x1080@60", None);
        check("-1x1080@60", None);
        check("99999999999x1@1", None);
    }
}
