//! Where each fact about a board is to be found: in the device tree, in a Debian package, or on the running board.

/// Facts that may be doubtful or absent, with the place to look. `DTB` is the file that `kernel.dtb` names; `cargo xtask board facts DTB`
/// prints most of what it holds.
pub(super) const PLACES: &[(&str, &str)] = &[
    ("compatible", "`fdtget -t s DTB / compatible`; on the board `tr '\\0' ' ' </proc/device-tree/compatible`"),
    ("target.cpu", "the SoC's data sheet; `grep Features /proc/cpuinfo` on the board says which instructions it really has"),
    ("kernel.suite", "the oldest kernel whose device tree and modules have what you need: trixie, else trixie-backports"),
    ("kernel.dtb", "usr/lib/linux-image-*/ in the kernel's package: `dpkg-deb -c linux-image-*.deb | grep dtb`"),
    ("kernel.console", "`fdtget -t s DTB /chosen stdout-path`; on the board `cat /sys/class/tty/console/active`"),
    (
        "kernel.initramfs-modules",
        "`cargo xtask board facts DTB --packages DIR`: regulators, pins, PHYs and the disc; a boot on the serial console proves it",
    ),
    ("kernel.modules", "`cargo xtask board facts DTB --packages DIR`; on the board `cat /sys/bus/*/devices/*/modalias`"),
    (
        "bootloader.package",
        "`apt-cache search u-boot`, then usr/lib/u-boot/ in the package; none there: list in `blobs` what the OEM builds",
    ),
    ("bootloader.file", "usr/lib/u-boot/<board>/ in the package, and usr/share/doc/u-boot-*/configs for how it was built"),
    ("bootloader.offset-kib", "README of the board in U-Boot's doc/board/; the SoC's boot ROM decides"),
    (
        "bootloader.verified-boot",
        "`zgrep FIT_SIGNATURE usr/share/doc/u-boot-*/configs/config.<board>.gz`; then a flipped byte on the board must be refused",
    ),
    ("bootloader.blobs", "doc/board/ of U-Boot names the vendor's files; the SoC vendor's rkbin or FIP repository has them"),
    ("storage.media", "mmc@ nodes with status okay in the DTB; on the board `ls /sys/class/block`"),
    ("storage.first-lba", "after the end of the boot loader: offset-kib plus the size of its file"),
    ("memory.ram-mib", "`grep MemTotal /proc/meminfo` on the smallest variant you ship"),
    ("memory.cma-mib", "play the largest film and read CmaFree in /proc/meminfo"),
    ("video.decoder", "`v4l2-ctl --list-formats-out -d /dev/videoN` and `gst-inspect-1.0 v4l2codecs` on the board"),
    ("video.decoder.max", "measure on the board: `hearth-player play URL --headless --json` must drop nothing for a minute"),
    ("display.max-mode", "`modetest -c` on the board"),
    ("display.plane", "`modetest -p` on the board"),
    ("display.hdr", "`modetest -c` on the board: an HDR_OUTPUT_METADATA property"),
    ("audio.card", "`cat /proc/asound/cards` on the board; the sound node in the DTB"),
    ("audio.passthrough", "`cat /proc/asound/card*/eld*` with a receiver on the cable"),
    ("audio.decoders", "GStreamer elements that are in the image: `gst-inspect-1.0 | grep aac`"),
    ("cec", "a cec@ node in the DTB or CONFIG_*_CEC in /boot/config-*; on the board `ls /dev/cec*`"),
    ("input.ir-driver", "an ir node in the DTB; on the board DRV_NAME in `/sys/class/rc/rc0/uevent`"),
    ("input.ir-keymap", "linux,rc-map-name of the ir node in the DTB; else the rc-* module whose codes `ir-keytable -t` shows"),
    ("panel", "the schematic: which serial port the microcontroller hangs on"),
    ("panel.device", "aliases/serialN in the DTB, its node's status okay; on the board `ls /sys/class/tty`"),
    ("network.wired", "on the board `readlink /sys/class/net/eth0/device/driver`; ethernet@ in the DTB"),
    ("radio.wifi", "a wifi@ node in the DTB; on the board `readlink /sys/class/net/wlan0/device/driver`"),
    ("radio.bluetooth", "a bluetooth node in the DTB; on the board `ls -l /sys/class/bluetooth`"),
    ("radio.firmware", "`dmesg | grep -i firmware` on the board names the files it asked for"),
    ("power.wake", "the schematic and `cat /sys/devices/**/power/wakeup` on the board"),
    ("power.deep-sleep", "`cat /sys/power/mem_sleep` on the board; `panel` where the microcontroller cuts the power"),
    ("watchdog", "a watchdog@ node in the DTB; on the board `cat /sys/class/watchdog/watchdog0/identity`"),
    (
        "thermal",
        "thermal-zones in the DTB; on the board `grep . /sys/class/thermal/thermal_zone*/trip_point_*_temp`; then your enclosure's tests",
    ),
    ("drm.security-level", "the contract with your CDM's vendor; SW_SECURE_CRYPTO is what Debian alone gives"),
    ("drm.hdcp-max", "a \"Content Protection\" property in `modetest -c` on the board"),
];

/// The place to look for `field`.
pub(super) fn place(field: &str) -> Option<&'static str> {
    PLACES.iter().find(|(name, _)| *name == field).map(|(_, place)| *place)
}
