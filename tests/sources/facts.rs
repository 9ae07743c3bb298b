use featgraph::catalog::Code;
use featgraph::facts::{Facts, schema};
use featgraph::text::Source;
use featgraph::tree::{FileType, Owner};

const GOOD: &str = r#"{ "$schema": "x", "format_version": "1.0", "name": "debian-12", "opaque": false,
  "paths": [
    { "path": "/usr/bin/sh", "type": "file", "mode": "4755", "user": "root", "group": 5, "size": 12, "package": "dash",
      "digest": "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
      "xattrs": { "user.b": "2", "user.a": "0x00" } },
    { "path": "/bin", "type": "symlink", "target": "usr/bin" },
    { "path": "/", "type": "directory", "mode": "0755", "user": "root", "group": "root" },
    { "path": "/dev/null", "type": "char", "major": 1, "minor": 3 },
    { "path": "/usr/bin/dash", "type": "file", "same_as": "/usr/bin/sh" },
    { "path": "/sp\u00e9cial", "type": "mount" } ],
  "users": [ { "name": "web", "uid": 33, "group": 33 }, { "name": "root", "uid": 0, "group": "root", "home": "/root", "shell": "/bin/sh" } ],
  "groups": [ { "name": "root", "gid": 0, "members": ["b", "a"] } ],
  "packages": [ { "name": "bash", "version": "5.2", "architecture": "amd64", "manager": "apt" } ] }"#;

