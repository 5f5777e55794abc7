//! A box in a folder: the image of its disc with a real partition table, its settings, releases signed for it.
use hearth_update::agent::boot;
use hearth_update::agent::devices::Devices;
use hearth_update::agent::disk::{Disk, Partition};
use hearth_update::agent::here::{Here, Order};
use hearth_update::agent::install::Installed;
use hearth_update::agent::memory::Memory;
use hearth_update::agent::retry::Pause;
use hearth_update::agent::settings::{Folders, Word};
use hearth_update::agent::source::Source;
use hearth_update::bootstate::{BootState, Chances, OFFSETS};
use hearth_update::bundle::{self, Bundle, Part, Release};
use hearth_update::factory::Factory;
use hearth_update::product::Product;
use hearth_update::signed::SigningKey;
use hearth_update::slot::{Running, Slot, SlotInfo};
use hearth_update::status::Status;
use hearth_update::{Error, Result};
use std::fs::{self, File};
use std::io::Cursor;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;
use tempfile::TempDir;

pub const DEVICE: &str = "6f1d1c3e-3d7e-4c0e-9b1c-0123456789ab";
const MIB: u64 = 1 << 20;

/// The key every box here trusts.
pub fn key() -> SigningKey {
    SigningKey::from_seed([1; 32])
}

/// Bytes that differ from block to block; `i % 4` of them by release.
fn content(len: usize, salt: u64, release: u32) -> Vec<u8> {
    let block = |i: usize| {
        let own = if i % 4 == 3 { u64::from(release) } else { 0 };
        let mut state = (salt << 40 | own << 32 | i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        (0..65536).map(move |_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 24) as u8
        })
    };
    (0..len.div_ceil(65536)).flat_map(block).take(len).collect()
}

/// A release: the files of its slot, and its bundle.
pub struct Made {
    pub payloads: [Vec<u8>; 2],
    pub file: Vec<u8>,
    pub bundle: Bundle,
}

/// The release with that rollback index, 1 to 3; its version is `index.0`.
pub fn release(index: u32) -> &'static Made {
    static RELEASES: LazyLock<[Made; 3]> = LazyLock::new(|| [1, 2, 3].map(|index| made(index, |_| (), &key())));
    &RELEASES[index as usize - 1]
}

/// The same, with something about it changed.
pub fn made(index: u32, change: impl FnOnce(&mut Release), key: &SigningKey) -> Made {
    let mut release = Release::new("test", &format!("{index}.0"), &build_id(index), index);
    change(&mut release);
    let payloads = [content(300_000, 1, index), content(1_500_000, 2, index)];
    let mut file = Vec::new();
    let [boot, root] = payloads.each_ref().map(Cursor::new);
    let bundle = bundle::write(&mut file, &release, &mut { boot }, &mut { root }, key).unwrap();
    Made { payloads, file, bundle }
}

pub fn build_id(index: u32) -> String {
    format!("{index:064x}")
}

/// The box: runs release 2 in slot A, marked good; slot B holds release 1.
pub struct TestBox {
    pub dir: TempDir,
    pub folders: Folders,
    pub image: PathBuf,
    pub running: Running,
}

