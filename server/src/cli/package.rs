//! `hearth-server package`.

use clap::{Args, ValueEnum};
use hearth_isobmff::{ContentKey, KeyId, Scheme};
use hearth_server::Error;
use hearth_server::keys::parse_hex16;
use hearth_server::package::{offline, protection};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::PathBuf;

/// Options of `package`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Package {
    /// MP4 files, fragmented or not. Every video and audio track becomes a rendition; several files are renditions of one film.
    #[arg(required = true, value_name = "INPUT.mp4")]
    inputs: Vec<PathBuf>,
    /// Directory for segments and manifests; made where it is missing.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Encrypt: cbcs plays on all recent devices, cenc on older ones too. Without it the output is clear.
    #[arg(long)]
    scheme: Option<SchemeName>,
    /// Key ID and key, 32 hex digits each. Once for all tracks; twice for video and audio; or once a track, in the order of the inputs.
    #[arg(long = "key", value_name = "KIDHEX:KEYHEX", value_parser = key)]
    keys: Vec<Key>,
    /// Segments end at the first key frame after so many seconds.
    #[arg(long, value_name = "S", default_value_t = 4.0)]
    segment_seconds: f64,
    /// Write HLS playlists (both formats if neither is asked for).
    #[arg(long)]
    hls: bool,
    /// Write a DASH MPD (both formats if neither is asked for).
    #[arg(long)]
    dash: bool,
    /// Licence server as the manifests name it.
    #[arg(long, value_name = "URL", default_value = protection::LICENSE_URL)]
    license_url: String,
}

const EXAMPLES: &str = "\
Examples:
  hearth-server package v360.mp4 v720.mp4 sound.mp4 --out film
  hearth-server package film.mp4 --out film --scheme cbcs --key 00112233445566778899aabbccddeeff:0123456789abcdef0123456789abcdef

Play film/master.m3u8 or film/manifest.mpd from any web server.";

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SchemeName {
    Cenc,
    Cbcs,
}

#[derive(Clone)]
struct Key(KeyId, ContentKey);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The ID alone: a key is never shown.
        write!(f, "{}", self.0)
    }
}

fn key(text: &str) -> Result<Key, String> {
    let (id, key) = text.split_once(':').ok_or("expected KIDHEX:KEYHEX")?;
    let id = parse_hex16(id).ok_or("the key ID is not 32 hex digits")?;
    let key = parse_hex16(key).ok_or("the key is not 32 hex digits")?;
    Ok(Key(KeyId(id), ContentKey(key)))
}

impl Package {
    /// Packages, with a bar on a terminal; prints the manifests' paths.
    pub fn run(self) -> Result<(), Error> {
        let both = !self.hls && !self.dash;
        let job = offline::Job {
            inputs: self.inputs,
            out: self.out,
            scheme: self.scheme.map(|s| match s {
                SchemeName::Cenc => Scheme::Cenc,
                SchemeName::Cbcs => Scheme::Cbcs,
            }),
            keys: self.keys.into_iter().map(|Key(id, key)| (id, key)).collect(),
            segment_seconds: self.segment_seconds,
            hls: self.hls || both,
            dash: self.dash || both,
            license_url: self.license_url,
        };
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("packaging {bar:40} {bytes} of {total_bytes} ({bytes_per_sec})") {
            bar.set_style(style);
        }
        let written = offline::run(&job, |done, total| {
            bar.set_length(total);
            bar.set_position(done);
        })?;
        bar.finish_and_clear();
        for path in written {
            println!("{}", path.display());
        }
        Ok(())
    }
}
