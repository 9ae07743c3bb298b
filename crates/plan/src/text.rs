//! A plan for people: one line a step, under its phase and stage.

use std::fmt::Write as _;
use std::io;

use super::model::{Expect, Phase, Provided, ReplacedFrom, ReplacedType, Step};
use super::op::Op;
use super::output::{Lines, PlanHead, PlanSource};
use super::words::{describe, plural, shown};

pub(super) fn write<P: PlanSource + ?Sized>(plan: &P, lines: &mut Lines<'_>) -> io::Result<()> {
    let head = plan.head();
    let stages = plural(head.stages.len(), "stage");
    lines.push(&format!("{}: {} in {stages}\n", shown(head.image), plural(head.steps(), "step")));
    lines.push(&format!("digest {}\n", head.digest));
    if let Some(parent) = head.parent {
        lines.push(&format!("parent {} {}\n", shown(&parent.name), parent.digest));
    }

    let mut under = None;
    plan.steps(false, &mut |step, _| {
        if under != Some((step.phase, step.stage)) {
            heading(&head, step, under.map(|(phase, _)| phase), lines);
            under = Some((step.phase, step.stage));
        }
        lines.push(&step_line(step));
        lines.end_line()?;
        entries(step, lines)
    })?;

    if !head.expects.is_empty() {
        lines.push("\nrelied upon, not proven\n");
    }
    for expect in head.expects {
        lines.push(&expect_line(expect));
        lines.end_line()?;
    }
    Ok(())
}

/// Every entry of a tree, an archive or packages, below its step. Without `--entries` a plan has only their number.
fn entries(step: &Step<'_>, lines: &mut Lines<'_>) -> io::Result<()> {
    let many = matches!(step.op, Op::CopyTree { .. } | Op::Extract { .. } | Op::Clone { .. } | Op::Packages { .. });
    if !many || step.provides.iter().any(|provided| matches!(provided, Provided::Tree { .. })) {
        return Ok(());
    }
    for path in step.provides.iter().filter_map(|provided| provided.entity().strip_prefix("path:")) {
        lines.push(&format!("{:20}{}", "", shown(path)));
        lines.end_line()?;
    }
    Ok(())
}

fn heading(head: &PlanHead<'_>, step: &Step<'_>, before: Option<Phase>, lines: &mut Lines<'_>) {
    if before != Some(step.phase) {
        lines.push(&format!("\n{}\n", step.phase.name()));
    }
    // A plan that was read may number its stages wrongly; its steps are shown all the same.
    match head.stages.get(step.stage as usize) {
        Some(stage) => {
            let opaque = if stage.opaque { ", opaque" } else { "" };
            lines.push(&format!("  stage {}{opaque}: {}\n", step.stage, plural(stage.steps, "step")));
        }
        None => lines.push(&format!("  stage {}\n", step.stage)),
    }
}

fn step_line(step: &Step<'_>) -> String {
    let (word, words) = describe(&step.op);
    let mut line = format!("    {:>3}  {word:<9}  {words}", step.wave);
    if step.implied {
        line.push_str("  (implied)");
    }
    if let Some(replaced) = step.replaces {
        let what = match replaced.what {
            ReplacedType::File => "file",
            ReplacedType::Directory => "directory",
            ReplacedType::Symlink => "symbolic link",
            ReplacedType::Char => "character device",
            ReplacedType::Block => "block device",
            ReplacedType::Fifo => "named pipe",
            ReplacedType::Socket => "socket",
            ReplacedType::User => "user",
            ReplacedType::Group => "group",
            ReplacedType::Unknown => "whatever is there",
        };
        let _ = match replaced.from {
            _ if replaced.what == ReplacedType::Unknown => write!(line, "  (replaces {what})"),
            ReplacedFrom::Parent => write!(line, "  (replaces the parent's {what})"),
            ReplacedFrom::Phase => write!(line, "  (replaces the {what} of an earlier phase)"),
            ReplacedFrom::Opaque => write!(line, "  (replaces the {what} of an opaque step)"),
        };
    }
    if !step.hermetic {
        line.push_str("  (depends on the outside)");
    }
    line
}

/// What is expected, such as `path:/bin/sh  stage 0  file, executable  for user:web`.
pub(super) fn expect_line(expect: &Expect) -> String {
    let mut line = format!("  {}  stage {}", shown(&expect.entity), expect.stage);
    let validator = &expect.validator;
    let mut asked = Vec::new();
    if let Some(path_type) = validator.path_type {
        asked.push(path_type.name().to_owned());
    }
    if validator.executable {
        asked.push("executable".to_owned());
    }
    if let Some(mode) = validator.mode {
        asked.push(format!("mode {mode}"));
    }
    if let Some(user) = &validator.user {
        asked.push(format!("user {}", shown(user)));
    }
    if let Some(group) = &validator.group {
        asked.push(format!("group {}", shown(group)));
    }
    if validator.empty {
        asked.push("empty".to_owned());
    }
    if !asked.is_empty() {
        let _ = write!(line, "  {}", asked.join(", "));
    }
    // A thing that everything relies on does not make a line without end.
    const NAMED: usize = 3;
    let named: Vec<_> = expect.relied_on_by.iter().take(NAMED).map(|id| shown(id)).collect();
    if !named.is_empty() {
        let _ = write!(line, "  for {}", named.join(", "));
    }
    if let more @ 1.. = expect.relied_on_by.len().saturating_sub(NAMED) {
        let _ = write!(line, " and {more} more");
    }
    line
}