impl TestBox {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let image = dir.path().join("disk.img");
        partition(&image);
        let folders = Folders { etc: dir.path().join("etc"), run: dir.path().join("run"), data: dir.path().join("data") };
        fs::create_dir(&folders.etc).unwrap();
        let this = Self { dir, folders, image, running: Running::Slot(Slot::A) };
        this.set("slot.json", &info(2).to_json());
        this.set("update.pub", key().public().as_bytes());
        this.set("factory.pub", key().public().as_bytes());
        this.servers(&[]);
        let record = Factory { schema: 1, serial: "T1".into(), device: DEVICE.into(), servers: None, country: None };
        this.put(Partition::Factory, 0, &record.seal(&key()).unwrap());
        this.fill(Slot::A, release(2));
        this.fill(Slot::B, release(1));
        this.put_state(BootState { generation: 7, b: Chances::GOOD, a: Chances::GOOD, floor: 2, ..BootState::default() });
        this
    }

    pub fn set(&self, name: &str, bytes: &[u8]) {
        fs::write(self.folders.etc.join(name), bytes).unwrap();
    }

    pub fn servers(&self, servers: &[&str]) {
        let servers = servers.iter().map(|s| s.to_string()).collect();
        let product = Product { schema: 1, servers, channel: "beta".into(), ntp: vec![], development: false, offline_grace_s: 1 };
        self.set("product.json", &product.to_json());
    }

    fn window(&self, partition: Partition) -> (File, u64) {
        let disc = gpt::GptConfig::new().open(&self.image).unwrap();
        let entry = disc.partitions().values().find(|p| p.name == partition.name()).unwrap().clone();
        let file = File::options().read(true).write(true).open(&self.image).unwrap();
        (file, entry.bytes_start(*disc.logical_block_size()).unwrap())
    }

    /// Writes around the agent.
    pub fn put(&self, partition: Partition, at: u64, bytes: &[u8]) {
        let (file, start) = self.window(partition);
        std::os::unix::fs::FileExt::write_all_at(&file, bytes, start + at).unwrap();
    }

    pub fn get(&self, partition: Partition, at: u64, len: usize) -> Vec<u8> {
        let (file, start) = self.window(partition);
        let mut bytes = vec![0; len];
        std::os::unix::fs::FileExt::read_exact_at(&file, &mut bytes, start + at).unwrap();
        bytes
    }

    pub fn fill(&self, slot: Slot, release: &Made) {
        for (part, payload) in Part::ALL.into_iter().zip(&release.payloads) {
            self.put(Partition::Slot(part, slot), 0, payload);
        }
    }

    pub fn holds(&self, slot: Slot, release: &Made) -> bool {
        Part::ALL.into_iter().zip(&release.payloads).all(|(part, p)| self.get(Partition::Slot(part, slot), 0, p.len()) == *p)
    }

    pub fn put_state(&self, state: BootState) {
        self.put(Partition::BootState, OFFSETS[1], &state.encode());
    }

    pub fn state(&self) -> BootState {
        boot::read(&mut Devices::of_image(&self.image).unwrap())
    }

    pub fn status(&self) -> Status {
        serde_json::from_slice(&fs::read(self.folders.status()).unwrap()).unwrap()
    }

    pub fn disk(&self) -> Devices {
        Devices::of_image(&self.image).unwrap().allow_install(self.running)
    }

    pub fn here<'a>(&'a self, disk: &'a mut dyn Disk) -> Here<'a> {
        let (keys, info) = (self.folders.keys().unwrap(), self.folders.info().unwrap());
        let (word, memory) = (Word::new(self.folders.status()), Memory::open(&self.folders.data));
        Here { disk, keys, running: self.running, info, word, memory, folders: &self.folders }
    }

    /// Installs, and checks what must hold however it ends: the running slot and what is not the agent's are as before, and no slot that is
    /// not whole may be booted.
    pub fn install(&self, source: &mut dyn Source) -> Result<Installed> {
        self.install_on(&mut self.disk(), source)
    }

    pub fn install_on(&self, disk: &mut dyn Disk, source: &mut dyn Source) -> Result<Installed> {
        let before = [Partition::Factory, Partition::Data].map(|p| self.get(p, 0, 65536));
        let alone = self.folders.lock()?;
        let installed = self.here(disk).install(&alone, source, Order::default(), &mut AtOnce);
        assert!(self.running != Running::Slot(Slot::A) || self.holds(Slot::A, release(2)), "the running slot was written");
        assert_eq!([Partition::Factory, Partition::Data].map(|p| self.get(p, 0, 65536)), before);
        let state = self.state();
        for slot in [Slot::A, Slot::B].into_iter().filter(|slot| state.chances(*slot).left > 0) {
            assert!((1..=3).any(|index| self.holds(slot, release(index))), "slot {slot} may be booted: {state:?}");
        }
        if let Err(e) = &installed {
            assert_eq!(self.status().code, Some(e.code()));
        }
        installed
    }
}

/// What a slot with that release says of itself.
pub fn info(index: u32) -> SlotInfo {
    SlotInfo {
        schema: 1,
        version: format!("{index}.0"),
        build_id: build_id(index),
        rollback_index: index,
        board: "test".into(),
        development: false,
        built_at: 0,
        modules: vec![],
        root: None,
    }
}

fn partition(image: &PathBuf) {
    File::create(image).unwrap().set_len(20 * MIB).unwrap();
    let mut disc = gpt::GptConfig::new().writable(true).create(image).unwrap();
    for partition in Partition::ALL {
        let size = if matches!(partition, Partition::Slot(Part::Root, _)) { 2 * MIB } else { MIB };
        disc.add_partition(partition.name(), size, gpt::partition_types::LINUX_FS, 0, Some(2048)).unwrap();
    }
    disc.write().unwrap();
}

/// Nobody waits.
pub struct AtOnce;

impl Pause for AtOnce {
    fn wait(&mut self, _: Duration) -> bool {
        true
    }

    fn random(&mut self) -> u32 {
        0
    }
}

/// The number of an error, 0 of none.
pub fn code<T>(result: &Result<T, Error>) -> u16 {
    result.as_ref().map_or_else(Error::code, |_| 0)
}
