//! Keys from every input device that can send one: remotes (infrared, CEC, Bluetooth) and keyboards. Devices come and go.

use super::infrared::Infrared;
use crate::keys::evdev::{known, remote};
use crate::platform::Input;
use evdev::raw_stream::RawDevice;
use evdev::{EventType, InputEvent, KeyCode};
use rustix::fs::OFlags;
use std::collections::HashMap;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

const FOLDER: &str = "/dev/input";
/// Marks that the kernel has dropped events: nothing is known of any key.
const SYN_DROPPED: u16 = 3;

/// The devices that are open.
#[derive(Default)]
pub struct Remotes {
    devices: HashMap<PathBuf, RawDevice>,
    /// Devices that send no key of ours: not looked at again.
    others: Vec<PathBuf>,
    /// The receiver that the board has.
    infrared: Option<Infrared>,
}

impl Remotes {
    /// None open yet.
    pub fn new(infrared: Option<Infrared>) -> Self {
        Self { infrared, ..Self::default() }
    }

    /// Opens what has come since.
    pub fn scan(&mut self) {
        let Ok(folder) = std::fs::read_dir(FOLDER) else { return };
        let named = |path: &Path| path.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b"event"));
        let found: Vec<PathBuf> = folder.flatten().map(|e| e.path()).filter(|p| named(p)).collect();
        self.others.retain(|path| found.contains(path));
        for path in found {
            if self.devices.contains_key(&path) || self.others.contains(&path) {
                continue;
            }
            match open(&path, self.infrared.as_ref()) {
                Ok(Some(device)) => {
                    tracing::info!("keys from {} ({})", path.display(), device.name().unwrap_or("without a name"));
                    self.devices.insert(path, device);
                }
                Ok(None) => self.others.push(path),
                // It may be ready in a moment, or gone.
                Err(e) => tracing::debug!("cannot open {}: {e}", path.display()),
            }
        }
    }

    /// For poll.
    pub fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.devices.values().map(AsFd::as_fd)
    }

    /// What was pressed since, to the end of `input`.
    pub fn read(&mut self, input: &mut Vec<Input>) {
        self.devices.retain(|path, device| {
            loop {
                match device.fetch_events() {
                    Ok(events) => events.filter_map(meaning).for_each(|i| input.push(i)),
                    Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => return true,
                    Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(e) => {
                        tracing::info!("no more keys from {}: {e}", path.display());
                        input.push(Input::Released);
                        return false;
                    }
                }
            }
        });
    }
}

fn open(path: &Path, infrared: Option<&Infrared>) -> std::io::Result<Option<RawDevice>> {
    let mut device = RawDevice::open(path)?;
    match infrared.map_or(Ok(false), |receiver| receiver.teach(path, &device)) {
        // Which keys it has is read when it is opened.
        Ok(true) => device = RawDevice::open(path)?,
        Ok(false) => (),
        Err(e) => tracing::warn!("the infrared receiver {} keeps its keymap: {e}", path.display()),
    }
    if !device.supported_keys().is_some_and(|keys| known().any(|key| keys.contains(key))) {
        return Ok(None);
    }
    rustix::fs::fcntl_setfl(&device, rustix::fs::fcntl_getfl(&device)? | OFlags::NONBLOCK)?;
    // Else the kernel's console reads along. Where it is taken already, listening is still allowed.
    if let Err(e) = device.grab() {
        tracing::info!("{} is not ours alone: {e}", path.display());
    }
    Ok(Some(device))
}

fn meaning(event: InputEvent) -> Option<Input> {
    if event.event_type() == EventType::SYNCHRONIZATION {
        return (event.code() == SYN_DROPPED).then_some(Input::Released);
    }
    if event.event_type() != EventType::KEY {
        return None;
    }
    let key = remote(KeyCode::new(event.code()))?;
    // 2 is the kernel's repeat. `nav` makes its own and takes this one for what it says: the key is still held.
    Some(if event.value() == 0 { Input::Up(key) } else { Input::Down(key) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hearth_nav::RemoteKey;

    #[test]
    fn events_are_read() {
        let check = |kind: EventType, code: u16, value, expected| {
            assert_eq!(meaning(InputEvent::new(kind.0, code, value)), expected, "{kind:?} {code} {value}");
        };
        let ok = KeyCode::KEY_OK.code();
        check(EventType::KEY, ok, 1, Some(Input::Down(RemoteKey::Ok)));
        check(EventType::KEY, ok, 2, Some(Input::Down(RemoteKey::Ok)));
        check(EventType::KEY, ok, 0, Some(Input::Up(RemoteKey::Ok)));
        check(EventType::KEY, KeyCode::KEY_F7.code(), 1, None);
        check(EventType::MISC, 4, 7, None);
        check(EventType::SYNCHRONIZATION, 0, 0, None);
        check(EventType::SYNCHRONIZATION, SYN_DROPPED, 0, Some(Input::Released));
    }
}
