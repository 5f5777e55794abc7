//! The bill of materials: SPDX 2.3, every Debian package that gave a file and every crate that was linked.
use super::inputs::{Deb, Inputs, LinkedCrate};
use anyhow::Result;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The document.
pub fn document(inputs: &Inputs) -> Result<Value> {
    let Inputs { board, version, build_id, epoch, debs, crates, .. } = inputs;
    let name = format!("hearth-{}-{version}", board.id);
    let mut foreign = BTreeMap::new();
    let image = json!({
        "SPDXID": "SPDXRef-Image", "name": name, "versionInfo": version, "downloadLocation": "NOASSERTION", "filesAnalyzed": false,
        "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION", "copyrightText": "NOASSERTION", "primaryPackagePurpose": "FIRMWARE",
    });
    let mut packages = vec![image];
    packages.extend(debs.iter().map(|deb| debian(deb, &board.target.debian_arch, &mut foreign)));
    packages.extend(crates.iter().map(cargo));
    let contains =
        |p: &Value| json!({"spdxElementId": "SPDXRef-Image", "relationshipType": "CONTAINS", "relatedSpdxElement": p["SPDXID"]});
    let mut relations = vec![
        json!({"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-Image"}),
    ];
    relations.extend(packages.iter().skip(1).map(contains));
    let text = |(id, name): (&String, &String)| json!({"licenseId": id, "name": name, "extractedText": format!("{name}: see /usr/share/licenses in the image")});
    Ok(json!({
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": name,
        "documentNamespace": format!("urn:hearth:spdx:{name}:{build_id}"),
        "creationInfo": {"created": time(*epoch), "creators": [format!("Tool: hearth-xtask-{}", env!("CARGO_PKG_VERSION"))]},
        "packages": packages, "relationships": relations,
        "hasExtractedLicensingInfos": foreign.iter().map(text).collect::<Vec<_>>(),
    }))
}

fn debian(deb: &Deb, architecture: &str, foreign: &mut BTreeMap<String, String>) -> Value {
    let copyright = deb.copyright.as_ref().and_then(|path| std::fs::read(path).ok()).unwrap_or_default();
    let names = licences(&String::from_utf8_lossy(&copyright));
    let declared: BTreeSet<String> = names.iter().map(|name| spdx_of(name, foreign)).collect();
    let declared =
        if declared.is_empty() { "NOASSERTION".to_owned() } else { declared.into_iter().collect::<Vec<_>>().join(" AND ") };
    json!({
        "SPDXID": format!("SPDXRef-deb-{}", plain(&deb.name)), "name": deb.name, "versionInfo": deb.version, "supplier": "Organization: Debian",
        "sourceInfo": format!("built from Debian's source package {}", deb.source),
        "downloadLocation": "NOASSERTION", "filesAnalyzed": false, "checksums": [{"algorithm": "SHA256", "checksumValue": deb.sha256}],
        "licenseConcluded": "NOASSERTION", "licenseDeclared": declared, "copyrightText": "NOASSERTION",
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
            "referenceLocator": format!("pkg:deb/debian/{}@{}?arch={architecture}", encoded(&deb.name), encoded(&deb.version))}],
    })
}

fn cargo(linked: &LinkedCrate) -> Value {
    let licence = match spdx::Expression::parse(&linked.licence) {
        Ok(_) => linked.licence.clone(),
        Err(_) => match linked.licence.replace('/', " OR ") {
            either if spdx::Expression::parse(&either).is_ok() => either,
            _ => "NOASSERTION".to_owned(),
        },
    };
    json!({
        "SPDXID": format!("SPDXRef-crate-{}-{}", plain(&linked.name), plain(&linked.version)), "name": linked.name, "versionInfo": linked.version,
        "downloadLocation": "NOASSERTION", "filesAnalyzed": false, "licenseConcluded": "NOASSERTION", "licenseDeclared": licence, "copyrightText": "NOASSERTION",
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
            "referenceLocator": format!("pkg:cargo/{}@{}", linked.name, encoded(&linked.version))}],
    })
}

/// The short names of licences in a machine-readable copyright file; none in an older one.
fn licences(copyright: &str) -> BTreeSet<String> {
    if !copyright.lines().next().is_some_and(|line| line.to_lowercase().starts_with("format")) {
        return BTreeSet::new();
    }
    let names = copyright.lines().filter_map(|line| line.strip_prefix("License:")).flat_map(|names| {
        let names = names.replace(" and/or ", ",").replace(" or ", ",").replace(" and ", ",");
        names.split(',').map(|n| n.trim().to_owned()).collect::<Vec<_>>()
    });
    names.filter(|name| !name.is_empty()).collect()
}

