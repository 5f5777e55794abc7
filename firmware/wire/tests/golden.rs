//! Every message's bytes, frozen in `golden.txt`: a line that changes is a new `VERSION`. New messages are new lines: `HEARTH_BLESS=1`. And
//! bursts of noise on all of them.

use hearth_wire::*;

fn text<const N: usize>(text: &str) -> heapless::String<N> {
    text.try_into().unwrap()
}

fn to_panel() -> Vec<ToPanel> {
    let key = RemoteKey { protocol: 16, address: 0xdead_beef, command: 7 };
    let mut all = vec![
        ToPanel::Hello { version: VERSION },
        ToPanel::Time { unix_s: 1_795_201_620, offset_min: -210 },
        ToPanel::Show(Show::Clock),
        ToPanel::Show(Show::Message(text("Größe"))),
        ToPanel::Show(Show::Playing { title: text("Amélie"), position_s: 61, duration_s: 7_320, paused: true }),
        ToPanel::Show(Show::Dark),
        ToPanel::Show(Show::Channel { number: 312, name: text("ČT 1"), title: text("") }),
        ToPanel::Standby { wake_at_s: None },
        ToPanel::Standby { wake_at_s: Some(1_795_201_620) },
        ToPanel::SafeToCut,
        ToPanel::Kick,
        ToPanel::Ack { sequence: 255 },
        ToPanel::WakeKey { slot: 7, key: Some(key) },
        ToPanel::WakeKey { slot: 0, key: None },
        ToPanel::Brightness(Brightness { day: 15, night: 3, day_from: 7, night_from: 22 }),
        ToPanel::AskWake,
        ToPanel::Volume { percent: 40, muted: true },
        ToPanel::Disarm,
        ToPanel::Show(Show::Message(text(&"x".repeat(MAX_TEXT)))),
    ];
    all.extend([Depth::Light, Depth::DeepNetwork, Depth::Deep].map(|depth| ToPanel::Sleep { depth, wake_at_s: Some(1) }));
    all
}

fn to_box() -> Vec<ToBox> {
    use WakeReason::*;
    let key = RemoteKey { protocol: 3, address: 1, command: 2 };
    let resets = [ResetCause::PowerOn, ResetCause::Watchdog, ResetCause::Software];
    let keys = [PanelKey::Power, PanelKey::Up, PanelKey::Down, PanelKey::Left, PanelKey::Right, PanelKey::Ok];
    let reasons = [
        ColdBoot,
        Ir,
        FrontPanel,
        Timer,
        Cec,
        Watchdog,
        Gpio,
        Lan,
        Wlan,
        RcuBt,
        RcuRf4ce,
        SoftwareReset,
        ThermalReset,
        WarmReset,
        StrAuthFailure,
        Presence,
        Voice,
        Unknown,
    ];
    let mut all: Vec<ToBox> = resets.map(|reset| ToBox::Hello { version: VERSION, reset }).into();
    all.extend(keys.map(|key| ToBox::Key { key, pressed: true }));
    all.extend([false, true].map(|repeat| ToBox::Ir { protocol: 12, address: 1_066_711, command: 848, repeat }));
    all.extend(reasons.map(|reason| ToBox::Woke { reason }));
    all.extend([
        ToBox::Ack { sequence: 0 },
        ToBox::LastWake { reason: Ir, key: Some(key) },
        ToBox::LastWake { reason: Timer, key: None },
    ]);
    all
}

fn coded<M: serde::Serialize>(sequence: u8, message: &M) -> Vec<u8> {
    let mut out = [0; MAX_FRAME];
    let length = encode(sequence, message, &mut out).expect("fits");
    out[..length].to_vec()
}

/// All frames with what they say.
fn frames() -> Vec<(Vec<u8>, String)> {
    let boxes = to_panel().into_iter().enumerate().map(|(i, m)| (coded(i as u8, &m), format!("ToPanel {m:?}")));
    let panels = to_box().into_iter().enumerate().map(|(i, m)| (coded(i as u8, &m), format!("ToBox {m:?}")));
    boxes.chain(panels).collect()
}

#[test]
fn every_message_is_frozen() {
    let line = |(bytes, said): &(Vec<u8>, String)| {
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        format!("{hex} {said}\n")
    };
    let text: String = frames().iter().map(line).collect();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden.txt");
    if std::env::var_os("HEARTH_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

/// Another implementation of COBS and the layout in the documentation come to the same.
#[test]
fn frames_are_what_the_documentation_says() {
    for (sequence, message) in to_panel().iter().enumerate() {
        let frame = coded(sequence as u8, message);
        let (zero, stuffed) = frame.split_last().unwrap();
        let raw = cobs::decode_vec(stuffed).unwrap();
        assert_eq!(cobs::encode_vec(&raw), stuffed);
        let (body, crc) = raw.split_last_chunk::<4>().unwrap();
        assert_eq!((*zero, body[0], body[1]), (0, VERSION, sequence as u8));
        assert_eq!(crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(body).to_le_bytes(), *crc);
        assert_eq!(postcard::from_bytes::<ToPanel>(&body[2..]).unwrap(), *message);
    }
}

/// Bursts of 1 to 16 bits anywhere but in the closing zero, by a counter that is mixed: how many were taken for a frame.
fn accepted(bursts: u64) -> u64 {
    let frames = frames();
    let mix = |n: u64| {
        let n = (n ^ n >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ n >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        n ^ n >> 31
    };
    let mut accepted = 0;
    for n in 0..bursts {
        let dice = mix(n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (frame, said) = &frames[dice as usize % frames.len()];
        let mut bad = frame.clone();
        let (bits, at) = ((dice >> 16) as u16 | 1, (dice >> 32) as usize % ((frame.len() - 1) * 8));
        for bit in (0..16).filter(|i| bits >> i & 1 == 1).map(|i| at + i).filter(|bit| *bit < (frame.len() - 1) * 8) {
            bad[bit / 8] ^= 0x80 >> (bit % 8);
        }
        let any = if said.starts_with("ToPanel") { reads::<ToPanel>(&bad) } else { reads::<ToBox>(&bad) };
        accepted += u64::from(any);
    }
    accepted
}

fn reads<M: serde::de::DeserializeOwned>(bytes: &[u8]) -> bool {
    let mut deframer = Deframer::new();
    bytes.iter().filter_map(|b| deframer.push::<M>(*b)).any(|frame| matches!(frame, Ok(_) | Err(FrameError::Unknown(_))))
}

#[test]
fn no_burst_is_taken_for_a_frame() {
    assert_eq!(accepted(20_000), 0);
}

#[test]
#[ignore = "a million bursts, some seconds"]
fn a_million_bursts() {
    assert_eq!(accepted(1_000_000), 0);
}
