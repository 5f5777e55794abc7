//! Checks on what sources name: the pure crates do no I/O, start no thread and read no clock; GStreamer and Slint have their places.
use super::Tree;
use anyhow::Result;

/// Crates that take time, bytes and randomness as arguments.
const PURE: &[&str] = &[
    "player/isobmff",
    "player/manifest",
    "player/abr",
    "player/captions",
    "player/cdm",
    "launcher/nav",
    "firmware/panel",
    "firmware/wire",
];

/// What a pure crate may not say outside its tests.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::thread",
    "std::process",
    "std::env",
    "std::io::stdin",
    "Instant::now",
    "SystemTime",
    "println!",
    "eprintln!",
    "getrandom",
    "gstreamer",
    "slint::",
];

/// Who may say what: needle, folders, what it is.
const PLACES: &[(&[&str], &[&str], &str)] = &[
    (
        &["gstreamer::", "use gstreamer", "gst::"],
        &[
            "player/src/",
            "player/examples/",
            "player/tests/",
            "server/src/transcode/",
            "server/src/transcode.rs",
            "server/tests/",
            "xtask/src/tidy/",
        ],
        "GStreamer",
    ),
    (
        &["slint::", "use slint"],
        &["launcher/src/", "launcher/ui/", "launcher/tests/", "launcher/build.rs", "xtask/src/tidy/"],
        "Slint",
    ),
];

/// No I/O, threads, clocks in [`PURE`].
pub fn pure(tree: &Tree) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for path in rust_files(tree).filter(|p| PURE.iter().any(|c| p.strip_prefix(c).is_some_and(|rest| rest.starts_with("/src/"))))
    {
        let stem = path.rsplit('/').next().unwrap_or_default();
        if stem == "tests.rs" || path.contains("/tests/") {
            continue;
        }
        for (number, line) in code_lines(&tree.text(path).unwrap_or_default()) {
            faults.extend(IMPURE.iter().filter(|w| line.contains(*w)).map(|w| format!("{path}:{number}: {w} in a pure crate")));
        }
    }
    Ok(faults)
}

/// GStreamer and Slint by name.
pub fn names(tree: &Tree) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for path in rust_files(tree) {
        let text = tree.text(path).unwrap_or_default();
        for (needles, places, what) in PLACES.iter().filter(|(_, places, _)| !places.iter().any(|p| path.starts_with(p))) {
            for (number, line) in code_lines(&text) {
                if needles.iter().any(|n| names_crate(line, n)) {
                    faults.push(format!("{path}:{number}: names {what}; only {} may", places.join(", ")));
                }
            }
        }
    }
    Ok(faults)
}

/// The needle at the start of a word, so that `testgst::` is not `gst::`.
fn names_crate(line: &str, needle: &str) -> bool {
    line.match_indices(needle).any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// `#![forbid(unsafe_code)]` in each pure crate.
pub fn forbid_unsafe(tree: &Tree) -> Result<Vec<String>> {
    let forbids = |c: &&&str| tree.text(&format!("{c}/src/lib.rs")).is_some_and(|t| t.contains("#![forbid(unsafe_code)]"));
    Ok(PURE.iter().filter(|c| !forbids(c)).map(|c| format!("{c}/src/lib.rs lacks #![forbid(unsafe_code)]")).collect())
}

fn rust_files(tree: &Tree) -> impl Iterator<Item = &str> {
    tree.paths().filter(|p| p.ends_with(".rs"))
}

/// Lines with their numbers, without comments, up to the module of tests at a file's end.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .take_while(|l| l.trim() != "#[cfg(test)]")
        .enumerate()
        .map(|(i, l)| (i + 1, l))
        .filter(|(_, l)| !l.trim_start().starts_with("//"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_tests_are_left_out() {
        let text = "use a;\n// std::fs\n    /// gst::x\nlet x;\n#[cfg(test)]\nmod tests { std::fs }\n";
        let lines: Vec<_> = code_lines(text).collect();
        assert_eq!(lines, [(1, "use a;"), (4, "let x;")]);
    }

    #[test]
    fn a_crate_is_named_at_the_start_of_a_word() {
        assert!(names_crate("let p = gst::Pipeline::new();", "gst::"));
        assert!(!names_crate("crate::mygst::f()", "gst::"));
    }
}
