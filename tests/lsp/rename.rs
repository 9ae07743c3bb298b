//! Renaming across files, and quick fixes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::session::{Session, apply};

/// Every file as it is after an edit of the workspace.
fn after(session: &Session, files: &[(&str, &str)], edit: &Value) -> BTreeMap<String, String> {
    let mut texts: BTreeMap<String, String> =
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let changes = edit["changes"].as_object().unwrap();
    for (name, text) in &mut texts {
        if let Some(edits) = changes.get(session.uri(name).as_str()) {
            *text = apply(text, edits);
        }
    }
    texts
}

fn rename(files: &[(&str, &str)], file: &str, at: (u32, u32), name: &str) -> Result<BTreeMap<String, String>, String> {
    let mut session = Session::new(files);
    let mut params = session.place(file, at);
    session.try_request("textDocument/prepareRename", params.clone()).map_err(|(_, message)| message)?;
    params["newName"] = json!(name);
    let edit = session.try_request("textDocument/rename", params).map_err(|(_, message)| message)?;
    Ok(after(&session, files, &edit))
}

const FILES: &[(&str, &str)] = &[
    ("base.image.toml", "[[user]]\nname = \"web\"\n[[require]]\nusers = [\"web\"]\n"),
    (
        "web.image.toml",
        "[image]\nparent = \"base.image.toml\"\nids = \"ids.toml\"\n[[ensure_dir]]\npath = \"/web\"\nuser = \"web\"\ngroup = 'web'\n[[run]]\ncommand = [\"/bin/web\"]\nuser = \"web\"\nrequires = [\"user:web\", { path = \"/x\", user = \"web\" }]\n[[oci]]\nuser = \"web:web\"\n",
    ),
    ("other.image.toml", "[[user]]\nname = \"web\"\n[[require]]\nusers = [\"web\"]\n"),
    ("ids.toml", "[users]\nweb = 1000\n[groups]\nweb = 1000\nother = 3\n"),
];

#[test]
fn a_user_is_renamed_with_its_own_group_in_every_image_that_sees_it() {
    let files = rename(FILES, "base.image.toml", (1, 9), "www").unwrap();
    assert_eq!(files["base.image.toml"], "[[user]]\nname = \"www\"\n[[require]]\nusers = [\"www\"]\n");
    assert_eq!(
        files["web.image.toml"],
        "[image]\nparent = \"base.image.toml\"\nids = \"ids.toml\"\n[[ensure_dir]]\npath = \"/web\"\nuser = \"www\"\ngroup = 'www'\n[[run]]\ncommand = [\"/bin/web\"]\nuser = \"www\"\nrequires = [\"user:www\", { path = \"/x\", user = \"www\" }]\n[[oci]]\nuser = \"www:www\"\n"
    );
    assert_eq!(files["ids.toml"], "[users]\nwww = 1000\n[groups]\nwww = 1000\nother = 3\n");
    assert_eq!(files["other.image.toml"], FILES[2].1, "another image has a user of its own");
    // From a use it is the same.
    assert_eq!(rename(FILES, "web.image.toml", (5, 10), "www").unwrap(), files);
}

#[test]
fn a_group_that_a_user_names_goes_alone() {
    let files = [(
        "a.image.toml",
        "[[group]]\nname = \"web\"\n[[user]]\nname = \"web\"\ngroup = \"web\"\ngroups = [\"web\"]\n",
    )];
    let renamed = rename(&files, "a.image.toml", (1, 9), "staff").unwrap();
    assert_eq!(
        renamed["a.image.toml"],
        "[[group]]\nname = \"staff\"\n[[user]]\nname = \"web\"\ngroup = \"staff\"\ngroups = [\"staff\"]\n"
    );
}

#[test]
fn virtuals_are_renamed_in_references() {
    let files = [(
        "a.image.toml",
        "[[run]]\nscript = \"a\"\nprovides = [\"virtual:dns\"]\n[[run]]\nscript = \"b\"\nrequires = [{ virtual = \"dns\" }]\n[[require]]\nvirtuals = [\"dns\"]\n",
    )];
    let renamed = rename(&files, "a.image.toml", (2, 23), "names").unwrap();
    assert_eq!(renamed["a.image.toml"], files[0].1.replace("dns", "names"));
}

