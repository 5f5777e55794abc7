//! Kept files carry the fingerprint of what they were made from; what was made from something else is thrown away.
use anyhow::Result;
use sha2::{Digest, Sha256};
use std::path::Path;

/// Sixteen hex digits of SHA-256.
pub fn fingerprint(recipe: &str) -> String {
    Sha256::digest(recipe.as_bytes()).iter().take(8).map(|b| format!("{b:02x}")).collect()
}

/// Removes a title's files that carry another fingerprint.
pub fn forget_others(dir: &Path, id: &str, fingerprint: &str) -> Result<()> {
    for entry in std::fs::read_dir(dir)?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(&format!("{id}-")) && !name.contains(fingerprint) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_follows_its_recipe() {
        assert_eq!(fingerprint("a"), fingerprint("a"));
        assert_ne!(fingerprint("a"), fingerprint("b"));
        assert_eq!(fingerprint("a").len(), 16);
    }

    #[test]
    fn only_the_titles_stale_files_go() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a-poster-1111.jpg", "a-poster-2222.jpg", "b-poster-1111.jpg"] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        forget_others(dir.path(), "a", "2222").unwrap();
        let mut left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["a-poster-2222.jpg", "b-poster-1111.jpg"]);
    }
}
