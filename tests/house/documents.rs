//! Tables, pages and configuration: sorted, complete, and of one mind.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use featgraph::catalog::Code;
use featgraph::kind::{COMMON, Field, Kind};

use crate::ROOT;
use crate::floors::exactly;
use crate::page::{self, Grouping};
use crate::sources::{files, sources};

/// A file is about one thing; this many lines are more than one thing.
const LINES: usize = 600;

/// Files that are still longer.
const TOO_LONG: &[(&str, &str)] = &[];

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The names of the pages of a folder, without their ending.
fn pages(folder: &str) -> Vec<String> {
    let stem = |path: PathBuf| path.file_stem().and_then(|stem| stem.to_str()).unwrap().to_owned();
    // By name, not by path: `duplicate` before `duplicate-key`.
    let mut names: Vec<String> = files(&Path::new(ROOT).join(folder), "md").into_iter().map(stem).collect();
    names.sort();
    names
}

#[test]
fn the_catalogue_is_sorted_and_every_code_has_a_page() {
    let names: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    assert!(names.is_sorted() && names.windows(2).all(|two| two[0] != two[1]), "{names:?}");
    assert_eq!(pages("docs/codes"), names);
    for code in Code::ALL {
        assert!(code.page().starts_with(&format!("# {}\n", code.name())), "{}", code.name());
        assert!(code.summary().ends_with('.') && code.summary().lines().count() == 1, "{}", code.name());
    }
}

#[test]
fn every_operation_of_plans_is_explained_to_executors() {
    let schema = serde_json::to_value(featgraph::plan::schema()).expect("a schema");
    let operations = schema["$defs"]["Op"]["oneOf"].as_array().expect("operations");
    let page = read("docs/plan.md");
    for operation in operations {
        let name = operation["properties"]["type"]["const"].as_str().expect("a name");
        assert!(page.contains(&format!("\n| `{name}` | ")), "docs/plan.md does not explain `{name}`");
    }
    assert!(operations.len() > 15, "{}", operations.len());
}

#[test]
fn the_kinds_are_sorted_and_each_has_a_page() {
    let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    assert!(names.is_sorted() && names.windows(2).all(|two| two[0] != two[1]), "{names:?}");
    assert_eq!(pages("docs/kinds"), names);
    for kind in Kind::ALL {
        let spec = kind.spec();
        assert!(spec.page.starts_with(&format!("# {}\n", kind.name())), "{}", kind.name());
        assert!(spec.summary.ends_with('.'), "{}", kind.name());
        for field in kind.all_fields() {
            assert!(field.doc.ends_with('.'), "{}.{}: {}", kind.name(), field.name, field.doc);
        }
        assert!(spec.list.is_none_or(|list| list < spec.fields.len()), "{}", kind.name());
    }
}

