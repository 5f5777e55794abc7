//! Textures, drawn by whatever EGL there is: Mesa does it without a GPU.

use super::{Show, in_order, source};
use crate::support::{self, Film, encode, errors, finish, load, near, server::Server};
use gst_gl::prelude::*;
use gstreamer as gst;
use gstreamer_gl as gst_gl;
use hearth_player::{AudioOutput, CopyPath, GlTexture, Player, PlayerConfig, Texture, VideoOutput};
use std::sync::{Arc, Mutex};

/// What was handed over.
type Textures = Arc<Mutex<Vec<Texture>>>;
type Callback = Arc<dyn Fn(Texture) + Send + Sync>;

/// Textures and what takes them, or why there are none here.
fn taking() -> Option<(Textures, Callback)> {
    gst::init().expect("gst");
    if gst::ElementFactory::find("glupload").is_none() {
        eprintln!("skipped: gstreamer1.0-gl is not installed");
        return None;
    }
    let textures = Textures::default();
    let taken = textures.clone();
    // Only the latest: a texture that is kept is one that the decoder cannot draw into.
    Some((textures, Arc::new(move |t| *taken.lock().expect("lock") = vec![t])))
}

fn output() -> Option<(Textures, GlTexture)> {
    let (textures, callback) = taking()?;
    match GlTexture::new(callback) {
        Ok(output) => Some((textures, output)),
        Err(error) => {
            eprintln!("skipped: {error}");
            None
        }
    }
}

#[test]
fn pictures_are_textures() {
    let Some((textures, output)) = output() else { return };
    assert_eq!(output.copy_path(), CopyPath::Gl, "at best");
    for (pattern, colour) in [("green", [0, 255, 0]), ("blue", [0, 0, 255])] {
        let show = Show::new(&output, &source(pattern, 12));
        assert!(in_order(&show.play(), 12), "{:?}", show.numbers());
        let texture = textures.lock().expect("lock").pop().expect("a texture");
        assert!(texture.id > 0 && texture.target == 0x0DE1, "{} {}", texture.id, texture.target);
        assert_eq!((texture.width, texture.height), (640, 360));
        let pixels = texture.read().expect("pixels");
        assert_eq!(pixels.len(), 640 * 360 * 4);
        assert!(pixels.chunks(4).all(|p| near(p, colour)), "{pattern}: {:?}", &pixels[..4]);
        assert_eq!(output.copy_path(), CopyPath::Cpu, "they came in main memory");
    }
}

#[test]
fn what_the_gpu_has_is_not_copied() {
    let Some((textures, output)) = output() else { return };
    let show =
        Show::new(&output, "gltestsrc num-buffers=5 pattern=red ! capsfilter caps=video/x-raw(memory:GLMemory),framerate=25/1");
    assert!(in_order(&show.play(), 5), "{:?}", show.numbers());
    let pixels = textures.lock().expect("lock").pop().and_then(|t| t.read()).expect("pixels");
    assert!(pixels.chunks(4).all(|p| near(p, [255, 0, 0])), "{:?}", &pixels[..4]);
    assert_eq!(output.copy_path(), CopyPath::Gl);
}

#[test]
fn an_application_shares_its_context() {
    let Some((textures, callback)) = taking() else { return };
    let Some(display) = gst_gl::GLDisplay::with_type(gst_gl::GLDisplayType::EGL_DEVICE) else {
        return eprintln!("skipped: no EGL device");
    };
    let application = gst_gl::GLContext::new(&display);
    application.create(None::<&gst_gl::GLContext>).expect("a context");
    let output = GlTexture::shared(&display, &application, callback);
    let show = Show::new(&output, &source("green", 5));
    show.hold();
    let texture = textures.lock().expect("lock").pop().expect("a texture");
    texture.wait(&application);
    assert!(
        texture.context().is_some_and(|c| c != application && c.can_share(&application)),
        "a name in the application's context"
    );
}

#[test]
fn a_film_plays_into_textures() {
    let Some((textures, output)) = output() else { return };
    let film = Film { video: vec![encode::video("v1", 320, 180, 0, 25, 2)], audio: encode::audio("a", 2) };
    let server = Server::start(film.package(Some(support::CBCS), None));
    let keys = [(support::VIDEO_KID, support::VIDEO_KEY), (support::AUDIO_KID, support::AUDIO_KEY)];
    let keys = keys.map(|(id, key)| hearth_cdm::KeyPair { id, key: hearth_isobmff::ContentKey(key) }).to_vec();
    let player = Player::new(PlayerConfig { audio: AudioOutput::None, keys, ..PlayerConfig::default() }, Arc::new(output));
    let events = player.events();
    player.load(load(server.url("main.m3u8")));
    let mut seen = Vec::new();
    let summary = finish(&events, &mut seen, 20);
    assert!(errors(&seen).is_empty(), "{seen:#?}");
    assert_eq!(summary.frames_presented + summary.frames_dropped, 50, "{summary:?}");
    assert_eq!(summary.copy_path, "cpu", "a software decoder's pictures are in main memory");
    let last = textures.lock().expect("lock").pop().expect("a texture");
    assert_eq!((last.width, last.height, last.pts_us / 40_000), (320, 180, 49));
    let pixels = last.read().expect("pixels");
    let (dark, light) = (pixels.chunks(4).filter(|p| p[0] < 64).count(), pixels.chunks(4).filter(|p| p[0] > 192).count());
    assert!(dark > 320 * 180 / 2 && light > 100, "a white ball on black: {dark} dark, {light} light");
}
