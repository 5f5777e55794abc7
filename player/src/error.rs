//! Every error a viewer can see, each with a number that never changes. Families: 1xxx general, 2xxx network, 3xxx parsing,
//! 4xxx decoding, 5xxx audio, 6xxx DRM. The table in `player/README.md` is the same list in prose.

use crate::PlayerError;

/// Declares the enum, its numbers and its actions in one table.
macro_rules! errors {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $retry:literal, $message:literal, $action:literal;)*) => {
        /// What went wrong. The text in each variant is for a log; [`Error::action`] is for a person.
        #[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
        #[non_exhaustive]
        pub enum Error { $($(#[$doc])* #[error($message)] $name(String),)* }

        impl Error {
            /// The stable number.
            pub fn code(&self) -> u16 { match self { $(Self::$name(_) => $code,)* } }
            /// What the viewer or the operator can do.
            pub fn action(&self) -> &'static str { match self { $(Self::$name(_) => $action,)* } }
            /// Trying again may help, with nothing changed.
            pub fn retryable(&self) -> bool { match self { $(Self::$name(_) => $retry,)* } }
            /// Every number with its action, in order, for documents and tests.
            pub const ALL: &'static [(u16, &'static str, &'static str)] = &[$(($code, stringify!($name), $action),)*];
        }
    };
}

errors! {
    /// A fault of ours.
    Internal = 1000, true, "internal: {0}", "Try again; if it happens again, report it with the log.";
    /// No track that this player can play.
    NothingToPlay = 1001, false, "nothing to play: {0}", "This title has no video or audio that this device can play.";
    /// The media framework is not installed or broken.
    Framework = 1002, false, "media framework: {0}", "Run `cargo xtask doctor` and install what it names.";
    /// A command that makes no sense now.
    BadCommand = 1003, false, "command: {0}", "Check the command's arguments.";

    /// No connection.
    Unreachable = 2000, true, "network: {0}", "Check the network connection, then try again.";
    /// No answer, or no more bytes, in time.
    Timeout = 2001, true, "network: {0}", "The network is too slow or the server is busy; try again.";
    /// 404 or 410.
    NotFound = 2002, false, "not found: {0}", "The title is no longer there, or the address is wrong.";
    /// 401 or 403 for media or manifest.
    Forbidden = 2003, false, "refused: {0}", "Sign in again, or check that this title may be watched here.";
    /// 5xx.
    ServerError = 2004, true, "server: {0}", "The server has a problem; try again in a minute.";
    /// Any other answer that is not media.
    BadStatus = 2005, false, "unexpected answer: {0}", "Check the address and the server's configuration.";
    /// Fewer or more bytes than said.
    BadBody = 2006, true, "broken transfer: {0}", "The connection broke; try again.";
    /// Not a URL, or of a scheme that is not supported.
    BadUrl = 2007, false, "address: {0}", "Give an http:// or https:// address, or the path of a file.";
    /// A local file cannot be read.
    File = 2008, false, "file: {0}", "Check that the file is there and may be read.";
    /// The secure connection cannot be made.
    Tls = 2009, false, "secure connection: {0}", "Check the device's date and the server's certificate.";
    /// More bytes than anything of its kind has.
    TooLarge = 2010, false, "too large: {0}", "Check the address; it gives something else than this title.";
    /// A live stream whose playlist is no longer brought up to date.
    LiveStopped = 2011, true, "live: {0}", "The broadcast has stopped; try again in a minute.";

    /// Not a playlist nor an MPD.
    NotAManifest = 3000, false, "not a manifest: {0}", "The address gives something else than a playlist or an MPD; check it.";
    /// A playlist or an MPD that breaks the standard.
    BadManifest = 3001, false, "manifest: {0}", "The title is packaged wrongly; tell its provider.";
    /// Legal, not supported.
    UnsupportedManifest = 3002, false, "manifest: {0}", "This kind of stream is not supported yet.";
    /// An init segment that cannot be read.
    BadInit = 3003, false, "init segment: {0}", "The title is packaged wrongly; tell its provider.";
    /// A media segment that cannot be read.
    BadSegment = 3004, false, "segment: {0}", "The title is damaged; tell its provider.";
    /// A segment index that cannot be read.
    BadIndex = 3005, false, "segment index: {0}", "The title is packaged wrongly; tell its provider.";
    /// Media in a container that is not supported.
    UnsupportedContainer = 3006, false, "container: {0}", "Package the title as fragmented MP4 (CMAF).";

    /// The decoder gave up.
    Decoder = 4000, true, "decoder: {0}", "The picture cannot be decoded; try again, or choose another title.";
    /// No decoder installed for the codec.
    NoDecoder = 4001, false, "no decoder: {0}", "This device cannot play this video format.";
    /// The pictures cannot be shown.
    VideoOutput = 4002, true, "video output: {0}", "Check the display connection.";
    /// Everything was fed and no picture came out in time.
    NoPicture = 4003, true, "no picture: {0}", "Try again; if it happens again, the title is damaged.";

    /// The sound device failed.
    AudioOutput = 5000, true, "audio output: {0}", "Check the sound device, or play without sound.";
    /// No decoder installed for the sound.
    NoAudioDecoder = 5001, false, "no audio decoder: {0}", "This device cannot play this sound format; choose another audio track.";
    /// The sound decoder gave up.
    AudioDecoder = 5002, true, "audio decoder: {0}", "Choose another audio track, or try again.";

    /// A scheme or key system that is not supported.
    DrmUnsupported = 6000, false, "protection: {0}", "This title's protection is not supported on this device.";
    /// Protected, and nobody says where licences are.
    NoLicenseServer = 6001, false, "licence: {0}", "Give a licence server (--license URL) or a key (--key KID:KEY).";
    /// 401 or 403 from the licence server.
    LicenseRefused = 6002, false, "licence refused: {0}", "Sign in again, or check that your subscription covers this title.";
    /// The licence server does not answer.
    LicenseUnreachable = 6003, true, "licence server: {0}", "The licence server does not answer; try again.";
    /// The licence cannot be read.
    BadLicense = 6004, false, "licence: {0}", "The licence server answers wrongly; tell the provider.";
    /// The licence has other keys.
    KeyMissing = 6005, false, "key: {0}", "The licence does not have this title's key; tell the provider.";
    /// The key does not fit.
    WrongKey = 6006, false, "wrong key: {0}", "The key does not fit this title; check the key or the licence server.";
    /// The licence is over.
    KeyExpired = 6007, true, "licence over: {0}", "The licence has ended; start the title again.";
    /// The output is not protected as the licence asks.
    OutputRestricted = 6008, false, "output: {0}", "Connect the screen with a protected (HDCP) connection.";
    /// The encryption data of a sample or an init segment is wrong.
    BadProtection = 6009, false, "encryption data: {0}", "The title is packaged wrongly; tell its provider.";
}

impl From<&Error> for PlayerError {
    fn from(error: &Error) -> Self {
        Self { code: error.code(), message: error.to_string(), action: error.action().into(), retryable: error.retryable() }
    }
}

impl Error {
    /// `[6006] wrong key: …` and what to do, for a terminal.
    pub fn for_terminal(&self) -> String {
        format!("error {}: {self}\n  {}", self.code(), self.action())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_ordered_and_documented() {
        let readme = include_str!("../README.md");
        let mut last = 999;
        for (code, name, action) in Error::ALL {
            assert!(*code > last, "{name} {code} is not above {last}");
            last = *code;
            assert!((1000..7000).contains(code), "{name} {code} is in no family");
            assert!(action.ends_with('.') && action.len() > 10, "{name} says nothing to do");
            let row = format!("| {code} | `{name}` |");
            assert!(readme.contains(&row), "player/README.md lacks the row `{row}`");
        }
    }
}
