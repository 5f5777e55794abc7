//! `cargo xtask board`: what boards there are, what is wrong with them, what the image build and the box will see.

use anyhow::{Context, bail};
use hearth_boards::{Board, Finding, Severity, check, check_packages, expand, facts, list, load, table};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Every board: id, support tier, name.
    List {
        /// One JSON object a board.
        #[arg(long)]
        json: bool,
    },
    /// Say of every missing or doubtful fact what it is and where to find it. Fails on errors only.
    Check {
        /// One board only.
        name: Option<String>,
        /// One JSON object a finding.
        #[arg(long)]
        json: bool,
        /// Hold the boards against their Debian packages, unpacked here with `dpkg-deb -x`.
        #[arg(long)]
        packages: Option<PathBuf>,
    },
    /// Print a board file.
    Show {
        /// The board's id.
        name: String,
        /// With what it inherits merged in.
        #[arg(long)]
        expanded: bool,
        /// As JSON, expanded: what `/etc/hearth/board.json` holds.
        #[arg(long)]
        json: bool,
    },
    /// The support table of boards/README.md.
    Table {
        /// Put it there.
        #[arg(long)]
        write: bool,
    },
    /// What a device tree says that a board file wants to know.
    Facts {
        /// A .dtb file.
        dtb: PathBuf,
        /// The kernel's packages, unpacked: adds the modules that the devices ask for.
        #[arg(long)]
        packages: Option<PathBuf>,
    },
}

/// Whether no board has an error.
pub fn run(command: Command) -> anyhow::Result<bool> {
    let dir = &crate::shell::root().join("boards");
    match command {
        Command::List { json } => {
            for board in all(dir)? {
                let tier = serde_json::to_value(board.support)?;
                let tier = tier.as_str().unwrap_or_default();
                if json {
                    println!("{}", json!({"id": board.id, "support": tier, "name": board.name, "evidence": board.evidence}));
                } else {
                    println!("{:<16} {tier:<6} {}", board.id, board.name);
                }
            }
        }
        Command::Check { name, json, packages } => return check_all(dir, name, json, packages.as_deref()),
        Command::Show { name, expanded, json } => {
            if !list(dir)?.contains(&name) {
                bail!("no board is named {name}; there are: {}", list(dir)?.join(", "));
            }
            if json {
                println!("{}", serde_json::to_string(&load(dir, &name)?)?);
            } else if expanded {
                print!("{}", expand(dir, &name)?);
            } else {
                print!("{}", std::fs::read_to_string(dir.join(format!("{name}.toml"))).context(name)?);
            }
        }
        Command::Table { write: false } => print!("{}", table::table(&all(dir)?)),
        Command::Table { write: true } => {
            let readme = dir.join("README.md");
            let text = std::fs::read_to_string(&readme).context("boards/README.md")?;
            let text =
                table::insert(&text, &table::table(&all(dir)?)).context("boards/README.md has lost the table's markers")?;
            std::fs::write(readme, text)?;
        }
        Command::Facts { dtb, packages } => {
            let bytes = std::fs::read(&dtb).with_context(|| dtb.display().to_string())?;
            for line in facts(&bytes, packages.as_deref()).with_context(|| format!("{} is no device tree", dtb.display()))? {
                println!("{line}");
            }
        }
    }
    Ok(true)
}

fn all(dir: &Path) -> anyhow::Result<Vec<Board>> {
    Ok(list(dir)?.iter().map(|id| load(dir, id)).collect::<Result<_, _>>()?)
}

fn check_all(dir: &Path, name: Option<String>, json: bool, packages: Option<&Path>) -> anyhow::Result<bool> {
    let mut sound = true;
    for id in name.map_or_else(|| list(dir), |n| Ok(vec![n]))? {
        let findings = match load(dir, &id) {
            Ok(board) => {
                let mut findings = packages.map(|p| check_packages(&board, p)).unwrap_or_default();
                findings.extend(check(&board));
                findings
            }
            Err(e) => {
                let how = "boards/README.md says what a board file is made of".to_owned();
                vec![Finding { severity: Severity::Error, field: "file".into(), what: e.to_string(), how }]
            }
        };
        for finding in &findings {
            sound &= finding.severity != Severity::Error;
            if json {
                let mut line = serde_json::to_value(finding)?;
                line["board"] = id.as_str().into();
                println!("{line}");
            } else {
                let severity = format!("{:?}", finding.severity).to_lowercase();
                println!("{id}: {severity}: {}: {}\n    {}", finding.field, finding.what, finding.how);
            }
        }
        if findings.is_empty() && !json {
            println!("{id}: nothing to say");
        }
    }
    Ok(sound)
}
