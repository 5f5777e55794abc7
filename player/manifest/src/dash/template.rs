//! `$Number%05d$` and its sisters (ISO 23009-1 §5.3.9.4.4), both ways.

/// What a template's identifiers stand for.
pub(super) struct Values<'a> {
    pub id: &'a str,
    pub bandwidth: u64,
    pub number: u64,
    pub time: u64,
}

/// Puts the values in. What is no identifier stays as it stands.
pub(super) fn expand(template: &str, v: &Values<'_>) -> String {
    let mut out = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let Some((inner, tail)) = after.split_once('$') else {
            out.push('$');
            out.push_str(after);
            return out;
        };
        rest = tail;
        let (name, format) = inner.split_once('%').map_or((inner, None), |(n, f)| (n, Some(f)));
        let value = match name {
            "" if format.is_none() => {
                out.push('$');
                continue;
            }
            "RepresentationID" if format.is_none() => {
                out.push_str(v.id);
                continue;
            }
            "Number" => v.number,
            "Bandwidth" => v.bandwidth,
            "Time" => v.time,
            _ => {
                out.push('$');
                out.push_str(inner);
                out.push('$');
                continue;
            }
        };
        out.push_str(&number(value, format));
    }
    out.push_str(rest);
    out
}

/// `%0[width]d`, and the `x`, `X`, `o` that later editions and other players take. Widths are honoured up to 32.
fn number(value: u64, format: Option<&str>) -> String {
    let Some(f) = format else { return value.to_string() };
    let (spec, kind) = match f.char_indices().next_back() {
        Some((i, c @ ('d' | 'i' | 'u' | 'x' | 'X' | 'o'))) => (&f[..i], c),
        _ => (f, 'd'),
    };
    let width = spec.parse::<usize>().unwrap_or(0).min(32);
    match kind {
        'x' => format!("{value:0width$x}"),
        'X' => format!("{value:0width$X}"),
        'o' => format!("{value:0width$o}"),
        _ => format!("{value:0width$}"),
    }
}

/// A template that gives each of `urls` for its number, or `None`. The numbers must follow each other.
pub(super) fn find<'a>(urls: impl Iterator<Item = (u64, &'a str)> + Clone) -> Option<String> {
    let (first, url) = urls.clone().next()?;
    if urls.clone().enumerate().any(|(i, (n, _))| first.checked_add(i as u64) != Some(n)) {
        return None;
    }
    let mut at = 0;
    // Runs of digits, the last first: that is where numbers mostly stand.
    let mut runs = Vec::new();
    while let Some(start) = url[at..].find(|c: char| c.is_ascii_digit()).map(|i| at + i) {
        let end = url[start..].find(|c: char| !c.is_ascii_digit()).map_or(url.len(), |i| start + i);
        runs.push((start, end));
        at = end;
    }
    let escape = |s: &str| s.replace('$', "$$");
    for (start, end) in runs.into_iter().rev() {
        let digits = &url[start..end];
        if digits.parse() != Ok(first) {
            continue;
        }
        let padded = if digits.len() > 1 && digits.starts_with('0') { format!("%0{}d", digits.len()) } else { String::new() };
        for format in [padded, format!("%0{}d", digits.len())] {
            let template = format!("{}$Number{format}${}", escape(&url[..start]), escape(&url[end..]));
            let fits = |n: u64, u: &str| expand(&template, &Values { id: "", bandwidth: 0, number: n, time: 0 }) == u;
            if urls.clone().all(|(n, u)| fits(n, u)) {
                return Some(template);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expands() {
        let check = |t: &str, want: &str| {
            assert_eq!(expand(t, &Values { id: "v1", bandwidth: 800, number: 7, time: 90_000 }), want, "{t}")
        };
        check("$RepresentationID$/$Number%05d$.m4s", "v1/00007.m4s");
        check("$Bandwidth$-$Time$.mp4", "800-90000.mp4");
        check("a$$b", "a$b");
        check("$Number%d$", "7");
        check("$Time%08x$", "00015f90");
        check("$Nope$ $Number$", "$Nope$ 7");
        check("open $Number", "open $Number");
        check("$Number%09999999999d$", "00000000000000000000000000000007");
        check("$Number%é$", "7");
    }

    #[test]
    fn finds() {
        let check =
            |urls: &[(u64, &str)], want: Option<&str>| assert_eq!(find(urls.iter().copied()).as_deref(), want, "{urls:?}");
        check(&[(1, "v/1.m4s"), (2, "v/2.m4s")], Some("v/$Number$.m4s"));
        check(&[(1, "1/1.m4s"), (2, "1/2.m4s")], Some("1/$Number$.m4s"));
        check(&[(9, "seg-9"), (10, "seg-10")], Some("seg-$Number$"));
        check(&[(9, "seg-009"), (10, "seg-010")], Some("seg-$Number%03d$"));
        check(&[(0, "$0?x=$"), (1, "$1?x=$")], Some("$$$Number$?x=$$"));
        check(&[(1, "1/a"), (2, "2/a")], Some("$Number$/a"));
        check(&[(1, "a1"), (3, "a3")], None);
        check(&[(1, "a"), (2, "b")], None);
        check(&[(5, "x4"), (6, "x5")], None);
        check(&[], None);
    }
}
