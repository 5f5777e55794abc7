//! What is known of the device that is about to be erased, and every reason not to.
use anyhow::{Context, Result};
use serde::Deserialize;
use std::fmt;

/// Asked of `lsblk`.
pub const COLUMNS: &str = "NAME,PATH,TYPE,SIZE,RO,RM,HOTPLUG,MODEL,LABEL,PARTLABEL,FSTYPE,MOUNTPOINTS,LOG-SEC";

/// A device, and what is on it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Device {
    /// `sdb`.
    pub name: String,
    /// `/dev/sdb`.
    pub path: String,
    /// `disk`, `part`, `loop`, `crypt`, `lvm`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// Bytes.
    pub size: u64,
    /// Cannot be written.
    pub ro: bool,
    /// Can be taken out.
    pub rm: bool,
    /// Is on a bus one plugs things into.
    pub hotplug: bool,
    /// As its maker calls it.
    pub model: Option<String>,
    /// Of the file system.
    pub label: Option<String>,
    /// Of the partition.
    pub partlabel: Option<String>,
    /// What it holds.
    pub fstype: Option<String>,
    /// Where it is mounted; `[SWAP]` for swap.
    #[serde(default)]
    pub mountpoints: Vec<Option<String>>,
    /// Bytes a sector.
    #[serde(rename = "log-sec")]
    pub sector: u64,
    /// Partitions, and what is built on them.
    #[serde(default)]
    pub children: Vec<Device>,
}

/// What one wants to write where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A file, for tests and for whoever copies it further; bytes it has.
    File(u64),
    /// A device.
    Device(Box<Device>),
    /// Something else: what it is.
    Other(&'static str),
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Bytes of the image.
    pub image: u64,
    /// A file will do.
    pub file: bool,
    /// So will a disc that is built in.
    pub internal: bool,
}

/// A reason not to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Neither a device nor a file that was asked for.
    Kind(&'static str),
    /// A part of a disc, or built on one.
    NotWhole(String),
    /// The machine runs from it.
    RunningSystem(String),
    /// Something on it is mounted.
    Mounted(String, String),
    /// Something on it is swap in use.
    Swap(String),
    /// Something on it is opened by encryption, LVM or RAID.
    InUse(String),
    /// Its switch is on.
    ReadOnly,
    /// Bytes it has, bytes the image has.
    TooSmall(u64, u64),
    /// Sectors the image's partition table does not count in.
    Sectors(u64),
    /// Probably this computer's own disc.
    Internal,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(what) => write!(f, "it is {what}, not a block device (a file is written with --file)"),
            Self::NotWhole(kind) => write!(f, "it is a {kind}, not a whole disc: name the disc it is on"),
            Self::RunningSystem(place) => write!(f, "this computer runs from it ({place})"),
            Self::Mounted(name, place) => write!(f, "{name} is mounted on {place}: unmount it first"),
            Self::Swap(name) => write!(f, "{name} is swap in use: swapoff it first"),
            Self::InUse(name) => write!(f, "{name} is opened on it: close it first"),
            Self::ReadOnly => write!(f, "it cannot be written: look for the card's lock switch"),
            Self::TooSmall(has, needs) => write!(f, "it has {} MB, the image {} MB", has / 1_000_000, needs.div_ceil(1_000_000)),
            Self::Sectors(bytes) => write!(f, "its sectors have {bytes} bytes, the image's 512"),
            Self::Internal => write!(f, "it is built into this computer; --force-internal if that is meant"),
        }
    }
}

/// What `lsblk --json` says of one device.
pub fn parse(json: &str) -> Result<Device> {
    #[derive(Deserialize)]
    struct Answer {
        blockdevices: Vec<Device>,
    }
    let answer: Answer = serde_json::from_str(json).context("lsblk's answer is not what was expected")?;
    answer.blockdevices.into_iter().next().context("lsblk knows no such device")
}

/// Every reason not to write there; none: go ahead.
pub fn refusals(target: &Target, wish: &Wish) -> Vec<Refusal> {
    let mut why = Vec::new();
    match target {
        // A file grows to what is written to it.
        Target::File(_) if wish.file => {}
        Target::File(_) => why.push(Refusal::Kind("a file")),
        Target::Other(what) => why.push(Refusal::Kind(what)),
        Target::Device(device) => of_device(device, wish, &mut why),
    }
    why
}

fn of_device(device: &Device, wish: &Wish, why: &mut Vec<Refusal>) {
    if !matches!(device.kind.as_str(), "disk" | "loop") {
        why.push(Refusal::NotWhole(device.kind.clone()));
    }
    in_use(device, why);
    if device.ro {
        why.push(Refusal::ReadOnly);
    }
    if device.size < wish.image {
        why.push(Refusal::TooSmall(device.size, wish.image));
    }
    if device.sector != 512 {
        why.push(Refusal::Sectors(device.sector));
    }
    if !(device.rm || device.hotplug || wish.internal) {
        why.push(Refusal::Internal);
    }
}

fn in_use(device: &Device, why: &mut Vec<Refusal>) {
    for place in device.mountpoints.iter().flatten() {
        why.push(match place.as_str() {
            "[SWAP]" => Refusal::Swap(device.path.clone()),
            "/" | "/usr" | "/var" | "/home" | "/boot" | "/boot/efi" | "/boot/firmware" => Refusal::RunningSystem(place.clone()),
            _ => Refusal::Mounted(device.path.clone(), place.clone()),
        });
    }
    for child in &device.children {
        if child.kind != "part" {
            why.push(Refusal::InUse(child.name.clone()));
        }
        in_use(child, why);
    }
}

