//! Ten thousand losses of power, and agents that are wrong on purpose, which must be found out.
mod disc;
mod image;
mod life;
mod wrong;

use life::{Lives, live};
use wrong::Agent;

#[test]
fn ten_thousand_cuts() {
    let mut lives = Lives::default();
    for seed in 0.. {
        if let Err(violation) = live(seed, Agent::Right, &mut lives) {
            panic!("seed {seed}: {violation}; again: cargo run -p hearth-update --example powercut -- --seed {seed}");
        }
        if lives.cuts >= 10_000 {
            break;
        }
    }
    // The seeds do reach what they are for.
    let reached = [lives.in_loader, lives.in_mark_good, lives.in_install, lives.in_recovery, lives.torn, lives.resumed];
    assert!(reached.into_iter().all(|times| times >= 500), "{lives:?}");
}

#[test]
fn wrong_agents_are_found_out() {
    for (agent, promise) in Agent::WRONG {
        let found = (0..2_000).find_map(|seed| live(seed, agent, &mut Lives::default()).err());
        assert!(found.as_ref().is_some_and(|found| found.contains(promise)), "{agent:?}: {found:?}");
    }
}
