//! A few files, what `check` finds in them, and the plan of an image.

use std::path::Path;

use featgraph::catalog::Severity;
use featgraph::compile::{Levels, Report, Workspace};
use featgraph::load::{Overlay, load};
use featgraph::plan::{self, PlanFormat};
use featgraph::planning::Built;
use serde_json::Value;

/// A file of a workspace: its path and its text.
pub type File<'t> = (&'t str, &'t str);

/// What an image needs before it can have accounts.
pub const ETC: &str = r#"
[[ensure_dir]]
path = "/etc"
[[install]]
dst = "/etc/passwd"
text = "root:x:0:0:root:/root:/bin/sh\n"
[[install]]
dst = "/etc/group"
text = "root:x:0:\n"
"#;

/// Files in a folder of their own.
pub struct Folder(tempfile::TempDir);

impl Folder {
    /// Lays the files out.
    pub fn new(files: &[File<'_>]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder for a file")).expect("a folder for a file");
            std::fs::write(path, text).expect("a file");
        }
        Self(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    fn load(&self, root: &str, digests: bool) -> Workspace {
        let mut workspace = Workspace::new();
        if digests {
            workspace.want_digests();
        }
        workspace.open(root);
        load(&mut workspace, self.path(), &Overlay::default());
        workspace
    }

    /// All that is found in an image.
    pub fn report(&self, root: &str) -> Report {
        self.load(root, false).check(&Levels::default())
    }

    /// Codes with what they are about, in the order of the report.
    pub fn found(&self, root: &str) -> Vec<String> {
        let of = |found: &featgraph::diagnostic::Diagnostic| {
            format!("{} {}", found.code.name(), found.entity.as_deref().unwrap_or("-"))
        };
        self.report(root).diagnostics.iter().map(of).collect()
    }

    /// The plan of an image that has one.
    pub fn plan(&self, image: &str) -> Value {
        let workspace = self.load(image, true);
        let (report, compiled) = workspace.compile_image(image, &Levels::default());
        let errors: Vec<&str> = report
            .diagnostics
            .iter()
            .filter(|found| found.severity == Severity::Error)
            .map(|found| found.message.as_str())
            .collect();
        assert!(errors.is_empty(), "there is no plan: {errors:#?}");
        let compiled = compiled.expect("an image");
        let built = Built::new(&compiled.graph, workspace.inputs());
        let mut out = Vec::new();
        plan::write(&built, PlanFormat::Json, true, &mut out).expect("a plan is written to memory");
        serde_json::from_slice(&out).expect("a plan is JSON")
    }
}

/// Codes with what they are about, of an image in `top.image.toml`.
pub fn found(files: &[File<'_>]) -> Vec<String> {
    Folder::new(files).found("top.image.toml")
}

/// The messages of what is found, one after the other.
pub fn messages(files: &[File<'_>]) -> Vec<String> {
    Folder::new(files).report("top.image.toml").diagnostics.into_iter().map(|found| found.message).collect()
}

/// The plan of `top.image.toml`.
pub fn plan(files: &[File<'_>]) -> Value {
    Folder::new(files).plan("top.image.toml")
}

/// A step of a plan.
pub fn step<'p>(plan: &'p Value, id: &str) -> &'p Value {
    let steps = plan["steps"].as_array().expect("steps");
    steps.iter().find(|step| step["id"] == id).unwrap_or_else(|| panic!("no step {id} in {}", ids(plan).join(", ")))
}

/// The ids of a plan's steps, as they stand.
pub fn ids(plan: &Value) -> Vec<String> {
    let steps = plan["steps"].as_array().expect("steps");
    steps.iter().filter_map(|step| step["id"].as_str().map(str::to_owned)).collect()
}

/// The texts of a list in a plan.
pub fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}
