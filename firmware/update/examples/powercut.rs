//! More losses of power than the tests have, or one of them again: `--seed N`, `--from N --count N`; without either, what each wrong agent
//! is found out by.
#[path = "../tests/powercut/disc.rs"]
mod disc;
#[path = "../tests/powercut/image.rs"]
mod image;
#[path = "../tests/powercut/life.rs"]
mod life;
#[path = "../tests/powercut/wrong.rs"]
mod wrong;

use clap::Parser;
use life::{Lives, live};
use std::process::ExitCode;
use wrong::Agent;

/// The power-cut harness.
#[derive(Parser)]
struct Options {
    /// This life only.
    #[arg(long)]
    seed: Option<u64>,
    /// The first life.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// So many lives.
    #[arg(long)]
    count: Option<u64>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let (from, count) = match (options.seed, options.count) {
        (Some(seed), _) => (seed, 1),
        (None, Some(count)) => (options.from, count),
        (None, None) => return wrong_agents(),
    };
    let mut lives = Lives::default();
    let broken = (from..from + count).find_map(|seed| live(seed, Agent::Right, &mut lives).err().map(|e| (seed, e)));
    println!("{lives:?}");
    match broken {
        None => ExitCode::SUCCESS,
        Some((seed, violation)) => {
            println!("seed {seed}: {violation}");
            ExitCode::FAILURE
        }
    }
}

fn wrong_agents() -> ExitCode {
    for (agent, _) in Agent::WRONG {
        match (0..2_000).find_map(|seed| live(seed, agent, &mut Lives::default()).err().map(|e| (seed, e))) {
            Some((seed, violation)) => println!("{agent:?}: seed {seed}: {violation}"),
            None => println!("{agent:?}: not found out"),
        }
    }
    ExitCode::SUCCESS
}
