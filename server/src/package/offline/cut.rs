//! Where segments begin: at key frames that all video tracks have in common, so that a player can switch at every segment.

use super::input::Input;
use super::refuse;
use crate::Result;
use hearth_isobmff::TrackKind;

/// For each input the first sample of every segment, ascending, beginning with 0.
pub(super) fn cuts(inputs: &[Input], seconds: f64) -> Result<Vec<Vec<usize>>> {
    let length = (seconds * 1e6) as i64;
    let videos: Vec<&Input> = inputs.iter().filter(|i| i.track.kind == TrackKind::Video).collect();
    let times = match videos.first() {
        None => Vec::new(),
        Some(first) => {
            let keys: Vec<Vec<i64>> = videos.iter().map(|v| sync_times(v)).collect();
            let tolerance = tolerance(first);
            let common = keys[0].iter().copied().filter(|t| keys.iter().all(|k| has(k, *t, tolerance))).collect::<Vec<_>>();
            check(&videos, &keys, &common, length)?;
            choose(&common, length)
        }
    };
    Ok(inputs.iter().map(|input| split(input, &times, length)).collect())
}

fn sync_times(input: &Input) -> Vec<i64> {
    let mut times: Vec<i64> = input.samples.iter().filter(|s| s.sync).map(|s| input.us(s.pts)).collect();
    times.sort_unstable();
    times
}

/// Half a picture.
fn tolerance(input: &Input) -> i64 {
    input.samples.first().map_or(1000, |s| input.us(s.duration.into()) / 2).max(1000)
}

fn has(sorted: &[i64], time: i64, tolerance: i64) -> bool {
    let at = sorted.partition_point(|t| *t < time - tolerance);
    sorted.get(at).is_some_and(|t| *t <= time + tolerance)
}

/// The first time, then each first one that is at least `length` after the last.
fn choose(times: &[i64], length: i64) -> Vec<i64> {
    let mut chosen: Vec<i64> = Vec::new();
    for &time in times {
        if chosen.last().is_none_or(|last| time - last >= length - 1000) {
            chosen.push(time);
        }
    }
    chosen
}

/// Segments that come out far longer than each track alone would allow mean that key frames are not aligned.
fn check(videos: &[&Input], keys: &[Vec<i64>], common: &[i64], length: i64) -> Result<()> {
    let end = videos.iter().flat_map(|v| v.samples.iter().map(|s| v.us(s.pts + i64::from(s.duration)))).max().unwrap_or(0);
    let longest = |times: &[i64]| {
        let mut chosen = choose(times, length);
        chosen.push(end);
        chosen.windows(2).map(|w| (w[1] - w[0], w[0])).max().unwrap_or((end, 0))
    };
    let alone = keys.iter().map(|k| longest(k).0).max().unwrap_or(0);
    let (joint, from) = longest(common);
    if common.is_empty() || joint > alone.max(length) + length / 2 {
        let names: Vec<String> = videos.iter().map(|v| v.name()).collect();
        return Err(refuse(format!(
            "key frames are not aligned: after {:.3} s the video tracks have none in common for {:.3} s ({}); encode them with the same fixed key frame interval (ffmpeg: -force_key_frames 'expr:gte(t,n_forced*2)')",
            from as f64 / 1e6,
            joint as f64 / 1e6,
            names.join(", ")
        )));
    }
    Ok(())
}

/// Cuts one track at `times`; without any (no video), every `length`.
fn split(input: &Input, times: &[i64], length: i64) -> Vec<usize> {
    let mut cuts = vec![0];
    let video = input.track.kind == TrackKind::Video;
    let mut next = 1;
    let mut due = input.samples.first().map_or(0, |s| input.us(s.pts)) + length;
    for (i, s) in input.samples.iter().enumerate().skip(1) {
        let wanted = if times.is_empty() { Some(due) } else { times.get(next).copied() };
        let Some(wanted) = wanted else { break };
        // The sample that begins nearest to the cut.
        let half = input.us(s.duration.into()) / 2;
        if input.us(s.pts) + half >= wanted && (s.sync || !video) {
            cuts.push(i);
            due += length;
            while times.get(next).is_some_and(|t| *t <= input.us(s.pts) + half) {
                next += 1;
            }
        }
    }
    cuts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_are_at_least_a_segment_apart() {
        for (times, length, want) in [
            (&[0, 1_000_000, 2_000_000, 3_000_000, 4_000_000][..], 2_000_000, &[0, 2_000_000, 4_000_000][..]),
            (&[0, 1_500_000, 3_000_000, 4_500_000], 2_000_000, &[0, 3_000_000]),
            (&[40_000, 2_039_500], 2_000_000, &[40_000, 2_039_500]),
            (&[], 1, &[]),
        ] {
            assert_eq!(choose(times, length), want, "{times:?} by {length}");
        }
    }

    #[test]
    fn nearly_the_same_time_is_the_same() {
        for (time, want) in
            [(2_000_000, true), (2_009_000, true), (1_990_001, true), (2_050_000, false), (0, true), (9_000_000, false)]
        {
            assert_eq!(has(&[0, 2_000_000, 4_000_000], time, 10_000), want, "{time}");
        }
    }
}
