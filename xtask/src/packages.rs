//! What Hearth needs from the operating system: one table, with the reason for each line.

/// When a package is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// To compile.
    Build,
    /// To run server, player and launcher on this machine.
    Run,
    /// To open a window; the headless demo does without.
    Window,
    /// By tests only, as an independent judge.
    Test,
    /// To run the panel's firmware in QEMU.
    Firmware,
    /// To make a box's image and to boot it in QEMU.
    Box,
    /// To see that box in a window.
    BoxWindow,
}

/// One Debian package.
pub struct Package {
    /// The same on Debian 12 and 13 and on Ubuntu 24.04.
    pub name: &'static str,
    /// When.
    pub need: Need,
    /// For a person who wonders.
    pub why: &'static str,
}

/// Everything. Never `libgstreamer-plugins-bad1.0-dev`: it brings 400 MB of OpenCV that nothing here uses.
pub const PACKAGES: &[Package] = &[
    build("gcc", "links Rust programs and compiles SQLite and ring"),
    build("libc6-dev", "headers for the C that crates bring along"),
    build("pkg-config", "finds GStreamer and fontconfig"),
    build("libgstreamer1.0-dev", "player and transcoder"),
    build("libgstreamer-plugins-base1.0-dev", "app, audio, video, gl and pbutils libraries of GStreamer"),
    build("libfontconfig-dev", "the launcher's text layout"),
    run("gstreamer1.0-tools", "gst-launch-1.0 makes the sample films"),
    run("gstreamer1.0-plugins-base", "appsrc, videoconvert, audioconvert, test pictures and tones"),
    run("gstreamer1.0-plugins-good", "MP4 reading and writing, audio parsers"),
    run("gstreamer1.0-plugins-bad", "H.264 parser, time codes, AAC"),
    run("gstreamer1.0-plugins-ugly", "x264, the H.264 encoder"),
    run("gstreamer1.0-libav", "H.264 and AAC decoders"),
    run("gstreamer1.0-x", "time codes in the sample films' pictures; shows pictures in an X window"),
    window("gstreamer1.0-alsa", "sound"),
    window("libx11-6", "the launcher's window"),
    window("libx11-xcb1", "the launcher's window"),
    window("libxcursor1", "the launcher's window"),
    window("libxi6", "the launcher's window"),
    window("libxkbcommon-x11-0", "the keyboard in the launcher's window"),
    for_box("gcc-aarch64-linux-gnu", "compiles and links the box's programs"),
    for_box("qemu-user-static", "lets the box's GStreamer look at its plugins while the image is made"),
    for_firmware("qemu-system-arm", "runs the panel's microcontroller, and boots the image"),
    for_firmware("binutils-arm-none-eabi", "links the panel's firmware where the compiler is Debian's"),
    for_box("ipxe-qemu", "the network card of that machine"),
    for_box("debian-archive-keyring", "verifies the Debian packages that go into the image"),
    for_box("xz-utils", "unpacks the kernel's modules"),
    for_box("kmod", "works out what the kernel's modules need"),
    for_box("squashfs-tools", "the image's root"),
    for_box("cryptsetup-bin", "the root's hash tree"),
    for_box("zstd", "compresses the initramfs"),
    for_box("u-boot-tools", "signs kernel and initramfs"),
    for_box("device-tree-compiler", "reads and writes device trees"),
    for_box("gdisk", "the disc image's partitions"),
    for_box("openssl", "makes development keys"),
    Package { name: "qemu-system-gui", need: Need::BoxWindow, why: "the window of the box in QEMU" },
    test("gstreamer1.0-gl", "pictures as textures; Mesa draws them without a GPU"),
    test("weston", "a Wayland compositor without a screen"),
    test("dbus-daemon", "the bus on which the launcher speaks to a Wi-Fi daemon of the tests' own"),
    test("ffmpeg", "a second opinion on our streams: ffprobe and ffmpeg's decoders"),
];

const fn build(name: &'static str, why: &'static str) -> Package {
    Package { name, need: Need::Build, why }
}

const fn run(name: &'static str, why: &'static str) -> Package {
    Package { name, need: Need::Run, why }
}

const fn window(name: &'static str, why: &'static str) -> Package {
    Package { name, need: Need::Window, why }
}

const fn test(name: &'static str, why: &'static str) -> Package {
    Package { name, need: Need::Test, why }
}

const fn for_firmware(name: &'static str, why: &'static str) -> Package {
    Package { name, need: Need::Firmware, why }
}

const fn for_box(name: &'static str, why: &'static str) -> Package {
    Package { name, need: Need::Box, why }
}

/// GStreamer elements that have to be there at run time, whatever the distribution calls its packages.
pub const ELEMENTS: &[(&str, &str)] = &[
    ("x264enc", "encodes H.264"),
    ("avdec_h264", "decodes H.264"),
    ("avdec_aac", "decodes AAC"),
    ("h264parse", "parses H.264"),
    ("qtdemux", "reads MP4"),
    ("mp4mux", "writes MP4"),
    ("timecodestamper", "numbers the frames of the sample films"),
    ("timeoverlay", "shows those numbers"),
];

/// Libraries that pkg-config has to find, with the oldest version that will do.
pub const LIBRARIES: &[(&str, &str)] = &[
    ("gstreamer-1.0", "1.22"),
    ("gstreamer-app-1.0", "1.22"),
    ("gstreamer-video-1.0", "1.22"),
    ("gstreamer-audio-1.0", "1.22"),
    ("gstreamer-gl-1.0", "1.22"),
    ("gstreamer-pbutils-1.0", "1.22"),
    ("fontconfig", "2.11"),
];

/// Any of these encodes AAC; which one there is depends on the distribution.
pub const AAC_ENCODERS: &[&str] = &["avenc_aac", "fdkaacenc", "voaacenc", "faac"];
