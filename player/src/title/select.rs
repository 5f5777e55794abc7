//! Which tracks and renditions of a presentation this player takes.

use crate::{Decoders, Limit, TextPreference, TrackInfo};
use hearth_isobmff::Codec;
use hearth_manifest::{Kind, Presentation, Rendition, Segments, TrackSet};

/// Renditions of one track set among which the player switches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ladder {
    /// Which period.
    pub(crate) period: usize,
    /// Which track set of it.
    pub(crate) set: usize,
    /// Which renditions, lowest rate first, one codec family.
    pub(crate) renditions: Vec<usize>,
}

/// The codec family in an RFC 6381 string for `kind`; none where the string does not say.
pub(crate) fn codec_of(codecs: &str, kind: Kind) -> Option<Codec> {
    codecs.split(',').find_map(|c| {
        let (codec, of) = match c.trim().split('.').next()? {
            "avc1" | "avc3" => (Codec::Avc, Kind::Video),
            "hvc1" | "hev1" => (Codec::Hevc, Kind::Video),
            "av01" => (Codec::Av1, Kind::Video),
            "vp09" | "vp9" => (Codec::Vp9, Kind::Video),
            "mp4a" => (Codec::Aac, Kind::Audio),
            "ac-3" => (Codec::Ac3, Kind::Audio),
            "ec-3" => (Codec::Eac3, Kind::Audio),
            "opus" | "Opus" => (Codec::Opus, Kind::Audio),
            _ => return None,
        };
        (of == kind).then_some(codec)
    })
}

fn installed(name: &str) -> bool {
    gstreamer::ElementFactory::find(name).is_some()
}

/// A decoder of the list is installed. What a manifest does not say is found out from the init segment.
fn playable(codec: Option<Codec>, decoders: &Decoders) -> bool {
    codec.is_none_or(|c| decoders.for_codec(c).iter().any(|name| installed(name)))
}

/// The decoder keeps up with it, as far as the manifest says what it is.
fn within(rendition: &Rendition, limit: &Limit) -> bool {
    // 29.97 and 30 are the same to a decoder.
    let fast = rendition.frame_rate.is_some_and(|fps| fps > f64::from(limit.fps) * 1.01);
    let large = rendition.width.is_some_and(|w| w > limit.width) || rendition.height.is_some_and(|h| h > limit.height);
    !fast && !large
}

/// Takes out what is too much for the decoder; where all of it is, the least is kept: a try is better than no picture.
fn limit(usable: &mut Vec<usize>, renditions: &[Rendition], limit: &Limit) {
    let fitting: Vec<usize> = usable.iter().copied().filter(|i| within(&renditions[*i], limit)).collect();
    if fitting.is_empty() {
        usable.truncate(1);
    } else {
        *usable = fitting;
    }
}

/// Order of preference among codec families of one track set, best first, where all can be played.
fn family_rank(codec: Option<Codec>) -> u8 {
    match codec {
        Some(Codec::Avc) => 0,
        Some(Codec::Hevc) => 1,
        Some(Codec::Vp9) => 2,
        Some(Codec::Av1) => 3,
        _ => 4,
    }
}

fn ladder(period: usize, set: usize, tracks: &TrackSet, decoders: &Decoders) -> Option<Ladder> {
    let codec = |r: &Rendition| codec_of(&r.codecs, tracks.kind);
    let mut usable: Vec<usize> =
        (0..tracks.renditions.len()).filter(|i| playable(codec(&tracks.renditions[*i]), decoders)).collect();
    let family = usable.iter().map(|i| codec(&tracks.renditions[*i])).min_by_key(|c| family_rank(*c))?;
    usable.retain(|i| codec(&tracks.renditions[*i]) == family);
    usable.sort_by_key(|i| tracks.renditions[*i].bandwidth);
    if let Some(most) = family.and_then(|c| decoders.limit(c, installed)) {
        limit(&mut usable, &tracks.renditions, most);
    }
    // More than the rule can hold: keep both ends and spread the rest.
    let most = hearth_abr::MAX_RENDITIONS;
    if usable.len() > most {
        usable = (0..most).map(|i| usable[i * (usable.len() - 1) / (most - 1)]).collect();
    }
    Some(Ladder { period, set, renditions: usable })
}

/// The main video of a period.
pub(crate) fn video(presentation: &Presentation, period: usize, decoders: &Decoders) -> Option<Ladder> {
    let tracks = &presentation.periods.get(period)?.tracks;
    let sets = tracks.iter().enumerate().filter(|(_, t)| t.kind == Kind::Video && !t.renditions.is_empty());
    let mut found: Vec<(usize, Ladder)> = sets.filter_map(|(i, t)| Some((i, ladder(period, i, t, decoders)?))).collect();
    found.sort_by_key(|(i, _)| {
        let t = &tracks[*i];
        let secondary = t.roles.iter().any(|r| r != "main");
        (secondary, !t.default, family_rank(t.renditions.first().and_then(|r| codec_of(&r.codecs, Kind::Video))))
    });
    found.into_iter().next().map(|(_, l)| l)
}

