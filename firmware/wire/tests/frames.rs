//! Frames survive the line, or are known not to have.

use hearth_wire::*;
use proptest::prelude::*;

fn coded<M: serde::Serialize>(sequence: u8, message: &M) -> Vec<u8> {
    let mut out = [0; MAX_FRAME];
    let length = encode(sequence, message, &mut out).expect("fits");
    out[..length].to_vec()
}

fn read<M: serde::de::DeserializeOwned>(bytes: &[u8]) -> Vec<Result<Frame<M>, FrameError>> {
    let mut deframer = Deframer::new();
    bytes.iter().filter_map(|&b| deframer.push(b)).collect()
}

fn playing(title: &str) -> ToPanel {
    ToPanel::Show(Show::Playing { title: title.try_into().unwrap(), position_s: 61, duration_s: 3_600, paused: false })
}

/// The bytes on the line are frozen: a change here is a new `VERSION`. Worked out by hand from the layout, not by this code.
#[test]
fn golden_bytes() {
    let check = |sequence, message: ToPanel, expected: &str| {
        let hex: String = coded(sequence, &message).iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, expected, "{message:?}");
    };
    check(0, ToPanel::Kick, GOLDEN[0]);
    check(7, ToPanel::Time { unix_s: 1_795_000_000, offset_min: 60 }, GOLDEN[1]);
    check(255, playing("Amélie"), GOLDEN[2]);
}

const GOLDEN: [&str; 3] =
    ["02010605aa47e98e00", "0e010701c08df6d70678915c112600", "1001ff020207416dc3a96c69653d901c050d64a78700"];

#[test]
fn a_message_of_the_future_is_skipped_and_acknowledged() {
    // Variant 200 of an enum that has seven: what an old panel sees of a new box.
    let mut line = coded(9, &(200u8, 1u8, 2u8));
    line.extend(coded(10, &ToPanel::Kick));
    assert_eq!(read::<ToPanel>(&line), [Err(FrameError::Unknown(9)), Ok(Frame { sequence: 10, message: ToPanel::Kick })]);
}

#[test]
fn noise_and_lost_zeros_cost_one_frame() {
    let good = coded(1, &ToPanel::SafeToCut);
    let expected = Ok(Frame { sequence: 1, message: ToPanel::SafeToCut });
    let long = [vec![0x55; 3 * MAX_FRAME], vec![0]].concat();
    assert_eq!(read::<ToPanel>(&[long, good.clone()].concat()), [Err(FrameError::TooLong), expected.clone()]);
    let cut = &coded(0, &playing("Cut short"))[..10];
    assert_eq!(read::<ToPanel>(&[cut, &[0], &good].concat()), [Err(FrameError::Corrupt), expected.clone()]);
    assert_eq!(read::<ToPanel>(&[&[0, 0, 0], &good[..]].concat()), [expected]);
}

#[test]
fn another_version_is_named() {
    let mut raw = [0; MAX_FRAME];
    cobs::decode(&coded(3, &ToPanel::Kick)[..], &mut raw).unwrap();
    let body = [VERSION + 1, 3, 5];
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&body).to_le_bytes();
    let mut line = cobs::encode_vec(&[&body[..], &crc].concat());
    line.push(0);
    assert_eq!(read::<ToPanel>(&line), [Err(FrameError::Version(VERSION + 1))]);
}

fn any_message() -> impl Strategy<Value = ToPanel> {
    prop_oneof![
        any::<u8>().prop_map(|version| ToPanel::Hello { version }),
        (any::<u64>(), any::<i16>()).prop_map(|(unix_s, offset_min)| ToPanel::Time { unix_s, offset_min }),
        "[a-zé\u{0}☃]{0,16}".prop_map(|t| ToPanel::Show(Show::Message(t.as_str().try_into().unwrap()))),
        ("\\PC{0,12}", any::<u32>(), any::<u32>(), any::<bool>()).prop_map(|(t, position_s, duration_s, paused)| {
            ToPanel::Show(Show::Playing { title: t.as_str().try_into().unwrap(), position_s, duration_s, paused })
        }),
        any::<Option<u64>>().prop_map(|wake_at_s| ToPanel::Standby { wake_at_s }),
        any::<u8>().prop_map(|sequence| ToPanel::Ack { sequence }),
    ]
}

proptest! {
    #[test]
    fn round_trip(messages in proptest::collection::vec((any::<u8>(), any_message()), 0..8)) {
        let line: Vec<u8> = messages.iter().flat_map(|(s, m)| coded(*s, m)).collect();
        let expected: Vec<_> = messages.into_iter().map(|(sequence, message)| Ok(Frame { sequence, message })).collect();
        prop_assert_eq!(read::<ToPanel>(&line), expected);
    }

    /// Bursts of up to 16 bits anywhere but in the closing zero; those that make a new zero split the frame, and the pieces fail too.
    #[test]
    fn no_corrupted_frame_is_accepted(sequence in any::<u8>(), message in any_message(), at in any::<prop::sample::Index>(), burst in 1u16..) {
        let good = coded(sequence, &message);
        let mut bad = good.clone();
        let bit = at.index((good.len() - 1) * 8);
        for i in (0..16).filter(|i| burst >> i & 1 == 1) {
            if let Some(byte) = bad[..good.len() - 1].get_mut((bit + i) / 8) {
                *byte ^= 0x80 >> ((bit + i) % 8);
            }
        }
        prop_assume!(bad != good);
        for result in read::<ToPanel>(&bad) {
            prop_assert!(result.is_err(), "{:?} was accepted", result);
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = read::<ToPanel>(&bytes);
        let _ = read::<ToBox>(&bytes);
    }
}
