//! Fixes: each as an example before and after, `examples/broken` as a whole, and what holds of all of them.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests read the examples and run the command")]

#[path = "fixes/command.rs"]
mod command;
#[path = "fixes/damage.rs"]
mod damage;
#[path = "fixes/examples.rs"]
mod examples;
#[path = "fixes/layout.rs"]
mod layout;
#[path = "command/place.rs"]
mod place;
#[path = "fixes/whole.rs"]
mod whole;

use featgraph::compile::{Levels, Report, Workspace};
use featgraph::fix::{self, Mended, Which};
use featgraph::load::{Overlay, load};
use similar::TextDiff;

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
    assert_eq!(mended(before, Which::Safe), after);
}

/// The same with fixes that are a matter of choice; the safe ones alone change nothing.
#[track_caller]
pub fn check_choice(before: &str, after: &str) {
    check_not_safe(before);
    assert_eq!(mended(before, Which::Unsafe), after);
}

/// As [`check`], by what changes: a unified diff with one line around.
#[track_caller]
pub fn edits(before: &str, changes: &str) {
    edits_with(before, changes, Which::Safe);
}

/// As [`check_choice`], by what changes.
#[track_caller]
pub fn edits_on_demand(before: &str, changes: &str) {
    check_not_safe(before.trim_start());
    edits_with(before, changes, Which::Unsafe);
}

#[track_caller]
fn edits_with(before: &str, changes: &str, which: Which) {
    let before = before.trim_start();
    let after = mended(before, which);
    let found = TextDiff::from_lines(before, &after).unified_diff().context_radius(1).to_string();
    assert!(found == changes.trim_start(), "--- expected\n{changes}\n--- found\n{found}\n---");
}

/// No fix is made without asking.
#[track_caller]
pub fn check_not_safe(text: &str) {
    let files = Files::around(name_of(text), text);
    assert!(!files.report.diagnostics.is_empty(), "nothing is found");
    assert_eq!(text_of(&files.mend(Which::Safe).workspace, name_of(text)), text, "{:#?}", told(&files.report));
}

fn name_of(text: &str) -> &'static str {
    if text.starts_with('{') { "the.features.json" } else { "the.features.toml" }
}

/// What fixing makes of a text in which something is found; nothing is, then.
#[track_caller]
fn mended(before: &str, which: Which) -> String {
    let name = name_of(before);
    let files = Files::around(name, before);
    assert!(!files.report.diagnostics.is_empty(), "nothing is found");
    let mended = files.mend(which);
    assert_eq!(told(&mended.report), [""; 0], "found before: {:#?}", told(&files.report));
    text_of(&mended.workspace, name)
}