#[test]
fn the_table_of_a_page_names_exactly_the_fields() {
    let mut failures = Vec::new();
    let mut hold = |name: &str, rows: &[Vec<String>], fields: &[&Field], default: usize| {
        let documented: BTreeSet<&str> = rows.iter().map(|row| row[0].trim_matches('`')).collect();
        let real: BTreeSet<&str> = fields.iter().map(|field| field.name).collect();
        if documented != real || rows.len() != fields.len() {
            failures.push(format!("{name}: the page has {documented:?}, the table {real:?}"));
        }
        for row in rows {
            let Some(field) = fields.iter().find(|field| field.name == row[0].trim_matches('`')) else { continue };
            let cell = row[default].as_str();
            let agrees = match field.default {
                Some("{}") => cell == "empty",
                Some(written) => cell.contains(&format!("`{written}`")),
                // "required for `char` and `block`" is no field that is always required.
                None => field.required == (cell == "required"),
            };
            if !agrees {
                let table = if field.required { "required" } else { field.default.unwrap_or("none") };
                failures.push(format!("{name}.{}: the page says {cell}, the table {table}", field.name));
            }
        }
    };
    for kind in Kind::ALL {
        let rows = table(kind.spec().page, "## Fields", "field");
        hold(kind.name(), &rows, &kind.spec().fields.iter().collect::<Vec<_>>(), 2);
    }
    hold("common", &table(&read("docs/manifest.md"), "## Features", "key"), &COMMON.iter().collect::<Vec<_>>(), 1);
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

#[test]
fn the_manual_names_every_key_of_the_image_table() {
    let manual = read("docs/manifest.md");
    let rows = table(&manual, "## The image table", "key");
    let documented: BTreeSet<&str> = rows.iter().map(|row| row[0].trim_matches('`')).collect();
    let schema = featgraph::kind::schema();
    let real = schema["properties"]["image"]["properties"].as_object().unwrap();
    assert_eq!(documented, real.keys().map(String::as_str).collect::<BTreeSet<_>>());
}

/// The rows of the first table below a heading whose first column has a name.
fn table(page: &str, heading: &str, first: &str) -> Vec<Vec<String>> {
    let below = page.lines().skip_while(|line| *line != heading).skip(1).take_while(|line| !line.starts_with("## "));
    let header = format!("| {first} |");
    let rows = below.skip_while(|line| !line.starts_with(&header)).skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

#[test]
fn every_field_of_every_kind_is_shown_somewhere() {
    let mut shown: BTreeSet<(String, String)> = BTreeSet::new();
    for text in manifests() {
        // What is broken on purpose shows nothing.
        let Ok(manifest) = toml::from_str::<toml::Table>(&text) else { continue };
        for (kind, features) in &manifest {
            for feature in features.as_array().into_iter().flatten().filter_map(toml::Value::as_table) {
                shown.extend(feature.keys().map(|key| (kind.clone(), key.clone())));
            }
        }
    }
    let common = |field: &Field| COMMON.iter().any(|common| common.name == field.name);
    let missing: Vec<String> = Kind::ALL
        .iter()
        .flat_map(|kind| kind.all_fields().map(move |field| (kind.name(), field)))
        .filter(|(kind, field)| !shown.iter().any(|(k, f)| f == field.name && (common(field) || k == kind)))
        .map(|(kind, field)| format!("{kind}.{}", field.name))
        .collect();
    assert!(missing.is_empty(), "no page or test shows {missing:?}");
}

/// The manifests of the pages, the examples and the tests.
fn manifests() -> Vec<String> {
    let root = Path::new(ROOT);
    let mut texts = Vec::new();
    for path in files(&root.join("docs"), "md") {
        let page = page::parse(&std::fs::read_to_string(path).unwrap(), Grouping::Section);
        let files = page.examples.into_iter().flat_map(|example| {
            example.files.into_iter().chain(example.variants.into_iter().flat_map(|variant| variant.files))
        });
        texts.extend(files.map(|file| file.text));
    }
    for folder in ["examples", "tests"] {
        texts.extend(files(&root.join(folder), "toml").into_iter().map(|path| std::fs::read_to_string(path).unwrap()));
    }
    texts
}

#[test]
fn the_commands_of_the_readme_are_those_that_are_run() {
    let readme = read("README.md");
    let section = readme.split("## Try it").nth(1).expect("a section");
    let block = section.split("```").nth(1).expect("a block");
    let commands: Vec<&str> = block.lines().filter(|line| !line.trim().is_empty()).collect();
    let [plan, test] = commands[..] else { panic!("{commands:?}") };
    let arguments = plan.strip_prefix("cargo run --release -- ").expect("the program");
    let output = Command::new(env!("CARGO_BIN_EXE_featgraph"))
        .args(arguments.split(' '))
        .current_dir(ROOT)
        .output()
        .expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout.starts_with(b"{"), "{}", String::from_utf8_lossy(&output.stdout));
    let checks = read(".ci/run");
    let run = |line: &str| line == format!("step {test}") || line.starts_with(&format!("step {test} "));
    assert!(checks.lines().any(run), ".ci/run does not run `{test}`");
}

#[test]
fn files_are_about_one_thing() {
    let sources = sources();
    let long = sources.iter().filter(|file| file.text.lines().count() > LINES);
    exactly(long.map(|file| file.path.as_str()), TOO_LONG);
    let silent: Vec<&str> = sources
        .iter()
        .filter(|file| !file.text.trim_start().starts_with("//!"))
        .map(|file| file.path.as_str())
        .collect();
    assert!(silent.is_empty(), "these do not say what lives in them: {silent:?}");
}

#[test]
fn nothing_is_left_to_be_done() {
    // Put together, so that this file does not find itself.
    let words =
        ["TO-DO", "FIX-ME", "XX-X", "todo-!(", "unimplemented-!(", "work-tree"].map(|word| word.replace('-', ""));
    let mut failures = Vec::new();
    for folder in ["src", "tests", "benches", "docs", "examples", "fuzz/fuzz_targets", "schema"] {
        for extension in ["rs", "md", "toml", "json"] {
            for path in files(&Path::new(ROOT).join(folder), extension) {
                let Ok(text) = std::fs::read_to_string(&path) else { continue };
                let found = words.iter().filter(|word| text.contains(word.as_str()));
                failures.extend(found.map(|word| format!("{}: {word}", path.display())));
            }
        }
    }
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

#[test]
fn the_configuration_says_what_is_refused_and_why() {
    let parse =
        |path: &str| toml::from_str::<toml::Table>(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let clippy = parse("clippy.toml");
    let mut banned: Vec<&str> = Vec::new();
    for method in clippy["disallowed-methods"].as_array().expect("a list") {
        let reason = method.get("reason").and_then(toml::Value::as_str).unwrap_or_default();
        let path = method["path"].as_str().expect("a path");
        assert!(!reason.is_empty(), "{path} has no reason");
        banned.push(path);
    }
    for path in ["std::fs::read", "std::env::var", "std::time::SystemTime::now", "std::process::exit", "std::io::stdin"]
    {
        assert!(banned.contains(&path), "clippy.toml takes {path}");
    }
    let cargo = parse("Cargo.toml");
    assert_eq!(cargo["workspace"]["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
    for lint in ["unwrap_used", "print_stdout", "print_stderr", "iter_over_hash_type", "dbg_macro"] {
        assert!(cargo["workspace"]["lints"]["clippy"].get(lint).is_some(), "{lint}");
    }
    let deny = parse("deny.toml");
    assert_eq!(deny["sources"]["unknown-git"].as_str(), Some("deny"));
    let licenses = deny["licenses"]["allow"].as_array().expect("a list");
    for own in cargo["workspace"]["package"]["license"].as_str().expect("a licence").split(" OR ") {
        assert!(licenses.iter().any(|license| license.as_str() == Some(own)), "{own}");
    }
    assert_eq!(parse("rustfmt.toml")["max_width"].as_integer(), Some(120));
}
