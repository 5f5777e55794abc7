//! `cargo xtask test`: builds once, then every test and every check, and one line that sums up.
use crate::qemu::scenarios::{self, Options as Scenarios};
use crate::shell::{cargo, our_program, run, show, step};
use crate::{setup, tidy};
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

/// What has been counted so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tests and checks that held.
    pub passed: u64,
    /// Tests and checks that did not.
    pub failed: u64,
    /// Tests marked `#[ignore]`, checks whose tool is not here.
    pub skipped: u64,
}

impl Tally {
    fn check(&mut self, name: &str, result: Result<()>) {
        match result {
            Ok(()) => self.passed += 1,
            Err(e) => {
                self.failed += 1;
                println!("{name}: {e:#}");
            }
        }
    }

    /// Adds what one test binary's closing line says; whether it was one.
    fn read(&mut self, line: &str) -> bool {
        let Some(rest) = line.strip_prefix("test result: ") else { return false };
        for part in rest.split([';', '.']) {
            let mut words = part.split_whitespace();
            let (Some(Ok(n)), Some(kind)) = (words.next().map(str::parse::<u64>), words.next()) else { continue };
            match kind {
                "passed" => self.passed += n,
                "failed" => self.failed += n,
                "ignored" => self.skipped += n,
                _ => {}
            }
        }
        true
    }
}

/// Everything. `qemu` asks for the boot of the box as well; with `--only`, for nothing else.
pub fn all(qemu: Option<&Scenarios>) -> Result<()> {
    setup::ensure(setup::FOR_TEST)?;
    if qemu.is_some() {
        // Before anything looks whether the tools are here.
        setup::ensure(setup::FOR_BOX)?;
    }
    let mut tally = Tally::default();
    if qemu.is_none_or(|options| options.only.is_none()) {
        workspace(&mut tally)?;
    }
    if let Some(options) = qemu {
        step("the box in QEMU");
        crate::demo::children::watch_for_interrupts()?;
        scenarios::run_all(options, &mut |name, outcome| match outcome {
            Some(outcome) => tally.check(name, outcome),
            None => tally.skipped += 1,
        });
    }
    println!("\n{} passed, {} failed, {} skipped", tally.passed, tally.failed, tally.skipped);
    if tally.failed > 0 {
        bail!("{} of the tests and checks failed", tally.failed);
    }
    if tally.passed == 0 {
        bail!("no test ran");
    }
    Ok(())
}

/// What needs no box: tests, tidy, format, lints.
fn workspace(tally: &mut Tally) -> Result<()> {
    step("cargo build --workspace --bins");
    run(cargo().args(["build", "--workspace", "--bins"]))?;

    step("cargo test --workspace");
    let mut command = cargo();
    command.args(["test", "--workspace", "--no-fail-fast"]);
    for name in ["hearth-server", "hearth-player", "hearth-launcher"] {
        // Tests of one crate that need another crate's program find it here.
        command.env(format!("{}_BIN", name.to_uppercase().replace('-', "_")), our_program(name));
    }
    let before = tally.failed;
    let succeeded = counted(&mut command, tally)?;
    if !succeeded && tally.failed == before {
        // It did not compile, or a test binary died without a word.
        tally.failed += 1;
    }

    step("cargo xtask firmware test");
    tally.check("firmware", crate::firmware::test());

    step("cargo xtask tidy");
    tidy::run(&mut |name, result| tally.check(name, result));

    for (tool, args) in [
        ("rustfmt", &["fmt", "--all", "--check"][..]),
        ("cargo-clippy", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
    ] {
        let mut command = cargo();
        command.args(args);
        step(show(&command));
        if crate::shell::has(tool) {
            tally.check(tool, run(&mut command));
        } else {
            println!("{tool} is not installed: skipped");
            tally.skipped += 1;
        }
    }
    Ok(())
}

/// Runs it, passes its standard output on, and counts; whether it succeeded.
fn counted(command: &mut Command, tally: &mut Tally) -> Result<bool> {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start {}", show(command)))?;
    if let Some(pipe) = child.stdout.take() {
        let mut out = std::io::stdout().lock();
        for line in BufReader::new(pipe).split(b'\n') {
            let line = line.context("reading the tests' output")?;
            out.write_all(&line).and_then(|()| out.write_all(b"\n"))?;
            tally.read(&String::from_utf8_lossy(&line));
        }
    }
    Ok(child.wait()?.success())
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn adds_up_what_test_binaries_say() {
        let mut t = Tally::default();
        assert!(t.read("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.10s"));
        assert!(t.read("test result: FAILED. 2 passed; 5 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s"));
        assert!(!t.read("test foo ... ok"));
        assert!(!t.read("  test result: quoted by a test"));
        assert_eq!(t, Tally { passed: 14, failed: 5, skipped: 1 });
    }

    #[test]
    fn a_failed_check_is_counted() {
        let mut t = Tally::default();
        t.check("good", Ok(()));
        t.check("bad", Err(anyhow::anyhow!("why")));
        assert_eq!(t, Tally { passed: 1, failed: 1, skipped: 0 });
    }
}
