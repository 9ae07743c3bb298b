use featgraph::catalog::Code;
use featgraph::facts::{Facts, schema};
use featgraph::text::{Source, Span};
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
    let empty = Facts::parse(r#"{ "format_version": "1.0" }"#).unwrap();
    assert_eq!(Facts::parse(&empty.to_text()).unwrap(), empty);
}

#[test]
fn written_facts_meet_the_schema_and_so_does_what_is_read() {
    let schema = serde_json::to_value(schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let valid = |text: &str| validator.is_valid(&serde_json::from_str(text).unwrap());
    assert!(valid(GOOD));
    assert!(valid(&Facts::parse(GOOD).unwrap().to_text()));
    assert!(valid(r#"{ "paths": [] }"#));
    for bad in [
        "{}",
        r#"{ "name": "a" }"#,
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

/// What is said of a text, one mistake a line, each with the part of the text that it is said of.
fn said(text: &str) -> String {
    let source = Source::new("f", text);
    let at = |span: Span| {
        let place = source.position(span.start);
        format!("{}:{}", place.line, place.column)
    };
    let said = Facts::parse(text).unwrap_err().into_iter().map(|fault| {
        let help = fault.help.map(|help| format!(" ({help})")).unwrap_or_default();
        let related = fault.related.map(|(span, what)| format!("; {what}: {}", at(span))).unwrap_or_default();
        let (code, part) = (fault.code.name(), fault.span.of(text));
        format!("{} {code} {part}: {}{help}{related}", at(fault.span), fault.message)
    });
    said.collect::<Vec<_>>().join("\n")
}

fn check(text: &str, expected: &str) {
    assert_eq!(said(text), expected, "{text}");
}

fn check_path(line: &str, expected: &str) {
    check(&format!("{{\n\"paths\": [\n{line}\n]}}"), expected);
}

#[test]
fn bad_facts_say_what_and_where() {
    check("{", "1:1 syntax {: expected `}` after this: what is open is not closed; opened here: 1:1");
    check("", "1:1 syntax : the file is empty: in JSON it is at least `{}`");
    check("[]", "1:1 syntax [: expected an object: the file starts with `{`");
    check("{\n  \"pathz\": []}", "2:3 unknown-key \"pathz\": facts have no key `pathz` here (did you mean `paths`?)");
    check("{ \"name\": 5 }", "1:11 wrong-type 5: `name` must be a string, and this is a number");
    check("{ \"opaque\": \"no\" }", "1:13 wrong-type \"no\": `opaque` must be `true` or `false`, and this is a string");
    check(
        "{ \"opaque\": true,\n \"opaque\": false }",
        "2:2 duplicate-key \"opaque\": the key `opaque` is defined twice; first defined here: 1:3",
    );
    check(
        "{ \"future\": 1,\n \"format_version\": \"2.0\" }",
        "2:20 invalid-value \"2.0\": facts of format version `2.0` cannot be read; this program reads versions 1.x \
         (write the facts anew, or use a featgraph that reads this version)",
    );
    check_path(
        r#"{"path": "/a"}"#,
        r#"3:1 missing-key {"path": "/a"}: the key `type` is not given (add `"type": ...` to this object)"#,
    );
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
        "3:40 invalid-value -1: `user` must be between 0 and 4294967295",
    );
    check_path(
        r#"{"path": "/a", "type": "file", "user": 4294967296}"#,
        "3:40 invalid-value 4294967296: `user` must be between 0 and 4294967295",
    );
    check_path(
        "{\"path\": \"/b\", \"type\": \"file\"},\n{\"path\": \"/a\", \"type\": \"file\"},\n{\"path\": \"/b\", \"type\": \"fifo\"}",
        "5:10 invalid-value \"/b\": `/b` is listed twice; the first is here: 3:10",
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
    check(
        r#"{"users": [{"name": "a"}, {"name": "a"}]}"#,
        r#"1:36 invalid-value "a": the user `a` is listed twice; the first is here: 1:21"#,
    );
    check(
        r#"{"packages": [{"name": "a", "manager": "yum"}]}"#,
        r#"1:40 invalid-value "yum": `yum` is no package manager; there are apt, dnf, apk"#,
    );
    assert_eq!(Facts::parse("\u{feff}{}").unwrap_err()[0].code, Code::Syntax);
    assert!(Facts::parse(&"[".repeat(100_000)).is_err());
    assert!(Facts::parse(&format!("{{\"paths\":{}", "[".repeat(100_000))).is_err());
}

#[test]
fn a_file_that_says_nothing_is_no_facts() {
    let nothing = "{: this file says nothing: facts have at least one of `format_version`, `opaque`, `paths`, `users`, \
                   `groups` and `packages` (write facts with `featgraph facts SOURCE -o FILE`)";
    check("{}", &format!("1:1 missing-key {nothing}"));
    check("\n{ \"name\": \"debian\" }", &format!("2:1 missing-key {nothing}"));
    check("{ \"$schema\": \"x\" }", &format!("1:1 missing-key {nothing}"));
    assert!(Facts::parse(r#"{ "opaque": true }"#).is_ok_and(|facts| facts.opaque));
    assert!(Facts::parse(r#"{ "groups": [] }"#).is_ok());
}

#[test]
fn every_mistake_of_a_file_is_told_at_its_place() {
    let text = r#"{ "pathz": 1, "opaque": "yes", "name": null,
  "paths": [
    { "type": "file", "mod": "0644" },
    { "path": "/a", "type": "file", "size": -1, "mode": "0999", "target": "x" },
    { "path": "b", "type": "fil" },
    { "path": "/d", "type": "file", "user": 4294967296, "group": [] },
    { "path": "/d/e", "type": "file" },
    { "path": "/\u0064", "type": "fifo" },
    { "path": "/l", "type": "symlink", "target": "a", "xattrs": { "": "x", "a": 1 } },
    { "path": "/l/m", "type": "directory", "same_as": "/l/m" },
    { "path": "/c", "type": "char", "major": "1" },
    { "path": null, "type": "file" },
    7 ],
  "users": [ { "name": "a", "uid": "1" }, { "name": "x" }, { "name": "x" }, { "name": "x", "group": "" } ],
  "groups": [ { "name": "g", "members": ["a", 1] }, { "gid": 1.5 } ],
  "packages": [ { "name": "p", "manager": "yum" }, { "name": "" }, { "name": "q", "manager": "atp" } ] }"#;
    insta::assert_snapshot!(said(text), @r#"
    1:3 unknown-key "pathz": facts have no key `pathz` here (did you mean `paths`?)
    1:25 wrong-type "yes": `opaque` must be `true` or `false`, and this is a string
    3:5 missing-key { "type": "file", "mod": "0644" }: the key `path` is not given (add `"path": ...` to this object)
    3:23 unknown-key "mod": facts have no key `mod` here (did you mean `mode`?)
    4:15 invalid-value "/a": `/a` is a file and has `target`, which only symbolic links have
    4:45 invalid-value -1: `size` must not be negative, nor more than 64 bits hold
    4:57 invalid-value "0999": `0999` is no mode (write permission bits in octal, such as "0644")
    5:15 invalid-value "b": the path `b` is not absolute
    5:28 invalid-value "fil": `fil` is no type; there are file, directory, symlink, char, block, fifo, socket, mount (did you mean `file`?)
    6:45 invalid-value 4294967296: `user` must be between 0 and 4294967295
    6:66 wrong-type []: `group` must be a name, or a number where there is none, and this is an array
    7:15 invalid-value "/d/e": `/d/e` is below `/d`, which is a file
    8:15 invalid-value "/\u0064": `/d` is listed twice; the first is here: 6:15
    9:67 invalid-value "": an attribute of `/l` has an empty name
    9:81 wrong-type 1: each of `xattrs` must be a string, and this is a number
    10:15 invalid-value "/l/m": `/l/m` is a directory and has `same_as`, which only files have
    10:15 invalid-value "/l/m": `/l/m` is below `/l`, which is a symbolic link (write the path that the link leads to)
    10:55 invalid-value "/l/m": `/l/m` is said to be a hard link to itself
    11:46 wrong-type "1": `major` must be a whole number, and this is a string
    12:15 wrong-type null: `path` must be a string, and this is null
    13:5 wrong-type 7: each of `paths` must be an object, and this is a number
    14:36 wrong-type "1": `uid` must be a whole number, and this is a string
    14:70 invalid-value "x": the user `x` is listed twice; the first is here: 14:53
    14:87 invalid-value "x": the user `x` is listed twice; the first is here: 14:53
    14:101 invalid-value "": `x` has an owner with an empty name
    15:47 wrong-type 1: each of `members` must be a string, and this is a number
    15:53 missing-key { "gid": 1.5 }: the key `name` is not given (add `"name": ...` to this object)
    15:62 wrong-type 1.5: `gid` must be a whole number, and this is a number with a fraction or exponent
    16:43 invalid-value "yum": `yum` is no package manager; there are apt, dnf, apk
    16:62 invalid-value "": the package has an empty name
    16:94 invalid-value "atp": `atp` is no package manager; there are apt, dnf, apk (did you mean `apt`?)
    "#);
}

#[test]
fn a_slip_of_the_syntax_hides_no_other_mistake() {
    let text = "{ \"paths\": [\n  { \"path\": \"/a\" \"type\": \"file\" },\n  { \"path\": \"b\", \"type\": \"file\" },\n  { \"path\": \"/c\", \"type\": \"file\", }\n], \"opaque\": 1 }";
    insta::assert_snapshot!(said(text), @r#"
    2:18 syntax ": expected `,` before this
    3:13 invalid-value "b": the path `b` is not absolute
    4:33 syntax ,: a `,` cannot stand before `}` (JSON has no trailing commas)
    5:14 wrong-type 1: `opaque` must be `true` or `false`, and this is a number
    "#);
}

#[test]
fn of_very_many_mistakes_the_rest_is_counted() {
    let lines: Vec<String> = (0..3000).map(|n| format!(r#"{{ "path": "\u0061{n}", "type": "file" }}"#)).collect();
    let faults = Facts::parse(&format!("{{ \"paths\": [{}] }}", lines.join(",\n"))).unwrap_err();
    let last = faults.last().unwrap();
    assert_eq!((faults.len(), &*last.message), (1000, "the path `a999` is not absolute"));
    assert_eq!(
        last.help.as_deref(),
        Some("2000 more mistakes follow in this file; write it anew with `featgraph facts`")
    );
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
        if let Err(faults) = Facts::parse(&changed) {
            proptest::prop_assert!(!faults.is_empty());
            for fault in faults {
                // What serde refuses is found again by the closer look.
                proptest::prop_assert!(!fault.message.starts_with("this cannot be read as facts"), "{changed}\n{}", fault.message);
                proptest::prop_assert!(fault.span.start <= fault.span.end && fault.span.end as usize <= changed.len());
                proptest::prop_assert!(changed.is_char_boundary(fault.span.start as usize));
            }
        }
    }

    #[test]
    fn the_closer_look_finds_what_serde_refuses(
        key in 0usize..14, value in proptest::sample::select(vec![
            "null", "true", "-0", "-1", "0", "1.0", "1e400", "18446744073709551616", "4294967296", "[]", "{}", "\"\"",
            "\"/\"", "\"/a\"", "\"\\ud800\"", "[null]", "[[]]", "[{}]", "{\"a\":null}", "{\"a\":\"b\",\"a\":\"c\"}",
        ]),
        place in 0usize..4, file_type in proptest::sample::select(vec!["file", "symlink", "char", "directory"]),
    ) {
        const KEYS: [&str; 14] = ["mode", "user", "group", "size", "target", "same_as", "major", "minor", "digest", "xattrs",
            "uid", "members", "opaque", "package"];
        let key = KEYS[key];
        let pair = format!("{key:?}: {value}");
        let text = match place {
            0 => format!(r#"{{ "paths": [ {{ "path": "/a", "type": "{file_type}", {pair} }} ] }}"#),
            1 => format!(r#"{{ "users": [ {{ "name": "a", {pair} }} ] }}"#),
            2 => format!(r#"{{ "groups": [ {{ "name": "a", {pair} }} ] }}"#),
            _ => format!(r#"{{ {pair}, "paths": {value} }}"#),
        };
        if let Err(faults) = Facts::parse(&text) {
            let unexplained = faults.iter().any(|fault| fault.message.starts_with("this cannot be read as facts"));
            proptest::prop_assert!(!unexplained, "{text}: {}", faults[0].message);
        }
    }
}
