//! What goes into the engine and what comes out: plain, serialisable, stable. Times in microseconds unless the name says `_ms`.

use hearth_captions::Document;
use hearth_cdm::limits::HdcpLevel;
use serde::{Deserialize, Serialize};

/// What to play.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LoadRequest {
    /// Playlist or MPD.
    pub url: String,
    /// Licence server; overrides the manifest's.
    pub license_url: Option<String>,
    /// `Authorization: Bearer …` of licence requests only; never of segments (it would end up in caches).
    pub license_token: Option<String>,
    /// Where to start.
    pub start_us: u64,
    /// Renditions higher than this are not chosen, in pixels.
    pub max_height: Option<u32>,
    /// Preferred audio language, BCP 47.
    pub audio_language: Option<String>,
    /// Captions that the viewer wants.
    #[serde(default)]
    pub text: TextPreference,
    /// CMCD session ID (CTA-5004 `sid`); made up where none is given.
    pub session_id: Option<String>,
    /// What this network gave the last time, kbit/s: [`Summary::estimate_kbps`] of then. Without it the lowest rendition comes first.
    pub estimate_kbps: Option<u64>,
    /// Content ID for CMCD `cid`.
    pub content_id: Option<String>,
}

/// Captions that the viewer wants. Forced ones, which translate what is foreign in the film, come by themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "captions")]
pub enum TextPreference {
    /// The viewer has never said: what the title itself asks for (HLS `DEFAULT=YES`).
    #[default]
    Auto,
    /// None.
    Off,
    /// Those of a language, BCP 47; a track for the hard of hearing only where there is no other.
    Language {
        /// `de-CH` takes `de` too.
        language: String,
    },
    /// This very track, and where a period does not have it, its language.
    Track {
        /// [`TrackInfo::id`].
        id: String,
        /// Its language.
        language: Option<String>,
    },
}

/// What the viewer or the launcher wants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "command")]
pub enum Command {
    /// Go on playing.
    Play,
    /// Hold the picture.
    Pause,
    /// Jump. `exact` false: to the key frame at or before `position_us`, at once.
    Seek {
        /// From the start of the presentation.
        position_us: u64,
        /// Decode up to the very frame.
        exact: bool,
    },
    /// Show what is there: an [`Event::Preview`] comes, where the title has thumbnails or key frames apart. The latest counts.
    Preview {
        /// From the start of the presentation.
        position_us: u64,
    },
    /// Choose an audio track by [`TrackInfo::id`].
    SelectAudio {
        /// From [`Event::Tracks`].
        id: String,
    },
    /// Choose captions by [`TrackInfo::id`], or none.
    SelectText {
        /// From [`Event::Tracks`].
        id: Option<String>,
    },
    /// Fix the video rendition by height, or none for ABR.
    LimitHeight {
        /// In pixels.
        max_height: Option<u32>,
    },
    /// How loud, for this title and all later ones: 0 to 100 on a cubic scale, which is how it is heard (50 is an eighth of the amplitude).
    SetVolume {
        /// More than 100 is 100.
        percent: u32,
    },
    /// Without sound, or as loud as before; for this title and all later ones.
    SetMute {
        /// Without sound.
        muted: bool,
    },
    /// The screen's connection is protected like this from now on. Renditions that ask for more are not shown any more.
    SetHdcp {
        /// `none`, `v1`, `v2_0`, `v2_2`, `v2_3`.
        level: HdcpLevel,
    },
    /// End; the engine sends [`Event::Summary`] and stops.
    Stop,
}

/// A track the viewer can choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrackInfo {
    /// For [`Command::SelectAudio`].
    pub id: String,
    /// `audio`, `video`, `text`.
    pub kind: String,
    /// BCP 47.
    pub language: Option<String>,
    /// For a person.
    pub label: String,
    /// In use now.
    pub active: bool,
    /// Roles in DASH's words, HLS characteristics too: `caption` and `description` are for those who do not hear or see well.
    #[serde(default)]
    pub roles: Vec<String>,
}

