//! The answers for people.

use std::fmt;

use super::model::{Attributes, Before, Hop, Misunderstood, Order, Origin, Place, Presence, Provider, StepTime, Why};
use crate::message::{count, quoted};
use crate::render::escaped;

/// How many rows of one sort are shown; the JSON has all.
const SHOWN: usize = 20;

impl fmt::Display for Misunderstood {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", escaped(&self.message))
    }
}

impl std::error::Error for Misunderstood {}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}:{}", escaped(&self.file), self.line, self.column)
    }
}

impl Why {
    /// For people. Ends in a line break.
    pub fn to_text(&self) -> String {
        let mut lines = Lines::default();
        match &self.entity {
            Some(entity) => lines.push(format!("{entity}: {}", self.verdict())),
            None if self.place.is_some() => lines.push(format!("{}: leads nowhere", self.asked)),
            None => {}
        }
        if let Some(place) = &self.place {
            say_place(&mut lines, place);
        }
        if let Some(first) = self.steps.first().filter(|_| self.entity.is_none()) {
            say_step(&mut lines, first);
            return lines.text;
        }
        if self.entity.is_some() {
            lines.section("provided by", &self.providers, "nobody", say_provider);
            lines.rows("taken away by", &self.removed, |lines, removed| {
                lines.push(format!("  {}, in phase `{}`{}", removed.by, removed.phase, at(removed.origin.as_ref())));
            });
            lines.section("required by", &self.requirers, "nobody", |lines, requirer| {
                let order = if requirer.ordered { "" } else { " (in any order)" };
                lines.push(format!("  {} {}{order}{}", requirer.by, requirer.because, at(Some(&requirer.origin))));
            });
        }
        if !self.steps.is_empty() {
            lines.heading("why then");
            for step in self.steps.iter().take(SHOWN) {
                say_time(&mut lines, step);
            }
            lines.more(self.steps.len());
        }
        if self.steps.is_empty() && matches!(self.presence, Some(Presence::Present | Presence::Assumed)) {
            lines.heading("why then");
            lines.push("  it is there before the first step".to_owned());
        }
        lines.rows("found", &self.findings, |lines, finding| {
            lines.push(format!(
                "  {}[{}] {}{}",
                finding.severity,
                finding.code,
                finding.message,
                at(Some(&finding.origin))
            ));
            if let Some(help) = &finding.help {
                lines.push(format!("    help: {help}"));
            }
        });
        if let Some(help) = &self.help {
            lines.rows("near it", &help.near, |lines, near| {
                lines.push(format!("  {} from {}{}", near.entity, near.by, at(near.origin.as_ref())));
            });
            lines.rows("what would help", &help.advice, |lines, advice| lines.push(format!("  {advice}")));
        }
        lines.text
    }

    /// The versioned JSON, with a line break at the end.
    pub fn to_json(&self) -> String {
        json(self)
    }

    fn verdict(&self) -> &'static str {
        match self.presence {
            Some(Presence::Present) => "in the image",
            Some(Presence::Assumed) => "assumed to be in the image",
            Some(Presence::Unproven) => "not known to be in the image",
            Some(Presence::Missing) | None => "not in the image",
        }
    }
}

impl Before {
    /// For people. Ends in a line break.
    pub fn to_text(&self) -> String {
        let mut lines = Lines::default();
        lines.push(match self.order {
            Order::Before => format!("{} comes before {}", self.a, self.b),
            Order::After => format!("{} comes after {}", self.a, self.b),
            Order::Same => format!("one step makes both: {}", self.a),
            Order::Free => format!("nothing orders {} and {}", self.a, self.b),
            Order::Circle => format!("{} and {} need each other", self.a, self.b),
        });
        if let Some(first) = self.chain.first() {
            lines.push(format!("  {}", first.first));
        }
        for hop in self.chain.iter().take(SHOWN) {
            say_hop(&mut lines, "  then ", hop);
        }
        lines.more(self.chain.len());
        for note in self.notes.iter().filter(|_| self.order != Order::Same) {
            lines.push(format!("  {note}"));
        }
        lines.text
    }

    /// The versioned JSON, with a line break at the end.
    pub fn to_json(&self) -> String {
        json(self)
    }
}

