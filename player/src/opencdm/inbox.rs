//! What the library calls back, from its own threads, until the player asks. User data is a number and not an address: a callback that comes
//! late finds nothing and harms nothing.

use super::abi::{Callbacks, Session};
use hearth_cdm::{CdmError, Event, MessageKind};
use hearth_isobmff::KeyId;
use std::collections::{HashMap, VecDeque};
use std::ffi::{CStr, c_char, c_void};
use std::sync::{LazyLock, Mutex, PoisonError};

/// Most keys and events that are kept of a session; a library that says more is broken.
const MOST: usize = 1024;

pub(super) static CALLBACKS: Callbacks = Callbacks { process_challenge, key_update, error_message, keys_updated };

static INBOXES: LazyLock<Mutex<(usize, HashMap<usize, State>)>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct State {
    events: VecDeque<Event>,
    keys: Vec<KeyId>,
    /// Something was asked of the library and is not answered yet.
    waiting: bool,
    /// Challenges so far.
    asked: usize,
}

/// One session's. Dropping it ends its post.
pub(super) struct Inbox(usize);

fn with<T>(number: usize, work: impl FnOnce(&mut State) -> T) -> Option<T> {
    INBOXES.lock().unwrap_or_else(PoisonError::into_inner).1.get_mut(&number).map(work)
}

impl Inbox {
    pub(super) fn new() -> Self {
        let mut inboxes = INBOXES.lock().unwrap_or_else(PoisonError::into_inner);
        inboxes.0 += 1;
        let number = inboxes.0;
        inboxes.1.insert(number, State::default());
        Self(number)
    }

    /// For the library to hand back.
    pub(super) fn user_data(&self) -> *mut c_void {
        std::ptr::without_provenance_mut(self.0)
    }

    /// The library is about to be asked something.
    pub(super) fn wait(&self) {
        with(self.0, |s| s.waiting = true);
    }

    /// There is an answer still to come, or one to be heard: a reader that found nothing a moment ago must look again for what came since.
    pub(super) fn is_busy(&self) -> bool {
        with(self.0, |s| s.waiting || !s.events.is_empty()).unwrap_or(false)
    }

    pub(super) fn next(&self) -> Option<Event> {
        with(self.0, |s| s.events.pop_front()).flatten()
    }

    pub(super) fn keys(&self) -> Vec<KeyId> {
        with(self.0, |s| s.keys.clone()).unwrap_or_default()
    }

    pub(super) fn has(&self, id: KeyId) -> bool {
        with(self.0, |s| s.keys.contains(&id)).unwrap_or(false)
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        INBOXES.lock().unwrap_or_else(PoisonError::into_inner).1.remove(&self.0);
    }
}

impl State {
    /// An answer to what was asked.
    fn post(&mut self, event: Event) {
        self.waiting = false;
        if self.events.len() < MOST {
            self.events.push_back(event);
        }
    }
}

/// A C string's text; empty where there is none.
///
/// # Safety
/// `text` is null or ends with a zero byte, and stays until this returns.
unsafe fn text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: as promised by the caller.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// # Safety
/// `bytes` is null or has `length` bytes, and stays until this returns.
unsafe fn bytes(bytes: *const u8, length: usize) -> Vec<u8> {
    if bytes.is_null() {
        return Vec::new();
    }
    // SAFETY: as promised by the caller.
    unsafe { std::slice::from_raw_parts(bytes, length) }.to_vec()
}

// SAFETY of the four: the library calls them as `open_cdm.h` says, with strings and buffers that stay until they return.

unsafe extern "C" fn process_challenge(
    _: *mut Session,
    user: *mut c_void,
    url: *const c_char,
    challenge: *const u8,
    length: u16,
) {
    // SAFETY: as above.
    let (url, body) = unsafe { (text(url), bytes(challenge, length.into())) };
    with(user.addr(), |s| {
        let kind = if s.asked == 0 { MessageKind::Request } else { MessageKind::Renewal };
        s.asked += 1;
        s.post(Event::Message { kind, url: (!url.is_empty()).then_some(url), body });
    });
}

unsafe extern "C" fn key_update(_: *mut Session, user: *mut c_void, key_id: *const u8, length: u8) {
    // SAFETY: as above.
    let id = unsafe { bytes(key_id, length.into()) };
    if let Ok(id) = <[u8; 16]>::try_from(id) {
        with(user.addr(), |s| {
            if !s.keys.contains(&KeyId(id)) && s.keys.len() < MOST {
                s.keys.push(KeyId(id));
            }
        });
    }
}

unsafe extern "C" fn error_message(_: *mut Session, user: *mut c_void, message: *const c_char) {
    // SAFETY: as above.
    let message = unsafe { text(message) };
    with(user.addr(), |s| s.post(Event::Failed(CdmError::Failed(message))));
}

unsafe extern "C" fn keys_updated(_: *const Session, user: *mut c_void) {
    with(user.addr(), |s| s.post(Event::KeysChanged));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_between_two_questions_is_not_lost() {
        let inbox = Inbox::new();
        inbox.wait();
        assert_eq!((inbox.next(), inbox.is_busy()), (None, true));
        // The library answers after the reader found nothing, and before it asks whether anything comes.
        assert_eq!(inbox.next(), None);
        // SAFETY: nothing is read through the session.
        unsafe { keys_updated(std::ptr::null(), inbox.user_data()) };
        assert!(inbox.is_busy());
        assert_eq!((inbox.next(), inbox.is_busy()), (Some(Event::KeysChanged), false));
        // A callback that comes late finds nothing.
        let user = inbox.user_data();
        drop(inbox);
        // SAFETY: as above.
        unsafe { keys_updated(std::ptr::null(), user) };
    }
}
