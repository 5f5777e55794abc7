//! The command line: arguments in, exit code out.

mod abr_sim;
mod captions;
mod device;
mod output;
mod play;

use clap::{Args, Parser, Subcommand};
use hearth_cdm::KeyPair;
use hearth_player::{Error, tools};
use std::io::{BufWriter, Write};
use std::process::ExitCode;

/// Plays HLS and DASH on demand, clear or protected, and takes streams apart.
#[derive(Parser)]
#[command(name = "hearth-player", version, about, max_term_width = 100, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Action,
}

const EXAMPLES: &str = "Examples:
  hearth-player play http://localhost:8080/v1/titles/1/master.m3u8
  hearth-player play https://example.org/film.mpd --headless --json --seconds 10
  hearth-player play film.mpd --output kms:45
  hearth-player play film.mpd --cdm com.widevine.alpha=libocdm.so --license https://example.org/license
  hearth-player frames film.mpd --key 0123456789abcdef0123456789abcdef:00112233445566778899aabbccddeeff
  hearth-player inspect https://example.org/master.m3u8

Set RUST_LOG=hearth_player=debug to see what it does and GST_DEBUG=2 to see what GStreamer does.
Errors have stable numbers (1xxx general, 2xxx network, 3xxx parsing, 4xxx decoding, 5xxx audio,
6xxx DRM); player/README.md lists them.";

#[derive(Subcommand)]
enum Action {
    /// Play a stream and tell what happens
    Play(play::PlayArguments),
    /// Decode every frame and print its checksum
    ///
    /// One line a frame: pts_us,width,height,md5 (md5 over tightly packed I420); with --audio
    /// pts_us,channels,rate,md5 (over interleaved S16LE). As fast as it goes. With a key that does not
    /// fit it prints nothing and ends with error 6006.
    Frames {
        #[command(flatten)]
        source: SourceArguments,
        /// The audio track instead of the video track
        #[arg(long)]
        audio: bool,
    },
    /// Demultiplex and decrypt every sample and print its checksum
    ///
    /// One line a sample: dts_us,pts_us,sync,size,md5 (md5 over the decrypted bytes).
    Samples {
        #[command(flatten)]
        source: SourceArguments,
        /// Which track: 0 is the first video track, audio tracks follow
        #[arg(long, default_value_t = 0, value_name = "N")]
        track: usize,
    },
    /// Print a manifest as one JSON object
    ///
    /// Type, duration, periods, tracks, renditions, segments (absolute URL, start, duration, byte range)
    /// and protection. Media playlists and segment indexes are fetched too.
    Inspect {
        /// URL or path of a playlist or an MPD
        #[arg(value_name = "URL-OR-PATH")]
        location: String,
        /// Resolve relative addresses against this URL instead of where the manifest is
        #[arg(long, value_name = "URL")]
        base: Option<String>,
    },
    /// Draw captions as a picture
    ///
    /// Of a WebVTT or TTML file, or of a title's text track, in the viewer's style or the author's.
    Captions(captions::CaptionArguments),
    /// Answer an ABR simulator on standard input and output
    ///
    /// One JSON object a line; the protocol is that of the player's own rule (hello, decide, progress, bye).
    AbrSim,
}

#[derive(Args)]
struct SourceArguments {
    /// URL or path of a playlist, an MPD, or an MP4 file
    #[arg(value_name = "URL-OR-PATH")]
    location: String,
    /// Which rendition, 0 the lowest rate [default: the highest]
    #[arg(long, value_name = "N")]
    rendition: Option<usize>,
    #[command(flatten)]
    keys: KeyArguments,
}

/// How to get at protected media.
#[derive(Args)]
struct KeyArguments {
    /// A content key: key ID and key, 32 hex digits each; may be given several times
    #[arg(long = "key", value_name = "KIDHEX:KEYHEX")]
    keys: Vec<KeyPair>,
    /// ClearKey licence server, instead of the one that the manifest names
    #[arg(long, value_name = "URL")]
    license: Option<String>,
    /// Bearer token for the licence server
    #[arg(long, value_name = "T")]
    token: Option<String>,
}

impl SourceArguments {
    fn source(self) -> tools::Source {
        tools::Source {
            location: self.location,
            keys: self.keys.keys,
            license_url: self.keys.license,
            license_token: self.keys.token,
            rendition: self.rendition,
        }
    }
}

/// Everything.
pub(crate) fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "off".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let mut output = BufWriter::new(UntilClosed { inner: std::io::stdout().lock(), closed: false });
    let result = match arguments.command {
        Action::Play(play) => {
            drop(output);
            return play::play(play);
        }
        Action::Frames { source, audio } => tools::frames(&source.source(), audio, &mut output),
        Action::Samples { source, track } => tools::samples(&source.source(), track, &mut output),
        Action::Inspect { location, base } => {
            tools::inspect(&location, base.as_deref()).and_then(|value| writeln!(output, "{value}").map_err(written))
        }
        Action::Captions(captions) => captions.draw(&mut output),
        Action::AbrSim => abr_sim::run(std::io::stdin().lock(), &mut output).map_err(written),
    };
    match result.and_then(|()| output.flush().map_err(written)) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads (`head`, a pager) has seen enough.
        Err(_) if output.get_ref().closed => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", error.for_terminal());
            ExitCode::FAILURE
        }
    }
}

fn written(error: std::io::Error) -> Error {
    Error::File(format!("output: {error}"))
}

/// Standard output that remembers that its reader has gone.
struct UntilClosed<W> {
    inner: W,
    closed: bool,
}

impl<W> UntilClosed<W> {
    fn note<T>(&mut self, result: std::io::Result<T>) -> std::io::Result<T> {
        self.closed |= result.as_ref().is_err_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe);
        result
    }
}

impl<W: Write> Write for UntilClosed<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let result = self.inner.write(bytes);
        self.note(result)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let result = self.inner.flush();
        self.note(result)
    }
}
