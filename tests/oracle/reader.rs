//! Reads manifests written by hand into the oracle's own form; only what the oracle models, anything else is an error.

use toml::{Table, Value};

use super::features::{Account, Expect, Feature, Given, Image, Phase, Source, What};

/// Reads the features of a manifest.
pub fn features(text: &str) -> Result<Vec<Feature>, String> {
    let table: Table = text.parse().map_err(|why| format!("{why}"))?;
    let mut found = Vec::new();
    for (kind, entries) in &table {
        if matches!(kind.as_str(), "image" | "format_version") {
            continue;
        }
        for entry in entries.as_array().ok_or_else(|| format!("{kind} is no list"))? {
            let entry = entry.as_table().ok_or_else(|| format!("an entry of {kind} is no table"))?;
            let mut reader = Reader { entry: entry.clone() };
            let whats = reader.what(kind)?;
            let phase = reader.text("phase").map(|name| phase(&name)).transpose()?;
            let parents = reader.truth("parents");
            let requires = reader.texts("requires");
            reader.entry.remove("description");
            if let Some(key) = reader.entry.keys().next() {
                return Err(format!("the oracle does not model `{key}` of {kind}"));
            }
            found.extend(whats.into_iter().map(|what| Feature {
                what,
                phase,
                parents,
                requires: requires.clone(),
                asides: Vec::new(),
            }));
        }
    }
    Ok(found)
}

/// Reads an image, on a parent if there is one.
pub fn image(parent: Option<&str>, text: &str) -> Result<Image, String> {
    let parent = match parent {
        Some(text) => Some(Box::new(Image { name: "base".into(), parent: None, features: features(text)? })),
        None => None,
    };
    Ok(Image { name: "top".into(), parent, features: features(text)? })
}

fn phase(name: &str) -> Result<Phase, String> {
    let named = Phase::ALL.into_iter().find(|phase| phase.name() == name);
    named.ok_or_else(|| format!("the oracle does not model the phase {name}"))
}

/// A table whose keys are taken out as they are read.
struct Reader {
    entry: Table,
}

impl Reader {
    fn text(&mut self, key: &str) -> Option<String> {
        self.entry.remove(key)?.as_str().map(str::to_owned)
    }

    fn truth(&mut self, key: &str) -> Option<bool> {
        self.entry.remove(key)?.as_bool()
    }

    fn number(&mut self, key: &str) -> Option<u32> {
        self.entry.remove(key)?.as_integer()?.try_into().ok()
    }

    /// A string, or a list of them.
    fn texts(&mut self, key: &str) -> Vec<String> {
        match self.entry.remove(key) {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(items)) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
            _ => Vec::new(),
        }
    }

    fn required(&mut self, key: &str) -> Result<String, String> {
        self.text(key).ok_or_else(|| format!("`{key}` is not given"))
    }

    fn given(&mut self) -> Given {
        let mode = self.text("mode").and_then(|mode| u32::from_str_radix(&mode, 8).ok());
        Given { mode, user: self.text("user"), group: self.text("group") }
    }

    fn what(&mut self, kind: &str) -> Result<Vec<What>, String> {
        Ok(match kind {
            "install" => {
                let source = match self.text("text") {
                    Some(text) => Source::Text(text),
                    None => Source::File(self.required("src")?),
                };
                let dst = self.required("dst")?;
                if dst.ends_with('/') {
                    return Err("the oracle does not model trees".into());
                }
                vec![What::Install { dst, source, given: self.given() }]
            }
            "ensure_dir" => {
                let given = self.given();
                let paths = self.texts("path").into_iter();
                paths.map(|path| What::EnsureDir { path, given: given.clone() }).collect()
            }
            "symlink" => {
                let expect = match self.text("expect").as_deref() {
                    None => None,
                    Some("any") => Some(Expect::Any),
                    Some("file") => Some(Expect::File),
                    Some("directory") => Some(Expect::Directory),
                    Some("nothing") => Some(Expect::Nothing),
                    Some(other) => return Err(format!("nothing is expected as {other}")),
                };
                vec![What::Symlink { link: self.required("link")?, target: self.required("target")?, expect }]
            }
            "hardlink" => {
                vec![What::Hardlink { link: self.required("link")?, target: self.required("target")? }]
            }
            "user" => {
                let groups = self.texts("groups");
                if groups.len() > 1 {
                    return Err("the oracle models one supplementary group".into());
                }
                vec![What::User(Account {
                    name: self.required("name")?,
                    uid: self.number("uid"),
                    group: self.text("group"),
                    groups: groups.into_iter().next(),
                    home: self.text("home"),
                    shell: self.text("shell"),
                })]
            }
            "group" => {
                let gid = self.number("gid");
                self.texts("name").into_iter().map(|name| What::Group { name, gid }).collect()
            }
            "remove" => {
                let (must_exist, recursive) = (self.truth("must_exist"), self.truth("recursive"));
                let paths = self.texts("path").into_iter();
                paths.map(|path| What::Remove { path, must_exist, recursive }).collect()
            }
            "require" => {
                let mut all = Vec::new();
                for list in ["files", "directories", "executables", "users", "groups"] {
                    all.extend(self.texts(list).into_iter().map(|entry| What::Require { list, entry }));
                }
                all
            }
            other => return Err(format!("the oracle does not model {other}")),
        })
    }
}
