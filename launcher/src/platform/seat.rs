//! A film's seat: the plane of the display that it can have for itself. The screen offers it, the player takes it and leaves it.

use super::Rect;
use rustix::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};

/// A plane below the interface's.
#[derive(Clone, Debug)]
pub struct FilmPlane {
    /// The open card.
    pub card: Arc<OwnedFd>,
    /// The display's socket; the kernel's number.
    pub connector: u32,
    /// The kernel's number.
    pub plane: u32,
    /// It shows films in another size than they have.
    pub scales: bool,
    /// The part of the display that is the interface's too.
    pub rect: Rect,
}

impl FilmPlane {
    /// The same one, though its part of the display may be another.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.card, &other.card)
            && (self.connector, self.plane, self.scales) == (other.connector, other.plane, other.scales)
    }
}

/// What both sides know of it.
#[derive(Clone, Default)]
pub struct Seat(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    offered: Option<FilmPlane>,
    offers: u64,
    left: bool,
}

impl Seat {
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// There is this plane from now on, or none. Whoever uses it has to show itself anew.
    pub fn offer(&self, plane: Option<FilmPlane>) {
        self.change(|state| {
            state.offers += 1;
            state.offered = plane;
        });
    }

    /// The plane, and the number of the offer.
    pub fn offered(&self) -> (u64, Option<FilmPlane>) {
        self.change(|state| (state.offers, state.offered.clone()))
    }

    /// The film is over: what the plane shows is to go.
    pub fn leave(&self) {
        self.change(|state| state.left = true);
    }

    /// Another film has come.
    pub fn take(&self) {
        self.change(|state| state.left = false);
    }

    /// A film was over since this was last asked.
    pub fn was_left(&self) -> bool {
        self.change(|state| std::mem::take(&mut state.left))
    }
}
