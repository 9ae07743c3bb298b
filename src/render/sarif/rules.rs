//! The tool and its rules: every code, with its page.

use std::borrow::Cow;

use serde::Serialize;

use crate::catalog::Code;

/// How grave, in the standard's words.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    Error,
    Warning,
    Note,
}

/// A text for people.
#[derive(Serialize)]
pub(super) struct Message<'a> {
    text: Cow<'a, str>,
}

impl<'a> Message<'a> {
    pub fn new(text: impl Into<Cow<'a, str>>) -> Self {
        Self { text: text.into() }
    }
}

/// A text for people, twice.
#[derive(Serialize)]
struct Formatted {
    text: String,
    markdown: &'static str,
}

/// featgraph itself.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Driver<'a> {
    name: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    semantic_version: &'a str,
    rules: Vec<Rule>,
}

/// A code. All of them are told, found or not: a reader can show what was looked for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    short_description: Message<'static>,
    full_description: Message<'static>,
    help: Formatted,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Configuration {
    level: Level,
}

impl<'a> Driver<'a> {
    pub fn new(semantic_version: &'a str) -> Self {
        Self { name: "featgraph", semantic_version, rules: Code::ALL.iter().map(|&code| Rule::new(code)).collect() }
    }
}

impl Rule {
    fn new(code: Code) -> Self {
        let paragraphs = prose(code.page());
        Self {
            id: code.name(),
            short_description: Message::new(code.summary()),
            full_description: Message::new(paragraphs.first().cloned().unwrap_or_default()),
            help: Formatted { text: paragraphs.join("\n\n"), markdown: code.page() },
            default_configuration: Configuration { level: code.severity().into() },
        }
    }
}

/// The paragraphs of a page without its headings and examples, each on one line.
fn prose(page: &str) -> Vec<String> {
    let mut paragraphs: Vec<String> = vec![String::new()];
    let mut fenced = false;
    for line in page.lines() {
        let fence = line.starts_with("```");
        fenced ^= fence;
        if fence || fenced || line.is_empty() || line.starts_with('#') {
            paragraphs.push(String::new());
        } else if let Some(last) = paragraphs.last_mut() {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(line.trim());
        }
    }
    // What ends in a colon leads to an example.
    paragraphs.retain(|paragraph| !paragraph.is_empty() && !paragraph.ends_with(':'));
    paragraphs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_gives_a_description_and_prose_without_examples() {
        for &code in Code::ALL {
            let rule = Rule::new(code);
            let full = &rule.full_description.text;
            // Code scanning shows at most so many.
            assert!((20..=1024).contains(&full.len()), "{}: {full}", code.name());
            assert!(!full.contains('\n') && !full.starts_with('#'), "{full}");
            let text = &rule.help.text;
            assert!(!text.contains("```") && !text.contains("[[image]]\n") && !text.contains("─["), "{text}");
            assert!(!text.contains("<!--"), "{text}");
            assert!(text.len() > full.len(), "{}", code.name());
        }
    }
}
