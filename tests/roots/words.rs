//! What is said where a manifest and its parent do not fit: what the parent has there, whose it is, what was probably meant.

use serde_json::{Value, json};

use super::ground::Place;

/// A small Debian, written down.
const BASE: &str = r#"{ "format_version": "1.0", "name": "debian-12",
  "paths": [
    { "path": "/bin", "type": "symlink", "target": "usr/bin", "user": "root", "group": "root" },
    { "path": "/etc", "type": "directory", "mode": "0755", "user": "root", "group": "root" },
    { "path": "/etc/group", "type": "file", "mode": "0644", "user": "root", "group": "root" },
    { "path": "/etc/hosts", "type": "file", "mode": "0640", "user": "root", "group": "adm", "size": 12, "package": "netbase" },
    { "path": "/etc/nginx", "type": "directory", "mode": "0755", "user": "root", "group": "root", "package": "nginx-common" },
    { "path": "/etc/nginx/conf.d", "type": "directory", "mode": "0755", "user": "root", "group": "root" },
    { "path": "/etc/passwd", "type": "file", "mode": "0644", "user": "root", "group": "root" },
    { "path": "/srv", "type": "directory", "mode": "0755", "user": 1001, "group": 1002 },
    { "path": "/usr", "type": "directory", "mode": "0755", "user": "root", "group": "root" },
    { "path": "/usr/bin", "type": "directory", "mode": "0755", "user": "root", "group": "root" },
    { "path": "/usr/bin/bash", "type": "file", "mode": "0755", "user": "root", "group": "root", "size": 9, "package": "bash" },
    { "path": "/usr/lib", "type": "directory", "mode": "0755", "user": "root", "group": "root" },
    { "path": "/usr/lib/os-release", "type": "file", "mode": "0644", "user": "root", "group": "root" },
    { "path": "/etc/os-release", "type": "symlink", "target": "../usr/lib/os-release", "package": "base-files" } ],
  "users": [
    { "name": "root", "uid": 0, "group": "root" }, { "name": "www-data", "uid": 33, "group": "www-data" },
    { "name": "taken", "uid": 1000, "group": 1000 }, { "name": "messagebus", "uid": 999, "group": "messagebus" } ],
  "groups": [
    { "name": "root", "gid": 0 }, { "name": "adm", "gid": 4 }, { "name": "docker", "gid": 998 },
    { "name": "www-data", "gid": 33 }, { "name": "messagebus", "gid": 999 } ],
  "packages": [
    { "name": "bash", "version": "5.2.15-2", "manager": "apt" }, { "name": "netbase", "version": "6.4", "manager": "apt" },
    { "name": "nginx-common", "version": "1.22", "manager": "apt" } ] }"#;

fn place(features: &str) -> Place {
    let place = Place::new();
    place.write("debian.facts.json", BASE);
    place.write("web.image.toml", format!("[image]\nparent = \"debian.facts.json\"\n{features}"));
    place
}

/// Everything that is said of some features on that base: message, notes and help of each finding.
fn said(features: &str) -> String {
    let run = place(features).run(&["check", "--format", "json"]);
    let report: Value = serde_json::from_str(&run.out).unwrap();
    let findings = report["diagnostics"].as_array().unwrap().iter().map(|finding| {
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let notes = finding["notes"].as_array().into_iter().flatten().map(|note| format!("\n  note: {}", text(note)));
        let notes: String = notes.collect();
        format!("{}: {}{notes}\n  help: {}", text(&finding["code"]), text(&finding["message"]), text(&finding["help"]))
    });
    findings.collect::<Vec<_>>().join("\n")
}

