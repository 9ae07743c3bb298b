//! The command as its users meet it: exit statuses, streams, discovery, levels, messages, outputs that are whole or not at all.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make files and run the command")]

use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

#[path = "command/place.rs"]
mod place;

use place::{Place, Run};

const GOOD: &str = "[[install]]\ntext = \"x\"\ndst = \"/etc/motd\"\nparents = true\n";
const MISSING_USER: &str = "[[ensure_dir]]\npath = \"/srv\"\nuser = \"web\"\n";
const WRITABLE: &str = "[[ensure_dir]]\npath = \"/srv\"\nmode = \"0777\"\n";
const ACCOUNTS: &str = "[[install]]\ntext = \"root:x:0:0::/:/\\n\"\ndst = \"/etc/passwd\"\nparents = true\n\
    [[install]]\ntext = \"root:x:0:\\n\"\ndst = \"/etc/group\"\nparents = true\n[[user]]\nname = \"web\"\n";

/// The status, and words that each of the two streams must have.
#[track_caller]
fn expect(run: &Run, status: i32, out: &[&str], err: &[&str]) {
    assert_eq!(run.status, status, "{run:#?}");
    for words in out {
        assert!(run.out.contains(words), "standard output lacks {words:?}: {run:#?}");
    }
    for words in err {
        assert!(run.err.contains(words), "standard error lacks {words:?}: {run:#?}");
    }
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots/cli");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

// ---- exit statuses and streams -----------------------------------------------------------------------------------

#[test]
fn nothing_found_is_0_and_errors_found_are_1() {
    let place = Place::new(&[("good.image.toml", GOOD)]);
    let run = place.run(&["check"]);
    expect(&run, 0, &[], &[]);
    assert_eq!((run.out.as_str(), run.err.as_str()), ("", ""));
    place.write("bad.image.toml", MISSING_USER);
    let run = place.run(&["check"]);
    expect(&run, 1, &["bad.image.toml:3:8: error[missing]: "], &[]);
    assert_eq!(run.err, "");
}

#[test]
fn warnings_and_infos_alone_are_0_unless_denied() {
    let place = Place::new(&[("a.image.toml", WRITABLE)]);
    expect(&place.run(&["check"]), 0, &["warning[world-writable]"], &[]);
    expect(&place.run(&["check", "--deny", "warnings"]), 1, &["error[world-writable]"], &[]);
    expect(&place.run(&["check", "--deny", "world-writable"]), 1, &["error[world-writable]"], &[]);
    let run = place.run(&["check", "--allow", "world-writable", "--deny", "warnings"]);
    assert_eq!((run.status, run.out.as_str()), (0, ""));
}

#[test]
fn wrong_use_is_2_and_says_what_was_probably_meant() {
    let place = Place::new(&[("a.image.toml", GOOD)]);
    expect(&place.run(&["chekc"]), 2, &[], &["check"]);
    expect(&place.run(&["check", "--formt", "json"]), 2, &[], &["--format"]);
    expect(&place.run(&["check", "--deny", "unprovn"]), 2, &[], &["did you mean `unproven`?"]);
    expect(&place.run(&["check", "--allow", "missing"]), 2, &[], &["is an error and stays one"]);
    expect(&place.run(&["check", "--allow", "warnings"]), 2, &[], &["can only be denied"]);
    expect(&place.run(&["explain", "mising"]), 2, &[], &["did you mean `missing`?"]);
    expect(&place.run(&["man", "chekc"]), 2, &[], &["did you mean `check`?"]);
    expect(&place.run(&["check", "--stdin-filename", "a.image.toml"]), 2, &[], &["`-`"]);
}

#[test]
fn what_is_named_and_cannot_be_read_is_2_and_the_rest_is_still_checked() {
    let place = Place::new(&[("bad.image.toml", MISSING_USER), ("notes.txt", ""), ("base.facts.json", "{}")]);
    expect(&place.run(&["check", "gone.image.toml"]), 2, &[], &["`gone.image.toml` cannot be read: it does not exist"]);
    expect(&place.run(&["check", "notes.txt"]), 2, &[], &["is no manifest", "NAME.image.toml"]);
    expect(&place.run(&["check", "base.facts.json"]), 2, &[], &["facts file", "`parent`"]);
    let run = place.run(&["check", "gone.image.toml", "bad.image.toml"]);
    expect(&run, 2, &["error[missing]"], &["`gone.image.toml`"]);
}

#[test]
fn an_unreadable_file_is_2() {
    let place = Place::new(&[("a.image.toml", GOOD)]);
    fs::set_permissions(place.path("a.image.toml"), fs::Permissions::from_mode(0o000)).unwrap();
    // Root reads everything.
    if fs::read(place.path("a.image.toml")).is_err() {
        expect(&place.run(&["check"]), 2, &[], &["`a.image.toml` cannot be read: permission denied"]);
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let text: String = (0..20_000).map(|n| format!("[[ensure_dir]]\npath = \"/d{n}\"\nuser = \"u{n}\"\n")).collect();
    let place = Place::new(&[("a.image.toml", &text)]);
    let mut child = place
        .command("")
        .args(["check", "--format", "concise"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut [0; 100]).unwrap();
    drop(out);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_full_disk_is_2() {
    let place = Place::new(&[("bad.image.toml", MISSING_USER)]);
    let Ok(full) = fs::File::options().write(true).open("/dev/full") else { return };
    let output = place.command("").arg("check").stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("standard output cannot be written"));
}

// ---- help --------------------------------------------------------------------------------------------------------

#[test]
fn run_with_nothing_it_shows_the_commands_and_an_example() {
    let run = Place::new(&[]).run(&[]);
    assert_eq!((run.status, run.out.as_str()), (2, ""));
    snapshot("run-with-nothing", &run.err);
}

#[test]
fn every_command_has_a_help_text() {
    let place = Place::new(&[]);
    for command in ["check", "plan", "diff", "facts", "explain", "schema", "completions", "man"] {
        let run = place.run(&[command, "-h"]);
        assert_eq!(run.status, 0);
        snapshot(&format!("help-{command}"), &run.out);
    }
}

#[test]
fn an_empty_folder_gets_told_how_to_start() {
    let place = Place::new(&[]);
    let run = place.run(&["check"]);
    assert_eq!((run.status, run.out.as_str()), (2, ""));
    snapshot("check-in-an-empty-folder", &run.err);
    // What it says to write is right.
    let manifest: String = run
        .err
        .lines()
        .skip_while(|line| !line.contains("[[install]]"))
        .map(|line| format!("{}\n", line.trim()))
        .collect();
    place.write("hello.image.toml", &manifest);
    expect(&place.run(&["check"]), 0, &[], &[]);
}

#[test]
fn a_folder_where_a_file_belongs_is_2() {
    let place = Place::new(&[("images/web.image.toml", GOOD)]);
    expect(&place.run(&["plan", "images"]), 2, &[], &["is a folder", "`images/web.image.toml`"]);
    fs::create_dir(place.path("odd.image.toml")).unwrap();
    expect(&place.run(&["plan", "odd.image.toml"]), 2, &[], &["is a folder"]);
}

#[test]
fn explain_has_a_page_for_every_code_and_kind_that_it_lists() {
    let place = Place::new(&[]);
    let all = place.run(&["explain"]);
    expect(&all, 0, &["missing-source", "unproven", "ensure_dir"], &[]);
    for name in all.out.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next()) {
        expect(&place.run(&["explain", name]), 0, &[&format!("# {name}\n")], &[]);
    }
}

#[test]
fn schemas_completions_and_manual_pages_are_written() {
    let place = Place::new(&[]);
    for of in ["manifest", "facts", "diagnostics", "plan"] {
        let run = place.run(&["schema", of]);
        let shipped = fs::read_to_string(format!("{}/schema/{of}.schema.json", env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert_eq!((run.status, run.out), (0, shipped));
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        expect(&place.run(&["completions", shell]), 0, &["featgraph", "explain"], &[]);
    }
    expect(&place.run(&["man"]), 0, &[".TH featgraph 1", "featgraph\\-check(1)"], &[]);
    expect(&place.run(&["man", "plan"]), 0, &[".TH featgraph-plan 1", "\\-\\-locked"], &[]);
}

// ---- what is checked ---------------------------------------------------------------------------------------------

#[test]
fn what_gitignore_excludes_is_passed_over_even_outside_of_git() {
    let place = Place::new(&[
        (".gitignore", "build/\nold.*\n"),
        ("a.image.toml", GOOD),
        ("build/b.image.toml", MISSING_USER),
        ("old.image.toml", MISSING_USER),
        (".hidden/c.image.toml", MISSING_USER),
        ("sub/.gitignore", "d.image.toml\n"),
        ("sub/d.image.toml", MISSING_USER),
        ("sub/e.image.json", MISSING_USER),
    ]);
    let run = place.run(&["check"]);
    expect(&run, 1, &["sub/e.image.json:1:"], &[]);
    assert!(["build", "old", "hidden", "d.image"].iter().all(|name| !run.out.contains(name)), "{run:#?}");
    // What is named is meant.
    expect(&place.run(&["check", "old.image.toml"]), 1, &["old.image.toml:3:8"], &[]);
    expect(&place.run(&["check", "build"]), 1, &["build/b.image.toml:3:8"], &[]);
}

#[test]
fn names_are_relative_to_the_working_directory_however_a_path_is_written() {
    let place = Place::new(&[("a/bad.image.toml", MISSING_USER), ("b/.keep", "")]);
    let absolute = place.path("a/bad.image.toml");
    for path in ["a", "./a/", "a/bad.image.toml", "b/../a//bad.image.toml", absolute.to_str().unwrap()] {
        let run = place.run(&["check", path]);
        assert!(run.out.starts_with("a/bad.image.toml:3:8: "), "{path}: {run:#?}");
    }
    let output = place.command("b").args(["check", "../a"]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("../a/bad.image.toml:3:8: "));
}

#[test]
fn a_file_named_twice_is_checked_once() {
    let place = Place::new(&[("bad.image.toml", MISSING_USER)]);
    let run = place.run(&["check", ".", "bad.image.toml", "./bad.image.toml"]);
    assert_eq!((run.status, run.out.lines().count()), (1, 1), "{run:#?}");
}

#[test]
fn a_feature_set_that_no_image_includes_is_checked_alone() {
    let place = Place::new(&[("web.features.toml", "[[user]]\nnam = \"web\"\n")]);
    expect(&place.run(&["check"]), 1, &["unknown-key"], &[]);
}

#[test]
fn standard_input_is_checked_under_the_name_it_is_given() {
    let place = Place::new(&[("sub/x.features.toml", "[[user]]\nname = \"web\"\n")]);
    let run = place.run_with(&["check", "-"], MISSING_USER.as_bytes(), &[]);
    expect(&run, 1, &["stdin.image.toml:3:8: error[missing]"], &[]);
    let text = "[image]\ninclude = [\"x.features.toml\"]\n[[ensure_dir]]\npath = \"/srv\"\nuser = \"wbe\"\n";
    let args = ["check", "-", "--stdin-filename", "sub/new.image.toml"];
    expect(&place.run_with(&args, text.as_bytes(), &[]), 1, &["sub/new.image.toml:5:8: error[missing]"], &[]);
    let args = ["check", "-", "--stdin-filename", "notes.txt"];
    expect(&place.run_with(&args, b"", &[]), 2, &[], &["`notes.txt` is no manifest"]);
    // In Latin-1, not in UTF-8.
    let text = b"[image]\n\n[[user]]\nname = \"caf\xe9\"\n";
    let expected = ["stdin.image.toml:4:12: error[syntax]: the file is not UTF-8 text here"];
    expect(&place.run_with(&["check", "-"], text, &[]), 1, &expected, &[]);
}

#[test]
fn standard_input_takes_the_place_of_the_file_it_is_called_after() {
    let place = Place::new(&[("a.image.toml", MISSING_USER)]);
    let run = place.run_with(&["check", ".", "-", "--stdin-filename", "a.image.toml"], GOOD.as_bytes(), &[]);
    assert_eq!((run.status, run.out.as_str()), (0, ""), "{run:#?}");
}

#[test]
fn odd_names_are_shown_escaped() {
    let place = Place::new(&[("a\nb\u{1b}[31m.image.toml", MISSING_USER)]);
    for format in ["concise", "full"] {
        let run = place.run(&["check", "--format", format]);
        expect(&run, 1, &["a\\nb\\u{1b}[31m.image.toml"], &[]);
        assert!(!run.out.contains('\u{1b}'));
    }
    let run = place.run(&["check", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(json["diagnostics"][0]["location"]["file"], "a\nb\u{1b}[31m.image.toml");
    let run = place.run(&["check", "gone\u{1b}\n.image.toml"]);
    expect(&run, 2, &[], &["`gone\\u{1b}\\n.image.toml` cannot be read"]);
}

#[test]
fn a_name_that_is_no_unicode_is_2() {
    let place = Place::new(&[]);
    let name = std::ffi::OsStr::from_bytes(b"a\xff.image.toml");
    if fs::write(place.path(name), GOOD).is_ok() {
        expect(&place.run(&["check"]), 2, &[], &["its name is not UTF-8"]);
    }
}

#[test]
fn links_are_passed_over_unless_they_are_named() {
    let place = Place::new(&[("real/bad.image.toml", MISSING_USER)]);
    std::os::unix::fs::symlink("bad.image.toml", place.path("real/link.image.toml")).unwrap();
    std::os::unix::fs::symlink(".", place.path("real/loop")).unwrap();
    let run = place.run(&["check"]);
    assert_eq!(run.out.lines().count(), 1, "{run:#?}");
    expect(&place.run(&["check", "real/link.image.toml"]), 1, &["real/link.image.toml:3:8"], &[]);
}

// ---- formats and colour ------------------------------------------------------------------------------------------

#[test]
fn the_json_of_a_check_has_its_numbers() {
    let place = Place::new(&[("a.image.toml", GOOD), ("b.image.toml", MISSING_USER)]);
    let run = place.run(&["check", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(json["format_version"], "1.0");
    assert_eq!(json["summary"]["errors"], 1);
    assert_eq!(json["summary"]["images"], 2);
    assert_eq!(json["diagnostics"][0]["code"], "missing");
}

#[test]
fn colour_is_as_asked_for() {
    let place = Place::new(&[("bad.image.toml", MISSING_USER)]);
    let colored = |args: &[&str], environment: &[(&str, &str)]| {
        let run = place.run_with(args, b"", environment);
        run.out.contains('\u{1b}')
    };
    let full = ["check", "--format", "full"];
    assert!(!colored(&full, &[]), "a pipe is no terminal");
    assert!(colored(&["check", "--format", "full", "--color", "always"], &[("NO_COLOR", "1")]));
    assert!(!colored(&["check", "--format", "full", "--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    assert!(!colored(&full, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]));
}

#[test]
fn without_a_unicode_locale_lines_are_drawn_in_ascii() {
    let place = Place::new(&[("bad.image.toml", MISSING_USER)]);
    let run = place.run_with(&["check", "--format", "full"], b"", &[("LC_ALL", "C")]);
    assert!(run.out.is_ascii(), "{run:#?}");
    let run = place.run(&["check", "--format", "full"]);
    assert!(!run.out.is_ascii(), "{run:#?}");
}

// ---- levels ------------------------------------------------------------------------------------------------------

#[test]
fn the_configuration_is_found_in_the_working_directory_or_above_what_is_checked() {
    let place = Place::new(&[
        ("repo/featgraph.toml", "[lints]\ndeny = [\"world-writable\"]\n"),
        ("repo/images/a.image.toml", WRITABLE),
    ]);
    expect(&place.run(&["check"]), 0, &["warning[world-writable]"], &[]);
    expect(&place.run(&["check", "repo/images"]), 1, &["error[world-writable]"], &[]);
    expect(&place.run(&["check", "repo/images/a.image.toml"]), 1, &["error[world-writable]"], &[]);
    place.write("featgraph.toml", "[lints]\nallow = [\"world-writable\"]\n");
    let run = place.run(&["check", "repo/images"]);
    assert_eq!((run.status, run.out.as_str()), (0, ""));
}

#[test]
fn the_command_line_wins_over_the_configuration() {
    let place = Place::new(&[
        ("featgraph.toml", "[lints]\ndeny = [\"warnings\"]\nallow = [\"setuid\"]\n"),
        ("a.image.toml", WRITABLE),
    ]);
    expect(&place.run(&["check"]), 1, &["error[world-writable]"], &[]);
    expect(&place.run(&["check", "--warn", "world-writable"]), 0, &["warning[world-writable]"], &[]);
    let run = place.run(&["check", "--deny", "world-writable", "--allow", "world-writable"]);
    assert_eq!((run.status, run.out.as_str()), (0, ""), "the last one counts");
}

#[test]
fn everything_wrong_in_a_configuration_is_said_with_its_place() {
    let text = "[lint]\n\n[lints]\ndenny = []\nallow = [\"unprovn\", 3]\nwarn = \"setuid\"\ndeny = [\"missing\"]\n";
    let place = Place::new(&[("a.image.toml", GOOD), ("featgraph.toml", text)]);
    let run = place.run(&["check"]);
    assert_eq!((run.status, run.out.as_str()), (2, ""));
    snapshot("mistakes-in-configuration", &run.err);
    place.write("featgraph.toml", "[lints\n");
    expect(&place.run(&["check"]), 2, &[], &["featgraph.toml:1:"]);
    place.write("featgraph.toml", "[lints]\ndeny = [\"setuid\"]\nallow = [\"setuid\"]\n");
    expect(&place.run(&["check"]), 2, &[], &["featgraph.toml:3:10: `setuid` is given two levels"]);
}

#[test]
fn two_configurations_for_one_run_are_refused() {
    let place = Place::new(&[
        ("a/featgraph.toml", ""),
        ("a/a.image.toml", GOOD),
        ("b/featgraph.toml", ""),
        ("b/b.image.toml", GOOD),
    ]);
    expect(&place.run(&["check", "a", "b"]), 2, &[], &["`a` and `b` have different configurations"]);
    expect(&place.run(&["check", "a"]), 0, &[], &[]);
}

#[test]
fn a_source_that_is_built_later_can_be_allowed_in_a_check_and_not_in_a_plan() {
    let place = Place::new(&[("a.image.toml", "[[install]]\nsrc = \"later\"\ndst = \"/etc/x\"\nparents = true\n")]);
    expect(&place.run(&["check"]), 1, &["error[missing-source]"], &[]);
    expect(&place.run(&["check", "--allow", "missing-source"]), 0, &[], &[]);
    let run = place.run(&["plan", "a.image.toml", "--allow", "missing-source"]);
    expect(&run, 1, &[], &["error[missing-source]"]);
    assert_eq!(run.out, "");
}

#[test]
fn a_plan_needs_the_contents_of_every_source() {
    let text = "[[install]]\nsrc = \"site\"\ndst = \"/srv\"\nexclude = [\"secret\"]\n";
    let place = Place::new(&[("a.image.toml", text), ("site/page", "x"), ("site/secret", "x")]);
    let close = |name| fs::set_permissions(place.path(name), fs::Permissions::from_mode(0o000)).unwrap();
    close("site/secret");
    // Root reads everything.
    if fs::read(place.path("site/secret")).is_err() {
        expect(&place.run(&["plan", "a.image.toml"]), 0, &["/srv"], &[]);
        close("site/page");
        expect(&place.run(&["check"]), 0, &[], &[]);
        expect(&place.run(&["plan", "a.image.toml"]), 1, &[], &["error[missing-source]", "`page` cannot be read"]);
    }
}

// ---- plans -------------------------------------------------------------------------------------------------------

#[test]
fn a_plan_goes_to_standard_output_or_into_a_file() {
    let place = Place::new(&[("a.image.toml", GOOD)]);
    let run = place.run(&["plan", "a.image.toml"]);
    let plan: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(plan["image"], "a");
    assert!(plan["origins"].is_object());
    for args in [["plan", "a.image.toml", "-o", "plan.json"], ["plan", "a.image.toml", "-o", "-"]] {
        assert_eq!(place.run(&args).status, 0);
    }
    assert_eq!(place.read("plan.json"), run.out);
    let run = place.run(&["plan", "a.image.toml", "--no-origins", "--format", "jsonl"]);
    assert!(run.out.lines().count() > 1 && !run.out.contains("\"line\""), "{run:#?}");
    expect(&place.run(&["plan", "a.image.toml", "--format", "text"]), 0, &["/etc/motd"], &[]);
    let run =
        place.run_with(&["plan", "-", "--stdin-filename", "a.image.toml", "-o", "again.json"], GOOD.as_bytes(), &[]);
    expect(&run, 0, &[], &[]);
    assert_eq!(place.read("again.json"), place.read("plan.json"));
}

#[test]
fn with_an_error_no_plan_is_written_and_the_old_one_stays() {
    let place = Place::new(&[("a.image.toml", MISSING_USER), ("plan.json", "old")]);
    let run = place.run(&["plan", "a.image.toml", "-o", "plan.json"]);
    expect(&run, 1, &[], &["a.image.toml:3:8: error[missing]"]);
    assert_eq!((run.out.as_str(), place.read("plan.json").as_str()), ("", "old"));
    let run = place.run(&["plan", "a.image.toml"]);
    assert_eq!((run.status, run.out.as_str()), (1, ""));
}

#[test]
fn warnings_do_not_forbid_a_plan_unless_denied() {
    let place = Place::new(&[("a.image.toml", WRITABLE)]);
    expect(&place.run(&["plan", "a.image.toml"]), 0, &["\"/srv\""], &["warning[world-writable]"]);
    let run = place.run(&["plan", "a.image.toml", "--deny", "warnings"]);
    expect(&run, 1, &[], &["error[world-writable]"]);
    assert_eq!(run.out, "");
}

#[test]
fn a_target_that_cannot_be_written_is_2_and_stays_as_it_was() {
    let place = Place::new(&[("a.image.toml", GOOD), ("locked/plan.json", "old")]);
    expect(
        &place.run(&["plan", "a.image.toml", "-o", "gone/plan.json"]),
        2,
        &[],
        &["`gone/plan.json` cannot be written"],
    );
    expect(&place.run(&["plan", "a.image.toml", "-o", "locked"]), 2, &[], &["it is a directory"]);
    let run = place.run(&["plan", "a.image.toml", "-o", "a.image.toml"]);
    expect(&run, 2, &[], &["written over `a.image.toml`, which it is made from"]);
    assert_eq!(place.read("a.image.toml"), GOOD);
    fs::set_permissions(place.path("locked"), fs::Permissions::from_mode(0o555)).unwrap();
    // Root writes everywhere.
    if fs::write(place.path("locked/probe"), "").is_err() {
        expect(&place.run(&["plan", "a.image.toml", "-o", "locked/plan.json"]), 2, &[], &["permission denied"]);
        assert_eq!(place.read("locked/plan.json"), "old");
    }
    fs::set_permissions(place.path("locked"), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_written_plan_has_ordinary_permissions_and_leaves_nothing_beside_it() {
    let place = Place::new(&[("a.image.toml", GOOD), ("out/plan.json", "old")]);
    std::os::unix::fs::symlink("plan.json", place.path("out/latest.json")).unwrap();
    assert_eq!(place.run(&["plan", "a.image.toml", "-o", "out/latest.json"]).status, 0);
    let mut names: Vec<_> = fs::read_dir(place.path("out")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["latest.json", "plan.json"]);
    assert!(place.path("out/latest.json").is_symlink(), "the link stays");
    assert!(place.read("out/plan.json").contains("\"image\""));
    fs::write(place.path("probe"), "").unwrap();
    let mode = |name| fs::metadata(place.path(name)).unwrap().permissions().mode();
    assert_eq!(mode("out/plan.json"), mode("probe"));
    assert_eq!(place.run(&["plan", "a.image.toml", "-o", "/dev/null"]).status, 0);
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

#[test]
fn allocated_numbers_are_kept_in_the_ids_file_and_refused_when_locked() {
    let place = Place::new(&[("a.image.toml", &format!("[image]\nids = \"ids.toml\"\n{ACCOUNTS}"))]);
    place.write("ids.toml", "# ours\n[users]\ndb = 999\n");
    let run = place.run(&["plan", "a.image.toml", "--locked"]);
    expect(&run, 1, &[], &["user `web` has no uid", "group `web` has no gid", "--write-ids"]);
    assert_eq!(run.out, "");
    let first = place.run(&["plan", "a.image.toml", "--write-ids", "--no-origins"]);
    expect(&first, 0, &["\"uid\""], &["2 numbers were added to `ids.toml`"]);
    assert_eq!(place.read("ids.toml"), "# ours\n[users]\ndb = 999\nweb = 1000\n\n[groups]\nweb = 1000\n");
    let second = place.run(&["plan", "a.image.toml", "--locked", "--no-origins"]);
    assert_eq!((second.status, second.out), (0, first.out), "{}", second.err);
}

#[test]
fn an_ids_file_that_is_not_there_yet_is_made() {
    let place = Place::new(&[("a.image.toml", &format!("[image]\nids = \"ids.toml\"\n{ACCOUNTS}"))]);
    expect(&place.run(&["plan", "a.image.toml"]), 1, &[], &["missing-file"]);
    expect(&place.run(&["plan", "a.image.toml", "--write-ids"]), 0, &[], &["2 numbers"]);
    assert_eq!(place.read("ids.toml"), "[users]\nweb = 1000\n\n[groups]\nweb = 1000\n");
    place.write("b.image.toml", ACCOUNTS);
    expect(&place.run(&["plan", "b.image.toml", "--write-ids"]), 2, &[], &["names no file", "ids = "]);
}

#[test]
fn plans_and_images_are_compared_by_meaning() {
    let place = Place::new(&[("a.image.toml", GOOD), ("b.image.toml", &GOOD.replace("motd", "issue"))]);
    assert_eq!(place.run(&["plan", "a.image.toml", "-o", "a.json"]).status, 0);
    expect(&place.run(&["diff", "a.json", "a.image.toml"]), 0, &["nothing changes"], &[]);
    let run = place.run(&["diff", "a.json", "b.image.toml"]);
    expect(&run, 1, &["- install:/etc/motd", "+ install:/etc/issue"], &[]);
    let run = place.run(&["diff", "a.image.toml", "b.image.toml", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((run.status, &json["added"][0]["id"]), (1, &serde_json::json!("install:/etc/issue")));
    let plan = place.read("a.json");
    expect(&place.run_with(&["diff", "-", "a.json"], plan.as_bytes(), &[]), 0, &[], &[]);
}

#[test]
fn what_has_no_plan_cannot_be_compared() {
    let place = Place::new(&[("bad.image.toml", MISSING_USER), ("notes.json", "{}"), ("a.image.toml", GOOD)]);
    expect(&place.run(&["diff", "bad.image.toml", "a.image.toml"]), 2, &[], &["error[missing]", "no plan to compare"]);
    expect(&place.run(&["diff", "a.image.toml", "notes.json"]), 2, &[], &["`notes.json` is no plan"]);
    expect(&place.run(&["diff", "a.image.toml", "gone.json"]), 2, &[], &["it does not exist"]);
    expect(&place.run(&["diff", "-", "-"]), 2, &[], &["not both"]);
}
