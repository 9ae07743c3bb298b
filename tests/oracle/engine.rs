//! The only place where the tests meet the engine.

use std::path::Path;

use featgraph::catalog::Severity;
use featgraph::compile::{Levels, Report, Workspace};
use featgraph::load::{Overlay, load};
use featgraph::plan::{self, PlanFormat};
use featgraph::planning::Built;
use featgraph::render::{Format, Options, Run, Summary, render};
use serde_json::Value;

/// A file of a workspace: its path and its text.
pub type File = (String, String);

/// The findings of roots in a folder of these files, as `check --format json` writes them.
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
    let workspace = loaded(folder.path(), &[image], true);
    let (report, compiled) = workspace.compile_image(image, &Levels::default());
    match compiled {
        Some(compiled) if report.count(Severity::Error) == 0 => {
            let built = Built::new(&compiled.graph, workspace.inputs());
            let mut out = Vec::new();
            plan::write(&built, PlanFormat::Json, true, &mut out).expect("a plan is written to memory");
            Ok(serde_json::from_slice(&out).expect("a plan is JSON"))
        }
        _ => Err(told_as_json(&report)),
    }
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

fn loaded(folder: &Path, roots: &[&str], digests: bool) -> Workspace {
    let mut workspace = Workspace::new();
    if digests {
        workspace.want_digests();
    }
    for root in roots {
        workspace.open(*root);
    }
    load(&mut workspace, folder, &Overlay::default());
    workspace
}

fn check_in(folder: &Path, roots: &[&str]) -> Value {
    told_as_json(&loaded(folder, roots, false).check(&Levels::default()))
}

fn told_as_json(report: &Report) -> Value {
    let summary = Summary {
        errors: report.count(Severity::Error),
        warnings: report.count(Severity::Warning),
        infos: report.count(Severity::Info),
        images: report.images,
        incomplete: report.incomplete,
        features: report.features,
    };
    let mut out = Vec::new();
    render(Format::Json, &Run::of(&report.diagnostics, summary), &Options::default(), &mut out)
        .expect("written to memory");
    serde_json::from_slice(&out).expect("findings are JSON")
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
