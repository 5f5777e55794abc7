//! The licences of everything that ends up in a binary, against the list in `.cargo/deny.toml`: one list, for this check and for cargo-deny.
use super::Tree;
use super::crates::{Metadata, is_slint};
use anyhow::{Context, Result};
use serde::Deserialize;
use spdx::{Expression, ParseMode};

#[derive(Deserialize)]
struct Config {
    licenses: Licenses,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
    #[serde(default)]
    exceptions: Vec<Exception>,
}

/// These licences are good for this crate alone; tidy holds such crates to Slint's place in the house.
#[derive(Deserialize)]
struct Exception {
    allow: Vec<String>,
    #[serde(rename = "crate")]
    name: String,
}

/// Every package that a member is built from or with.
pub fn check(tree: &Tree) -> Result<Vec<String>> {
    let text = tree.text(".cargo/deny.toml").context(".cargo/deny.toml is missing")?;
    let config: Config = toml::from_str(&text).context(".cargo/deny.toml")?;
    let metadata = Metadata::read()?;
    let members: Vec<&str> = metadata.members().map(|p| p.id.as_str()).collect();
    let built = metadata.closure(&members, true);
    let mut faults = Vec::new();
    for package in metadata.packages.iter().filter(|p| built.contains(p.id.as_str())) {
        let fault = match package.license.as_deref() {
            None => Some("names no licence".to_owned()),
            Some(licence) => fault(&package.name, licence, &config.licenses),
        };
        faults.extend(fault.map(|f| format!("{} {}: {f}", package.name, package.version)));
    }
    faults.extend(
        config
            .licenses
            .exceptions
            .iter()
            .filter(|e| !is_slint(&e.name))
            .map(|e| format!("{}: exceptions are for Slint's crates", e.name)),
    );
    Ok(faults)
}

fn fault(name: &str, licence: &str, rules: &Licenses) -> Option<String> {
    let expression = match Expression::parse_mode(licence, ParseMode::LAX) {
        Ok(e) => e,
        Err(e) => return Some(format!("`{licence}` is no SPDX expression: {e}")),
    };
    let extra = rules.exceptions.iter().filter(|e| e.name == name).flat_map(|e| &e.allow);
    let allowed: Vec<&String> = rules.allow.iter().chain(extra).collect();
    let good = expression.evaluate(|requirement| allowed.iter().any(|a| **a == requirement.to_string()));
    (!good).then(|| format!("{licence} is not on the list in .cargo/deny.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences_are_weighed() {
        let rules = Licenses {
            allow: vec!["MIT".into(), "ISC".into(), "Apache-2.0 WITH LLVM-exception".into()],
            exceptions: vec![Exception { allow: vec!["GPL-3.0-only".into()], name: "slint".into() }],
        };
        for (name, licence, good) in [
            ("a", "MIT", true),
            ("a", "MIT OR GPL-3.0-only", true),
            ("a", "MIT/Apache-2.0", true),
            ("a", "GPL-3.0-only", false),
            ("a", "ISC AND GPL-2.0-only", false),
            ("a", "Apache-2.0 WITH LLVM-exception", true),
            ("a", "Apache-2.0", false),
            ("slint", "GPL-3.0-only OR LicenseRef-Slint-Royalty-free-2.0", true),
            ("a", "whatever we like", false),
        ] {
            assert_eq!(fault(name, licence, &rules).is_none(), good, "{name} under {licence}");
        }
    }
}
