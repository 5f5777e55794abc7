//! The one error of this crate: what went wrong, a stable code for programs, and words for the person who has to act.

use axum::Json;
use axum::response::{IntoResponse, Response};
use hearth_api::ApiError;
use http::StatusCode;
use std::path::{Path, PathBuf};

/// Why something was refused or failed. [`Error::code`] is stable and kebab-case; the message says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A request or a master that we refuse: HTTP status, stable code, message.
    #[error("{message}")]
    Refused {
        /// What an HTTP client is told.
        status: StatusCode,
        /// Stable, kebab-case.
        code: &'static str,
        /// For a person.
        message: String,
    },
    /// A file or directory could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The database.
    #[error("database: {0}")]
    Db(#[from] sqlx::Error),
    /// The database's schema could not be brought up to date.
    #[error("database schema: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The object store.
    #[error("store: {0}")]
    Store(#[from] object_store::Error),
    /// Boxes could not be read or written.
    #[error("media: {0}")]
    Media(#[from] hearth_isobmff::Error),
    /// Keys: see [`crate::keys::KeyError`].
    #[error("{0}")]
    Keys(#[from] crate::keys::KeyError),
    /// A record in the database or the store does not read as what it should be.
    #[error("damaged record: {0}")]
    Damaged(String),
}

/// Shorthand.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A refusal with a stable code.
    pub fn refused(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self::Refused { status, code, message: message.into() }
    }

    /// There is no such thing.
    pub fn not_found(what: &str) -> Self {
        Self::refused(StatusCode::NOT_FOUND, "not-found", format!("{what}: there is no such thing here"))
    }

    /// A master that cannot become a title: unprocessable, and trying again with the same file is no use.
    pub fn media(code: &'static str, message: impl Into<String>) -> Self {
        Self::refused(StatusCode::UNPROCESSABLE_ENTITY, code, message)
    }

    /// The disc under `path` is full or would be.
    pub fn disk_full(path: &Path, detail: &str) -> Self {
        Self::refused(
            StatusCode::INSUFFICIENT_STORAGE,
            "disk-full",
            format!(
                "no room on the disc of {}: {detail}; free some space or move the data directory, then retry",
                path.display()
            ),
        )
    }

    /// An I/O error with the path it happened at; a full disc is told apart.
    pub fn io(path: impl AsRef<Path>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.as_ref().to_path_buf();
        move |source| match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::disk_full(&path, "writing to it failed"),
            _ => Self::Io { path, source },
        }
    }

    /// Stable, kebab-case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused { code, .. } => code,
            _ if self.is_disk_full() => "disk-full",
            Self::Io { .. } | Self::Store(_) => "storage",
            Self::Db(_) | Self::Migrate(_) => "database",
            Self::Media(_) => "media",
            Self::Keys(_) => "keys",
            Self::Damaged(_) => "damaged",
        }
    }

    /// Is it for want of room? Then the same job may succeed later.
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Refused { code, .. } => *code == "disk-full",
            // SQLITE_FULL, and SQLITE_IOERR_WRITE as some file systems answer instead.
            Self::Db(sqlx::Error::Database(e)) => matches!(e.code().as_deref(), Some("13" | "778")),
            Self::Io { source, .. } => full(source),
            Self::Store(e) => {
                let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(e);
                while let Some(e) = cause {
                    if e.downcast_ref::<std::io::Error>().is_some_and(full) {
                        return true;
                    }
                    cause = e.source();
                }
                false
            }
            _ => false,
        }
    }

    /// What an HTTP client is told.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Refused { status, .. } => *status,
            _ if self.is_disk_full() => StatusCode::INSUFFICIENT_STORAGE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

fn full(e: &std::io::Error) -> bool {
    matches!(e.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = self.status();
        // Our own troubles are logged in full and told in brief: paths and SQL are no business of a client's.
        let message = match &self {
            Self::Refused { message, .. } => message.clone(),
            other => {
                tracing::error!(code = other.code(), "{other}");
                match other.code() {
                    "disk-full" => "the server's disc is full: free some space there, then retry".to_owned(),
                    _ => "the server failed to answer; its log says why".to_owned(),
                }
            }
        };
        (status, Json(ApiError { code: self.code().to_owned(), message })).into_response()
    }
}
