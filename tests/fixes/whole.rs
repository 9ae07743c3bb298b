//! What holds of all fixes: the table in the documentation, `examples/broken`, and random damage.

use std::path::Path;

use featgraph::catalog::Code;
use featgraph::compile::{Levels, Report, Workspace};
use featgraph::fix::{self, Mended, RULES, Which};
use featgraph::load::{Overlay, load};
use featgraph::render::patch;

use crate::told;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn the_page_has_every_rule_in_order() {
    assert!(RULES.is_sorted_by_key(|rule| rule.code), "by code, so that those of a code are found");
    let page = std::fs::read_to_string(Path::new(ROOT).join("docs/fixes.md")).unwrap();
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| [`")).collect();
    let row = |rule: &fix::Rule| {
        let (code, safe) = (rule.code.name(), if rule.safe { "safe" } else { "unsafe" });
        format!("| [`{code}`](codes/{code}.md) | {} | {safe} |", rule.does)
    };
    assert_eq!(rows, RULES.iter().map(row).collect::<Vec<_>>());
}

#[test]
fn the_page_of_every_code_lists_its_fixes() {
    let list = |rules: &[&fix::Rule], before: &str| match rules {
        [] => String::new(),
        rules => format!("{before}\n\n{}\n", rules.iter().map(|rule| format!("- {}\n", rule.does)).collect::<String>()),
    };
    for code in Code::ALL {
        let of_code = RULES.iter().filter(|rule| rule.code == *code);
        let (safe, decided): (Vec<&fix::Rule>, Vec<&fix::Rule>) = of_code.partition(|rule| rule.safe);
        let said = list(&safe, "`featgraph check --fix` does by itself:")
            + &list(&decided, "With `--unsafe-fixes`, because only the author can decide it:");
        let listed = format!("\n{said}## Configuration\n");
        assert!(code.page().contains(&listed), "docs/codes/{}.md has no {listed:?}", code.name());
        let lists =
            code.page().matches("--unsafe-fixes`, because").count() + code.page().matches("does by itself:").count();
        assert_eq!(lists, usize::from(!safe.is_empty()) + usize::from(!decided.is_empty()), "{}", code.name());
    }
}

// ---- examples/broken -----------------------------------------------------------------------------------------

fn broken() -> (Workspace, Report) {
    let folder = Path::new(ROOT);
    let names = std::fs::read_dir(folder.join("examples/broken")).unwrap();
    let mut names: Vec<String> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name.ends_with(".toml"));
    names.sort();
    let mut workspace = Workspace::new();
    for name in names {
        workspace.open(format!("examples/broken/{name}"));
    }
    read(&mut workspace);
    let report = workspace.check(&Levels::default());
    (workspace, report)
}

fn read(workspace: &mut Workspace) {
    load(workspace, Path::new(ROOT), &Overlay::default());
}

fn diff(mended: &Mended) -> String {
    let mut out = Vec::new();
    for (name, change) in &mended.changes {
        patch::write(name, &change.before.text, &change.after.text, false, &mut out).unwrap();
    }
    let left: Vec<String> = told(&mended.report).into_iter().map(|line| format!("# left: {line}\n")).collect();
    String::from_utf8(out).unwrap() + &left.concat()
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn every_finding_of_the_broken_example_that_can_have_a_fix_has_one() {
    let (workspace, mut report) = broken();
    fix::work_out(&workspace, &Levels::default(), &mut report, &mut read);
    let without = report.diagnostics.iter().filter(|found| found.fixes.is_empty());
    let without: Vec<&str> = without.map(|found| found.code.name()).collect();
    // What the file should have said, and what should be in it, nobody can know.
    assert_eq!(without, ["missing-source", "missing-key"]);
}

#[test]
fn the_broken_example_is_mended() {
    for (name, which) in [("example-broken.fix.diff", Which::Safe), ("example-broken.unsafe-fixes.diff", Which::Unsafe)]
    {
        let (workspace, report) = broken();
        let mended = fix::mend(workspace, &Levels::default(), report, which, &|_| true, &mut read);
        snapshot(name, &diff(&mended));
    }
}
