//! What can go wrong, numbered, each with what to do about it.

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Errors of formats and agent. [`Error::code`] is stable: screens and logs show it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A copy of the boot state that does not count.
    #[error("boot state: {0}")]
    BootState(&'static str),
    /// JSON of ours that does not parse or says what cannot be.
    #[error("{what}: {why}; make it again with this version's `cargo xtask image`")]
    Record {
        /// Which record.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// Not an envelope at all.
    #[error("not signed by Hearth: {0}; is this an update bundle or a factory record?")]
    Envelope(&'static str),
    /// An envelope by somebody else, or changed after signing.
    #[error(
        "the signature is not by a key this box trusts, or the content was changed after signing; fetch it again or sign it with the product's key"
    )]
    Signature,
    /// A key that is none.
    #[error("key: {0}; a key is 64 hexadecimal digits, one a line")]
    Key(&'static str),
    /// A signed manifest that contradicts itself.
    #[error("bundle: {0}; make it again with this version's `cargo xtask image`")]
    Bundle(String),
    /// The running slot has not proved itself: its predecessor, in the other slot, is still needed.
    #[error("this version is still on trial and may need the other slot to fall back to; wait until it is marked good")]
    OnTrial,
    /// Only a slot can be marked good.
    #[error("what runs is not a slot (hearth.slot= on the kernel's command line says which); nothing to mark")]
    NotASlot,
    /// Only recovery recovers.
    #[error("the recovery system does not run; `hearth-update install` is for running slots")]
    NotRecovery,
    /// Nobody to reboot the box.
    #[error("init is not there (HEARTH_NOTIFY is not set); reboot by hand")]
    NoInit,
    /// The idle slot holds this very build, which had its tries and never came up.
    #[error("build {build} was installed before and did not come up; it is not tried again by itself (`--again` tries it)")]
    FailedBefore {
        /// Its build ID.
        build: String,
    },
    /// It had its tries in a slot, and the box went back to what it ran before.
    #[error("version {version} did not come up in slot {slot}{}; the box went back to what it ran before", because(.why.as_deref()))]
    FellBack {
        /// Which.
        version: String,
        /// Where.
        slot: crate::slot::Slot,
        /// What init said of it, if it came that far.
        why: Option<String>,
    },
    /// The connection, not what came over it.
    #[error("no or a broken connection: {0}; check the network, it goes on where it was")]
    Network(String),
    /// A server that says no.
    #[error("the server answered {status} for {url}; is the update still published there?")]
    Status {
        /// HTTP status.
        status: u16,
        /// What was asked for.
        url: String,
    },
    /// A server that sends whole files only.
    #[error("{url} does not give byte ranges of a bundle; publish it with `hearth-server`")]
    NoRanges {
        /// What was asked for.
        url: String,
    },
    /// The file is not the one it was when the manifest was read.
    #[error("the bundle changed on the server while it was fetched; start again")]
    Changed,
    /// The file is not as long as its manifest says.
    #[error("the bundle has {len} bytes, its manifest says {expected}; copy or upload it again")]
    Length {
        /// Of the file.
        len: u64,
        /// By the manifest.
        expected: u64,
    },
    /// Bytes arrived that are not those that were signed.
    #[error(
        "block {block} of {part} is not what was signed; the file on the server is damaged or somebody changes it on the way"
    )]
    Content {
        /// `boot` or `root`.
        part: &'static str,
        /// Which block.
        block: usize,
    },
    /// An offer that cannot be read.
    #[error("the server's answer about updates: {0}; are box and server of the same generation?")]
    Answer(String),
    /// For another board.
    #[error("the update is for {theirs}, this box is {ours}")]
    Board {
        /// The bundle's.
        theirs: String,
        /// The box's.
        ours: String,
    },
    /// Below the floor.
    #[error("rollback index {index} is below this box's floor {floor}: older versions with known holes are not installed")]
    Downgrade {
        /// The bundle's.
        index: u32,
        /// The box's.
        floor: u32,
    },
    /// Nothing new.
    #[error("version {version} is what runs")]
    AlreadyRunning {
        /// Which.
        version: String,
    },
    /// Does not fit.
    #[error("{partition} has {room} bytes, the update needs {size}; this box's disc layout is too small for it")]
    TooLarge {
        /// Which partition.
        partition: &'static str,
        /// Its size.
        room: u64,
        /// The payload's.
        size: u64,
    },
    /// The disc does not hold what it was told.
    #[error("{partition} does not read back as written, twice; its disc is failing")]
    Medium {
        /// Which partition.
        partition: &'static str,
    },
    /// No such disc.
    #[error("disc: {0}")]
    Disc(String),
    /// Another agent is at it.
    #[error("another hearth-update is at work; `hearth-update status` says what it does")]
    Busy,
    /// The program was told to end.
    #[error("stopped; it goes on where it was when started again")]
    Stopped,
    /// A server is asked for, and there is none.
    #[error("neither the factory record nor product.json names a server")]
    NoServer,
    /// Reading or writing failed.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Error {
    /// The error's number: 1xx boot state, 2xx network, 3xx formats and signatures, 4xx disc, 5xx not for this box.
    pub fn code(&self) -> u16 {
        match self {
            Self::BootState(_) => 101,
            Self::OnTrial => 102,
            Self::NotASlot => 103,
            Self::FailedBefore { .. } => 104,
            Self::NotRecovery => 105,
            Self::NoInit => 106,
            Self::FellBack { .. } => 107,
            Self::Network(_) => 201,
            Self::Status { .. } => 202,
            Self::NoRanges { .. } => 203,
            Self::Changed => 204,
            Self::Length { .. } => 205,
            Self::Content { .. } => 206,
            Self::Answer(_) => 207,
            Self::NoServer => 208,
            Self::Record { .. } => 301,
            Self::Envelope(_) => 302,
            Self::Signature => 303,
            Self::Key(_) => 304,
            Self::Bundle(_) => 305,
            Self::Io { .. } => 401,
            Self::Disc(_) => 402,
            Self::Medium { .. } => 403,
            Self::Busy => 404,
            Self::Stopped => 405,
            Self::Board { .. } => 501,
            Self::Downgrade { .. } => 502,
            Self::AlreadyRunning { .. } => 503,
            Self::TooLarge { .. } => 504,
        }
    }

    /// Trying the same again soon may help.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Network(_) | Self::Content { .. } => true,
            Self::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500..),
            _ => false,
        }
    }

    /// For `map_err` on I/O.
    pub fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

/// ` (why)`, where something is known.
fn because(why: Option<&str>) -> String {
    why.map_or_else(String::new, |why| format!(" ({why})"))
}
