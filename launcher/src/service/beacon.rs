//! What init is told, and when: decided from what was seen, without a clock or a socket.

use crate::platform::Tally;
use std::time::Duration;

/// init takes a launcher that says nothing for long for hung.
const ALIVE: Duration = Duration::from_secs(2);
/// Frames are counted to it so often while a film plays.
const PRESENTED: Duration = Duration::from_secs(1);

/// How things are after a turn of the loop.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// What has reached the display.
    pub tally: Tally,
    /// The home screen has its titles.
    pub home: bool,
    /// The server that answers.
    pub origin: Option<String>,
    /// The device's ID, once a server has taken its token.
    pub signed_in: Option<String>,
    /// The film that is to be seen: session and title.
    pub film: Option<(u32, String)>,
    /// The self-check ended just now.
    pub selfcheck: Option<Result<(), String>>,
}

/// What was told so far.
#[derive(Debug, Default)]
pub struct Beacons {
    first_frame: bool,
    /// Frames when the home screen's titles came; the next one shows them.
    home: Option<u64>,
    home_told: bool,
    origin: Option<String>,
    signed_in: bool,
    film: Option<Film>,
    alive: Option<Duration>,
}

#[derive(Debug)]
struct Film {
    session: u32,
    /// Pictures before it.
    before: u64,
    /// When it was last told of; none: no picture of it has been seen.
    told: Option<Duration>,
}

impl Beacons {
    /// What to tell now: `NAME=value`.
    pub fn due(&mut self, seen: Seen, now: Duration) -> Vec<String> {
        let mut out = Vec::new();
        if !self.first_frame && seen.tally.frames > 0 {
            self.first_frame = true;
            out.push("UI_FIRST_FRAME=1".to_owned());
        }
        if let Some(result) = seen.selfcheck {
            out.push(match result {
                Ok(()) => "SELFCHECK=ok".to_owned(),
                Err(why) => format!("SELFCHECK=failed: {}", line(&why)),
            });
        }
        if seen.origin != self.origin {
            self.origin = seen.origin;
            out.extend(self.origin.iter().map(|o| format!("ORIGIN={}", line(o))));
        }
        if let Some(device) = seen.signed_in.filter(|_| !self.signed_in) {
            self.signed_in = true;
            out.push(format!("SIGNED_IN={}", line(&device)));
        }
        if seen.home && !self.home_told {
            let at = *self.home.get_or_insert(seen.tally.frames);
            if seen.tally.frames > at {
                self.home_told = true;
                out.push("HOME=1".to_owned());
            }
        }
        self.film(seen.film, seen.tally.pictures, now, &mut out);
        if self.alive.is_none_or(|at| now.saturating_sub(at) >= ALIVE) {
            self.alive = Some(now);
            out.push("ALIVE=1".to_owned());
        }
        out
    }

    fn film(&mut self, film: Option<(u32, String)>, pictures: u64, now: Duration, out: &mut Vec<String>) {
        let Some((session, title)) = film else {
            self.film = None;
            return;
        };
        // A film is known before its first picture is on the display: that one is counted after this.
        if self.film.as_ref().is_none_or(|f| f.session != session) {
            self.film = Some(Film { session, before: pictures, told: None });
        }
        let Some(film) = self.film.as_mut().filter(|f| pictures > f.before) else { return };
        if film.told.is_none() {
            out.push(format!("PLAYING={}", line(&title)));
        }
        if film.told.is_none_or(|at| now.saturating_sub(at) >= PRESENTED) {
            film.told = Some(now);
            out.push(format!("PRESENTED={}", pictures - film.before));
        }
    }

    /// At the latest until something is due.
    pub fn wake(&self) -> Duration {
        if self.film.is_some() { PRESENTED } else { ALIVE }
    }
}

/// One line, whatever a server calls its films.
fn line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(beacons: &mut Beacons, at_ms: u64, seen: Seen) -> String {
        let lines = beacons.due(seen, Duration::from_millis(at_ms));
        lines.into_iter().filter(|l| l != "ALIVE=1").collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn init_is_told_what_was_seen_and_when() {
        let mut beacons = Beacons::default();
        let seen = |frames, pictures| Seen { tally: Tally { frames, pictures }, ..Seen::default() };
        let mut check = |at_ms, seen, expected: &str| assert_eq!(told(&mut beacons, at_ms, seen), expected, "at {at_ms} ms");
        check(0, seen(0, 0), "");
        check(10, seen(1, 0), "UI_FIRST_FRAME=1");
        check(20, seen(2, 0), "");
        check(30, Seen { selfcheck: Some(Err("no\ndecoder".into())), ..seen(2, 0) }, "SELFCHECK=failed: no decoder");
        // The titles are known in the turn in which they are drawn; on the display they are with a later frame.
        let origin = Some("http://a".to_owned());
        let home = |frames, pictures| Seen { home: true, origin: origin.clone(), ..seen(frames, pictures) };
        check(40, home(2, 0), "ORIGIN=http://a");
        check(45, Seen { signed_in: Some("6f1d".into()), ..home(2, 0) }, "SIGNED_IN=6f1d");
        check(50, Seen { signed_in: Some("6f1d".into()), ..home(3, 0) }, "HOME=1");
        check(60, home(4, 0), "");
        let film = |session, frames, pictures| Seen { film: Some((session, "Big\tBuck".into())), ..home(frames, pictures) };
        check(70, film(1, 5, 0), "");
        check(80, film(1, 6, 1), "PLAYING=Big Buck PRESENTED=1");
        check(90, film(1, 7, 2), "");
        check(1085, film(1, 30, 25), "PRESENTED=25");
        check(1100, home(31, 25), "");
        check(1200, film(2, 32, 25), "");
        check(1300, film(2, 33, 26), "PLAYING=Big Buck PRESENTED=1");
        check(1400, Seen { origin: Some("http://b".into()), ..home(33, 26) }, "ORIGIN=http://b");
    }

    #[test]
    fn a_launcher_that_lives_says_so() {
        let mut beacons = Beacons::default();
        let alive: Vec<u64> = (0..70)
            .map(|n| n * 100)
            .filter(|ms| beacons.due(Seen::default(), Duration::from_millis(*ms)).contains(&"ALIVE=1".to_owned()))
            .collect();
        assert_eq!(alive, [0, 2000, 4000, 6000]);
    }
}
