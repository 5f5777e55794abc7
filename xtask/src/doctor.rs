//! `cargo xtask doctor`: what this machine has, what it lacks, and how to get it.
use crate::packages::{AAC_ENCODERS, ELEMENTS, LIBRARIES, Need, PACKAGES};
use crate::setup;
use crate::shell::{has, output, root};

/// One line of the report.
struct Finding {
    good: bool,
    /// Without it neither demo nor tests run.
    needed: bool,
    what: String,
    detail: String,
}

/// Prints the report; whether everything needed is there.
pub fn report() -> bool {
    let mut all = machine();
    all.extend(packages());
    all.extend(gstreamer());
    all.extend(extras());
    for f in &all {
        let mark = if f.good {
            "ok     "
        } else if f.needed {
            "MISSING"
        } else {
            "-      "
        };
        println!("{mark}  {:36} {}", f.what, f.detail);
    }
    let lacking = setup::missing(setup::FOR_ALL);
    if setup::is_debian() && !lacking.is_empty() {
        println!("\n`cargo xtask setup` installs what is missing, or by hand:\n\n    {}\n", setup::advice(&lacking));
    }
    let good = all.iter().all(|f| f.good || !f.needed);
    println!("{}", if good { "\nReady: cargo xtask demo" } else { "\nNot ready yet." });
    good
}

fn machine() -> Vec<Finding> {
    let os = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let os = os.lines().find_map(|l| l.strip_prefix("PRETTY_NAME=")).unwrap_or("unknown").trim_matches('"').to_owned();
    let mut out = vec![finding(setup::is_debian(), false, "operating system", os)];
    for (program, why) in [("rustc", ""), ("cargo", ""), ("git", ""), ("cc", "a C linker")] {
        let version = output(program, &["--version"]).and_then(|v| v.lines().next().map(str::to_owned));
        out.push(finding(version.is_some(), true, program, version.unwrap_or_else(|| why.to_owned())));
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    out.push(finding(true, false, "processors", cores.to_string()));
    let folder = root();
    if let Some(free) = output("df", &["-Pk", &folder.to_string_lossy()]).as_deref().and_then(free_kib) {
        let gib = free as f64 / (1024.0 * 1024.0);
        out.push(finding(gib > 8.0, true, "free disc space", format!("{gib:.0} GiB (a full build takes about 6)")));
    }
    out
}

/// The `Available` column of `df -Pk`.
fn free_kib(text: &str) -> Option<u64> {
    text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
}

fn packages() -> Vec<Finding> {
    if !setup::is_debian() {
        return LIBRARIES
            .iter()
            .map(|(name, oldest)| {
                finding(setup::library_is_there(name, oldest), true, *name, format!("{oldest} or newer, by pkg-config"))
            })
            .collect();
    }
    let line = |p: &crate::packages::Package| {
        let version = setup::installed_version(p.name);
        let needed = match p.need {
            Need::Window => setup::display().is_some(),
            // Whoever makes no images can do without.
            Need::Box | Need::BoxWindow => false,
            Need::Build | Need::Run | Need::Test | Need::Firmware => true,
        };
        finding(version.is_some(), needed, p.name, format!("{}{}", version.map_or(String::new(), |v| format!("{v}; ")), p.why))
    };
    PACKAGES.iter().map(line).collect()
}

fn gstreamer() -> Vec<Finding> {
    let mut out = Vec::new();
    let version = output("pkg-config", &["--modversion", "gstreamer-1.0"]);
    let new_enough = setup::library_is_there("gstreamer-1.0", "1.22");
    out.push(finding(new_enough, true, "GStreamer", format!("{} (1.22 or newer)", version.as_deref().unwrap_or("not found"))));
    for (element, why) in ELEMENTS {
        out.push(finding(element_is_there(element), true, format!("GStreamer element {element}"), *why));
    }
    let encoder = AAC_ENCODERS.iter().find(|e| element_is_there(e));
    out.push(finding(
        encoder.is_some(),
        true,
        "GStreamer AAC encoder",
        *encoder.unwrap_or(&"none of avenc_aac, fdkaacenc, voaacenc, faac"),
    ));
    out
}

fn element_is_there(element: &str) -> bool {
    output("gst-inspect-1.0", &["--exists", element]).is_some()
}

fn extras() -> Vec<Finding> {
    let display = setup::display();
    let mut out = vec![finding(
        display.is_some(),
        false,
        "display",
        display.unwrap_or_else(|| "none: the demo runs headless and leaves pictures in target/demo".to_owned()),
    )];
    for (program, why) in [
        ("chromium", "tests play our streams in a browser"),
        ("node", "drives that browser"),
        ("npm", "gets shaka-player for it"),
        ("cargo-deny", "cargo xtask deny: advisories and licences"),
    ] {
        out.push(finding(has(program), false, program, format!("optional; {why}")));
    }
    out
}

fn finding(good: bool, needed: bool, what: impl Into<String>, detail: impl Into<String>) -> Finding {
    Finding { good, needed, what: what.into(), detail: detail.into() }
}

#[cfg(test)]
mod tests {
    #[test]
    fn reads_df() {
        let text = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/x 100 40 60 40% /\n";
        assert_eq!(super::free_kib(text), Some(60));
        assert_eq!(super::free_kib("nonsense"), None);
    }
}