#[test]
fn an_overwrite_says_what_is_there_whose_it_is_and_what_would_be_there() {
    insta::assert_snapshot!(
        said(
            r#"
[[install]]
dst = "/etc/hosts"
text = "127.0.0.1 localhost\n"
mode = "0644"

[[symlink]]
link = "/etc/os-release"
target = "hosts"

[[ensure_dir]]
path = "/etc/nginx"
user = "www-data"
"#
        ),
        @r#"
    overwrite: `/etc/hosts` of package `netbase` (6.4) is already there in parent `debian-12`: its mode is 0640 there and would become 0644
      note: there now: a file, mode 0640, user `root`, group `adm`, 12 bytes
      note: in its place: a file, mode 0644, user `root`, group `root`
      help: set `replace = true` to take its place, remove it with a `remove` in an earlier phase, or leave it as it is
    overwrite: `/etc/os-release` of package `base-files` is already there in parent `debian-12`: it leads to `../usr/lib/os-release` there and would lead to `hosts`
      note: there now: a symbolic link to `../usr/lib/os-release`
      note: in its place: a symbolic link to `hosts`, user `root`, group `root`
      help: set `replace = true` to take its place, remove it with a `remove` in an earlier phase, or leave it as it is
    overwrite: `/etc/nginx` of package `nginx-common` (1.22) is already there in parent `debian-12`: its user is `root` there and would become `www-data`
      note: there now: a directory, mode 0755, user `root`, group `root`
      note: in its place: a directory, mode 0755, user `www-data`, group `root`
      help: set `replace = true` to take its place, remove it with a `remove` in an earlier phase, or leave it as it is
    "#
    );
}

#[test]
fn what_is_missing_and_nearly_a_name_of_the_parent_is_proposed() {
    insta::assert_snapshot!(
        said(
            r#"
[[install]]
dst = "/ect/motd"
text = "hello\n"
user = "ww-data"

[[install]]
dst = "/ect/ngnix/conf.d/web.conf"
text = ""

[[require]]
files = ["/etc/host"]
executables = ["/bin/bsah"]
packages = ["netbsae"]

[[user]]
name = "web"
shell = "/bni/bash"
"#
        ),
        @r#"
    missing: nothing provides `/ect`, in which `/ect/motd` is to stand
      help: did you mean `/etc`, which parent `debian-12` has? If not, add `[[ensure_dir]]` with `path = "/ect"`, or set `parents = true`
    missing: nothing provides user `ww-data`, to whom `/ect/motd` is to belong
      help: did you mean user `www-data`, which parent `debian-12` has? If not, declare it with `[[user]]` and `name = "ww-data"`, or write an `assume` if it comes from outside
    missing: nothing provides `/ect/ngnix/conf.d`, in which `/ect/ngnix/conf.d/web.conf` is to stand
      help: did you mean `/etc/ngnix/conf.d`, which parent `debian-12` has? If not, add `[[ensure_dir]]` with `path = "/ect/ngnix/conf.d"`, or set `parents = true`
    missing: nothing provides `/etc/host`, which a `require` asserts
      help: did you mean `/etc/hosts`, which parent `debian-12` has? If not, provide it, or write an `assume` if it comes from outside
    missing: nothing provides `/usr/bin/bsah`, which a `require` asserts
      note: `/bin` is a link to `usr/bin` in parent `debian-12`
      help: did you mean `/usr/bin/bash`, which parent `debian-12` has? If not, provide it, or write an `assume` if it comes from outside
    missing: nothing provides package `netbsae`, which a `require` asserts
      help: did you mean package `netbase`, which parent `debian-12` has? If not, install it with `[[package]]` and `names = ["netbsae"]`
    missing: nothing provides `/bni/bash`, the shell of user `web`
      help: did you mean `/bin/bash`, which parent `debian-12` has? If not, provide it, or write an `assume` if it comes from outside
    "#
    );
}

