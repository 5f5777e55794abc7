//! `hearth-server`: ingest, transcode, package, keys, catalog, origin.
//!
//! A film in: upload -> durable job (probe, transcode, index, publish) -> mezzanine + index in the store, rows in the catalog. A segment
//! out: index look-up -> range read -> box writing -> encryption in place.
//!
//! Start reading at [`start`] (what runs), `jobs::run` (what becomes of a film) and [`mezzanine`] (what is kept of it).

mod body;
pub mod catalog;
pub mod codes;
pub mod data;
pub mod db;
pub mod devices;
mod error;
pub mod ingest;
pub mod jobs;
pub mod keys;
pub mod license;
pub mod mezzanine;
pub mod origin;
pub mod package;
mod serve;
pub mod state;
pub mod store;
pub mod tokens;
pub mod transcode;
pub mod updates;

pub use error::{Error, Result};
pub use serve::{Blocking, Running, ServeOptions, start, start_blocking};
