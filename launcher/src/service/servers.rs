//! Several addresses of one household's server: the first that answers is used until it does not.

use crate::backend::Server;
use hearth_api::{Home, PlaybackGrant, Progress, Title};
use hearth_box::tokens::Tokens;
use hearth_view::{Catalog, CatalogError, Delivery, HttpCatalog, Loader, Request};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// A catalog at any of several addresses.
pub struct Servers<C = HttpCatalog> {
    list: Vec<(String, C)>,
    at: AtomicUsize,
    reached: AtomicBool,
}

impl Servers {
    /// Each as in `http://192.168.1.10:8080`; what is no address is left out, unless all are. The tokens are shown to each its own.
    pub fn new(addresses: &[String], profile: &str, tokens: &Tokens) -> Result<Self, CatalogError> {
        let (mut list, mut wrong) = (Vec::new(), None);
        for address in addresses {
            match HttpCatalog::new(address, profile) {
                Ok(catalog) => list.push((address.trim().to_owned(), catalog.with_tokens(tokens.clone()))),
                Err(e) => {
                    tracing::warn!("{e}");
                    wrong = Some(e);
                }
            }
        }
        match wrong {
            Some(e) if list.is_empty() => Err(e),
            _ => Ok(Self::of(list)),
        }
    }
}

impl<C: Catalog> Servers<C> {
    /// Of catalogs that are there already.
    pub fn of(list: Vec<(String, C)>) -> Self {
        Self { list, at: AtomicUsize::new(0), reached: AtomicBool::new(false) }
    }

    /// The address in use.
    pub fn address(&self) -> Option<&str> {
        self.list.get(self.at.load(Ordering::Relaxed)).map(|(address, _)| address.as_str())
    }

    /// The address that has answered.
    pub fn reached(&self) -> Option<&str> {
        self.address().filter(|_| self.reached.load(Ordering::Relaxed))
    }

    fn current(&self) -> Result<&C, CatalogError> {
        let found = self.list.get(self.at.load(Ordering::Relaxed));
        found.map(|(_, catalog)| catalog).ok_or_else(|| CatalogError::Address(String::new()))
    }
}

impl<C: Catalog> Catalog for Servers<C> {
    fn home(&self) -> Result<Home, CatalogError> {
        let first = self.at.load(Ordering::Relaxed);
        let mut error = CatalogError::Address(String::new());
        for n in 0..self.list.len() {
            let at = (first + n) % self.list.len();
            match self.list.get(at).map(|(_, catalog)| catalog.home()) {
                Some(Ok(home)) => {
                    self.at.store(at, Ordering::Relaxed);
                    self.reached.store(true, Ordering::Relaxed);
                    return Ok(home);
                }
                Some(Err(e)) if n == 0 => error = e,
                _ => {}
            }
        }
        Err(error)
    }

    fn title(&self, id: &str) -> Result<Title, CatalogError> {
        self.current()?.title(id)
    }

    fn playback(&self, id: &str) -> Result<PlaybackGrant, CatalogError> {
        self.current()?.playback(id)
    }

    fn progress(&self, id: &str, progress: &Progress) -> Result<(), CatalogError> {
        self.current()?.progress(id, progress)
    }
}

/// The servers behind the loader's threads.
pub struct Household {
    /// The threads.
    pub loader: Loader,
    /// What they ask.
    pub servers: Arc<Servers>,
}

impl Server for Household {
    fn ask(&self, request: Request) {
        self.loader.ask(request);
    }

    fn poll(&self) -> Vec<Delivery> {
        self.loader.poll()
    }

    fn origin(&self) -> Option<String> {
        self.servers.reached().map(str::to_owned)
    }

    fn finish(self: Box<Self>) {
        self.loader.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// Answers while its name is on the list.
    struct Named(&'static str, Arc<Mutex<Vec<&'static str>>>);

    impl Catalog for Named {
        fn home(&self) -> Result<Home, CatalogError> {
            let up = self.1.lock().expect("a list").contains(&self.0);
            if up { Ok(Home { hero: None, shelves: Vec::new() }) } else { Err(CatalogError::Unreachable(self.0.into())) }
        }
        fn title(&self, _: &str) -> Result<Title, CatalogError> {
            Err(CatalogError::Unreachable(self.0.into()))
        }
        fn playback(&self, _: &str) -> Result<PlaybackGrant, CatalogError> {
            Err(CatalogError::Unreachable(self.0.into()))
        }
        fn progress(&self, _: &str, _: &Progress) -> Result<(), CatalogError> {
            Ok(())
        }
    }

    #[test]
    fn the_first_that_answers_is_used_until_it_does_not() {
        let up = Arc::new(Mutex::new(Vec::new()));
        let named = |name| (format!("http://{name}"), Named(name, up.clone()));
        let servers = Servers::of(vec![named("a"), named("b"), named("c")]);
        for (answering, reached) in [
            (vec![], None),
            (vec!["b", "c"], Some("http://b")),
            // It stays where it is while that answers, though the better one is back.
            (vec!["a", "b"], Some("http://b")),
            (vec!["a"], Some("http://a")),
            (vec![], Some("http://a")),
        ] {
            *up.lock().expect("a list") = answering.clone();
            let came = servers.home();
            assert_eq!(came.is_ok(), !answering.is_empty());
            assert_eq!(servers.reached(), reached, "{answering:?}");
            assert_eq!(
                servers.title("x"),
                Err(CatalogError::Unreachable(servers.address().unwrap_or("").replace("http://", "")))
            );
        }
    }

    #[test]
    fn no_address_is_an_error_and_one_wrong_one_is_not() {
        let new = |list: &[&str]| Servers::new(&list.iter().map(|s| s.to_string()).collect::<Vec<_>>(), "p", &Tokens::default());
        assert!(new(&["nonsense"]).is_err());
        assert_eq!(new(&["nonsense", "http://a "]).expect("servers").address(), Some("http://a"));
        assert!(new(&[]).expect("no servers").home().is_err());
    }
}
