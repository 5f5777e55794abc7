//! What the remote control does to the screen: keys, focus and the application's state, as pure data. Start at [`App`].
//!
//! Nothing here does I/O, starts a thread or reads a clock: time comes in with every [`Event`], wishes leave as [`Effect`]s. A log
//! of events replayed gives the same screens, which is how the journeys are tested.
#![forbid(unsafe_code)]

mod answers;
mod app;
mod browse;
mod event;
mod focus;
mod id;
mod input;
mod key;
mod keyboard;
mod memory;
mod modal;
mod networks;
mod playing;
mod screen;
mod secret;
mod seek;
mod settings;
mod volume;
mod wifi;

pub use app::{App, Config, Mode, Network, Toast, ToastKind};
pub use event::{Effect, Event, Failure, FailureKind, PlayFrom, PlayerCommand, PlayerEvent, Preferences, Say, Track, TrackKind};
pub use focus::{Direction, Entry, Focus, Moved, Scroll, Zone, ZoneKind};
pub use id::Id;
pub use input::{KeyEvent, KeyPhase, Keys};
pub use key::{Colour, RemoteKey, UnknownKey};
pub use keyboard::{ACTIONS, COLUMNS, Keyboard, Pressed, Shift, action};
pub use memory::Memory;
pub use modal::{Modal, Origin};
pub use networks::{Entry as PassphraseEntry, Join, PASSPHRASE};
pub use playing::{Osd, Phase, Playing};
pub use screen::{HomeData, Page, Screen, ShelfData, ShelfKind, TitleData, TitleRef, button, zone};
pub use secret::Secret;
pub use seek::SeekState;
pub use settings::{CaptionStyle, Group, Setting, TextBackground, TextColour, TextEdge, TextSize};
pub use volume::Volume;
pub use wifi::{JoinError, Links, Security, Way, Wifi, WifiCommand, WifiNetwork};
