//! Weston without a screen, as a child of the test.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};

/// A compositor with one output of 640 by 360, ended when dropped.
pub struct Compositor {
    weston: Child,
    dir: tempfile::TempDir,
}

const SOCKET: &str = "wayland-hearth";

/// A renderer on the CPU, and a screen that a window of its size fills at once. (`renderer=pixman` is newer, and refused beside this key.)
const SETTINGS: &str = "[core]\nuse-pixman=true\nidle-time=0\n\
    [shell]\npanel-position=none\nstartup-animation=none\nanimation=none\nlocking=false\n";

impl Compositor {
    /// None where Weston is not installed or does not start, which it says.
    pub fn start() -> Option<Self> {
        let dir = tempfile::tempdir().expect("dir");
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700)).expect("permissions");
        std::fs::write(dir.path().join("weston.ini"), SETTINGS).expect("settings");
        let weston = Command::new("weston")
            .args(["--backend=headless-backend.so", "--debug", "--width=640", "--height=360"])
            .arg(format!("--socket={SOCKET}"))
            .arg(format!("--config={}", dir.path().join("weston.ini").display()))
            .env("XDG_RUNTIME_DIR", dir.path())
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn();
        let Ok(mut weston) = weston else {
            eprintln!("skipped: weston is not installed");
            return None;
        };
        let mut lines = BufReader::new(weston.stderr.take().expect("stderr")).lines().map_while(Result::ok);
        let compositor = Self { weston, dir };
        let mut last = String::new();
        while std::os::unix::net::UnixStream::connect(compositor.socket()).is_err() {
            let Some(line) = lines.next() else {
                eprintln!("skipped: weston does not start here: {last}");
                return None;
            };
            last = line;
        }
        std::thread::spawn(move || lines.for_each(drop));
        Some(compositor)
    }

    /// The path of its socket.
    pub fn socket(&self) -> String {
        self.dir.path().join(SOCKET).display().to_string()
    }

    /// What the screen shows.
    pub fn screen(&self) -> image::RgbImage {
        let shooter = Command::new("weston-screenshooter")
            .current_dir(self.dir.path())
            .env("XDG_RUNTIME_DIR", self.dir.path())
            .env("XDG_PICTURES_DIR", self.dir.path())
            .env("WAYLAND_DISPLAY", SOCKET)
            .output()
            .expect("weston-screenshooter");
        assert!(shooter.status.success(), "{shooter:?}");
        let files = std::fs::read_dir(self.dir.path()).expect("dir").flatten().map(|e| e.path());
        let picture = files.filter(|p| p.extension().is_some_and(|e| e == "png")).max();
        let picture = picture.unwrap_or_else(|| panic!("no picture: {shooter:?}"));
        let image = image::open(&picture).expect("picture").to_rgb8();
        std::fs::remove_file(picture).expect("one picture at a time");
        image
    }

    /// Waits until the screen has these colours at these places. The compositor draws when it likes.
    pub fn wait_for(&self, places: &[((u32, u32), [u8; 3])]) {
        let there = |screen: &image::RgbImage| {
            places.iter().all(|((x, y), colour)| crate::support::near(&screen.get_pixel(*x, *y).0, *colour))
        };
        let mut last = self.screen();
        for _ in 0..100 {
            if there(&last) {
                return;
            }
            last = self.screen();
        }
        let seen: Vec<_> = places.iter().map(|((x, y), _)| last.get_pixel(*x, *y).0).collect();
        panic!("never there: {places:?}, but {seen:?}");
    }
}

impl Drop for Compositor {
    fn drop(&mut self) {
        let _ = self.weston.kill();
        let _ = self.weston.wait();
    }
}
