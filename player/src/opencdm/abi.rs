//! The C interface of `libocdm.so` (`open_cdm.h` of RDK's ThunderClientLibraries) as far as the player uses it, and its loading. The header is
//! C++ (it includes `<list>` and has default arguments), so its declarations are written down here by hand.
#![allow(unsafe_code)]

use hearth_cdm::CdmError;
use libloading::Library;
use std::ffi::{c_char, c_void};

/// `OpenCDMError`; zero is success.
pub(super) type Code = u32;

/// `struct OpenCDMSystem`, of which only its address is known.
#[repr(C)]
pub(super) struct System {
    _opaque: [u8; 0],
}

/// `struct OpenCDMSession`.
#[repr(C)]
pub(super) struct Session {
    _opaque: [u8; 0],
}

/// `EncryptionPattern`, in blocks of 16 bytes.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct Pattern {
    pub(super) encrypted_blocks: u32,
    pub(super) clear_blocks: u32,
}

/// `SubSampleInfo`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SubSample {
    pub(super) clear_bytes: u16,
    pub(super) encrypted_bytes: u32,
}

/// `SampleInfo`. The library reads it during the call only.
#[repr(C)]
pub(super) struct SampleInfo {
    pub(super) scheme: u32,
    pub(super) pattern: Pattern,
    pub(super) iv: *const u8,
    pub(super) iv_length: u8,
    pub(super) key_id: *const u8,
    pub(super) key_id_length: u8,
    pub(super) sub_sample_count: u8,
    pub(super) sub_samples: *const SubSample,
}

/// `MediaProperties`.
#[repr(C)]
#[derive(Default)]
pub(super) struct MediaProperties {
    pub(super) height: u16,
    pub(super) width: u16,
    pub(super) media_type: u32,
}

/// `OpenCDMSessionCallbacks`. They come on the library's own threads.
#[repr(C)]
pub(super) struct Callbacks {
    pub(super) process_challenge: unsafe extern "C" fn(*mut Session, *mut c_void, *const c_char, *const u8, u16),
    pub(super) key_update: unsafe extern "C" fn(*mut Session, *mut c_void, *const u8, u8),
    pub(super) error_message: unsafe extern "C" fn(*mut Session, *mut c_void, *const c_char),
    pub(super) keys_updated: unsafe extern "C" fn(*const Session, *mut c_void),
}

/// Declares the functions once: a field each, and how each is found.
macro_rules! functions {
    ($($name:ident = $symbol:literal: fn($($argument:ty),*) -> $result:ty;)*) => {
        /// A loaded library. Its functions stay valid for as long as this lives.
        pub(super) struct Functions {
            $(pub(super) $name: unsafe extern "C" fn($($argument),*) -> $result,)*
            _library: Library,
        }

        impl Functions {
            /// Loads the library at `path` (or by name, where the loader looks) and finds every function.
            pub(super) fn load(path: &str) -> Result<Self, CdmError> {
                // SAFETY: loading runs the library's initialisers, which can do anything; the owner of the device names it for that.
                let library = unsafe { Library::new(path) }
                    .map_err(|e| CdmError::Unsupported(format!("OpenCDM library {path} cannot be loaded: {e}")))?;
                let mut missing = Vec::new();
                $(
                    // SAFETY: the type is that of `open_cdm.h`; the pointer is copied out, and the library is kept beside it.
                    let $name = unsafe { library.get::<unsafe extern "C" fn($($argument),*) -> $result>($symbol.as_bytes()) }
                        .map(|f| *f)
                        .map_err(|_| missing.push($symbol));
                )*
                match ($($name,)*) {
                    ($(Ok($name),)*) => Ok(Self { $($name,)* _library: library }),
                    _ => Err(CdmError::Unsupported(format!("OpenCDM library {path} lacks {}", missing.join(", ")))),
                }
            }
        }
    };
}

functions! {
    is_type_supported = "opencdm_is_type_supported": fn(*const c_char, *const c_char) -> Code;
    create_system = "opencdm_create_system": fn(*const c_char) -> *mut System;
    destruct_system = "opencdm_destruct_system": fn(*mut System) -> Code;
    construct_session = "opencdm_construct_session":
        fn(*mut System, u32, *const c_char, *const u8, u16, *const u8, u16, *const Callbacks, *mut c_void, *mut *mut Session) -> Code;
    destruct_session = "opencdm_destruct_session": fn(*mut Session) -> Code;
    session_update = "opencdm_session_update": fn(*mut Session, *const u8, u16) -> Code;
    session_close = "opencdm_session_close": fn(*mut Session) -> Code;
    session_status = "opencdm_session_status": fn(*const Session, *const u8, u8) -> u32;
    session_decrypt = "opencdm_session_decrypt_v2":
        fn(*mut Session, *mut u8, u32, *const SampleInfo, *const MediaProperties) -> Code;
}

/// What a code means, for a log.
pub(super) fn name(code: Code) -> String {
    let name = match code {
        1 => "unknown",
        3 => "interface not implemented",
        4 => "buffer too small",
        0x8000_0001 => "no connection to the DRM service",
        0x8000_0002 => "key system not supported",
        0x8000_0003 => "invalid session",
        0x8000_0004 => "invalid decrypt buffer",
        0x8000_0005 => "out of memory",
        0x8000_0006 => "method not implemented",
        0x8000_4005 => "failed",
        0x8007_0057 => "invalid argument",
        0x8004_c600 => "licence server: internal error",
        0x8004_c601 => "licence server: invalid message",
        0x8004_c604 => "licence server: error of the service",
        0x8004_dd00 => "busy",
        _ => "not listed",
    };
    format!("OpenCDM error {code:#010x} ({name})")
}

#[cfg(all(test, target_pointer_width = "64"))]
mod tests {
    use super::*;
    use std::mem::{offset_of, size_of};

    /// As a C compiler lays out the header's structures on 64 bits.
    #[test]
    fn layout() {
        assert_eq!((size_of::<SubSample>(), offset_of!(SubSample, encrypted_bytes)), (8, 4));
        assert_eq!((size_of::<MediaProperties>(), offset_of!(MediaProperties, media_type)), (8, 4));
        assert_eq!((offset_of!(SampleInfo, pattern), offset_of!(SampleInfo, iv), offset_of!(SampleInfo, iv_length)), (4, 16, 24));
        assert_eq!((offset_of!(SampleInfo, key_id), offset_of!(SampleInfo, key_id_length)), (32, 40));
        assert_eq!((offset_of!(SampleInfo, sub_sample_count), offset_of!(SampleInfo, sub_samples)), (41, 48));
        assert_eq!((size_of::<SampleInfo>(), size_of::<Callbacks>()), (56, 32));
    }
}
