//! `hearth-init`: PID 1 of the box.

fn main() {
    println!("{}", env!("CARGO_PKG_VERSION"));
}
