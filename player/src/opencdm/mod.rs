//! A DRM system of the device's vendor behind OpenCDM's C interface (`libocdm.so`, as RDK has it): Widevine, PlayReady and others. The library
//! is loaded at run time; nothing is linked.
#![allow(unsafe_code)]

mod abi;
mod inbox;
mod split;

use abi::Functions;
use hearth_cdm::clearkey::{COMMON_SYSTEM, DASH_SYSTEM};
use hearth_cdm::{
    Cdm, CdmError, CdmInfo, CdmSession, DecryptError, Event, InitDataType, KeyStatus, PLAYREADY_SYSTEM, SessionKind,
    WIDEVINE_SYSTEM,
};
use hearth_isobmff::{KeyId, SampleCrypto, SystemId};
use inbox::{CALLBACKS, Inbox};
use std::ffi::CString;
use std::ptr::{null, null_mut};
use std::sync::Arc;

/// Vendors' services hold few sessions; the oldest is closed for a new one.
const MAX_SESSIONS: usize = 16;

/// One key system of one library.
pub struct OpenCdm {
    system: Arc<System>,
    key_system: String,
    system_ids: Vec<SystemId>,
}

/// The library's system object. Sessions keep it.
struct System {
    functions: Functions,
    object: *mut abi::System,
}

// SAFETY: `open_cdm.h` puts no function on a certain thread: browsers call it from their media threads and its own callbacks come on others;
// a client library is a proxy that locks its own connection. The pointer is only handed back to it.
unsafe impl Send for System {}
// SAFETY: as above; what is called through a shared `System` is the making of sessions.
unsafe impl Sync for System {}

impl OpenCdm {
    /// Loads `library` (a path, or a name that the loader finds) for `key_system`, such as `com.widevine.alpha`.
    ///
    /// # Errors
    /// [`CdmError::Unsupported`] where the library, one of its functions, or the key system is missing; [`CdmError::Failed`] where its
    /// service does not answer.
    pub fn load(library: &str, key_system: &str) -> Result<Self, CdmError> {
        let system_ids = match key_system {
            s if s.starts_with("com.widevine.") => vec![WIDEVINE_SYSTEM],
            s if s.starts_with("com.microsoft.playready") => vec![PLAYREADY_SYSTEM],
            "org.w3.clearkey" => vec![COMMON_SYSTEM, DASH_SYSTEM],
            other => return Err(CdmError::Unsupported(format!("key system {other}: its system ID is not known"))),
        };
        let functions = Functions::load(library)?;
        let name = CString::new(key_system).map_err(|_| CdmError::Unsupported("a key system with a zero byte".into()))?;
        // SAFETY: both are C strings that live through the call.
        let code = unsafe { (functions.is_type_supported)(name.as_ptr(), c"".as_ptr()) };
        if code != 0 {
            return Err(CdmError::Unsupported(format!("{library} has no {key_system}: {}", abi::name(code))));
        }
        // SAFETY: as above.
        let object = unsafe { (functions.create_system)(name.as_ptr()) };
        if object.is_null() {
            return Err(CdmError::Failed(format!("{library}: the service for {key_system} does not answer")));
        }
        Ok(Self { system: Arc::new(System { functions, object }), key_system: key_system.into(), system_ids })
    }
}

impl Drop for System {
    fn drop(&mut self) {
        // SAFETY: made by `create_system`, given back once; no session is left, for each holds this.
        unsafe { (self.functions.destruct_system)(self.object) };
    }
}

impl Cdm for OpenCdm {
    fn info(&self) -> CdmInfo {
        let (key_system, system_ids) = (self.key_system.clone(), self.system_ids.clone());
        CdmInfo { key_system, system_ids, max_sessions: MAX_SESSIONS, by_key_id: false }
    }

    fn open(&self, kind: SessionKind) -> Result<Box<dyn CdmSession>, CdmError> {
        match kind {
            SessionKind::Temporary => {
                Ok(Box::new(Session { system: self.system.clone(), object: null_mut(), inbox: Inbox::new() }))
            }
            SessionKind::Persistent => Err(CdmError::Unsupported("licences that are kept, by OpenCDM".into())),
        }
    }
}

/// One session. The library's own is made with the init data.
struct Session {
    system: Arc<System>,
    object: *mut abi::Session,
    inbox: Inbox,
}

// SAFETY: as for `System`; a session's pointer is used by one thread at a time, because `CdmSession` is not `Sync`.
unsafe impl Send for Session {}

/// `uint16_t` is what OpenCDM has for lengths.
fn short(bytes: &[u8]) -> Option<u16> {
    u16::try_from(bytes.len()).ok()
}

impl Session {
    fn functions(&self) -> &Functions {
        &self.system.functions
    }

