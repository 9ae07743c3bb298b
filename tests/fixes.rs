//! Fixes: each as an example before and after, `examples/broken` as a whole, and what holds of all of them.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests read the examples and run the command")]

#[path = "fixes/command.rs"]
mod command;
#[path = "fixes/examples.rs"]
mod examples;
#[path = "fixes/layout.rs"]
mod layout;
#[path = "fixes/whole.rs"]
mod whole;

use featgraph::compile::{Levels, Report, Workspace};
use featgraph::fix::{self, Mended, Which};
use featgraph::load::{Overlay, load};

/// What the examples stand on.
const BASE: &str = r#"
[[ensure_dir]]
path = ["/etc", "/srv", "/usr/bin"]

[[install]]
dst = "/etc/passwd"
text = "root:x:0:0:root:/root:/bin/sh\n"

[[install]]
dst = "/etc/group"
text = "root:x:0:\n"
"#;

/// A workspace of texts, of which none is on disk.
pub struct Files {
    folder: tempfile::TempDir,
    overlay: Overlay,
    /// The files, read.
    pub workspace: Workspace,
    /// What is found in them.
    pub report: Report,
}

impl Files {
    /// Files by their names.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut overlay = Overlay::default();
        let mut workspace = Workspace::new();
        for (name, text) in files {
            overlay.set(*name, *text);
            workspace.open(*name);
        }
        load(&mut workspace, folder.path(), &overlay);
        let report = workspace.check(&Levels::default());
        Self { folder, overlay, workspace, report }
    }

    /// A set of features in an image on a small base.
    pub fn around(name: &str, text: &str) -> Self {
        let image = format!("[image]\nparent = \"base.image.toml\"\ninclude = [\"{name}\"]\n");
        Self::new(&[(name, text), ("an.image.toml", &image), ("base.image.toml", BASE)])
    }

    /// What fixing makes of them.
    pub fn mend(&self, which: Which) -> Mended {
        let report = self.workspace.check(&Levels::default());
        let mut read = |workspace: &mut Workspace| load(workspace, self.folder.path(), &self.overlay);
        fix::mend(self.workspace.clone(), &Levels::default(), report, which, &|_| true, &mut read)
    }

    /// The report with its fixes.
    pub fn worked_out(mut self) -> Report {
        let mut read = |workspace: &mut Workspace| load(workspace, self.folder.path(), &self.overlay);
        fix::work_out(&self.workspace, &Levels::default(), &mut self.report, &mut read);
        self.report
    }
}

/// The text of a file.
pub fn text_of(workspace: &Workspace, name: &str) -> String {
    workspace.fragment(name).map(|fragment| fragment.source.text.clone()).unwrap_or_default()
}

/// The findings, one a line.
pub fn told(report: &Report) -> Vec<String> {
    let line = |found: &featgraph::diagnostic::Diagnostic| {
        format!("{} {} {}", found.location.to_text(), found.code.name(), found.entity.as_deref().unwrap_or("-"))
    };
    report.diagnostics.iter().map(line).collect()
}

/// The safe fixes make one text of another, and nothing is found in it then.
#[track_caller]
pub fn check(before: &str, after: &str) {
    becomes(before, after, Which::Safe, &[]);
}

/// The same with fixes that are a matter of choice; the safe ones alone change nothing.
#[track_caller]
pub fn check_choice(before: &str, after: &str) {
    let (before, after) = (before.trim_start(), after.trim_start());
    let files = Files::around(name_of(before), before);
    let safe = files.mend(Which::Safe);
    assert_eq!(
        text_of(&safe.workspace, name_of(before)),
        before,
        "the safe fixes change it: {:#?}",
        told(&files.report)
    );
    becomes(before, after, Which::Unsafe, &[]);
}

/// No fix is made without asking.
#[track_caller]
pub fn check_not_safe(text: &str) {
    let text = text.trim_start();
    let files = Files::around(name_of(text), text);
    assert!(!files.report.diagnostics.is_empty(), "nothing is found");
    assert_eq!(text_of(&files.mend(Which::Safe).workspace, name_of(text)), text);
}

fn name_of(text: &str) -> &'static str {
    if text.trim_start().starts_with('{') { "the.features.json" } else { "the.features.toml" }
}

/// As [`check`], but for some codes that stay.
#[track_caller]
pub fn becomes(before: &str, after: &str, which: Which, left: &[&str]) {
    let (before, after) = (before.trim_start(), after.trim_start());
    let name = name_of(before);
    let files = Files::around(name, before);
    assert!(!files.report.diagnostics.is_empty(), "nothing is found");
    let mended = files.mend(which);
    let text = text_of(&mended.workspace, name);
    assert!(text == after, "found: {:#?}\n--- expected\n{after}\n--- found\n{text}\n---", told(&files.report));
    let codes: Vec<&str> = mended.report.diagnostics.iter().map(|found| found.code.name()).collect();
    assert_eq!(codes, left, "{:#?}", told(&mended.report));
}
