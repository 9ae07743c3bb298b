//! What makes `check` usable on a large tree that was there before it: known findings, numbers, watching, many images at once.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make files and run the command")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

#[path = "command/place.rs"]
mod place;

use place::{Place, Run};

const GOOD: &str = "[[install]]\ntext = \"x\"\ndst = \"/etc/motd\"\nparents = true\n";

/// A directory whose owner nobody provides, and which everybody may write to.
fn bad(user: &str) -> String {
    format!("[[ensure_dir]]\npath = \"/srv/{user}\"\nuser = \"{user}\"\nmode = \"0777\"\n")
}

/// Runs `featgraph check`.
fn check(place: &Place, arguments: &[&str]) -> Run {
    check_in(place, "", arguments)
}

fn check_in(place: &Place, below: &str, arguments: &[&str]) -> Run {
    place.run_in(below, &[&["check"], arguments].concat())
}

// ---- known findings ----------------------------------------------------------------------------------------------

#[test]
fn what_is_known_is_passed_over_and_what_is_new_is_not() {
    let place = Place::new(&[("a.image.toml", &bad("web"))]);
    let written = check(&place, &["--baseline", "known.json", "--write-baseline"]);
    assert_eq!((written.status, written.out.as_str()), (0, ""), "{}", written.err);
    assert_eq!(written.err, "note: 2 findings are known from now on, by `known.json`\n");

    let known = check(&place, &["--baseline", "known.json"]);
    assert_eq!((known.status, known.out.as_str()), (0, ""), "{}", known.err);
    assert_eq!(known.err, "note: 2 findings were passed over, known by `known.json`\n");

    // Elsewhere in the file, and a new one before it.
    place.write("a.image.toml", &format!("\n\n{}\n{}", bad("new"), bad("web")));
    let new = check(&place, &["--baseline", "known.json", "--format", "json"]);
    assert_eq!(new.status, 1);
    let report: Value = serde_json::from_str(&new.out).unwrap();
    let entities: Vec<&str> =
        report["diagnostics"].as_array().unwrap().iter().map(|found| found["entity"].as_str().unwrap()).collect();
    assert_eq!(entities, ["user:new", "path:/srv/new"]);
    assert_eq!(report["summary"]["errors"], 1);
    assert_eq!(report["summary"]["warnings"], 1);
}

#[test]
fn the_list_is_the_same_wherever_it_is_used_from() {
    let place = Place::new(&[("images/a.image.toml", &bad("web")), ("lists/.keep", "")]);
    assert_eq!(check(&place, &["--baseline", "lists/known.json", "--write-baseline"]).status, 0);
    let list = place.read("lists/known.json");
    assert!(list.contains("\"../images/a.image.toml\""), "{list}");
    for (below, path, file) in [
        ("", "images", "lists/known.json"),
        ("images", ".", "../lists/known.json"),
        ("lists", "../images", "known.json"),
    ] {
        let run = check_in(&place, below, &[path, "--baseline", file]);
        assert_eq!((run.status, run.out.as_str()), (0, ""), "in {below:?}: {}", run.err);
        check_in(&place, below, &[path, "--baseline", file, "--write-baseline"]);
        assert_eq!(place.read("lists/known.json"), list, "in {below:?}");
    }
}

