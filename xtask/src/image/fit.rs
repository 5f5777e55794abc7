//! FITs: kernel, initramfs and device tree in one file that U-Boot loads whole and believes only with our signature.
use super::keys::{FIT, Keys};
use super::{inputs, tools};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

/// What goes into a FIT.
pub struct Parts<'a> {
    /// Gzipped `Image`.
    pub kernel: &'a Path,
    /// Where U-Boot unpacks the kernel to.
    pub load: u64,
    /// Compressed archive; the kernel unpacks it.
    pub ramdisk: &'a Path,
    /// Flat device tree.
    pub dtb: &'a Path,
    /// For whoever looks at it with `dumpimage -l`.
    pub description: &'a str,
}

/// The kernel gzipped, kept by its hash: it takes seconds and changes rarely. LZ4 unpacks no faster under QEMU (2.1 s against 2.0 s, most of it
/// the emulated stores), and costs 3 MB in every update.
pub fn compress(kernel: &Path, cache: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(cache).with_context(|| cache.display().to_string())?;
    let kept = cache.join(format!("kernel-{}.gz", inputs::sha256_file(kernel)?));
    if !kept.is_file() {
        let new = tempfile::NamedTempFile::new_in(cache)?;
        tools::run_into(tools::command("gzip")?.args(["-9", "-n", "-c"]).arg(kernel), new.path())?;
        new.persist(&kept)?;
    }
    Ok(kept)
}

/// Makes and signs a FIT. With `control`, the public key goes into that device tree, as required for every configuration.
pub fn make(parts: &Parts<'_>, keys: &Keys, control: Option<&Path>, epoch: u64, out: &Path) -> Result<()> {
    let source = out.with_extension("its");
    std::fs::write(&source, its(parts)?).with_context(|| source.display().to_string())?;
    let time = epoch.to_string();
    let mut make = tools::command("mkimage")?;
    tools::run(make.env("SOURCE_DATE_EPOCH", &time).arg("-f").arg(&source).arg(out))?;
    std::fs::remove_file(&source)?;
    let mut sign = tools::command("mkimage")?;
    sign.env("SOURCE_DATE_EPOCH", &time).arg("-F").arg("-k").arg(&keys.dir);
    if let Some(control) = control {
        sign.arg("-K").arg(control).arg("-r");
    }
    tools::run(sign.arg(out))?;
    Ok(())
}

/// The source that mkimage reads.
fn its(parts: &Parts<'_>) -> Result<String> {
    let data = |path: &Path| match path.to_str() {
        Some(name) if !name.contains(['"', '\\']) => Ok(format!("data = /incbin/(\"{name}\");")),
        _ => bail!("{} has characters in its name that mkimage cannot take", path.display()),
    };
    let node = |name: &str, path: &Path, more: &str| {
        let data = data(path)?;
        Ok::<_, anyhow::Error>(format!("\t\t{name} {{ {data} arch = \"arm64\"; {more} hash {{ algo = \"sha256\"; }}; }};\n"))
    };
    let load = format!("os = \"linux\"; compression = \"gzip\"; load = <{0:#x}>; entry = <{0:#x}>;", parts.load);
    let kernel = node("kernel", parts.kernel, &format!("type = \"kernel\"; {load}"))?;
    let ramdisk = node("ramdisk", parts.ramdisk, "type = \"ramdisk\"; os = \"linux\"; compression = \"none\";")?;
    let fdt = node("fdt", parts.dtb, "type = \"flat_dt\"; compression = \"none\";")?;
    let description = parts.description;
    Ok(format!(
        "/dts-v1/;\n/ {{\n\tdescription = \"{description}\";\n\t#address-cells = <1>;\n\timages {{\n{kernel}{ramdisk}{fdt}\t}};\n\tconfigurations {{\n\
         \t\tdefault = \"conf\";\n\t\tconf {{ description = \"{description}\"; kernel = \"kernel\"; ramdisk = \"ramdisk\"; fdt = \"fdt\";\n\
         \t\t\tsignature {{ algo = \"sha256,rsa2048\"; key-name-hint = \"{FIT}\"; sign-images = \"kernel\", \"ramdisk\", \"fdt\"; }};\n\t\t}};\n\t}};\n}};\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_hashed_and_signed() {
        let path = Path::new("/x/y");
        let parts = Parts { kernel: path, load: 0x4040_0000, ramdisk: path, dtb: path, description: "d" };
        let text = its(&parts).unwrap();
        assert_eq!(text.matches("hash { algo = \"sha256\"; };").count(), 3);
        assert!(text.contains("sign-images = \"kernel\", \"ramdisk\", \"fdt\";"));
        assert!(text.contains("load = <0x40400000>; entry = <0x40400000>;"));
        assert_eq!(text.matches('{').count(), text.matches('}').count());
        let odd = Path::new("/x/\"y");
        assert!(its(&Parts { kernel: odd, ..parts }).is_err());
    }
}
