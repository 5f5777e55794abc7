//! A board is one TOML file: `boards/<id>.toml`, which may inherit one `boards/soc/<name>.toml`. This crate parses, expands and checks it.
//!
//! The expanded board drives the image build and, embedded in the image, tells launcher and player what the hardware can do; nothing else
//! decides by board. Start at [`load`].
#![forbid(unsafe_code)]

mod check;
pub mod fdt;
mod irkeymap;
mod load;
mod packages;
mod schema;
pub mod table;

pub use check::{Finding, Severity, check};
pub use irkeymap::{IrKeymap, IrKeymapError};
pub use load::{Error, expand, list, load};
pub use packages::{check_packages, facts};
pub use schema::*;
