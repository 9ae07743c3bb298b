//! Which module may use which, and what none of them may do.

use std::collections::BTreeSet;

use crate::sources::{has_word, sources};

/// The modules from the ground up: one may use what stands before it, and those of its own floor.
const FLOORS: &[&[&str]] = &[
    &["text"],
    &["near"],
    &["intern"],
    &["catalog"],
    &["diagnostic"],
    &["baseline"],
    &["syntax"],
    &["tree"],
    &["facts"],
    &["inputs"],
    &["accounts"],
    &["entity"],
    // These know each other: a kind fills a fragment, whose features name their kind, and both speak to the author.
    &["fragment", "kind", "message"],
    &["manifest"],
    &["graph"],
    &["planning"],
    &["compile"],
    &["fix"],
    // Siblings that never see each other.
    &["render"],
    // Draws with what `render` knows of graphs.
    &["explore"],
    &["ide"],
    &["scan"],
    &["load"],
    &["project"],
    &["cli"],
    &["lsp"],
    &["lib"],
    &["main"],
];

/// Who uses what stands above it, and why.
const UPWARDS: &[(&str, &str, &str)] =
    &[("kind", "manifest", "`clone` asks whether a file name is that of an image or of facts")];

/// Pairs that do not know each other although the floors would allow it.
const STRANGERS: &[(&str, &str)] = &[("ide", "render"), ("lsp", "cli")];

/// The modules that touch the world.
const OUTSIDE: &[&str] = &["scan", "load", "project", "cli", "lsp", "main"];

/// What the inside does not name. `clippy.toml` refuses the functions; this refuses the modules, macros and handles.
const WORLD: &[&str] = &[
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::time",
    "io::stdin",
    "io::stdout",
    "io::stderr",
    "print!",
    "println!",
    "eprint!",
    "eprintln!",
    "dbg!",
    "Instant",
    "SystemTime",
    "env!",
    "option_env!",
];

/// Files below the kinds that ask of what kind a feature is, and why.
const ASK_THE_KIND: &[(&str, &str)] = &[
    ("graph/merge/mod.rs", "five kinds may be repeated without a `duplicate`"),
    ("graph/names.rs", "a step's id is its kind and what it is about"),
    ("graph/opaque.rs", "which changes packages or commands may have made"),
    ("graph/nodes.rs", "whether a package or a command may have made something"),
    ("graph/queries.rs", "whose facts are a package's, and as whom commands run"),
    ("graph/say.rs", "a command and a package are called by what they are"),
    ("graph/united.rs", "commands, settings and changes of a user that are one step"),
    ("planning/ids.rs", "steps that stand for several features"),
    ("planning/operation/mod.rs", "the operation is the one thing that depends on the kind"),
    ("planning/operation/sources.rs", "and so are the sources that it reads"),
];

/// Files that know serde, beside those of the public formats (facts, plan, render, what `graph` and `why`
/// answer in explore), and why.
const KNOW_SERDE: &[(&str, &str)] = &[
    ("catalog.rs", "the severity is a word of several formats"),
    ("explore/before.rs", "the answer to which of two comes first, a public format with a version"),
    ("explore/model.rs", "the answer of `why`, a public format with a version"),
    ("explore/text.rs", "writes the answers as JSON"),
    ("explore/why.rs", "the answer of `why`, a public format with a version"),
    (
        "kind/lowering/configuration.rs",
        "the one form of a value, whichever syntax it was written in, is made of JSON values",
    ),
    ("kind/schema.rs", "a schema is JSON"),
    ("scan/image/manifest.rs", "what container images are made of is said in JSON, of which it reads what it needs"),
    ("syntax/mod.rs", "a value as JSON, the same for TOML and JSON: what keys and stamps are made of"),
];

