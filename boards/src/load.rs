//! Finds board files, merges what they inherit, and reads the result.

use std::fs;
use std::path::{Path, PathBuf};

use toml::Table;

use crate::{Board, SCHEMA};

/// Why a board cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file is not there or cannot be read.
    #[error("{0}: {1}")]
    Read(PathBuf, std::io::Error),
    /// Not TOML, or not the schema.
    #[error("{0}: {1}")]
    Parse(PathBuf, Box<toml::de::Error>),
    /// `inherit` leads somewhere it must not.
    #[error("{0}: inherit = \"{1}\": {2}")]
    Inherit(PathBuf, String, &'static str),
    /// The file's name and its `id` differ.
    #[error("{0}: id = \"{1}\" must be the file's name")]
    Id(PathBuf, String),
    /// Written for another version of the schema.
    #[error("{0}: schema = {1}, this build reads {SCHEMA}")]
    Schema(PathBuf, u32),
}

/// TOML files beside the boards that are none: the crate's manifest, and what all images share.
const OTHERS: &[&str] = &["Cargo.toml", "image.toml"];

/// IDs of all boards in `dir`, sorted.
pub fn list(dir: &Path) -> Result<Vec<String>, Error> {
    let entries = fs::read_dir(dir).map_err(|e| Error::Read(dir.into(), e))?;
    let mut ids: Vec<String> = entries
        .filter_map(|entry| entry.ok())
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension().is_some_and(|e| e == "toml") && !path.file_name().is_some_and(|n| OTHERS.iter().any(|o| n == *o))
        })
        .filter_map(|path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()))
        .collect();
    ids.sort();
    Ok(ids)
}

/// Reads board `id` of `dir`, with what it inherits.
pub fn load(dir: &Path, id: &str) -> Result<Board, Error> {
    let path = dir.join(format!("{id}.toml"));
    let table = expand(dir, id)?;
    let board: Board = Board::deserialize_table(table).map_err(|e| Error::Parse(path.clone(), Box::new(e)))?;
    if board.schema != SCHEMA {
        return Err(Error::Schema(path, board.schema));
    }
    if board.id != id {
        return Err(Error::Id(path, board.id));
    }
    Ok(board)
}

impl Board {
    fn deserialize_table(table: Table) -> Result<Self, toml::de::Error> {
        table.try_into()
    }
}

/// The board's table with the inherited one merged in: tables key by key, everything else replaced by the board's own. One level only.
pub fn expand(dir: &Path, id: &str) -> Result<Table, Error> {
    let path = dir.join(format!("{id}.toml"));
    let mut board = read(&path)?;
    let Some(parent) = board.remove("inherit") else { return Ok(board) };
    let named = parent.as_str().unwrap_or_default().to_owned();
    let refuse = |why| Err(Error::Inherit(path.clone(), named.clone(), why));
    // Only `soc/<name>.toml`: a board file must not read outside its folder.
    let Some(stem) = named.strip_prefix("soc/").and_then(|n| n.strip_suffix(".toml")) else {
        return refuse("must be soc/<name>.toml");
    };
    if stem.is_empty() || !stem.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return refuse("must be soc/<name>.toml");
    }
    let mut base = read(&dir.join(&named))?;
    if base.contains_key("inherit") {
        return refuse("what is inherited must not inherit");
    }
    merge(&mut base, board);
    Ok(base)
}

fn read(path: &Path) -> Result<Table, Error> {
    let text = fs::read_to_string(path).map_err(|e| Error::Read(path.into(), e))?;
    text.parse().map_err(|e| Error::Parse(path.into(), Box::new(e)))
}

fn merge(base: &mut Table, over: Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(value)) => merge(inner, value),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}
