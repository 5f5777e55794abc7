//! `hearth-player`: plays a stream, and takes it apart for tests.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
