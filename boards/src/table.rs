//! The support table of `boards/README.md`, written from the board files.
use crate::{Board, Decoder, VerifiedBoot};

/// Where the table begins in the README.
pub const BEGIN: &str = "<!-- made by `cargo xtask board table --write` -->";
/// Where it ends.
pub const END: &str = "<!-- end of table -->";

/// The table, in Markdown.
pub fn table(boards: &[Board]) -> String {
    let mut text = String::from(
        "| board | tier | kernel | decodes in hardware | verified boot | CEC | the OEM brings | rests on |\n|---|---|---|---|---|---|---|---|\n",
    );
    for b in boards {
        let verified = match b.bootloader.verified_boot {
            VerifiedBoot::Fit if b.doubts.contains_key("bootloader.verified-boot") => "FIT, in your own build",
            VerifiedBoot::Fit => "FIT",
            VerifiedBoot::None => "none",
        };
        let tier = format!("{:?}", b.support);
        let cec = b.cec.as_ref().map_or("none", |c| c.adapter.as_str());
        let blobs = match b.bootloader.blobs.join("; ") {
            none if none.is_empty() && b.doubts.contains_key("bootloader.file") => {
                "no blobs, but a U-Boot build of its own".into()
            }
            none if none.is_empty() => "nothing".into(),
            some => some,
        };
        let row = [
            format!("`{}`", b.id),
            tier.trim_start_matches("Tier").into(),
            b.kernel.suite.clone(),
            decoders(b),
            verified.into(),
            cec.into(),
            blobs,
            b.evidence.clone(),
        ];
        text.push_str(&format!("| {} |\n", row.join(" | ")));
    }
    text
}

fn decoders(board: &Board) -> String {
    let hard: Vec<&Decoder> = board.video.decoder.iter().filter(|d| d.driver.is_some()).collect();
    if hard.is_empty() {
        let best = board.video.decoder.first().map_or("none", |d| d.max.as_str());
        return format!("none (software, {best})");
    }
    hard.iter().map(|d| format!("{} {}", d.codec, d.max)).collect::<Vec<_>>().join(", ")
}

/// `readme` with the table between its markers replaced; `None` if the markers are not there.
pub fn insert(readme: &str, table: &str) -> Option<String> {
    let (before, rest) = readme.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{table}{END}{after}"))
}