#[test]
fn what_is_found_no_more_is_told_where_it_was_looked_for() {
    let place = Place::new(&[("a.image.toml", &bad("a")), ("b.image.toml", &bad("b")), ("c.image.toml", &bad("c"))]);
    check(&place, &["--baseline", "known.json", "--write-baseline"]);
    place.write("a.image.toml", GOOD);
    fs::remove_file(place.path("b.image.toml")).unwrap();
    let run = check(&place, &["--baseline", "known.json", "a.image.toml"]);
    assert_eq!(run.status, 0, "{}", run.err);
    insta::assert_snapshot!(run.err, @r"
    warning: `known.json` lists 4 findings that nobody finds any more
      help: write it anew with `--write-baseline`, which drops
            a.image.toml: missing of `user:a`
            a.image.toml: world-writable of `path:/srv/a`
            b.image.toml: missing of `user:b`
            b.image.toml: world-writable of `path:/srv/b`
    ");
}

#[test]
fn a_list_that_cannot_be_read_is_no_empty_list() {
    let place = Place::new(&[
        ("a.image.toml", GOOD),
        ("odd.json", "[]"),
        ("new.json", r#"{"format_version": "2.0", "findings": []}"#),
    ]);
    for (file, said) in [
        ("gone.json", "`gone.json` cannot be read: it does not exist\n  help: `--write-baseline` writes it"),
        ("odd.json", "`odd.json` is no list of known findings"),
        ("new.json", "its format_version is \"2.0\""),
        ("a.image.toml", "`a.image.toml` is no list of known findings"),
    ] {
        let run = check(&place, &["--baseline", file]);
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{file}");
        assert!(run.err.contains(said), "{file}: {}", run.err);
    }
    assert_eq!(check(&place, &["--baseline", "a.image.toml", "--write-baseline"]).status, 2);
    assert_eq!(place.read("a.image.toml"), GOOD);
    assert_eq!(check(&place, &["--write-baseline"]).status, 2);
}

#[test]
fn a_list_meets_its_schema() {
    let place = Place::new(&[("a.image.toml", &bad("web")), ("b.image.toml", "[image\n")]);
    check(&place, &["--baseline", "known.json", "--write-baseline"]);
    let list: Value = serde_json::from_str(&place.read("known.json")).unwrap();
    assert_eq!(list["findings"].as_array().map(Vec::len), Some(3), "{list:#}");
    let schema = featgraph::baseline::schema().to_value();
    jsonschema::validate(&schema, &list).unwrap();
}

// ---- numbers -----------------------------------------------------------------------------------------------------

#[test]
fn statistics_count_the_findings_of_each_code_the_most_frequent_first() {
    let text = format!("{}{}[[ensure_dir]]\npath = \"/tmp\"\nmode = \"0777\"\n", bad("a"), bad("b"));
    let place = Place::new(&[("a.image.toml", &text)]);
    let told = |format: &str| check(&place, &["--statistics", "--format", format]);
    let full = told("full");
    assert_eq!(full.status, 1);
    insta::assert_snapshot!(full.out, @r"
    3  warning  world-writable  A mode lets everybody write.
    2  error    missing         A required entity that nothing provides.

    2 errors, 3 warnings in 1 image (3 features)
    ");
    assert_eq!(told("concise").out, "3 warning[world-writable]\n2 error[missing]\n");
    let report: Value = serde_json::from_str(&told("json").out).unwrap();
    assert_eq!(report["format_version"], "1.0");
    assert_eq!(report["summary"]["warnings"], 3);
    let statistics = json!([
        { "code": "world-writable", "severity": "warning", "count": 3 },
        { "code": "missing", "severity": "error", "count": 2 },
    ]);
    assert_eq!(report["statistics"], statistics);
    let sarif = told("sarif");
    assert_eq!(sarif.status, 2);
    assert!(sarif.err.contains("`--statistics` cannot be told as `sarif`"), "{}", sarif.err);
}

#[test]
fn of_nothing_there_are_statistics_too() {
    let place = Place::new(&[("a.image.toml", GOOD)]);
    assert_eq!(check(&place, &["--statistics", "--format", "full"]).out, "No problems in 1 image (1 feature)\n");
}

// ---- many images -------------------------------------------------------------------------------------------------

#[test]
fn of_many_images_each_finding_is_told_once_and_the_totals_are_those_of_all() {
    const IMAGES: usize = 40;
    let place = Place::new(&[
        ("base/base.image.toml", &format!("{GOOD}{}", bad("base"))),
        ("shared/shared.features.toml", &bad("shared")),
    ]);
    for number in 0..IMAGES {
        let head = format!(
            "[image]\nname = \"app-{number:02}\"\nparent = \"../../base/base.image.toml\"\ninclude = [\"../../shared/shared.features.toml\"]\n"
        );
        place.write(&format!("apps/{number:02}/app.image.toml"), &format!("{head}{}", bad("own")));
    }
    let run = check(&place, &["--format", "json"]);
    let report: Value = serde_json::from_str(&run.out).unwrap();
    // One of the parent, one of what is shared, and one of each image; each with a mode, too.
    let each = IMAGES + 2;
    let summary = json!({
        "errors": each, "warnings": each, "infos": 0, "images": IMAGES + 1, "incomplete": 0, "features": each + 1
    });
    assert_eq!(report["summary"], summary);
    let shared: Vec<&Value> = report["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|found| found["location"]["file"] == "shared/shared.features.toml")
        .collect();
    assert_eq!(shared.len(), 2);
    assert!(shared.iter().all(|found| found["images"].as_array().unwrap().len() == IMAGES), "{shared:#?}");

    // Threads change nothing, and neither does the order in which images are named.
    let mut one = place.command("");
    one.args(["check", "--format", "json", "shared", "apps", "base"]);
    let one = one.env("RAYON_NUM_THREADS", "1").output().unwrap();
    assert_eq!(String::from_utf8(one.stdout).unwrap(), run.out);
}

#[test]
fn an_image_that_many_stand_on_is_compiled_once() {
    // Each stands on the last one and clones from the one before: compiled anew for each use, the last would take
    // as many compilations as there are rabbits after sixty months.
    let place = Place::new(&[]);
    for number in 0..60 {
        let mut text = format!("[image]\nname = \"i{number}\"\n");
        if number > 0 {
            text += &format!("parent = \"i{}.image.toml\"\n", number - 1);
        }
        text += &format!("[[install]]\ntext = \"{number}\"\ndst = \"/opt/{number}/a\"\nparents = true\n");
        if number > 1 {
            let from = number - 2;
            text += &format!(
                "[[clone]]\nfrom = \"i{from}.image.toml\"\nsrc = \"/opt/{from}\"\ndst = \"/copy/{number}\"\nparents = true\n"
            );
        }
        place.write(&format!("i{number}.image.toml"), &text);
    }
    let run = check(&place, &["--format", "json"]);
    assert_eq!(run.status, 0, "{}", run.out);
    let report: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(report["summary"]["images"], 60);
}

// ---- watching ----------------------------------------------------------------------------------------------------

/// How long to wait for what must come. Machines may be busy; that answers are quick is no matter of these tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// A check that goes on, and what it writes.
struct Watch {
    child: Child,
    out: Receiver<String>,
    err: Receiver<String>,
}

fn lines(stream: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

impl Watch {
    fn of(place: &Place, arguments: &[&str]) -> Self {
        let mut command = place.command("");
        command.arg("check").args(arguments);
        let mut child = command.arg("--watch").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (out, err) = (lines(child.stdout.take().unwrap()), lines(child.stderr.take().unwrap()));
        Self { child, out, err }
    }

    /// Waits until a check has ended, and takes what it wrote.
    fn checked(&self) {
        self.complains("note: watching ");
        // The two streams are two pipes: give the other one time.
        std::thread::sleep(Duration::from_millis(100));
        self.out.try_iter().for_each(drop);
    }

    /// Waits until something is said on standard error.
    fn complains(&self, expected: &str) {
        while !self.err.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("nobody says {expected}")).contains(expected) {
        }
    }

    /// Waits until a check finds something, and has ended.
    fn finds(&self, expected: &str) {
        while !self.out.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("nobody finds {expected}")).contains(expected)
        {
        }
        self.checked();
    }

    fn end(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Where a test has failed; who has ended cannot be ended again.
        drop(self.child.kill());
    }
}

#[test]
fn whatever_a_check_depends_on_is_watched() {
    let place = Place::new(&[
        ("a.image.toml", &format!("[image]\ninclude = [\"more/b.features.toml\"]\n{GOOD}")),
        ("more/b.features.toml", "[[install]]\nsrc = \"tool\"\ndst = \"/usr/bin/tool\"\nparents = true\n"),
        ("more/tool", "#!/bin/sh\n"),
    ]);
    let watch = Watch::of(&place, &["a.image.toml"]);
    watch.checked();
    place.write("more/b.features.toml", &bad("included"));
    watch.finds("`included`");
    place.write("more/b.features.toml", "[[install]]\nsrc = \"gone\"\ndst = \"/usr/bin/tool\"\nparents = true\n");
    watch.finds("the source `gone` cannot be read");
    place.write("more/gone", "");
    watch.checked();
    place.write("featgraph.toml", "[lints]\ndney = []\n");
    watch.complains("`[lints]` has no key `dney`");
    watch.checked();
    place.write("featgraph.toml", "");
    watch.checked();
    fs::remove_file(place.path("more/gone")).unwrap();
    watch.finds("the source `gone` cannot be read");
    assert_eq!(watch.end(), Some(1), "as the last check ended");
}

#[test]
fn manifests_may_come_and_go_while_they_are_watched() {
    let place = Place::new(&[(".gitignore", "/build\n")]);
    let watch = Watch::of(&place, &[]);
    watch.complains("no manifest was found");
    watch.checked();
    place.write("new/deeper/a.image.toml", &bad("first"));
    watch.finds("`first`");
    place.write("new/b.image.toml", &bad("second"));
    watch.finds("`second`");
    fs::remove_dir_all(place.path("new/deeper")).unwrap();
    watch.finds("`second`");
    place.write("build/c.image.toml", &bad("ignored"));
    place.write(".gitignore", "/new\n");
    watch.finds("`ignored`");
    place.write("build/c.image.toml", GOOD);
    watch.checked();
    assert_eq!(watch.end(), Some(0), "as the last check ended");
}

#[test]
fn a_report_that_is_written_is_no_change() {
    let place = Place::new(&[("a.image.toml", &bad("web"))]);
    let watch = Watch::of(&place, &["--output", "report.json", "--output", "out.sarif"]);
    watch.finds("`web`");
    // Long enough for some looks at the disk.
    let more = watch.err.recv_timeout(Duration::from_millis(1500));
    assert!(more.is_err(), "{more:?}");
    let report: Value = serde_json::from_str(&place.read("report.json")).unwrap();
    assert_eq!(report["summary"]["errors"], 1);
    place.write("a.image.toml", GOOD);
    watch.checked();
    let report: Value = serde_json::from_str(&place.read("report.json")).unwrap();
    assert_eq!(report["summary"]["errors"], 0);
    assert_eq!(watch.end(), Some(0));
}

#[test]
fn what_cannot_be_watched_is_refused() {
    let place = Place::new(&[("a.image.toml", GOOD)]);
    let run = check(&place, &["-", "--watch"]);
    assert_eq!(run.status, 2);
    assert!(run.err.contains("standard input cannot be watched"), "{}", run.err);
    assert_eq!(check(&place, &["--watch", "--baseline", "b.json", "--write-baseline"]).status, 2);
    assert_eq!(check(&place, &["--watch", "--output", "report"]).status, 2);
}