/// What the player is doing: the states of CTA-5004-B's key `sta`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlayerState {
    /// Loading, before the first picture.
    Starting,
    /// Pictures move.
    Playing,
    /// On the way to another place.
    Seeking,
    /// The buffer is dry.
    Rebuffering,
    /// By the viewer.
    Paused,
    /// The last picture was shown.
    Ended,
    /// It cannot go on.
    FatalError,
    /// Stopped before its end.
    Quit,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Event {
    /// A session begins: the first event of each.
    Loading {
        /// CMCD `sid` of all its requests and reports.
        session_id: String,
        /// CMCD `cid`.
        content_id: Option<String>,
    },
    /// Another state, from now on.
    State {
        /// The new one.
        state: PlayerState,
        /// Of the picture on the screen.
        position_us: u64,
        /// Media ahead of it, in ms.
        buffer_ms: u64,
    },
    /// The first picture is on the screen.
    Started {
        /// From the load request to the first picture, in ms.
        first_frame_ms: u64,
        /// Duration of the presentation, if known.
        duration_us: Option<u64>,
        /// Size of the first picture.
        width: u32,
        /// Size of the first picture.
        height: u32,
        /// `none`, `cenc`, `cbcs`, …
        protection: String,
        /// `hls`, `dash`, or `other` for a plain file.
        #[serde(default)]
        format: String,
        /// A broadcast.
        #[serde(default)]
        live: bool,
    },
    /// Tracks known or changed.
    Tracks {
        /// All of them.
        tracks: Vec<TrackInfo>,
    },
    /// About four times a second while loaded.
    Position {
        /// Of the picture on the screen.
        position_us: u64,
        /// Media ahead of it, in ms.
        buffer_ms: u64,
        /// Paused by the viewer.
        paused: bool,
        /// Pictures of this session that came too late to be shown.
        #[serde(default)]
        dropped: u64,
    },
    /// What is to be shown over the picture from now on, whenever that changes: when a cue is due or over, and after a jump. Times are the
    /// title's.
    Captions {
        /// Of the picture on the screen.
        position_us: u64,
        /// Its cues are due; none: nothing is shown.
        document: Document,
    },
    /// A small picture for [`Command::Preview`].
    Preview {
        /// When it is shown in the film: at or before the position that was asked for.
        at_us: u64,
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
        /// Red, green, blue; rows from the top.
        rgb: Vec<u8>,
    },
    /// Live: the stretch that can be played and jumped in, whenever it moves.
    Window {
        /// Oldest position that is still there.
        start_us: u64,
        /// Newest position to play at; the broadcast is a little ahead of it.
        edge_us: u64,
    },
    /// A decoder shows its first picture: at the start, and where another one takes over from one that failed.
    Decoder {
        /// GStreamer element.
        element: String,
        /// `zero`, `gl` or `cpu`: how its pictures reach the screen.
        copy_path: String,
    },
    /// How loud it is from now on: the answer to each [`Command::SetVolume`] and [`Command::SetMute`].
    Volume {
        /// 0 to 100.
        percent: u32,
        /// Without sound all the same.
        muted: bool,
    },
    /// Another rendition is being loaded from here on.
    Switch {
        /// Presentation time of the first segment in it.
        position_us: u64,
        /// Rendition ID before.
        from: String,
        /// Rendition ID now.
        to: String,
        /// Rate of the new rendition in bit/s.
        bandwidth: u64,
        /// Height of the new rendition.
        height: u32,
        /// Estimate of the network at the decision, kbit/s.
        estimate_kbps: u64,
        /// Buffer at the decision, in ms.
        buffer_ms: u64,
    },
    /// The buffer ran dry (not at start, not by a seek), and filled again after `duration_ms`.
    Stall {
        /// Where.
        position_us: u64,
        /// How long.
        duration_ms: u64,
    },
    /// A seek has its first picture.
    Seeked {
        /// Of that picture.
        position_us: u64,
        /// From the command to the picture.
        took_ms: u64,
    },
    /// It cannot go on; the engine has stopped.
    Error(PlayerError),
    /// The last frame was shown.
    Ended,
    /// The last event of a session.
    Summary(Summary),
}

/// An error a viewer can see. Families: 1xxx general, 2xxx network, 3xxx parsing, 4xxx decoding, 5xxx audio, 6xxx DRM.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlayerError {
    /// Stable number.
    pub code: u16,
    /// What went wrong, for a log.
    pub message: String,
    /// What the viewer or the operator can do.
    pub action: String,
    /// Trying again may help.
    pub retryable: bool,
}

/// What a session was like.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// From the load request to the first picture.
    pub first_frame_ms: Option<u64>,
    /// Pictures that reached the sink.
    pub frames_presented: u64,
    /// Pictures the sink dropped because they were late.
    pub frames_dropped: u64,
    /// How often the buffer ran dry.
    pub stalls: u64,
    /// For how long, in ms.
    pub stalled_ms: u64,
    /// Rendition switches.
    pub switches: u64,
    /// Pictures played, in ms of presentation.
    pub played_ms: u64,
    /// `none`, `cenc`, `cbcs`, …
    pub protection: String,
    /// Errors of decoders, the session's whole life.
    pub decode_errors: u64,
    /// Segments passed over because they were missing or broken in every rendition.
    #[serde(default)]
    pub segments_lost: u64,
    /// Bytes of media fetched.
    pub bytes: u64,
    /// Renditions played, `id` and ms.
    pub renditions: Vec<(String, u64)>,
    /// Last estimate, kbit/s.
    pub estimate_kbps: Option<u64>,
    /// `zero`, `gl` or `cpu`: how pictures reached the screen.
    pub copy_path: String,
    /// Decoder element.
    pub decoder: String,
}
