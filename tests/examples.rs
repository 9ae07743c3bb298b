//! The examples give what their READMEs and comments say, through the binary; snapshots/ shows what they give.

#![allow(clippy::disallowed_methods, reason = "a test reads the examples and lays some out on the disk")]

#[allow(dead_code, reason = "only the marks are read here")]
#[path = "pages/page.rs"]
mod page;

use featgraph::catalog::Code;
use page::Finding;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The users and groups that the snippets name and none of them declares.
const MISSING: [&str; 33] = [
    "group:apt-cacher-ng",
    "group:bind",
    "group:ceph",
    "group:colord",
    "group:ejabberd",
    "group:frr",
    "group:gluster",
    "group:haproxy",
    "group:knot-resolver",
    "group:kvm",
    "group:memcache",
    "group:nsd",
    "group:nut",
    "group:opendkim",
    "group:postgres",
    "group:zabbix",
    "user:_rpc",
    "user:apt-cacher-ng",
    "user:ceph",
    "user:colord",
    "user:ejabberd",
    "user:frr",
    "user:gluster",
    "user:haproxy",
    "user:knot-resolver",
    "user:memcache",
    "user:munin",
    "user:mysql",
    "user:nsd",
    "user:opendkim",
    "user:postgres",
    "user:speech-dispatcher",
    "user:zabbix",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_featgraph"));
    command.args(arguments).current_dir(folder).env_remove("COLUMNS");
    command.output().expect("the binary runs")
}

