//! Documents that are opened, edited, closed, and never were there.

use serde_json::json;

use crate::session::Session;

const GOOD: &str = "[[ensure_dir]]\npath = \"/srv\"\n";
const BAD: &str = "[[ensure_dir]]\npath = \"/srv\"\nuser = \"web\"\n";

#[test]
fn an_open_document_lies_over_the_disk() {
    let mut session = Session::new(&[("a.image.toml", BAD)]);
    session.open("a.image.toml", GOOD);
    session.settle();
    assert_eq!(session.findings("a.image.toml"), [""; 0]);
    // What is closed without being saved is as the disk has it.
    session.close("a.image.toml");
    session.until("a finding", |session| !session.findings("a.image.toml").is_empty());
}

#[test]
fn diagnostics_name_the_version_that_they_are_for() {
    let mut session = Session::new(&[("a.image.toml", GOOD)]);
    session.open("a.image.toml", GOOD);
    session.replace("a.image.toml", BAD);
    session.until("a finding", |session| !session.findings("a.image.toml").is_empty());
    assert_eq!(session.published["a.image.toml"]["version"], 2);
}

#[test]
fn of_many_edits_the_newest_wins() {
    let mut session = Session::new(&[("a.image.toml", GOOD)]);
    session.open("a.image.toml", GOOD);
    for number in 0..500 {
        session.replace("a.image.toml", &format!("{BAD}# {number}\n"));
    }
    session.replace("a.image.toml", GOOD);
    session.settle();
    assert_eq!(session.findings("a.image.toml"), [""; 0]);
}

#[test]
fn edits_are_of_parts() {
    let mut session = Session::new(&[("a.image.toml", GOOD)]);
    session.open("a.image.toml", "# é𝄞\n[[ensure_dir]]\npath = \"/srv\"\n");
    let at = |line, character| json!({ "line": line, "character": character });
    // A range that lies outside is moved inside.
    session.change(
        "a.image.toml",
        json!([{ "range": { "start": at(9, 0), "end": at(9, 9) }, "text": "user = \"web\"\n" }]),
    );
    session.until("a finding", |session| !session.findings("a.image.toml").is_empty());
    assert_eq!(session.findings("a.image.toml")[0].split(' ').next(), Some("3:7"));
    session.change("a.image.toml", json!([{ "range": { "start": at(3, 8), "end": at(3, 11) }, "text": "root" }]));
    session.until("none", |session| session.findings("a.image.toml").is_empty());
}

#[test]
fn columns_are_counted_as_agreed() {
    let text = "[[ensure_dir]]\npath = \"/𝄞é/x\"\n[[install]]\nsrc = \"𝄞é\"\ndst = \"/a\"\n[[user]]\nuid = \"𝄞\" # \nname = \"𝄞\"\n";
    for (encodings, unit) in [(json!(["utf-8"]), 6), (json!(null), 3)] {
        let can = json!({ "general": { "positionEncodings": encodings } });
        let mut session = Session::with(&[("a.image.toml", text)], can);
        session.until("findings", |session| !session.findings("a.image.toml").is_empty());
        let all = session.published["a.image.toml"]["diagnostics"].as_array().unwrap().clone();
        let source = all.iter().find(|finding| finding["code"] == "missing-source").unwrap();
        assert_eq!(source["range"]["end"]["character"], 6 + 2 + unit, "{source}");
    }
}

#[test]
fn a_document_in_a_folder_with_spaces_and_letters_of_all_sorts_is_found() {
    let name = "a b/é#%20日.image.toml";
    let mut session = Session::new(&[(name, BAD)]);
    session.until("a finding", |session| !session.findings(name).is_empty());
    session.open_file(name);
    session.replace(name, GOOD);
    session.until("none", |session| session.findings(name).is_empty());
}

#[test]
fn a_client_is_answered_with_its_own_spelling_of_a_uri() {
    let mut session = Session::new(&[("é.image.toml", GOOD)]);
    let own = session.uri("é.image.toml").to_string().replace("%C3%A9", "%c3%a9");
    let item = json!({ "uri": own, "languageId": "toml", "version": 7, "text": BAD });
    session.notify("textDocument/didOpen", json!({ "textDocument": item }));
    session.until("a finding", |session| !session.findings("é.image.toml").is_empty());
    let published = &session.published["é.image.toml"];
    assert_eq!((&published["uri"], &published["version"]), (&json!(own), &json!(7)));
}

