//! `hearth-update`: the A/B update agent.

fn main() {
    println!("{}", env!("CARGO_PKG_VERSION"));
}