/// Audio track sets of a period that can go with `video`, in the manifest's order.
fn audio_sets(presentation: &Presentation, period: usize, video: Option<&Ladder>) -> Vec<usize> {
    let Some(period) = presentation.periods.get(period) else { return Vec::new() };
    let all: Vec<usize> = (0..period.tracks.len())
        .filter(|i| period.tracks[*i].kind == Kind::Audio && !period.tracks[*i].renditions.is_empty())
        .collect();
    let top = video.and_then(|v| period.tracks.get(v.set)?.renditions.get(*v.renditions.last()?));
    let Some(group) = top.and_then(|r| r.audio_group.as_ref()) else { return all };
    let in_group: Vec<usize> = all
        .iter()
        .copied()
        .filter(|i| period.tracks[*i].id.strip_prefix(group.as_str()).is_some_and(|r| r.starts_with('/')))
        .collect();
    if in_group.is_empty() { all } else { in_group }
}

/// The audio for `video`: `wanted` by ID if it is there, else by language, else the default one.
pub(crate) fn audio(
    presentation: &Presentation,
    period: usize,
    video: Option<&Ladder>,
    wanted: Option<&str>,
    language: Option<&str>,
    decoders: &Decoders,
) -> Option<Ladder> {
    let tracks = &presentation.periods.get(period)?.tracks;
    let mut sets = audio_sets(presentation, period, video);
    sets.sort_by_key(|i| {
        let t = &tracks[*i];
        let is_wanted = wanted.is_some_and(|w| t.id == w);
        let speaks = language.is_some_and(|l| same_language(l, t.language.as_deref()));
        let secondary = t.roles.iter().any(|r| matches!(r.as_str(), "commentary" | "description" | "alternate"));
        (!is_wanted, !speaks, secondary, !t.default)
    });
    sets.into_iter().find_map(|set| ladder(period, set, &tracks[set], decoders))
}

/// The same primary language (RFC 5646 §2.2.1).
fn same_language(a: &str, b: Option<&str>) -> bool {
    let primary = |l: &str| l.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    b.is_some_and(|b| primary(a) == primary(b))
}

/// What captions are chosen by.
pub(crate) struct TextWish<'a> {
    pub(crate) preference: &'a TextPreference,
    /// Language of the sound.
    pub(crate) spoken: Option<&'a str>,
}

fn is_forced(t: &TrackSet) -> bool {
    t.roles.iter().any(|r| r == "forced-subtitle" || r == "forced_subtitle")
}

/// The rendition of a text track that can be drawn: neither pictures (IMSC's image profile) nor what is inside the video (CEA-608).
fn drawable(t: &TrackSet) -> Option<usize> {
    let pictures = |r: &Rendition| r.codecs.contains("im1i") || r.codecs.contains("im2i");
    let empty = |r: &Rendition| matches!(&r.segments, Segments::List { segments } if segments.is_empty());
    t.renditions.iter().position(|r| !pictures(r) && !empty(r)).filter(|_| t.kind == Kind::Text)
}

/// The captions of a period; none: none are to be shown.
pub(crate) fn text(presentation: &Presentation, period: usize, wish: &TextWish<'_>) -> Option<Ladder> {
    let tracks = &presentation.periods.get(period)?.tracks;
    let all = || tracks.iter().enumerate().filter_map(|(set, t)| Some((set, t, drawable(t)?)));
    let of_language = |language: &str| {
        let fits = all().filter(|(_, t, _)| !is_forced(t) && same_language(language, t.language.as_deref()));
        fits.min_by_key(|(_, t, _)| {
            let exact = t.language.as_deref().is_some_and(|l| l.eq_ignore_ascii_case(language));
            (t.roles.iter().any(|r| r == "caption"), !exact, !t.default)
        })
    };
    let asked = match wish.preference {
        TextPreference::Off => None,
        // DASH's role `main` says no more than that there are several.
        TextPreference::Auto if presentation.format == hearth_manifest::Format::Hls => {
            all().find(|(_, t, _)| t.default && !is_forced(t))
        }
        TextPreference::Auto => None,
        TextPreference::Language { language } => of_language(language),
        TextPreference::Track { id, language } => {
            all().find(|(_, t, _)| t.id == *id).or_else(|| of_language(language.as_deref()?))
        }
    };
    let forced = || all().find(|(_, t, _)| is_forced(t) && wish.spoken.is_none_or(|s| same_language(s, t.language.as_deref())));
    let (set, _, rendition) = asked.or_else(forced)?;
    Some(Ladder { period, set, renditions: vec![rendition] })
}

