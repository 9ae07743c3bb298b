//! What featgraph is compared with: `toml::from_str` into plain structs, on one thread, file after file.

use std::fs;
use std::hint::black_box;
use std::path::Path;

use serde::Deserialize;

/// Parses every TOML file that lies directly in a folder; the number of features in them.
pub fn parse(folder: &Path) -> Result<usize, Box<dyn std::error::Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files.sort();
    let mut features = 0;
    for file in files {
        let text = fs::read_to_string(file)?;
        features += black_box(toml::from_str::<Manifest>(&text)?).features();
    }
    Ok(features)
}

/// As one would write it who only wants the data: owned strings, one struct a kind, no places.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[allow(dead_code, reason = "they are filled, which is what is measured")]
struct Manifest {
    image: Option<Image>,
    ensure_dir: Vec<EnsureDir>,
    install: Vec<Install>,
    symlink: Vec<Symlink>,
    user: Vec<User>,
    group: Vec<Group>,
    run: Vec<Run>,
}

impl Manifest {
    fn features(&self) -> usize {
        self.ensure_dir.len()
            + self.install.len()
            + self.symlink.len()
            + self.user.len()
            + self.group.len()
            + self.run.len()
    }
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "as above")]
struct Image {
    name: Option<String>,
    #[serde(default)]
    include: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "as above")]
struct EnsureDir {
    path: String,
    mode: Option<String>,
    #[serde(default)]
    provides: Vec<String>,
    #[serde(default)]
    requires: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "as above")]
struct Install {
    dst: String,
    src: Option<String>,
    text: Option<String>,
    user: Option<String>,
    group: Option<String>,
    mode: Option<String>,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "as above")]
struct Symlink {
    link: String,
    target: String,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "as above")]
struct User {
    name: String,
    uid: Option<u32>,
    home: Option<String>,
    #[serde(default)]
    groups: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "as above")]
struct Group {
    name: String,
    gid: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "as above")]
struct Run {
    command: Vec<String>,
    #[serde(default)]
    provides: Vec<String>,
    #[serde(default)]
    requires: Vec<String>,
}
