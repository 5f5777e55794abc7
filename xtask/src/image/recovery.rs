//! Recovery's initramfs: it must come up when both roots are gone, so everything it needs is in it. It leaves `/data` alone.
use super::initramfs::Archive;
use super::inputs::Inputs;
use anyhow::Result;

/// Adds updater and records to what every initramfs has.
pub fn add(archive: &mut Archive, inputs: &Inputs) -> Result<()> {
    archive.copy("usr/bin/hearth-update", 0o755, &inputs.update_static)?;
    for file in ["etc/hearth/update.pub", "etc/hearth/factory.pub", "etc/hearth/product.json", "etc/hearth/board.json"] {
        archive.copy(file, 0o644, &inputs.root.join(file))?;
    }
    // Names of servers: glibc asks these files even in a static program.
    archive.link("etc/resolv.conf", "/run/hearth/resolv.conf");
    archive.file("etc/nsswitch.conf", 0o644, b"hosts: files dns\n".to_vec());
    Ok(())
}
