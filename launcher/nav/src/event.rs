//! What comes into the application and what it wants done.

use crate::{CaptionStyle, HomeData, Id, JoinError, KeyEvent, Links, TitleData, Volume, WifiCommand};

/// Anything that happens. Feed it to [`crate::App::step`].
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// From the remote control.
    Key(KeyEvent),
    /// Time goes on: at [`crate::App::wake_ms`] or more often.
    Tick {
        /// Monotonic; the same clock as [`KeyEvent::at_ms`].
        now_ms: u64,
    },
    /// Answer to [`Effect::FetchHome`].
    Home(Result<HomeData, Failure>),
    /// Answer to [`Effect::FetchTitle`].
    Title {
        /// The title asked for.
        id: Id,
        /// What came.
        result: Result<TitleData, Failure>,
    },
    /// Answer to [`Effect::StartPlayback`]: where the server says to resume and how long the film is, in ms.
    Granted {
        /// As asked.
        session: u32,
        /// Resume position (none: from the start) and duration.
        result: Result<(Option<u64>, u64), Failure>,
    },
    /// Answer to [`Effect::SaveProgress`].
    Saved {
        /// As asked.
        title: Id,
        /// As asked.
        last: bool,
        /// Whether it is on the server now.
        result: Result<(), Failure>,
    },
    /// An update of the box waits for a restart, or does not any more.
    Update {
        /// It does.
        ready: bool,
    },
    /// The box was updated, and went back to what it ran before.
    Recovered,
    /// Whether the box sends crash reports, by what it has on its disc; none: this is no box.
    CrashReports(Option<bool>),
    /// What the viewer set could not be kept.
    NotKept,
    /// What the box reaches its server by; none: nobody says.
    Links(Option<Links>),
    /// Answer to [`WifiCommand::Join`].
    Joined {
        /// As asked; answers to older ones are ignored.
        attempt: u32,
        /// Whether the box is in that network now.
        result: Result<(), JoinError>,
    },
    /// From the player.
    Player {
        /// Of the [`Effect::LoadPlayer`] that it belongs to; events of an older session are ignored.
        session: u32,
        /// What happened.
        event: PlayerEvent,
    },
}

/// What the application wants done, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Get the home screen.
    FetchHome,
    /// Get a title's page.
    FetchTitle(Id),
    /// Ask the server for the right to play; answer with [`Event::Granted`].
    StartPlayback {
        /// Names this attempt.
        session: u32,
        /// What.
        title: Id,
        /// Where.
        from: PlayFrom,
    },
    /// The grant is there: give its URL and token to the player.
    LoadPlayer {
        /// Names the player's events.
        session: u32,
        /// What.
        title: Id,
        /// Where, in ms.
        start_ms: u64,
    },
    /// Tell the player.
    Player {
        /// Which load.
        session: u32,
        /// What.
        command: PlayerCommand,
    },
    /// Keep on the server how far the viewer is. `position_ms == duration_ms` is "seen to the end". Keep the order of these and
    /// [`Effect::StartPlayback`]; answer with [`Event::Saved`].
    SaveProgress {
        /// Of.
        title: Id,
        /// From the start.
        position_ms: u64,
        /// Of the whole.
        duration_ms: u64,
        /// Playback is over.
        last: bool,
    },
    /// Say it aloud, cutting off what is being said; the text is made from the view.
    Speak(Say),
    /// The viewer wants the box to stand by.
    Standby,
    /// The viewer wants the box to restart, for the update that waits.
    Restart,
    /// It is this loud from now on.
    Volume(Volume),
    /// Tell the radio.
    Wifi(WifiCommand),
}

/// Where to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlayFrom {
    /// Where the server says that this profile stopped.
    Resume,
    /// At the beginning.
    Start,
    /// At this place: where the launcher was when it was cut off.
    At {
        /// From the start.
        position_ms: u64,
    },
}

/// A wish to the player.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlayerCommand {
    /// Go on.
    Play,
    /// Hold the picture.
    Pause,
    /// Jump to the key frame at or before it.
    Seek {
        /// From the start.
        position_ms: u64,
    },
    /// Choose the audio track.
    SelectAudio(Id),
    /// Choose captions, or none.
    SelectText(Option<Id>),
    /// End.
    Stop,
}

/// What the player reports.
#[derive(Clone, Debug, PartialEq)]
pub enum PlayerEvent {
    /// The first picture is on the screen.
    Started {
        /// Of the whole, if known.
        duration_ms: Option<u64>,
    },
    /// A few times a second.
    Position {
        /// Of the picture on the screen.
        position_ms: u64,
        /// Media ahead of it.
        buffer_ms: u64,
        /// Held by the viewer.
        paused: bool,
    },
    /// The audio tracks there are.
    Tracks(Vec<Track>),
    /// A seek has its picture.
    Seeked {
        /// Of that picture.
        position_ms: u64,
    },
    /// It cannot go on and has stopped.
    Failed(Failure),
    /// The last frame was shown.
    Ended,
}

/// What a track is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackKind {
    /// Sound.
    Audio,
    /// Subtitles and captions.
    Captions,
}

/// A track to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// For [`PlayerCommand::SelectAudio`] and [`PlayerCommand::SelectText`]; [`Track::NONE`]: no captions.
    pub id: Id,
    /// What it is.
    pub kind: TrackKind,
    /// For a person.
    pub label: String,
    /// BCP 47.
    pub language: Option<String>,
    /// In use.
    pub active: bool,
}

impl Track {
    /// The ID of no captions.
    pub const NONE: &'static str = "no captions";
}

/// What the viewer chose last, for the films to come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preferences {
    /// Language of the sound, BCP 47; none: never chosen.
    pub audio: Option<String>,
    /// Language of the captions; none inside: no captions. None: never chosen.
    pub captions: Option<Option<String>>,
    /// How loud.
    pub volume: Volume,
    /// What captions look like.
    pub style: CaptionStyle,
}

/// Why something did not work, for the viewer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Whose fault.
    pub kind: FailureKind,
    /// Short and stable, for support: `network-timeout`, `6003`.
    pub code: String,
    /// What is wrong, a sentence.
    pub message: String,
    /// What to do, a sentence.
    pub action: String,
    /// Trying again may help.
    pub retryable: bool,
}

/// Whose fault a [`Failure`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The server cannot be reached.
    Network,
    /// The server answered, but not with what was asked.
    Server,
    /// The player.
    Player,
}

/// What to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Say {
    /// A new page and what has the focus on it.
    Page,
    /// What has the focus now.
    Focus,
    /// The error on the screen and its buttons.
    Modal,
    /// The short notice on the screen.
    Toast,
    /// Playback is held.
    Paused,
    /// Playback goes on.
    Playing,
    /// Where the viewer is jumping to.
    Seek,
    /// How the attempt to join a network goes, or ended.
    Joining,
}