fn json(value: &impl serde::Serialize) -> String {
    // Plain structs with text keys: there is nothing that could fail.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

/// Lines of text, each made harmless for a terminal.
#[derive(Default)]
struct Lines {
    text: String,
}

impl Lines {
    fn push(&mut self, line: String) {
        self.text.push_str(&escaped(&line));
        self.text.push('\n');
    }

    fn heading(&mut self, name: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.push(name.to_owned());
    }

    /// A heading and its rows; nothing without rows.
    fn rows<T>(&mut self, name: &str, rows: &[T], say: impl Fn(&mut Self, &T)) {
        if rows.is_empty() {
            return;
        }
        self.heading(name);
        for row in rows.iter().take(SHOWN) {
            say(self, row);
        }
        self.more(rows.len());
    }

    /// The same, with a word where there are no rows.
    fn section<T>(&mut self, name: &str, rows: &[T], none: &str, say: impl Fn(&mut Self, &T)) {
        if rows.is_empty() {
            self.heading(name);
            self.push(format!("  {none}"));
        }
        self.rows(name, rows, say);
    }

    fn more(&mut self, all: usize) {
        if all > SHOWN {
            self.push(format!("  and {} more", all - SHOWN));
        }
    }
}

fn at(origin: Option<&Origin>) -> String {
    origin.map_or_else(String::new, |origin| format!("  {origin}"))
}

fn say_place(lines: &mut Lines, place: &Place) {
    for link in place.links.iter().take(SHOWN) {
        let (name, target) = (quoted(&link.link), quoted(&link.target));
        lines.push(format!("  {name} is a link to {target}, from {}{}", link.by, at(link.origin.as_ref())));
    }
    lines.more(place.links.len());
    if place.endless {
        lines.push(match place.links.is_empty() {
            true => "  it is a link that never arrives: links lead in a circle, or there are more than 40".to_owned(),
            false => "  the way never arrives: links lead in a circle, or there are more than 40".to_owned(),
        });
    } else if !place.links.is_empty() {
        lines.push(format!("  so {} is {}", quoted(&place.spelled), quoted(&place.canonical)));
    }
    if let Some(target) = &place.leads_to {
        lines.push(format!("  it is a link itself, and leads to {}", quoted(target)));
    }
}

fn say_provider(lines: &mut Lines, provider: &Provider) {
    lines.push(format!("  {}{}", provider.by, at(provider.origin.as_ref())));
    let how = match provider.means {
        "contained" => Some("comes with it"),
        "declared" => Some("named in `provides`"),
        "assumed" => Some("assumed"),
        _ => None,
    };
    let strength = provider.strength.filter(|_| provider.means != "assumed");
    let phase = provider.phase.map(|phase| format!("phase `{phase}`"));
    let step = provider.step.as_ref().map(|step| format!("step {step}"));
    let first: Vec<String> =
        strength.map(str::to_owned).into_iter().chain(how.map(str::to_owned)).chain(phase).chain(step).collect();
    if !first.is_empty() {
        lines.push(format!("    {}", first.join(", ")));
    }
    let attributes = say_attributes(&provider.attributes);
    if !attributes.is_empty() {
        lines.push(format!("    {attributes}"));
    }
    if let Some(note) = &provider.note {
        lines.push(format!("    {note}"));
    }
}

fn say_attributes(of: &Attributes) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(of.file_type.map(str::to_owned));
    parts.extend(of.number.map(|number| format!("number {number}")));
    parts.extend(of.version.as_ref().map(|version| format!("version {version}")));
    if !of.depends.is_empty() {
        parts.push(format!("depends on {}", of.depends.join(", ")));
    }
    parts.extend(of.mode.clone());
    match (&of.user, &of.group) {
        (Some(user), Some(group)) => parts.push(format!("{user}:{group}")),
        (Some(user), None) => parts.push(format!("user {user}")),
        (None, Some(group)) => parts.push(format!("group {group}")),
        (None, None) => {}
    }
    if !of.groups.is_empty() {
        parts.push(format!("in {}", of.groups.join(", ")));
    }
    parts.extend(of.home.as_ref().map(|home| format!("home {}", quoted(home))));
    parts.extend(of.shell.as_ref().map(|shell| format!("shell {}", quoted(shell))));
    parts.extend(of.target.as_ref().map(|target| format!("leads to {}", quoted(target))));
    parts.extend(of.content.clone());
    parts.join(", ")
}

fn say_time(lines: &mut Lines, step: &StepTime) {
    let place = match (step.stage, step.wave) {
        (Some(stage), Some(wave)) => format!(", stage {stage}, wave {wave}"),
        _ => String::new(),
    };
    lines.push(format!("  {}: phase `{}`{place}", step.id, step.phase));
    for note in &step.notes {
        lines.push(format!("    {note}"));
    }
    let Some(first) = step.chain.first() else { return };
    lines.push(format!("    The longest way to it has {}:", count(step.chain.len(), "edge", "edges")));
    let left_out = step.chain.len().saturating_sub(SHOWN);
    match left_out {
        0 => lines.push(format!("      {}", first.first)),
        left_out => lines.push(format!("      {} before", count(left_out, "edge", "edges"))),
    }
    for hop in &step.chain[left_out..] {
        say_hop(lines, "      then ", hop);
    }
}

fn say_hop(lines: &mut Lines, before: &str, hop: &Hop) {
    lines.push(format!("{before}{}, because it {}{}", hop.then, hop.because, at(Some(&hop.origin))));
}

fn say_step(lines: &mut Lines, step: &StepTime) {
    let what = if step.is_step { "a step of the plan" } else { "no step of the plan" };
    lines.push(format!("{}: {what}", step.id));
    lines.rows("declared at", &step.origins, |lines, origin| lines.push(format!("  {origin}")));
    lines.rows("provides", &step.provides, |lines, key| lines.push(format!("  {key}")));
    lines.rows("comes directly after", &step.after, |lines, hop| {
        lines.push(format!("  {}, because it {}{}", hop.first, hop.because, at(Some(&hop.origin))));
    });
    lines.rows("comes directly before", &step.before, |lines, hop| {
        lines.push(format!("  {}, which {}{}", hop.then, hop.because, at(Some(&hop.origin))));
    });
    lines.heading("why then");
    say_time(lines, step);
}
