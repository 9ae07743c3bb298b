//! What `check` writes for machines is what those machines read: held to schemas and documented rules, with the same
//! findings and totals in each format. `tests/formats/README.md` says where the rules come from.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test runs the command and reads what it wrote")]

#[path = "formats/readers.rs"]
mod readers;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};

use readers::{Told, github, gitlab, junit, sarif};
use serde_json::Value;

/// The formats for machines.
const FORMATS: [&str; 4] = ["sarif", "github", "gitlab", "junit"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_featgraph"));
    command.args(arguments).current_dir(folder).env_remove("COLUMNS").output().unwrap()
}

/// What `check` prints of a path in a folder.
fn check(folder: &Path, path: &str, format: &str) -> String {
    let output = run(folder, &["check", path, "--format", format, "--color", "never"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.is_empty(), "check {path} --format {format} wrote to stderr: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// The findings of the JSON format, which all others are compared with.
fn findings(json: &str) -> Vec<Told> {
    let report: Value = serde_json::from_str(json).unwrap();
    let told = report["diagnostics"].as_array().unwrap().iter().map(|found| Told {
        file: found["location"]["file"].as_str().unwrap().to_owned(),
        line: found["location"]["start"]["line"].as_u64().unwrap(),
        code: found["code"].as_str().unwrap().to_owned(),
        severity: found["severity"].as_str().unwrap().to_owned(),
    });
    told.collect()
}

/// Every format of one check is well formed and tells the same findings.
fn hold(folder: &Path, path: &str) {
    let mut expected = findings(&check(folder, path, "json"));
    expected.sort();
    for format in FORMATS {
        let text = check(folder, path, format);
        let mut told = match format {
            "sarif" => sarif(&text),
            "github" => github(&text),
            "gitlab" => gitlab(&text),
            _ => junit(&text),
        };
        told.sort();
        let mut expected = expected.clone();
        if format == "junit" {
            // XML cannot hold every character that a file's name can have.
            expected.iter_mut().for_each(|told| told.file = featgraph::render::escaped(&told.file).into_owned());
        }
        assert_eq!(told, expected, "{path} --format {format}");
    }
}

#[test]
fn every_format_tells_the_same_findings_of_the_examples() {
    for example in ["examples/broken", "examples/hello", "examples/web", "examples/snippets", "examples"] {
        hold(root(), example);
    }
}

#[test]
fn every_format_tells_the_same_findings_of_the_corpus() {
    let corpus = root().join("../shared/corpus/debian-snippets");
    if !corpus.is_dir() {
        // Not by `eprintln!`, which the test harness keeps to itself.
        let skipped = "SKIPPED: the corpus beside the repository is not there; examples/snippets stands for it\n";
        std::io::stderr().write_all(skipped.as_bytes()).unwrap();
        return;
    }
    hold(&corpus, ".");
}

#[test]
fn names_and_texts_of_any_kind_break_no_format() {
    let folder = tempfile::tempdir().unwrap();
    let odd = "a, b%:<&\"'\u{e4}\u{1f600}\u{202e}[1](2)\n::error::x";
    std::fs::create_dir(folder.path().join(odd)).unwrap();
    let manifest = concat!(
        "[[ensure_dir]]\npath = \"/a]](1)[<b>&'%25,:\u{1f600}\"\nuser = \"nobody\"\n",
        "[[ensure_dir]]\npath = \"/b\\u0007\\u001b[31m\\ufffe\\u202e\\n::warning::x\"\nuser = \"nobody\"\nmode = \"0777\"\n",
        "[[install]]\ntext = \"\"\ndst = \"/x\"\n\"\\u0001<x>\" = 1\n",
    );
    std::fs::write(folder.path().join(odd).join("\u{7}x y.image.toml"), manifest).unwrap();
    hold(folder.path(), ".");
}

#[test]
fn what_the_formats_write_of_the_broken_example() {
    for format in FORMATS {
        let text = check(root(), "examples/broken", format);
        snapshot(
            &format!("example-broken.check.{format}"),
            &if format == "sarif" { without_pages(&text) } else { text },
        );
    }
}

/// The pages of the rules are documents of their own, which may change without this.
fn without_pages(log: &str) -> String {
    let mut log: Value = serde_json::from_str(log).unwrap();
    let driver = &mut log["runs"][0]["tool"]["driver"];
    driver["semanticVersion"] = Value::from("[version]");
    for rule in driver["rules"].as_array_mut().unwrap() {
        for text in ["/help/text", "/help/markdown", "/fullDescription/text"] {
            *rule.pointer_mut(text).unwrap() = Value::from("[from the page]");
        }
    }
    serde_json::to_string_pretty(&log).unwrap()
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn the_exit_status_does_not_depend_on_the_format() {
    for format in ["full", "concise", "json", "sarif", "github", "gitlab", "junit"] {
        let status = |path: &str| run(root(), &["check", path, "--format", format]).status.code();
        assert_eq!(status("examples/broken"), Some(1), "{format}");
        assert_eq!(status("examples/web"), Some(0), "{format}");
        assert_eq!(status("examples/snippets"), Some(0), "{format}");
        assert_eq!(status("examples/nowhere"), Some(2), "{format}");
    }
}

#[test]
fn fingerprints_stay_when_lines_move_and_findings_elsewhere_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.image.toml");
    let one = "[[ensure_dir]]\npath = \"/a\"\nuser = \"one\"\n";
    let two = "[[ensure_dir]]\npath = \"/b\"\nuser = \"two\"\n";
    let fingerprints = |text: &str| {
        std::fs::write(&path, text).unwrap();
        let of = |format: &str, list: &str, code: &str, print: &str| -> BTreeMap<String, String> {
            let report: Value = serde_json::from_str(&check(folder.path(), ".", format)).unwrap();
            let told = report.pointer(list).unwrap().as_array().unwrap().iter();
            let text = |value: Option<&Value>| value.unwrap().as_str().unwrap().to_owned();
            told.map(|found| (text(found.pointer(print)), text(found.pointer(code)))).collect()
        };
        let sarif = of("sarif", "/runs/0/results", "/ruleId", "/partialFingerprints/entityHash~1v1");
        assert_eq!(sarif, of("gitlab", "", "/check_name", "/fingerprint"));
        sarif
    };
    let both = fingerprints(&format!("{one}{two}"));
    assert_eq!(both.len(), 2);
    assert_eq!(fingerprints(&format!("\n# moved\n{two}\n\n{one}")), both);
    let rest = fingerprints(&format!("\n{two}"));
    assert_eq!(rest.len(), 1);
    assert!(rest.keys().all(|fingerprint| both.contains_key(fingerprint)));
}

#[test]
fn several_reports_are_written_beside_what_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    write("a.image.toml", "[[ensure_dir]]\npath = \"/a\"\nuser = \"one\"\n");
    write("report.xml", "old");
    let names = ["out.sarif", "gl-code-quality-report.json", "report.xml", "all.json", "github=commands.txt"];
    let mut arguments = vec!["check", "--format", "concise"];
    for name in names {
        arguments.extend(["--output", name]);
    }
    let output = run(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout.starts_with(b"a.image.toml:3:8: error[missing]: "));
    for (name, format) in [
        ("out.sarif", "sarif"),
        (names[1], "gitlab"),
        ("report.xml", "junit"),
        ("all.json", "json"),
        ("commands.txt", "github"),
    ] {
        assert_eq!(read(name), check(folder.path(), "a.image.toml", format), "{name}");
    }
}

#[test]
fn a_report_is_written_over_no_manifest_and_into_no_folder_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[[ensure_dir]]\npath = \"/a\"\nmode = \"0777\"\n";
    std::fs::write(folder.path().join("a.image.toml"), text).unwrap();
    let said = |output: &str| {
        let output = run(folder.path(), &["check", "--format", "json", "--output", output]);
        assert_eq!(output.status.code(), Some(2));
        (String::from_utf8(output.stderr).unwrap(), !output.stdout.is_empty())
    };
    let (error, printed) = said("json=./a.image.toml");
    assert!(error.contains("the findings would be written over `./a.image.toml`, which is checked"), "{error}");
    assert!(!printed);
    assert_eq!(std::fs::read_to_string(folder.path().join("a.image.toml")).unwrap(), text);
    let (error, printed) = said("gone/out.sarif");
    assert!(error.contains("`gone/out.sarif` cannot be written: it does not exist"), "{error}");
    assert!(printed, "what could be done was done");
    let output = run(folder.path(), &["check", "--output", "report"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("does not tell which format"));
}

#[test]
fn what_could_not_be_read_is_told_in_the_reports_too() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.image.toml"), "").unwrap();
    let told = |format: &str| {
        let output = run(folder.path(), &["check", "a.image.toml", "gone.image.toml", "--format", format]);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stdout).unwrap()
    };
    let log: Value = serde_json::from_str(&told("sarif")).unwrap();
    readers::is_sarif(&log);
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(
        invocation["toolExecutionNotifications"][0]["message"]["text"],
        "`gone.image.toml` cannot be read: it does not exist"
    );
    let xml = told("junit");
    let document = roxmltree::Document::parse(&xml).unwrap();
    assert_eq!(document.root_element().attribute("errors"), Some("1"), "{xml}");
}
