//! `boards/image.toml`: what every box's image holds. The board's own file adds to it.
use anyhow::{Context, Result, bail};
use hearth_boards::{Board, VideoOutput};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The file, read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Product {
    schema: u32,
    /// Debian suite of everything but the kernel.
    pub suite: String,
    /// Debian packages, exactly these.
    pub packages: Vec<String>,
    /// Paths of programs in those packages.
    pub programs: Vec<String>,
    /// GStreamer plugins without `libgst` and `.so`.
    pub plugins: Vec<String>,
    /// Sonames opened by name at run time.
    pub dlopened: Vec<String>,
    /// Files and folders in those packages.
    pub files: Vec<String>,
    /// Element -> plugin.
    pub elements: BTreeMap<String, String>,
    /// How element names begin -> plugin; the longest that fits counts.
    pub element_families: BTreeMap<String, String>,
    /// Small files, by path.
    pub texts: BTreeMap<String, String>,
    /// Links, by path.
    pub links: BTreeMap<String, String>,
    /// `/etc/hearth/product.json`.
    pub settings: Settings,
    /// With `--development`.
    pub development: Part,
    /// On boards with Wi-Fi.
    pub wifi: Part,
    /// On boards with an infrared receiver.
    pub infrared: Part,
    /// What our programs are built against.
    pub sysroot: Sysroot,
}

/// What the product's maker decides.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// Where the box looks for its server.
    pub servers: Vec<String>,
    /// Which updates it follows.
    pub channel: String,
    /// Time servers.
    pub ntp: Vec<String>,
    /// After so many seconds a box that reaches no server counts as good.
    pub offline_grace_s: u32,
    /// Boxes that ran this refuse whatever has a lower one.
    pub rollback_index: u32,
}

/// Added to what every image holds.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Part {
    pub packages: Vec<String>,
    pub programs: Vec<String>,
    pub files: Vec<String>,
    /// Kernel modules, loaded after the board's own.
    pub modules: Vec<String>,
    pub links: BTreeMap<String, String>,
    pub texts: BTreeMap<String, String>,
}

/// Headers and libraries.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Sysroot {
    pub packages: Vec<String>,
}

impl Product {
    /// Reads `boards/image.toml`.
    pub fn load() -> Result<Self> {
        let path = crate::shell::root().join("boards/image.toml");
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    fn parse(text: &str) -> Result<Self> {
        let product: Self = toml::from_str(text)?;
        if product.schema != 1 {
            bail!("schema = {}, this build reads 1", product.schema);
        }
        Ok(product)
    }

    /// What is added for this board, and with `--development`.
    pub fn parts(&self, board: &Board, development: bool) -> impl Iterator<Item = &Part> {
        let wifi = board.radio.wifi.as_ref().map(|_| &self.wifi);
        let infrared = board.input.ir_keymap.as_ref().map(|_| &self.infrared);
        wifi.into_iter().chain(infrared).chain(development.then_some(&self.development))
    }

    /// Every plugin of this board's image, sorted.
    pub fn plugins(&self, board: &Board) -> Result<Vec<String>> {
        let mut out: Vec<String> = self.plugins.iter().chain(&board.image.plugins).cloned().collect();
        let decoders = board.video.decoder.iter().map(|d| &d.element);
        for element in decoders.chain(&board.audio.decoders).chain([&board.audio.sink]) {
            out.push(self.plugin_of(element)?.to_owned());
        }
        if board.video.output == VideoOutput::KmsPlane {
            out.push(self.plugin_of("kmssink")?.to_owned());
        }
        out.sort();
        out.dedup();
        Ok(out)
    }

    fn plugin_of(&self, element: &str) -> Result<&str> {
        let family = || {
            let fitting = self.element_families.iter().filter(|(start, _)| element.starts_with(start.as_str()));
            fitting.max_by_key(|(start, _)| start.len()).map(|(_, plugin)| plugin)
        };
        let plugin = self.elements.get(element).or_else(family);
        plugin
            .map(String::as_str)
            .with_context(|| format!("which plugin has the element {element}? Say so in [elements] of boards/image.toml"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_board_s_elements_have_a_plugin() {
        let product = Product::load().unwrap();
        let dir = crate::shell::root().join("boards");
        let ids = hearth_boards::list(&dir).unwrap();
        assert!(ids.contains(&"qemu-virt".to_owned()));
        for id in ids {
            let board = hearth_boards::load(&dir, &id).unwrap();
            let plugins = product.plugins(&board).unwrap();
            assert!(plugins.contains(&"app".to_owned()), "{id}");
            let plane = board.video.output == VideoOutput::KmsPlane;
            assert_eq!(plugins.contains(&"kms".to_owned()), plane, "{id}");
        }
    }

    #[test]
    fn the_longest_family_counts() {
        let product = Product::load().unwrap();
        for (element, expected) in [
            ("openh264dec", Some("openh264")),
            ("v4l2slh264dec", Some("v4l2codecs")),
            ("v4l2h264dec", Some("video4linux2")),
            ("nosuchdec", None),
        ] {
            assert_eq!(product.plugin_of(element).ok(), expected, "{element}");
        }
    }
}
