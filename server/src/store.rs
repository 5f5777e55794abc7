//! The object store: published media and artwork by key, and nothing else. A local directory today; the same trait reaches S3.
//!
//! Keys: `titles/{title}/{rendition}.mp4`, `titles/{title}/{rendition}.idx` (see [`crate::mezzanine`]), `titles/{title}/poster.jpg`,
//! `titles/{title}/backdrop.jpg`, `updates/{sha256}.bundle`. An object is durable when a put returns, appears whole or not at all, and never changes.

use crate::data::sync_dir;
use crate::mezzanine::TrackIndex;
use crate::{Error, Result};
use bytes::Bytes;
use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{GetOptions, ObjectStore, ObjectStoreExt};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where objects lie.
#[derive(Clone, Debug)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    root: PathBuf,
}

/// Key of a rendition's mezzanine.
pub fn mezzanine_key(title: &str, rendition: &str) -> String {
    format!("titles/{title}/{rendition}.mp4")
}

/// Key of a rendition's sample index.
pub fn index_key(title: &str, rendition: &str) -> String {
    format!("titles/{title}/{rendition}.idx")
}

/// Key of a picture: `kind` is `poster` or `backdrop`.
pub fn art_key(title: &str, kind: &str) -> String {
    format!("titles/{title}/{kind}.jpg")
}

/// Key of a bundle that boxes install.
pub fn bundle_key(sha256: &str) -> String {
    format!("updates/{sha256}.bundle")
}

impl Store {
    /// In a directory that exists.
    pub fn local(root: &Path) -> Result<Self> {
        let objects = LocalFileSystem::new_with_prefix(root)?.with_fsync(true).with_automatic_cleanup(true);
        Ok(Self { objects: Arc::new(objects), root: root.to_path_buf() })
    }

    /// The underlying store, for streams and whatever is not here.
    pub fn objects(&self) -> &Arc<dyn ObjectStore> {
        &self.objects
    }

    /// A whole object.
    pub async fn get(&self, key: &str) -> Result<Bytes> {
        Ok(self.objects.get(&Key::from(key)).await?.bytes().await?)
    }

    /// Some bytes of an object.
    pub async fn get_range(&self, key: &str, range: Range<u64>) -> Result<Bytes> {
        Ok(self.objects.get_range(&Key::from(key), range).await?)
    }

    /// Some bytes of an object, piece by piece: for what is too large to be held in memory.
    pub async fn stream(&self, key: &str, range: Range<u64>) -> Result<BoxStream<'static, object_store::Result<Bytes>>> {
        let options = GetOptions { range: Some(range.into()), ..GetOptions::default() };
        Ok(self.objects.get_opts(&Key::from(key), options).await?.into_stream())
    }

    /// Its size in bytes; none where there is no such object.
    pub async fn size(&self, key: &str) -> Result<Option<u64>> {
        match self.objects.head(&Key::from(key)).await {
            Ok(meta) => Ok(Some(meta.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    /// The sample index of a rendition.
    pub async fn index(&self, title: &str, rendition: &str) -> Result<TrackIndex> {
        let key = index_key(title, rendition);
        postcard::from_bytes(&self.get(&key).await?).map_err(|e| Error::Damaged(format!("{key}: {e}")))
    }

    /// Writes an object, durably.
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        self.objects.put(&Key::from(key), bytes.into()).await?;
        Ok(())
    }

    /// Moves a file (synced, on the same disc) into the store, durably. Again after a crash in the middle: the file is gone and the
    /// object is there, which is as good.
    pub async fn adopt(&self, key: &str, file: &Path) -> Result<()> {
        if !tokio::fs::try_exists(file).await.map_err(Error::io(file))? {
            return match self.size(key).await? {
                Some(_) => Ok(()),
                None => Err(Error::Damaged(format!("{} is gone and {key} is not in the store", file.display()))),
            };
        }
        let to = self.root.join(key);
        let parent = to.parent().unwrap_or(&self.root).to_path_buf();
        tokio::fs::create_dir_all(&parent).await.map_err(Error::io(&parent))?;
        tokio::fs::rename(file, &to).await.map_err(Error::io(&to))?;
        // The title's directory may be new, and its parent's entry with it.
        for dir in parent.ancestors().take_while(|d| d.starts_with(&self.root)) {
            sync_dir(dir)?;
        }
        Ok(())
    }

    /// Removes every object of a title; for one that was not published in the end.
    pub async fn remove_title(&self, title: &str) -> Result<()> {
        let prefix = Key::from(format!("titles/{title}"));
        let found: Vec<_> = self.objects.list(Some(&prefix)).try_collect().await?;
        for object in found {
            self.remove(object.location.as_ref()).await?;
        }
        Ok(())
    }

    /// Removes an object, if it is there.
    pub async fn remove(&self, key: &str) -> Result<()> {
        match self.objects.delete(&Key::from(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(e) => Err(e.into()),
        }
    }

    /// Keys of all bundles there are.
    pub async fn bundles(&self) -> Result<Vec<String>> {
        let found: Vec<_> = self.objects.list(Some(&Key::from("updates"))).try_collect().await?;
        Ok(found.into_iter().map(|object| object.location.to_string()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn adopt_is_idempotent_and_removal_complete() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::local(dir.path()).unwrap();
        let file = dir.path().join("made.tmp");
        std::fs::write(&file, b"samples").unwrap();
        let key = mezzanine_key("t", "v180");
        store.adopt(&key, &file).await.unwrap();
        store.adopt(&key, &file).await.unwrap();
        assert_eq!(store.get_range(&key, 1..3).await.unwrap(), &b"am"[..]);
        assert!(store.adopt(&index_key("t", "v180"), &file).await.is_err(), "neither file nor object");
        store.remove_title("t").await.unwrap();
        assert_eq!(store.size(&key).await.unwrap(), None);
    }
}