#[test]
fn what_cannot_be_renamed_is_said() {
    let refused = |file: &str, at: (u32, u32), name: &str| rename(FILES, file, at, name).unwrap_err();
    assert_eq!(refused("web.image.toml", (4, 9), "x"), "only users, groups and virtuals can be renamed, not paths");
    assert_eq!(refused("base.image.toml", (0, 3), "x"), "there is no user, group or virtual here");
    assert!(refused("base.image.toml", (1, 9), "a b").contains("it has a space"));
    let files = [(
        "a.image.toml",
        "[[ensure_dir]]\npath = \"/a\"\nuser = \"root\"\ngroup = \"nobody\"\n[[user]]\nname = \"a\"\n[[user]]\nname = \"b\"\n[[package]]\nnames = [\"p\"]\n",
    )];
    let refused = |at: (u32, u32), name: &str| rename(&files, "a.image.toml", at, name).unwrap_err();
    assert_eq!(refused((2, 9), "x"), "user root is in every image");
    assert_eq!(refused((3, 10), "x"), "group `nobody` is declared in no manifest, so it cannot be renamed here");
    assert_eq!(refused((5, 9), "b"), "`a.image.toml` declares a user called `b` already");
    assert_eq!(refused((9, 11), "b"), "a package is called what its manager calls it");
}

#[test]
fn the_name_alone_is_offered_for_renaming() {
    let mut session = Session::new(FILES);
    let offered = session.about("textDocument/prepareRename", "web.image.toml", (10, 20));
    assert_eq!(offered["placeholder"], "web");
    assert_eq!(offered["range"]["start"]["character"], 18);
}

/// A client that takes code actions as literals with versioned edits, in front of one file in which something is found; and the
/// findings.
fn with_findings(text: &str) -> (Session, Value) {
    let can = json!({
        "textDocument": { "codeAction": { "codeActionLiteralSupport": { "codeActionKind": { "valueSet": ["quickfix"] } } } },
        "workspace": { "workspaceEdit": { "documentChanges": true } },
    });
    let mut session = Session::with(&[("a.image.toml", text)], can);
    session.open_file("a.image.toml");
    session.until("a finding", |session| !session.findings("a.image.toml").is_empty());
    let found = session.published["a.image.toml"]["diagnostics"].clone();
    (session, found)
}

/// Asks for the code actions of a range, for the findings known there.
fn actions(session: &mut Session, range: &Value, known: &Value, only: Option<&str>) -> Value {
    let mut context = json!({ "diagnostics": known });
    if let Some(only) = only {
        context["only"] = json!([only]);
    }
    let document = json!({ "uri": session.uri("a.image.toml") });
    let params = json!({ "textDocument": document, "range": range, "context": context });
    session.request("textDocument/codeAction", params)
}

#[test]
fn fixes_of_findings_are_offered_where_they_stand() {
    let text = "[[user]]\nnmae = \"web\"\n";
    let (mut session, known) = with_findings(text);
    let place = json!({ "line": 1, "character": 2 });
    let range = json!({ "start": place, "end": place });
    let offered = actions(&mut session, &range, &known, None);
    let action = &offered[0];
    assert_eq!((&action["kind"], &action["diagnostics"][0]), (&json!("quickfix"), &known[0]));
    let change = &action["edit"]["documentChanges"][0];
    assert_eq!(change["textDocument"]["version"], 1);
    assert_eq!(apply(text, &change["edits"]), "[[user]]\nname = \"web\"\n");
    assert!(actions(&mut session, &range, &known, Some("refactor")).is_null());
}

#[test]
fn a_fix_that_was_verified_on_a_copy_is_the_preferred_one() {
    let text = "[[install]]\ndst = \"/srv/web/index.html\"\ntext = \"x\"\n";
    let (mut session, known) = with_findings(text);
    assert_eq!(known[0]["code"], "missing");
    let offered = actions(&mut session, &known[0]["range"], &known, None);
    let preferred = offered.as_array().unwrap().iter().find(|action| action["isPreferred"] == true).unwrap();
    let mended = apply(text, &preferred["edit"]["documentChanges"][0]["edits"]);
    session.replace("a.image.toml", &mended);
    session.until("no finding", |session| session.findings("a.image.toml").is_empty());
}