/// What `check` prints of a path in a folder, and its exit status.
fn check(folder: &Path, path: &str, format: &str) -> (String, Option<i32>) {
    let output = run(folder, &["check", path, "--format", format, "--color", "never"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.is_empty(), "check {path} wrote to stderr: {errors}");
    (String::from_utf8(output.stdout).expect("findings are UTF-8"), output.status.code())
}

/// The findings of `check --format json`, sorted.
fn findings(folder: &Path, path: &str) -> Vec<Finding> {
    let (json, _) = check(folder, path, "json");
    let report: Value = serde_json::from_str(&json).expect("findings are JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let number = |value: &Value| value.as_u64().and_then(|n| usize::try_from(n).ok());
    let all = report["diagnostics"].as_array().expect("findings are a list");
    let finding = |diagnostic: &Value| Finding {
        file: text(&diagnostic["location"]["file"]),
        line: number(&diagnostic["location"]["start"]["line"]).unwrap_or(0),
        column: None,
        severity: text(&diagnostic["severity"]),
        code: text(&diagnostic["code"]),
        entity: diagnostic["entity"].as_str().map(str::to_owned),
    };
    let mut found: Vec<Finding> = all.iter().map(finding).collect();
    found.sort();
    found
}

fn lines(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(ToString::to_string).collect()
}

/// What `plan` prints of an example. Its warnings, on stderr, are those of `check`.
fn plan(image: &str, format: &str) -> String {
    let output = run(root(), &["plan", image, "--format", format, "--color", "never"]);
    assert!(output.status.success(), "{image}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("a plan is UTF-8")
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// The files of a folder and of those below it whose names end so, relative to the root, sorted.
fn files(folder: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::from(folder)];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(root().join(&folder)).expect("a folder of examples") {
            let entry = entry.expect("a file of an example");
            let path = folder.join(entry.file_name());
            if entry.file_type().expect("a type").is_dir() {
                open.push(path);
            } else if let Some(name) = path.to_str().filter(|name| name.ends_with(ending)) {
                found.push(name.to_owned());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn the_broken_example_has_each_code_once_where_its_comments_say() {
    let mut marked = Vec::new();
    for file in files("examples/broken", ".toml") {
        let text = std::fs::read_to_string(root().join(&file)).expect("an example is UTF-8");
        marked.extend(page::marked(&file, &text));
    }
    marked.sort();
    assert_eq!(lines(&findings(root(), "examples/broken")), lines(&marked));
    let mut codes: Vec<&str> = marked.iter().map(|finding| finding.code.as_str()).collect();
    codes.sort_unstable();
    let mut all: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    all.sort_unstable();
    assert_eq!(codes, all, "examples/broken shows each code once");
}

#[test]
fn the_other_examples_have_what_their_readmes_say() {
    assert_eq!(lines(&findings(root(), "examples/hello")), Vec::<String>::new());
    assert_eq!(lines(&findings(root(), "examples/web")), Vec::<String>::new());
    assert_eq!(
        lines(&findings(root(), "examples/snippets")),
        [
            "examples/snippets/sysusers-d-stunnel4-stunnel4.sysusers.features.toml:8 warning duplicate group:stunnel4",
            "examples/snippets/tmpfiles-d-screen-screen-cleanup.tmpfiles.features.toml:5 warning world-writable path:/run/screen",
        ]
    );
}

/// Copies an example, with one text of one file replaced.
fn changed(example: &str, file: &str, from: &str, to: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let example = format!("examples/{example}/");
    for path in files(&example, "") {
        let name = path.strip_prefix(&example).expect("a file below the example");
        let mut contents = std::fs::read(root().join(&path)).expect("an example can be read");
        if name == file {
            let text = String::from_utf8(contents).expect("a manifest is UTF-8");
            assert!(text.contains(from), "{file} has no {from}");
            contents = text.replacen(from, to, 1).into_bytes();
        }
        let copy = folder.path().join(name);
        std::fs::create_dir_all(copy.parent().expect("a folder above")).expect("a folder can be made");
        std::fs::write(copy, contents).expect("a file can be written");
    }
    folder
}

#[test]
fn what_the_readme_of_web_says_to_try() {
    let try_out = |file: &str, from: &str, to: &str| {
        let folder = changed("web", file, from, to);
        let (text, _) = check(folder.path(), ".", "concise");
        (lines(&findings(folder.path(), ".")), text)
    };
    let (found, text) = try_out("nginx.features.toml", "replace = true", "");
    assert_eq!(found, ["nginx.features.toml:9 error overwrite path:/etc/nginx/nginx.conf"]);
    assert!(text.contains("package `nginx`"), "the owner is named: {text}");
    let (found, _) = try_out("web.image.toml", "user = \"web\"", "user = \"wbe\"");
    assert_eq!(found, ["web.image.toml:24 error missing user:wbe"]);
    let (found, _) = try_out("nginx.features.toml", "phase = \"finalize\"", "");
    assert_eq!(found, ["nginx.features.toml:28 error missing path:/etc/nginx/sites-enabled/web",]);
    let (found, text) = try_out("web.image.toml", "link = \"/var/www/html\"", "link = \"/etc/issue\"");
    assert_eq!(found, ["web.image.toml:37 error overwrite path:/etc/issue"]);
    let said = "`/etc/issue` of package `base-files` (12.4+deb12u15) is already there in parent `base`";
    assert!(text.contains(said), "the owner is named with its version: {text}");
}

#[test]
fn the_commands_of_the_readmes_can_be_run() {
    let mut commands = 0;
    for readme in files("examples", "README.md") {
        let text = std::fs::read_to_string(root().join(&readme)).expect("a README is UTF-8");
        for line in text.lines().filter_map(|line| line.strip_prefix("featgraph ")) {
            let arguments: Vec<&str> = line.split_whitespace().collect();
            let expected = if line.starts_with("check examples/broken") { 1 } else { 0 };
            let output = run(root(), &arguments);
            let errors = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(expected), "{readme}: featgraph {line}: {errors}");
            commands += 1;
        }
    }
    assert!(commands > 8, "the READMEs say what to run");
}

#[test]
fn what_check_prints_of_the_broken_example() {
    for format in ["full", "concise", "json"] {
        let (text, status) = check(root(), "examples/broken", format);
        assert_eq!(status, Some(1), "--format {format}");
        snapshot(&format!("example-broken.check.{format}"), &text);
    }
}

#[test]
fn what_check_prints_of_the_others() {
    for example in ["hello", "web", "snippets"] {
        let (text, status) = check(root(), &format!("examples/{example}"), "full");
        assert_eq!(status, Some(0), "{example}");
        snapshot(&format!("example-{example}.check.full"), &text);
    }
}

#[test]
fn what_plan_writes_of_the_examples() {
    for example in ["hello", "web", "snippets"] {
        let image = format!("examples/{example}/{example}.image.toml");
        for format in ["text", "json"] {
            snapshot(&format!("example-{example}.plan.{format}"), &plan(&image, format));
        }
    }
}

/// What is reported as an error, which must be `missing` and each entity once.
fn missing(folder: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for finding in findings(folder, ".") {
        if finding.severity == "error" {
            assert_eq!(finding.code, "missing", "{finding}");
            let entity = finding.entity.clone().unwrap_or_default();
            assert!(names.insert(entity), "reported twice: {finding}");
        }
    }
    names
}

#[test]
fn without_what_they_assume_the_snippets_lack_just_the_accounts_of_maintainer_scripts() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for file in files("examples/snippets", ".toml") {
        let path = Path::new(&file);
        let name = path.file_name().and_then(|name| name.to_str()).expect("a file has a name");
        if name == "assume.features.toml" {
            continue;
        }
        let text = std::fs::read_to_string(root().join(path)).expect("an example is UTF-8");
        let kept = text.split_inclusive('\n').filter(|line| !line.contains("assume.features.toml"));
        std::fs::write(folder.path().join(name), kept.collect::<String>()).expect("a file can be written");
    }
    assert_eq!(missing(folder.path()), MISSING.map(str::to_owned).into());
}

#[test]
fn the_corpus_lacks_the_same_accounts() {
    let corpus = root().join("../shared/corpus/debian-snippets");
    if !corpus.is_dir() {
        // Not by `eprintln!`, which the test harness keeps to itself.
        let skipped = "SKIPPED: the corpus beside the repository is not there; examples/snippets stands for it\n";
        std::io::stderr().write_all(skipped.as_bytes()).expect("stderr can be written");
        return;
    }
    assert_eq!(missing(&corpus), MISSING.map(str::to_owned).into());
}