/// Tracks that a viewer can choose: of the first period, audio that goes with `video`, captions that are not forced on everyone. `text`: the
/// captions in use.
pub(crate) fn tracks(
    presentation: &Presentation,
    video: Option<&Ladder>,
    audio: Option<&Ladder>,
    text: Option<&str>,
) -> Vec<TrackInfo> {
    let Some(period) = presentation.periods.first() else { return Vec::new() };
    let info = |i: usize, kind: &str, active: bool, number: usize| {
        let t = &period.tracks[i];
        let label = t.label.clone().or_else(|| t.language.clone()).unwrap_or_else(|| format!("{kind} {number}"));
        TrackInfo { id: t.id.clone(), kind: kind.into(), language: t.language.clone(), label, active, roles: t.roles.clone() }
    };
    let mut all: Vec<TrackInfo> = video.iter().map(|v| info(v.set, "video", true, 1)).collect();
    let sets = audio_sets(presentation, 0, video);
    all.extend(sets.iter().enumerate().map(|(n, i)| info(*i, "audio", audio.is_some_and(|a| a.set == *i), n + 1)));
    let captions = (0..period.tracks.len()).filter(|i| drawable(&period.tracks[*i]).is_some() && !is_forced(&period.tracks[*i]));
    all.extend(captions.enumerate().map(|(n, i)| info(i, "text", text == Some(&*period.tracks[i].id), n + 1)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use hearth_manifest::{Format, Period};

    fn captions(id: &str, language: &str, roles: &[&str], default: bool) -> TrackSet {
        let rendition = Rendition { segments: Segments::Playlist { url: "a".into() }, ..Rendition::default() };
        TrackSet {
            language: Some(language.into()),
            roles: roles.iter().map(|r| (*r).into()).collect(),
            default,
            renditions: vec![rendition],
            ..TrackSet::new(id, Kind::Text)
        }
    }

    #[test]
    fn captions_by_the_viewers_wish() {
        let in_video = TrackSet { renditions: vec![Rendition::default()], ..captions("608", "en", &[], true) };
        let sets = [
            in_video,
            captions("en-sdh", "en", &["caption"], false),
            captions("en", "en-GB", &[], false),
            captions("de", "de", &[], true),
            captions("en-forced", "en", &["forced-subtitle"], false),
            captions("fr-forced", "fr", &["forced-subtitle"], false),
        ];
        let language = |l: &str| TextPreference::Language { language: l.into() };
        let track = |id: &str, l: &str| TextPreference::Track { id: id.into(), language: Some(l.into()) };
        let check = |format, preference: TextPreference, spoken: Option<&str>, expected: Option<&str>| {
            let periods = vec![Period { tracks: sets.to_vec(), ..Period::default() }];
            let presentation = Presentation { format, periods, ..Presentation::default() };
            let found = text(&presentation, 0, &TextWish { preference: &preference, spoken });
            assert_eq!(found.map(|l| &*sets[l.set].id), expected, "{preference:?} {spoken:?}");
        };
        check(Format::Hls, TextPreference::Auto, Some("en"), Some("de"));
        check(Format::Dash, TextPreference::Auto, Some("it"), None);
        check(Format::Hls, TextPreference::Off, Some("en-US"), Some("en-forced"));
        check(Format::Hls, TextPreference::Off, Some("fr"), Some("fr-forced"));
        check(Format::Hls, TextPreference::Off, Some("it"), None);
        check(Format::Hls, language("en"), Some("it"), Some("en"));
        check(Format::Hls, language("en-gb"), Some("it"), Some("en"));
        check(Format::Hls, language("en-US"), Some("it"), Some("en"));
        check(Format::Hls, language("es"), Some("it"), None);
        check(Format::Hls, track("en-sdh", "en"), None, Some("en-sdh"));
        check(Format::Hls, track("gone", "de"), None, Some("de"));
    }

    fn rendition(height: u32, fps: f64) -> Rendition {
        let (width, height) = (Some(height * 16 / 9), Some(height));
        Rendition { width, height, frame_rate: Some(fps), ..Rendition::default() }
    }

    #[test]
    fn a_decoder_gets_no_more_than_it_can_do() {
        let most = Limit { element: "dec".into(), width: 640, height: 360, fps: 30 };
        let check = |list: &[(u32, f64)], expected: &[usize]| {
            let renditions: Vec<Rendition> = list.iter().map(|(height, fps)| rendition(*height, *fps)).collect();
            let mut usable: Vec<usize> = (0..renditions.len()).collect();
            limit(&mut usable, &renditions, &most);
            assert_eq!(usable, expected, "{list:?}");
        };
        check(&[(144, 25.0), (360, 29.97), (720, 25.0)], &[0, 1]);
        check(&[(360, 30.0), (360, 50.0)], &[0]);
        check(&[(720, 25.0), (1080, 25.0)], &[0]);
        check(&[], &[]);
    }

    #[test]
    fn the_limit_is_that_of_the_decoder_in_use() {
        let of = |element: &str, height| Limit { element: element.into(), width: 4096, height, fps: 60 };
        let limits = vec![of("hard", 2160), of("soft", 360)];
        let decoders = Decoders { avc: vec!["hard".into(), "soft".into()], limits, ..Decoders::default() };
        let height = |there: &[&str]| decoders.limit(Codec::Avc, |n| there.contains(&n)).map(|l| l.height);
        assert_eq!(height(&["hard", "soft"]), Some(2160));
        assert_eq!(height(&["soft"]), Some(360));
        assert_eq!(height(&[]), None);
    }
}
