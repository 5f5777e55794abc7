//! `cargo xtask board`: what boards there are, what is wrong with them, what the image build and the box will see.

use anyhow::{Context, bail};
use hearth_boards::{Severity, check, expand, list, load};
use std::path::Path;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Every board: id, support tier, name.
    List,
    /// Say of every missing or doubtful fact what it is and where to find it.
    Check {
        /// One board only.
        name: Option<String>,
    },
    /// Print a board file.
    Show {
        /// The board's id.
        name: String,
        /// With what it inherits merged in.
        #[arg(long)]
        expanded: bool,
    },
}

/// Whether no board has an error.
pub fn run(command: Command) -> anyhow::Result<bool> {
    let dir = &crate::shell::root().join("boards");
    match command {
        Command::List => {
            for id in list(dir)? {
                let board = load(dir, &id)?;
                println!("{id:<16} {:<6} {}", format!("{:?}", board.support).to_lowercase(), board.name);
            }
            Ok(true)
        }
        Command::Check { name } => check_all(dir, name),
        Command::Show { name, expanded } => {
            if !list(dir)?.contains(&name) {
                bail!("no board is named {name}; there are: {}", list(dir)?.join(", "));
            }
            if expanded {
                print!("{}", expand(dir, &name)?);
            } else {
                print!("{}", std::fs::read_to_string(dir.join(format!("{name}.toml"))).context(name)?);
            }
            Ok(true)
        }
    }
}

fn check_all(dir: &Path, name: Option<String>) -> anyhow::Result<bool> {
    let mut sound = true;
    for id in name.map_or_else(|| list(dir), |n| Ok(vec![n]))? {
        let findings = match load(dir, &id) {
            Ok(board) => check(&board),
            Err(e) => {
                println!("{id}: error: {e}");
                sound = false;
                continue;
            }
        };
        for finding in &findings {
            let severity = format!("{:?}", finding.severity).to_lowercase();
            println!("{id}: {severity}: {}: {}\n    {}", finding.field, finding.what, finding.how);
            sound &= finding.severity != Severity::Error;
        }
        if findings.is_empty() {
            println!("{id}: nothing to say");
        }
    }
    Ok(sound)
}
