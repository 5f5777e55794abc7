//! Which disc is ours, by made-up lists of block devices.
use super::*;
use std::os::unix::fs::symlink;

/// A disc with these partitions, as sysfs shows it.
fn plug(root: &Path, disc: &str, names: &[&str]) {
    for (i, name) in names.iter().enumerate() {
        let device = format!("{disc}{}", i + 1);
        let real = root.join("devices").join(disc).join(&device);
        std::fs::create_dir_all(&real).unwrap();
        std::fs::write(real.join("uevent"), format!("MAJOR=254\nDEVNAME={device}\nDEVTYPE=partition\nPARTNAME={name}\n"))
            .unwrap();
        std::fs::create_dir_all(root.join("block")).unwrap();
        symlink(&real, root.join("block").join(device)).unwrap();
    }
}

fn root_is_on(root: &Path, device: &str) {
    std::fs::create_dir_all(root.join("block/dm-0/slaves").join(device)).unwrap();
}

#[test]
fn the_disc_of_this_box() {
    let all = ["bootstate", "factory", "boot-a", "boot-b", "root-a", "root-b", "recovery", "data"];
    let check = |discs: &[(&str, &[&str])], root: Option<&str>, expected: Option<&str>| {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("block")).unwrap();
        for (disc, names) in discs {
            plug(dir.path(), disc, names);
        }
        if let Some(device) = root {
            root_is_on(dir.path(), device);
        }
        let sys = dir.path().join("block");
        let found = the_disc(find(&sys).unwrap(), &below_device_mapper(&sys));
        let boot_b = found.map(|disc| disc[&Partition::Slot(Part::Boot, Slot::B)].clone());
        assert_eq!(boot_b.ok().as_deref(), expected, "{discs:?}");
    };
    check(&[("vda", &all)], None, Some("vda4"));
    check(&[("vda", &all), ("sdb", &["boot-b", "data"])], None, Some("vda4"));
    check(&[("vda", &all), ("sda", &all)], Some("vda5"), Some("vda4"));
    check(&[("vda", &all), ("sda", &all)], Some("sda5"), Some("sda4"));
    check(&[("vda", &all), ("sda", &all)], None, None);
    check(&[("vda", &all[..5])], None, None);
    check(&[("vda", &all[..5]), ("vdb", &all[5..])], None, None);
    check(&[], None, None);
}
