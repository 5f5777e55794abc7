//! Where Debian's packages come from: the mirror that this machine itself uses, or the one it is told.
use anyhow::{Result, bail};
use std::path::Path;

/// Names the archive where the machine's own sources do not.
const MIRROR: &str = "HEARTH_DEBIAN_MIRROR";
/// The same for security updates; they are left out if neither says.
const SECURITY: &str = "HEARTH_DEBIAN_SECURITY_MIRROR";
/// Where the package `debian-archive-keyring` puts it.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// One line of apt's sources.
#[derive(Debug, PartialEq)]
struct Source {
    uri: String,
    suite: String,
}

/// The sources for `suite` and its `section` (`main`), in apt's one-line form.
pub fn sources(suite: &str, section: &str) -> Result<String> {
    if !Path::new(KEYRING).is_file() {
        bail!("{KEYRING} is not there, so Debian's packages cannot be verified: install debian-archive-keyring");
    }
    let known = read_all();
    let archive = given(MIRROR).or_else(|| pick(&known, is_debian));
    let Some(archive) = archive else {
        bail!(
            "the box runs Debian, and this machine's apt sources name no Debian mirror.\n\
             Say which to use: {MIRROR}=<URI of a Debian mirror> (and {SECURITY}=<URI> for security updates), then try again"
        );
    };
    let security = given(SECURITY).or_else(|| pick(&known, is_debian_security));
    let line = |uri: &str, suite: &str| format!("deb [signed-by={KEYRING}] {uri} {suite} {section}\n");
    let mut out = line(&archive, suite);
    // Backports have no security suite of their own.
    if !suite.contains('-') {
        out += &line(&archive, &format!("{suite}-updates"));
        if let Some(security) = security {
            out += &line(&security, &format!("{suite}-security"));
        }
    }
    Ok(out)
}

fn given(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|v| !v.is_empty())
}

fn pick(known: &[Source], wanted: fn(&str) -> bool) -> Option<String> {
    known.iter().find(|s| wanted(&s.suite)).map(|s| s.uri.clone())
}

fn is_debian(suite: &str) -> bool {
    ["bookworm", "trixie", "forky", "sid", "stable", "testing", "unstable"].contains(&suite)
}

fn is_debian_security(suite: &str) -> bool {
    suite.strip_suffix("-security").is_some_and(is_debian)
}

fn read_all() -> Vec<Source> {
    let mut files = vec![Path::new("/etc/apt/sources.list").to_path_buf()];
    let parts = std::fs::read_dir("/etc/apt/sources.list.d").into_iter().flatten().flatten();
    files.extend(parts.map(|e| e.path()));
    files.sort();
    let read = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        match path.extension().and_then(|e| e.to_str()) {
            Some("list") => one_line(&text),
            Some("sources") => stanzas(&text),
            _ => Vec::new(),
        }
    };
    files.iter().flat_map(read).collect()
}

/// `deb [options] URI SUITE COMPONENT…`
fn one_line(text: &str) -> Vec<Source> {
    let read = |line: &str| {
        let rest = line.trim().strip_prefix("deb ")?.trim_start();
        let rest = if rest.starts_with('[') { rest.split_once(']')?.1 } else { rest };
        let mut words = rest.split_whitespace();
        Some(Source { uri: words.next()?.to_owned(), suite: words.next()?.to_owned() })
    };
    text.lines().filter_map(read).collect()
}

/// `Types: deb`, `URIs: …`, `Suites: …`
fn stanzas(text: &str) -> Vec<Source> {
    let mut out = Vec::new();
    for stanza in text.split("\n\n") {
        let field = |name: &str| {
            let words = stanza.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(':')).unwrap_or_default();
            words.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        if !field("Types").iter().any(|t| t == "deb") || field("Enabled").iter().any(|e| e == "no") {
            continue;
        }
        let (uris, suites) = (field("URIs"), field("Suites"));
        out.extend(uris.iter().flat_map(|uri| suites.iter().map(|suite| Source { uri: uri.clone(), suite: suite.clone() })));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(found: &[Source], expected: &[(&str, &str)]) {
        let found: Vec<_> = found.iter().map(|s| (s.uri.as_str(), s.suite.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn reads_one_line_sources() {
        check(&one_line("# deb http://no trixie main\n"), &[]);
        check(
            &one_line("deb http://m/debian trixie main\ndeb-src http://m/debian trixie main\n"),
            &[("http://m/debian", "trixie")],
        );
        check(&one_line("deb [arch=amd64 signed-by=/k] http://m/d sid main"), &[("http://m/d", "sid")]);
        check(&one_line("deb [arch=amd64"), &[]);
    }

    #[test]
    fn reads_stanzas() {
        let text = "Types: deb\n# note\nURIs: http://m/debian\nSuites: trixie trixie-updates\nComponents: main\n\nTypes: deb\nURIs: http://s\nSuites: trixie-security\n";
        let all = stanzas(text);
        check(&all, &[("http://m/debian", "trixie"), ("http://m/debian", "trixie-updates"), ("http://s", "trixie-security")]);
        assert_eq!(pick(&all, is_debian).as_deref(), Some("http://m/debian"));
        assert_eq!(pick(&all, is_debian_security).as_deref(), Some("http://s"));
        check(&stanzas("Types: deb-src\nURIs: http://m\nSuites: trixie\n"), &[]);
        check(&stanzas("Types: deb\nEnabled: no\nURIs: http://m\nSuites: trixie\n"), &[]);
        assert_eq!(pick(&stanzas("Types: deb\nURIs: http://u\nSuites: noble noble-security\n"), is_debian), None);
    }
}
