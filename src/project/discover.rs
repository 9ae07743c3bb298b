//! Which manifests a run looks at: those that are named, and those found below folders that are named.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::WalkBuilder;

use super::complaint::{Complaint, reason};
use crate::manifest;
use crate::message::quoted;

/// What manifests are called, for messages.
pub(crate) const NAMES: &str =
    "`NAME.image.toml` (an image) or `NAME.features.toml` (features that images include); `.json` works, too";

/// What was found below the paths of a command line.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Manifests, relative to the working directory, sorted, each once.
    pub files: Vec<String>,
    /// What is named and cannot be read, and folders that cannot be listed.
    pub complaints: Vec<Complaint>,
    /// The folders that were searched.
    pub folders: Vec<PathBuf>,
}

/// Finds the manifests at and below `paths`. The working directory is `folder`.
pub(crate) fn find<'p>(folder: &Path, paths: impl IntoIterator<Item = &'p Path>) -> Found {
    let mut found = Found::default();
    for path in paths {
        match std::fs::metadata(path) {
            Ok(known) if known.is_dir() => match relative(folder, path) {
                // A folder of snippets that is named is looked at as a whole; below others they belong to some image or to none.
                Some(name) if manifest::is_snippet_folder(&name) => found.files.push(name),
                _ => below(folder, path, &mut found),
            },
            Ok(_) => match manifest_name(folder, path) {
                Ok(name) => found.files.push(name),
                Err(complaint) => found.complaints.push(complaint),
            },
            Err(error) => {
                found.complaints.push(Complaint::new(format!("{} cannot be read: {}", shown(path), reason(&error))))
            }
        }
    }
    found.files.sort();
    found.files.dedup();
    found
}

/// The manifests below a folder. The same on every machine: only .gitignore files of the tree and above it count.
fn below(folder: &Path, path: &Path, found: &mut Found) {
    // The walk opens every .gitignore by name, and would wait for a named pipe's writer.
    let above = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if let Some(ignore) = above.ancestors().find_map(special_ignore) {
        return found.complaints.push(not_searched(path, &ignore));
    }
    let special = Arc::new(Mutex::new(Vec::new()));
    let passed_over = special.clone();
    let walk = WalkBuilder::new(path)
        .require_git(false)
        .git_global(false)
        .git_exclude(false)
        .ignore(false)
        .filter_entry(move |entry| {
            let is_folder = entry.file_type().is_some_and(|sort| sort.is_dir());
            let Some(ignore) = Some(entry.path()).filter(|_| is_folder).and_then(special_ignore) else { return true };
            passed_over.lock().unwrap_or_else(PoisonError::into_inner).push((entry.path().to_owned(), ignore));
            false
        })
        .build();
    for entry in walk {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                found.complaints.push(unlistable(path, &error));
                continue;
            }
        };
        if entry.file_type().is_some_and(|sort| sort.is_dir()) {
            found.folders.push(entry.into_path());
            continue;
        }
        let is_file = entry.file_type().is_some_and(|sort| sort.is_file());
        let file_name = entry.file_name().to_string_lossy();
        if !is_file || !(manifest::is_image(&file_name) || manifest::is_feature_set(&file_name)) {
            continue;
        }
        match relative(folder, entry.path()) {
            Some(name) => found.files.push(name),
            None => found.complaints.push(not_unicode(entry.path())),
        }
    }
    let special = special.lock().unwrap_or_else(PoisonError::into_inner);
    found.complaints.extend(special.iter().map(|(folder, ignore)| not_searched(folder, ignore)));
}

/// The .gitignore of a folder, where it is neither absent nor a regular file.
fn special_ignore(folder: &Path) -> Option<PathBuf> {
    let ignore = folder.join(".gitignore");
    std::fs::metadata(&ignore).is_ok_and(|known| !known.is_file() && !known.is_dir()).then_some(ignore)
}

fn not_searched(folder: &Path, ignore: &Path) -> Complaint {
    Complaint::new(format!(
        "{} cannot be searched for manifests: {} is not a regular file",
        shown(folder),
        shown(ignore)
    ))
}

fn unlistable(path: &Path, error: &ignore::Error) -> Complaint {
    let place = place_of(error).unwrap_or(path);
    let why = error.io_error().map_or_else(|| error.to_string(), reason);
    Complaint::new(format!("{} cannot be searched for manifests: {why}", shown(place)))
}

fn place_of(error: &ignore::Error) -> Option<&Path> {
    let mut error = error;
    loop {
        error = match error {
            ignore::Error::WithPath { path, .. } => return Some(path),
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => err,
            _ => return None,
        };
    }
}

/// The name of a file that must be a manifest, as findings give it.
pub(crate) fn manifest_name(folder: &Path, path: &Path) -> Result<String, Complaint> {
    let name = relative(folder, path).ok_or_else(|| not_unicode(path))?;
    if manifest::is_image(&name) || manifest::is_included(&name) {
        return Ok(name);
    }
    let complaint = Complaint::new(format!("{} is no manifest", shown(path)));
    Err(if manifest::is_facts(&name) {
        complaint.help("it is a facts file; name the image that has it as its `parent`")
    } else {
        complaint.help(format!("manifests are called {NAMES}"))
    })
}

/// The name of a file that must be an image, as findings give it.
pub(crate) fn not_unicode(path: &Path) -> Complaint {
    Complaint::new(format!("{} cannot be read: its name is not UTF-8", shown(path)))
        .help("rename it, or a folder on the way; names are written into plans and findings, which are UTF-8")
}

/// A path for a message.
pub(crate) fn shown(path: &Path) -> String {
    quoted(&path.to_string_lossy())
}

/// The path as seen from the working directory, with `/`; `None` where it is not UTF-8.
pub(crate) fn relative(folder: &Path, path: &Path) -> Option<String> {
    let full = without_dots(&folder.join(path));
    let mut ours = folder.components().peekable();
    let mut theirs = full.components().peekable();
    while let (Some(our), Some(their)) = (ours.peek(), theirs.peek()) {
        if our != their {
            break;
        }
        ours.next();
        theirs.next();
    }
    let mut parts: Vec<&str> = ours.map(|_| "..").collect();
    for part in theirs {
        parts.push(part.as_os_str().to_str()?);
    }
    Some(if parts.is_empty() { String::from(".") } else { parts.join("/") })
}

/// Without `.` and `..`. Behind a link `..` is where the link leads.
fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                if plain.is_symlink()
                    && let Ok(real) = std::fs::canonicalize(&plain)
                {
                    plain = real;
                }
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

/// Whether a path of the command line stands for standard input.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == OsStr::new("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_relative_to_the_working_directory() {
        let relative = |path| relative(Path::new("/work/images"), Path::new(path)).unwrap_or_default();
        assert_eq!(relative("web.image.toml"), "web.image.toml");
        assert_eq!(relative("./a//b/../web.image.toml"), "a/web.image.toml");
        assert_eq!(relative("/work/images/a/x"), "a/x");
        assert_eq!(relative("../base/x"), "../base/x");
        assert_eq!(relative("/else/x"), "../../else/x");
        assert_eq!(relative("."), ".");
    }
}
