//! Links: every relative one in the documentation leads to a file or folder that is there, and to a heading that is there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::ROOT;
use crate::sources::files;

/// What of a page matters here.
#[derive(Default)]
struct Page {
    /// The anchors of its headings, as GitHub makes them.
    anchors: BTreeSet<String>,
    links: Vec<String>,
}

fn read(text: &str) -> Page {
    let mut page = Page::default();
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(words) | Event::Code(words) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&words);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let anchor = anchor(&heading.take().unwrap_or_default());
                let before = times.entry(anchor.clone()).or_default();
                page.anchors.insert(if *before == 0 { anchor } else { format!("{anchor}-{before}") });
                *before += 1;
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                page.links.push(dest_url.into_string());
            }
            _ => {}
        }
    }
    page
}

/// `Keys, and what` is `keys-and-what`.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|&c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// A path without `.` and `..`, which is how a reader of the repository sees it; `None` where it leads out.
fn inside(path: &Path) -> Option<PathBuf> {
    let mut inside = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => inside.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !inside.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(inside)
}

/// What is wrong with a link of a page; paths are relative to the root of the repository.
fn wrong(pages: &BTreeMap<PathBuf, Page>, from: &Path, link: &str) -> Option<String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let target = if path.is_empty() {
        from.to_owned()
    } else {
        match inside(&from.parent()?.join(path)) {
            Some(target) if Path::new(ROOT).join(&target).exists() => target,
            _ => return Some(format!("`{link}` leads to nothing")),
        }
    };
    let anchor = anchor?;
    match pages.get(&target) {
        Some(page) if page.anchors.contains(anchor) => None,
        Some(page) => Some(format!("`{link}`: no such heading; there are {:?}", page.anchors)),
        None => Some(format!("`{link}`: an anchor in something that is no page")),
    }
}

fn pages() -> BTreeMap<PathBuf, Page> {
    let root = Path::new(ROOT);
    let mut paths: Vec<PathBuf> = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"].map(|name| root.join(name)).into();
    for folder in ["crates", "docs", "editors", "examples", "tests"] {
        paths.extend(files(&root.join(folder), "md"));
    }
    let page = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path.strip_prefix(root).unwrap().to_owned(), read(&text))
    };
    paths.into_iter().map(page).collect()
}

#[test]
fn every_link_of_the_documentation_leads_to_a_file_and_a_heading() {
    let pages = pages();
    let mut failures = Vec::new();
    let mut links = 0;
    for (path, page) in &pages {
        links += page.links.len();
        let found = page.links.iter().filter_map(|link| wrong(&pages, path, link));
        failures.extend(found.map(|failure| format!("{}: {failure}", path.display())));
    }
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
    assert!(links > 100, "only {links} links were found");
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let text = "# A b\n\n## `c`, d\n\n## `c`, d\n\n[x](#a-b) [x](#c-d-1) [x](y.md)\n\n```\n[no](link)\n```\n";
    let page = read(text);
    assert_eq!(page.anchors.iter().map(String::as_str).collect::<Vec<_>>(), ["a-b", "c-d", "c-d-1"]);
    assert_eq!(page.links, ["#a-b", "#c-d-1", "y.md"]);
    let from = Path::new("docs/plan.md");
    let pages = BTreeMap::from([(from.to_owned(), page)]);
    for good in ["#a-b", "facts.md", "../README.md", "kinds/", "https://example.org/x#y"] {
        assert_eq!(wrong(&pages, from, good), None, "{good}");
    }
    for bad in ["#no", "nothing.md", "../../README.md", "/README.md", "plan.md#no", "../Cargo.toml#x"] {
        assert!(wrong(&pages, from, bad).is_some(), "{bad}");
    }
}
