//! In which order two hands load kernel modules: as listed, but nobody waits while something else can be done. Pure.

/// What a module needs, from the `depends=` of its `.modinfo`.
pub fn depends(module: &[u8]) -> Vec<String> {
    const KEY: &[u8] = b"\0depends=";
    let Some(at) = module.windows(KEY.len()).position(|window| window == KEY) else { return Vec::new() };
    let value = &module[at + KEY.len()..];
    let end = value.iter().position(|&byte| byte == 0).unwrap_or(0);
    String::from_utf8_lossy(&value[..end]).split(',').filter(|name| !name.is_empty()).map(plain).collect()
}

/// The module without the signature that the kernel's maker appended. Every byte of it was verified already, by the boot loader (initramfs) or by
/// dm-verity (root); the kernel's own check of each module's RSA signature would cost half of the time to the first picture.
pub fn without_signature(module: &[u8]) -> &[u8] {
    const MAGIC: &[u8] = b"~Module signature appended~\n";
    const INFO: usize = 12; // its last four bytes: length of the signature, big endian
    let cut = || {
        let (rest, info) = module.strip_suffix(MAGIC)?.split_last_chunk::<INFO>()?;
        let len = usize::try_from(u32::from_be_bytes(*info.last_chunk::<4>()?)).ok()?;
        rest.get(..rest.len().checked_sub(len)?)
    };
    cut().unwrap_or(module)
}

/// `virtio-gpu.ko` and `virtio_gpu` are the same.
fn plain(name: &str) -> String {
    name.trim_end_matches(".ko").replace('-', "_")
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Unread,
    InHand,
    Read(Vec<String>),
    Done,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Read the file of this number.
    Read(usize),
    /// Load the module of this number.
    Load(usize),
    /// Somebody else's work must end first.
    Wait,
    /// All is done.
    End,
}

/// The modules and how far each is.
#[derive(Debug)]
pub struct ModuleSet {
    names: Vec<String>,
    states: Vec<State>,
}

impl ModuleSet {
    /// Files in the order the image wants them.
    pub fn new<S: AsRef<str>>(files: &[S]) -> Self {
        Self { names: files.iter().map(|file| plain(file.as_ref())).collect(), states: vec![State::Unread; files.len()] }
    }

    /// The next task; it is in the asker's hand until [`ModuleSet::read`] or [`ModuleSet::done`].
    pub fn take(&mut self) -> Task {
        let ready = (0..self.states.len()).find(|&i| matches!(&self.states[i], State::Read(needs) if self.has(needs)));
        let unread = self.states.iter().position(|state| *state == State::Unread);
        let (task, i) = match (ready, unread) {
            (Some(i), _) => (Task::Load(i), i),
            (None, Some(i)) => (Task::Read(i), i),
            (None, None) if self.states.iter().all(|state| *state == State::Done) => return Task::End,
            (None, None) => match self.circle() {
                Some(i) => (Task::Load(i), i),
                None => return Task::Wait,
            },
        };
        self.states[i] = State::InHand;
        task
    }

    /// The file was read, this is what it needs.
    pub fn read(&mut self, i: usize, needs: Vec<String>) {
        self.states[i] = State::Read(needs);
    }

    /// It is loaded, or cannot be: whatever waits for it may try.
    pub fn done(&mut self, i: usize) {
        self.states[i] = State::Done;
    }

    /// What is not in the list is built in, or was loaded in stage 1.
    fn has(&self, needs: &[String]) -> bool {
        needs.iter().all(|need| self.names.iter().position(|name| name == need).is_none_or(|i| self.states[i] == State::Done))
    }

    /// Modules that need each other and nobody at work: try the first anyway.
    fn circle(&self) -> Option<usize> {
        if self.states.contains(&State::InHand) {
            return None;
        }
        self.states.iter().position(|state| matches!(state, State::Read(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn needs() {
        let check = |text: &[u8], expected: &[&str]| assert_eq!(depends(text), expected);
        check(
            b"\x7fELF\0license=GPL\0depends=drm,drm_kms_helper,virtio-dma-buf\0name=virtio_gpu\0",
            &["drm", "drm_kms_helper", "virtio_dma_buf"],
        );
        check(b"\0depends=\0x", &[]);
        check(b"\0depends=cut", &[]);
        check(b"", &[]);
    }

    #[test]
    fn signatures() {
        let check = |module: &[u8], expected: &[u8]| assert_eq!(without_signature(module), expected);
        let signed = |length: u8| [&b"ELF code"[..], b"sig", &[0; 11], &[length], b"~Module signature appended~\n"].concat();
        check(&signed(3), b"ELF code");
        check(&signed(11), b"");
        check(&signed(12), &signed(12));
        check(b"ELF code", b"ELF code");
        check(b"~Module signature appended~\n", b"~Module signature appended~\n");
    }

    #[test]
    fn two_hands() {
        let mut set = ModuleSet::new(&["drm.ko", "virtio-gpu.ko", "crc16.ko", "ext4.ko"]);
        assert_eq!((set.take(), set.take()), (Task::Read(0), Task::Read(1)));
        set.read(1, vec!["drm".into()]);
        assert_eq!(set.take(), Task::Read(2));
        set.read(0, vec!["video".into()]);
        assert_eq!(set.take(), Task::Load(0), "what is built in is no hindrance");
        set.read(2, Vec::new());
        assert_eq!(set.take(), Task::Load(2));
        set.done(2);
        assert_eq!(set.take(), Task::Read(3));
        set.read(3, vec!["crc16".into()]);
        assert_eq!(set.take(), Task::Load(3));
        set.done(3);
        assert_eq!(set.take(), Task::Wait, "the screen waits for drm");
        set.done(0);
        assert_eq!(set.take(), Task::Load(1));
        set.done(1);
        assert_eq!(set.take(), Task::End);
    }

    proptest! {
        /// Whatever needs what, circles too: every module is loaded once, and after what it needs unless that is in a circle with it.
        #[test]
        fn all_get_loaded(needs in proptest::collection::vec(proptest::collection::vec(0usize..8, 0..3), 1..8), hands in 1usize..4) {
            let names: Vec<String> = (0..needs.len()).map(|i| format!("m{i}")).collect();
            let circles = needs.iter().enumerate().any(|(i, all)| all.iter().any(|&need| need >= i));
            let mut set = ModuleSet::new(&names);
            let (mut held, mut loaded) = (std::collections::VecDeque::new(), Vec::new());
            for _ in 0..200 {
                // So many hands take tasks; when they are full, or there is nothing to take, the oldest task ends.
                let task = if held.len() < hands { set.take() } else { Task::Wait };
                match (task, held.pop_front()) {
                    (Task::End, None) => break,
                    (Task::Wait, Some(Task::Read(i))) => set.read(i, needs[i].iter().map(|need| format!("m{need}")).collect()),
                    (Task::Wait, Some(Task::Load(i))) => {
                        prop_assert!(circles || needs[i].iter().all(|need| loaded.contains(need)));
                        loaded.push(i);
                        set.done(i);
                    }
                    (Task::Wait | Task::End, _) => prop_assert!(false, "waits for nothing"),
                    (task, first) => { if let Some(first) = first { held.push_front(first); } held.push_back(task); }
                }
            }
            loaded.sort_unstable();
            prop_assert_eq!(loaded, (0..needs.len()).collect::<Vec<_>>());
        }
    }
}
