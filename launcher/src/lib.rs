//! The TV interface: Slint on a platform of our own, fed from the Slint-free crates below it. Start at [`app::Launcher`] and
//! [`run::Loop`].

pub mod app;
pub mod art;
pub mod backend;
pub mod bake;
pub mod captions;
pub mod compose;
mod facts;
pub mod keys;
pub mod outputs;
pub mod platform;
pub mod report;
pub mod run;
pub mod script;
pub mod service;
pub mod show;
pub mod snapshot;
mod words;

/// What the `.slint` files compile to.
#[allow(
    missing_docs,
    clippy::all,
    clippy::todo,
    clippy::unimplemented,
    clippy::disallowed_methods,
    unsafe_code,
    elided_lifetimes_in_paths,
    unused_lifetimes
)]
pub mod ui {
    slint::include_modules!();
}