    fn status(&self, id: KeyId) -> Option<KeyStatus> {
        // SAFETY: the session was made and not destructed; the key ID is 16 bytes and read during the call.
        let status = unsafe { (self.functions().session_status)(self.object, id.0.as_ptr(), 16) };
        match status {
            // Usable; usable in fewer pixels, which the service sees to.
            0 | 5 => Some(KeyStatus::Usable),
            // Expired; released.
            1 | 2 => Some(KeyStatus::Expired),
            // Output restricted; for want of HDCP 2.2.
            3 | 4 => Some(KeyStatus::OutputRestricted),
            // Pending, internal errors.
            _ => None,
        }
    }

    /// One call for what OpenCDM can say in one call.
    fn decrypt_part(&self, crypto: &SampleCrypto, part: &split::Part, data: &mut [u8]) -> Result<(), DecryptError> {
        let length = u32::try_from(data.len()).map_err(|_| DecryptError::Sample("longer than 4 GiB".into()))?;
        let count = u8::try_from(part.subsamples.len()).map_err(|_| DecryptError::Sample("too many subsamples".into()))?;
        let pattern = crypto.pattern.map_or_else(abi::Pattern::default, |p| abi::Pattern {
            encrypted_blocks: p.crypt.into(),
            clear_blocks: p.skip.into(),
        });
        let info = abi::SampleInfo {
            scheme: split::scheme_number(crypto.scheme),
            pattern,
            iv: crypto.iv.as_ptr(),
            iv_length: 16,
            key_id: crypto.key_id.0.as_ptr(),
            key_id_length: 16,
            sub_sample_count: count,
            sub_samples: if count == 0 { null() } else { part.subsamples.as_ptr() },
        };
        let properties = abi::MediaProperties::default();
        // SAFETY: the session was made and not destructed; all pointers are of what lives through the call, with their true lengths, and
        // `data` is the only thing written to.
        let code = unsafe {
            (self.functions().session_decrypt)(self.object, data.as_mut_ptr(), length, &raw const info, &raw const properties)
        };
        if code == 0 { Ok(()) } else { Err(DecryptError::Sample(abi::name(code))) }
    }
}

impl CdmSession for Session {
    fn generate_request(&mut self, kind: InitDataType, init: &[u8]) -> Result<(), CdmError> {
        if !self.object.is_null() || kind != InitDataType::Cenc {
            return Err(CdmError::Unsupported("OpenCDM takes one pssh a session".into()));
        }
        let length = short(init).ok_or_else(|| CdmError::InitData("longer than 65535 bytes".into()))?;
        let mut object = null_mut();
        self.inbox.wait();
        let functions = self.functions();
        // SAFETY: the system lives as long as this session; init data is read during the call; the callbacks are `static`; user data is a
        // number, not an address.
        let code = unsafe {
            (functions.construct_session)(
                self.system.object,
                0,
                c"cenc".as_ptr(),
                init.as_ptr(),
                length,
                null(),
                0,
                &raw const CALLBACKS,
                self.inbox.user_data(),
                &raw mut object,
            )
        };
        if code != 0 || object.is_null() {
            return Err(CdmError::InitData(abi::name(code)));
        }
        self.object = object;
        Ok(())
    }

    fn poll(&mut self) -> Option<Event> {
        self.inbox.next()
    }

    fn is_busy(&self) -> bool {
        self.inbox.is_busy()
    }

    fn update(&mut self, response: &[u8], _now_ms: u64) -> Result<(), CdmError> {
        if self.object.is_null() {
            return Err(CdmError::License("for nothing that was asked".into()));
        }
        let length = short(response).ok_or_else(|| CdmError::License("longer than 65535 bytes".into()))?;
        self.inbox.wait();
        // SAFETY: the session was made and not destructed; the response is read during the call.
        match unsafe { (self.functions().session_update)(self.object, response.as_ptr(), length) } {
            0 => Ok(()),
            code => Err(CdmError::License(abi::name(code))),
        }
    }

    fn keys(&self, _now_ms: u64) -> Vec<(KeyId, KeyStatus)> {
        if self.object.is_null() {
            return Vec::new();
        }
        self.inbox.keys().into_iter().filter_map(|id| Some((id, self.status(id)?))).collect()
    }

    fn decrypt(&self, crypto: &SampleCrypto, data: &mut [u8], _now_ms: u64) -> Result<(), DecryptError> {
        let id = crypto.key_id;
        if self.object.is_null() || !self.inbox.has(id) {
            return Err(DecryptError::NeedKey(id));
        }
        match self.status(id) {
            Some(KeyStatus::Usable) => split::each(crypto, data, |part, data| self.decrypt_part(crypto, part, data)),
            Some(KeyStatus::OutputRestricted) => Err(DecryptError::OutputRestricted(id)),
            Some(KeyStatus::Expired) => Err(DecryptError::Expired(id)),
            None => Err(DecryptError::NeedKey(id)),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !self.object.is_null() {
            // SAFETY: made by `construct_session`, closed and given back once, and not used after. What the library still calls back finds
            // no inbox under its number.
            unsafe {
                (self.functions().session_close)(self.object);
                (self.functions().destruct_session)(self.object);
            }
        }
    }
}