/// SPDX's name of what Debian calls a licence; one of our own where SPDX has none.
fn spdx_of(debian: &str, foreign: &mut BTreeMap<String, String>) -> String {
    let known = match debian.to_lowercase().as_str() {
        "expat" | "mit" => "MIT",
        "bsd-2-clause" => "BSD-2-Clause",
        "bsd-3-clause" => "BSD-3-Clause",
        "apache-2.0" | "apache-2" => "Apache-2.0",
        "isc" => "ISC",
        "zlib" => "Zlib",
        "gpl-1+" => "GPL-1.0-or-later",
        "gpl-2" | "gpl-2.0" => "GPL-2.0-only",
        "gpl-2+" | "gpl-2.0+" => "GPL-2.0-or-later",
        "gpl-3" | "gpl-3.0" => "GPL-3.0-only",
        "gpl-3+" | "gpl-3.0+" => "GPL-3.0-or-later",
        "lgpl-2" | "lgpl-2.0" => "LGPL-2.0-only",
        "lgpl-2+" | "lgpl-2.0+" => "LGPL-2.0-or-later",
        "lgpl-2.1" => "LGPL-2.1-only",
        "lgpl-2.1+" => "LGPL-2.1-or-later",
        "lgpl-3" | "lgpl-3.0" => "LGPL-3.0-only",
        "lgpl-3+" | "lgpl-3.0+" => "LGPL-3.0-or-later",
        "mpl-2.0" => "MPL-2.0",
        "cc0" | "cc0-1.0" => "CC0-1.0",
        _ => {
            let id = format!("LicenseRef-Debian-{}", plain(debian));
            foreign.insert(id.clone(), debian.to_owned());
            return id;
        }
    };
    known.to_owned()
}

/// What SPDX identifiers may have.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect()
}

/// As in package URLs.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() || b".-_~".contains(&b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// `2026-11-22T00:00:00Z` of seconds since 1970: days to civil date as H. Hinnant has it.
fn time(epoch: u64) -> String {
    let (days, rest) = (epoch / 86400, epoch % 86400);
    let z = days + 719_468;
    let (era, day_of_era) = (z / 146_097, z % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let check = |epoch, expected: &str| assert_eq!(time(epoch), expected);
        check(0, "1970-01-01T00:00:00Z");
        check(951_782_400, "2000-02-29T00:00:00Z");
        check(1_700_000_000, "2023-11-14T22:13:20Z");
        check(4_107_542_399, "2100-02-28T23:59:59Z");
    }

    #[test]
    fn debian_licences() {
        let text = "Format: https://x/\nFiles: *\nLicense: GPL-2+ and Expat\n\nFiles: y\nLicense: LGPL-2.1+ or Odd thing\nLicense: Expat\n";
        let mut foreign = BTreeMap::new();
        let names: Vec<String> = licences(text).iter().map(|n| spdx_of(n, &mut foreign)).collect();
        assert_eq!(names.join(", "), "MIT, GPL-2.0-or-later, LGPL-2.1-or-later, LicenseRef-Debian-Odd-thing");
        assert_eq!(foreign["LicenseRef-Debian-Odd-thing"], "Odd thing");
        assert!(licences("This package was debianized by\nLicense: x").is_empty());
    }

    #[test]
    fn crates_and_packages() {
        let licence = |text: &str| cargo(&LinkedCrate { name: "a".into(), version: "1.0.0+b".into(), licence: text.into() });
        assert_eq!(licence("MIT OR Apache-2.0")["licenseDeclared"], "MIT OR Apache-2.0");
        assert_eq!(licence("MIT/Apache-2.0")["licenseDeclared"], "MIT OR Apache-2.0");
        assert_eq!(licence("whatever")["licenseDeclared"], "NOASSERTION");
        assert_eq!(licence("MIT")["externalRefs"][0]["referenceLocator"], "pkg:cargo/a@1.0.0%2Bb");
        let deb = Deb {
            name: "libstdc++6".into(),
            version: "1:2-3".into(),
            sha256: "00".into(),
            source: "gcc-14".into(),
            copyright: None,
        };
        let package = debian(&deb, "arm64", &mut BTreeMap::new());
        assert_eq!(package["externalRefs"][0]["referenceLocator"], "pkg:deb/debian/libstdc%2B%2B6@1%3A2-3?arch=arm64");
        assert_eq!((&package["SPDXID"], &package["licenseDeclared"]), (&json!("SPDXRef-deb-libstdc--6"), &json!("NOASSERTION")));
    }
}