#[test]
fn files_that_come_and_go_are_followed() {
    let image = "[image]\ninclude = [\"a.features.toml\"]\n";
    let mut session = Session::new(&[("a.image.toml", image), ("a.features.toml", BAD)]);
    session.until("a finding", |session| !session.findings("a.features.toml").is_empty());
    session.delete("a.features.toml");
    session.changed("a.features.toml");
    session.until("a missing file", |session| {
        session.findings("a.image.toml").iter().any(|finding| finding.contains("missing-file"))
    });
    assert_eq!(session.findings("a.features.toml"), [""; 0]);
    session.write("a.features.toml", GOOD);
    session.changed("a.features.toml");
    session.until("none", |session| session.findings("a.image.toml").is_empty());
}

#[test]
fn a_source_that_is_built_later_is_noticed() {
    let text = "[[install]]\nsrc = \"tree/file\"\ndst = \"/a\"\n";
    let mut session = Session::new(&[("a.image.toml", text)]);
    session.until("a finding", |session| !session.findings("a.image.toml").is_empty());
    session.write("tree/file", "x");
    session.changed("tree/file");
    session.until("none", |session| session.findings("a.image.toml").is_empty());
}

#[test]
fn a_document_that_was_never_saved_takes_part() {
    let image = "[image]\ninclude = [\"new.features.toml\"]\n";
    let mut session = Session::new(&[("a.image.toml", image)]);
    session.until("a missing file", |session| !session.findings("a.image.toml").is_empty());
    session.open("new.features.toml", BAD);
    session.until("its finding", |session| !session.findings("new.features.toml").is_empty());
    assert_eq!(session.findings("a.image.toml"), [""; 0]);
    session.open("b.image.toml", BAD);
    session.until("its finding", |session| !session.findings("b.image.toml").is_empty());
    session.close("b.image.toml");
    session.until("none", |session| session.findings("b.image.toml").is_empty());
}

#[test]
fn a_workspace_without_manifests_is_quiet() {
    let mut session = Session::new(&[("notes.md", "x")]);
    session.open_file("notes.md");
    session.settle();
    assert!(session.published.is_empty());
    assert!(session.about("textDocument/hover", "notes.md", (0, 0)).is_null());
    assert_eq!(session.end(), 0);
}

#[test]
fn a_document_outside_all_folders_is_looked_at_with_what_lies_beside_it() {
    let other = tempfile::tempdir().unwrap();
    let other = other.path().canonicalize().unwrap();
    std::fs::write(other.join("a.features.toml"), "[[user]]\nname = \"web\"\n").unwrap();
    std::fs::create_dir(other.join("deeper")).unwrap();
    std::fs::write(other.join("deeper/x.image.toml"), BAD).unwrap();
    let mut session = Session::new(&[]);
    let path = other.join("a.image.toml").to_str().unwrap().to_owned();
    session.open(&path, "[image]\ninclude = [\"a.features.toml\"]\n[[ensure_dir]]\npath = \"/srv\"\nuser = \"web\"\ngroup = \"wheel\"\n");
    session.until("a finding", |session| !session.findings(&path).is_empty());
    session.settle();
    assert_eq!(
        session.findings(&path).last().map(String::as_str),
        Some("5:8 missing nothing provides group `wheel`, to which `/srv` is to belong")
    );
    assert!(session.published.keys().all(|name| !name.contains("deeper")), "{:?}", session.published.keys());
    session.close(&path);
    session.until("none", |session| session.findings(&path).is_empty());
}

#[test]
fn a_document_that_is_no_file_is_left_alone() {
    let mut session = Session::new(&[]);
    let item = json!({ "uri": "untitled:Untitled-1", "languageId": "toml", "version": 1, "text": BAD });
    session.notify("textDocument/didOpen", json!({ "textDocument": item }));
    let params = json!({ "textDocument": { "uri": "untitled:Untitled-1" }, "position": { "line": 0, "character": 0 } });
    assert!(session.request("textDocument/hover", params).is_null());
    assert_eq!(session.end(), 0);
}

#[test]
fn binary_files_are_said_to_be_none() {
    let session = Session::new(&[]);
    std::fs::write(session.root().join("a.image.toml"), b"\xff\xfe\x00[[user").unwrap();
    std::fs::write(session.root().join("b.image.toml"), [0u8; 4096]).unwrap();
    let mut session = Session::at(session.root(), json!({}));
    session.until("findings", |session| {
        !session.findings("a.image.toml").is_empty() && !session.findings("b.image.toml").is_empty()
    });
    assert!(session.findings("a.image.toml")[0].contains("syntax"));
    assert_eq!(session.end(), 0);
}

#[test]
fn a_document_may_be_closed_while_it_is_checked() {
    let mut session = Session::new(&[("a.image.toml", GOOD)]);
    for _ in 0..50 {
        session.open("a.image.toml", BAD);
        session.replace("a.image.toml", GOOD);
        session.close("a.image.toml");
        session.close("a.image.toml");
    }
    session.settle();
    assert_eq!(session.findings("a.image.toml"), [""; 0]);
    assert_eq!(session.end(), 0);
}
