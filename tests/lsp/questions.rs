//! Hover, definition, references, outlines, folding and links.

use serde_json::{Value, json};

use crate::session::{Session, cursor, text_at};

const FILES: &[(&str, &str)] = &[
    (
        "base.image.toml",
        "[[install]]\ntext = \"root:x:0:0::/:/\\n\"\ndst = \"/etc/passwd\"\nparents = true\n\n[[install]]\ntext = \"root:x:0:\\n\"\ndst = \"/etc/group\"\n",
    ),
    ("users.features.toml", "[[user]]\nname = \"web\"\n\n[[group]]\nname = \"staff\"\n"),
    ("conf/web.conf", "x\n"),
];

const IMAGE: &str = "[image]
name = \"web\"
parent = \"base.image.toml\"
include = [\"users.features.toml\"]

[[ensure_dir]]
path = \"/srv/web\"
user = \"web\"
group = \"staff\"

[[install]]
src = \"conf/web.conf\"
dst = \"/srv/web/conf/\"
parents = true
";

fn session(text: &str) -> Session {
    session_that_can(text, json!({ "textDocument": { "hover": { "contentFormat": ["markdown"] } } }))
}

fn session_that_can(text: &str, can: Value) -> Session {
    let mut files = FILES.to_vec();
    files.push(("web.image.toml", text));
    let mut session = Session::with(&files, can);
    session.open_file("web.image.toml");
    session
}

/// The image with the cursor before what is marked.
fn at(before: &str) -> (String, (u32, u32)) {
    let at = IMAGE.find(before).unwrap();
    cursor(&format!("{}|{}", &IMAGE[..at], &IMAGE[at..]))
}

fn hover(before: &str) -> String {
    let (text, place) = at(before);
    let hover = session(&text).about("textDocument/hover", "web.image.toml", place);
    hover["contents"]["value"].as_str().unwrap_or("nothing").to_owned()
}

#[test]
fn a_hover_tells_of_kinds_and_keys() {
    assert!(hover("ensure_dir").contains("**`[[ensure_dir]]`**"), "{}", hover("ensure_dir"));
    assert_eq!(hover("user = "), "**`user`**: a name or a number, default `\"root\"`\n\nThe user it belongs to.");
    assert!(hover("parents").contains("default `false`"), "{}", hover("parents"));
    assert!(hover("parent = ").starts_with("**`parent`**"), "{}", hover("parent = "));
    assert!(hover("[image]").starts_with("**`[image]`**"));
}

#[test]
fn a_hover_tells_what_an_entity_is_and_who_needs_it_and_when() {
    let said = hover("web\"\ngroup");
    assert!(said.starts_with("**`user:web`** is in image `web`"), "{said}");
    assert!(said.contains("Provided by:\n\n- `user` of `web` (users.features.toml:2:8): number 1000"), "{said}");
    assert!(
        said.contains("Required by:\n\n- `ensure_dir` of `/srv/web` belongs to user `web` (web.image.toml:8:8)"),
        "{said}"
    );
    assert!(said.contains("In the plan:\n\n- `user:web`: phase `main`, stage 0, wave"), "{said}");
    let said = hover("/srv/web/conf/");
    assert!(said.starts_with("**`path:/srv/web/conf/web.conf`** is in image `web`"), "{said}");
}

#[test]
fn a_hover_tells_of_files() {
    assert_eq!(hover("conf/web.conf"), "`conf/web.conf`: a file of 2 bytes");
    assert_eq!(hover("users.features"), "`users.features.toml`: 2 features");
    assert!(hover("base.image").contains("image `base`, 2 features"));
}

#[test]
fn a_hover_on_what_is_not_there_helps() {
    let text = "[[user]]\nname = \"web\"\n[[ensure_dir]]\npath = \"/srv\"\nuser = \"wbe\"\n";
    let mut session = session(text);
    let said = session.about("textDocument/hover", "web.image.toml", (4, 9));
    let said = said["contents"]["value"].as_str().unwrap();
    assert!(said.contains("is not in image") && said.contains("Near it:\n\n- `user:web`"), "{said}");
    let plain = session_that_can(text, json!({})).about("textDocument/hover", "web.image.toml", (4, 9));
    assert_eq!(plain["contents"]["kind"], "plaintext");
}

#[test]
fn nothing_is_said_of_comments_and_blanks() {
    let mut session = session("# a comment\n\n[[user]]\nname = \"a\"\n");
    assert!(session.about("textDocument/hover", "web.image.toml", (0, 4)).is_null());
    assert!(session.about("textDocument/hover", "web.image.toml", (1, 0)).is_null());
}

/// File and text of every place that a definition leads to.
fn definition(before: &str) -> Vec<(String, String)> {
    let (text, place) = at(before);
    let mut session = session(&text);
    let found = session.about("textDocument/definition", "web.image.toml", place);
    places(&session, &found)
}

fn places(session: &Session, found: &Value) -> Vec<(String, String)> {
    let place = |place: &Value| {
        let path = gen_lsp_types::Uri::parse(place["uri"].as_str().unwrap()).unwrap().to_file_path().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.strip_prefix(session.root()).unwrap().to_str().unwrap().to_owned();
        (name, text_at(&text, &place["range"]))
    };
    found.as_array().map(|found| found.iter().map(place).collect()).unwrap_or_default()
}

fn one(file: &str, text: &str) -> Vec<(String, String)> {
    vec![(file.to_owned(), text.to_owned())]
}

#[test]
fn definitions_lead_to_what_provides_and_to_files() {
    assert_eq!(definition("web\"\ngroup"), one("users.features.toml", "\"web\""));
    assert_eq!(definition("staff\"\n"), one("users.features.toml", "\"staff\""));
    assert_eq!(definition("users.features"), one("users.features.toml", ""));
    assert_eq!(definition("base.image"), one("base.image.toml", ""));
    assert_eq!(definition("conf/web.conf"), one("conf/web.conf", ""));
    assert_eq!(definition("/srv/web\""), one("web.image.toml", "\"/srv/web\""));
    assert_eq!(definition("user = "), []);
}

#[test]
fn definitions_are_found_in_parents_and_facts() {
    let facts = r#"{ "format_version": "1.0", "paths": [ { "path": "/bin/sh", "type": "file", "mode": "0755", "user": "root", "group": "root" } ], "users": [], "groups": [], "packages": [] }"#;
    let files = [
        ("debian.facts.json", facts),
        ("base.image.toml", "[image]\nparent = \"debian.facts.json\"\n[[ensure_dir]]\npath = \"/srv\"\n"),
        (
            "web.image.toml",
            "[image]\nparent = \"base.image.toml\"\n[[require]]\nexecutables = [\"/bin/sh\"]\ndirectories = [\"/srv\"]\n",
        ),
    ];
    let mut session = Session::new(&files);
    let found = session.about("textDocument/definition", "web.image.toml", (3, 17));
    assert_eq!(places(&session, &found), one("debian.facts.json", "\"/bin/sh\""));
    let found = session.about("textDocument/definition", "web.image.toml", (4, 17));
    assert_eq!(places(&session, &found), one("base.image.toml", "\"/srv\""));
}

#[test]
fn definitions_say_where_they_were_asked_from_if_that_is_shown() {
    let (text, place) = at("web\"\ngroup");
    let mut session = session_that_can(&text, json!({ "textDocument": { "definition": { "linkSupport": true } } }));
    let found = session.about("textDocument/definition", "web.image.toml", place);
    assert_eq!(text_at(&text, &found[0]["originSelectionRange"]), "\"web\"");
    assert_eq!(found[0]["targetUri"], json!(session.uri("users.features.toml")));
}

#[test]
fn references_are_everywhere_that_it_is_named() {
    let mut session = session(IMAGE);
    let mut params = session.place("users.features.toml", (1, 9));
    params["context"] = json!({ "includeDeclaration": true });
    let found = session.request("textDocument/references", params.clone());
    let expected = [("users.features.toml", "\"web\""), ("web.image.toml", "\"web\"")];
    assert_eq!(places(&session, &found), expected.map(|(file, text)| (file.to_owned(), text.to_owned())));
    params["context"]["includeDeclaration"] = json!(false);
    let found = session.request("textDocument/references", params);
    assert_eq!(places(&session, &found), one("web.image.toml", "\"web\""));
    // Of a file: who includes it.
    let mut params = session.place("web.image.toml", (3, 14));
    params["context"] = json!({ "includeDeclaration": true });
    let found = session.request("textDocument/references", params);
    assert_eq!(places(&session, &found), one("web.image.toml", "\"users.features.toml\""));
}

#[test]
fn places_of_one_file_are_highlighted() {
    let mut session = session("[[user]]\nname = \"web\"\n[[ensure_dir]]\npath = \"/srv\"\nuser = \"web\"\n");
    let found = session.about("textDocument/documentHighlight", "web.image.toml", (4, 9));
    assert_eq!(found.as_array().unwrap().len(), 2, "{found}");
}

#[test]
fn an_outline_lists_features_by_what_they_are_about() {
    let can = json!({ "textDocument": { "documentSymbol": { "hierarchicalDocumentSymbolSupport": true } } });
    let mut session = session_that_can(IMAGE, can);
    let params = json!({ "textDocument": { "uri": session.uri("web.image.toml") } });
    let outline = session.request("textDocument/documentSymbol", params.clone());
    let lines: Vec<String> = outline
        .as_array()
        .unwrap()
        .iter()
        .map(|symbol| {
            let whole = text_at(IMAGE, &symbol["range"]);
            let lines = whole.lines().count();
            format!("{} ({}), {lines} lines", symbol["name"].as_str().unwrap(), symbol["detail"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        lines,
        ["web (image), 4 lines", "/srv/web (ensure_dir), 4 lines", "/srv/web/conf/web.conf (install), 4 lines"]
    );
    let mut flat = session_that_can(IMAGE, json!({}));
    let params = json!({ "textDocument": { "uri": flat.uri("web.image.toml") } });
    let outline = flat.request("textDocument/documentSymbol", params);
    assert_eq!(outline[1]["location"]["uri"], json!(flat.uri("web.image.toml")));
}

#[test]
fn an_outline_of_a_broken_file_has_what_is_healthy() {
    let mut session = session(
        "[[user]]\nname = \"a\"\n[[user]]\nname = \"b\nuid =\n[[group]]\nname = \"c\"\n[[run]]\ncommand = [\"/bin/true\", \"x\"]\n",
    );
    let params = json!({ "textDocument": { "uri": session.uri("web.image.toml") } });
    let outline = session.request("textDocument/documentSymbol", params);
    let names: Vec<&str> = outline.as_array().unwrap().iter().map(|symbol| symbol["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"a") && names.contains(&"c") && names.contains(&"/bin/true x"), "{names:?}");
}

#[test]
fn symbols_of_the_workspace_are_found_by_parts_of_their_names() {
    let mut session = session(IMAGE);
    let mut named = |query: &str| -> Vec<String> {
        let found = session.request("workspace/symbol", json!({ "query": query }));
        found.as_array().unwrap().iter().map(|symbol| symbol["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(named("STAFF"), ["staff"]);
    assert_eq!(named("srv"), ["/srv/web", "/srv/web/conf/web.conf"]);
    assert_eq!(named("etcgr"), ["/etc/group"]);
    assert_eq!(named("zzz"), [""; 0]);
}

#[test]
fn tables_lists_and_comments_fold() {
    let text = "# one\n# two\n[[ensure_dir]]\npath = [\n  \"/a\",\n]\n\n# three\n[[user]]\nname = \"a\"\n";
    let mut session = session(text);
    let params = json!({ "textDocument": { "uri": session.uri("web.image.toml") } });
    let folds = session.request("textDocument/foldingRange", params);
    let lines: Vec<String> = folds
        .as_array()
        .unwrap()
        .iter()
        .map(|fold| format!("{}-{} {}", fold["startLine"], fold["endLine"], fold["kind"].as_str().unwrap()))
        .collect();
    assert_eq!(lines, ["0-1 comment", "2-5 region", "3-5 region", "8-9 region"]);
}

#[test]
fn values_that_name_files_are_links() {
    let mut session = session(IMAGE);
    let params = json!({ "textDocument": { "uri": session.uri("web.image.toml") } });
    let links = session.request("textDocument/documentLink", params);
    let links: Vec<(String, String)> = links
        .as_array()
        .unwrap()
        .iter()
        .map(|link| {
            (text_at(IMAGE, &link["range"]), link["target"].as_str().unwrap().rsplit('/').next().unwrap().to_owned())
        })
        .collect();
    let expected = ["base.image.toml", "users.features.toml", "conf/web.conf"];
    assert_eq!(links.len(), expected.len());
    for ((text, target), expected) in links.iter().zip(expected) {
        assert_eq!(
            (text.as_str(), target.as_str()),
            (format!("\"{expected}\"").as_str(), expected.rsplit('/').next().unwrap())
        );
    }
}

#[test]
fn hints_are_given_to_who_wants_them() {
    let mut session = session(IMAGE);
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 99, "character": 0 } });
    let params = json!({ "textDocument": { "uri": session.uri("web.image.toml") }, "range": range });
    assert!(session.request("textDocument/inlayHint", params.clone()).is_null());
    let mut labels = |settings: Value| -> Vec<String> {
        session.notify(
            "workspace/didChangeConfiguration",
            json!({ "settings": { "featgraph": { "inlayHints": settings } } }),
        );
        let hints = session.request("textDocument/inlayHint", params.clone());
        let hints = hints.as_array().unwrap().clone();
        hints
            .iter()
            .map(|hint| {
                format!(
                    "{}:{} {}",
                    hint["position"]["line"],
                    hint["position"]["character"],
                    hint["label"].as_str().unwrap()
                )
            })
            .collect()
    };
    let defaults = labels(json!({ "defaults": true, "order": false }));
    assert_eq!(defaults, ["5:14 mode = \"0755\"", "10:11 user = \"root\", group = \"root\""]);
    let order = labels(json!({ "defaults": false, "order": true }));
    assert_eq!(order, ["5:14 main, stage 0, wave 2", "10:11 main, stage 0, wave 4"]);
}

#[test]
fn settings_are_asked_for_where_the_client_has_them() {
    let mut session = Session::with(FILES, json!({ "workspace": { "configuration": true } }));
    session.until("a question", |session| session.asked.iter().any(|(method, _)| method == "workspace/configuration"));
    assert_eq!(session.asked[0].1["items"][0]["section"], "featgraph");
}
