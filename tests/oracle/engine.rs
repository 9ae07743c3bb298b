//! The only place where the tests meet the engine.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// A file of a workspace: its path and its text.
pub type File = (String, String);

/// `featgraph check --format json ROOTS...` in a folder of these files.
pub fn check(files: &[File], roots: &[&str]) -> Value {
    let folder = folder(files.iter().map(|(name, text)| (name.as_str(), text.as_bytes())));
    check_in(folder.path(), roots)
}

/// The same with files that need not be text; none but the listed roots are named.
pub fn check_bytes(files: &[(&str, &[u8])], roots: &[&str]) -> Value {
    let folder = folder(files.iter().copied());
    check_in(folder.path(), roots)
}

/// The plan of an image, or what `check` says where there is none.
pub fn plan(files: &[File], image: &str) -> Result<Value, Value> {
    let folder = folder(files.iter().map(|(name, text)| (name.as_str(), text.as_bytes())));
    let output = featgraph(folder.path(), &["plan", image, "--format", "json", "-o", "the-plan.json"]);
    if output.status.code() == Some(0) {
        let text = std::fs::read_to_string(folder.path().join("the-plan.json")).expect("a plan was written");
        return Ok(serde_json::from_str(&text).expect("a plan is JSON"));
    }
    assert!(!folder.path().join("the-plan.json").exists(), "a plan was written in spite of errors");
    Err(check_in(folder.path(), &[image]))
}

/// The codes of errors in what `check` says.
pub fn error_codes(checked: &Value) -> Vec<String> {
    let all = checked["diagnostics"].as_array().into_iter().flatten();
    let errors = all.filter(|diagnostic| diagnostic["severity"] == "error");
    errors.filter_map(|diagnostic| diagnostic["code"].as_str().map(str::to_owned)).collect()
}

/// What `check` says, for people: one line a finding.
pub fn told(checked: &Value) -> String {
    let all = checked["diagnostics"].as_array().into_iter().flatten();
    let line = |diagnostic: &Value| {
        let start = &diagnostic["location"]["start"];
        format!(
            "{}:{}: {}[{}] {} ({})\n",
            diagnostic["location"]["file"].as_str().unwrap_or("?"),
            start["line"],
            diagnostic["severity"].as_str().unwrap_or("?"),
            diagnostic["code"].as_str().unwrap_or("?"),
            diagnostic["message"].as_str().unwrap_or("?"),
            diagnostic["entity"].as_str().unwrap_or("-"),
        )
    };
    all.map(line).collect()
}

fn check_in(folder: &Path, roots: &[&str]) -> Value {
    let mut arguments = vec!["check", "--format", "json"];
    arguments.extend(roots);
    let output = featgraph(folder, &arguments);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|why| {
        let complaint = String::from_utf8_lossy(&output.stderr);
        panic!("`check` gave no JSON ({why}), exit {:?}: {complaint}", output.status.code())
    })
}

fn featgraph(folder: &Path, arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_featgraph"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .output()
        .expect("featgraph runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        matches!(output.status.code(), Some(0..=2)),
        "featgraph {arguments:?} ended as {:?}: {complaint}",
        output.status
    );
    output
}

fn folder<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, bytes) in files {
        let path = folder.path().join(name);
        if let Some(above) = path.parent() {
            std::fs::create_dir_all(above).expect("a folder for a file");
        }
        std::fs::write(path, bytes).expect("a file");
    }
    folder
}
