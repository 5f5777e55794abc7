//! Finds the Debian packages that are missing and installs them, or says the one command that does.
use crate::packages::{LIBRARIES, Need, PACKAGES, Package};
use crate::shell::{has, output, run, step};
use anyhow::{Result, bail};
use std::process::Command;

/// What this machine has to be able to do.
pub const FOR_DEMO: &[Need] = &[Need::Build, Need::Run];
/// The demo with a window.
pub const FOR_WINDOW: &[Need] = &[Need::Build, Need::Run, Need::Window];
/// All tests.
pub const FOR_TEST: &[Need] = &[Need::Build, Need::Run, Need::Test, Need::Firmware];
/// The panel's microcontroller in QEMU.
pub const FOR_FIRMWARE: &[Need] = &[Need::Firmware];
/// Making and booting a box's image.
pub const FOR_BOX: &[Need] = &[Need::Box, Need::Firmware];
/// The same in a window.
pub const FOR_BOX_WINDOW: &[Need] = &[Need::Box, Need::Firmware, Need::BoxWindow];
/// Everything.
pub const FOR_ALL: &[Need] = &[Need::Build, Need::Run, Need::Window, Need::Test, Need::Firmware, Need::Box, Need::BoxWindow];

/// Is there a display to open a window on?
pub fn display() -> Option<String> {
    std::env::var("DISPLAY").ok().filter(|d| !d.is_empty())
}

/// Does dpkg rule here?
pub fn is_debian() -> bool {
    has("dpkg-query") && has("apt-get")
}

/// The packages of these kinds that dpkg does not call installed.
pub fn missing(needs: &[Need]) -> Vec<&'static Package> {
    PACKAGES.iter().filter(|p| needs.contains(&p.need) && installed_version(p.name).is_none()).collect()
}

/// The version that dpkg has of it, installed and whole; of a package that another one stands in for, that one's.
pub fn installed_version(package: &str) -> Option<String> {
    let query = |name: &str| output("dpkg-query", &["-W", "-f", "${db:Status-Abbrev}\t${Version}\n", name]);
    let found = query(package).as_deref().and_then(first_installed);
    // Debian 13 and Ubuntu 24.04 renamed some libraries for 64-bit time; `pkgconf` took over from `pkg-config`.
    found.or_else(|| match package {
        "pkg-config" => query("pkgconf").as_deref().and_then(first_installed),
        other => query(&format!("{other}t64")).as_deref().and_then(first_installed),
    })
}

/// The version of the first line that says installed (`ii`); dpkg prints one line an architecture.
fn first_installed(lines: &str) -> Option<String> {
    lines.lines().find_map(|line| {
        let (status, version) = line.split_once('\t')?;
        status.trim_end().ends_with('i').then(|| version.to_owned())
    })
}

/// The arguments of the one apt command.
fn install_args<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"];
    args.extend(names);
    args
}

/// The one command that a person can paste.
pub fn advice(packages: &[&Package]) -> String {
    let names: Vec<&str> = packages.iter().map(|p| p.name).collect();
    format!("sudo apt-get update && sudo apt-get install -y --no-install-recommends {}", names.join(" "))
}

/// Makes sure that everything of these kinds is there.
pub fn ensure(needs: &[Need]) -> Result<()> {
    if !is_debian() {
        return ensure_elsewhere(needs);
    }
    let packages = missing(needs);
    if packages.is_empty() {
        return Ok(());
    }
    step(format_args!("{} Debian packages are missing", packages.len()));
    for p in &packages {
        println!("    {:36} {}", p.name, p.why);
    }
    let Some(prefix) = become_root() else {
        bail!("not root, and sudo asks for a password: run this, then try again\n\n    {}\n", advice(&packages));
    };
    let names: Vec<&str> = packages.iter().map(|p| p.name).collect();
    install(prefix, &names)?;
    let still = missing(needs);
    if !still.is_empty() {
        bail!("apt-get said it was done, but these are still missing; try by hand\n\n    {}\n", advice(&still));
    }
    Ok(())
}

/// The words to put before apt-get; `None` where we may not.
fn become_root() -> Option<&'static [&'static str]> {
    if output("id", &["-u"]).as_deref() == Some("0") {
        Some(&[])
    } else if has("sudo") && output("sudo", &["-n", "true"]).is_some() {
        Some(&["sudo", "-n"])
    } else {
        None
    }
}

/// apt-get dies now and then in the middle ("cannot access archive"), and lists grow old: mend, update, try once more.
fn install(prefix: &[&str], names: &[&str]) -> Result<()> {
    if !lists_are_there() {
        run(&mut privileged(prefix, "apt-get", &["update"]))?;
    }
    let args = install_args(names);
    step(format_args!("apt-get {}", args.join(" ")));
    let Err(first) = run(&mut privileged(prefix, "apt-get", &args)) else { return Ok(()) };
    step(format_args!("{first}: mending and trying once more"));
    for (program, args) in [("dpkg", &["--configure", "-a"][..]), ("apt-get", &["-f", "install", "-y"]), ("apt-get", &["update"])]
    {
        if let Err(e) = run(&mut privileged(prefix, program, args)) {
            println!("    {e}");
        }
    }
    run(&mut privileged(prefix, "apt-get", &args))
}

fn privileged(prefix: &[&str], program: &str, args: &[&str]) -> Command {
    let words: Vec<&str> = prefix.iter().copied().chain(["env", "DEBIAN_FRONTEND=noninteractive", program]).collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).args(args);
    command
}

/// A fresh container has no package lists at all.
fn lists_are_there() -> bool {
    let Ok(dir) = std::fs::read_dir("/var/lib/apt/lists") else { return false };
    dir.flatten().any(|entry| entry.file_name().to_string_lossy().contains("_Packages"))
}

/// Another distribution: go on if pkg-config finds the libraries, else name what Debian calls them.
fn ensure_elsewhere(needs: &[Need]) -> Result<()> {
    let lacking: Vec<&str> =
        LIBRARIES.iter().filter(|(name, oldest)| !library_is_there(name, oldest)).map(|(name, _)| *name).collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = PACKAGES.iter().filter(|p| needs.contains(&p.need)).map(|p| p.name).collect();
    bail!(
        "this is not Debian or Ubuntu, and pkg-config does not find {}.\nInstall what your distribution calls these, then try again:\n    {}",
        lacking.join(", "),
        names.join(" ")
    )
}

/// Whether pkg-config finds a library that is new enough.
pub fn library_is_there(name: &str, oldest: &str) -> bool {
    output("pkg-config", &["--exists", &format!("{name} >= {oldest}")]).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_dpkg_says() {
        for (said, expected) in [
            ("ii \t1.22.0-2\n", Some("1.22.0-2")),
            ("rc \t1.22.0-2\n", None),
            ("iF \t1.22.0-2\n", None),
            ("un \t\nii \t2.0\n", Some("2.0")),
            ("hi \t3.1\n", Some("3.1")),
            ("", None),
        ] {
            assert_eq!(first_installed(said).as_deref(), expected, "{said:?}");
        }
    }

    #[test]
    fn the_table_names_each_package_once_and_never_the_big_one() {
        let mut names: Vec<&str> = PACKAGES.iter().map(|p| p.name).collect();
        assert!(!names.contains(&"libgstreamer-plugins-bad1.0-dev"));
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn the_advice_is_one_line_with_every_name() {
        let packages: Vec<&Package> = PACKAGES.iter().take(3).collect();
        let line = advice(&packages);
        assert!(!line.contains('\n'));
        assert!(packages.iter().all(|p| line.contains(p.name)));
    }
}