#[test]
fn facts_are_read_and_written_in_one_form() {
    let facts = Facts::parse(GOOD).unwrap();
    let paths: Vec<&str> = facts.tree.entries().iter().map(|entry| &*entry.path).collect();
    assert_eq!(paths, ["", "bin", "dev", "dev/null", "spécial", "usr", "usr/bin", "usr/bin/dash", "usr/bin/sh"]);
    let shell = facts.tree.get("usr/bin/sh").unwrap();
    assert_eq!((shell.mode, shell.group.clone()), (Some(0o4755), Some(Owner::Number(5))));
    assert_eq!(shell.digest, Some(*blake3::hash(b"").as_bytes()));
    assert_eq!(facts.tree.get("usr/bin/dash").unwrap().first_name(), Some("usr/bin/sh"));
    assert_eq!(facts.tree.get("spécial").unwrap().file_type, FileType::Mount);
    assert!(facts.tree.get("usr").is_some_and(|entry| !entry.listed));
    assert_eq!(&*facts.users[0].name, "root");
    let text = facts.to_text();
    assert_eq!(Facts::parse(&text).unwrap(), facts);
    assert_eq!(Facts::parse(&text).unwrap().to_text(), text);
    assert_eq!(facts.digest(), format!("blake3:{}", blake3::hash(text.as_bytes()).to_hex()));
    insta::assert_snapshot!(text, @r#"
    {
      "format_version": "1.0",
      "name": "debian-12",
      "opaque": false,
      "paths": [
        {"path":"/","type":"directory","mode":"0755","user":"root","group":"root"},
        {"path":"/bin","type":"symlink","target":"usr/bin"},
        {"path":"/dev/null","type":"char","major":1,"minor":3},
        {"path":"/spécial","type":"mount"},
        {"path":"/usr/bin/dash","type":"file","same_as":"/usr/bin/sh"},
        {"path":"/usr/bin/sh","type":"file","mode":"4755","user":"root","group":5,"size":12,"package":"dash","digest":"blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262","xattrs":{"user.a":"0x00","user.b":"2"}}
      ],
      "users": [
        {"name":"root","uid":0,"group":"root","home":"/root","shell":"/bin/sh"},
        {"name":"web","uid":33,"group":33}
      ],
      "groups": [
        {"name":"root","gid":0,"members":["a","b"]}
      ],
      "packages": [
        {"name":"bash","version":"5.2","architecture":"amd64","manager":"apt"}
      ]
    }
    "#);
    let empty = Facts::parse("{}").unwrap();
    assert_eq!(Facts::parse(&empty.to_text()).unwrap(), empty);
}

#[test]
fn written_facts_meet_the_schema_and_so_does_what_is_read() {
    let schema = serde_json::to_value(schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let valid = |text: &str| validator.is_valid(&serde_json::from_str(text).unwrap());
    assert!(valid(GOOD));
    assert!(valid(&Facts::parse(GOOD).unwrap().to_text()));
    assert!(valid("{}"));
    for bad in [
        r#"{ "path": [] }"#,
        r#"{ "format_version": "2.0" }"#,
        r#"{ "paths": [ { "path": "/a" } ] }"#,
        r#"{ "paths": [ { "path": "a", "type": "file" } ] }"#,
        r#"{ "paths": [ { "path": "/a", "type": "folder" } ] }"#,
        r#"{ "paths": [ { "path": "/a", "type": "file", "mode": 420 } ] }"#,
        r#"{ "users": [ { "uid": 1 } ] }"#,
    ] {
        assert!(!valid(bad), "{bad}");
        assert!(Facts::parse(bad).is_err(), "{bad}");
    }
}

/// What is said of a text, with the part of it that it is said of.
fn check(text: &str, expected: &str) {
    let error = Facts::parse(text).unwrap_err();
    let place = Source::new("f", text).position(error.span.start);
    let help = error.help.map(|help| format!(" ({help})")).unwrap_or_default();
    let found = format!(
        "{}:{} {} {}: {}{help}",
        place.line,
        place.column,
        error.code.name(),
        error.span.of(text),
        error.message
    );
    assert_eq!(found, expected, "{text}");
}

fn check_path(line: &str, expected: &str) {
    check(&format!("{{\n\"paths\": [\n{line}\n]}}"), expected);
}

#[test]
fn bad_facts_say_what_and_where() {
    check("{", "1:1 syntax {: this is not valid JSON: EOF while parsing an object");
    check("", "1:1 syntax : this is not valid JSON: EOF while parsing a value");
    check("[]", "1:1 wrong-type [: expected an object, found an array");
    check("{\n  \"pathz\": []}", "2:3 unknown-key \"pathz\": facts have no key `pathz` here (did you mean `paths`?)");
    check("{ \"name\": 5 }", "1:11 wrong-type 5: expected a string, found the integer `5`");
    check("{ \"opaque\": \"no\" }", "1:13 wrong-type \"no\": expected true or false, found the string \"no\"");
    check("{ \"name\": \"a\",\n \"name\": \"b\" }", "2:2 duplicate-key \"name\": the key `name` is given twice");
    check(
        "{ \"future\": 1,\n \"format_version\": \"2.0\" }",
        "2:20 invalid-value \"2.0\": facts of format version `2.0` cannot be read; this program reads versions 1.x \
         (write the facts anew, or use a featgraph that reads this version)",
    );
    check_path(r#"{"path": "/a"}"#, "3:14 missing-key }: the key `type` is not given");
    check_path(r#"{"path": "a", "type": "file"}"#, "3:10 invalid-value \"a\": the path `a` is not absolute");
    check_path(
        r#"{"path": "/a/../b", "type": "file"}"#,
        "3:10 invalid-value \"/a/../b\": the path `/a/../b` is not normalised (leave out `//`, `.`, `..` and a `/` at the end)",
    );
    check_path(
        r#"{"path": "/a", "type": "simlink"}"#,
        "3:24 invalid-value \"simlink\": `simlink` is no type; there are file, directory, symlink, char, block, fifo, \
         socket, mount (did you mean `symlink`?)",
    );
    check_path(
        r#"{"path": "/a", "type": "symlink"}"#,
        "3:10 invalid-value \"/a\": `/a` is a symbolic link and has no `target`",
    );
    check_path(
        r#"{"path": "/a", "type": "block", "major": 1}"#,
        "3:10 invalid-value \"/a\": `/a` is a block device and has no `minor`",
    );
    check_path(
        r#"{"path": "/a", "type": "directory", "size": 1}"#,
        "3:10 invalid-value \"/a\": `/a` is a directory and has `size`, which only files have",
    );
    check_path(
        r#"{"path": "/a", "type": "file", "mode": "0888"}"#,
        "3:40 invalid-value \"0888\": `0888` is no mode (write permission bits in octal, such as \"0644\")",
    );
    check_path(
        r#"{"path": "/a", "type": "file", "user": -1}"#,
        "3:40 wrong-type -1: expected a name or a number from 0 to 4294967295, found the integer `-1`",
    );
    check_path(
        r#"{"path": "/a", "type": "file", "user": 4294967296}"#,
        "3:40 invalid-value 4294967296: expected a name or a number from 0 to 4294967295, found the integer `4294967296`",
    );
    check_path(
        "{\"path\": \"/b\", \"type\": \"file\"},\n{\"path\": \"/a\", \"type\": \"file\"},\n{\"path\": \"/b\", \"type\": \"fifo\"}",
        "5:10 invalid-value \"/b\": `/b` is listed twice",
    );
    check_path(
        "{\"path\": \"/a\", \"type\": \"file\"},\n{\"path\": \"/a/b\", \"type\": \"file\"}",
        "4:10 invalid-value \"/a/b\": `/a/b` is below `/a`, which is a file",
    );
    check_path(
        "{\"path\": \"/a\", \"type\": \"symlink\", \"target\": \"c\"},\n{\"path\": \"/a/b/c\", \"type\": \"file\"}",
        "4:10 invalid-value \"/a/b/c\": `/a/b/c` is below `/a`, which is a symbolic link (write the path that the link leads to)",
    );
    check_path(
        r#"{"path": "\u002fa/", "type": "file"}"#,
        "3:10 invalid-value \"\\u002fa/\": the path `/a/` is not normalised (leave out `//`, `.`, `..` and a `/` at the end)",
    );
    check(r#"{"users": [{"name": "a"}, {"name": "a"}]}"#, r#"1:36 invalid-value "a": the user `a` is listed twice"#);
    check(
        r#"{"packages": [{"name": "a", "manager": "yum"}]}"#,
        r#"1:40 invalid-value "yum": `yum` is no package manager; there are apt, dnf, apk"#,
    );
    assert_eq!(Facts::parse("\u{feff}{}").unwrap_err().code, Code::Syntax);
    assert!(Facts::parse(&"[".repeat(100_000)).is_err());
    assert!(Facts::parse(&format!("{{\"paths\":{}", "[".repeat(100_000))).is_err());
}

proptest::proptest! {
    #[test]
    fn any_text_gives_an_answer(at in 0usize..1500, text in "\\PC{0,4}", cut in 0usize..1500) {
        let mut changed = String::from(GOOD);
        let on_boundary = |text: &str, mut at: usize| { at %= text.len(); while !text.is_char_boundary(at) { at -= 1; } at };
        changed.insert_str(on_boundary(GOOD, at), &text);
        if cut % 2 == 0 {
            changed.truncate(on_boundary(&changed, cut));
        }
        if let Err(error) = Facts::parse(&changed) {
            proptest::prop_assert!(error.span.start <= error.span.end && error.span.end as usize <= changed.len());
            proptest::prop_assert!(changed.is_char_boundary(error.span.start as usize));
        }
    }
}
