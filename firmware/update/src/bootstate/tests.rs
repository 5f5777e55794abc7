//! Tables and properties of the boot state.
use super::*;
use crate::slot::Running;
use proptest::prelude::*;

/// As `env export -c -s 1000 …` leaves it.
fn block(text: &str) -> [u8; SIZE] {
    let mut copy = [0; SIZE];
    copy[4..4 + text.len()].copy_from_slice(text.as_bytes());
    let crc = CRC.checksum(&copy[4..]);
    copy[..4].copy_from_slice(&crc.to_le_bytes());
    copy
}

const GOOD: &str = "a_good=1\0a_left=3\0b_good=0\0b_left=2\0floor=1a\0gen=ff\0order=ba\0";

#[test]
fn frozen_bytes() {
    let state = BootState {
        generation: 0xff,
        first: Slot::B,
        a: Chances::GOOD,
        b: Chances { left: 2, good: false },
        floor: 26,
        want_recovery: false,
    };
    assert_eq!(state.encode(), block(GOOD));
    // What U-Boot's mkenvimage makes of the same text.
    assert_eq!(state.encode()[..4], 0xdd25_2f51u32.to_le_bytes());
    let wanted = BootState { want_recovery: true, ..state };
    assert_eq!(wanted.encode(), block(&format!("{GOOD}want=recovery\0")));
}

#[test]
fn what_a_copy_may_say() {
    let check = |text: &str, expected: Result<(), &str>| match (BootState::decode(&block(text)), expected) {
        (Ok(_), Ok(())) => (),
        (Err(Error::BootState(why)), Err(expected)) => assert_eq!(why, expected, "{text:?}"),
        (got, _) => panic!("{text:?}: {got:?}"),
    };
    check(GOOD, Ok(()));
    check(&format!("{GOOD}want=\0"), Ok(()));
    check(&format!("aa=1\0{GOOD}later=1\0"), Ok(()));
    check(&GOOD.replace("gen=ff", "gen=FF"), Ok(()));
    check(&format!("{GOOD}want=b\0"), Err("want is not recovery"));
    check(&format!("{GOOD}gen=1\0"), Err("a name is there twice"));
    check(&GOOD.replace("order=ba\0", ""), Err("order is neither ab nor ba"));
    check(&GOOD.replace("order=ba", "order=b"), Err("order is neither ab nor ba"));
    check(&GOOD.replace("b_left=2", "b_left=4"), Err("more than three tries"));
    check(&GOOD.replace("a_good=1", "a_good=2"), Err("good is neither 0 nor 1"));
    for number in ["gen=", "gen=0xff", "gen=+1", "gen=-1", "gen=000000001", "gen=é", "x=1"] {
        check(&GOOD.replace("gen=ff", number), Err("a number is missing or is none"));
    }
    check(&GOOD.replace("gen=ff", "gen=7ffffff1"), Err("generation is out of range"));
    check("", Err("a number is missing or is none"));
    check(&"x".repeat(SIZE - 4), Err("the list has no end"));
    assert!(BootState::decode(&block(GOOD)[..SIZE - 1]).is_err());
    assert!(BootState::decode(&[]).is_err());
    assert!(BootState::decode(&[0; SIZE]).is_err());
    assert!(BootState::decode(&[0xff; SIZE]).is_err());
}

#[test]
fn every_flipped_bit_makes_a_copy_invalid() {
    let copy = block(GOOD);
    for bit in 0..SIZE * 8 {
        let mut wrong = copy;
        wrong[bit / 8] ^= 1 << (bit % 8);
        assert!(matches!(BootState::decode(&wrong), Err(Error::BootState("checksum"))), "bit {bit}");
    }
}

/// `order`, then tries of A and B, `+` good; `!` recovery wanted: `ab 3+ 0`.
fn state(text: &str) -> BootState {
    let mut words = text.trim_end_matches('!').split(' ');
    let first = if words.next() == Some("ab") { Slot::A } else { Slot::B };
    let mut chances = || {
        let word = words.next().unwrap();
        Chances { left: word[..1].parse().unwrap(), good: word.ends_with('+') }
    };
    BootState { generation: 5, first, a: chances(), b: chances(), floor: 1, want_recovery: text.ends_with('!') }
}

