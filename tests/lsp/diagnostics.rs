//! What is published, and what is given to those who ask.

use serde_json::json;

use crate::session::{Session, lines_of};

const IMAGE: &str = "[image]\ninclude = [\"a.features.toml\"]\n";
const SET: &str = "[[ensure_dir]]\npath = \"/srv\"\nuser = \"web\"\n";

#[test]
fn what_is_wrong_is_published_at_its_place_with_its_code() {
    let mut session = Session::new(&[("web.image.toml", SET)]);
    session.until("a finding", |session| !session.findings("web.image.toml").is_empty());
    assert_eq!(
        session.findings("web.image.toml"),
        ["2:7 missing nothing provides user `web`, to whom `/srv` is to belong"]
    );
    let diagnostic = &session.published["web.image.toml"]["diagnostics"][0];
    assert_eq!(diagnostic["range"]["end"], json!({ "line": 2, "character": 12 }));
    assert_eq!((&diagnostic["severity"], &diagnostic["source"]), (&json!(1), &json!("featgraph")));
}

#[test]
fn an_edit_in_an_included_file_changes_the_images_that_include_it() {
    let two = [("a.image.toml", IMAGE), ("b.image.toml", IMAGE), ("a.features.toml", "")];
    let mut session = Session::new(&two);
    session.open("a.features.toml", SET);
    session.until("a finding", |session| !session.findings("a.features.toml").is_empty());
    let message = session.published["a.features.toml"]["diagnostics"][0]["message"].as_str().unwrap();
    assert!(message.contains("in images `a` and `b`"), "{message}");
    // A user in one of the images is none in the other.
    session.open("a.image.toml", &format!("{IMAGE}[[user]]\nname = \"web\"\n"));
    session.until("another", |session| !session.findings("a.image.toml").is_empty());
    session.settle();
    assert!(
        session
            .findings("a.features.toml")
            .iter()
            .any(|finding| finding.contains("missing nothing provides user `web`"))
    );
    session.replace("a.features.toml", "[[ensure_dir]]\npath = \"/srv\"\n");
    session.until("none", |session| session.findings("a.features.toml").is_empty());
}

#[test]
fn other_places_are_related_information_or_said_in_the_message() {
    let text = "[[ensure_dir]]\npath = \"/srv\"\nmode = \"0755\"\n[[ensure_dir]]\npath = \"/srv\"\nmode = \"0700\"\n";
    let can = json!({ "textDocument": { "publishDiagnostics": { "relatedInformation": true } } });
    let mut session = Session::with(&[("a.image.toml", text)], can);
    session.until("a finding", |session| !session.findings("a.image.toml").is_empty());
    let related = &session.published["a.image.toml"]["diagnostics"][0]["relatedInformation"];
    assert_eq!(related[0]["location"]["uri"], json!(session.uri("a.image.toml")));
    let mut session = Session::new(&[("a.image.toml", text)]);
    session.until("a finding", |session| !session.findings("a.image.toml").is_empty());
    let diagnostic = &session.published["a.image.toml"]["diagnostics"][0];
    assert!(diagnostic.get("relatedInformation").is_none());
    assert!(diagnostic["message"].as_str().unwrap().contains("a.image.toml:"), "{diagnostic}");
}

#[test]
fn what_has_no_effect_is_tagged() {
    let text = "[[ensure_dir]]\npath = \"/srv\"\nallow = [\"setuid\"]\n";
    let can = json!({ "textDocument": { "publishDiagnostics": { "tagSupport": { "valueSet": [1] } } } });
    let mut session = Session::with(&[("a.image.toml", text)], can);
    session.until("a finding", |session| !session.findings("a.image.toml").is_empty());
    assert_eq!(session.published["a.image.toml"]["diagnostics"][0]["tags"], json!([1]));
}

