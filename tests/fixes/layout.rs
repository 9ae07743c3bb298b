//! Where edits come to stand: comments, blank lines, line ends, lists over several lines, braces, JSON.

use crate::{check, check_choice};

#[test]
fn a_comment_about_several_lines_stays() {
    check(
        r#"
[[assume]]
reason = "outside"
users = [
  # not of this image
  "a",
  "b",

  # nor is this one
  "c",
]

[[ensure_dir]]
path = "/srv/x"
user = "b"
"#,
        r#"
[[assume]]
reason = "outside"
users = [
  # not of this image
  "b",

]

[[ensure_dir]]
path = "/srv/x"
user = "b"
"#,
    );
}

#[test]
fn the_comment_at_the_top_of_a_file_stays() {
    check(
        "# Ours.\n[[assume]]\nreason = \"old\"\nusers = [\"a\"]\n\n[[group]]\nname = \"b\"\n",
        "# Ours.\n\n[[group]]\nname = \"b\"\n",
    );
}

#[test]
fn line_ends_of_windows_stay_and_are_written() {
    check(
        "[[user]]\r\nname = \"a\"\r\n\r\n[[ensure_dir]]\r\npath = \"/srv/x\"\r\nuser = \"bee\"\r\nreplace = true\r\n",
        "[[user]]\r\nname = \"a\"\r\n\r\n[[user]]\r\nname = \"bee\"\r\n\r\n[[ensure_dir]]\r\npath = \"/srv/x\"\r\nuser = \"bee\"\r\n",
    );
}

#[test]
fn a_last_line_without_a_line_break_is_left_so() {
    check("[[group]]\nname = \"a\"\n\n[[group]]\nname = \"a\"", "[[group]]\nname = \"a\"\n");
    check(
        "[[install]]\ndst = \"/opt/a/b\"\ntext = \"\"",
        "[[install]]\ndst = \"/opt/a/b\"\ntext = \"\"\nparents = true",
    );
}

#[test]
fn a_new_key_stands_behind_the_keys_and_before_tables_below() {
    check(
        r#"
  [[install]]
    dst = "/opt/a/b"
    text = """
several
lines""" # so
    [install.xattrs]
    "user.x" = "y"
"#,
        r#"
  [[install]]
    dst = "/opt/a/b"
    text = """
several
lines""" # so
    parents = true
    [install.xattrs]
    "user.x" = "y"
"#,
    );
}

#[test]
fn features_in_braces_stay_in_braces() {
    check(
        r#"
ensure_dir = [ { path = "/srv/x", user = "bee" }, { path = "/srv/y", replace = true } ]
group = [{ name = "a" }, { name = "a" }]
user = [
  { name = "other" },
]
"#,
        r#"
ensure_dir = [ { path = "/srv/x", user = "bee" }, { path = "/srv/y" } ]
group = [{ name = "a" }]
user = [
  { name = "other" },
  { name = "bee" },
]
"#,
    );
}

#[test]
fn json_gets_the_same_fixes() {
    check(
        r#"{
  "install": [
    { "dst": "/opt/a/b", "text": "x", "mod": "0644" },
    {
      "dst": "/etc/motd",
      "text": "x",
      "allow": ["setuid"]
    }
  ],
  "ensure_dir": [
    { "path": "srv/web", "user": "web", "replace": true }
  ],
  "group": [
    { "name": "staff" },
    { "name": "staff" }
  ]
}
"#,
        r#"{
  "install": [
    { "dst": "/opt/a/b", "text": "x", "mode": "0644", "parents": true },
    {
      "dst": "/etc/motd",
      "text": "x"
    }
  ],
  "ensure_dir": [
    { "path": "/srv/web", "user": "web" }
  ],
  "group": [
    { "name": "staff" }
  ],
  "user": [{ "name": "web" }]
}
"#,
    );
}

#[test]
fn json_on_one_line_stays_on_one_line() {
    check(
        r#"{"group":[{"name":"a","name":"a"},{"name":"b","allow":["setuid","world-writable"]}]}"#,
        r#"{"group":[{"name":"a"},{"name":"b"}]}"#,
    );
    check_choice(r#"{"remove":[{"path":"/etc/motd"}]}"#, r#"{"remove":[{"path":"/etc/motd", "must_exist": false}]}"#);
}

#[test]
fn tables_that_stand_between_the_parts_of_a_feature_are_not_touched() {
    crate::check_not_safe(
        r#"
[[install]]
dst = "/etc/motd"
text = "x"

[[install]]
dst = "/etc/motd"
text = "x"

[[group]]
name = "a"

[install.xattrs]
"#,
    );
}
