//! What surrounds the pictures: remotes, panel, networks, power, heat, identity.
use crate::Firmware;
use serde::{Deserialize, Serialize};

/// HDMI-CEC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Cec {
    /// Kernel driver, as `cec-ctl` or `readlink /sys/class/cec/cec0/device/driver` names it.
    pub adapter: String,
}

/// Remote controls.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Input {
    /// Infrared receiver of the SoC.
    pub ir_driver: Option<String>,
    /// rc-core keymap.
    pub ir_keymap: Option<String>,
}

/// The front-panel microcontroller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Panel {
    /// Serial device without `/dev/`.
    pub device: String,
    /// Bits a second.
    pub baud: u32,
}

/// The wired network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Network {
    /// Kernel driver of the Ethernet port, as `readlink /sys/class/net/eth0/device/driver` ends.
    pub wired: Option<String>,
}

/// Wi-Fi and Bluetooth.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Radio {
    /// Kernel driver of the Wi-Fi.
    pub wifi: Option<String>,
    /// Kernel driver of Bluetooth.
    pub bluetooth: Option<String>,
    /// What they load.
    #[serde(default)]
    pub firmware: Vec<Firmware>,
}

/// Standby and wake, named as RDK's power HAL does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Power {
    /// `ir`, `cec`, `timer`, `front-panel`, `lan`, …
    #[serde(default)]
    pub wake: Vec<String>,
    /// Who keeps the box while it sleeps deeply: `panel` (the microcontroller cuts power) or `suspend` (the kernel); none: light sleep only.
    pub deep_sleep: Option<String>,
}

/// Hardware watchdog.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Watchdog {
    /// Kernel driver.
    pub driver: String,
    /// Seconds until it bites.
    pub timeout_s: u32,
}

/// Temperatures in degrees Celsius: when to say so, to slow down, to switch off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Thermal {
    /// Tell the diagnostics.
    pub warn_c: i32,
    /// The kernel slows the processor down.
    pub throttle_c: i32,
    /// The kernel switches the board off.
    pub critical_c: i32,
}

/// Where the serial number comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SerialFrom {
    /// The signed record of the factory partition.
    #[default]
    Factory,
    /// `/proc/device-tree/serial-number`, which the boot loader fills in; the record must agree.
    DeviceTree,
}

/// Who the box is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Identity {
    /// See [`SerialFrom`].
    pub serial_from: SerialFrom,
}
