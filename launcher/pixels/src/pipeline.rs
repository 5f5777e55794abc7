//! Two workers between the wish for a picture and its bitmap.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use crate::{Bitmap, Error, Fetch, HttpFetch, Key, bake::bake, cache::Lru, decode};

/// 0 comes first; usually the distance from the focus in tiles.
pub type Priority = u32;

/// Sizes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Threads that fetch, decode and bake; at least 1.
    pub workers: usize,
    /// Bytes of finished bitmaps kept: 24 MiB suit a 720-line screen, 48 MiB one of 1080.
    pub cache_bytes: usize,
    /// Bytes of fetched files kept, for other recipes of the same picture.
    pub file_bytes: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { workers: 2, cache_bytes: 24 << 20, file_bytes: 8 << 20 }
    }
}

/// A wish that came to its end.
#[derive(Clone, Debug)]
pub struct Ready {
    /// What was asked for.
    pub key: Key,
    /// The bitmap, or why there is none.
    pub result: Result<Arc<Bitmap>, Error>,
}

/// How far a wish is.
#[derive(Clone, Debug)]
pub enum State {
    /// Not asked for, cancelled, or dropped from the cache.
    Absent,
    /// Waits or is being made.
    Pending,
    /// There.
    Ready(Arc<Bitmap>),
    /// There will be none; see [`Pixels::retry_failed`].
    Failed(Error),
}

struct Inner {
    /// Waiting: priority and order of arrival.
    waiting: HashMap<Key, (Priority, u64)>,
    /// Being made. A URL is worked on by one worker at a time, so a file is fetched once.
    running: HashSet<Key>,
    done: Lru<Key, Arc<Bitmap>>,
    files: Lru<Arc<str>, Arc<Vec<u8>>>,
    failed: HashMap<Key, Error>,
    counter: u64,
    stop: bool,
}

struct Shared {
    inner: Mutex<Inner>,
    wake: Condvar,
    fetch: Arc<dyn Fetch>,
    ready: Box<dyn Fn(Ready) + Send + Sync>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing is left half done under the lock, so a panic elsewhere does not spoil it.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Pictures on demand. Dropping it ends the workers after what they are doing.
pub struct Pixels {
    shared: Arc<Shared>,
}

impl fmt::Debug for Pixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.shared.lock();
        let (waiting, running) = (inner.waiting.len(), inner.running.len());
        write!(f, "Pixels({waiting} waiting, {running} running, {} bytes kept)", inner.done.bytes())
    }
}

impl Pixels {
    /// Starts the workers; files come over HTTP. `ready` is called on a worker's thread for every wish that was not cancelled: wake
    /// the UI there, do not draw.
    pub fn new(config: Config, ready: impl Fn(Ready) + Send + Sync + 'static) -> std::io::Result<Self> {
        Self::with_fetch(config, Arc::new(HttpFetch::default()), ready)
    }

    /// As [`Pixels::new`], with another source of files.
    pub fn with_fetch(
        config: Config,
        fetch: Arc<dyn Fetch>,
        ready: impl Fn(Ready) + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let inner = Inner {
            waiting: HashMap::new(),
            running: HashSet::new(),
            done: Lru::new(config.cache_bytes),
            files: Lru::new(config.file_bytes),
            failed: HashMap::new(),
            counter: 0,
            stop: false,
        };
        let shared = Arc::new(Shared { inner: Mutex::new(inner), wake: Condvar::new(), fetch, ready: Box::new(ready) });
        let pixels = Self { shared: shared.clone() };
        for n in 0..config.workers.max(1) {
            let shared = shared.clone();
            thread::Builder::new().name(format!("pixels-{n}")).spawn(move || work(&shared))?;
        }
        Ok(pixels)
    }

    /// Asks for a picture, or gives a wish another priority. Nothing happens for what is there, under way or failed.
    pub fn request(&self, key: &Key, priority: Priority) {
        let mut inner = self.shared.lock();
        if inner.done.contains(key) || inner.running.contains(key) || inner.failed.contains_key(key) {
            return;
        }
        inner.counter += 1;
        let arrival = inner.counter;
        inner.waiting.entry(key.clone()).and_modify(|w| w.0 = priority).or_insert((priority, arrival));
        drop(inner);
        self.shared.wake.notify_one();
    }

    /// The bitmap, if it is there; it counts as used now.
    pub fn get(&self, key: &Key) -> Option<Arc<Bitmap>> {
        self.shared.lock().done.get(key)
    }

    /// How far a wish is.
    pub fn state(&self, key: &Key) -> State {
        let mut inner = self.shared.lock();
        if let Some(bitmap) = inner.done.get(key) {
            return State::Ready(bitmap);
        }
        match inner.failed.get(key) {
            Some(error) => State::Failed(error.clone()),
            None if inner.waiting.contains_key(key) || inner.running.contains(key) => State::Pending,
            None => State::Absent,
        }
    }

    /// Takes back a wish. What is already being made is finished and kept.
    pub fn cancel(&self, key: &Key) {
        self.shared.lock().waiting.remove(key);
    }

    /// Takes back all waiting wishes but these: the viewer went on.
    pub fn retain(&self, wanted: impl Fn(&Key) -> bool) {
        self.shared.lock().waiting.retain(|key, _| wanted(key));
    }

    /// Forgets what failed, so that it can be asked for again: the network is back.
    pub fn retry_failed(&self) {
        self.shared.lock().failed.clear();
    }

    /// Bytes of finished bitmaps kept.
    pub fn bytes(&self) -> usize {
        self.shared.lock().done.bytes()
    }
}

impl Drop for Pixels {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.wake.notify_all();
    }
}

/// Failures remembered at most.
const MAX_FAILED: usize = 4096;

fn work(shared: &Shared) {
    while let Some(key) = next(shared) {
        let result = make(shared, &key).map(Arc::new);
        {
            let mut inner = shared.lock();
            inner.running.remove(&key);
            match &result {
                Ok(bitmap) => inner.done.insert(key.clone(), bitmap.data.len(), bitmap.clone()),
                Err(error) => {
                    if inner.failed.len() >= MAX_FAILED {
                        inner.failed.clear();
                    }
                    inner.failed.insert(key.clone(), error.clone());
                }
            }
        }
        // Wishes for the same file waited for this one.
        shared.wake.notify_all();
        (shared.ready)(Ready { key, result });
    }
}

/// The most urgent wish whose file nobody is working on; none when it is time to stop.
fn next(shared: &Shared) -> Option<Key> {
    let mut inner = shared.lock();
    loop {
        if inner.stop {
            return None;
        }
        let busy = |key: &Key| inner.running.iter().any(|r| r.url == key.url);
        let best = inner.waiting.iter().filter(|(key, _)| !busy(key)).min_by_key(|(_, rank)| **rank).map(|(key, _)| key.clone());
        if let Some(key) = best {
            inner.waiting.remove(&key);
            inner.running.insert(key.clone());
            return Some(key);
        }
        inner = shared.wake.wait(inner).unwrap_or_else(PoisonError::into_inner);
    }
}

fn make(shared: &Shared, key: &Key) -> Result<Bitmap, Error> {
    let kept = shared.lock().files.get(&key.url);
    let file = match kept {
        Some(file) => file,
        None => {
            let file = Arc::new(shared.fetch.fetch(&key.url)?);
            shared.lock().files.insert(key.url.clone(), file.len(), file.clone());
            file
        }
    };
    bake(&decode(&file)?, key.recipe)
}
