//! Three small releases, truly signed, and what the boot chain finds on a slot: one of them whole, or nothing it would run.
use super::disc::{Disc, Random};
use hearth_update::agent::disk::Partition;
use hearth_update::agent::source::Source;
use hearth_update::bundle::{self, Bundle, Part, Release};
use hearth_update::signed::SigningKey;
use hearth_update::slot::{Slot, SlotInfo};
use hearth_update::{Error, Result};
use std::io::{Cursor, Read};
use std::ops::Range;
use std::sync::LazyLock;

/// The smallest a manifest may have: many writes, few bytes.
pub const BLOCK: usize = 512;

/// A release: its payloads, its bundle, and what its slot.json says.
pub struct Image {
    pub boot: Vec<u8>,
    pub root: Vec<u8>,
    pub file: Vec<u8>,
    pub bundle: Bundle,
    pub info: SlotInfo,
}

/// Older, old (what runs) and new, by rollback index less one.
pub static IMAGES: LazyLock<[Image; 3]> = LazyLock::new(|| [1, 2, 3].map(make));

/// Releases share two blocks of three, as far as they share a place.
fn make(index: u32) -> Image {
    let content = |len: usize, salt: u64| -> Vec<u8> {
        let block = |i: usize| {
            let release = if i % 3 == 2 { u64::from(index) } else { 0 };
            let mut random = Random(salt << 32 | (i as u64) << 8 | release);
            (0..BLOCK).map(move |_| random.next() as u8)
        };
        (0..len.div_ceil(BLOCK)).flat_map(block).take(len).collect()
    };
    let (boot, mut root) = (content(BLOCK * 2 + 100, 1), content(BLOCK * 8 + 300, 2));
    // A block that moved.
    root.splice(0..0, content(BLOCK * 3, 3 + u64::from(index % 2)));
    let build_id = format!("{index:064x}");
    let release = Release { block_size: BLOCK as u32, ..Release::new("test", &format!("{index}.0"), &build_id, index) };
    let mut file = Vec::new();
    let key = SigningKey::from_seed([1; 32]);
    let made = bundle::write(&mut file, &release, &mut Cursor::new(&boot), &mut Cursor::new(&root), &key).unwrap();
    let bundle = Bundle::open(&file, &key.keyring()).unwrap();
    assert_eq!(bundle, made);
    let info = SlotInfo {
        schema: 1,
        version: release.version,
        build_id,
        rollback_index: index,
        board: "test".into(),
        development: false,
        built_at: 0,
        modules: vec![],
        root: None,
    };
    Image { boot, root, file, bundle, info }
}

/// What would run from this slot: FIT and root as one release signed them. The boot loader and dm-verity refuse all else.
pub fn on_slot(disc: &Disc, slot: Slot) -> Option<&'static Image> {
    let holds = |part, payload: &[u8]| disc.medium(Partition::Slot(part, slot)).starts_with(payload);
    IMAGES.iter().find(|image| holds(Part::Boot, &image.boot) && holds(Part::Root, &image.root))
}

/// The new release by a network that breaks now and then.
pub struct Network<'a> {
    pub file: &'static [u8],
    pub random: &'a mut Random,
    pub fetched: u64,
}

impl Source for Network<'_> {
    fn open(&mut self, range: Range<u64>) -> Result<Box<dyn Read + '_>> {
        if self.random.one_in(20) {
            return Err(Error::Network("broken".into()));
        }
        let bytes = &self.file[range.start as usize..range.end as usize];
        let len = if self.random.one_in(10) { self.random.below(bytes.len() as u64) as usize } else { bytes.len() };
        self.fetched += len as u64;
        Ok(Box::new(&bytes[..len]))
    }

    fn length(&mut self) -> Result<u64> {
        Ok(self.file.len() as u64)
    }
}
