//! `check --fix` as it is met on the command line: files written or not, diffs, standard input, exit statuses.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::place::{Place, Run};

const UNUSED: &str = "[[install]]\ntext = \"x\"\ndst = \"/etc/motd\"\nparents = true\nreplace = true  # no\n";
const USED: &str = "[[install]]\ntext = \"x\"\ndst = \"/etc/motd\"\nparents = true\n";
const WRITABLE: &str = "[[ensure_dir]]\npath = \"/srv\"\nmode = \"0777\"\n";
const BROKEN: &str = "[[ensure_dir]]\npath = \"/srv\"\nmod = \"0755\"\nowner = 5\nuser = \"root\"\n";

/// Runs `featgraph check`.
fn check(place: &Place, arguments: &[&str], input: &str) -> Run {
    place.run_with(&[&["check"], arguments].concat(), input.as_bytes(), &[])
}

#[test]
fn fix_writes_the_files_and_reports_what_is_left() {
    let place = Place::new(&[("a/one.image.toml", UNUSED), ("two.image.toml", WRITABLE)]);
    let run = check(&place, &["--fix"], "");
    assert_eq!(run.status, 0, "{}", run.err);
    assert_eq!((place.read("a/one.image.toml").as_str(), place.read("two.image.toml").as_str()), (USED, WRITABLE));
    assert!(
        run.out.contains("two.image.toml:3:8: warning[world-writable]") && !run.out.contains("unused"),
        "{}",
        run.out
    );
    assert_eq!(
        run.err,
        "1 finding was fixed in 1 file; 1 finding remains, of which 1 has a fix to choose from: `--unsafe-fixes` makes the first of each\n"
    );
}

#[test]
fn unsafe_fixes_are_made_when_they_are_asked_for() {
    let place = Place::new(&[("two.image.toml", WRITABLE)]);
    let run = check(&place, &["--fix", "--unsafe-fixes", "--deny", "warnings"], "");
    assert_eq!((run.status, run.out.as_str(), run.err.as_str()), (0, "", "1 finding was fixed in 1 file\n"));
    assert_eq!(place.read("two.image.toml"), WRITABLE.replace("0777", "0775"));
}

#[test]
fn diff_shows_what_would_change_and_writes_nothing() {
    let place = Place::new(&[("a/one.image.toml", UNUSED)]);
    let run = check(&place, &["--fix", "--diff"], "");
    assert_eq!(run.status, 1);
    assert_eq!(
        run.out,
        "--- a/a/one.image.toml\n+++ b/a/one.image.toml\n@@ -2,4 +2,3 @@\n text = \"x\"\n dst = \"/etc/motd\"\n parents = true\n-replace = true  # no\n"
    );
    assert_eq!(run.err, "1 finding would be fixed in 1 file\n");
    assert_eq!(place.read("a/one.image.toml"), UNUSED);
    fs::write(place.path("a/one.image.toml"), USED).unwrap();
    let run = check(&place, &["--fix", "--diff"], "");
    assert_eq!((run.status, run.out.as_str(), run.err.as_str()), (0, "", ""));
}

#[test]
fn errors_that_stay_are_found_also_where_nothing_would_change() {
    let place = Place::new(&[("x.image.toml", "[[symlink]]\nlink = \"/x\"\n")]);
    let run = check(&place, &["--fix", "--diff"], "");
    assert_eq!((run.status, run.out.as_str(), run.err.as_str()), (1, "", "nothing was fixed; 1 finding remains\n"));
    let run = check(&place, &["--fix"], "");
    assert_eq!(run.status, 1);
    assert!(run.out.contains("missing-key"));
}

#[test]
fn a_key_that_would_be_there_twice_is_not_renamed() {
    let place = Place::new(&[("x.image.toml", BROKEN)]);
    let run = check(&place, &["--fix"], "");
    assert_eq!(run.status, 1);
    assert_eq!(place.read("x.image.toml"), BROKEN.replace("mod ", "mode "));
}

