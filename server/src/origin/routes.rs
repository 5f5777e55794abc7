//! The data path's one handler: an address to an entity, from RAM or made now.

use super::answer::{ART, Entity, IMMUTABLE, METHODS, SHORT, preflight, refuse, refuse_writing, respond};
use super::path::{Address, Item, parse};
use super::titles::{Published, describe, shared};
use super::{Origin, Thing};
use crate::package::{Part, content_type, presentation};
use crate::state::State;
use crate::{Error, Result, store};
use axum::Router;
use axum::extract::{Request, State as Shared};
use axum::response::Response;
use axum::routing::any;
use bytes::Bytes;
use http::Method;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::sync::Arc;

/// Everything under `/titles/`.
pub fn router(state: Arc<State>) -> Router {
    Router::new().route("/titles/{*rest}", any(handle)).with_state(state)
}

async fn handle(Shared(state): Shared<Arc<State>>, request: Request) -> Response {
    let method = request.method();
    if method == Method::OPTIONS {
        return preflight(METHODS);
    }
    if let Some(refusal) = refuse_writing(method) {
        return refusal;
    }
    let Some(address) = parse(request.uri().path()) else { return refuse(Error::not_found("this address")) };
    match state.origin.entity(&state, address).await {
        Ok(entity) => respond(method, request.headers(), entity),
        Err(error) => refuse(error),
    }
}

impl Origin {
    async fn entity(&self, state: &State, address: Address<'_>) -> Result<Entity> {
        let title = self.title(state, address.title).await?;
        let (revision, thing) = match address.item {
            Item::Art { kind } => return art(state, address.title, kind).await,
            Item::Master => (None, Thing::Master),
            Item::Mpd => (None, Thing::Mpd),
            Item::Playlist { rendition } => (None, Thing::Playlist(title.rendition(rendition)?.0)),
            Item::KeyFrames { rendition } => (None, Thing::KeyFrames(title.rendition(rendition)?.0)),
            Item::KeyFrame { revision, rendition, number } => {
                (Some(revision), Thing::KeyFrame(title.rendition(rendition)?.0, number))
            }
            Item::Init { revision, rendition } => (Some(revision), Thing::Init(title.rendition(rendition)?.0)),
            Item::Segment { revision, rendition, number } => {
                (Some(revision), Thing::Segment(title.rendition(rendition)?.0, number))
            }
        };
        if revision.is_some_and(|r| r != title.revision) {
            return Err(Error::not_found("this publication of the title; load its playlist again"));
        }
        let key = (title.serial, thing);
        if let Some(entity) = self.hot.get(&key).await {
            return Ok(entity);
        }
        // Of requests that come at once for the same thing one makes it.
        self.hot.try_get_with(key, self.make(state, &title, thing)).await.map_err(shared)
    }

    async fn make(&self, state: &State, title: &Published, thing: Thing) -> Result<Entity> {
        match thing {
            Thing::Master | Thing::Mpd => {
                let sources = self.sources(state, title).await?;
                let items: Vec<_> = title.renditions.iter().zip(&sources).map(|(r, s)| describe(title, r, s)).collect();
                Ok(match thing {
                    Thing::Mpd => manifest(presentation::mpd(&items), "application/dash+xml"),
                    _ => manifest(presentation::master(&items, "", Some("../iframes/")), "application/vnd.apple.mpegurl"),
                })
            }
            Thing::Playlist(at) | Thing::KeyFrames(at) => {
                let source = self.source(state, title, at).await?;
                let item = describe(title, &title.renditions[usize::from(at)], &source);
                let text = match thing {
                    Thing::KeyFrames(_) => presentation::key_frames(&item).ok_or_else(|| Error::not_found("this playlist"))?,
                    _ => presentation::playlist(&item),
                };
                Ok(manifest(text, "application/vnd.apple.mpegurl"))
            }
            Thing::Init(at) | Thing::Segment(at, _) | Thing::KeyFrame(at, _) => {
                let rendition = &title.renditions[usize::from(at)];
                let bytes = self.media(state, title, at, thing).await?;
                Ok(Entity::new(bytes, &title.etag(&rendition.row.id, thing), content_type(&rendition.row.kind), IMMUTABLE))
            }
        }
    }

    async fn media(&self, state: &State, title: &Published, at: u16, thing: Thing) -> Result<Bytes> {
        let source = self.source(state, title, at).await?;
        let rendition = &title.renditions[usize::from(at)];
        let (number, part) = match thing {
            Thing::Segment(_, number) => (number, Part::Whole),
            Thing::KeyFrame(_, number) => (number, Part::KeyFrame),
            _ => return source.init(rendition.encryption.as_ref(), &rendition.pssh),
        };
        let range = source.byte_range(number, part).ok_or_else(|| Error::not_found("this segment"))?;
        let clear = self.samples(state, title, &rendition.row.id, range).await?;
        let encryption = rendition.encryption.clone();
        // Milliseconds of ciphering: not on a thread that others' requests wait for.
        let packaged = tokio::task::spawn_blocking(move || source.segment(number, part, &clear, encryption.as_ref()));
        packaged.await.map_err(|e| Error::Damaged(format!("packaging stopped: {e}")))?
    }
}

fn manifest(text: String, content_type: &'static str) -> Entity {
    let etag = digest(text.as_bytes());
    Entity::new(text.into(), &etag, content_type, SHORT)
}

async fn art(state: &State, title: &str, kind: &str) -> Result<Entity> {
    let bytes = match state.store.get(&store::art_key(title, kind)).await {
        Err(Error::Store(object_store::Error::NotFound { .. })) => return Err(Error::not_found("this picture")),
        other => other?,
    };
    let etag = digest(&bytes);
    Ok(Entity::new(bytes, &etag, "image/jpeg", ART))
}

/// 128 bits of SHA-256, hex.
fn digest(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(32);
    for byte in Sha256::digest(bytes).iter().take(16) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
