//! Random damage: whatever is broken, fixing ends, adds nothing, and leaves alone what it does not mend.

use featgraph::compile::Report;
use featgraph::fix::Which;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;

use crate::{Files, text_of};

/// Healthy, with one of most things.
const HEALTHY: &str = r#"# A site.
[[user]]
name = "web"
home = "/srv/web"
shell = "/usr/bin/shell"

[[group]]
name = ["staff", "build"]

# What it is run with.
[[install]]
dst = "/usr/bin/shell"
text = "x"
mode = "0755"  # for all

[[ensure_dir]]
path = [
  "/srv/web",
  # what is served
  "/srv/web/static",
]
user = "web"
group = "web"
mode = "0750"

[[install]]
dst = "/srv/web/static/index.html"
text = """
hello
"""
user = "web"
requires = ["group:staff", { path = "/etc", type = "directory" }]

[[symlink]]
link = "/etc/site"
target = "/srv/web"
expect = "directory"
"#;

/// One thing that goes wrong with a text.
#[derive(Clone, Debug)]
enum Damage {
    /// A line is lost.
    Lose(usize),
    /// A line is there twice.
    Double(usize),
    /// Two letters of a line are turned.
    Turn(usize, usize),
    /// A word takes the place of another.
    Exchange(&'static str, &'static str),
    /// Something is added at the end.
    Add(&'static str),
}

fn damage() -> impl Strategy<Value = Damage> {
    let lines = HEALTHY.lines().count();
    prop_oneof![
        (0..lines).prop_map(Damage::Lose),
        (0..lines).prop_map(Damage::Double),
        (0..lines, 0..24_usize).prop_map(|(line, at)| Damage::Turn(line, at)),
        select(vec![
            ("\"0755\"", "755"),
            ("\"0755\"", "\"0644\""),
            ("\"web\"", "\"wbe\""),
            ("\"/srv/web/static\"", "\"srv/web/static\""),
            ("group = \"web\"", "group = \"stuff\""),
            ("text = \"x\"", "text = \"x\"\nallow = [\"setuid\", \"world-writable\"]"),
            ("[[symlink]]", "[symlink]"),
            ("[[user]]", "[[usr]]"),
            ("[[install]]", "[[instal]]"),
            ("path =", "paths ="),
            ("requires =", "replace = true\nrequires ="),
            ("\n", "\r\n"),
        ])
        .prop_map(|(old, new)| Damage::Exchange(old, new)),
        select(vec![
            "\n[[group]]\nname = \"staff\"\n",
            "\n[[assume]]\nusers = [\"a\", \"b\"]\nreason = \"?\"\n",
            "\n[[install]]\ndst = \"/opt/a/b\"\ntext = \"x\"\n",
            "\n[[ensure_dir]]\npath = \"/srv/web/a/b\"\nuser = \"web\"\n",
            "\n[[run]]\ncommand = [\"a\"]\n\n[[run]]\ncommand = [\"b\"]\n",
            "\n[[ensure_dir]]\npath = \"/srv/drop\"\nmode = 777\n",
            "\nx = [",
        ])
        .prop_map(Damage::Add),
    ]
}

fn damaged(damages: &[Damage]) -> String {
    let mut text = HEALTHY.to_owned();
    for damage in damages {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        match damage {
            Damage::Exchange(old, new) => {
                text = text.replacen(old, new, if *old == "\n" { usize::MAX } else { 1 });
                continue;
            }
            Damage::Add(more) => {
                text.push_str(more);
                continue;
            }
            Damage::Lose(line) => drop(lines.remove(line % lines.len())),
            Damage::Double(line) => lines.insert(line % lines.len(), lines[line % lines.len()].clone()),
            Damage::Turn(line, at) => {
                let line = line % lines.len();
                let mut letters: Vec<char> = lines[line].chars().collect();
                if letters.len() > 1 {
                    let at = at % (letters.len() - 1);
                    letters.swap(at, at + 1);
                }
                lines[line] = letters.into_iter().collect();
            }
        }
        text = lines.join("\n") + "\n";
    }
    text
}

/// What is found, but for what an incomplete image keeps back.
fn counted(report: &Report) -> Vec<(&'static str, String)> {
    let held = ["missing", "unproven", "unused-allow", "unused-assume", "unused-replace"];
    let all = report.diagnostics.iter().filter(|found| !held.contains(&found.code.name()));
    let mut all: Vec<(&'static str, String)> =
        all.map(|found| (found.code.name(), found.entity.clone().unwrap_or_default())).collect();
    all.sort();
    all
}

fn holds(text: &str, which: Which) -> Result<(), TestCaseError> {
    const NAME: &str = "the.features.toml";
    let files = Files::around(NAME, text);
    let mended = files.mend(which);
    let after = text_of(&mended.workspace, NAME);

    // Nothing is added. What comes to light once an image can be read whole was there before.
    let (mut before, left) = (counted(&files.report), counted(&mended.report));
    for found in &left {
        let at = before.iter().position(|other| other == found);
        prop_assert!(at.is_some(), "{found:?} was added:\n{text}\n---\n{after}");
        at.map(|at| before.remove(at));
    }
    if files.report.incomplete == 0 {
        prop_assert!(mended.report.diagnostics.len() <= files.report.diagnostics.len());
    }
    prop_assert!(mended.report.incomplete <= files.report.incomplete);
    prop_assert!(mended.report.diagnostics.len() + mended.fixed >= 1 || files.report.diagnostics.is_empty());

    // It has ended: there is nothing more to do.
    let again = Files::around(NAME, &after).mend(which);
    prop_assert_eq!(text_of(&again.workspace, NAME), after.as_str(), "from\n{}", text);

    // Lines that no edit touches are there as they were: only what is found fault with goes.
    if files.report.diagnostics.is_empty() {
        prop_assert_eq!(after.as_str(), text);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_261_122),
        ..ProptestConfig::with_cases(150)
    })]

    #[test]
    fn safe_fixes_end_and_add_nothing(damages in prop::collection::vec(damage(), 1..5)) {
        holds(&damaged(&damages), Which::Safe)?;
    }

    #[test]
    fn unsafe_fixes_end_and_add_nothing(damages in prop::collection::vec(damage(), 1..4)) {
        holds(&damaged(&damages), Which::Unsafe)?;
    }

    /// The edits of every single fix, safe or not: in order, apart, inside the text, and the file parses as well as before.
    #[test]
    fn every_fix_alone_can_be_made(damages in prop::collection::vec(damage(), 1..4)) {
        const NAME: &str = "the.features.toml";
        let text = damaged(&damages);
        let files = Files::around(NAME, &text);
        let slips = |report: &Report| report.diagnostics.iter().filter(|found| found.code.name() == "syntax").count();
        let before = slips(&files.report);
        for found in files.worked_out().diagnostics {
            for fix in found.fixes {
                prop_assert!(!fix.edits.is_empty() && !fix.title.is_empty());
                let mut edits: Vec<_> =
                    fix.edits.iter().filter(|edit| edit.location.source.name == NAME).collect();
                edits.sort_by_key(|edit| edit.location.span);
                prop_assert!(edits.windows(2).all(|two| two[0].location.span.end <= two[1].location.span.start));
                let mut new = String::new();
                let mut at = 0;
                for edit in edits {
                    new.push_str(&text[at..edit.location.span.start as usize]);
                    new.push_str(&edit.text);
                    at = edit.location.span.end as usize;
                }
                new.push_str(&text[at..]);
                let after = Files::around(NAME, &new);
                prop_assert!(slips(&after.report) <= before, "{}:\n{text}\n---\n{new}", fix.title);
            }
        }
    }
}
