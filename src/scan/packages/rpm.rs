//! The database of rpm, in whichever of its forms. Its own program reads it, from a copy: to look must not write.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use super::{Contents, Installed};
use crate::facts::PackageFact;
use crate::scan::reason;

const PLACES: [&str; 3] = ["usr/lib/sysimage/rpm/", "var/lib/rpm/", "usr/share/rpm/"];

/// The database itself: sqlite, ndb, Berkeley; and what sqlite has not yet written into it, or has yet to take back.
const FILES: [&str; 6] =
    ["rpmdb.sqlite", "rpmdb.sqlite-wal", "rpmdb.sqlite-journal", "Packages.db", "Index.db", "Packages"];

/// Where sqlite keeps what an interrupted change leaves behind, and what becomes of that.
const UNFINISHED: [(&str, &str); 2] = [
    ("rpmdb.sqlite-wal", "it holds changes that the database does not have yet, which are read with it"),
    ("rpmdb.sqlite-journal", "a change was interrupted, and what was before it is read"),
];

/// A line for each package, then one for each of its files.
const FORMAT: &str = "%{NAME}\\t%{EVR}\\t%{ARCH}\\n[\\t%{FILENAMES}\\n]";

/// Keys that signatures are checked with stand among the packages and are none.
const KEYS: &str = "gpg-pubkey";

/// Whether a file is a part of the database.
pub(super) fn is_database(path: &str) -> bool {
    PLACES.iter().any(|place| path.strip_prefix(place).is_some_and(|name| FILES.contains(&name)))
}

/// Reads the database, wherever it is.
pub(super) fn read(contents: &Contents, found: &mut Installed, notes: &mut Vec<String>) {
    for place in PLACES {
        let files: Vec<(&str, &Vec<u8>)> = FILES
            .into_iter()
            .filter_map(|name| Some((name, contents.get(format!("{place}{name}").as_str())?)))
            .collect();
        // An empty one is left behind where another form is in use.
        if files.iter().all(|(_, content)| content.is_empty()) {
            continue;
        }
        for (name, what) in UNFINISHED {
            if files.iter().any(|(file, content)| *file == name && !content.is_empty()) {
                notes.push(format!(
                    "the rpm database was not closed by whoever used it last (`/{place}{name}`): {what}"
                ));
            }
        }
        match listed(&files) {
            Ok(text) => add(&text, found),
            Err(why) => {
                let place = place.trim_end_matches('/');
                found.lost.push(format!(
                    "the rpm database in `/{place}` cannot be read, so no package of it is known: {why}"
                ));
            }
        }
    }
}

/// What rpm says of a copy of the database.
fn listed(files: &[(&str, &Vec<u8>)]) -> Result<String, String> {
    let folder = tempfile::tempdir().map_err(|error| reason(&error))?;
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).map_err(|error| reason(&error))?;
    }
    ask(folder.path())
}

fn ask(database: &Path) -> Result<String, String> {
    let output = Command::new("rpm")
        .arg("--dbpath")
        .arg(database)
        .args(["-qa", "--queryformat", FORMAT])
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => String::from("it is read with the program `rpm`, which is not installed here"),
            _ => format!("the program `rpm` cannot be run: {}", reason(&error)),
        })?;
    let said = String::from_utf8_lossy(&output.stderr);
    let complaint = said.lines().find_map(|line| line.strip_prefix("error: "));
    match complaint {
        Some(complaint) => Err(format!("`rpm` says: {complaint}")),
        None if !output.status.success() => Err(String::from("`rpm` fails on it without saying why")),
        None => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
    }
}

fn add(text: &str, found: &mut Installed) {
    let mut paths: Option<&mut Vec<Box<str>>> = None;
    for line in text.lines() {
        if let Some(path) = line.strip_prefix('\t') {
            if let Some(paths) = &mut paths {
                paths.push(path.into());
            }
            continue;
        }
        let mut fields = line.split('\t');
        let name = fields.next().unwrap_or("");
        let mut field = || fields.next().filter(|field| *field != "(none)").map(Into::into);
        paths = None;
        if name.is_empty() || name == KEYS {
            continue;
        }
        let (version, architecture) = (field(), field());
        found.packages.push(PackageFact { name: name.into(), architecture, manager: Some("dnf".into()), version });
        found.lists.push((Arc::from(name), Vec::new()));
        paths = found.lists.last_mut().map(|(_, paths)| paths);
    }
}
