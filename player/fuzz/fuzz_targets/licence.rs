//! Init data and ClearKey licences.
#![no_main]
use hearth_cdm::{Cdm, InitDataType, PLAYREADY_SYSTEM, SessionKind, WIDEVINE_SYSTEM, clearkey::ClearKey, parse_init_data};
use hearth_isobmff::Pssh;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for system_id in [WIDEVINE_SYSTEM, PLAYREADY_SYSTEM] {
        let _ = parse_init_data(&Pssh { system_id, key_ids: Vec::new(), data: data.to_vec() });
    }
    let Ok(mut session) = ClearKey.open(SessionKind::Temporary) else { return };
    for kind in [InitDataType::Cenc, InitDataType::KeyIds] {
        let _ = session.generate_request(kind, data);
    }
    let _ = session.update(data, 0);
    let _ = session.keys(u64::MAX);
});