/// What will be lost, for the person who is about to say yes.
pub fn show(device: &Device) -> String {
    let model = device.model.as_deref().map(str::trim).filter(|m| !m.is_empty()).unwrap_or("no model name");
    let mut text = format!("{}  {model}, {:.1} GB\n", device.path, device.size as f64 / 1e9);
    for part in &device.children {
        let words = [&part.partlabel, &part.label, &part.fstype];
        let words: Vec<&str> = words.into_iter().flatten().map(String::as_str).collect();
        text += &format!("  {}  {:.1} GB  {}\n", part.path, part.size as f64 / 1e9, words.join(", "));
    }
    if device.children.is_empty() {
        text += &format!("  no partitions{}\n", device.fstype.as_ref().map_or(String::new(), |f| format!(", {f} on all of it")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stick with one partition, as lsblk tells it, changed by `change`.
    fn stick(change: impl Fn(&mut serde_json::Value)) -> Target {
        let mut json = serde_json::json!({"blockdevices": [{"name": "sdb", "path": "/dev/sdb", "type": "disk", "size": 8_000_000_000u64,
            "ro": false, "rm": true, "hotplug": true, "model": "Ultra", "label": null, "partlabel": null, "fstype": null,
            "mountpoints": [null], "log-sec": 512, "children": [{"name": "sdb1", "path": "/dev/sdb1", "type": "part", "size": 7_999_000_000u64,
            "ro": false, "rm": true, "hotplug": true, "model": null, "label": "HOLIDAY", "partlabel": "data", "fstype": "vfat",
            "mountpoints": [null], "log-sec": 512}]}]});
        change(&mut json["blockdevices"][0]);
        Target::Device(Box::new(parse(&json.to_string()).unwrap()))
    }

    const WISH: Wish = Wish { image: 600 << 20, file: false, internal: false };

    #[test]
    fn devices() {
        let check = |expected: &[Refusal], change: &dyn Fn(&mut serde_json::Value)| {
            assert_eq!(refusals(&stick(change), &WISH), expected);
        };
        let part = "/dev/sdb1".to_owned();
        check(&[], &|_| {});
        check(&[Refusal::NotWhole("part".into())], &|d| d["type"] = "part".into());
        check(&[Refusal::NotWhole("crypt".into())], &|d| d["type"] = "crypt".into());
        check(&[Refusal::NotWhole("rom".into())], &|d| d["type"] = "rom".into());
        check(&[Refusal::Mounted(part.clone(), "/media/x".into())], &|d| d["children"][0]["mountpoints"][0] = "/media/x".into());
        check(&[Refusal::Mounted("/dev/sdb".into(), "/mnt".into())], &|d| d["mountpoints"][0] = "/mnt".into());
        check(&[Refusal::Swap(part)], &|d| d["children"][0]["mountpoints"][0] = "[SWAP]".into());
        check(&[Refusal::RunningSystem("/".into())], &|d| d["children"][0]["mountpoints"][0] = "/".into());
        // Root on LVM in an encrypted partition.
        check(&[Refusal::InUse("c".into()), Refusal::InUse("vg-root".into()), Refusal::RunningSystem("/".into())], &|d| {
            let mut crypt = d["children"][0].clone();
            (crypt["name"], crypt["type"]) = ("c".into(), "crypt".into());
            let mut volume = crypt.clone();
            (volume["name"], volume["type"], volume["mountpoints"][0]) = ("vg-root".into(), "lvm".into(), "/".into());
            crypt["children"] = vec![volume].into();
            d["children"][0]["children"] = vec![crypt].into();
        });
        check(&[Refusal::ReadOnly], &|d| d["ro"] = true.into());
        check(&[], &|d| d["size"] = (600u64 << 20).into());
        check(&[Refusal::TooSmall((600 << 20) - 1, 600 << 20)], &|d| d["size"] = ((600u64 << 20) - 1).into());
        check(&[Refusal::Sectors(4096)], &|d| d["log-sec"] = 4096.into());
        check(&[], &|d| d["rm"] = false.into());
        check(&[Refusal::Internal], &|d| (d["rm"], d["hotplug"]) = (false.into(), false.into()));
        let internal = stick(|d| (d["rm"], d["hotplug"]) = (false.into(), false.into()));
        assert_eq!(refusals(&internal, &Wish { internal: true, ..WISH }), []);
        // What forces one refusal away leaves the others.
        let running = stick(|d| (d["rm"], d["hotplug"], d["mountpoints"][0]) = (false.into(), false.into(), "/".into()));
        assert_eq!(refusals(&running, &Wish { internal: true, ..WISH }), [Refusal::RunningSystem("/".into())]);
    }

    #[test]
    fn files_and_the_rest() {
        assert_eq!(refusals(&Target::File(0), &WISH), [Refusal::Kind("a file")]);
        assert_eq!(refusals(&Target::File(0), &Wish { file: true, ..WISH }), []);
        assert_eq!(refusals(&Target::Other("a folder"), &Wish { file: true, ..WISH }), [Refusal::Kind("a folder")]);
        assert!(parse("{\"blockdevices\": []}").is_err() && parse("").is_err());
    }

    #[test]
    fn what_will_be_lost_is_named() {
        let Target::Device(device) = stick(|_| {}) else { panic!() };
        assert_eq!(show(&device), "/dev/sdb  Ultra, 8.0 GB\n  /dev/sdb1  8.0 GB  data, HOLIDAY, vfat\n");
    }
}