#[test]
fn the_selector() {
    let check = |before: &str, boot: &str, after: &str| {
        let (before, after) = (state(before), state(after));
        let selected = select([&before.encode(), &[0; SIZE]]);
        assert_eq!(selected.boot.to_string(), boot);
        let generation = if selected.write.is_some() { 6 } else { 5 };
        assert_eq!(selected.state, BootState { generation, ..after });
        match selected.write {
            Some((copy, bytes)) => assert_eq!((copy, bytes), (1, selected.state.encode())),
            None => assert_eq!(before, after),
        }
    };
    check("ab 3+ 3+", "a", "ab 2+ 3+");
    check("ab 1+ 3+", "a", "ab 0+ 3+");
    check("ab 0+ 3+", "b", "ab 0+ 2+");
    check("ba 3+ 3", "b", "ba 3+ 2");
    check("ba 3+ 0", "a", "ba 2+ 0");
    check("ba 0 0", "recovery", "ba 0 0");
    check("ab 0+ 0+", "recovery", "ab 0+ 0+");
    check("ab 3+ 3+!", "recovery", "ab 3+ 3+");
    check("ab 0 0!", "recovery", "ab 0 0");
}

#[test]
fn nothing_valid_starts_over_and_still_counts() {
    let mut disc = [[0xffu8; SIZE]; 2];
    let mut booted = String::new();
    for _ in 0..8 {
        let selected = select([&disc[0], &disc[1]]);
        if let Some((copy, bytes)) = selected.write {
            disc[copy] = bytes;
        }
        booted.push(match selected.boot {
            Running::Slot(slot) => slot.letter(),
            Running::Recovery => 'r',
        });
    }
    assert_eq!(booted, "aaabbbrr");
}

fn any_state() -> impl Strategy<Value = BootState> {
    let chances = || (0..=3u8, any::<bool>()).prop_map(|(left, good)| Chances { left, good });
    let slot = prop_oneof![Just(Slot::A), Just(Slot::B)];
    (0..=MAX_GEN, slot, chances(), chances(), any::<u32>(), any::<bool>())
        .prop_map(|(generation, first, a, b, floor, want_recovery)| BootState { generation, first, a, b, floor, want_recovery })
}

proptest! {
    #[test]
    fn reads_what_it_writes(state in any_state()) {
        prop_assert_eq!(BootState::decode(&state.encode()).unwrap(), state);
    }

    #[test]
    fn anything_is_read_without_panic(text in "[ab_geonr=0-9\0]{0,200}", bytes in proptest::collection::vec(any::<u8>(), 0..SIZE + 10)) {
        let _ = BootState::decode(&block(&text));
        let _ = BootState::decode(&bytes);
        let _ = select([&bytes, &block(&text)]);
    }

    #[test]
    fn a_torn_write_leaves_what_ruled_or_what_was_written(
        one in any_state(), two in any_state(), new in any_state(), sectors in any::<u8>(), tear in 0..SIZE, junk: u8,
    ) {
        let mut disc = [one.encode(), two.encode()];
        let before = current([&disc[0], &disc[1]]);
        prop_assume!(before.generation < MAX_GEN);
        let (copy, bytes) = next([&disc[0], &disc[1]], new);
        for (i, byte) in bytes.iter().enumerate() {
            if sectors >> (i / 512) & 1 == 1 { disc[copy][i] = *byte; }
        }
        disc[copy][tear] ^= junk;
        let after = current([&disc[0], &disc[1]]);
        let written = BootState { generation: before.generation + 1, ..new };
        prop_assert!(after == before || after == written, "{after:?}");
        disc[copy] = bytes;
        prop_assert_eq!(current([&disc[0], &disc[1]]), written);
    }
}
