//! `hearth-server`: ingest, transcode, package, keys, catalog, origin.
//!
//! A film in: upload -> durable job (probe, transcode, index, publish) -> mezzanine + index in the store, rows in the catalog. A segment
//! out: index look-up -> range read -> box writing -> encryption in place.

pub mod mezzanine;
