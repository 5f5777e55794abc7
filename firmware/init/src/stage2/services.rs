//! Which services there are on this box, and what each of them finds in its environment.

use super::Mode;
use super::identity::Identity;
use super::log::Log;
use super::machine::NOTIFY;
use crate::Error;
use crate::config::{Service, Services};
use hearth_boards::Board;
use hearth_box::files::{self, Kind};
use std::path::Path;

/// What the image knows of GStreamer's plugins, made where there was none of the box's hardware.
const REGISTRY: &str = "/usr/share/gst/registry.bin";
/// The same with this box's decoders.
const OWN_REGISTRY: &str = "/run/hearth/gst-registry.bin";

/// The image's files, or recovery's own.
pub fn all(identity: &Identity, mode: Mode, log: &mut Log) -> Vec<Service> {
    if mode == Mode::Recovery {
        let own = Services::parse(include_str!("../../services-recovery.toml"), "services-recovery.toml");
        return own.map_err(|error| log.failed(error)).unwrap_or_default().service;
    }
    let mut files = vec!["/etc/hearth/services.toml"];
    let wifi = "/etc/hearth/services-wifi.toml";
    files.extend(Path::new(wifi).exists().then_some(wifi));
    if identity.slot.development {
        files.push("/etc/hearth/services-development.toml");
    }
    let mut all = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(path).map_err(Error::path("read", path));
        match text.and_then(|text| Services::parse(&text, path)) {
            Ok(services) => all.extend(services.service),
            Err(error) => log.failed(error),
        }
    }
    if let Some(board) = &identity.board {
        let copy = || {
            std::fs::read(REGISTRY)
                .map_err(Error::path("read", REGISTRY))
                .and_then(|bytes| files::replace(OWN_REGISTRY, &bytes, Kind::MEMORY).map_err(Error::path("write", OWN_REGISTRY)))
        };
        if decoders(board, &mut all)
            && let Err(error) = copy()
        {
            log.failed(error);
        }
    }
    all
}

/// GStreamer's plugins for hardware have the decoders of the devices they find when they are loaded, and the image was made where there are none.
/// So where the board has such decoders, whoever uses GStreamer waits for their devices and looks once more, into a registry of its own.
fn decoders(board: &Board, services: &mut [Service]) -> bool {
    let hardware = board.video.decoder.iter().filter(|decoder| decoder.driver.is_some());
    // Drivers without state are media controllers; the others have a node alone.
    let mut nodes: Vec<&str> =
        hardware.map(|d| if d.element.starts_with("v4l2sl") { "/dev/media0" } else { "/dev/video0" }).collect();
    nodes.dedup();
    if nodes.is_empty() {
        return false;
    }
    for service in services.iter_mut().filter(|service| service.environment.contains_key("GST_REGISTRY")) {
        service.wait_for.extend(nodes.iter().map(|&node| node.to_owned()));
        service.environment.insert("GST_REGISTRY".to_owned(), OWN_REGISTRY.to_owned());
        service.environment.insert("GST_REGISTRY_UPDATE".to_owned(), "yes".to_owned());
    }
    true
}

/// Every service's environment.
pub fn environment(identity: &Identity) -> Vec<(String, String)> {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    vec![
        pair("HEARTH_NOTIFY", NOTIFY),
        pair("HEARTH_BOX", "/run/hearth/box.json"),
        pair("HEARTH_BOARD", identity.board.as_ref().map_or("unknown", |board| &board.id)),
        pair("HOME", "/data"),
        pair("LANG", "C.UTF-8"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hardware_is_looked_for_where_a_board_has_it() {
        let check = |board: &str, node: Option<&str>| {
            let boards = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../boards");
            let board = hearth_boards::load(&boards, board).unwrap();
            let text = include_str!("../../services.toml");
            let mut all = Services::parse(text, "services.toml").unwrap().service;
            assert_eq!(decoders(&board, &mut all), node.is_some());
            let waits = |service: &Service| service.wait_for.iter().any(|path| Some(path.as_str()) == node);
            for service in &all {
                let registry = service.environment.get("GST_REGISTRY").map(String::as_str);
                let (own, updated) = (registry == Some(OWN_REGISTRY), service.environment.get("GST_REGISTRY_UPDATE"));
                assert_eq!((own, waits(service)), (node.is_some() && registry.is_some(), node.is_some() && registry.is_some()));
                assert_eq!(updated.map(String::as_str), registry.map(|_| if own { "yes" } else { "no" }), "{}", service.name);
            }
            assert!(all.iter().any(|service| service.environment.contains_key("GST_REGISTRY")));
        };
        check("qemu-virt", None);
        check("rockpro64", Some("/dev/media0"));
        check("khadas-vim3", Some("/dev/video0"));
    }
}
