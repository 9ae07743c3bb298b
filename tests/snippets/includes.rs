//! How snippets come into an image, and which of them count.

use super::{found, found_in, lay_out, messages, plan_in};

const ACCOUNTS: &str = "[[install]]\nparents = true\ndst = \"/etc/passwd\"\ntext = \"\"\n[[install]]\nparents = true\ndst = \"/etc/group\"\ntext = \"\"\n";

fn image(include: &str) -> String {
    format!("[image]\ninclude = [{include}]\n{ACCOUNTS}")
}

/// The ids of the steps that come from snippets, sorted.
fn steps(files: &[(&str, &str)]) -> Vec<String> {
    let plan = plan_in(lay_out(files).path(), files[0].0);
    let from_snippet = |id: &str| {
        let origins = plan["origins"][id].as_array().unwrap();
        origins.iter().any(|origin| origin["file"].as_str().unwrap().ends_with(".conf"))
    };
    let steps = plan["steps"].as_array().unwrap().iter().filter(|step| step["implied"] != true);
    let mut ids: Vec<String> = steps.map(|step| step["id"].as_str().unwrap().to_owned()).collect();
    ids.retain(|id| from_snippet(id));
    ids.sort();
    ids
}

#[test]
fn a_snippet_is_included_by_its_folder_by_its_type_or_with_all_others() {
    let by_name = image("\"usr/lib/tmpfiles.d/x.conf\"");
    let by_type = image("{ path = \"x.conf\", type = \"tmpfiles\" }");
    let by_folder = image("\"usr/lib/tmpfiles.d\"");
    let line = "d /run/x\n";
    assert_eq!(steps(&[("x.image.toml", &by_name), ("usr/lib/tmpfiles.d/x.conf", line)]), ["ensure_dir:/run/x"]);
    assert_eq!(steps(&[("x.image.toml", &by_type), ("x.conf", line)]), ["ensure_dir:/run/x"]);
    let files = [
        ("x.image.toml", by_folder.as_str()),
        ("usr/lib/tmpfiles.d/x.conf", line),
        ("usr/lib/tmpfiles.d/y.conf", "d /run/y\n"),
        ("usr/lib/tmpfiles.d/README", "d /run/no\n"),
        ("usr/lib/tmpfiles.d/.z.conf", "d /run/no\n"),
        ("usr/lib/tmpfiles.d/old/z.conf", "d /run/no\n"),
    ];
    assert_eq!(steps(&files), ["ensure_dir:/run/x", "ensure_dir:/run/y"]);
}

