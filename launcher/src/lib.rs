//! The TV interface: Slint on a platform of our own, fed from the Slint-free crates below it. Start at [`Launcher`](app::Launcher).

pub mod bake;
pub mod compose;
pub mod keys;
pub mod platform;

/// What the `.slint` files compile to.
#[allow(missing_docs, clippy::all, unsafe_code, elided_lifetimes_in_paths, unused_lifetimes)]
pub mod ui {
    slint::include_modules!();
}
