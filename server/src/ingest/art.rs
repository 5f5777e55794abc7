//! Posters and backdrops: decoded once to see that they are pictures, kept as JPEG.

use crate::db::uploads;
use crate::state::State;
use crate::{Error, Result};
use axum::body::Body;
use axum::extract::{Path, State as FromState};
use http::StatusCode;
use image::{ImageFormat, ImageReader, Limits};
use std::io::Cursor;
use std::sync::Arc;

/// A picture may have so many bytes.
pub const MAX_ART_BYTES: usize = 20 << 20;
/// And so many pixels to a side.
const MAX_SIDE: u32 = 8192;

/// `PUT /v1/uploads/{id}/art/{poster,backdrop}`.
pub async fn put(
    FromState(state): FromState<Arc<State>>,
    Path((id, kind)): Path<(String, String)>,
    body: Body,
) -> Result<StatusCode> {
    if !matches!(kind.as_str(), "poster" | "backdrop") {
        return Err(Error::not_found("kind of picture (there are poster and backdrop)"));
    }
    let upload = uploads::get(&mut *state.db.acquire().await?, &id).await?.ok_or_else(|| Error::not_found("upload"))?;
    if upload.job_id.is_some() {
        return Err(Error::refused(StatusCode::CONFLICT, "upload-complete", "send pictures before the last byte of the film"));
    }
    let bytes = axum::body::to_bytes(body, MAX_ART_BYTES).await.map_err(|_| {
        Error::refused(StatusCode::PAYLOAD_TOO_LARGE, "picture-too-large", format!("a picture may have {} bytes", MAX_ART_BYTES))
    })?;
    let jpeg = tokio::task::spawn_blocking(move || to_jpeg(&bytes))
        .await
        .map_err(|e| Error::Damaged(format!("picture decoder: {e}")))??;
    save(&state, &upload.id, &kind, &jpeg)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Keeps a picture for the job of an upload, durably.
pub fn save(state: &State, upload: &str, kind: &str, jpeg: &[u8]) -> Result<()> {
    let path = state.data.art(upload, kind);
    let temp = path.with_extension("tmp");
    let write = || {
        let mut file = std::fs::File::create(&temp)?;
        std::io::Write::write_all(&mut file, jpeg)?;
        file.sync_all()?;
        std::fs::rename(&temp, &path)
    };
    write().map_err(Error::io(&path))?;
    crate::data::sync_dir(path.parent().unwrap_or(&path))
}

/// Reads a JPEG or PNG and gives a JPEG; a JPEG stays as it is.
pub fn to_jpeg(bytes: &[u8]) -> Result<Vec<u8>> {
    let refuse = |why: String| Error::refused(StatusCode::UNPROCESSABLE_ENTITY, "not-a-picture", why);
    let unreadable = |e: &dyn std::fmt::Display| {
        refuse(format!("the picture cannot be read ({e}); send a JPEG or PNG of up to {MAX_SIDE} pixels a side"))
    };
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|e| unreadable(&e))?;
    let format = reader.format();
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    reader.limits(limits);
    let picture = reader.decode().map_err(|e| unreadable(&e))?;
    match format {
        Some(ImageFormat::Jpeg) => Ok(bytes.to_vec()),
        _ => {
            let mut out = Vec::new();
            let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut out, 90);
            picture.to_rgb8().write_with_encoder(encoder).map_err(|e| unreadable(&e))?;
            Ok(out)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn png_becomes_jpeg_and_jpeg_stays() {
        let picture = image::RgbImage::from_fn(20, 30, |x, y| image::Rgb([x as u8, y as u8, 7]));
        let mut png = Vec::new();
        picture.write_to(&mut Cursor::new(&mut png), ImageFormat::Png).unwrap();
        let jpeg = to_jpeg(&png).unwrap();
        assert_eq!(image::guess_format(&jpeg).unwrap(), ImageFormat::Jpeg);
        assert_eq!(to_jpeg(&jpeg).unwrap(), jpeg);
        for bad in [&b"hello"[..], &jpeg[..40], b""] {
            assert_eq!(to_jpeg(bad).unwrap_err().code(), "not-a-picture");
        }
    }
}
