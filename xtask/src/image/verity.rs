//! dm-verity: appends the hash tree to the squashfs, and says how to open it.
use super::tools;
use anyhow::{Context, Result, bail};
use hearth_update::slot::VerityRoot;
use std::fs::OpenOptions;
use std::path::Path;

const BLOCK: u64 = 4096;

/// Appends the tree to `image`. The salt is the build id: fixed for a build, different between builds.
pub fn append(image: &Path, build_id: &str) -> Result<VerityRoot> {
    let file = OpenOptions::new().write(true).open(image).with_context(|| image.display().to_string())?;
    let size = file.metadata()?.len().next_multiple_of(BLOCK);
    file.set_len(size)?;
    drop(file);
    let blocks = size / BLOCK;
    let mut command = tools::command("veritysetup")?;
    command.args(["format", "--no-superblock", "--hash=sha256", "--data-block-size=4096", "--hash-block-size=4096"]);
    command.arg(format!("--data-blocks={blocks}")).arg(format!("--hash-offset={size}")).arg(format!("--salt={build_id}"));
    let printed = tools::run(command.arg(image).arg(image))?;
    let root_hash = root_hash(&printed)?;
    Ok(VerityRoot { data_blocks: blocks, hash_start: blocks, salt: build_id.to_owned(), root_hash })
}

/// From what veritysetup prints.
fn root_hash(printed: &str) -> Result<String> {
    let value = printed.lines().find_map(|line| line.strip_prefix("Root hash:")).map(str::trim);
    match value {
        Some(hash) if hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => Ok(hash.to_owned()),
        _ => bail!("veritysetup printed no root hash:\n{printed}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_hash_is_found() {
        let hash = "ab".repeat(32);
        assert_eq!(root_hash(&format!("VERITY header\nSalt:            \t01\nRoot hash:      \t{hash}\n")).unwrap(), hash);
        assert!(root_hash("Root hash: \tabc\n").is_err());
        assert!(root_hash("").is_err());
    }

    #[test]
    fn a_flipped_byte_is_found_by_veritysetup() {
        if !tools::has("veritysetup") {
            println!("skipped: veritysetup is not installed");
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let image = dir.path().join("root.img");
        std::fs::write(&image, vec![7; 3 * 4096 + 100]).unwrap();
        let root = append(&image, &"5a".repeat(32)).unwrap();
        assert_eq!((root.data_blocks, root.hash_start), (4, 4));
        let verify = || {
            let mut command = tools::command("veritysetup").unwrap();
            command.args(["verify", "--no-superblock", "--hash=sha256", "--data-block-size=4096", "--hash-block-size=4096"]);
            command.arg(format!("--data-blocks={}", root.data_blocks)).arg(format!("--hash-offset={}", root.hash_start * BLOCK));
            command.arg(format!("--salt={}", root.salt)).arg(&image).arg(&image).arg(&root.root_hash);
            tools::run(&mut command)
        };
        verify().unwrap();
        let mut bytes = std::fs::read(&image).unwrap();
        bytes[5000] ^= 1;
        std::fs::write(&image, bytes).unwrap();
        assert!(verify().is_err());
    }
}
