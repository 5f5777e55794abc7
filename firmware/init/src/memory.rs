//! Memory of the programs, from the kernel's sums. Pure.

/// Proportional set size in KiB, from `/proc/<pid>/smaps_rollup`.
pub fn pss_kib(rollup: &str) -> Option<u64> {
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// `total-pss-kib=… launcher-pss-kib=…`.
pub fn line(all: impl Iterator<Item = (i32, u64)>, launcher: Option<i32>) -> String {
    let (mut total, mut of_launcher) = (0u64, None);
    for (pid, kib) in all {
        total = total.saturating_add(kib);
        if Some(pid) == launcher {
            of_launcher = Some(kib);
        }
    }
    let of_launcher = of_launcher.map_or_else(|| "-".to_owned(), |kib| kib.to_string());
    format!("total-pss-kib={total} launcher-pss-kib={of_launcher}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums() {
        let check = |text, expected| assert_eq!(pss_kib(text), expected);
        check("aaaa-ffff ---p 00000000 00:00 0  [rollup]\nRss:  3000 kB\nPss:      1234 kB\nPss_Dirty: 5 kB\n", Some(1234));
        check("Rss: 1 kB\n", None);
        check("", None);
        assert_eq!(line([(1, 100), (7, 900)].into_iter(), Some(7)), "total-pss-kib=1000 launcher-pss-kib=900");
        assert_eq!(line([(1, 100)].into_iter(), Some(7)), "total-pss-kib=100 launcher-pss-kib=-");
    }
}
