//! The sides of the comparisons: a file read as bytes, as JSON in two ways, and as facts.

use std::error::Error;
use std::fs::File;
use std::hint::black_box;
use std::io::Read;
use std::path::Path;

use clap::ValueEnum;
use featgraph::facts::Facts;
use serde::Deserialize;

/// How a file is read.
#[derive(Clone, Copy, ValueEnum)]
pub enum Way {
    /// The whole text.
    Bytes,
    /// Piece by piece, kept nowhere.
    Pieces,
    /// Piece by piece, for its digest.
    Digest,
    /// The text, by `serde_json`, into structs that borrow from it.
    Structs,
    /// The text, by `serde_json`, into its own `Value`.
    Value,
    /// The text, as facts.
    Facts,
}

impl Way {
    /// Reads a file. What comes of it is not dropped: that is nobody's work here.
    pub fn read(self, file: &Path) -> Result<(), Box<dyn Error>> {
        if matches!(self, Self::Pieces | Self::Digest) {
            return self.pieces(file);
        }
        let text = std::fs::read_to_string(file)?;
        match self {
            Self::Structs => keep(serde_json::from_str::<FactsFile<'_>>(&text)?),
            Self::Value => keep(serde_json::from_str::<serde_json::Value>(&text)?),
            Self::Facts => keep(Facts::parse(&text).map_err(|_| "these are no facts")?),
            _ => keep(&text),
        }
        Ok(())
    }

    fn pieces(self, file: &Path) -> Result<(), Box<dyn Error>> {
        let mut file = File::open(file)?;
        let mut piece = vec![0; 1 << 17];
        let mut hasher = blake3::Hasher::new();
        loop {
            let count = file.read(&mut piece)?;
            if count == 0 {
                black_box(hasher.finalize());
                return Ok(());
            }
            if matches!(self, Self::Digest) {
                hasher.update(&piece[..count]);
            }
            black_box(&piece);
        }
    }
}

fn keep<T>(value: T) {
    std::mem::forget(black_box(value));
}

/// As one would write it who wants the data and nothing checked: texts are parts of the file.
#[derive(Deserialize)]
#[allow(dead_code, reason = "they are filled, which is what is measured")]
struct FactsFile<'t> {
    format_version: &'t str,
    name: Option<&'t str>,
    opaque: bool,
    #[serde(borrow)]
    paths: Vec<PathLine<'t>>,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "as above")]
struct PathLine<'t> {
    path: &'t str,
    r#type: &'t str,
    mode: Option<&'t str>,
    user: Option<&'t str>,
    group: Option<&'t str>,
    size: Option<u64>,
    target: Option<&'t str>,
    package: Option<&'t str>,
}
