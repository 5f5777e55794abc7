//! The remotes of `../shared/data/ir` (Flipper-IRDB), where they are: what was parsed decodes to itself; what was captured raw is counted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hearth_panel::ir::{Code, Protocol};

use super::listen::{ALL, Listener};
use super::{doubtful, heard_late, most_us};

/// `HEARTH_SHARED`, or `shared` beside or above the repository.
fn corpus() -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().skip(2).map(|dir| dir.join("shared"));
    std::env::var_os("HEARTH_SHARED")
        .map(PathBuf::from)
        .into_iter()
        .chain(above)
        .map(|dir| dir.join("data/ir/flipper-irdb"))
        .find(|dir| dir.is_dir())
}

enum Entry {
    Parsed(Code),
    Raw(Vec<u64>),
}

/// All entries of all files, with the file's name.
fn entries(dir: &Path, out: &mut Vec<(String, Entry)>) {
    let mut paths: Vec<_> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            entries(&path, out);
            continue;
        }
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        let (mut protocol, mut address) = (None, 0);
        for line in text.lines() {
            let Some((key, value)) = line.trim().split_once(':') else { continue };
            let entry = match key {
                "protocol" => {
                    protocol = ALL.into_iter().find(|p| p.name() == value.trim());
                    continue;
                }
                "address" => {
                    address = little_endian(value);
                    continue;
                }
                "command" => {
                    protocol.take().map(|protocol| Entry::Parsed(Code { protocol, address, command: little_endian(value) }))
                }
                "data" => Some(Entry::Raw(value.split_whitespace().map(|d| d.parse().unwrap()).collect())),
                _ => None,
            };
            out.extend(entry.map(|entry| (path.file_name().unwrap().to_string_lossy().into_owned(), entry)));
        }
    }
}

/// Four bytes in hex, the lowest first.
fn little_endian(text: &str) -> u32 {
    text.split_whitespace().rev().fold(0, |value, byte| value << 8 | u32::from_str_radix(byte, 16).unwrap())
}

#[test]
fn every_parsed_key_decodes_to_itself() {
    let Some(dir) = corpus() else {
        eprintln!("skipped: no ../shared/data/ir");
        return;
    };
    let mut all = Vec::new();
    entries(&dir, &mut all);
    let (mut keys, mut waited) = (0, 0);
    for (file, entry) in all {
        if let Entry::Parsed(code) = entry {
            let (codes, late) = heard_late(code, keys % 2 == 0);
            assert_eq!(codes, [code], "{file}");
            let in_time = late.is_some_and(|late| late <= most_us(code.protocol));
            assert!(in_time || doubtful(code), "{file}: {code:?} {late:?} us after the last edge");
            (keys, waited) = (keys + 1, waited + u32::from(!in_time));
        }
    }
    assert!(keys > 6_000, "{keys} keys: is the corpus whole?");
    println!("{keys} keys, {waited} of them told late: half of something longer looks like them");
}

/// Development or held-out, by device: the sum of the file name's bytes.
fn is_development(file: &str) -> bool {
    file.bytes().map(u32::from).sum::<u32>().is_multiple_of(2)
}

#[test]
#[ignore = "a report, not a check"]
fn raw_captures() {
    let Some(dir) = corpus() else { return };
    let mut all = Vec::new();
    entries(&dir, &mut all);
    let mut files: BTreeMap<(bool, String), BTreeMap<&str, u32>> = BTreeMap::new();
    for (file, entry) in all {
        let Entry::Raw(durations) = entry else { continue };
        let mut listener = Listener::default();
        let mut at = 1_000_000;
        for (i, us) in durations.iter().enumerate() {
            listener.edge(at, i % 2 == 0);
            at += us;
        }
        if durations.len() % 2 == 1 {
            listener.edge(at, false);
        }
        listener.wait(at + 150_000);
        let name = listener.codes().first().map_or("-", |code: &Code| Protocol::name(code.protocol));
        *files.entry((is_development(&file), file)).or_default().entry(name).or_default() += 1;
    }
    for ((development, file), counts) in files {
        println!("{} {file}: {counts:?}", if development { "dev " } else { "held" });
    }
}
