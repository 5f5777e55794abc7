//! The workers: order, sharing, cancelling, failures.

use std::{
    collections::HashMap,
    sync::{
        Arc, Condvar, Mutex,
        mpsc::{Receiver, channel},
    },
    time::Duration,
};

use hearth_pixels::{Config, Error, Fetch, Key, Pixels, Ready, Recipe, State};

/// Files in memory; fetching `gate` waits until it is opened.
#[derive(Default)]
struct Files {
    files: HashMap<String, Vec<u8>>,
    log: Mutex<Vec<String>>,
    open: Mutex<bool>,
    opened: Condvar,
}

impl Fetch for Files {
    fn fetch(&self, url: &str) -> Result<Vec<u8>, Error> {
        self.log.lock().unwrap().push(url.to_owned());
        if url == "gate" {
            drop(self.opened.wait_while(self.open.lock().unwrap(), |open| !*open).unwrap());
        }
        let missing = || Error::Fetch { url: url.to_owned(), reason: "404".to_owned() };
        self.files.get(url).cloned().ok_or_else(missing)
    }
}

fn png(shade: u8) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(20, 30, image::Rgb([shade; 3])).write_to(&mut out, image::ImageFormat::Png).unwrap();
    out.into_inner()
}

fn start(config: Config) -> (Pixels, Arc<Files>, Receiver<Ready>) {
    let mut files: HashMap<_, _> = (0..9).map(|n| (format!("p{n}"), png(n * 20))).collect();
    files.insert("gate".into(), png(255));
    files.insert("broken".into(), b"no picture".to_vec());
    let files = Arc::new(Files { files, ..Files::default() });
    let (send, ready) = channel();
    let send = Mutex::new(send);
    let pixels = Pixels::with_fetch(config, files.clone(), move |r| drop(send.lock().unwrap().send(r))).unwrap();
    (pixels, files, ready)
}

fn one_worker() -> Config {
    Config { workers: 1, ..Config::default() }
}

fn key(url: &str) -> Key {
    Key::new(url, Recipe::Plain { width: 10, height: 15 })
}

fn next(ready: &Receiver<Ready>) -> Ready {
    ready.recv_timeout(Duration::from_secs(20)).expect("a picture in time")
}

#[test]
fn the_nearest_comes_first_and_cancelled_ones_never() {
    let (pixels, files, ready) = start(one_worker());
    pixels.request(&key("gate"), 0);
    for (url, priority) in [("p1", 9), ("p2", 5), ("p3", 5), ("p4", 1), ("p5", 3), ("p6", 3)] {
        pixels.request(&key(url), priority);
    }
    pixels.request(&key("p1"), 2);
    pixels.cancel(&key("p5"));
    pixels.retain(|k| &*k.url != "p6");
    assert!(matches!(pixels.state(&key("p1")), State::Pending) && matches!(pixels.state(&key("p5")), State::Absent));
    *files.open.lock().unwrap() = true;
    files.opened.notify_all();
    let order: Vec<String> = (0..5).map(|_| next(&ready).key.url.to_string()).collect();
    assert_eq!(order, ["gate", "p4", "p1", "p2", "p3"]);
    assert_eq!(pixels.get(&key("p4")).unwrap().pixel(5, 5), Some(&[80; 3][..]));
}

#[test]
fn a_file_is_fetched_once_for_all_recipes() {
    let (pixels, files, ready) = start(Config::default());
    for width in 1..8 {
        pixels.request(&Key::new("p1", Recipe::Plain { width, height: 5 }), 0);
    }
    (0..7).for_each(|_| assert!(next(&ready).result.is_ok()));
    assert_eq!(*files.log.lock().unwrap(), ["p1"]);
}

#[test]
fn failures_are_remembered_until_told_otherwise_and_hurt_nobody_else() {
    let (pixels, files, ready) = start(one_worker());
    for (url, good) in [("missing", false), ("broken", false), ("p1", true)] {
        pixels.request(&key(url), 0);
        assert_eq!(next(&ready).result.is_ok(), good, "{url}");
    }
    assert!(matches!(pixels.state(&key("missing")), State::Failed(Error::Fetch { .. })));
    assert!(matches!(pixels.state(&key("broken")), State::Failed(Error::Decode(_))));
    pixels.request(&key("missing"), 0);
    pixels.request(&key("p2"), 1);
    assert_eq!(&*next(&ready).key.url, "p2", "not asked again");
    pixels.retry_failed();
    pixels.request(&key("missing"), 0);
    assert_eq!(&*next(&ready).key.url, "missing");
    assert_eq!(files.log.lock().unwrap().iter().filter(|u| *u == "missing").count(), 2);
}

#[test]
fn the_cache_stays_within_its_bytes() {
    let (pixels, _, ready) = start(Config { workers: 1, cache_bytes: 1000, file_bytes: 100 });
    for n in 0..9 {
        pixels.request(&key(&format!("p{n}")), n);
        next(&ready);
        assert!(pixels.bytes() <= 1000);
    }
    // 450 bytes each: the last two are there.
    let there: Vec<bool> = (0..9).map(|n| pixels.get(&key(&format!("p{n}"))).is_some()).collect();
    assert_eq!(there, [false, false, false, false, false, false, false, true, true]);
}
