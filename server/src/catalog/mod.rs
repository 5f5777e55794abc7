//! The catalog API: home screen, titles, the right to play, progress.
pub mod home;