#[test]
fn a_module_uses_only_what_stands_below_it() {
    let floor = |module: &str| FLOORS.iter().position(|floor| floor.contains(&module));
    let mut failures = Vec::new();
    let mut excused = BTreeSet::new();
    for file in sources() {
        let Some(own) = floor(&file.module) else {
            failures.push(format!("{} is on no floor", file.module));
            continue;
        };
        for used in uses(&file.code.join("\n")) {
            let excuse = UPWARDS.iter().position(|(from, to, _)| *from == file.module && *to == used);
            let strangers = STRANGERS.contains(&(file.module.as_str(), used.as_str()));
            match floor(&used) {
                None => failures.push(format!("{} uses {used}, which is on no floor", file.path)),
                Some(other) if other <= own && !strangers => {}
                Some(_) => match excuse {
                    Some(excuse) => drop(excused.insert(excuse)),
                    None => failures.push(format!("{} uses {used}", file.path)),
                },
            }
        }
    }
    let idle = UPWARDS.iter().enumerate().filter(|(at, _)| !excused.contains(at));
    failures.extend(idle.map(|(_, (from, to, _))| format!("{from} does not use {to}: take it off the list")));
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

/// The modules that stand behind `crate::`, also in braces.
fn uses(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, start) in code.match_indices("crate::") {
        let rest = &code[at + start.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            found.insert(identifier(rest));
            continue;
        };
        let mut depth = 0;
        let mut begins = true;
        for (at, character) in group.char_indices() {
            match character {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => begins = true,
                c if begins && !c.is_whitespace() => {
                    found.insert(identifier(&group[at..]));
                    begins = false;
                }
                _ => {}
            }
        }
    }
    // `pub(in crate::...)`, macros and types of the root are no modules.
    found.retain(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
    found
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn uses_are_found_in_braces_too() {
    let found = uses("use crate::{a::{b, c}, d, e::F};\nlet x = crate::g::h();\nuse crate::I;");
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["a", "d", "e", "g"]);
}

#[test]
fn the_inside_touches_nothing_of_the_world() {
    let mut failures = Vec::new();
    for file in sources().iter().filter(|file| !OUTSIDE.contains(&file.module.as_str())) {
        for line in &file.code {
            // `use std::{fs, env}` would be the same.
            let grouped = line.contains("use std::{")
                && ["fs", "env", "net", "process", "time"].iter().any(|word| has_word(line, word));
            let named = WORLD.iter().find(|word| has_word(line, word));
            if grouped || named.is_some() {
                failures.push(format!("{}: {}", file.path, line.trim()));
            }
        }
    }
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

#[test]
fn below_the_kinds_nobody_asks_for_the_kind() {
    let below = ["graph", "planning", "compile", "fix", "render", "scan", "load"];
    let sources = sources();
    let asking = sources.iter().filter(|file| below.contains(&file.module.as_str()));
    let asking = asking.filter(|file| file.code.iter().any(|line| has_word(line, "Kind::")));
    exactly(asking.map(|file| file.path.as_str()), ASK_THE_KIND);
}

#[test]
fn internal_types_are_not_serialized() {
    let formats = ["baseline", "facts", "planning", "render", "ide", "cli", "lsp"];
    let sources = sources();
    let knowing = sources.iter().filter(|file| !formats.contains(&file.module.as_str()));
    let knowing = knowing.filter(|file| {
        file.code.iter().any(|line| ["serde", "serde_json", "schemars"].iter().any(|word| has_word(line, word)))
    });
    exactly(knowing.map(|file| file.path.as_str()), KNOW_SERDE);
}

/// Holds what was found against a list of exceptions, both ways.
pub fn exactly<'a>(found: impl Iterator<Item = &'a str>, allowed: &[(&str, &str)]) {
    let found: BTreeSet<&str> = found.collect();
    let allowed: BTreeSet<&str> = allowed.iter().map(|(path, _)| *path).collect();
    let more: Vec<_> = found.difference(&allowed).collect();
    let idle: Vec<_> = allowed.difference(&found).collect();
    assert!(more.is_empty(), "not allowed: {more:?}");
    assert!(idle.is_empty(), "no longer needed, take it off the list: {idle:?}");
}
