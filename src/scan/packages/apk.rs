//! The database of apk: one file with a paragraph for each package, its directories and files among it.

use std::sync::Arc;

use super::{Contents, Installed};
use crate::facts::PackageFact;

const PLACES: [&str; 2] = ["lib/apk/db/installed", "usr/lib/apk/db/installed"];

/// Whether a file is the database.
pub(super) fn is_database(path: &str) -> bool {
    PLACES.contains(&path)
}

/// Reads the database, wherever it is.
pub(super) fn read(contents: &Contents, found: &mut Installed) {
    for place in PLACES {
        if let Some(content) = contents.get(place) {
            read_one(place, &String::from_utf8_lossy(content), found);
        }
    }
}

fn read_one(place: &str, text: &str, found: &mut Installed) {
    let mut package = Package::default();
    let mut damage: Option<(usize, &str)> = None;
    for (number, line) in text.lines().chain([""]).enumerate() {
        if line.is_empty() {
            let package = std::mem::take(&mut package);
            if !package.any {
                continue;
            }
            match package.name {
                Some(_) => package.finish(found),
                None => drop(damage.get_or_insert((number, "an entry names no package"))),
            }
            continue;
        }
        package.any = true;
        let Some((key, value)) = line.split_once(':') else {
            damage.get_or_insert((number + 1, "a line has no `:`"));
            continue;
        };
        match key {
            "P" => package.name = Some(value.to_owned()),
            "V" => package.version = Some(value.to_owned()),
            "A" => package.architecture = Some(value.to_owned()),
            "F" => {
                value.clone_into(&mut package.directory);
                package.paths.push(value.into());
            }
            "R" => package.paths.push(format!("{}/{value}", package.directory).into()),
            _ => {}
        }
    }
    if let Some((line, what)) = damage {
        found.lost.push(format!("the package database `/{place}` is damaged at line {line}: {what}"));
    }
}

#[derive(Default)]
struct Package {
    any: bool,
    name: Option<String>,
    version: Option<String>,
    architecture: Option<String>,
    /// The directory that files are listed for.
    directory: String,
    paths: Vec<Box<str>>,
}

impl Package {
    fn finish(self, found: &mut Installed) {
        let Some(name) = self.name else { return };
        found.lists.push((Arc::from(name.as_str()), self.paths));
        found.packages.push(PackageFact {
            name: name.into(),
            architecture: self.architecture.map(Into::into),
            manager: Some("apk".into()),
            version: self.version.map(Into::into),
        });
    }
}
