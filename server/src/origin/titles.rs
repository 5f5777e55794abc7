//! Titles as the data path sees them: what is published, under which keys; looked up again now and then, loaded once a publication.

use super::{Origin, Thing};
use crate::db::titles::RenditionRow;
use crate::package::{Source, presentation::Described, protection};
use crate::state::State;
use crate::{Error, Result, db, store};
use hearth_isobmff::{Encryption, Pssh};
use hearth_manifest::ContentProtection;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// So long a title is taken to be what it was without asking the database: a new publication shows this much later.
const FRESH_MS: u64 = 1000;

/// One publication of a title.
pub(super) struct Published {
    pub serial: u64,
    pub id: String,
    pub revision: String,
    pub renditions: Vec<PublishedRendition>,
    /// When it was last seen to be current, in milliseconds since the origin was started.
    seen_ms: AtomicU64,
}

/// One of its renditions.
pub(super) struct PublishedRendition {
    pub row: RenditionRow,
    pub encryption: Option<Encryption>,
    pub pssh: Vec<Pssh>,
    pub systems: Vec<ContentProtection>,
}

impl Published {
    /// A rendition and its place.
    pub fn rendition(&self, id: &str) -> Result<(u16, &PublishedRendition)> {
        let at = self.renditions.iter().position(|r| r.row.id == id);
        let found = at.and_then(|i| Some((u16::try_from(i).ok()?, self.renditions.get(i)?)));
        found.ok_or_else(|| Error::not_found("this rendition"))
    }

    /// Strong ETag of a media file, unquoted.
    pub fn etag(&self, rendition: &str, thing: Thing) -> String {
        match thing {
            Thing::Segment(_, number) => format!("{}-{rendition}-{number}", self.revision),
            Thing::KeyFrame(_, number) => format!("{}-{rendition}-{number}i", self.revision),
            _ => format!("{}-{rendition}-init", self.revision),
        }
    }
}

impl Origin {
    /// The title as it is published now.
    pub(super) async fn title(&self, state: &State, id: &str) -> Result<Arc<Published>> {
        let now = self.started.elapsed().as_millis() as u64;
        let known = self.titles.get(id).await;
        if let Some(title) = &known
            && now.saturating_sub(title.seen_ms.load(Ordering::Relaxed)) < FRESH_MS
        {
            return Ok(title.clone());
        }
        let row: Option<(String, String)> =
            sqlx::query_as("SELECT revision, protection FROM titles WHERE id = ?").bind(id).fetch_optional(&state.db).await?;
        let Some((revision, protection)) = row else {
            self.titles.invalidate(id).await;
            return Err(Error::not_found("this title"));
        };
        if let Some(title) = known.filter(|t| t.revision == revision) {
            title.seen_ms.store(now, Ordering::Relaxed);
            return Ok(title);
        }
        let title = Arc::new(self.load(state, id, revision, &protection, now).await?);
        self.titles.insert(id.to_owned(), title.clone()).await;
        Ok(title)
    }

    async fn load(&self, state: &State, id: &str, revision: String, protection: &str, now: u64) -> Result<Published> {
        let scheme = protection::scheme(protection)?;
        let mut db = state.db.acquire().await?;
        let rows = db::titles::renditions(&mut db, id).await?;
        let mut renditions = Vec::with_capacity(rows.len());
        for row in rows {
            let mut it = PublishedRendition { row, encryption: None, pssh: Vec::new(), systems: Vec::new() };
            if let Some(scheme) = scheme {
                let stored = db::keys::of_title(&mut db, id, &it.row.kind).await?;
                // A title that is to be protected is never served clear.
                let stored = stored.ok_or_else(|| Error::Damaged(format!("title {id} is {protection} and has no key")))?;
                let key = state.keys.unwrap(stored.key_id, &stored.wrapped)?;
                let label = format!("{revision}/{}", it.row.id);
                it.encryption = Some(protection::encryption(scheme, stored.key_id, &key, stored.iv, &label));
                it.pssh = protection::pssh(stored.key_id, scheme)?;
                it.systems = protection::systems(stored.key_id, scheme, protection::LICENSE_URL)?;
            }
            renditions.push(it);
        }
        let serial = self.serials.fetch_add(1, Ordering::Relaxed);
        Ok(Published { serial, id: id.to_owned(), revision, renditions, seen_ms: AtomicU64::new(now) })
    }

    /// The index of one rendition.
    pub(super) async fn source(&self, state: &State, title: &Published, at: u16) -> Result<Arc<Source>> {
        let rendition = title.renditions.get(usize::from(at)).ok_or_else(|| Error::not_found("this rendition"))?;
        let load = async { Ok(Arc::new(Source::new(state.store.index(&title.id, &rendition.row.id).await?)?)) };
        self.sources.try_get_with((title.serial, at), load).await.map_err(shared)
    }

    /// All renditions with their indexes, as manifests describe them.
    pub(super) async fn sources(&self, state: &State, title: &Published) -> Result<Vec<Arc<Source>>> {
        let mut all = Vec::with_capacity(title.renditions.len());
        for at in (0..).take(title.renditions.len()) {
            all.push(self.source(state, title, at).await?);
        }
        Ok(all)
    }

    /// The clear bytes of a segment.
    pub(super) async fn samples(
        &self,
        state: &State,
        title: &Published,
        rendition: &str,
        range: std::ops::Range<u64>,
    ) -> Result<bytes::Bytes> {
        let bytes = state.store.get_range(&store::mezzanine_key(&title.id, rendition), range.clone()).await?;
        if bytes.len() as u64 != range.end - range.start {
            return Err(Error::Damaged(format!("mezzanine {rendition} of title {} ends early", title.id)));
        }
        Ok(bytes)
    }
}

/// Rendition `at` of a title as manifests that lie two levels below the title describe it.
pub(super) fn describe<'a>(title: &'a Published, rendition: &'a PublishedRendition, source: &'a Source) -> Described<'a> {
    Described {
        row: &rendition.row,
        source,
        protection: &rendition.systems,
        base: format!("../media/{}/{}/", title.revision, rendition.row.id),
    }
}

/// Of several requests that waited for the same work each gets the error.
pub(super) fn shared(error: Arc<Error>) -> Error {
    Arc::try_unwrap(error).unwrap_or_else(|e| match &*e {
        Error::Refused { status, code, message } => Error::refused(*status, code, message.clone()),
        other => Error::Damaged(other.to_string()),
    })
}
