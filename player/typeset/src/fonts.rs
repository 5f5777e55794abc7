//! The fonts that text is drawn with, and the memory that drawing uses again and again.
use parley::fontique::{Blob, Collection, CollectionOptions, SourceCache};
use parley::{FontContext, FontFamilyName, LayoutContext};
use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

/// In the binary; what a box without fonts of its own has. The rest of the interface is set in it too.
const BUILT_IN: [&[u8]; 2] =
    [include_bytes!("../../../launcher/ui/fonts/Inter-Medium.otf"), include_bytes!("../../../launcher/ui/fonts/Inter-Bold.otf")];
/// Largest font file that is taken from a folder.
const LARGEST: u64 = 64 << 20;

/// Fonts, and scratch memory. Making one costs some milliseconds; keep it.
pub struct Fonts {
    pub(crate) context: FontContext,
    pub(crate) layouts: LayoutContext<u16>,
    pub(crate) scaler: swash::scale::ScaleContext,
    /// Every family there is, the built-in one first: where the wanted one lacks a letter, the next is asked.
    families: Vec<String>,
}

impl Default for Fonts {
    fn default() -> Self {
        Self::new()
    }
}

impl Fonts {
    /// The built-in ones: Latin, Greek, Cyrillic.
    pub fn new() -> Self {
        let collection = Collection::new(CollectionOptions { shared: false, system_fonts: false });
        let context = FontContext { collection, source_cache: SourceCache::default() };
        let mut fonts =
            Self { context, layouts: LayoutContext::new(), scaler: swash::scale::ScaleContext::new(), families: Vec::new() };
        BUILT_IN.iter().for_each(|bytes| fonts.add(Blob::new(Arc::new(*bytes))));
        fonts
    }

    /// Takes every `.ttf`, `.otf` and `.ttc` in `folder` too, for other scripts and for the fonts that authors name. What cannot be read is
    /// passed over; how many files were taken.
    pub fn add_folder(&mut self, folder: &Path) -> usize {
        let mut files: Vec<_> = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|f| f.path()).collect();
        // In the same order on every machine.
        files.sort();
        let mut taken = 0;
        for path in files {
            if path.is_dir() {
                taken += self.add_folder(&path);
                continue;
            }
            let kind = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
            let fits = std::fs::metadata(&path).is_ok_and(|m| m.len() <= LARGEST);
            if matches!(&*kind, "ttf" | "otf" | "ttc")
                && fits
                && let Ok(bytes) = std::fs::read(&path)
            {
                self.add(Blob::from(bytes));
                taken += 1;
            }
        }
        taken
    }

    fn add(&mut self, bytes: Blob<u8>) {
        for (family, _) in self.context.collection.register_fonts(bytes, None) {
            let Some(name) = self.context.collection.family_name(family) else { continue };
            if !self.families.iter().any(|f| f == name) {
                self.families.push(name.to_owned());
            }
        }
    }

    /// The families to ask, best first, for what an author names (TTML2 §8.2.17 generic names among them).
    pub(crate) fn stack(&self, wanted: &[String], author: bool) -> Vec<FontFamilyName<'static>> {
        let mut out: Vec<&str> = Vec::new();
        let there = |name: &str| self.families.iter().map(String::as_str).find(|f| f.eq_ignore_ascii_case(name));
        for name in wanted {
            out.extend(there(name));
            out.extend(generic(name, author).iter().filter_map(|n| there(n)));
        }
        if wanted.is_empty() && author {
            out.extend(generic("default", true).iter().filter_map(|n| there(n)));
        }
        out.extend(self.families.iter().map(String::as_str));
        let mut seen: Vec<&str> = Vec::with_capacity(out.len());
        out.retain(|name| {
            !seen.contains(name) && {
                seen.push(name);
                true
            }
        });
        out.into_iter().map(|name| FontFamilyName::Named(Cow::Owned(name.to_owned()))).collect()
    }
}

/// Fonts for a generic name, by what their letters' widths are (IMSC 1.2 §10.2, reference fonts). The viewer's own is sans serif: a name that says nothing more is
/// that.
fn generic(name: &str, author: bool) -> &'static [&'static str] {
    const MONO: &[&str] = &["Courier New", "Liberation Mono", "Nimbus Mono PS", "Cousine", "DejaVu Sans Mono", "Noto Sans Mono"];
    const SANS: &[&str] = &["Arial", "Helvetica", "Liberation Sans", "Nimbus Sans", "Arimo", "DejaVu Sans"];
    const SERIF: &[&str] = &["Times New Roman", "Liberation Serif", "Nimbus Roman", "Tinos", "DejaVu Serif"];
    match name {
        // IMSC: `default` is `monospaceSerif`; nobody who watches wants that.
        "default" | "monospaceSerif" if author => MONO,
        "monospaceSerif" | "monospaceSansSerif" | "monospace" | "Courier New" | "Courier" => MONO,
        "proportionalSansSerif" | "sansSerif" | "sans-serif" | "Arial" | "Helvetica" if author => SANS,
        "proportionalSerif" | "serif" => SERIF,
        _ => &[],
    }
}
