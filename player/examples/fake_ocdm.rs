//! A `libocdm.so` for tests: OpenCDM's C interface over ClearKey's licences. It asks with JSON key IDs, answers on threads of its own, and says
//! that keys whose ID begins with `ee` must not reach this screen.
#![allow(unsafe_code, missing_docs, clippy::missing_safety_doc)]

use hearth_cdm::clearkey::ClearKey;
use hearth_cdm::{Cdm, CdmSession, Event, InitDataType, SessionKind, key_ids_init_data, parse_init_data};
use hearth_isobmff::{KeyId, Pattern, SampleCrypto, Scheme, Subsample, parse_pssh};
use std::ffi::{CStr, c_char, c_void};
use std::sync::{Arc, Mutex};

const FAIL: u32 = 0x8000_4005;

type Challenge = unsafe extern "C" fn(*mut Session, *mut c_void, *const c_char, *const u8, u16);
type KeyUpdate = unsafe extern "C" fn(*mut Session, *mut c_void, *const u8, u8);
type Message = unsafe extern "C" fn(*mut Session, *mut c_void, *const c_char);
type KeysUpdated = unsafe extern "C" fn(*const Session, *mut c_void);

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Callbacks {
    challenge: Challenge,
    key: KeyUpdate,
    message: Message,
    done: KeysUpdated,
}

#[repr(C)]
pub struct SubSample {
    clear: u16,
    encrypted: u32,
}

#[repr(C)]
pub struct SampleInfo {
    scheme: u32,
    encrypted_blocks: u32,
    clear_blocks: u32,
    iv: *const u8,
    iv_length: u8,
    key_id: *const u8,
    key_id_length: u8,
    count: u8,
    subsamples: *const SubSample,
}

pub struct Session {
    inner: Arc<Mutex<Box<dyn CdmSession>>>,
    callbacks: Callbacks,
    user: *mut c_void,
    threads: Vec<std::thread::JoinHandle<()>>,
}

