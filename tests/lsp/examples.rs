//! The examples: the same findings as `check` has, and an answer to every question while they are being typed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::session::Session;

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.is_dir());
    found.sort();
    found
}

/// File, line, column (from 0), code, severity and the first line of the message.
type Finding = (String, u64, u64, String, u64, String);

fn checked(folder: &Path) -> BTreeSet<Finding> {
    let run = Command::new(env!("CARGO_BIN_EXE_featgraph"))
        .args(["check", "--format", "json"])
        .current_dir(folder)
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&run.stdout).unwrap();
    let severity = |word: &str| match word {
        "error" => 1,
        "warning" => 2,
        _ => 3,
    };
    let finding = |found: &Value| {
        let start = &found["location"]["start"];
        (
            found["location"]["file"].as_str().unwrap().to_owned(),
            start["line"].as_u64().unwrap() - 1,
            start["column"].as_u64().unwrap() - 1,
            found["code"].as_str().unwrap().to_owned(),
            severity(found["severity"].as_str().unwrap()),
            found["message"].as_str().unwrap().to_owned(),
        )
    };
    report["diagnostics"].as_array().unwrap().iter().map(finding).collect()
}

fn published(session: &Session) -> BTreeSet<Finding> {
    let of_file = |(name, told): (&String, &Value)| {
        let found = told["diagnostics"].as_array().unwrap().clone();
        let name = name.clone();
        found.into_iter().map(move |diagnostic| {
            let start = &diagnostic["range"]["start"];
            (
                name.clone(),
                start["line"].as_u64().unwrap(),
                start["character"].as_u64().unwrap(),
                diagnostic["code"].as_str().unwrap().to_owned(),
                diagnostic["severity"].as_u64().unwrap(),
                diagnostic["message"].as_str().unwrap().lines().next().unwrap().to_owned(),
            )
        })
    };
    session.published.iter().flat_map(of_file).collect()
}

#[test]
fn the_editor_and_the_command_find_the_same() {
    for folder in examples() {
        let mut session = Session::at(&folder, json!({}));
        session.settle();
        assert_eq!(published(&session), checked(&folder), "{}", folder.display());
        // Opening what is there changes nothing.
        for file in manifests(&folder) {
            session.open_file(&file);
        }
        session.settle();
        assert_eq!(published(&session), checked(&folder), "{}", folder.display());
    }
}

fn manifests(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".image.toml") || name.ends_with(".features.toml"))
        .collect();
    names.sort();
    names
}

/// Every question at the end of every beginning of a file: no answer may be an error, and none may end the server.
#[test]
fn every_beginning_of_an_example_has_answers() {
    for folder in examples().into_iter().filter(|folder| !folder.ends_with("snippets")) {
        let mut session = Session::at(&folder, json!({}));
        for file in manifests(&folder) {
            let text = std::fs::read_to_string(folder.join(&file)).unwrap();
            session.open(&file, "");
            let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            for &end in &ends {
                let part = &text[..end];
                session.replace(&file, part);
                let line = part.matches('\n').count() as u32;
                let column = part[part.rfind('\n').map_or(0, |at| at + 1)..].encode_utf16().count() as u32;
                session.about("textDocument/completion", &file, (line, column));
                // The others are asked now and then: each of them compiles the image.
                if end % 23 == 0 {
                    let document = json!({ "textDocument": { "uri": session.uri(&file) } });
                    session.about("textDocument/hover", &file, (line, column.saturating_sub(1)));
                    session.about("textDocument/definition", &file, (line, column.saturating_sub(1)));
                    session.request("textDocument/documentSymbol", document.clone());
                    session.request("textDocument/foldingRange", document.clone());
                    session.request("textDocument/documentLink", document);
                }
            }
            session.close(&file);
        }
        assert_eq!(session.end(), 0);
    }
}

#[test]
fn a_beginning_of_a_file_keeps_the_outline_of_what_is_above() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/web");
    let text = std::fs::read_to_string(folder.join("web.image.toml")).unwrap();
    let end = text.find("[[symlink]]").unwrap() + "[[symlink]]\nlink = \"/var".len();
    let mut session = Session::at(&folder, json!({}));
    session.open("web.image.toml", &text[..end]);
    let document = json!({ "textDocument": { "uri": session.uri("web.image.toml") } });
    let outline = session.request("textDocument/documentSymbol", document);
    let names: Vec<&str> = outline.as_array().unwrap().iter().map(|symbol| symbol["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"/srv/web/uploads") && names.contains(&"/srv/web/htdocs"), "{names:?}");
}

/// A copy of a folder, to be changed.
fn copied(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    let mut pending = vec![PathBuf::new()];
    while let Some(inside) = pending.pop() {
        for entry in std::fs::read_dir(folder.join(&inside)).unwrap() {
            let name = inside.join(entry.unwrap().file_name());
            if folder.join(&name).is_dir() {
                std::fs::create_dir(copy.path().join(&name)).unwrap();
                pending.push(name);
            } else if let Ok(target) = std::fs::read_link(folder.join(&name)) {
                std::os::unix::fs::symlink(target, copy.path().join(&name)).unwrap();
            } else {
                std::fs::copy(folder.join(&name), copy.path().join(&name)).unwrap();
            }
        }
    }
    copy
}

#[test]
fn after_edits_the_editor_finds_what_the_command_finds_in_the_files_as_they_are_then() {
    for folder in examples().into_iter().filter(|folder| !folder.ends_with("snippets")) {
        let copy = copied(&folder);
        let mut session = Session::at(copy.path(), json!({}));
        for file in manifests(&folder) {
            let text = std::fs::read_to_string(folder.join(&file)).unwrap();
            session.open(&file, &text);
            let features: Vec<usize> = text.match_indices("\n[[").map(|(at, _)| at + 1).collect();
            for (number, &at) in features.iter().enumerate().step_by(3) {
                let next = features.get(number + 1).map_or("", |&next| &text[next..]);
                // A slip first, which is mended before anybody has looked.
                session.replace(&file, &text[..at + 3]);
                session.replace(&file, &format!("{}{next}", &text[..at]));
                session.write(&file, &format!("{}{next}", &text[..at]));
                let found = checked(copy.path());
                session.until(&format!("{found:#?} without {number} of {file}"), |session| published(session) == found);
            }
            session.replace(&file, &text);
            session.write(&file, &text);
        }
        let found = checked(&folder);
        session.until("what was found at the beginning", |session| published(session) == found);
    }
}
