//! What is offered while somebody types.

use serde_json::{Value, json};

use crate::session::{Session, apply, cursor};

const FILES: &[(&str, &str)] = &[
    ("base.image.toml", "[[ensure_dir]]\npath = [\"/usr/bin\", \"/usr/lib\"]\n[[group]]\nname = \"based\"\n"),
    ("users.features.toml", "[[user]]\nname = \"web\"\n[[run]]\nscript = \"x\"\nprovides = [\"virtual:dns\"]\n"),
    ("conf/web.conf", ""),
    ("debian.facts.json", "{}"),
    ("ids.toml", ""),
];

const HEAD: &str = "[image]\nparent = \"base.image.toml\"\ninclude = [\"users.features.toml\"]\n";

fn completions(marked: &str, name: &str, can: Value) -> (String, Value) {
    let (text, place) = cursor(marked);
    let mut session = Session::with(FILES, can);
    session.open(name, &text);
    let found = session.about("textDocument/completion", name, place);
    (text, found["items"].clone())
}

fn labels(marked: &str) -> Vec<String> {
    let (_, items) = completions(&format!("{HEAD}{marked}"), "web.image.toml", json!({}));
    items.as_array().unwrap().iter().map(|item| item["label"].as_str().unwrap().to_owned()).collect()
}

/// The text with the first completion of this label in it.
fn completed(marked: &str, label: &str) -> String {
    let (text, items) = completions(marked, "web.image.toml", json!({}));
    let item = items.as_array().unwrap().iter().find(|item| item["label"] == label);
    let edit = &item.unwrap_or_else(|| panic!("no {label} in {items:#?}"))["textEdit"];
    apply(&text, &json!([edit]))
}

#[test]
fn kinds_are_offered_in_headers() {
    assert!(labels("[[us|").starts_with(&["assume".to_owned()]));
    assert_eq!(completed("[[us|", "user"), "[[user");
    assert_eq!(completed("[[us|]]", "usermod"), "[[usermod]]");
    assert_eq!(completed("[i|]", "image"), "[image]");
}

#[test]
fn keys_that_are_not_given_are_offered_those_needed_first() {
    let keys = labels("[[install]]\nsrc = \"x\"\n|\nmode = \"0644\"\n");
    assert_eq!(keys.first().map(String::as_str), Some("dst"));
    assert!(!keys.contains(&"src".to_owned()) && !keys.contains(&"mode".to_owned()), "{keys:?}");
    assert!(keys.contains(&"replace".to_owned()) && keys.contains(&"[[user]]".to_owned()), "{keys:?}");
    assert_eq!(completed("[[user]]\nna|\n", "name"), "[[user]]\nname = \n");
    assert_eq!(completed("[[user]]\nna| = \"x\"\n", "name"), "[[user]]\nname = \"x\"\n");
}

#[test]
fn a_client_that_can_is_given_a_place_to_go_on() {
    let can = json!({ "textDocument": { "completion": { "completionItem": { "snippetSupport": true } } } });
    let (_, items) = completions("[[user]]\nna|\n", "web.image.toml", can);
    let name = items.as_array().unwrap().iter().find(|item| item["label"] == "name").unwrap();
    assert_eq!((&name["textEdit"]["newText"], &name["insertTextFormat"]), (&json!("name = \"$1\""), &json!(2)));
    let symlink = items.as_array().unwrap().iter().find(|item| item["label"] == "[[symlink]]").unwrap();
    assert_eq!(symlink["textEdit"]["newText"], "[[symlink]]\nlink = \"$1\"\ntarget = \"$2\"\n$0");
}

#[test]
fn words_are_offered_with_quotes_where_there_are_none() {
    assert_eq!(labels("[[device]]\nnode = |"), ["block", "char", "fifo"]);
    assert_eq!(completed("[[device]]\nnode = |", "fifo"), "[[device]]\nnode = \"fifo\"");
    assert_eq!(completed("[[device]]\nnode = \"f|\"", "fifo"), "[[device]]\nnode = \"fifo\"");
    assert_eq!(completed("[[device]]\nnode = \"f|", "fifo"), "[[device]]\nnode = \"fifo");
    assert_eq!(labels("[[user]]\nsystem = t|"), ["false", "true"]);
    assert!(labels("[[user]]\nallow = [\"|\"]").contains(&"unusual-name".to_owned()));
    assert!(labels("[[user]]\nname = \"a\"\nphase = \"|\"").contains(&"finalize".to_owned()));
}

#[test]
fn names_are_those_that_the_image_has() {
    assert_eq!(labels("[[ensure_dir]]\npath = \"/a\"\nuser = \"|\""), ["root", "web"]);
    assert_eq!(labels("[[ensure_dir]]\npath = \"/a\"\ngroup = \"|\""), ["based", "root", "web"]);
    assert_eq!(labels("[[require]]\nvirtuals = [\"|\"]"), ["dns"]);
    assert!(labels("[[run]]\nrequires = [\"|\"]").contains(&"virtual:dns".to_owned()));
    assert_eq!(labels("[[run]]\nrequires = [{ group = \"|\" }]"), ["based", "root", "web"]);
    // A declaration has a name of its own.
    assert_eq!(labels("[[user]]\nname = \"|\""), [""; 0]);
}

#[test]
fn paths_are_those_of_the_image_folder_by_folder() {
    assert_eq!(labels("[[require]]\nfiles = [\"/|\"]"), ["/usr"]);
    assert_eq!(labels("[[require]]\nfiles = [\"/usr/b|\"]"), ["/usr/bin", "/usr/lib"]);
    let text = "[[symlink]]\nlink = \"/bin\"\ntarget = \"usr/bin\"\n[[install]]\ntext = \"\"\ndst = \"/usr/bin/sh\"\n[[require]]\n";
    assert_eq!(labels(&format!("{text}files = [\"/bin/|\"]")), ["/bin/sh"]);
}

#[test]
fn files_lie_beside_the_manifest() {
    let include = |marked: &str| {
        let (_, items) = completions(marked, "web.image.toml", json!({}));
        items.as_array().unwrap().iter().map(|item| item["label"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(include("[image]\ninclude = [\"|\"]"), ["users.features.toml", "conf"]);
    assert_eq!(include("[image]\nparent = \"|\""), ["base.image.toml", "debian.facts.json", "conf"]);
    assert_eq!(include("[image]\nids = \"|\""), ["ids.toml", "conf"]);
    assert_eq!(include("[[install]]\nsrc = \"conf/|\""), ["conf/web.conf"]);
}

#[test]
fn json_is_completed_with_its_quotes() {
    let (text, items) = completions("{ \"user\": [ { | } ] }", "web.image.json", json!({}));
    let name = items.as_array().unwrap().iter().find(|item| item["label"] == "name").unwrap();
    assert_eq!(apply(&text, &json!([name["textEdit"]])), "{ \"user\": [ { \"name\":  } ] }");
    let (_, items) = completions("{ \"| }", "web.image.json", json!({}));
    assert!(items.as_array().unwrap().iter().any(|item| item["label"] == "install"));
}

#[test]
fn nothing_is_offered_in_comments_and_free_text() {
    assert_eq!(labels("# [[us|"), [""; 0]);
    assert_eq!(labels("[[user]]\nname = \"a\"\ndescription = \"|\""), [""; 0]);
    assert_eq!(labels("[[run]]\nscript = \"\"\"\n|\n\"\"\""), [""; 0]);
}
