//! What is offered for build servers works as it is written: the commands of docs/ci.md, the action, the hook, the catalogue of schemas.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test reads what is offered, and runs it")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

const GOOD: &str = "[[install]]\ntext = \"x\"\ndst = \"/etc/motd\"\nparents = true\n";
const BAD: &str = "[[ensure_dir]]\npath = \"/srv\"\nuser = \"web\"\n";

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn place(files: &[(&str, &str)]) -> TempDir {
    let place = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = place.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    place
}

/// A shell in which `featgraph` is the one that is tested.
fn shell(folder: &Path, script: &str, environment: &[(&str, &str)]) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_featgraph")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("bash");
    command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]).current_dir(folder);
    command.env("PATH", path).envs(environment.iter().copied()).output().unwrap()
}

fn skip(what: &str) {
    // Not by `eprintln!`, which the test harness keeps to itself.
    std::io::stderr().write_all(format!("SKIPPED: {what}\n").as_bytes()).unwrap();
}

#[test]
fn the_commands_of_the_page_are_taken() {
    let place = place(&[("a.image.toml", GOOD), ("reports/.keep", "")]);
    let page = read("docs/ci.md");
    let mut commands = 0;
    for line in page.split("```").skip(1).step_by(2).flat_map(str::lines) {
        let line = line.trim().trim_start_matches("- ").trim_start_matches("sh '").trim_end_matches('\'');
        if !line.starts_with("featgraph ") || line.contains("--watch") {
            continue;
        }
        let output = shell(place.path(), line, &[]);
        assert_eq!(output.status.code(), Some(0), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        commands += 1;
    }
    assert!(commands >= 6, "only {commands} commands were found");
    for written in
        ["featgraph.sarif", "reports/featgraph.xml", "gl-code-quality-report.json", "featgraph-baseline.json"]
    {
        assert!(place.path().join(written).is_file(), "{written}");
    }
}

#[test]
fn the_page_names_every_format() {
    let page = read("docs/ci.md");
    for format in featgraph::render::Format::ALL {
        assert!(page.contains(&format!("`{}`", format.name())), "{}", format.name());
    }
}

/// The script of a step of the action.
fn script(step: &str) -> String {
    let action = read("action.yml");
    let below = action.split(&format!("- name: {step}\n")).nth(1).expect("the action has the step");
    let below = below.split("run: |\n").nth(1).expect("the step has a script");
    let lines = below.lines().take_while(|line| line.is_empty() || line.starts_with("        "));
    lines.map(|line| line.get(8..).unwrap_or("")).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_action_annotates_writes_sarif_and_tells_its_status() {
    let place = place(&[("good/a.image.toml", GOOD), ("not so good/b.image.toml", BAD)]);
    let told = |paths: &str, arguments: &str| {
        let outputs = place.path().join("outputs");
        std::fs::write(&outputs, "").unwrap();
        let temporary = place.path().to_str().unwrap();
        let environment = [
            ("PATHS", paths),
            ("ARGS", arguments),
            ("SARIF", ""),
            ("RUNNER_TEMP", temporary),
            ("GITHUB_OUTPUT", outputs.to_str().unwrap()),
        ];
        let output = shell(place.path(), &script("Check"), &environment);
        let told = std::fs::read_to_string(&outputs).unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), told)
    };
    let sarif = place.path().join("featgraph.sarif");
    let said = |status: i32| format!("sarif={}\nstatus={status}\n", sarif.display());

    let (status, out, outputs) = told(".", "");
    assert_eq!((status, outputs), (Some(0), said(1)), "{out}");
    assert!(out.starts_with("::error file=not so good/b.image.toml,line=3,"), "{out}");
    let log: Value = serde_json::from_str(&std::fs::read_to_string(&sarif).unwrap()).unwrap();
    assert_eq!(log["runs"][0]["results"].as_array().map(Vec::len), Some(1));

    let (status, out, outputs) = told("good\n", "--deny warnings --allow unproven");
    assert_eq!((status, outputs), (Some(0), said(0)), "{out}");
    let (_, out, outputs) = told("good\nnot so good", "");
    assert_eq!(outputs, said(1), "{out}");

    std::fs::remove_file(&sarif).unwrap();
    let (status, out, outputs) = told("good", "--deny nonsense; true");
    assert_eq!((status, outputs), (Some(2), said(2)), "{out}");
}

#[test]
fn the_hook_is_one_that_pre_commit_takes() {
    let hooks = read(".pre-commit-hooks.yaml");
    for line in ["- id: featgraph", "  entry: featgraph check", "  language: rust", "  pass_filenames: false"] {
        assert!(hooks.lines().any(|other| other == line), "{line}");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(".pre-commit-hooks.yaml");
    match Command::new("pre-commit").arg("validate-manifest").arg(path).output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout)),
        Err(_) => skip("pre-commit is not there to say whether it takes .pre-commit-hooks.yaml"),
    }
}

#[test]
fn what_is_yaml_is_well_formed() {
    let mut texts = vec![read("action.yml"), read(".pre-commit-hooks.yaml")];
    let page = read("docs/ci.md");
    let snippets = page.split("```").skip(1).step_by(2).filter_map(|block| block.strip_prefix("yaml\n"));
    texts.extend(snippets.map(str::to_owned));
    assert!(texts.len() >= 5);
    let import = Command::new("python3").args(["-c", "import yaml"]).output();
    if !import.is_ok_and(|output| output.status.success()) {
        return skip("there is no Python with a YAML reader to read action.yml and docs/ci.md");
    }
    for text in texts {
        let output =
            Command::new("python3").args(["-c", "import sys, yaml; yaml.safe_load(sys.argv[1])", &text]).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn the_catalogue_names_the_files_that_featgraph_reads() {
    let catalog: Value = serde_json::from_str(&read("schema/catalog.json")).unwrap();
    let entries = catalog["schemas"].as_array().unwrap();
    let entry_of = |file: &str| {
        let takes = |entry: &&Value| {
            let patterns = entry["fileMatch"].as_array().unwrap().iter();
            patterns.map(|pattern| pattern.as_str().unwrap()).any(|pattern| file.ends_with(&pattern[1..]))
        };
        entries.iter().find(takes).map(|entry| entry["name"].as_str().unwrap())
    };
    for ending in ["image.toml", "image.json", "features.toml", "features.json"] {
        let file = format!("web.{ending}");
        assert!(featgraph::manifest::is_image(&file) || featgraph::manifest::is_feature_set(&file));
        assert_eq!(entry_of(&file), Some("featgraph manifest"), "{file}");
    }
    assert_eq!(entry_of("base.facts.json"), Some("featgraph facts"));
    assert_eq!(entry_of("Cargo.toml"), None);
    for entry in entries {
        let url = entry["url"].as_str().unwrap();
        let name = url.rsplit("featgraph-").next().unwrap().trim_end_matches(".json");
        assert!(!read(&format!("schema/{name}.schema.json")).is_empty(), "{url}");
    }
}
