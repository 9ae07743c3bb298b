//! A comparison, written: text for people, JSON for machines.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::Value;

use super::super::model::{Expect, PlanParent};
use super::super::text::expect_line;
use super::super::words::{plural, shown};
use super::{FieldChange, PlanDiff, Rebuilt};

impl PlanDiff {
    /// Writes it for people: `+` added, `-` removed, `~` changed, `*` the same but to be carried out again.
    ///
    /// # Errors
    /// Whatever writing fails with.
    pub fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut out = io::BufWriter::new(out);
        if self.is_empty() {
            writeln!(out, "{}: nothing changes", shown(&self.new.image))?;
            return out.flush();
        }
        let renamed = self.old.image != self.new.image;
        let before = if renamed { format!("{} -> ", shown(&self.old.image)) } else { String::new() };
        writeln!(
            out,
            "{before}{}: {} added, {} removed, {} changed, {} rebuilt",
            shown(&self.new.image),
            self.added.len(),
            self.removed.len(),
            self.changed.len(),
            self.rebuilt.len()
        )?;
        if let Some(parent) = &self.parent {
            writeln!(out, "parent  {} -> {}", parent_words(&parent.from), parent_words(&parent.to))?;
        }
        if let Some(stages) = &self.stages {
            let (from, to) = (stages.from, stages.to);
            writeln!(out, "stages  {} ({} opaque) -> {} ({} opaque)", from.stages, from.opaque, to.stages, to.opaque)?;
        }
        for step in &self.removed {
            writeln!(out, "- {}  {}: {}", shown(&step.id), step.phase.name(), step.does)?;
        }
        for step in &self.added {
            writeln!(out, "+ {}  {}: {}", shown(&step.id), step.phase.name(), step.does)?;
        }
        for step in &self.changed {
            let same = if step.outcome { "" } else { "  (same outcome)" };
            writeln!(out, "~ {}{same}", shown(&step.id))?;
            for field in &step.fields {
                writeln!(out, "    {}", field_words(field))?;
            }
        }
        for step in &self.rebuilt {
            writeln!(out, "* {}  {}", shown(&step.id), rebuilt_words(step))?;
        }
        self.write_expects(&mut out)?;
        out.flush()
    }

    fn write_expects(&self, out: &mut dyn Write) -> io::Result<()> {
        let all: [(&str, &[Expect]); 2] =
            [("no longer relied upon", &self.expects_removed), ("newly relied upon", &self.expects_added)];
        for (title, expects) in all {
            if !expects.is_empty() {
                writeln!(out, "{title}")?;
            }
            for expect in expects {
                writeln!(out, "{}", expect_line(expect))?;
            }
        }
        if !self.expects_changed.is_empty() {
            writeln!(out, "relied upon by others")?;
        }
        for expect in &self.expects_changed {
            let mut line = format!("  {}", shown(&expect.entity));
            signed(&mut line, expect.removed.iter().map(|id| shown(id)), '-');
            signed(&mut line, expect.added.iter().map(|id| shown(id)), '+');
            writeln!(out, "{line}")?;
        }
        Ok(())
    }

    /// Writes it as JSON.
    ///
    /// # Errors
    /// Whatever writing fails with.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut out = io::BufWriter::new(out);
        serde_json::to_writer_pretty(&mut out, self)?;
        out.write_all(b"\n")?;
        out.flush()
    }
}

fn parent_words(parent: &Option<PlanParent>) -> String {
    parent.as_ref().map_or_else(|| "none".to_owned(), |parent| format!("{} {}", shown(&parent.name), parent.digest))
}

fn rebuilt_words(step: &Rebuilt) -> String {
    let mut reasons = Vec::new();
    const NAMED: usize = 3;
    if !step.steps.is_empty() {
        let mut words = String::from("requires ");
        let named: Vec<_> = step.steps.iter().take(NAMED).map(|id| shown(id)).collect();
        words.push_str(&named.join(", "));
        if let more @ 1.. = step.steps.len().saturating_sub(NAMED) {
            let _ = write!(words, " and {more} more");
        }
        words.push_str(", which changed");
        reasons.push(words);
    }
    if step.base {
        reasons.push("what stands before it changed".to_owned());
    }
    if step.outside {
        reasons.push("what it relies on from outside changed".to_owned());
    }
    reasons.join("; ")
}

fn field_words(change: &FieldChange) -> String {
    let name = change.field.strip_prefix("op.").unwrap_or(&change.field);
    let mut line = shown(name).into_owned();
    match (&change.from, &change.to) {
        (None, None) => {}
        // Texts of files are not to be read here.
        (Some(Value::String(from)), Some(Value::String(to))) if from.contains('\n') || to.contains('\n') => {
            let _ = write!(line, "  {} -> {}", plural(from.len(), "byte"), plural(to.len(), "byte"));
        }
        (from, to) => {
            let words = |value: &Option<Value>| value.as_ref().map_or_else(|| "none".to_owned(), value_words);
            let _ = write!(line, "  {} -> {}", words(from), words(to));
        }
    }
    signed(&mut line, change.removed.iter().map(value_words), '-');
    signed(&mut line, change.added.iter().map(value_words), '+');
    line
}

fn signed<T: AsRef<str>>(line: &mut String, items: impl Iterator<Item = T>, sign: char) {
    for item in items {
        let _ = write!(line, "  {sign}{}", item.as_ref());
    }
}

/// Enough of a digest to tell two apart; the whole one is in the JSON.
const SHORT_DIGEST: usize = "blake3:".len() + 12;

/// A value on a line: of an input its digest, of a tree its root, of everything else itself.
fn value_words(value: &Value) -> String {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    match value {
        Value::String(text) => shown(text).into_owned(),
        Value::Null => "unknown".to_owned(),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(value_words).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(_) => match (text("digest"), text("entity"), text("from")) {
            (Some(digest), ..) => digest.get(..SHORT_DIGEST).unwrap_or(digest).to_owned(),
            (_, Some(entity), _) => {
                let entries = value.get("entries").and_then(Value::as_u64).unwrap_or_default();
                format!("{} ({entries} entries)", shown(entity))
            }
            (.., Some(from)) => format!("{} of {from}", text("type").unwrap_or("something")),
            _ => value.to_string(),
        },
        other => other.to_string(),
    }
}
