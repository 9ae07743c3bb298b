//! The pages of docs/ are tests: what an example is marked with is what `featgraph check` finds in it, the rendering
//! shown is the one printed, corrected examples have no findings, and excerpts of plans are in their plans.
//! `FEATGRAPH_UPDATE_PAGES=1 cargo test --test pages` writes the renderings anew, of those examples whose findings are
//! the marked ones.

#![allow(clippy::disallowed_methods, reason = "a test lays out its examples on the disk")]

#[path = "pages/excerpt.rs"]
mod excerpt;
#[path = "pages/page.rs"]
mod page;
#[path = "pages/run.rs"]
mod run;

use featgraph::catalog::Code;
use page::{Grouping, Page};
use std::path::{Path, PathBuf};

const SECTIONS: [&str; 4] = ["Why it matters", "Example", "How to fix", "Configuration"];

#[test]
fn every_code_has_a_page_with_all_its_sections() {
    let mut failures = Vec::new();
    for code in Code::ALL {
        let page = page::parse(code.page(), Grouping::Page);
        let mut expected = vec![(1, code.name().to_owned())];
        expected.extend(SECTIONS.map(|title| (2, title.to_owned())));
        if page.headings != expected {
            failures.push(format!("{}: headings are {:?}, not {expected:?}", code.name(), page.headings));
        }
        failures.extend(shape(*code, &page).into_iter().map(|failure| format!("{}: {failure}", code.name())));
    }
    let pages = pages("docs/codes").into_iter().filter_map(|path| path.file_stem()?.to_str().map(str::to_owned));
    failures
        .extend(pages.filter(|name| Code::from_name(name).is_none()).map(|name| format!("{name}: a page of no code")));
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

/// What a page of a code must show beside being true: its own code, a rendering, a way out.
fn shape(code: Code, page: &Page) -> Vec<String> {
    let mut failures = page.errors.clone();
    let Some(example) = page.examples.first() else {
        failures.push("no example".to_owned());
        return failures;
    };
    let mut findings = example.files.iter().flat_map(|file| &file.findings);
    if !findings.any(|finding| finding.code == code.name() && finding.severity == code.severity().name()) {
        failures.push(format!("the example does not show a {} `{}`", code.severity().name(), code.name()));
    }
    if example.rendered.is_none() {
        failures.push("no rendering".to_owned());
    }
    if !example.variants.iter().any(|variant| variant.word == "fixed") {
        failures.push("no corrected example".to_owned());
    }
    failures
}

#[test]
fn the_pages_of_codes_are_true() {
    hold(&pages("docs/codes"), Grouping::Page);
}

#[test]
fn the_pages_of_kinds_are_true() {
    hold(&pages("docs/kinds"), Grouping::Section);
}

#[test]
fn every_page_of_a_kind_shows_its_part_of_a_plan() {
    for path in pages("docs/kinds") {
        let text = std::fs::read_to_string(&path).expect("a page is UTF-8");
        let page = page::parse(&text, Grouping::Section);
        assert!(!page.excerpts.is_empty(), "{} has no `json plan` block", path.display());
        assert!(page.headings.contains(&(2, "In the plan".to_owned())), "{}", path.display());
    }
}

#[test]
fn the_manual_is_true() {
    hold(&pages("docs"), Grouping::Section);
}

#[test]
fn the_readme_is_true() {
    hold(&[Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")], Grouping::Section);
}

/// Runs every example of the pages, and reports all that is untrue together.
fn hold(pages: &[PathBuf], grouping: Grouping) {
    let update = std::env::var_os("FEATGRAPH_UPDATE_PAGES").is_some();
    let mut failures = Vec::new();
    for path in pages {
        let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(path).display();
        match page(path, grouping, update) {
            Ok(found) => failures.extend(found.into_iter().map(|failure| format!("{name}: {failure}"))),
            Err(error) => failures.push(format!("{name}: {error}")),
        }
    }
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

fn page(path: &Path, grouping: Grouping, update: bool) -> std::io::Result<Vec<String>> {
    let mut text = std::fs::read_to_string(path)?;
    let page = page::parse(&text, grouping);
    let mut failures = page.errors;
    if !page.excerpts.is_empty() {
        let mut plans = Vec::new();
        for example in &page.examples {
            plans.extend(run::plans(example)?);
        }
        failures.extend(page.excerpts.iter().filter_map(|shown| excerpt::untrue(shown, &plans)));
    }
    let mut changed = false;
    // From the last to the first, so that writing a rendering moves no place still to be written.
    for example in page.examples.iter().rev() {
        let (found, rendering) = run::example(example);
        failures.extend(found);
        let (Some(shown), Some(rendering)) = (&example.rendered, rendering) else {
            continue;
        };
        if text[shown.range.clone()].trim_end() == rendering.trim_end() {
            continue;
        }
        if update {
            text.replace_range(shown.range.clone(), &format!("{}\n", rendering.trim_end()));
            changed = true;
        } else {
            failures.push(format!(
                "line {}: the rendering is another one (FEATGRAPH_UPDATE_PAGES=1 writes it):\n{rendering}",
                shown.line
            ));
        }
    }
    if changed {
        std::fs::write(path, text)?;
    }
    Ok(failures)
}

/// The Markdown files of a folder, sorted.
fn pages(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        return Vec::new();
    };
    let mut pages: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    pages.sort();
    pages
}
