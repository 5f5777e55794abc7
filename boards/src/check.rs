//! What is missing, wrong or doubtful in a board, and where the fact is to be found.

use crate::{Board, Decoder, Support, VerifiedBoot, VideoOutput};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// True, and an OEM should know it.
    Note,
    /// Doubtful.
    Warning,
    /// The board cannot be built or would not work.
    Error,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// See [`Severity`].
    pub severity: Severity,
    /// The field, as in the file.
    pub field: &'static str,
    /// What is the matter.
    pub what: String,
    /// Where to find the fact or what to do.
    pub how: &'static str,
}

/// Everything there is to say about `board`, worst first.
pub fn check(board: &Board) -> Vec<Finding> {
    let mut out = Vec::new();
    identity(board, &mut out);
    boot(board, &mut out);
    memory(board, &mut out);
    video(board, &mut out);
    out.sort_by_key(|f| std::cmp::Reverse(f.severity));
    out
}

fn say(out: &mut Vec<Finding>, severity: Severity, field: &'static str, what: impl Into<String>, how: &'static str) {
    out.push(Finding { severity, field, what: what.into(), how });
}

fn identity(board: &Board, out: &mut Vec<Finding>) {
    let kebab = |s: &str| !s.is_empty() && s.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !kebab(&board.id) {
        say(out, Severity::Error, "id", format!("\"{}\" is not kebab-case", board.id), "lower-case letters, digits and hyphens");
    }
    if board.compatible.is_empty() {
        say(out, Severity::Error, "compatible", "empty", "`fdtget -t s FILE.dtb / compatible` on the board's device tree");
    }
    if board.evidence.trim().is_empty() {
        say(out, Severity::Error, "evidence", "empty", "name the test, device tree or package the support tier rests on");
    }
    if board.kernel.dtb.is_none() && board.support != Support::Tier0 {
        say(out, Severity::Error, "kernel.dtb", "missing", "list /usr/lib/linux-image-*/ of the kernel package");
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
            "name the Debian package, or what the OEM must bring",
        );
    }
    if !loader.blobs.is_empty() {
        let what = format!("needs {}", loader.blobs.join(", "));
        say(out, Severity::Note, "bootloader.blobs", what, "the OEM brings these; build with --accept-blobs");
        if board.support <= Support::Tier1 {
            say(out, Severity::Error, "support", "tier 0 or 1 with proprietary blobs", "make it tier2");
        }
    }
    if loader.verified_boot == VerifiedBoot::None {
        let how = "a production box needs a boot loader that requires a signature; see the SoC's secure-boot manual";
        say(out, Severity::Warning, "bootloader.verified-boot", "nothing refuses an unsigned kernel", how);
    }
}

fn memory(board: &Board, out: &mut Vec<Finding>) {
    let m = &board.memory;
    let budget = m.launcher_mib + m.player_mib + m.cma_mib;
    if budget > m.ram_mib * 3 / 4 {
        let what = format!("launcher, player and CMA take {budget} of {} MiB", m.ram_mib);
        say(out, Severity::Error, "memory", what, "leave a quarter for the kernel, page cache and the rest");
    }
    if board.storage.slot_mib < 64 {
        say(out, Severity::Error, "storage.slot-mib", "under 64", "a slot holds kernel, root, hash tree and room to grow");
    }
}

fn video(board: &Board, out: &mut Vec<Finding>) {
    for decoder in &board.video.decoder {
        if parse_mode(&decoder.max).is_none() {
            let what = format!("{}: \"{}\" is not WIDTHxHEIGHT@FPS", decoder.element, decoder.max);
            say(out, Severity::Error, "video.decoder.max", what, "measure it on the board; drivers advertise more than they can");
        }
    }
    if !board.video.decoder.iter().any(|d| d.codec == "h264") {
        say(
            out,
            Severity::Error,
            "video.decoder",
            "nothing decodes h264",
            "every title has an H.264 rendition; name at least avdec_h264",
        );
    }
    if board.video.decoder.iter().all(|d: &Decoder| d.driver.is_none()) {
        say(out, Severity::Note, "video.decoder", "software only", "expect 360p to 720p, by the CPU");
    }
    if parse_mode(&board.display.max_mode).is_none() {
        let what = format!("\"{}\" is not WIDTHxHEIGHT@HZ", board.display.max_mode);
        say(out, Severity::Error, "display.max-mode", what, "`modetest -c` on the board");
    }
    let planes = |role: &str| board.display.plane.iter().any(|p| p.role == role);
    match board.video.output {
        VideoOutput::KmsPlane if !(planes("video") && planes("ui")) => {
            say(
                out,
                Severity::Error,
                "display.plane",
                "kms-plane output needs a video and a ui plane",
                "`modetest -p` on the board",
            );
        }
        VideoOutput::Software if !planes("both") && !planes("ui") => {
            say(out, Severity::Error, "display.plane", "no plane for the UI", "`modetest -p` on the board");
        }
        _ => {}
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
