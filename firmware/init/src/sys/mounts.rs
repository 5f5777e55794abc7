//! Mounts: the kernel's own filesystems, the root, `/data`.

use crate::{Error, Result};
use rustix::mount::{MountFlags, UnmountFlags};
use std::ffi::CString;
use std::path::Path;

const PLAIN: MountFlags = MountFlags::NOSUID.union(MountFlags::NOEXEC).union(MountFlags::NODEV);

/// Mounts one filesystem; the folder must be there.
pub fn mount(source: &str, target: &str, kind: &str, flags: MountFlags, data: &str) -> Result<()> {
    let data = CString::new(data).map_err(|_| Error::Refused("mount options with a NUL".to_owned()))?;
    rustix::mount::mount(source, target, kind, flags, Some(data.as_c_str())).map_err(Error::path("mount", target))
}

/// `/proc`, `/sys`, `/dev`, `/run`: what stage 1 needs and hands on to stage 2.
pub fn kernel_filesystems() -> Result<()> {
    for folder in ["/proc", "/sys", "/dev", "/run"] {
        let _ = std::fs::create_dir(folder); // there already in most images; the mount tells otherwise
    }
    mount("devtmpfs", "/dev", "devtmpfs", MountFlags::NOSUID.union(MountFlags::NOEXEC), "mode=0755").or_else(busy_is_fine)?;
    mount("proc", "/proc", "proc", PLAIN, "").or_else(busy_is_fine)?;
    mount("sysfs", "/sys", "sysfs", PLAIN, "").or_else(busy_is_fine)?;
    mount("tmpfs", "/run", "tmpfs", MountFlags::NOSUID.union(MountFlags::NODEV), "mode=0755,size=16m").or_else(busy_is_fine)
}

/// What only stage 2 needs. Each is worth having, none worth stopping for: the caller reports.
pub fn more_filesystems() -> Vec<Error> {
    for folder in ["/dev/pts", "/dev/shm"] {
        let _ = std::fs::create_dir(folder); // devtmpfs is empty of folders at first
    }
    let tmp = MountFlags::NOSUID.union(MountFlags::NODEV);
    [
        ("tmpfs", "/tmp", "tmpfs", tmp, "mode=1777,size=64m"),
        ("tmpfs", "/dev/shm", "tmpfs", tmp, "mode=1777,size=64m"),
        ("devpts", "/dev/pts", "devpts", MountFlags::NOSUID.union(MountFlags::NOEXEC), "mode=0620,ptmxmode=0666"),
        ("cgroup2", "/sys/fs/cgroup", "cgroup2", PLAIN, ""),
        ("pstore", "/sys/fs/pstore", "pstore", PLAIN, ""),
    ]
    .into_iter()
    .filter_map(|(source, target, kind, flags, data)| mount(source, target, kind, flags, data).or_else(busy_is_fine).err())
    .collect()
}

fn busy_is_fine(error: Error) -> Result<()> {
    match error {
        Error::Path { source, .. } if source.raw_os_error() == Some(rustix::io::Errno::BUSY.raw_os_error()) => Ok(()),
        error => Err(error),
    }
}

/// `/data`: no access times, data before the journal's commit, nothing on it is ever run.
pub fn mount_data(device: &Path, target: &str) -> Result<()> {
    mount(&device.to_string_lossy(), target, "ext4", PLAIN.union(MountFlags::NOATIME), "data=ordered,errors=remount-ro")
}

/// The same without writing, not even the journal: to save what can be read from a filesystem beyond repair.
pub fn mount_data_to_rescue(device: &Path, target: &str) -> Result<()> {
    mount(&device.to_string_lossy(), target, "ext4", PLAIN.union(MountFlags::RDONLY), "noload,errors=continue")
}

/// Unmounts; with `lazily` even if somebody still has a file open.
pub fn unmount(target: &str, lazily: bool) -> Result<()> {
    let flags = if lazily { UnmountFlags::DETACH } else { UnmountFlags::empty() };
    rustix::mount::unmount(target, flags).map_err(Error::path("unmount", target))
}

/// No more writes to a filesystem somebody still holds.
pub fn make_read_only(target: &str) -> Result<()> {
    rustix::mount::mount_remount(target, MountFlags::RDONLY, "").map_err(Error::path("remount read-only", target))
}

/// Leaves the initramfs for the root mounted at `root`, taking the kernel's filesystems along. The initramfs' files are deleted: they are memory.
pub fn switch_root(root: &str) -> Result<()> {
    for folder in ["/dev", "/proc", "/sys", "/run"] {
        let target = format!("{root}{folder}");
        rustix::mount::mount_move(folder, target.as_str()).map_err(Error::path("move", &target))?;
    }
    for path in ["/lib/modules", "/etc", "/init"] {
        let _ = std::fs::remove_dir_all(path).or_else(|_| std::fs::remove_file(path)); // memory won, nothing lost if not
    }
    rustix::process::chdir(root).map_err(Error::path("enter", root))?;
    rustix::mount::mount_move(".", "/").map_err(Error::path("move to /", root))?;
    rustix::process::chroot(".").map_err(Error::path("make the root", root))?;
    rustix::process::chdir("/").map_err(Error::path("enter", "/"))
}
