//! What RFC 6381 codec strings name: pictures, sound or text.
use crate::Kind;

/// The kind of one codec string, if known.
pub(crate) fn kind(codec: &str) -> Option<Kind> {
    let four = codec.trim().split('.').next().unwrap_or("");
    Some(match four {
        "avc1" | "avc2" | "avc3" | "avc4" | "hvc1" | "hev1" | "dvh1" | "dvhe" | "dva1" | "dvav" | "dav1" | "av01" | "vp08"
        | "vp09" | "vp8" | "vp9" | "vvc1" | "vvi1" | "mp4v" | "lvc1" => Kind::Video,
        "mp4a" | "ac-3" | "ec-3" | "ac-4" | "dtsc" | "dtse" | "dtsh" | "dtsl" | "dtsx" | "opus" | "Opus" | "fLaC" | "flac"
        | "alac" | "mhm1" | "mha1" | "iamf" | "vorbis" => Kind::Audio,
        "stpp" | "wvtt" | "tx3g" | "c608" | "c708" => Kind::Text,
        _ => return None,
    })
}

/// What decides whether one decoder takes both: the sample entry, by one name for those that differ in where parameter sets are.
pub(crate) fn family(codecs: &str) -> &str {
    match codecs.split(['.', ',']).next().unwrap_or("").trim() {
        "avc3" => "avc1",
        "hev1" => "hvc1",
        four => four,
    }
}

/// Only those of `codecs` whose kind `keep` says yes to.
pub(crate) fn filter(codecs: &str, keep: impl Fn(Option<Kind>) -> bool) -> String {
    let kept: Vec<&str> = codecs.split(',').map(str::trim).filter(|c| !c.is_empty() && keep(kind(c))).collect();
    kept.join(",")
}

/// Whether any of `codecs` is of this kind.
pub(crate) fn has(codecs: &str, wanted: Kind) -> bool {
    codecs.split(',').any(|c| kind(c) == Some(wanted))
}
