//! Just-in-time packaging.
pub mod pssh;
