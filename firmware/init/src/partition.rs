//! Which block device has which GPT name, from the kernel's own description of it. Pure.

/// The device's name (`vda5`) if this is the partition with that GPT name. `uevent` is `/sys/class/block/*/uevent`.
pub fn device_of<'a>(uevent: &'a str, partition: &str) -> Option<&'a str> {
    let value = |key: &str| uevent.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    (value("PARTNAME")? == partition).then(|| value("DEVNAME")).flatten().filter(|name| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') // becomes a path below /dev
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let uevent = "MAJOR=254\nMINOR=5\nDEVNAME=vda5\nDEVTYPE=partition\nDISKSEQ=1\nPARTN=5\nPARTNAME=root-a\n";
        let check = |uevent, name, expected| assert_eq!(device_of(uevent, name), expected, "{name}");
        check(uevent, "root-a", Some("vda5"));
        check(uevent, "root", None);
        check(uevent, "vda5", None);
        check("DEVNAME=vda\nDEVTYPE=disk\n", "root-a", None);
        check("DEVNAME=../x\nPARTNAME=root-a\n", "root-a", None);
        check("PARTNAME=root-a\n", "root-a", None);
        check("", "", None);
    }
}