#[test]
fn standard_input_is_printed_fixed_and_no_file_is_touched() {
    let place = Place::new(&[("the.features.toml", UNUSED), ("x.image.toml", "")]);
    let text = "[image]\ninclude = [\"the.features.toml\"]\n\n[[ensure_dir]]\npath = \"/srv\"\nmode = 750\n";
    let run = check(&place, &["--fix", "-", "--stdin-filename", "x.image.toml"], text);
    assert_eq!(run.status, 0);
    assert_eq!(run.out, text.replace("750", "\"0750\""));
    assert!(run.err.contains("1 finding was fixed in 1 file; 1 finding remains\n"), "{}", run.err);
    assert!(run.err.contains("warning[unused-replace]"), "{}", run.err);
    assert_eq!((place.read("the.features.toml").as_str(), place.read("x.image.toml").as_str()), (UNUSED, ""));
}

#[test]
fn standard_input_without_a_finding_is_printed_as_it_is() {
    let run = check(&Place::new(&[]), &["--fix", "-"], USED);
    assert_eq!((run.status, run.out.as_str(), run.err.as_str()), (0, USED, ""));
}

#[test]
fn permissions_links_and_line_ends_stay() {
    let text = UNUSED.replace('\n', "\r\n");
    let place = Place::new(&[("real/one.image.toml", &text)]);
    let path = place.path("real/one.image.toml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("real/one.image.toml", place.path("link.image.toml")).unwrap();
    let run = check(&place, &["--fix", "link.image.toml"], "");
    assert_eq!(run.status, 0, "{}", run.err);
    assert_eq!(place.read("real/one.image.toml"), USED.replace('\n', "\r\n"));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o640);
    assert!(place.path("link.image.toml").is_symlink());
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "a temporary file was left");
}

#[test]
fn a_file_that_is_read_only_is_left_alone() {
    let place = Place::new(&[("one.image.toml", UNUSED)]);
    let path = place.path("one.image.toml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    let run = check(&place, &["--fix"], "");
    assert_eq!(run.status, 2);
    assert!(run.err.contains("`one.image.toml` cannot be written: it is read-only"), "{}", run.err);
    assert_eq!(place.read("one.image.toml"), UNUSED);
}

#[test]
fn a_file_that_is_no_utf_8_is_left_alone() {
    let place = Place::new(&[]);
    let bytes = [UNUSED.as_bytes(), b"# \xff\n"].concat();
    fs::write(place.path("one.image.toml"), &bytes).unwrap();
    assert_eq!(check(&place, &["--fix"], "").status, 1);
    assert_eq!(fs::read(place.path("one.image.toml")).unwrap(), bytes);
}

#[test]
fn what_is_fixed_in_a_set_is_fixed_for_every_image_that_includes_it() {
    let image = "[image]\ninclude = [\"the.features.toml\"]\n";
    let place = Place::new(&[("the.features.toml", UNUSED), ("a.image.toml", image), ("b.image.toml", image)]);
    let run = check(&place, &["--fix", "a.image.toml", "b.image.toml"], "");
    assert_eq!((run.status, run.err.as_str()), (0, "1 finding was fixed in 1 file\n"));
    assert_eq!(place.read("the.features.toml"), USED);
}

#[test]
fn a_set_that_no_image_includes_is_fixed_too() {
    let place = Place::new(&[("the.features.toml", "[[group]]\nnam = \"a\"\n")]);
    assert_eq!(check(&place, &["--fix"], "").status, 0);
    assert_eq!(place.read("the.features.toml"), "[[group]]\nname = \"a\"\n");
}

#[test]
fn machine_formats_carry_fixes() {
    let place = Place::new(&[("one.image.toml", UNUSED)]);
    let run = check(&place, &["--format", "json"], "");
    let found: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let fix = &found["diagnostics"][0]["fixes"][0];
    let edit = serde_json::json!({
        "file": "one.image.toml", "start": { "line": 5, "column": 1 }, "end": { "line": 6, "column": 1 }, "text": "",
    });
    assert_eq!(*fix, serde_json::json!({ "title": "delete this `replace`", "safe": true, "edits": [edit] }));
}

#[test]
fn diff_and_unsafe_fixes_belong_to_fix() {
    let place = Place::new(&[("one.image.toml", UNUSED)]);
    for argument in ["--diff", "--unsafe-fixes"] {
        let run = check(&place, &[argument], "");
        assert_eq!(run.status, 2);
        assert!(run.err.contains("--fix"), "{}", run.err);
    }
}