#[test]
fn what_is_there_as_something_else_is_told() {
    insta::assert_snapshot!(said("[[ensure_dir]]\npath = \"/opt\"\nuser = \"docker\"\n"), @r#"
    missing: nothing provides user `docker`, to whom `/opt` is to belong
      note: parent `debian-12` has group `docker`, and no user of that name
      help: declare it with `[[user]]` and `name = "docker"`, or write an `assume` if it comes from outside
    "#);
    insta::assert_snapshot!(
        said("[[ensure_dir]]\npath = \"/etc/hosts/web\"\n[[require]]\ndirectories = [\"/usr/bin/bash\"]\n"),
        @r#"
    mismatch: `/etc/hosts`, in which `/etc/hosts/web` is to stand, must be a directory, but it is a file
      note: it comes from package `netbase` of parent `debian-12`
      help: make `/etc/hosts` a directory, or put this elsewhere
    mismatch: `/usr/bin/bash`, which a `require` asserts, must be a directory, but it is a file
      note: it comes from package `bash` of parent `debian-12`
      help: name something that fits, or change what is there
    "#
    );
}

#[test]
fn what_the_image_took_away_is_not_proposed() {
    let said = said("[[remove]]\npath = \"/etc/hosts\"\n[[require]]\nfiles = [\"/etc/hots\"]\n");
    assert!(said.starts_with("missing:") && !said.contains("did you mean"), "{said}");
}

#[test]
fn a_slip_in_a_directory_that_the_parent_has_is_mended_and_not_made() {
    let features = "[[install]]\ndst = \"/ect/motd\"\ntext = \"hello\\n\"\n[[install]]\ndst = \"/etc/ngnix/web.conf\"\ntext = \"\"\n";
    let place = place(features);
    let run = place.run(&["check", "--fix"]);
    assert_eq!(run.status, 0, "{run:?}");
    let after = std::fs::read_to_string(place.path("web.image.toml")).unwrap();
    assert_eq!(after.matches("ensure_dir").count(), 0, "{after}");
    assert!(after.contains("\"/etc/motd\"") && after.contains("\"/etc/nginx/web.conf\""), "{after}");
}

#[test]
fn a_number_that_the_parent_gave_away_is_not_given_again() {
    insta::assert_snapshot!(
        said("[[user]]\nname = \"web\"\nuid = 33\n[[group]]\nname = \"staff\"\ngid = 998\n"),
        @r#"
    id-conflict: uid 33 is given to user `web` and to user `www-data` of parent `debian-12`
      help: give one of them another uid, or leave it out to have one allocated
    id-conflict: gid 998 is given to group `staff` and to group `docker` of parent `debian-12`
      help: give one of them another gid, or leave it out to have one allocated
    "#
    );
}

fn plan(features: &str) -> Value {
    let run = place(features).run(&["plan", "web.image.toml"]);
    assert_eq!(run.status, 0, "{run:?}");
    serde_json::from_str(&run.out).unwrap()
}

#[test]
fn allocated_numbers_avoid_those_of_the_parents_accounts_and_files() {
    let plan = plan(
        "[[user]]\nname = \"web\"\n[[group]]\nname = \"more\"\n[[user]]\nname = \"daemon\"\nsystem = true\n[[group]]\nname = \"tools\"\nsystem = true\n",
    );
    let steps = plan["steps"].as_array().unwrap().iter();
    let numbers = steps.map(|step| format!("{} {} {}", step["id"], step["op"]["uid"], step["op"]["gid"]));
    // Of the parent: uid 1000 and 999 are accounts, gid 998 and 999 groups, 1000 is a primary group, and 1001 and 1002 own one of its directories.
    insta::assert_snapshot!(numbers.collect::<Vec<_>>().join("\n"), @r#"
    "group:daemon" null 997
    "group:more" null 1001
    "group:tools" null 996
    "group:web" null 1003
    "user:daemon" 998 997
    "user:web" 1002 1003
    "#);
}

#[test]
fn a_plan_carries_what_it_takes_on_trust_from_facts() {
    let plan = plan(
        "[[user]]\nname = \"web\"\ngroups = [\"docker\"]\nshell = \"/bin/bash\"\n[[install]]\ndst = \"/etc/nginx/web.conf\"\ntext = \"\"\nuser = \"www-data\"\n[[require]]\npackages = [\"netbase\"]\n",
    );
    let expects: Vec<String> = plan["expects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| format!("{} {} {} {}", row["stage"], row["entity"], row["validator"], row["for"]))
        .collect();
    insta::assert_snapshot!(expects.join("\n"), @r#"
    0 "group:docker" {} ["user:web"]
    0 "package:netbase" {} []
    0 "path:/bin" {} ["user:web"]
    0 "path:/etc/group" {"type":"file"} ["group:web","user:web"]
    0 "path:/etc/nginx" {"type":"directory"} ["install:/etc/nginx/web.conf"]
    0 "path:/etc/passwd" {"type":"file"} ["user:web"]
    0 "path:/usr/bin/bash" {"executable":true,"type":"file"} ["user:web"]
    0 "user:www-data" {} ["install:/etc/nginx/web.conf"]
    "#);
    // A parent that is compiled is proven, and nothing of it is on trust.
    let place = Place::new();
    place.write("base.image.toml", "[[ensure_dir]]\npath = \"/etc\"\n");
    place
        .write("web.image.toml", "[image]\nparent = \"base.image.toml\"\n[[install]]\ndst = \"/etc/x\"\ntext = \"\"\n");
    let run = place.run(&["plan", "web.image.toml"]);
    let plan: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(plan["expects"], json!([]));
}
