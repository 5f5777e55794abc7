//! What the screens show, as plain data, and where it comes from. Start at [`view`], then [`Store`] and [`Loader`].
//!
//! The flow: an [`hearth_nav::Effect`] goes to the [`Loader`], its [`Delivery`] through [`Store::accept`] becomes an
//! [`hearth_nav::Event`]; after each step [`view`] makes the whole screen from the application's state and the store.
#![forbid(unsafe_code)]

mod catalog;
mod detail;
mod fixture;
mod format;
mod home;
mod http;
mod keyboard;
mod loader;
mod messages;
mod networks;
mod playing;
mod ring;
mod settings;
mod speech;
mod store;
mod tile;
mod view;

pub use catalog::{Catalog, CatalogError};
pub use detail::DetailView;
pub use fixture::FixtureCatalog;
pub use format::{clock, duration, meta_line, monogram};
pub use home::{BootView, EmptyView, HeroView, HomeView, ShelfView};
pub use http::HttpCatalog;
pub use keyboard::KeyboardView;
pub use loader::{Delivery, Loader, Request};
pub use messages::{ModalView, ToastView};
pub use networks::{NETWORK_ROWS, NetworkLine, NetworkRow, NetworksView, PassphraseView, RowFocus};
pub use playing::{OsdView, PlayingView, TrackView};
pub use ring::{RING_MARGIN, ring, ring_len};
pub use settings::{About, ChoiceView, SettingView, SettingsView};
pub use speech::spoken;
pub use store::Store;
pub use tile::{ButtonView, TileView};
pub use view::{Picture, ScreenView, Shape, View, pictures, view};