/// An address for another thread.
struct Sent(*mut Session, *mut c_void);
// SAFETY: the session is destructed only after its threads have ended.
unsafe impl Send for Sent {}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn opencdm_is_type_supported(system: *const c_char, _mime: *const c_char) -> u32 {
    // SAFETY: a C string, by the interface.
    let name = unsafe { CStr::from_ptr(system) };
    if name == c"com.widevine.alpha" { 0 } else { 0x8000_0002 }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn opencdm_create_system(_system: *const c_char) -> *mut c_void {
    Box::into_raw(Box::new(7u64)).cast()
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn opencdm_destruct_system(system: *mut c_void) -> u32 {
    // SAFETY: made above.
    drop(unsafe { Box::from_raw(system.cast::<u64>()) });
    0
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn opencdm_construct_session(
    _system: *mut c_void,
    _kind: u32,
    init_type: *const c_char,
    init: *const u8,
    init_length: u16,
    _data: *const u8,
    _data_length: u16,
    callbacks: *const Callbacks,
    user: *mut c_void,
    out: *mut *mut Session,
) -> u32 {
    // SAFETY: as the interface says.
    let (kind, init, callbacks) =
        unsafe { (CStr::from_ptr(init_type), std::slice::from_raw_parts(init, init_length.into()), *callbacks) };
    let boxes = parse_pssh(init).unwrap_or_default();
    let ids: Vec<KeyId> = boxes.iter().filter_map(|b| parse_init_data(b).ok()).flat_map(|d| d.key_ids).collect();
    if kind != c"cenc" || ids.is_empty() {
        return FAIL;
    }
    let mut inner = ClearKey.open(SessionKind::Temporary).expect("session");
    inner.generate_request(InitDataType::KeyIds, &key_ids_init_data(&ids)).expect("request");
    let Some(Event::Message { body, .. }) = inner.poll() else { return FAIL };
    let session = Box::into_raw(Box::new(Session { inner: Arc::new(Mutex::new(inner)), callbacks, user, threads: Vec::new() }));
    let sent = Sent(session, user);
    let work = move || {
        let sent = sent;
        // SAFETY: as the interface says.
        unsafe { (callbacks.challenge)(sent.0, sent.1, c"".as_ptr(), body.as_ptr(), body.len() as u16) };
    };
    // SAFETY: just made; `out` is the caller's.
    unsafe {
        (*session).threads.push(std::thread::spawn(work));
        *out = session;
    }
    0
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn opencdm_session_update(session: *mut Session, response: *const u8, length: u16) -> u32 {
    // SAFETY: as the interface says.
    let (own, response) = unsafe { (&mut *session, std::slice::from_raw_parts(response, length.into()).to_vec()) };
    let (inner, callbacks, sent) = (own.inner.clone(), own.callbacks, Sent(session, own.user));
    own.threads.push(std::thread::spawn(move || {
        let sent = sent;
        let result = inner.lock().expect("lock").update(&response, 0);
        let keys = inner.lock().expect("lock").keys(0);
        // SAFETY: as the interface says.
        unsafe {
            if result.is_err() {
                return (callbacks.message)(sent.0, sent.1, c"the licence cannot be read".as_ptr());
            }
            for (id, _) in keys {
                (callbacks.key)(sent.0, sent.1, id.0.as_ptr(), 16);
            }
            (callbacks.done)(sent.0, sent.1);
        }
    }));
    0
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn opencdm_session_close(_session: *mut Session) -> u32 {
    0
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn opencdm_destruct_session(session: *mut Session) -> u32 {
    // SAFETY: made by `opencdm_construct_session`; its threads end first.
    let own = unsafe { Box::from_raw(session) };
    own.threads.into_iter().for_each(|t| t.join().expect("thread"));
    0
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn opencdm_session_status(session: *const Session, key_id: *const u8, length: u8) -> u32 {
    // SAFETY: as the interface says.
    let (own, id) = unsafe { (&*session, std::slice::from_raw_parts(key_id, length.into())) };
    let known = own.inner.lock().expect("lock").keys(0).iter().any(|(k, _)| k.0 == id);
    match (known, id.first()) {
        (true, Some(0xee)) => 4,
        (true, _) => 0,
        (false, _) => 6,
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn opencdm_session_decrypt_v2(
    session: *mut Session,
    data: *mut u8,
    length: u32,
    info: *const SampleInfo,
    _properties: *const c_void,
) -> u32 {
    // SAFETY: as the interface says.
    let (own, data, info) = unsafe { (&*session, std::slice::from_raw_parts_mut(data, length as usize), &*info) };
    if info.iv_length != 16 || info.key_id_length != 16 {
        return 0x8007_0057;
    }
    let scheme = match info.scheme {
        1 => Scheme::Cenc,
        2 => Scheme::Cbc1,
        3 => Scheme::Cens,
        4 => Scheme::Cbcs,
        _ => return 0x8007_0057,
    };
    let (mut iv, mut id, mut subsamples) = ([0; 16], [0; 16], Vec::new());
    // SAFETY: lengths were checked above; the count is the caller's.
    unsafe {
        iv.copy_from_slice(std::slice::from_raw_parts(info.iv, 16));
        id.copy_from_slice(std::slice::from_raw_parts(info.key_id, 16));
        if info.count > 0 {
            let given = std::slice::from_raw_parts(info.subsamples, info.count.into());
            subsamples.extend(given.iter().map(|s| Subsample { clear: s.clear.into(), protected: s.encrypted }));
        }
    }
    let pattern =
        (info.encrypted_blocks > 0).then_some(Pattern { crypt: info.encrypted_blocks as u8, skip: info.clear_blocks as u8 });
    let crypto = SampleCrypto { scheme, key_id: KeyId(id), iv, pattern, subsamples };
    match own.inner.lock().expect("lock").decrypt(&crypto, data, 0) {
        Ok(()) => 0,
        Err(_) => 0x8000_0004,
    }
}