#[test]
fn a_feature_set_may_include_snippets_too() {
    let files = [
        ("x.image.toml", image("\"a/a.features.toml\"")),
        ("a/a.features.toml", "include = [\"tmpfiles.d\", \"sysusers.d/u.conf\"]\n".to_owned()),
        ("a/tmpfiles.d/x.conf", "d /run/x 0700 u u\n".to_owned()),
        ("a/sysusers.d/u.conf", "u u 7\n".to_owned()),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    assert_eq!(steps(&files), ["ensure_dir:/run/x", "user:u"]);
}

#[test]
fn a_file_takes_the_place_of_those_of_its_name_in_later_folders() {
    let image = image("\"usr/lib/tmpfiles.d\", \"run/tmpfiles.d\", \"etc/tmpfiles.d\"");
    let files = [
        ("x.image.toml", image.as_str()),
        ("usr/lib/tmpfiles.d/a.conf", "d /a-usr\nthis is wrong and nobody reads it\n"),
        ("run/tmpfiles.d/a.conf", "d /a-run\n"),
        ("etc/tmpfiles.d/a.conf", "d /a-etc\n"),
        ("usr/lib/tmpfiles.d/b.conf", "d /b-usr\n"),
        ("run/tmpfiles.d/b.conf", "d /b-run\n"),
        ("usr/lib/tmpfiles.d/c.conf", "d /c-usr\n"),
        ("etc/tmpfiles.d/c.conf", ""),
    ];
    assert_eq!(steps(&files), ["ensure_dir:/a-etc", "ensure_dir:/b-run"]);
}

#[test]
fn a_link_to_dev_null_takes_the_place_of_a_snippet() {
    let image = image("\"usr/lib/tmpfiles.d\", \"etc/tmpfiles.d\"");
    let folder = lay_out(&[
        ("x.image.toml", &image),
        ("usr/lib/tmpfiles.d/a.conf", "d /a\n"),
        ("etc/tmpfiles.d/b.conf", "d /b\n"),
    ]);
    std::os::unix::fs::symlink("/dev/null", folder.path().join("etc/tmpfiles.d/a.conf")).unwrap();
    let plan = plan_in(folder.path(), "x.image.toml");
    let ids: Vec<&str> = plan["steps"].as_array().unwrap().iter().map(|step| step["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&"ensure_dir:/b") && !ids.contains(&"ensure_dir:/a"), "{ids:?}");
}

#[test]
fn users_of_one_folder_own_directories_of_another() {
    let image = image("\"tmpfiles.d\", \"sysusers.d\"");
    let files = [
        ("x.image.toml", image.as_str()),
        ("tmpfiles.d/x.conf", "d /run/x 0750 web adm\n"),
        ("sysusers.d/x.conf", "u web\ng adm 4\n"),
    ];
    assert_eq!(found(&files), Vec::<String>::new());
    let plan = plan_in(lay_out(&files).path(), "x.image.toml");
    let step = plan["steps"].as_array().unwrap().iter().find(|step| step["id"] == "ensure_dir:/run/x").unwrap();
    let requires: Vec<&str> = step["requires"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    assert_eq!(requires, ["ensure_dir:/run", "group:adm", "user:web"]);
    let origins = &plan["origins"]["ensure_dir:/run/x"];
    assert_eq!(origins[0]["file"], "tmpfiles.d/x.conf");
    assert_eq!((&origins[0]["line"], &origins[0]["column"]), (&1.into(), &1.into()));
}

#[test]
fn a_contradiction_says_which_line_systemd_carries_out() {
    let folder = lay_out(&[("tmpfiles.d/b.conf", "d /a 0700\n"), ("tmpfiles.d/a.conf", "d /a 0755\n")]);
    assert_eq!(found_in(folder.path(), "tmpfiles.d"), ["tmpfiles.d/b.conf:1:6 conflict path:/a"]);
    let mut workspace = featgraph::compile::Workspace::new();
    workspace.open("tmpfiles.d");
    featgraph::load::load(&mut workspace, folder.path(), &featgraph::load::Overlay::default());
    let report = workspace.check(&featgraph::compile::Levels::default());
    assert_eq!(
        report.diagnostics[0].notes,
        ["systemd-tmpfiles carries out line 1 of `tmpfiles.d/a.conf` and passes over the other"]
    );
}

#[test]
fn what_is_no_snippet_is_told_with_the_ways_to_name_one() {
    let wrong = [
        ("\"x.conf\"", "invalid-value"),
        ("{ path = \"x.conf\" }", "missing-key"),
        ("{ type = \"tmpfiles\" }", "missing-key"),
        ("{ path = \"x.conf\", type = \"tmpfile\" }", "invalid-value"),
        ("{ path = \"x.conf\", type = \"tmpfiles\", mode = 1 }", "unknown-key"),
        ("{ path = \"x.features.toml\", type = \"tmpfiles\" }", "invalid-value"),
        ("{ path = \"/x.conf\", type = \"tmpfiles\" }", "invalid-value"),
        ("{ path = 1, type = \"tmpfiles\" }", "wrong-type"),
        ("\"gone/tmpfiles.d\"", "missing-file"),
        ("\"gone/tmpfiles.d/x.conf\"", "missing-file"),
        ("{ path = \"gone.conf\", type = \"sysusers\" }", "missing-file"),
    ];
    for (include, code) in wrong {
        let image = format!("[image]\ninclude = [{include}]\n[[require]]\nusers = [\"nobody\"]\n");
        let found = found(&[("x.image.toml", &image), ("x.conf", "d /run/x\n")]);
        assert_eq!(found.len(), if code == "unknown-key" { 2 } else { 1 }, "{include}: {found:?}");
        assert!(found[0].contains(code), "{include}: {found:?}");
    }
}

#[test]
fn a_file_of_two_types_is_told() {
    let image = image("{ path = \"x.conf\", type = \"tmpfiles\" }, \"a.features.toml\"");
    let set = "include = [{ path = \"x.conf\", type = \"sysusers\" }]\n";
    let files = [("x.image.toml", image.as_str()), ("a.features.toml", set), ("x.conf", "d /run/x\n")];
    assert_eq!(
        messages(&files),
        ["`x.conf` has two types: another include reads it as the other of `tmpfiles` and `sysusers`"]
    );
}

#[test]
fn a_manifest_that_includes_a_snippet_may_replace_what_it_declares() {
    let image =
        format!("{}[[ensure_dir]]\npath = \"/run/x\"\nmode = \"0711\"\nreplace = true\n", image("\"tmpfiles.d\""));
    let files = [("x.image.toml", image.as_str()), ("tmpfiles.d/x.conf", "d /run/x 0700\n")];
    assert_eq!(found(&files), Vec::<String>::new());
}

const BASE: &str = r#"{ "format_version": "1.0", "name": "base", "paths": [
    { "path": "/etc", "type": "directory" },
    { "path": "/etc/passwd", "type": "file" }, { "path": "/etc/group", "type": "file" },
    { "path": "/etc/motd", "type": "file", "mode": "0600", "user": "root", "group": "root", "size": 3 },
    { "path": "/etc/link", "type": "file", "mode": "0644", "user": "root", "group": "root", "size": 3 },
    { "path": "/tmp", "type": "directory", "mode": "0755", "user": "root", "group": "root" } ],
  "users": [ { "name": "web", "uid": 33, "group": "web", "home": "/var/www", "shell": "/bin/false" } ],
  "groups": [ { "name": "web", "gid": 33, "members": [] } ] }"#;

#[test]
fn lines_leave_alone_what_is_there_as_systemd_does() {
    let image = "[image]\nparent = \"base.facts.json\"\ninclude = [\"tmpfiles.d\", \"sysusers.d\"]\n";
    let lines = "f /etc/motd - - - - hello\nL /etc/link - - - - motd\nd /tmp 1777\n";
    let files = [
        ("x.image.toml", image),
        ("base.facts.json", BASE),
        ("tmpfiles.d/x.conf", lines),
        ("sysusers.d/x.conf", "u web 80 \"Web\"\ng web 80\n"),
    ];
    assert_eq!(found(&files), Vec::<String>::new());
    // Only a directory gets its mode, in place.
    assert_eq!(steps(&files), ["ensure_dir:/tmp"]);
}

#[test]
fn lines_that_replace_take_away_what_is_there_and_others_say_so() {
    let image = "[image]\nparent = \"base.facts.json\"\ninclude = [\"tmpfiles.d\"]\n";
    let lines = "f+ /etc/motd - - - - hello\nL+ /etc/link - - - - motd\n";
    let files = [("x.image.toml", image), ("base.facts.json", BASE), ("tmpfiles.d/x.conf", lines)];
    assert_eq!(found(&files), Vec::<String>::new());
    assert_eq!(steps(&files), ["install:/etc/motd", "symlink:/etc/link"]);
    let lines = "f /etc/motd 0644\nd /etc/link\n";
    let files = [("x.image.toml", image), ("base.facts.json", BASE), ("tmpfiles.d/x.conf", lines)];
    assert_eq!(
        found(&files),
        ["tmpfiles.d/x.conf:1:13 overwrite path:/etc/motd", "tmpfiles.d/x.conf:2:3 overwrite path:/etc/link"]
    );
}

#[test]
fn users_that_an_installed_passwd_lists_are_left_alone() {
    let image = "[image]\ninclude = [\"sysusers.d\"]\n[[install]]\nparents = true\ndst = \"/etc/passwd\"\n\
                 text = \"web:x:33:33:Web:/var/www:/bin/false\\n\"\n[[install]]\nparents = true\ndst = \"/etc/group\"\ntext = \"web:x:33:\\n\"\n";
    let files = [("x.image.toml", image), ("sysusers.d/x.conf", "g web 80\nu web 80 \"Other\"\n")];
    assert_eq!(found(&files), Vec::<String>::new());
    assert_eq!(steps(&files), Vec::<String>::new());
}
