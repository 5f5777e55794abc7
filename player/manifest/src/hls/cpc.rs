//! `ALLOWED-CPC` of `EXT-X-STREAM-INF` (RFC 8216bis §4.4.6.2), both ways: `KEYFORMAT:LABEL/LABEL,…`.
use crate::Robustness;
use crate::protection::{system_name, uuid};

/// Systems, and levels of one, that are heeded.
const MOST: usize = 16;

/// The levels that each key format asks for. A format without labels asks for none.
pub(super) fn read(list: &str) -> Vec<Robustness> {
    let one = |entry: &str| {
        // Key formats may have colons, labels have none.
        let (format, labels) = entry.rsplit_once(':')?;
        let levels: Vec<String> =
            labels.split('/').map(str::trim).filter(|l| !l.is_empty()).take(MOST).map(str::to_string).collect();
        (!levels.is_empty()).then(|| Robustness { system: system_name(format), levels })
    };
    list.split(',').filter_map(one).take(MOST).collect()
}

/// The attribute's value, without its quotes.
pub(super) fn write(said: &[Robustness]) -> String {
    let one = |r: &Robustness| {
        let format = uuid(&r.system).map_or_else(|| r.system.clone(), |id| format!("urn:uuid:{id}"));
        format!("{format}:{}", r.levels.join("/"))
    };
    said.iter().map(one).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        let check = |list: &str, expected: &[(&str, &[&str])]| {
            let got = read(list);
            let seen: Vec<(&str, Vec<&str>)> =
                got.iter().map(|r| (&*r.system, r.levels.iter().map(|l| &**l).collect())).collect();
            let expected: Vec<(&str, Vec<&str>)> = expected.iter().map(|(s, l)| (*s, l.to_vec())).collect();
            assert_eq!(seen, expected, "{list}");
            assert_eq!(read(&write(&got)), got);
        };
        check("", &[]);
        check(
            "com.example.drm1:SMART-TV/PC,com.example.drm2:HW",
            &[("com.example.drm1", &["SMART-TV", "PC"]), ("com.example.drm2", &["HW"])],
        );
        let widevine = "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed";
        check("urn:uuid:EDEF8BA9-79D6-4ACE-A3C8-27DCD51D21ED:HW-SECURE-ALL", &[(widevine, &["HW-SECURE-ALL"])]);
        check("com.example:, ,nonsense,x:/A//", &[("x", &["A"])]);
        assert_eq!(read(&"a:B,".repeat(1000)).len(), MOST);
        assert_eq!(read(&format!("a:{}", "B/".repeat(1000)))[0].levels.len(), MOST);
    }
}
