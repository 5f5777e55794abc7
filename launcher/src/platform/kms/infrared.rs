//! The board's infrared receiver: which of the input devices it is, and what its remote's codes mean. The kernel takes a keymap from a
//! device tree that names one, by a module that a running `modprobe` would bring; a box has neither.

use evdev::KeyCode;
use evdev::raw_stream::RawDevice;
use hearth_boards::IrKeymap;
use std::io;
use std::path::Path;
use std::str::FromStr;

/// More codes than a keymap of the kernel's has.
const MOST: usize = 4096;

/// What the board says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Infrared {
    /// As in `DRV_NAME` of the receiver's `uevent`.
    pub driver: String,
    /// The remote's codes.
    pub keymap: IrKeymap,
}

impl Infrared {
    /// Gives the keymap to the input device at `path` if that is the receiver; false if it is not.
    pub fn teach(&self, path: &Path, device: &RawDevice) -> io::Result<bool> {
        let Some(name) = path.file_name() else { return Ok(false) };
        // …/rc/rc0/input3/event3
        let input = Path::new("/sys/class/input").join(name).canonicalize()?;
        let Some(receiver) = input.ancestors().nth(2).filter(|p| p.join("protocols").exists()) else { return Ok(false) };
        if !is_driver(&std::fs::read_to_string(receiver.join("uevent"))?, &self.driver) {
            return Ok(false);
        }
        if !self.keymap.protocols.is_empty() {
            std::fs::write(receiver.join("protocols"), self.keymap.protocols.join(" "))?;
        }
        // Those of the device tree's keymap, which may be another remote's, go: the first, until there is none.
        let _ =
            (0..MOST).try_for_each(|_| device.update_scancode_by_index(0, KeyCode::KEY_RESERVED.code().into(), &[]).map(drop));
        for (code, key) in codes(&self.keymap) {
            device.update_scancode(key.code().into(), &code.to_ne_bytes())?;
        }
        tracing::info!("{} reads {} codes as {}", receiver.display(), self.keymap.keys.len(), self.keymap.protocols.join(" "));
        Ok(true)
    }
}

/// The receiver's `uevent` names this driver; module and driver differ in `-` and `_`.
fn is_driver(uevent: &str, driver: &str) -> bool {
    let plain = |text: &str| text.trim().replace('_', "-");
    uevent.lines().filter_map(|l| l.strip_prefix("DRV_NAME=")).any(|name| plain(name) == plain(driver))
}

/// The codes whose keys have a number here.
fn codes(keymap: &IrKeymap) -> impl Iterator<Item = (u64, KeyCode)> {
    keymap.keys.iter().filter_map(|(code, key)| Some((*code, KeyCode::from_str(key).ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_receiver_is_known_by_its_driver() {
        for (uevent, driver, expected) in [
            ("NAME=rc-empty\nDRV_NAME=rc-loopback\nDEV_NAME=x\n", "rc-loopback", true),
            ("DRV_NAME=gpio_ir_recv\n", "gpio-ir-recv", true),
            ("DRV_NAME=meson-ir\n", "sunxi-ir", false),
            ("NAME=rc-cec\n", "rc-cec", false),
        ] {
            assert_eq!(is_driver(uevent, driver), expected, "{uevent:?}");
        }
    }

    #[test]
    fn keys_have_numbers() {
        let keys = vec![(7, "KEY_OK".to_owned()), (9, "KEY_OF_NO_KERNEL".to_owned()), (26, "KEY_RIGHT".to_owned())];
        let keymap = IrKeymap { protocols: vec![], keys };
        assert_eq!(codes(&keymap).collect::<Vec<_>>(), [(7, KeyCode::KEY_OK), (26, KeyCode::KEY_RIGHT)]);
    }
}