#[test]
fn who_asks_is_given_and_not_told() {
    let files = [("web.image.toml", SET), ("ok.image.toml", "[[ensure_dir]]\npath = \"/srv\"\n")];
    let can =
        json!({ "textDocument": { "diagnostic": {} }, "workspace": { "diagnostics": { "refreshSupport": true } } });
    let mut session = Session::with(&files, can);
    session.open_file("web.image.toml");
    let uri = session.uri("web.image.toml");
    let first = session.request("textDocument/diagnostic", json!({ "textDocument": { "uri": uri } }));
    assert_eq!(first["kind"], "full");
    assert_eq!(lines_of(&first["items"]), ["2:7 missing nothing provides user `web`, to whom `/srv` is to belong"]);
    let params = json!({ "textDocument": { "uri": uri }, "previousResultId": first["resultId"] });
    let again = session.request("textDocument/diagnostic", params);
    assert_eq!((&again["kind"], &again["resultId"]), (&json!("unchanged"), &first["resultId"]));
    let all = session.request("workspace/diagnostic", json!({ "previousResultIds": [] }));
    assert_eq!(all["items"].as_array().unwrap().len(), 1);
    assert_eq!((&all["items"][0]["kind"], &all["items"][0]["version"]), (&json!("full"), &json!(1)));
    // A change that only the disk has seen is told, so that the client asks again.
    session.write("more.image.toml", SET);
    session.changed("more.image.toml");
    session
        .until("a refresh", |session| session.asked.iter().any(|(method, _)| method == "workspace/diagnostic/refresh"));
    let all = session
        .request("workspace/diagnostic", json!({ "previousResultIds": [{ "uri": uri, "value": first["resultId"] }] }));
    let kinds: Vec<_> = all["items"].as_array().unwrap().iter().map(|item| item["kind"].clone()).collect();
    assert_eq!(kinds, [json!("full"), json!("unchanged")]);
    assert!(session.published.is_empty());
}

#[test]
fn levels_of_the_folder_are_honoured() {
    let text = "[[ensure_dir]]\npath = \"/srv\"\nmode = \"0777\"\n";
    let config = "[lints]\ndeny = [\"world-writable\"]\n";
    let mut session = Session::new(&[("a.image.toml", text), ("featgraph.toml", config)]);
    session.until("a finding", |session| !session.findings("a.image.toml").is_empty());
    assert_eq!(session.published["a.image.toml"]["diagnostics"][0]["severity"], 1);
    session.write("featgraph.toml", "[lints]\nallow = [\"world-writable\"]\n");
    session.changed("featgraph.toml");
    session.until("none", |session| session.findings("a.image.toml").is_empty());
    session.write("featgraph.toml", "[lints]\nallow = [\"world-writeable\"]\n");
    session.changed("featgraph.toml");
    session.until("a complaint", |session| !session.findings("featgraph.toml").is_empty());
    assert!(session.findings("featgraph.toml")[0].starts_with("1:9 - there is no code `world-writeable`"));
}

#[test]
fn each_folder_has_its_own_levels() {
    let text = "[[ensure_dir]]\npath = \"/srv\"\nmode = \"0777\"\n";
    let files = [
        ("one/a.image.toml", text),
        ("one/featgraph.toml", "[lints]\nallow = [\"world-writable\"]\n"),
        ("two/a.image.toml", text),
    ];
    let mut session = Session::new(&files);
    let folder = |session: &Session, name: &str| json!({ "uri": session.uri(name), "name": name });
    let event = json!({
        "added": [folder(&session, "one"), folder(&session, "two")],
        "removed": [folder(&session, "")],
    });
    session.notify("workspace/didChangeWorkspaceFolders", json!({ "event": event }));
    session.settle();
    assert_eq!(session.findings("one/a.image.toml"), [""; 0]);
    assert_eq!(session.findings("two/a.image.toml").len(), 1);
}

#[test]
fn two_images_of_one_folder_are_checked_together() {
    let text = "[image]\nname = \"web\"\n";
    let mut session = Session::new(&[("a.image.toml", text), ("b.image.toml", text)]);
    session.until("a finding", |session| !session.findings("b.image.toml").is_empty());
    assert!(session.findings("b.image.toml")[0].contains("2 images are called `web`"));
}
